package board

import (
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"conway/internal/oncall"
)

// slowFactor is how much longer an expression without a fixed text takes for a
// byte than one with it, about.
const slowFactor = 24

const (
	// sampleBytes is how much of each of some blocks tells which bytes are rare.
	sampleBytes = 2 << 10
	// samples is from how many blocks: what numbers begin with, say, is the same in
	// all lines of one and another in all lines of the next.
	samples = 4
)

// Scan looks for lines that match, newest first: it begins below the line with
// number before, and ends when it has looked at about room bytes. It returns the
// numbers of the lines it found, oldest first, and the number at which to go on:
// FirstSeq or less when there is nothing more.
func (t Tail) Scan(q Query, before uint64, room int) (found []uint64, next uint64) {
	before = min(before, t.end)
	weight := 1
	if q.slow {
		weight = slowFactor
	}
	var parts []stretch
	size := 0
	for i := len(t.blocks) - 1; i >= 0 && room > 0 && before > t.first; i-- {
		c := t.blocks[i]
		if c.start >= before {
			continue
		}
		from := 0
		if c.start < t.first {
			from = int(t.first - c.start)
		}
		to := min(c.len(), int(before-c.start))
		parts = append(parts, stretch{c, from, to})
		n := c.size(from, to)
		room -= weight * n
		size += weight * n
		before = c.start + uint64(from)
	}
	if q.seek != nil {
		q.seek = q.seek.tuned(sample(parts))
	}
	return scanAll(&q, parts, size), before
}

// stretch is some lines of a block, from one to before another.
type stretch struct {
	placed

	from, to int
}

// sample returns some of the text of the stretches.
func sample(of []stretch) string {
	var b strings.Builder
	n := min(samples, len(of))
	for i := range n {
		c, _ := of[i*len(of)/n].find(0)
		b.WriteString(c.text[:min(sampleBytes, len(c.text))])
	}
	return b.String()
}

const (
	// scanners is how many processors one step of a search uses. More would leave
	// none to what draws, and gain little: memory sets the pace.
	scanners = 2
	// aloneRoom is how much one processor searches as soon as two would have begun.
	aloneRoom = 2 << 20
)

// scanAll returns the numbers of the matching lines of all parts, which are given
// newest first, oldest first.
func scanAll(q *Query, parts []stretch, size int) []uint64 {
	found := make([][]uint64, len(parts))
	var next atomic.Int64
	work := func() {
		for i := next.Add(1) - 1; int(i) < len(parts); i = next.Add(1) - 1 {
			p := parts[i]
			found[i] = p.scan(q, p.from, p.to, p.start, nil)
		}
	}
	if size > aloneRoom {
		together(scanners, work)
	} else {
		work()
	}
	slices.Reverse(found)
	return slices.Concat(found...)
}

// together runs the work n times at once and waits for all. What panics in one of
// them panics in the caller, who knows what to do about it.
func together(n int, work func()) {
	var wg sync.WaitGroup
	broken := make(chan any, n)
	for range n - 1 {
		wg.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					broken <- r
				}
			}()
			work()
		})
	}
	defer func() {
		wg.Wait()
		select {
		case r := <-broken:
			panic(r)
		default:
		}
	}()
	work()
}

func (c *chunk) scan(q *Query, from, to int, first uint64, found []uint64) []uint64 {
	if q.seek == nil {
		for i := from; i < to; i++ {
			if q.match(c.raw(i), c.level(i)) {
				found = append(found, first+uint64(i))
			}
		}
		return found
	}
	// The text of all lines is searched as one; what lies across two is no match.
	text := c.text[:c.end(to-1)]
	simple := len(q.terms) == 1 && q.terms[0].re == nil && q.terms[0].key == ""
	seek := q.seek.finder()
	for pos := int(c.start(from)); pos < len(text); {
		at := seek.index(text, pos)
		if at < 0 {
			break
		}
		i := c.at(uint32(at))
		end := int(c.end(i))
		if at < int(c.start(i)) || at+len(q.seek.text) > end {
			pos = at + 1
			continue
		}
		if simple || q.match(c.raw(i), c.level(i)) {
			found = append(found, first+uint64(i))
		}
		pos = end
	}
	return found
}

// Pick is what lines are chosen by without looking at their text.
type Pick struct {
	// Origin says whether lines of a source and an origin in it are wanted, nil for
	// all. It is asked once for each of them in a run of lines.
	Origin func(source, origin string) bool
	// Level is the least level.
	Level oncall.Level
}

// Pick yields the numbers of the lines from number seq on that are chosen, oldest
// first.
func (t Tail) Pick(p Pick, seq uint64) iter.Seq[uint64] {
	seq = max(seq, t.first)
	return func(yield func(uint64) bool) {
		if seq >= t.end {
			return
		}
		for _, b := range t.blocks[t.find(seq):] {
			if !b.pick(p, int(max(seq, b.start)-b.start), b.start, yield) {
				return
			}
		}
	}
}

// wanted tells of each label whether its lines are.
func (c *chunk) wanted(p Pick) []bool {
	wanted := make([]bool, len(c.labels))
	for i, l := range c.labels {
		wanted[i] = p.Origin == nil || p.Origin(l.source, l.origin)
	}
	return wanted
}

func (c *chunk) pick(p Pick, from int, first uint64, yield func(uint64) bool) bool {
	wanted := c.wanted(p)
	if !slices.Contains(wanted, true) {
		return true
	}
	for i := from; i < c.len(); i++ {
		if k := c.kind(i); wanted[k.label()] && k.level() >= p.Level && !yield(first+uint64(i)) {
			return false
		}
	}
	return true
}
