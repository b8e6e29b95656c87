package board

import (
	"slices"

	"conway/internal/oncall"
)

// block is a run of log lines in order, which a tail holds as one: a chunk, or lines
// of several chunks that are woven together. It is immutable.
type block interface {
	len() int
	// size is how many bytes the text of the lines from one to before another has, each
	// with a newline.
	size(from, to int) int
	// find returns the chunk that holds line i, and the line's place in it.
	find(i int) (*chunk, int)
	// between returns the lines from one to before another, as a block that shares
	// their text with this one.
	between(from, to int) block
	// scan appends first and the place of each matching line from one to before another.
	scan(q *Query, from, to int, first uint64, found []uint64) []uint64
	// pick yields first and the place of each line from one on that is chosen, until
	// yield returns false, and then returns false itself.
	pick(p Pick, from int, first uint64, yield func(uint64) bool) bool
}

const (
	// lineBits are the bits of a line's place in a part, in an order.
	lineBits = 11
	// weaveParts is how many parts a weave can tell apart by the others.
	weaveParts = 1 << (16 - lineBits)
)

// Every line of a chunk has a place that an order can hold.
const _ = uint(1<<lineBits - chunkLines)

// weave is lines of several chunks in the order of their times. The chunks are those
// of one source each, as it sent them: what several sources say at once is put in
// order without copying any of its text.
type weave struct {
	parts []part
	// order is for each line the part that holds it, and its place there.
	order []uint16
	// bytes is the size of all its lines.
	bytes int
}

// part is the lines of a chunk that a weave has, from one to before another. Those of
// one chunk stay in their order, and none of them is elsewhere in between.
type part struct {
	*chunk

	from, to int
}

func (w *weave) len() int { return len(w.order) }

// size takes the lines for equally long ones, if these are not all.
func (w *weave) size(from, to int) int { return w.bytes * (to - from) / len(w.order) }

func (w *weave) find(i int) (*chunk, int) {
	k, j := w.place(i)
	return w.parts[k].chunk, j
}

func (w *weave) place(i int) (part, line int) {
	o := w.order[i]
	return int(o >> lineBits), int(o & (1<<lineBits - 1))
}

func (w *weave) between(from, to int) block {
	if from == 0 && to == w.len() {
		return w
	}
	return &weave{parts: w.within(from, to), order: w.order[from:to:to], bytes: w.size(from, to)}
}

// within returns what the lines from one to before another have of the parts. Of a
// part that they have none of it has no chunk, so that its text is not kept.
func (w *weave) within(from, to int) []part {
	if from == 0 && to == w.len() {
		return w.parts
	}
	parts := make([]part, len(w.parts))
	for i := from; i < to; i++ {
		k, j := w.place(i)
		p := &parts[k]
		if p.chunk == nil {
			p.chunk, p.from = w.parts[k].chunk, j
		}
		p.to = j + 1
	}
	return parts
}

// scan looks through the parts one after the other, because their text lies together.
func (w *weave) scan(q *Query, from, to int, first uint64, found []uint64) []uint64 {
	var hits [weaveParts][]uint64
	some := false
	for k, p := range w.within(from, to) {
		if p.chunk != nil {
			hits[k] = p.scan(q, p.from, p.to, 0, nil)
			some = some || len(hits[k]) > 0
		}
	}
	for i := from; some && i < to; i++ {
		k, j := w.place(i)
		if h := hits[k]; len(h) > 0 && h[0] == uint64(j) {
			found, hits[k] = append(found, first+uint64(i)), h[1:]
		}
	}
	return found
}

func (w *weave) pick(p Pick, from int, first uint64, yield func(uint64) bool) bool {
	var wanted [weaveParts][]bool
	some := false
	for k, of := range w.parts {
		if of.chunk != nil {
			wanted[k] = of.wanted(p)
			some = some || slices.Contains(wanted[k], true)
		}
	}
	for i := from; some && i < w.len(); i++ {
		k, j := w.place(i)
		if of := w.parts[k].kind(j); wanted[k][of.label()] && of.level() >= p.Level && !yield(first+uint64(i)) {
			return false
		}
	}
	return true
}

// head returns the first n lines of a block, as one that keeps little else: the rest
// comes again in another.
func head(b block, n int) block {
	if c, ok := b.(*chunk); ok {
		return c.before(n)
	}
	if b.size(n, b.len()) <= b.size(0, b.len())/wasted {
		return b.between(0, n)
	}
	lines := make([]oncall.LogLine, n)
	for i := range lines {
		c, j := b.find(i)
		lines[i] = c.line(j)
	}
	var p packer
	return p.pack(lines, nil)[0] // a weave is no larger than a chunk may be
}

// weaver makes weaves of lines that it is told in their order.
type weaver struct {
	parts []part
	order []uint16
	bytes int
	made  []block
}

// add adds line j of a chunk. The lines of one chunk come in their order, and all of
// those between the first and the last of them.
func (w *weaver) add(c *chunk, j int) {
	size := len(c.raw(j)) + 1
	k := slices.IndexFunc(w.parts, func(p part) bool { return p.chunk == c })
	if len(w.order) == chunkLines || len(w.order) > 0 && w.bytes+size > chunkBytes || k < 0 && len(w.parts) == weaveParts {
		w.end()
		k = -1
	}
	if k < 0 {
		k = len(w.parts)
		w.parts = append(w.parts, part{c, j, j})
	}
	w.parts[k].to = j + 1
	w.order = append(w.order, uint16(k<<lineBits|j))
	w.bytes += size
}

// end makes a weave of what was added since the one before.
func (w *weaver) end() {
	if len(w.order) == 0 {
		return
	}
	w.made = append(w.made, &weave{slices.Clone(w.parts), slices.Clone(w.order), w.bytes})
	clear(w.parts) // which would keep the chunks
	w.parts, w.order, w.bytes = w.parts[:0], w.order[:0], 0
}

// take returns what was made of all that was added, and begins anew.
func (w *weaver) take() []block {
	w.end()
	made := w.made
	w.made = nil
	return made
}
