package file

import (
	"context"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"

	"conway/internal/sources"
)

// pause does nothing for a while, so that what comes meanwhile is read at once. A
// look that found nothing, and was not asked for by anything that might go on, has
// no such while.
func (r *run) pause(ctx context.Context) {
	if r.ticked && r.took == 0 && r.rest == pace {
		return
	}
	t := time.NewTimer(r.rest)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// flooded counts a look that found a flood, or ends the one there was.
func (r *run) flooded(did bool) {
	if did {
		if r.floods++; r.floods == floodLooks {
			r.watch.set(nil)
		}
		return
	}
	was := r.floods
	if r.floods = 0; was >= floodLooks {
		// What happened before the system is heard again is found by looking.
		r.attend()
		r.lost(true)
	}
}

// goesOn reports whether there is a flood that goes on, and then has everything
// looked at without being told to.
func (r *run) goesOn() bool {
	if r.floods < floodLooks {
		return false
	}
	for _, t := range r.names {
		t.dirty = true
	}
	r.scanDue = r.scanDue || r.floods%floodScan == 0
	return true
}

// beat returns how long it is until all files are looked at.
func (r *run) beat() time.Duration {
	if r.watch.w == nil && r.o.Poll == defaultPoll {
		return sources.Beat(time.Now(), r.o.Poll/2)
	}
	return sources.Beat(time.Now(), r.o.Poll)
}

// beaten is called when that time has come.
func (r *run) beaten() {
	r.scanDue = true
	r.tick.Reset(r.beat())
}

// wait returns when there may be something to do.
func (r *run) wait(ctx context.Context) {
	r.ticked = false
	select {
	case <-ctx.Done():
	case <-r.tick.C:
		r.ticked = true
		r.beaten()
	case e, ok := <-r.watch.events():
		r.note(e, ok)
	case _, ok := <-r.watch.errors():
		r.lost(ok)
	}
}

// hear takes in everything that has been said already.
func (r *run) hear() {
	for {
		select {
		case <-r.tick.C:
			r.beaten()
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
