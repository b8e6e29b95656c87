package board

import (
	"cmp"
	"slices"
	"sync"

	"conway/internal/oncall"
)

// rowView is the page list as it is drawn.
type rowView struct {
	rows   []PageRow
	at     map[oncall.Ref]int
	counts Counts
}

// redoRows has the list computed anew when it is next asked for. What it needs
// is captured piece by piece: holding a whole Board would keep old log lines.
func (b *base) redoRows() {
	entries, claims, actions := b.entries, b.claims, b.actions
	me := b.person()
	faults := make(map[string]*oncall.Fault, len(b.sources))
	for _, s := range b.sources {
		faults[s.name] = s.age(pagesDomain).Fault
	}
	b.rows = sync.OnceValue(func() rowView {
		v := rowView{rows: make([]PageRow, len(entries)), at: make(map[oncall.Ref]int, len(entries))}
		for i, k := range order(entries, claims) {
			v.rows[i] = k.entry.row(k.claim, me, faults[k.entry.source])
			v.at[v.rows[i].Page.Ref] = i
			v.counts.add(v.rows[i])
		}
		v.addActions(actions)
		return v
	})
}

// person returns the person at this screen as far as it is known.
func (b *base) person() oncall.Person {
	for _, s := range b.sources {
		if s.roster.Me != (oncall.Person{}) {
			return s.roster.Me
		}
	}
	return oncall.Person{Name: b.me, Email: b.me}
}

// row returns the entry as a row, with our claim on it, if any, applied.
func (e *entry) row(c claim, me oncall.Person, fault *oncall.Fault) PageRow {
	p := e.page
	p.Status = c.status(p.Status)
	if p.Status == oncall.Acknowledged && p.Status != e.page.Status {
		p.Acks = append(slices.Clip(p.Acks), oncall.Acknowledgement{By: c.st.who(me), At: c.st.At})
	}
	r := PageRow{
		Page: p,
		Reading: oncall.Reading[oncall.Page]{
			Value: p, At: p.UpdatedAt, Received: e.received, Every: e.every, Fault: fault,
		},
		New: e.isNew,
	}
	if c.disputed {
		st := c.st
		r.Disputed = &st
	}
	if !e.gone.IsZero() && p.Status != oncall.Resolved {
		r.Gone, r.GoneSince, r.Left = true, e.gone, e.left
	}
	return r
}

// place is a page with what decides where its row stands. Sorting places and not
// rows, which are twenty times the size, matters with thousands of pages.
type place struct {
	entry *entry
	claim claim
	rank  int
}

// order returns the pages in the order of their rows: what wants somebody most
// first, then the newest.
func order(entries map[oncall.Ref]*entry, claims map[oncall.Ref]claim) []*place {
	all := make([]place, 0, len(entries))
	sorted := make([]*place, 0, len(entries))
	for ref, en := range entries {
		c := claims[ref]
		all = append(all, place{en, c, rank(c.status(en.page.Status), !en.gone.IsZero())})
		sorted = append(sorted, &all[len(all)-1])
	}
	slices.SortFunc(sorted, func(a, b *place) int {
		if c := cmp.Compare(a.rank, b.rank); c != 0 {
			return c
		}
		p, q := &a.entry.page, &b.entry.page
		if c := cmp.Compare(p.Urgency, q.Urgency); c != 0 {
			return c
		}
		if c := q.CreatedAt.Compare(p.CreatedAt); c != 0 {
			return c
		}
		return compareRefs(p.Ref, q.Ref)
	})
	return sorted
}

// rank orders pages by how much they want somebody. A status that this version
// cannot name may be anything, so it comes before what somebody is known to be
// working on; a page that is gone is probably over.
func rank(s oncall.Status, gone bool) int {
	switch {
	case s == oncall.Resolved:
		return 4
	case gone:
		return 3
	case s == oncall.Acknowledged:
		return 2
	case s == oncall.Triggered:
		return 0
	}
	return 1
}

// addActions puts our actions, newest first, to the rows that they are for.
func (v *rowView) addActions(actions []*ActionStatus) {
	for _, st := range actions {
		i, ok := v.at[st.Action.Target]
		if !ok {
			continue
		}
		r := &v.rows[i]
		if r.Last == nil {
			r.Last = st
		}
		switch {
		case st.State.Done():
		case st.By == "":
			r.Pending = append(r.Pending, *st)
		default:
			r.Others = append(r.Others, *st)
		}
	}
	for i := range v.rows {
		slices.Reverse(v.rows[i].Pending)
		slices.Reverse(v.rows[i].Others)
	}
}

// view returns the page list.
func (b Board) view() rowView {
	if b.rows == nil {
		return rowView{}
	}
	return b.rows()
}

// Pages returns the rows: triggered before acknowledged before Gone before
// resolved, high urgency before low, newest first.
func (b Board) Pages() []PageRow { return b.view().rows }

// Page returns one row, and whether there is one.
func (b Board) Page(ref oncall.Ref) (PageRow, bool) {
	v := b.view()
	i, ok := v.at[ref]
	if !ok {
		return PageRow{}, false
	}
	return v.rows[i], true
}

// Counts sums the rows up. Rows that are Gone are counted as Gone only.
func (b Board) Counts() Counts {
	c := b.view().counts
	any := false
	c.Known = true
	for _, s := range b.sources {
		if s.speaksFor(pagesDomain) {
			any, c.Known = true, c.Known && s.complete
		}
	}
	c.Known = c.Known && any
	return c
}

// PagesReading is the worst of the page sources: whether the list is to be
// believed. Its value is the number of open pages. It is Live or NoData only if
// every page source's last answer was fresh, without fault and complete, so an
// empty list may be drawn as "no pages" only then.
func (b Board) PagesReading() oncall.Reading[int] {
	w, _ := b.worst(pagesDomain)
	v := b.view()
	w.Empty = len(v.rows) == 0
	return reading(w, v.counts.Open)
}
