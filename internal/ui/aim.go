package ui

import (
	"strconv"
	"strings"
	"time"

	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/overlay"
	"conway/internal/ui/pane"
)

// choicesFresh is how long the account's people, policies and priorities are not
// asked for again: they change by the week.
const choicesFresh = 5 * time.Minute

// aimKind returns what an action of the keymap does to a page that is aimed at
// something, the kind that its source is asked for.
func aimKind(a keymap.Action) (oncall.ActionKind, bool) {
	switch a {
	case keymap.Escalate:
		return oncall.Reassign, true
	case keymap.Merge:
		return oncall.Merge, true
	case keymap.Priority:
		return oncall.Prioritise, true
	}
	return 0, false
}

// aimReason says why a page cannot be escalated, merged or given a priority.
func (m *Model) aimReason(a keymap.Action, row board.PageRow) text.Safe {
	kind, ok := aimKind(a)
	if !ok {
		return text.Safe{}
	}
	source := row.Page.Ref.Source
	able := m.able(source, kind) || a == keymap.Escalate && m.able(source, oncall.Escalate)
	switch {
	case len(m.marked) > 0:
		return text.Sprintf("%s is for one page at a time; %s takes the marks off", a, m.opts.Keys.Way(keymap.Back))
	case row.Page.Status == oncall.Resolved || row.Gone:
		return text.Const("this page is not open any more")
	case !able:
		return unable(a, row)
	case a == keymap.Merge && len(peers(m.board, row.Page.Ref)) == 0:
		return text.Sprintf("%s has no other open page that this one could be merged into", source)
	}
	for _, p := range row.Pending {
		if k := p.Action.Kind; k == kind || a == keymap.Escalate && k == oncall.Escalate {
			return text.Sprintf("this %s is on its way already", k)
		}
	}
	if why := m.board.Choices(source, kind).Value.Why; a == keymap.Priority && why != "" {
		return text.Decode(why)
	}
	return text.Safe{}
}

// able reports whether a source can carry out actions of a kind.
func (m *Model) able(source string, kind oncall.ActionKind) bool {
	return m.opts.Able == nil || m.opts.Able(source, kind)
}

// peers returns the open pages of the same pager.
func peers(b board.Board, but oncall.Ref) []board.PageRow {
	var out []board.PageRow
	for _, r := range b.Pages() {
		if r.Page.Ref != but && r.Page.Ref.Source == but.Source && r.Page.Status != oncall.Resolved && !r.Gone {
			out = append(out, r)
		}
	}
	return out
}

// aim opens the list of what the selected page can be escalated, given or set to,
// or merged into, and asks the source for what is not known yet.
func (m *Model) aim(a keymap.Action, row board.PageRow) pane.Intent {
	kind, _ := aimKind(a)
	title, offer := text.Const("ESCALATE OR REASSIGN"), m.escalations
	switch kind {
	case oncall.Merge:
		title, offer = text.Const("MERGE INTO"), mergers
	case oncall.Prioritise:
		title, offer = text.Const("PRIORITY"), priorities
	default:
	}
	ref := row.Page.Ref
	m.open(overlay.NewPick(title, func(f pane.Frame, b board.Board) overlay.Offer {
		row, ok := b.Page(ref)
		if !ok || row.Gone || row.Page.Status == oncall.Resolved {
			return overlay.Offer{Words: []text.Safe{text.Const("This page is not open any more.")}}
		}
		return offer(f, b, row)
	}), true)
	known := m.board.Choices(ref.Source, kind)
	if kind == oncall.Merge || !m.able(ref.Source, kind) || !known.Received.IsZero() && m.now.Sub(known.Received) < choicesFresh {
		return nil
	}
	return pane.LoadChoices{Source: ref.Source, Kind: kind}
}

// aimed is one item of a list to choose from.
func aimed(p oncall.Page, kind oncall.ActionKind, aim oncall.Aim) overlay.Item {
	return overlay.Item{
		Key: string(aim.Kind) + " " + aim.ID, Name: aim.Name,
		Intent: pane.Act{Action: oncall.Action{Kind: kind, Target: p.Ref, Title: p.Title, Aim: aim}},
	}
}

// escalations offers the levels after the one that is called now, then everybody
// and every policy of the account.
func (m *Model) escalations(f pane.Frame, b board.Board, row board.PageRow) overlay.Offer {
	p := row.Page
	o := overlay.Offer{Words: []text.Safe{text.Decode(p.Title)}}
	if m.able(p.Ref.Source, oncall.Escalate) {
		levels := oncall.Levels(b.Roster().Value.Shifts, p.PolicyID, f.Now)
		now := oncall.Reached(p, levels)
		for _, l := range levels {
			if l.Number <= now {
				continue
			}
			aim := oncall.Aim{Kind: oncall.AimLevel, ID: strconv.Itoa(l.Number), Name: "level " + strconv.Itoa(l.Number)}
			it := aimed(p, oncall.Escalate, aim)
			it.Words, it.Hint = names(l.People), text.Const("escalate")
			o.Items = append(o.Items, it)
		}
		if len(levels) > 0 && len(o.Items) == 0 {
			o.Words = append(o.Words, text.Sprintf("Level %d is the last of %s that calls anybody now.", now, p.Policy))
		}
	}
	known := b.Choices(p.Ref.Source, oncall.Reassign)
	for _, c := range known.Value.Aims {
		it := aimed(p, oncall.Reassign, c.Aim)
		it.Words, it.Hint = c.Words, text.Const("reassign")
		if c.Kind == oncall.AimPolicy {
			it.Name = "policy " + c.Name
		}
		switch {
		case c.Kind == oncall.AimPolicy && c.ID == p.PolicyID:
			it.Reason = text.Const("it is the page's own policy; a level escalates")
		case len(p.Assignees) == 1 && p.Assignees[0].ID == c.ID:
			it.Hint = text.Const("called now")
		}
		o.Items = append(o.Items, it)
	}
	o.Words = append(o.Words, text.Const("Given to a person, it escalates no further by itself."))
	if m.able(p.Ref.Source, oncall.Reassign) {
		o.Words = append(o.Words, reading(known, text.Const("the account's people and policies"))...)
	}
	return o
}

// mergers offers the other open pages of the same pager.
func mergers(f pane.Frame, b board.Board, row board.PageRow) overlay.Offer {
	p := row.Page
	o := overlay.Offer{Words: []text.Safe{
		text.Sprintf("%s becomes a part of the page you choose and ends; this cannot be undone.", p.Title),
	}}
	for _, r := range peers(b, p.Ref) {
		it := aimed(p, oncall.Merge, oncall.Aim{Kind: oncall.AimPage, ID: r.Page.Ref.ID, Name: r.Page.Title})
		it.Words, it.Hint = r.Page.Service.Name, text.Sprintf("%s, %s", r.Page.Status, pane.Age(f.Now.Sub(r.Page.CreatedAt)))
		o.Items = append(o.Items, it)
	}
	return o
}

// priorities offers the account's priorities, the most severe first.
func priorities(_ pane.Frame, b board.Board, row board.PageRow) overlay.Offer {
	p := row.Page
	known := b.Choices(p.Ref.Source, oncall.Prioritise)
	o := overlay.Offer{Words: append([]text.Safe{text.Decode(p.Title)}, reading(known, text.Const("the account's priorities"))...)}
	for _, c := range known.Value.Aims {
		it := aimed(p, oncall.Prioritise, c.Aim)
		it.Words = c.Words
		if c.Name == p.Priority {
			it.Hint = text.Const("now")
		}
		o.Items = append(o.Items, it)
	}
	return o
}

// reading says what is not known yet of what there is to choose.
func reading(r oncall.Reading[oncall.Choices], what text.Safe) []text.Safe {
	switch {
	case r.Fault != nil && r.Received.IsZero():
		return []text.Safe{text.Sprintf("%s could not be read: %s", what, r.Fault)}
	case r.Received.IsZero():
		return []text.Safe{text.Sprintf("reading %s…", what)}
	case r.Value.Why != "":
		return []text.Safe{text.Decode(r.Value.Why)}
	case !r.Value.Complete:
		return []text.Safe{text.Sprintf("%s: there are more than were read", what)}
	}
	return nil
}

func names(all []oncall.Person) string {
	out := make([]string, len(all))
	for i, p := range all {
		out[i] = p.Name
	}
	return strings.Join(out, ", ")
}

// about is what an action is about: its page and what that is aimed at.
func about(a oncall.Action) text.Safe {
	switch a.Kind {
	case oncall.Escalate, oncall.Reassign, oncall.Prioritise:
		return text.Sprintf("%s, to %s", a.Title, a.Aim.Name)
	case oncall.Merge:
		return text.Sprintf("%s, into %s", a.Title, a.Aim.Name)
	case oncall.Acknowledge, oncall.Resolve, oncall.Annotate, oncall.Snooze, oncall.File:
	}
	return text.Decode(a.Title)
}
