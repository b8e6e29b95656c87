package logs

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func (s *seqs) list() (out []uint64) {
	for i := range s.len() {
		out = append(out, s.at(i))
	}
	return out
}

// TestSeqsIsASlice has a list of numbers do what a slice of them does, over many
// blocks and over numbers that are further apart than a block can tell.
func TestSeqsIsASlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		next := rapid.Uint64Range(10_000_000, 1<<40).Draw(t, "first")
		first := next
		var s seqs
		var want []uint64
		step := func() uint64 {
			return rapid.SampledFrom([]uint64{1, 1, 1, 3, 1000, math.MaxUint32, math.MaxUint32 + 1}).Draw(t, "step")
		}
		some := func() uint64 { // a number in the list, or one beside it
			if len(want) == 0 {
				return next
			}
			return want[rapid.IntRange(0, len(want)-1).Draw(t, "place")] + rapid.Uint64Range(0, 2).Draw(t, "beside") - 1
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(*rapid.T) {
				by := step()
				for range rapid.IntRange(1, 2*seqBlock).Draw(t, "numbers") {
					s.add(next)
					want = append(want, next)
					next += by
				}
			},
			"forget": func(*rapid.T) {
				seq := some()
				s.forget(seq)
				i, _ := slices.BinarySearch(want, seq)
				want = want[i:]
			},
			"cut": func(*rapid.T) {
				seq := some()
				s.cut(seq)
				i, _ := slices.BinarySearch(want, seq)
				want = slices.Clone(want[:i])
			},
			"precede": func(*rapid.T) {
				var by []uint64
				for range rapid.IntRange(0, seqBlock/4).Draw(t, "numbers") {
					first--
					by = append(by, first)
				}
				slices.Reverse(by)
				s.precede(by)
				want = append(by, want...)
			},
			"clone": func(*rapid.T) {
				c := s.clone()
				s.cut(0)
				for i := range 3 {
					s.add(uint64(i))
				}
				s = c
			},
			"": func(*rapid.T) {
				if got := s.list(); !slices.Equal(got, want) {
					t.Fatalf("%d numbers, not %d, or others", len(got), len(want))
				}
				seq := some()
				i, found := s.search(seq)
				if at, in := slices.BinarySearch(want, seq); i != at || found != in || s.has(seq) != in {
					t.Fatalf("%d is at %d (%v), not at %d (%v)", seq, i, found, at, in)
				}
			},
		})
	})
}
