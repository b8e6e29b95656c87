package board

import (
	"slices"

	"conway/internal/oncall"
)

// NewTail returns a tail of these lines only, ordered by time.
func NewTail(lines []oncall.LogLine) Tail {
	return newTail(len(lines)).add(inTime(lines))
}

// Above returns the tail with another one's lines above its own, as one to look
// at. Both share their lines with it. Its numbers are of an epoch of its own,
// which the version tells from others.
func (t Tail) Above(older Tail, version int) Tail {
	if older.Len() == 0 {
		return t
	}
	u := t
	u.blocks = make([]placed, 0, len(older.blocks)+len(t.blocks))
	for _, b := range older.blocks {
		u.blocks = append(u.blocks, placed{b.block, b.start - older.first + t.first})
	}
	shift := uint64(older.Len())
	for _, b := range t.blocks {
		held := b.block
		if b.start < t.first {
			// Of the first block some lines may have been let go.
			held = held.between(int(t.first-b.start), held.len())
		}
		u.blocks = append(u.blocks, placed{held, max(b.start, t.first) + shift})
	}
	u.end = t.end + shift
	u.gaps = slices.Clone(t.gaps)
	for i := range u.gaps {
		u.gaps[i].Seq += shift
	}
	u.order.Epoch += version << versionShift
	return u
}

// versionShift leaves room for the epochs of the tail itself.
const versionShift = 24

// MergeLines returns both lists ordered by time; of equal times those of a come
// first.
func MergeLines(a, b []oncall.LogLine) []oncall.LogLine {
	out := slices.Concat(a, b)
	slices.SortStableFunc(out, func(a, b oncall.LogLine) int { return a.At.Compare(b.At) })
	return out
}
