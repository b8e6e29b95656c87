package pane_test

import (
	"strings"
	"testing"

	"conway/internal/text"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// TestWrapLosesNothing breaks lines of several spans at every width: the letters
// are all there, in order, and no line is too wide.
func TestWrapLosesNothing(t *testing.T) {
	for _, raw := range []string{"plain words", "支払い失敗 ok", "a支b支c支", "भारत क्षेत्र", "x\u202ey\x1b", "e\u0301e\u0301"} {
		l := pane.L(pane.S(style.Dim, text.Const("1 ")), pane.S(style.Text, text.Decode(raw)), pane.S(style.OK, text.Const(" end")))
		var want strings.Builder
		for _, s := range l {
			want.WriteString(s.Text.String())
		}
		for w := 3; w < 40; w++ {
			var got strings.Builder
			for _, row := range l.Wrap(w) {
				if row.Width() > w {
					t.Errorf("%q at %d: a line of %d cells", raw, w, row.Width())
				}
				for _, s := range row {
					got.WriteString(s.Text.String())
				}
			}
			if got.String() != want.String() {
				t.Errorf("%q at %d is %q", raw, w, got.String())
			}
		}
	}
}
