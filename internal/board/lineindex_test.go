package board

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// entriesOf draws the entries of a chunk of lines: near each other in time or far
// apart, short or long, of few kinds or of many.
func entriesOf(t *rapid.T) []lineEntry {
	n := rapid.IntRange(1, 700).Draw(t, "lines")
	step := rapid.SampledFrom([]int64{0, 1, 7, tick, 50 * tick, 3 * tick * math.MaxUint16, math.MaxUint32, math.MaxInt64 / 700}).Draw(t, "step")
	longest := rapid.SampledFrom([]uint32{0, 1, 90, 1023, 1024, 200_000}).Draw(t, "longest")
	kinds := rapid.SampledFrom([]int{1, 5, fewKinds, fewKinds + 1, 700}).Draw(t, "kinds")
	seed := rapid.Uint32().Draw(t, "seed")
	random := func(n uint32) uint32 {
		seed = seed*1664525 + 1013904223
		return uint32(uint64(seed) * uint64(n) >> 32)
	}
	out := make([]lineEntry, n)
	nano, end := int64(1_700_000_000_000_000_000)-step*int64(n/2), uint32(0)
	for i := range out {
		if i > 0 {
			end++
		}
		end += random(longest + 1)
		at := nano
		if random(10) == 0 {
			at -= step // a line that came late
		}
		nano += step
		k := random(uint32(kinds))
		out[i] = lineEntry{end, at, kind{message: k << 8, flags: uint16(k)}}
	}
	return out
}

func entriesIn(x lineIndex) []lineEntry { return x.entries(nil, 0) }

// TestIndexHoldsItsEntries has all forms of an index tell what it was made of, and
// its head too, with room for changes by nobody.
func TestIndexHoldsItsEntries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		of := entriesOf(t)
		x := indexOf(of)
		if got := entriesIn(x); x.len() != len(of) || !slices.Equal(got, of) {
			t.Fatalf("%d entries of %d, or others", x.len(), len(of))
		}
		start := uint32(0)
		for i, e := range of {
			if x.start(i) != start {
				t.Fatalf("line %d begins at %d, not at %d", i, x.start(i), start)
			}
			for _, place := range []uint32{start, e.end - min(1, e.end-start)} {
				if place < e.end && x.at(place) != i {
					t.Fatalf("the place %d is in line %d, not in %d", place, x.at(place), i)
				}
			}
			start = e.end + 1
		}
		n := rapid.IntRange(1, len(of)).Draw(t, "head")
		h := x.head(n)
		c := h.clone()
		for _, x := range []lineIndex{h, c} {
			if got := entriesIn(x); x.len() != n || !slices.Equal(got, of[:n]) {
				t.Fatalf("the head of %d has %d entries, or others", n, x.len())
			}
		}
	})
}

// TestBusyLinesAreFewBytes: what a million lines cost beside their text decides
// what can be held of them.
func TestBusyLinesAreFewBytes(t *testing.T) {
	of := make([]lineEntry, chunkLines)
	for i := range of {
		of[i] = lineEntry{uint32(194*i + 193), 1_700_000_000_000_000_000 + int64(i)*10*tick, kind{uint32(57+i%2)<<16 | 12, uint16(i % 5)}}
	}
	x := indexOf(of)
	got := 2*(len(x.ends)+len(x.ticks)) + 8*len(x.few) + len(x.kinds) + 16*len(x.marks)
	if per := float64(got) / chunkLines; per > 5.5 || x.wide != nil {
		t.Errorf("a line takes %.1f bytes beside its text, and more is kept: %v", per, x.wide)
	}
}
