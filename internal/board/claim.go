package board

import (
	"maps"
	"time"

	"conway/internal/oncall"
)

// agreeWithin is how long a list may go on contradicting a confirmed action
// before its word counts again: some polls, and the delay between a pager's
// write and its own list.
const agreeWithin = 60 * time.Second

// claim is a confirmed action of ours whose effect the list does not show yet.
type claim struct {
	st ActionStatus
	// disagreed is true once a newer list said otherwise, disputed once it went
	// on doing so for agreeWithin.
	disagreed, disputed bool
}

// who is the person who asked for an action.
func (s *ActionStatus) who(me oncall.Person) oncall.Person {
	if s.By == "" {
		return me
	}
	return oncall.Person{Name: s.By, Email: s.By}
}

// claims reports whether the action changes a page's status.
func claims(st ActionStatus) bool {
	return st.State == oncall.Confirmed &&
		(st.Action.Kind == oncall.Acknowledge || ends(st.Action.Kind))
}

// ends reports whether an action of a kind ends its page.
func ends(k oncall.ActionKind) bool { return k == oncall.Resolve || k == oncall.Merge }

// agrees reports whether the list's status shows the action's effect.
func (c claim) agrees(s oncall.Status) bool {
	if ends(c.st.Action.Kind) {
		return s == oncall.Resolved
	}
	return s == oncall.Acknowledged || s == oncall.Resolved
}

// status returns what the page's status is, given the list's word.
func (c claim) status(s oncall.Status) oncall.Status {
	switch {
	case c.st.State != oncall.Confirmed || c.disputed || c.agrees(s):
		return s
	case ends(c.st.Action.Kind):
		return oncall.Resolved
	}
	return oncall.Acknowledged
}

// status returns the status of a page by everything that the source said, in
// its list and in answer to our actions, and whether the page is known.
func (b *base) status(ref oncall.Ref) (oncall.Status, bool) {
	e, ok := b.entries[ref]
	if !ok {
		return oncall.StatusUnknown, false
	}
	return b.claims[ref].status(e.page.Status), true
}

// claim takes a confirmed action's word for the page's status.
func (b *base) claim(st ActionStatus) []Change {
	ref := st.Action.Target
	if old, ok := b.claims[ref]; ok && !old.disputed &&
		ends(old.st.Action.Kind) && st.Action.Kind == oncall.Acknowledge {
		return nil // an ack says nothing about a page that we resolved
	}
	from, known := b.status(ref)
	b.claims = cloneMap(b.claims)
	b.claims[ref] = claim{st: st}
	to, _ := b.status(ref)
	if !known {
		return nil
	}
	return changed(nil, ref, from, to)
}

// changed appends what the step from one status to another is worth saying.
func changed(ch []Change, ref oncall.Ref, from, to oncall.Status) []Change {
	switch {
	case from == to:
		return ch
	case to == oncall.Resolved:
		return append(ch, PageResolved{Ref: ref})
	}
	return append(ch, PageChanged{Ref: ref, From: from, To: to})
}

// cloneMap copies a map that may be nil into one that is not.
func cloneMap[K comparable, V any](m map[K]V) map[K]V {
	out := make(map[K]V, len(m)+1)
	maps.Copy(out, m)
	return out
}
