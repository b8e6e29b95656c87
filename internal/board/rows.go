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
		v := rowView{rows: make([]PageRow, 0, len(entries)), at: make(map[oncall.Ref]int, len(entries))}
		for ref, en := range entries {
			v.rows = append(v.rows, en.row(claims[ref], me, faults[en.source]))
		}
		slices.SortFunc(v.rows, compareRows)
		for i, r := range v.rows {
			v.at[r.Page.Ref] = i
			v.counts.add(r)
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
		p.Acks = append(slices.Clip(p.Acks), oncall.Acknowledgement{By: me, At: c.st.At})
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
		r.Gone, r.GoneSince = true, e.gone
	}
	return r
}

// compareRows orders rows: what wants somebody most first, then the newest.
func compareRows(a, b PageRow) int {
	return cmp.Or(
		cmp.Compare(a.rank(), b.rank()),
		cmp.Compare(a.Page.Urgency, b.Page.Urgency),
		b.Page.CreatedAt.Compare(a.Page.CreatedAt),
		compareRefs(a.Page.Ref, b.Page.Ref),
	)
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
		if !st.State.Done() {
			r.Pending = append(r.Pending, *st)
		}
	}
	for i := range v.rows {
		slices.Reverse(v.rows[i].Pending)
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
