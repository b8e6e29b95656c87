package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/ui/pane"
)

// Calls says for which pages a person is called who is not looking.
type Calls struct {
	// Low calls for pages of low urgency too.
	Low bool
	// Again is how long after a call the next one comes while the page is not
	// acknowledged; 0 means that there is none.
	Again time.Duration
}

// call calls a person for pages of theirs that nobody has acknowledged: once when
// a page comes, and again as the config says. What was on the screen when it was
// opened has been seen, so its first call comes with the first repetition. Nobody
// is called for what may not be so any more.
func (m *Model) call() tea.Cmd {
	now := map[oncall.Ref]time.Time{}
	var due []board.PageRow
	for _, r := range m.board.Pages() {
		ref := r.Page.Ref
		if !m.calls(r) {
			continue
		}
		last, known := m.called[ref]
		again := known && m.opts.Calls.Again > 0 && m.now.Sub(last) >= m.opts.Calls.Again
		q := r.Quality(m.now)
		if (!known || again) && (q == oncall.Live || q == oncall.Late) {
			due = append(due, r)
			last = m.now
		} else if !known {
			continue
		}
		now[ref] = last
	}
	m.called = now
	if len(due) == 0 {
		return nil
	}
	return m.opts.World(pane.Alert{Words: due[0].Page.Title, Pages: len(due)})
}

// calls reports whether a page is one to be called for: mine, and acknowledged by
// nobody, nor by a key that was just pressed.
func (m *Model) calls(r board.PageRow) bool {
	if !r.Page.Mine || r.Page.Status != oncall.Triggered || r.Gone {
		return false
	}
	if r.Page.Urgency == oncall.Low && !m.opts.Calls.Low {
		return false
	}
	for _, a := range r.Pending {
		switch a.Action.Kind {
		case oncall.Acknowledge, oncall.Resolve, oncall.Snooze, oncall.Merge:
			return false
		default:
		}
	}
	return true
}
