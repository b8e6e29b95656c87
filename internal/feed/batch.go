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
	chunks [][]T
	n      int
}

// push appends lines. A long list is kept as it is, and no longer the caller's.
func (b *batch[T]) push(lines []T) {
	if len(lines) == 0 {
		return
	}
	b.n += len(lines)
	if last := len(b.chunks) - 1; last >= 0 && len(b.chunks[last])+len(lines) <= max(cap(b.chunks[last]), smallChunk) {
		b.chunks[last] = append(b.chunks[last], lines...)
		return
	}
	// The first chunk is as small as its lines, because most batches are all there
	// is; after that it is a flood, and room is made for it at once.
	if len(lines) >= chunkLines {
		b.chunks = append(b.chunks, slices.Clip(lines))
		return
	}
	if len(b.chunks) == 0 {
		b.chunks = append(b.chunks, slices.Clone(lines))
		return
	}
	b.chunks = append(b.chunks, append(make([]T, 0, chunkLines), lines...))
}

// drop removes the n oldest lines, or all if there are fewer, and returns how
// many it removed.
func (b *batch[T]) drop(n int) int {
	n = min(n, b.n)
	b.n -= n
	for left := n; left > 0; {
		first := b.chunks[0]
		if len(first) > left {
			// Cleared, because the chunk outlives the lines and would hold their text.
			clear(first[:left])
			b.chunks[0] = first[left:]
			break
		}
		left -= len(first)
		b.chunks[0] = nil
		b.chunks = b.chunks[1:]
	}
	return n
}

// lines returns everything, oldest first. The batch must not be used again.
func (b *batch[T]) lines() []T {
	if len(b.chunks) == 1 {
		return b.chunks[0]
	}
	return slices.Concat(b.chunks...)
}
