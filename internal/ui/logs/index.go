package logs

import (
	"sort"
	"time"

	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/ui/pane"
)

// index remembers which of the held lines match the filter and which are
// errors, so that each line is looked at once and not at every frame.
type index struct {
	needle pane.Needle
	// next is the sequence number of the first line not looked at yet.
	next    uint64
	matches []uint64
	errors  []errorLine
}

type errorLine struct {
	seq uint64
	at  time.Time
}

// update looks at the lines that came since the last call.
func (x *index) update(t board.Tail, needle pane.Needle) {
	if needle.String() != x.needle.String() {
		*x = index{needle: needle}
	}
	first := t.FirstSeq()
	if x.next < first {
		x.next = first
	}
	x.forget(first)
	filtering := needle.String() != ""
	for _, l := range t.From(int(x.next - first)) {
		seq := x.next
		x.next++
		if filtering && !needle.Match(l.Raw) {
			continue
		}
		if filtering {
			x.matches = append(x.matches, seq)
		}
		if l.Level >= oncall.LevelError {
			x.errors = append(x.errors, errorLine{seq, l.At})
		}
	}
}

// forget drops what was evicted.
func (x *index) forget(first uint64) {
	i := sort.Search(len(x.matches), func(i int) bool { return x.matches[i] >= first })
	x.matches = x.matches[i:]
	j := sort.Search(len(x.errors), func(i int) bool { return x.errors[i].seq >= first })
	x.errors = x.errors[j:]
}

// rows is the list of lines that are shown, addressed by position.
type rows struct {
	tail    board.Tail
	matches []uint64
	all     bool
}

func (x *index) rows(t board.Tail) rows {
	return rows{t, x.matches, x.needle.String() == ""}
}

func (r rows) len() int {
	if r.all {
		return r.tail.Len()
	}
	return len(r.matches)
}

func (r rows) seq(i int) uint64 {
	if r.all {
		return r.tail.FirstSeq() + uint64(i)
	}
	return r.matches[i]
}

func (r rows) line(i int) oncall.LogLine {
	return r.tail.At(int(r.seq(i) - r.tail.FirstSeq()))
}

// find returns the position of the line with this number, or of the next one.
func (r rows) find(seq uint64) int {
	return sort.Search(r.len(), func(i int) bool { return r.seq(i) >= seq })
}
