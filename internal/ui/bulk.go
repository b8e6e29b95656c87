package ui

import (
	"slices"
	"time"

	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/overlay"
	"conway/internal/ui/pane"
)

// bulk is what was asked for several pages at once, until each has answered.
type bulk struct {
	kind oncall.ActionKind
	// open are the pages that have not answered, by reference.
	open map[oncall.Ref]bool
	all  int
	// failed are the titles of those that did not go well.
	failed []text.Safe
	// cancelled is how many of those a person took back.
	cancelled int
}

// mark adds the selected page to those of the next bulk action, or takes it out.
func (m *Model) mark() {
	if i := slices.Index(m.marked, m.selected); i >= 0 {
		m.marked = slices.Delete(m.marked, i, i+1)
	} else {
		m.marked = append(m.marked, m.selected)
	}
	keys := m.opts.Keys
	switch n := len(m.marked); n {
	case 0:
		m.say(text.Const("nothing is marked"), false)
	case 1:
		m.say(text.Sprintf("1 page marked; %s, %s and %s act on it, %s takes the mark off", keys.Way(keymap.Ack), keys.Way(keymap.Resolve), keys.Way(keymap.Snooze), keys.Way(keymap.Back)), false)
	default:
		m.say(text.Sprintf("%d pages marked; %s, %s and %s act on all of them, %s takes the marks off", n, keys.Way(keymap.Ack), keys.Way(keymap.Resolve), keys.Way(keymap.Snooze), keys.Way(keymap.Back)), false)
	}
}

// unmark takes the mark off a page that an action was asked for.
func (m *Model) unmark(a oncall.Action) {
	if i := slices.Index(m.marked, a.Target); i >= 0 && a.Kind != oncall.Annotate {
		m.marked = slices.Delete(m.marked, i, i+1)
		m.toast = toast{} // it tells of marks that are gone
	}
}

// prune forgets the marks of pages that are listed no more.
func (m *Model) prune() {
	m.marked = slices.DeleteFunc(m.marked, func(ref oncall.Ref) bool {
		r, ok := m.board.Page(ref)
		return !ok || r.Gone || r.Page.Status == oncall.Resolved
	})
}

// markReason says why the selected page cannot be marked.
func (m *Model) markReason(row board.PageRow, ok bool) text.Safe {
	switch {
	case m.choice.Focus != pane.Pages:
		return text.Sprintf("pages are marked in their list; %s focuses it", m.opts.Keys.Way(keymap.FocusPages))
	case !ok:
		return text.Const("no page is selected")
	case row.Gone, row.Page.Status == oncall.Resolved:
		return text.Const("this page is not open any more")
	}
	return text.Safe{}
}

// bulkReason says why an action can do nothing for the marked pages; ok is false
// when it is not about them.
func (m *Model) bulkReason(a keymap.Action) (why text.Safe, ok bool) {
	kind, ok := bulkKind(a)
	if !ok || len(m.marked) == 0 {
		return text.Safe{}, false
	}
	if _, acts := m.bulkWords(a, kind); len(acts) == 0 {
		return text.Sprintf("nothing to %s: it is under way or over for every marked page", kind), true
	}
	return text.Safe{}, true
}

// bulkKind returns what an action does to every marked page.
func bulkKind(a keymap.Action) (oncall.ActionKind, bool) {
	switch a {
	case keymap.Ack:
		return oncall.Acknowledge, true
	case keymap.Resolve:
		return oncall.Resolve, true
	case keymap.Snooze:
		return oncall.Snooze, true
	}
	return 0, false
}

// targets returns the pages that an action is for: all that are marked, or the
// selected one.
func (m *Model) targets() []oncall.Ref {
	if len(m.marked) > 0 {
		return m.marked
	}
	return []oncall.Ref{m.selected}
}

// bulkWords names every page, and says of each that is left out why; acts are
// the actions for the others, one a page.
func (m *Model) bulkWords(a keymap.Action, kind oncall.ActionKind) (words []text.Safe, acts []oncall.Action) {
	for _, ref := range m.targets() {
		r, ok := m.board.Page(ref)
		if !ok {
			continue
		}
		if why := m.pageReason(a, r); !why.Empty() {
			words = append(words, text.Sprintf("- %s (left out: %s)", r.Page.Title, why))
			continue
		}
		words = append(words, text.Sprintf("- %s", r.Page.Title))
		acts = append(acts, oncall.Action{Kind: kind, Target: ref, Title: r.Page.Title})
	}
	return words, acts
}

// askBulk names what an ack or a resolve of all marked pages would act on; it
// reports whether the action is one for them. A snooze asks by itself.
func (m *Model) askBulk(a keymap.Action) bool {
	kind, ok := bulkKind(a)
	if !ok || kind == oncall.Snooze || len(m.marked) == 0 {
		return false
	}
	words, acts := m.bulkWords(a, kind)
	m.open(overlay.NewChoice(
		text.Sprintf("%s %s?", verb(kind), pane.Count(len(acts), "page")), words,
		overlay.Option{Key: "y", Words: text.Sprintf("yes, %s", pane.Count(len(acts), "page")), Intent: actsOf(acts, time.Time{})},
	), true)
	return true
}

func verb(k oncall.ActionKind) text.Safe {
	if k == oncall.Resolve {
		return text.Const("RESOLVE")
	}
	return text.Const("ACK")
}

// actsOf asks for one action each; until is the end of a snooze.
func actsOf(acts []oncall.Action, until time.Time) pane.Intent {
	var all pane.Several
	for _, a := range acts {
		a.Until = until
		if len(acts) == 1 {
			return pane.Act{Action: a}
		}
		all.Intents = append(all.Intents, pane.Act{Action: a})
	}
	return all
}

// began remembers what a bulk action waits for.
func (m *Model) began(s pane.Several) {
	b := bulk{open: map[oncall.Ref]bool{}}
	for _, i := range s.Intents {
		if a, ok := i.(pane.Act); ok {
			b.kind = a.Action.Kind
			b.open[a.Action.Target] = true
		}
	}
	if len(b.open) == 0 {
		return
	}
	b.all = len(b.open)
	m.bulk = b
}

// answered counts one answer to a bulk action, and reports whether it was one.
// How each page fares stands in its row; the end is told in one sentence.
func (m *Model) answered(s board.ActionSettled) bool {
	if s.Action.Kind != m.bulk.kind || !m.bulk.open[s.Action.Target] {
		return false
	}
	delete(m.bulk.open, s.Action.Target)
	if s.State == oncall.Cancelled {
		m.bulk.cancelled++
	}
	if s.State != oncall.Confirmed {
		t := text.Sprintf("%s %s", s.Action.Title, s.State)
		if s.Fault != nil {
			t = text.Sprintf("%s: %s", s.Action.Title, s.Fault)
		}
		m.bulk.failed = append(m.bulk.failed, t)
	}
	if len(m.bulk.open) > 0 {
		return true
	}
	done := m.bulk.all - len(m.bulk.failed)
	switch {
	case len(m.bulk.failed) == 0:
		m.say(text.Sprintf("%s confirmed: all %s", m.bulk.kind, pane.Count(m.bulk.all, "page")), false)
	case m.bulk.cancelled == m.bulk.all:
		m.say(text.Sprintf("%s of %s cancelled, nothing was sent", m.bulk.kind, pane.Count(m.bulk.all, "page")), false)
	default:
		m.say(text.Sprintf("%s: %d of %s confirmed; not %s", m.bulk.kind, done, pane.Count(m.bulk.all, "page"), text.Join(m.bulk.failed, text.Const("; "))), true)
	}
	m.bulk = bulk{}
	return true
}
