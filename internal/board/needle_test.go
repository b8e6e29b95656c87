package board

import (
	"math"
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
