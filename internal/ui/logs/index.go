package logs

import (
	"path"
	"sort"
	"strings"
	"time"

	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/ui/pane"
)

// index remembers which of the held lines match the filter, which come from the
// followed service, and which are errors, so that each line is looked at once
// and not at every frame.
type index struct {
	needle pane.Needle
	// service is the followed service, empty for all lines.
	service string
	// next is the sequence number of the first line not looked at yet.
	next uint64
	// matches are the lines that match the needle, own those of them that come
	// from the service's own origins.
	matches, own []uint64
	errors       []errorLine
	// origins remembers which origins belong to the service.
	origins map[string]bool
	// found is true once one of them did. A log that does not name its services
	// by origin is shown whole rather than as empty.
	found bool
}

type errorLine struct {
	seq uint64
	at  time.Time
	own bool
}

// update looks at the lines that came since the last call.
func (x *index) update(t board.Tail, needle pane.Needle, service string) {
	if needle.String() != x.needle.String() || service != x.service {
		*x = index{needle: needle, service: service}
	}
	if x.origins == nil {
		x.origins = map[string]bool{}
	}
	first := t.FirstSeq()
	if x.next < first {
		x.next = first
	}
	x.forget(first)
	for _, l := range t.From(int(x.next - first)) {
		x.add(l, x.next)
		x.next++
	}
}

func (x *index) add(l oncall.LogLine, seq uint64) {
	own := x.belongs(l.Origin)
	if x.needle.String() != "" && !x.needle.Match(l.Raw) {
		return
	}
	if x.needle.String() != "" {
		x.matches = append(x.matches, seq)
	}
	if own {
		x.own = append(x.own, seq)
	}
	if l.Level >= oncall.LevelError {
		x.errors = append(x.errors, errorLine{seq, l.At, own})
	}
}

// belongs reports whether an origin's own name, such as checkout.log, holds the
// service's name.
func (x *index) belongs(origin string) bool {
	if x.service == "" {
		return false
	}
	own, known := x.origins[origin]
	if !known {
		own = strings.Contains(strings.ToLower(path.Base(origin)), strings.ToLower(x.service))
		x.origins[origin] = own
		x.found = x.found || own
	}
	return own
}

// forget drops what was evicted.
func (x *index) forget(first uint64) {
	cut := func(s []uint64) []uint64 {
		return s[sort.Search(len(s), func(i int) bool { return s[i] >= first }):]
	}
	x.matches, x.own = cut(x.matches), cut(x.own)
	j := sort.Search(len(x.errors), func(i int) bool { return x.errors[i].seq >= first })
	x.errors = x.errors[j:]
}

// shownErrors returns the errors among the lines that are shown.
func (x *index) shownErrors() []errorLine {
	if !x.found {
		return x.errors
	}
	out := make([]errorLine, 0, len(x.errors))
	for _, e := range x.errors {
		if e.own {
			out = append(out, e)
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
	case x.found:
		return rows{t, x.own, false}
	case x.needle.String() == "":
		return rows{t, nil, true}
	}
	return rows{t, x.matches, false}
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
	return sort.Search(r.len(), func(i int) bool { return r.seq(i) >= seq })
}
