package feed

import "slices"

// chunkLines is how many lines share one allocation. Small batches are packed
// together up to it; a larger one is kept whole.
const chunkLines = 512

// smallChunk is how far the first chunk grows.
const smallChunk = 32

// batch is a queue of lines in chunks, so that neither growing nor dropping the
// oldest moves what is already there. The zero value is empty.
type batch[T any] struct {
	chunks []chunk[T]
	n      int
}

// chunk is some lines, the texts that they are parts of, if that is known, and what
// takes back the list, if anything does.
type chunk[T any] struct {
	lines []T
	texts []string
	free  func()
}

// copied is called when a chunk's lines are held elsewhere and its list is not.
func (c chunk[T]) copied() {
	if c.free != nil {
		c.free()
	}
}

// push appends lines. A long list is kept as it is, and no longer the caller's.
func (b *batch[T]) push(c chunk[T]) {
	lines := c.lines
	if len(lines) == 0 {
		return
	}
	b.n += len(lines)
	if last := len(b.chunks) - 1; last >= 0 && len(b.chunks[last].lines)+len(lines) <= max(cap(b.chunks[last].lines), smallChunk) {
		b.chunks[last].lines = append(b.chunks[last].lines, lines...)
		c.copied()
		return
	}
	var own []T
	switch {
	case len(lines) >= chunkLines:
		c.lines = slices.Clip(lines)
		b.chunks = append(b.chunks, c)
		return
	case len(b.chunks) == 0:
		// The first chunk is as small as its lines, because most batches are all there
		// is; after that it is a flood, and room is made for it at once.
		own = slices.Clone(lines)
	default:
		own = append(make([]T, 0, chunkLines), lines...)
	}
	c.copied()
	b.chunks = append(b.chunks, chunk[T]{lines: own})
}

// drop removes the n oldest lines, or all if there are fewer, and returns how
// many it removed.
func (b *batch[T]) drop(n int) int {
	n = min(n, b.n)
	b.n -= n
	for left := n; left > 0; {
		first := b.chunks[0].lines
		if len(first) > left {
			// Cleared, because the chunk outlives the lines and would hold their text.
			clear(first[:left])
			b.chunks[0] = chunk[T]{lines: first[left:]}
			break
		}
		left -= len(first)
		b.chunks[0] = chunk[T]{}
		b.chunks = b.chunks[1:]
	}
	return n
}

// all returns everything, oldest first, as one chunk. The batch must not be used
// again.
func (b *batch[T]) all() chunk[T] {
	if len(b.chunks) == 1 {
		return b.chunks[0]
	}
	all := chunk[T]{lines: make([]T, 0, b.n)}
	for _, c := range b.chunks {
		all.lines, all.texts = append(all.lines, c.lines...), append(all.texts, c.texts...)
		c.copied()
	}
	return all
}
