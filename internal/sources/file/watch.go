package file

import (
	"github.com/fsnotify/fsnotify"
)

// eventBuffer is how many of the system's words wait to be heard. While nobody
// listens the system merges equal ones, which makes a flood cheap.
const eventBuffer = 1024

// watch tells which names changed, where the system can. Where it cannot there
// is no watch, and looking now and then has to do.
type watch struct {
	w    *fsnotify.Watcher
	dirs map[string]bool
}

func newWatch() *watch {
	// An error means that the system has no watches left to give.
	w, err := fsnotify.NewBufferedWatcher(eventBuffer)
	if err != nil {
		w = nil
	}
	return &watch{w: w, dirs: map[string]bool{}}
}

func (w *watch) close() {
	if w.w != nil {
		_ = w.w.Close()
	}
}

// set watches exactly the given directories. One that cannot be watched is
// tried again at the next call.
func (w *watch) set(want map[string]bool) {
	if w.w == nil {
		return
	}
	for dir := range w.dirs {
		if !want[dir] {
			_ = w.w.Remove(dir)
			delete(w.dirs, dir)
		}
	}
	for dir := range want {
		if !w.dirs[dir] && w.w.Add(dir) == nil {
			w.dirs[dir] = true
		}
	}
}

// forget drops a directory that the system stopped watching, because it was
// removed, so that set watches the one that takes its place.
func (w *watch) forget(dir string) {
	if w.dirs[dir] {
		_ = w.w.Remove(dir)
		delete(w.dirs, dir)
	}
}

func (w *watch) events() <-chan fsnotify.Event {
	if w.w == nil {
		return nil
	}
	return w.w.Events
}

func (w *watch) errors() <-chan error {
	if w.w == nil {
		return nil
	}
	return w.w.Errors
}
