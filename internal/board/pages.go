package board

import (
	"slices"
	"strings"
	"time"

	"conway/internal/oncall"
)

// goneFor is how long a row stays that vanished without being seen to resolve:
// long enough for somebody who looked away to learn of it.
const goneFor = 10 * time.Minute

// entry is one page as its source last listed it.
type entry struct {
	page     oncall.Page
	source   string
	received time.Time
	every    time.Duration
	isNew    bool
	// gone is when it was first missing from a complete list, zero if it is not.
	gone time.Time
	// left is true when it is gone because it is somebody else's now.
	left bool
}

func (b *base) applyPages(e oncall.PagesEvent) []Change {
	i, s := b.source(e.Source, KindPages)
	first := s.firstPages
	complete := e.Complete && e.Err == nil
	s.heardFrom(pagesDomain, e.Stamp, e.Every, len(e.Pages) == 0)
	if e.Err == nil {
		s.complete = s.complete || complete
		if first.IsZero() {
			s.firstPages = e.At
		}
		if !complete {
			s.ages[pagesDomain].Fault = &oncall.Fault{
				Kind: oncall.Unavailable, Source: e.Source, Op: "list pages",
				Detail: "the list was cut short; pages may be missing",
			}
		}
	}
	// Before its first whole list, whatever is older than the first answer was
	// there before we looked.
	wasThere := func(p oncall.Page) bool {
		return first.IsZero() || !b.sources[i].complete && p.CreatedAt.Before(first)
	}
	var changes []Change
	if e.Err == nil || len(e.Pages) > 0 {
		changes = b.list(e, complete, wasThere)
	}
	return append(changes, b.putSource(i, s)...)
}

// list takes over the pages of one answer.
func (b *base) list(e oncall.PagesEvent, complete bool, wasThere func(oncall.Page) bool) []Change {
	var changes []Change
	old := *b // keeps the maps as they were
	b.entries, b.claims = cloneMap(b.entries), cloneMap(b.claims)
	listed := make(map[oncall.Ref]bool, len(e.Pages))
	for _, p := range e.Pages {
		listed[p.Ref] = true
		was, known := old.entries[p.Ref]
		first := !known && wasThere(p)
		isNew := !known && !first || known && was.isNew
		b.entries[p.Ref] = &entry{
			page: p, source: e.Source, received: e.At, every: e.Every, isNew: isNew,
		}
		b.hear(p.Ref, p.Status, e.At)
		to, _ := b.status(p.Ref)
		if known {
			from, _ := old.status(p.Ref)
			changes = changed(changes, p.Ref, from, to)
		} else if to != oncall.Resolved {
			changes = append(changes, PageOpened{Ref: p.Ref, First: first})
		}
	}
	if complete {
		b.miss(e, listed)
		b.leave(e)
	}
	b.noteGone()
	b.redoRows()
	return changes
}

// hear compares our claim on a page, if there is one, with a list's word.
func (b *base) hear(ref oncall.Ref, s oncall.Status, at time.Time) {
	c, ok := b.claims[ref]
	switch {
	case !ok || !at.After(c.st.At):
	case c.agrees(s):
		delete(b.claims, ref)
	default:
		c.disagreed = true
		b.claims[ref] = c
	}
}

// miss marks the pages that a complete list does not hold any more, and forgets
// those that were seen to resolve.
func (b *base) miss(e oncall.PagesEvent, listed map[oncall.Ref]bool) {
	for ref, en := range b.entries {
		if en.source != e.Source || listed[ref] {
			continue
		}
		if s, _ := b.status(ref); s == oncall.Resolved {
			delete(b.entries, ref)
			delete(b.claims, ref)
		} else if en.gone.IsZero() {
			lost := *en
			lost.gone = e.At
			b.entries[ref] = &lost
		}
	}
}

// leave takes over the source's word on pages that are missing because they are
// somebody else's now.
func (b *base) leave(e oncall.PagesEvent) {
	for _, p := range e.Left {
		if en, ok := b.entries[p.Ref]; ok && en.source == e.Source && !en.gone.IsZero() {
			lost := *en
			lost.page, lost.left = p, true
			b.entries[p.Ref] = &lost
		}
	}
}

// noteGone finds the page that has been gone for longest, so that sweep need not
// look at all pages on every event.
func (b *base) noteGone() {
	b.firstGone = time.Time{}
	for _, en := range b.entries {
		if !en.gone.IsZero() && (b.firstGone.IsZero() || en.gone.Before(b.firstGone)) {
			b.firstGone = en.gone
		}
	}
}

// sweep does what the passing of time asks for, by the stamp of the newest
// event: it gives up waiting for a list to agree with a claim, and forgets pages
// that have long been gone.
func (b *base) sweep() []Change {
	var over []oncall.Ref
	for ref, c := range b.claims {
		_, known := b.entries[ref]
		if (c.disagreed || !known) && !c.disputed && b.now.Sub(c.st.At) >= agreeWithin {
			over = append(over, ref)
		}
	}
	slices.SortFunc(over, compareRefs)
	var changes []Change
	if len(over) > 0 {
		b.claims = cloneMap(b.claims)
	}
	for _, ref := range over {
		from, known := b.status(ref)
		if !known {
			delete(b.claims, ref)
			continue
		}
		c := b.claims[ref]
		c.disputed = true
		b.claims[ref] = c
		to, _ := b.status(ref)
		changes = changed(changes, ref, from, to)
	}
	if b.forget() || len(over) > 0 {
		b.redoRows()
	}
	return changes
}

// forget drops the pages that have been gone for goneFor.
func (b *base) forget() bool {
	if b.firstGone.IsZero() || b.now.Sub(b.firstGone) < goneFor {
		return false
	}
	entries, claims := make(map[oncall.Ref]*entry, len(b.entries)), cloneMap(b.claims)
	for ref, en := range b.entries {
		if en.gone.IsZero() || b.now.Sub(en.gone) < goneFor {
			entries[ref] = en
		} else {
			delete(claims, ref)
		}
	}
	b.entries, b.claims = entries, claims
	b.noteGone()
	return true
}

// MarkSeen takes the New mark off the named pages, or off all when none is named.
func (b Board) MarkSeen(refs ...oncall.Ref) Board {
	entries := cloneMap(b.entries)
	for ref, en := range entries {
		if en.isNew && (len(refs) == 0 || slices.Contains(refs, ref)) {
			seen := *en
			seen.isNew = false
			entries[ref] = &seen
		}
	}
	b.entries = entries
	b.redoRows()
	return b
}

func compareRefs(a, b oncall.Ref) int {
	if c := strings.Compare(a.Source, b.Source); c != 0 {
		return c
	}
	return strings.Compare(a.ID, b.ID)
}
