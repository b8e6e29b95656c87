package board

import (
	"math"
	"slices"
	"sort"
)

// lineEntry is what a chunk knows of one line beside its text.
type lineEntry struct {
	// end is where in the text the line ends; it begins behind the newline after the
	// one before.
	end uint32
	// nano is its time in nanoseconds since 1970.
	nano int64
	kind
}

// kind is what of a line is the same for many: message is where in the line its
// message begins, and its length in the lower half; flags are the label, then late,
// cut and the level.
type kind struct {
	message uint32
	flags   uint16
}

// lineIndex holds the entries of a chunk's lines in few bytes: 5 for a line of a
// busy log, whose lines are near each other in time and of few kinds, and some 20
// at most. No list of it has pointers, so that the collector has nothing to look at
// in them. It is immutable.
type lineIndex struct {
	// marks are those of every markLines-th line.
	marks []mark
	// ends are distances from the mark's start, ticks microseconds since the mark's
	// time; kinds are which of the few a line is of. Where these do not fit for all
	// lines they are nil, and it is among the wide ones.
	ends, ticks []uint16
	few         []kind
	kinds       []uint8
	wide        *wideIndex
}

// wideIndex has what of a line index needs more than most logs do.
type wideIndex struct {
	// ends are whole.
	ends []uint32
	// near are nanoseconds since base, and far nanoseconds since 1970: the first of them
	// in which all lines fit.
	near []uint32
	far  []int64
	base int64
	// kinds are each line's own.
	kinds []kind
}

// widen returns the wide index, and makes one if there is none.
func (x *lineIndex) widen() *wideIndex {
	if x.wide == nil {
		x.wide = &wideIndex{}
	}
	return x.wide
}

// mark is where the markLines lines that begin with it begin, and the earliest of
// their times.
type mark struct {
	start uint32
	nano  int64
}

const (
	markShift = 6
	markLines = 1 << markShift
	// tick is the unit of ticks in nanoseconds.
	tick = 1000
)

// indexOf makes an index of entries, whose text begins at 0.
func indexOf(of []lineEntry) lineIndex {
	x := lineIndex{marks: make([]mark, 0, (len(of)+markLines-1)>>markShift)}
	start := uint32(0)
	for i := 0; i < len(of); i += markLines {
		m := mark{start, of[i].nano}
		for _, e := range of[i:min(i+markLines, len(of))] {
			m.nano, start = min(m.nano, e.nano), e.end+1
		}
		x.marks = append(x.marks, m)
	}
	x.setEnds(of)
	if !x.setTicks(of) {
		x.setTimes(of)
	}
	x.setKinds(of)
	return x
}

func (x *lineIndex) setEnds(of []lineEntry) {
	x.ends = make([]uint16, len(of))
	for i := range of {
		d := of[i].end - x.marks[i>>markShift].start
		if d > math.MaxUint16 {
			x.ends = nil
			w := x.widen()
			w.ends = make([]uint32, len(of))
			for i := range of {
				w.ends[i] = of[i].end
			}
			return
		}
		x.ends[i] = uint16(d)
	}
}

// setTicks keeps the times in two bytes each, and reports false where they do not
// fit.
func (x *lineIndex) setTicks(of []lineEntry) bool {
	ticks := make([]uint16, len(of))
	for i := range of {
		d := uint64(of[i].nano - x.marks[i>>markShift].nano)
		if d > tick*math.MaxUint16 || d%tick != 0 {
			return false
		}
		ticks[i] = uint16(d / tick)
	}
	x.ticks = ticks
	return true
}

// setTimes keeps the times in four bytes each where they lie near enough.
func (x *lineIndex) setTimes(of []lineEntry) {
	w := x.widen()
	w.base = x.marks[0].nano
	last := of[0].nano
	for i := range of {
		last = max(last, of[i].nano)
	}
	for _, m := range x.marks {
		w.base = min(w.base, m.nano)
	}
	if d := last - w.base; d < 0 || d > math.MaxUint32 {
		w.far = make([]int64, len(of))
		for i := range of {
			w.far[i] = of[i].nano
		}
		return
	}
	w.near = make([]uint32, len(of))
	for i := range of {
		w.near[i] = uint32(of[i].nano - w.base)
	}
}

const (
	// fewKinds is how many a byte can tell apart.
	fewKinds = math.MaxUint8 + 1
	// kindSlots is how many places a table that finds them has, a power of two.
	kindSlots = 2 * fewKinds
)

func (x *lineIndex) setKinds(of []lineEntry) {
	kinds := make([]uint8, len(of))
	var few []kind
	var slots [kindSlots]uint16 // one more than the kind's place in few
	for i := range of {
		k := of[i].kind
		// Any odd number would do, and this one spreads well: 2^32 over the golden ratio.
		at := (k.message ^ uint32(k.flags)<<8) * 2654435769 >> 23
		for slots[at] != 0 && few[slots[at]-1] != k {
			at = (at + 1) % kindSlots
		}
		if slots[at] == 0 {
			if len(few) == fewKinds {
				w := x.widen()
				w.kinds = make([]kind, len(of))
				for i := range of {
					w.kinds[i] = of[i].kind
				}
				return
			}
			few = append(few, k)
			slots[at] = uint16(len(few))
		}
		kinds[i] = uint8(slots[at] - 1)
	}
	x.few, x.kinds = slices.Clip(few), kinds
}

func (x *lineIndex) len() int {
	if x.ends == nil {
		return len(x.wide.ends)
	}
	return len(x.ends)
}

func (x *lineIndex) start(i int) uint32 {
	if i&(markLines-1) == 0 {
		return x.marks[i>>markShift].start
	}
	return x.end(i-1) + 1
}

func (x *lineIndex) end(i int) uint32 {
	if x.ends == nil {
		return x.wide.ends[i]
	}
	return x.marks[i>>markShift].start + uint32(x.ends[i])
}

func (x *lineIndex) nano(i int) int64 {
	switch {
	case x.ticks != nil:
		return x.marks[i>>markShift].nano + tick*int64(x.ticks[i])
	case x.wide.near != nil:
		return x.wide.base + int64(x.wide.near[i])
	}
	return x.wide.far[i]
}

func (x *lineIndex) kind(i int) kind {
	if x.kinds == nil {
		return x.wide.kinds[i]
	}
	return x.few[x.kinds[i]]
}

// at returns the line that holds a place in the text.
func (x *lineIndex) at(place uint32) int {
	block := sort.Search(len(x.marks), func(i int) bool { return x.marks[i].start > place }) - 1
	from := block << markShift
	return from + sort.Search(min(markLines, x.len()-from), func(i int) bool { return x.end(from+i) > place })
}

// entries appends those of all lines, moved by so many bytes.
func (x *lineIndex) entries(to []lineEntry, by uint32) []lineEntry {
	for i := range x.len() {
		to = append(to, lineEntry{x.end(i) + by, x.nano(i), x.kind(i)})
	}
	return to
}

// head returns the index of the first n lines. It shares what it can.
func (x *lineIndex) head(n int) lineIndex {
	h := *x
	h.marks = x.marks[:(n+markLines-1)>>markShift]
	h.ends, h.ticks, h.kinds = first(x.ends, n), first(x.ticks, n), first(x.kinds, n)
	if x.wide != nil {
		w := *x.wide
		w.ends, w.near, w.far, w.kinds = first(w.ends, n), first(w.near, n), first(w.far, n), first(w.kinds, n)
		h.wide = &w
	}
	return h
}

// first returns the first n, or nil of none.
func first[T any](of []T, n int) []T {
	if of == nil {
		return nil
	}
	return of[:n:n]
}

// clone returns a copy that shares nothing but what all lines have in common.
func (x *lineIndex) clone() lineIndex {
	c := *x
	c.marks, c.ends, c.ticks, c.kinds = slices.Clone(x.marks), slices.Clone(x.ends), slices.Clone(x.ticks), slices.Clone(x.kinds)
	if x.wide != nil {
		w := *x.wide
		w.ends, w.near, w.far, w.kinds = slices.Clone(w.ends), slices.Clone(w.near), slices.Clone(w.far), slices.Clone(w.kinds)
		c.wide = &w
	}
	return c
}
