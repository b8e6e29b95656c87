package logs

import (
	"slices"
	"sort"

	"conway/internal/board"
	"conway/internal/follow"
	"conway/internal/oncall"
)

const (
	// firstRoom is how many bytes of held lines are searched at once when a filter
	// changes: enough for the first screenful in ordinary cases, and over before
	// the next frame. stepRoom is for each further step, beside the screen.
	firstRoom = 1 << 20
	stepRoom  = 12 << 20
)

// index remembers which of the held lines match the filter, which come from the
// followed service, and which are errors, so that each line is looked at once
// and not at every frame.
type index struct {
	query board.Query
	// service is the followed service, empty for all lines.
	service string
	order   board.Order
	// next is the sequence number of the first line not looked at yet. Of the lines
	// before it, those from below on have been searched.
	next, below uint64
	// matches are the lines that match the query and are shown; own are those from
	// the service's own origins, errors and ownErrors the errors among them.
	matches, own, errors, ownErrors []uint64
	// origins remembers which origins belong to the service.
	origins map[string]bool
	// found is true once one of them did. A log that does not name its services
	// by origin is shown whole rather than as empty.
	found bool
}

// update looks at the lines that came since the last call.
func (x *index) update(t board.Tail, query board.Query, service string) {
	order := t.Order()
	if query.String() != x.query.String() || service != x.service || order.Epoch != x.order.Epoch || x.origins == nil {
		end := t.FirstSeq() + uint64(t.Len())
		*x = index{query: query, service: service, order: order, origins: map[string]bool{}, below: end}
		x.pick(t, t.FirstSeq())
		x.next = end
		if !query.All() {
			x.take(x.search(t, firstRoom)())
		}
		return
	}
	first := t.FirstSeq()
	if order != x.order {
		// Lines were put among the last ones.
		x.next = max(x.next, board.ReorderLines) - board.ReorderLines
		x.next = max(x.next, first)
		x.matches, x.own = before(x.matches, x.next), before(x.own, x.next)
		x.errors, x.ownErrors = before(x.errors, x.next), before(x.ownErrors, x.next)
		x.below = min(x.below, x.next)
		x.order = order
	}
	x.next, x.below = max(x.next, first), max(x.below, first)
	x.forget(first)
	x.pick(t, x.next)
	if query.All() {
		x.next = first + uint64(t.Len())
		return
	}
	for _, l := range t.From(int(x.next - first)) {
		if query.Match(l) && x.shows(l.Origin) {
			x.matches = append(x.matches, x.next)
		}
		x.next++
	}
}

// pick sorts out the lines from number seq on by where they come from and by
// their level.
func (x *index) pick(t board.Tail, seq uint64) {
	if x.service != "" {
		mine := func(_, origin string) bool { return x.belongs(origin) }
		x.own = append(x.own, t.Pick(board.Pick{Origin: mine}, seq)...)
		x.ownErrors = append(x.ownErrors, t.Pick(board.Pick{Origin: mine, Level: oncall.LevelError}, seq)...)
	}
	x.errors = append(x.errors, t.Pick(board.Pick{Level: oncall.LevelError}, seq)...)
}

// shows reports whether lines of an origin are shown.
func (x *index) shows(origin string) bool { return !x.found || x.belongs(origin) }

// belongs reports whether an origin is the service's own.
func (x *index) belongs(origin string) bool {
	if x.service == "" {
		return false
	}
	own, known := x.origins[origin]
	if !known {
		own = follow.Writes(x.service, origin)
		x.origins[origin] = own
		x.found = x.found || own
	}
	return own
}

// forget drops what was evicted.
func (x *index) forget(first uint64) {
	for _, s := range []*[]uint64{&x.matches, &x.own, &x.errors, &x.ownErrors} {
		i, _ := slices.BinarySearch(*s, first)
		*s = (*s)[i:]
	}
}

// before returns the numbers below one.
func before(s []uint64, seq uint64) []uint64 {
	i, _ := slices.BinarySearch(s, seq)
	return s[:i]
}

// Found is what one step of a search has found.
type Found struct {
	query string
	epoch int
	from  uint64
	seqs  []uint64
	next  uint64
	tail  board.Tail
}

// search returns the next step of the search through what is held. It may run
// beside the screen: it changes nothing.
func (x *index) search(t board.Tail, room int) func() Found {
	query, from := x.query, x.below
	return func() Found {
		seqs, next := t.Scan(query, from, room)
		return Found{query.String(), t.Order().Epoch, from, seqs, next, t}
	}
}

// take adds what a step has found, unless it is of another search.
func (x *index) take(f Found) {
	if f.query != x.query.String() || f.epoch != x.order.Epoch || f.from != x.below {
		return
	}
	first := f.tail.FirstSeq()
	more := make([]uint64, 0, len(f.seqs)+len(x.matches))
	for _, seq := range f.seqs {
		if !x.found || x.belongs(f.tail.At(int(seq-first)).Origin) {
			more = append(more, seq)
		}
	}
	x.matches = append(more, x.matches...)
	x.below = max(f.next, first)
}

// searched returns the share of the held lines that has been searched, 1 when
// all have.
func (x *index) searched(t board.Tail) float64 {
	first := t.FirstSeq()
	if x.query.All() || x.below <= first || t.Len() == 0 {
		return 1
	}
	return 1 - float64(x.below-first)/float64(t.Len())
}

// shownErrors returns the errors among the lines that are shown.
func (x *index) shownErrors() []uint64 {
	errors := x.errors
	if x.found {
		errors = x.ownErrors
	}
	if x.query.All() {
		return errors
	}
	var out []uint64
	for _, seq := range errors {
		if _, ok := slices.BinarySearch(x.matches, seq); ok {
			out = append(out, seq)
		}
	}
	return out
}

// rows is the list of lines that are shown, addressed by position.
type rows struct {
	tail board.Tail
	seqs []uint64
	all  bool
}

func (x *index) rows(t board.Tail) rows {
	switch {
	case !x.query.All():
		return rows{t, x.matches, false}
	case x.found:
		return rows{t, x.own, false}
	}
	return rows{t, nil, true}
}

func (r rows) len() int {
	if r.all {
		return r.tail.Len()
	}
	return len(r.seqs)
}

func (r rows) seq(i int) uint64 {
	if r.all {
		return r.tail.FirstSeq() + uint64(i)
	}
	return r.seqs[i]
}

func (r rows) line(i int) oncall.LogLine {
	return r.tail.At(int(r.seq(i) - r.tail.FirstSeq()))
}

// find returns the position of the line with this number, or of the next one.
func (r rows) find(seq uint64) int {
	if r.all {
		return int(min(max(seq, r.tail.FirstSeq())-r.tail.FirstSeq(), uint64(r.tail.Len())))
	}
	return sort.Search(len(r.seqs), func(i int) bool { return r.seqs[i] >= seq })
}
