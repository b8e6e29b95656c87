package ui

import (
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/intake"
	"conway/internal/ui/keymap"
	"conway/internal/ui/overlay"
	"conway/internal/ui/pane"
)

// key gives a key press to the overlay on top, else to what it is bound to.
func (m *Model) key(k tea.KeyPressMsg) tea.Cmd {
	m.past.wanted, m.past.reading = oncall.Ref{}, time.Time{} // from now on a person says where to be
	if n := len(m.stack); n > 0 {
		return m.overlayKey(m.stack[n-1], k)
	}
	a, ok := m.action(k)
	if _, tag := itemOf(a); !tag {
		m.strip.pages = nil // somebody goes on with something else
	}
	if !ok {
		if s := k.String(); utf8.RuneCountInString(s) == 1 {
			m.say(text.Sprintf("%s does nothing; %s shows the keys", s, m.opts.Keys.Way(keymap.Help)), false)
		}
		return nil
	}
	return m.do(a)
}

func (m *Model) overlayKey(l layer, k tea.KeyPressMsg) tea.Cmd {
	if l.grace && m.now.Sub(l.opened) < graceSpan {
		return nil
	}
	w, h := m.overlayRoom(l)
	before := len(m.stack)
	res := l.Key(k, m.frame(w, h, pane.None), m.board)
	if res.Close {
		m.keepDraft(l.Overlay, res.Intent)
		m.stack = m.stack[:before-1]
	}
	var cmd tea.Cmd
	if res.Action != "" {
		cmd = m.do(res.Action)
	}
	return tea.Batch(cmd, m.carryOut(res.Intent))
}

// keepDraft remembers what was written in a note's editor that is closed
// without sending.
func (m *Model) keepDraft(o overlay.Overlay, sent pane.Intent) {
	n, ok := o.(*overlay.Note)
	if !ok {
		return
	}
	ref, draft := n.Draft()
	if _, yes := sent.(pane.Act); yes || draft == "" {
		delete(m.drafts, ref)
		return
	}
	m.drafts[ref] = draft
	m.say(text.Sprintf("kept as a draft; %s goes on with it", m.opts.Keys.Way(keymap.Note)), false)
}

func (m *Model) paste(s string) {
	if n := len(m.stack); n > 0 {
		m.stack[n-1].Paste(s)
		if len(s) >= intake.MaxPaste {
			m.say(text.Sprintf("the paste was cut after %d KiB", intake.MaxPaste>>10), true)
		}
		return
	}
	m.say(text.Const("a paste is not taken for keys, and neither are many that come at once; open a note or a filter first"), false)
}

func (m *Model) noteEdited(e NoteEdited) {
	if e.Err != nil {
		m.say(text.Sprintf("$EDITOR: %s; the note is as it was", e.Err), true)
		return
	}
	if n, ok := m.editor(e.Target); ok {
		n.SetText(e.Text)
		return
	}
	m.drafts[e.Target] = e.Text
}

// do carries out an action of the keymap: the focused pane's first, else the
// screen's. An action that cannot act says why.
func (m *Model) do(a keymap.Action) tea.Cmd {
	focus := m.choice.Focus
	f := m.tileFrame(focus)
	if why := m.reason(a); !why.Empty() {
		m.say(why, false)
		return nil
	}
	if a == keymap.Back && focus == pane.Logs {
		if cmd, ended := m.cancelSearches(true); ended {
			return cmd
		}
	}
	if intent, known := m.panes[focus].Handle(a, f, m.board); known {
		return m.carryOut(intent)
	}
	if k, ok := focusOf(a); ok {
		m.focus(k)
		return nil
	}
	if m.moveWindow(a) {
		return nil
	}
	if why := m.elsewhere(a); !why.Empty() {
		m.say(why, false)
		return nil
	}
	if m.askBulk(a) {
		return nil
	}
	return m.carryOut(m.intent(a))
}
