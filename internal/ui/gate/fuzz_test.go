package gate_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/charmbracelet/x/vt"

	"conway/internal/text"
	"conway/internal/text/attack"
	"conway/internal/ui/style"
)

// FuzzRow draws any two strings beside each other between borders, first one and
// then the other way round, through sheet, renderer and gate, and looks at what
// a terminal that measures by clusters makes of it.
func FuzzRow(f *testing.F) {
	all := attack.All()
	for i, a := range all {
		if len(a.Raw) < 300 {
			f.Add(a.Raw, all[(i*7+3)%len(all)].Raw[:min(len(all[(i*7+3)%len(all)].Raw), 300)], byte(i))
		}
	}
	f.Add("कों क्ष", "支e\u0301🔥", byte(9))
	f.Add("\xdaA\u0345", "0", byte(31))
	f.Add("0", "क्ंत0", byte(77))
	f.Fuzz(func(t *testing.T, a, b string, at byte) {
		const w, h = 40, 3
		split := 3 + int(at)%(w-6)
		c := newCanvas(w, h)
		e := vt.NewEmulator(w, h)
		var sheet style.Sheet
		for _, order := range [][2]string{{a, b}, {b, a}} {
			var frame, plain strings.Builder
			for y := range h {
				if y > 0 {
					frame.WriteByte('\n')
					plain.WriteByte('\n')
				}
				for i, part := range []text.Safe{
					text.Const("│"), text.Decode(order[y%2]).Slice(y, y+split-2).Pad(split - 2), text.Const("│"),
					beforeTheEdge(text.Decode(order[1-y%2]), w-split-1), text.Const("│"),
				} {
					sheet.Write(&frame, style.Role(i), part)
					plain.WriteString(part.String())
				}
			}
			out := c.draw(t, frame.String())
			if bad := foreign(out, false); len(bad) > 0 {
				t.Fatalf("the terminal gets %q", bad)
			}
			if _, err := e.Write(out); err != nil {
				t.Fatal(err)
			}
			if _, wrong, first := displaced(expect(strings.Split(plain.String(), "\n")), emulate(e, w, h)); wrong > 0 {
				t.Fatalf("%d border cells out of column: %s", wrong, first)
			}
			for _, n := range []int{0, split - 1, w - 1} {
				for y := range h {
					if cell := e.CellAt(n, y); cell == nil || cell.Content != "│" {
						t.Fatalf("no border at %d, %d: %v", n, y, cell)
					}
				}
			}
		}
		if n := c.gate.Dropped(); n > 0 {
			t.Fatalf("the gate dropped %d", n)
		}
	})
}

// beforeTheEdge fits a text into n cells before the last one of a row. The
// emulator takes a mark there for the row's last character, and begins a new row
// with what follows; no terminal does, so the text does not end with one.
func beforeTheEdge(s text.Safe, n int) text.Safe {
	fitted := s.Fit(n)
	if r, _ := utf8.DecodeLastRuneInString(fitted.String()); text.Cells(r) == 0 {
		return fitted.Slice(0, n-1).Pad(n)
	}
	return fitted
}
