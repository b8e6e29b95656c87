package ui

import (
	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/pane"
)

// reason returns why an action cannot act now, or an empty text.
func (m *Model) reason(a keymap.Action) text.Safe {
	e := m.opts.Keys.Entry(a)
	if e.Changes && m.opts.ReadOnly {
		return text.Sprintf("%s: this cockpit is read-only (read_only in the config)", a)
	}
	if why, ok := m.stripReason(a); ok {
		return why
	}
	if why, ok := m.bulkReason(a); ok {
		return why
	}
	row, ok := m.board.Page(m.selected)
	switch a {
	case keymap.Mark:
		return m.markReason(row, ok)
	case keymap.Ack, keymap.Resolve, keymap.Note, keymap.Snooze, keymap.Detail, keymap.Timeline, keymap.Runbook, keymap.Shell,
		keymap.Escalate, keymap.Merge, keymap.Priority:
		if a == keymap.Detail && (m.choice.Focus == pane.Runbook || m.choice.Focus == pane.Logs) {
			break
		}
		if !ok {
			return text.Const("no page is selected")
		}
	case keymap.Recommend, keymap.RecommendSLO:
		return m.recommendReason(ok)
	default:
		if why := m.lackReason(a); !why.Empty() {
			return why
		}
	}
	if ok {
		if why := m.pageReason(a, row); !why.Empty() {
			return why
		}
		if why := m.aimReason(a, row); !why.Empty() {
			return why
		}
	}
	return m.panes[m.choice.Focus].Reason(a, m.tileFrame(m.choice.Focus), m.board)
}

// lackReason says what an action has nothing to work on, whatever page is selected.
func (m *Model) lackReason(a keymap.Action) text.Safe {
	switch a {
	case keymap.TagNight, keymap.DropNight:
		if len(m.board.Recall().Untagged) == 0 {
			return text.Const("no page of last night waits for a tag")
		}
	case keymap.HideLine:
		if m.opts.Silent {
			return text.Const("the ledger says nothing here: ledger.line is off in the config")
		}
	case keymap.Query:
		if len(m.opts.Logs)+len(m.opts.Texts) == 0 {
			return text.Const("no log store that could be asked is configured (logs in the config)")
		}
	case keymap.Undo:
		if len(m.held()) == 0 {
			return text.Const("nothing is held; what was sent cannot be taken back")
		}
	}
	return text.Safe{}
}

// elsewhere says where an action works that the focused pane does not know.
func (m *Model) elsewhere(a keymap.Action) text.Safe {
	focus := func(a keymap.Action) text.Safe { return text.Decode(m.opts.Keys.Way(a)) }
	switch a {
	case keymap.Pause, keymap.Wrap, keymap.NextError, keymap.PrevError, keymap.Patterns, keymap.Trace, keymap.Save:
		return text.Sprintf("that is for the logs; %s focuses them", focus(keymap.FocusLogs))
	case keymap.Left, keymap.Right:
		return text.Sprintf("nothing moves sideways in %s; it does in the logs (%s) and the metrics (%s)",
			m.choice.Focus, focus(keymap.FocusLogs), focus(keymap.FocusMetric))
	}
	return text.Safe{}
}

// pageReason says why an action can do nothing for one page.
func (m *Model) pageReason(a keymap.Action, row board.PageRow) text.Safe {
	if a == keymap.Note && !m.able(row.Page.Ref.Source, oncall.Annotate) {
		return unable(a, row) // before somebody writes it
	}
	kind, ok := bulkKind(a)
	switch {
	case !ok:
		return text.Safe{}
	case !m.able(row.Page.Ref.Source, kind):
		return unable(a, row)
	}
	if row.Page.Status == oncall.Resolved {
		return text.Const("this page is resolved already")
	}
	for _, p := range row.Pending {
		if p.Action.Kind == kind {
			return text.Sprintf("this %s is on its way already", kind)
		}
	}
	return text.Safe{}
}

// unable says that a page's pager does not know an action at all.
func unable(a keymap.Action, row board.PageRow) text.Safe {
	return text.Sprintf("%s: %s has no way to do that", a, row.Page.Ref.Source)
}

// held returns the actions that can still be cancelled, newest first.
func (m *Model) held() []board.ActionStatus {
	var out []board.ActionStatus
	for _, s := range m.board.Actions() {
		if s.State == oncall.Held && s.By == "" {
			out = append(out, s)
		}
	}
	return out
}
