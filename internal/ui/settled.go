package ui

import (
	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/overlay"
)

// settled reports an action's end. A refused note goes back into its editor,
// word for word.
func (m *Model) settled(s board.ActionSettled) {
	delete(m.loaded, s.Action.Target) // the page has changed: read it again
	if s.Action.Kind == oncall.Resolve && s.State != oncall.Confirmed {
		m.closeStrip(s.Action.Target)
	}
	if m.answered(s) {
		return
	}
	switch s.State {
	case oncall.Confirmed:
		words := text.Sprintf("%s confirmed: %s", s.Action.Kind, about(s.Action))
		if r, ok := m.board.Page(s.Action.Target); ok && r.Page.NoAck && s.Action.Kind == oncall.Acknowledge {
			words = text.Sprintf("acked here only: %s", about(s.Action))
		}
		m.say(ended(s, words))
	case oncall.Cancelled:
		m.say(ended(s, text.Sprintf("%s cancelled, nothing was sent", s.Action.Kind)))
	case oncall.Refused, oncall.Unconfirmed:
		why := text.Sprintf("%s %s", s.Action.Kind, s.State)
		if s.Fault != nil {
			why = text.Sprintf("%s: %s", why, s.Fault)
		}
		m.say(why, true)
		if s.Action.Kind == oncall.Annotate {
			m.giveBack(s.Action, s.Fault)
		}
	case oncall.Held, oncall.Sending, oncall.Recording:
	}
}

// giveBack returns a refused note's text to its page's editor, beside what was
// written there since.
func (m *Model) giveBack(a oncall.Action, f *oncall.Fault) {
	if n, ok := m.editor(a.Target); ok {
		if _, draft := n.Draft(); draft != "" {
			n.SetText(draft + "\n\n" + a.Text)
		} else {
			n.SetText(a.Text)
		}
		return
	}
	draft := a.Text
	if d := m.drafts[a.Target]; d != "" && d != a.Text {
		draft = d + "\n\n" + a.Text
	}
	m.drafts[a.Target] = draft
	if len(m.stack) == 0 {
		m.open(overlay.NewNote(a.Target, a.Title, draft, f), true)
	}
}

// editor returns the open editor of a page's note.
func (m *Model) editor(ref oncall.Ref) (*overlay.Note, bool) {
	for _, l := range m.stack {
		if n, ok := l.Overlay.(*overlay.Note); ok {
			if of, _ := n.Draft(); of == ref {
				return n, true
			}
		}
	}
	return nil, false
}

// ended puts to an end that was asked for what is wrong with it all the same: the
// pager has it twice, or the ledger could not be told.
func ended(s board.ActionSettled, words text.Safe) (text.Safe, bool) {
	if s.Fault == nil {
		return words, false
	}
	return text.Sprintf("%s: %s", words, s.Fault), true
}
