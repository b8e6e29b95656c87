package file

import (
	"context"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// pause does nothing for a while, so that what comes meanwhile is read at once.
func (r *run) pause(ctx context.Context) {
	t := time.NewTimer(r.rest)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// wait returns when there may be something to do.
func (r *run) wait(ctx context.Context, tick <-chan time.Time) {
	select {
	case <-ctx.Done():
	case <-tick:
		r.scanDue = true
	case e, ok := <-r.watch.events():
		r.note(e, ok)
	case _, ok := <-r.watch.errors():
		r.lost(ok)
	}
}

// hear takes in everything that has been said already.
func (r *run) hear(tick <-chan time.Time) {
	for {
		select {
		case <-tick:
			r.scanDue = true
		case e, ok := <-r.watch.events():
			r.note(e, ok)
		case _, ok := <-r.watch.errors():
			r.lost(ok)
		default:
			return
		}
		if r.watch.w == nil {
			return
		}
	}
}

func (r *run) note(e fsnotify.Event, ok bool) {
	if !ok {
		r.watch.w = nil
		return
	}
	name := filepath.Clean(e.Name)
	if e.Has(fsnotify.Write) {
		if t := r.names[name]; t != nil {
			t.dirty = true
		}
	}
	if e.Has(fsnotify.Create) || e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename) {
		r.watch.forget(name)
		r.scanDue = true
	}
}

// lost is called when the system could not keep up, or failed: then anything may
// have happened.
func (r *run) lost(ok bool) {
	if !ok {
		r.watch.w = nil
	}
	r.scanDue = true
	for _, t := range r.names {
		t.dirty = true
	}
}
