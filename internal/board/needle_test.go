package board

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestPairsAreOfBothBytes counts the places where two bytes of a needle are. Neither
// alone counts, nor two others whose bits add up to those of the needle's: each place
// too many is one that a search stops at.
func TestPairsAreOfBothBytes(t *testing.T) {
	n := newNeedle("31", true)
	for _, tt := range []struct {
		text string
		want int
	}{
		{"31..", 32}, // both, once in four bytes
		{"3...", 0},  // only one
		{".1..", 0},
		{"13..", 0}, // in the other order
		{"21..", 0}, // '2'^'3' is 1, which is in '1' and all there is between '0' and '1'
		{"20..", 0},
		{"2120", 0},
	} {
		sample := strings.Repeat(tt.text, 32) + strings.Repeat(".", stride)
		if got := n.together(0, 1, sample, math.MaxInt); got != tt.want {
			t.Errorf("%q has %d pairs of %q in it, want %d", tt.text, got, n.text, tt.want)
		}
	}
}

// TestNeedleIsFoundWhereItIs looks for short needles in texts of few characters, of
// which each is frequent: letters in both cases, digits and signs whose bits are much
// like theirs, and bytes that are no UTF-8.
func TestNeedleIsFoundWhereItIs(t *testing.T) {
	const of = "aAbB19_-@`{[\x80\xc3\x00 "
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		kinds := 2 + r.IntN(len(of)-1)
		text := func(n int) string {
			b := make([]byte, n)
			for i := range b {
				b[i] = of[r.IntN(kinds)]
			}
			return string(b)
		}
		in, want, exact := text(r.IntN(300)), text(1+r.IntN(6)), r.IntN(2) == 0
		n := newNeedle(want, exact).tuned(in)
		from := r.IntN(len(in) + 1)
		place := strings.Index(in[from:], want)
		if !exact {
			place = strings.Index(lower(in[from:]), lower(want))
		}
		if place >= 0 {
			place += from
		}
		if got := n.index(in, from); got != place {
			t.Fatalf("%q is found at %d of %q from %d on, exact %t, want %d", want, got, in, from, exact, place)
		}
	}
}
