package logs

import (
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
	// matches are the lines that match the query and are shown, and hits the errors
	// among them; own are those from the service's own origins, errors and ownErrors
	// the errors of all and of those.
	matches, hits, own, errors, ownErrors seqs
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
		for _, s := range x.lists() {
			s.cut(x.next)
		}
		x.below = min(x.below, x.next)
		x.order = order
	}
	x.next, x.below = max(x.next, first), max(x.below, first)
	for _, s := range x.lists() {
		s.forget(first)
	}
	x.pick(t, x.next)
	if query.All() {
		x.next = first + uint64(t.Len())
		return
	}
	for _, l := range t.From(int(x.next - first)) {
		if query.Match(l) && x.shows(l.Origin) {
			x.matches.add(x.next)
			if l.Level >= oncall.LevelError {
				x.hits.add(x.next)
			}
		}
		x.next++
	}
}

// pick sorts out the lines from number seq on by where they come from and by
// their level.
func (x *index) pick(t board.Tail, seq uint64) {
	if x.service != "" {
		mine := func(_, origin string) bool { return x.belongs(origin) }
		x.own.addAll(t.Pick(board.Pick{Origin: mine}, seq))
		x.ownErrors.addAll(t.Pick(board.Pick{Origin: mine, Level: oncall.LevelError}, seq))
	}
	x.errors.addAll(t.Pick(board.Pick{Level: oncall.LevelError}, seq))
}

// lists are all that the index remembers lines in.
func (x *index) lists() []*seqs {
	return []*seqs{&x.matches, &x.hits, &x.own, &x.errors, &x.ownErrors}
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
	more := make([]uint64, 0, len(f.seqs))
	var errors []uint64
	for _, seq := range f.seqs {
		if x.found && !x.belongs(f.tail.At(int(seq-first)).Origin) {
			continue
		}
		more = append(more, seq)
		if x.errors.has(seq) {
			errors = append(errors, seq)
		}
	}
	x.matches.precede(more)
	x.hits.precede(errors)
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
func (x *index) shownErrors() seqs {
	switch {
	case !x.query.All():
		return x.hits
	case x.found:
		return x.ownErrors
	}
	return x.errors
}

// rows is the list of lines that are shown, addressed by position.
type rows struct {
	tail board.Tail
	seqs seqs
	all  bool
}

func (x *index) rows(t board.Tail) rows {
	switch {
	case !x.query.All():
		return rows{t, x.matches, false}
	case x.found:
		return rows{t, x.own, false}
	}
	return rows{t, seqs{}, true}
}

func (r rows) len() int {
	if r.all {
		return r.tail.Len()
	}
	return r.seqs.len()
}

func (r rows) seq(i int) uint64 {
	if r.all {
		return r.tail.FirstSeq() + uint64(i)
	}
	return r.seqs.at(i)
}

func (r rows) line(i int) oncall.LogLine {
	return r.tail.At(int(r.seq(i) - r.tail.FirstSeq()))
}

// find returns the position of the line with this number, or of the next one.
func (r rows) find(seq uint64) int {
	if r.all {
		return int(min(max(seq, r.tail.FirstSeq())-r.tail.FirstSeq(), uint64(r.tail.Len())))
	}
	i, _ := r.seqs.search(seq)
	return i
}
