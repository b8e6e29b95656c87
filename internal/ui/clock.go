package ui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"conway/internal/text"
	"conway/internal/ui/overlay"
	"conway/internal/ui/pane"
)

const (
	// awayAfter is how long the screen may hear nothing, although it is told of
	// every second, before it counts as having been away: asleep with the machine,
	// stopped, or lent to an editor.
	awayAfter = 10 * time.Second
	// trimmed is how far the wall clock may move against the boot clock before
	// ages are corrected for it, and told how far before a person hears of it.
	trimmed = time.Second
	told    = 2 * time.Second
)

// watch is one look at both clocks. Ages are counted by the wall clock, because
// that goes on while the machine sleeps and because others tell their times by
// it; the boot clock, which nobody can set, says when it was set.
type watch struct {
	wall time.Time
	boot time.Duration
	// booted is false where there is no boot clock.
	booted bool
	// zero is what the wall clock said at boot, as was last agreed on.
	zero time.Time
}

func (m *Model) look() watch {
	w := watch{wall: m.opts.Now().Round(0)}
	if m.opts.Boot != nil {
		w.boot, w.booted = m.opts.Boot()
	}
	w.zero = w.wall.Add(-w.boot)
	return w
}

// since returns how much time really passed since an earlier look, and by how
// much the wall clock was set in between.
func (w *watch) since(was watch) (passed, set time.Duration) {
	if !w.booted || !was.booted {
		return w.wall.Sub(was.wall), 0
	}
	set = w.zero.Sub(was.zero)
	if set.Abs() <= trimmed {
		w.zero, set = was.zero, 0
	}
	return w.boot - was.boot, set
}

// advance takes the time. No age on the screen is less than the time that really
// passed, whatever was done to the wall clock. A clock that was set forward may
// have been stopped before with the whole machine, so ages follow it.
func (m *Model) advance() tea.Cmd {
	is := m.look()
	if _, set := is.since(m.watch); set != 0 {
		// A process that was stopped after it read the one clock and before it read the
		// other sees them differ too.
		is = m.look()
	}
	passed, set := is.since(m.watch)
	m.watch, m.now = is, is.wall
	if set < 0 {
		m.shift(set)
	}
	switch {
	case passed > awayAfter:
		m.say(text.Sprintf("back after %s: everything is as old as it says, every source is asked again", pane.Ago(passed)), true)
	case set >= told:
		m.say(text.Sprintf("the clock was set forward by %s: every source is asked again", pane.Ago(set)), true)
	case set <= -told:
		m.say(text.Sprintf("the clock was set back by %s; ages go on as if it had not been", pane.Ago(-set)), true)
		return nil
	default:
		return nil
	}
	m.stack = slices.DeleteFunc(m.stack, outlived)
	return m.opts.World(pane.Refresh{Woken: true})
}

// outlived reports whether a question is from before the screen was away: nobody
// remembers what it was about, and the times in it have passed.
func outlived(l layer) bool {
	switch l.Overlay.(type) {
	case *overlay.Confirm, *overlay.Choice:
		return true
	}
	return false
}

// shift moves everything that was counted from here by what the clock was set.
func (m *Model) shift(d time.Duration) {
	m.board = m.board.Shift(d)
	for i := range m.stack {
		m.stack[i].opened = m.stack[i].opened.Add(d)
	}
	m.toast.until = m.toast.until.Add(d)
	for ref, at := range m.called {
		m.called[ref] = at.Add(d)
	}
	for ref, l := range m.loaded {
		l.at = l.at.Add(d)
		m.loaded[ref] = l
	}
}
