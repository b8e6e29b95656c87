//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// picture is a screen as an emulator holds it.
type picture [][]uv.Cell

func pictureOf(e *vt.SafeEmulator) picture {
	out := make(picture, tapeHeight)
	for y := range out {
		out[y] = make([]uv.Cell, tapeWidth)
		for x := range out[y] {
			out[y][x] = uv.EmptyCell
			if c := e.CellAt(x, y); c != nil {
				out[y][x] = *c
			}
		}
	}
	return out
}

// minimum returns how many bytes a reference encoder needs to make the one
// screen of the other: it moves to what differs by the shortest way, writes no
// more than that, and scrolls rows first where that is shorter. It knows the
// cursor and the style that the last encoding left.
func (r *reference) minimum(from, to picture) int {
	plain, end := r.diff(from, to, *r)
	for _, s := range shifts(from, to) {
		scrolled := picture(append([][]uv.Cell(nil), from...))
		copy(scrolled[s.top:s.bottom], from[s.top+s.by:s.bottom+1])
		for y := s.bottom + 1 - s.by; y <= s.bottom; y++ {
			scrolled[y] = blank()
		}
		cost := len(ansi.SetTopBottomMargins(s.top+1, s.bottom+1)) + len(ansi.ScrollUp(s.by)) + len("\x1b[r")
		// Margins take the cursor home.
		n, after := r.diff(scrolled, to, reference{style: r.style})
		if cost+n < plain {
			plain, end = cost+n, after
		}
	}
	*r = end
	return plain
}

func blank() []uv.Cell {
	row := make([]uv.Cell, tapeWidth)
	for x := range row {
		row[x] = uv.EmptyCell
	}
	return row
}

// reference is where an encoding left the cursor and the style.
type reference struct {
	x, y  int
	style uv.Style
}

// shift is some rows that have moved up.
type shift struct{ top, bottom, by int }

// shifts finds the longest run of rows that moved up, for each way.
func shifts(from, to picture) []shift {
	var out []shift
	for by := 1; by < 12; by++ {
		best, start := shift{}, -1
		for y := 0; y <= tapeHeight-by; y++ {
			if y < tapeHeight-by && sameRow(from[y+by], to[y]) {
				if start < 0 {
					start = y
				}
				continue
			}
			if start >= 0 && y-start > best.bottom-best.top-by+1 {
				best = shift{start, y - 1 + by, by}
			}
			start = -1
		}
		if best.by > 0 {
			out = append(out, best)
		}
	}
	return out
}

func sameRow(a, b []uv.Cell) bool {
	for x := range a {
		if !a[x].Equal(&b[x]) {
			return false
		}
	}
	return true
}

// diff returns what writing the cells that differ costs.
func (*reference) diff(from, to picture, at reference) (int, reference) {
	n := 0
	for y := range to {
		for x := 0; x < tapeWidth; x++ {
			if from[y][x].Equal(&to[y][x]) {
				continue
			}
			if last := lastInk(to[y]); x > last && rest(from[y], to[y], x) > len("\x1b[K") {
				n += at.move(x, y, to) + at.restyle(uv.Style{}) + len("\x1b[K")
				break
			}
			c := &to[y][x]
			if c.Width == 0 {
				continue // the second half of a wide letter
			}
			n += at.move(x, y, to)
			if k := blanks(to[y], x); k > len("\x1b[99X\x1b[99C") {
				n += at.restyle(c.Style) + len(ansi.EraseCharacter(k))
				x += k - 1
				continue
			}
			n += at.write(c)
		}
	}
	return n, at
}

// lastInk is the last column that holds anything but a plain space.
func lastInk(row []uv.Cell) int {
	for x := len(row) - 1; x >= 0; x-- {
		if !row[x].Equal(&uv.EmptyCell) {
			return x
		}
	}
	return -1
}

// blanks is how many cells from x on are spaces of one style.
func blanks(row []uv.Cell, x int) int {
	n := 0
	for ; x+n < len(row) && row[x+n].Content == " " && row[x+n].Equal(&row[x]); n++ {
	}
	return n
}

// rest is how many cells from x on differ.
func rest(from, to []uv.Cell, x int) int {
	n := 0
	for ; x < len(to); x++ {
		if !from[x].Equal(&to[x]) {
			n++
		}
	}
	return n
}

func (r *reference) write(c *uv.Cell) int {
	n := r.restyle(c.Style)
	r.x += max(1, c.Width)
	return n + len(c.Content)
}

func (r *reference) restyle(s uv.Style) int {
	if r.style.Equal(&s) {
		return 0
	}
	n := len(uv.StyleDiff(&r.style, &s))
	if s.IsZero() {
		n = min(n, len("\x1b[m"))
	} else {
		n = min(n, len("\x1b[0;")+len(s.String())-len("\x1b["))
	}
	r.style = s
	return n
}

// move returns the shortest way to a cell: an address, a step, or what lies
// between written again.
func (r *reference) move(x, y int, to picture) int {
	if r.x == x && r.y == y {
		return 0
	}
	n := len(fmt.Sprintf("\x1b[%d;%dH", y+1, x+1))
	if x == 0 {
		n = min(n, len(fmt.Sprintf("\x1b[%dH", y+1)))
		if y > r.y {
			n = min(n, 1+y-r.y) // a return and line feeds
		}
	}
	switch {
	case y == r.y && x > r.x:
		n = min(n, len(fmt.Sprintf("\x1b[%dC", x-r.x)))
		again, at := 0, *r
		for at.x < x && again < n {
			again += at.write(&to[y][at.x])
		}
		if at.x == x && again < n {
			*r = at
			return again
		}
	case y == r.y:
		n = min(n, len(fmt.Sprintf("\x1b[%dD", r.x-x)), r.x-x)
	case x == r.x && y > r.y:
		n = min(n, y-r.y, len(fmt.Sprintf("\x1b[%dB", y-r.y)))
	case x == r.x:
		n = min(n, len(fmt.Sprintf("\x1b[%dA", r.y-y)))
	case y > r.y:
		n = min(n, 1+y-r.y+len(fmt.Sprintf("\x1b[%dC", x)))
	}
	r.x, r.y = x, y
	return n
}

// gauge compares what a terminal was sent with what the reference needs for the
// same screens.
type gauge struct {
	tb     testing.TB
	em     *vt.SafeEmulator
	ref    reference
	before picture
	// frames, bytes and least are sums.
	frames, bytes, least int
	// each is the ratio of every frame, and sizes its bytes.
	each  []float64
	sizes []int
}

func newGauge(tb testing.TB) *gauge {
	tb.Helper()
	em, end := emulator()
	tb.Cleanup(end)
	g := &gauge{tb: tb, em: em}
	g.before = pictureOf(g.em)
	return g
}

// The sequences around a frame of synchronised output. They say where a frame
// ends, and are not counted: a terminal that does not ask for them gets none.
const frameBegins, frameEnds = "\x1b[?2026h", "\x1b[?2026l"

// skip shows bytes that are not counted.
func (g *gauge) skip(data []byte) {
	g.tb.Helper()
	if _, err := g.em.Write(data); err != nil {
		g.tb.Fatal(err)
	}
	g.before = pictureOf(g.em)
	g.ref = reference{x: -1, y: -1}
}

// frame counts one frame.
func (g *gauge) frame(data []byte) {
	g.tb.Helper()
	if _, err := g.em.Write(data); err != nil {
		g.tb.Fatal(err)
	}
	after := pictureOf(g.em)
	n := g.ref.minimum(g.before, after)
	g.before = after
	if n == 0 {
		return // nothing is different, such as a new title
	}
	g.frames++
	g.least += n
	g.bytes += len(data)
	g.each, g.sizes = append(g.each, float64(len(data))/float64(n)), append(g.sizes, len(data))
}

// stream counts each synchronised frame, and returns what is left of the last.
func (g *gauge) stream(data []byte) []byte {
	g.tb.Helper()
	for {
		frame, more, whole := bytes.Cut(data, []byte(frameEnds))
		if !whole {
			return data
		}
		g.frame(bytes.Replace(frame, []byte(frameBegins), nil, 1))
		data = more
	}
}

// sum returns the bytes of a frame and their ratio to the least, over all frames.
func (g *gauge) sum() (size, ratio float64) {
	return float64(g.bytes) / float64(max(1, g.frames)), float64(g.bytes) / float64(max(1, g.least))
}

// middle returns the same of the frame in the middle, so that a clock which ticks
// in some of them does not count.
func (g *gauge) middle() (size, ratio float64) {
	g.tb.Helper()
	if len(g.each) == 0 {
		g.tb.Fatal("no frame was drawn")
	}
	slices.Sort(g.each)
	slices.Sort(g.sizes)
	return float64(g.sizes[len(g.sizes)/2]), g.each[len(g.each)/2]
}

func TestReferenceEncoder(t *testing.T) {
	t.Parallel()
	g := newGauge(t)
	g.skip([]byte("\x1b[Hone two three\r\nfour\r\nfive\r\nsix\x1b[H"))
	for _, c := range []struct {
		name, data string
		least      int
	}{
		{"one letter at the other end", "\x1b[50;200HX", len("\x1b[50;200HX")},
		{"the same letter in a colour", "\x1b[50;200H\x1b[31mX\x1b[m", len("\b\x1b[31mX")},
		{"a word in the middle of a row", "\x1b[1;5HTWO", len("\x1b[mTWO") + len("\x1b[1;5H")},
		{"the next row", "\x1b[2;1HF", len("\r\nF")},
		{"erased to the end", "\x1b[1;5H\x1b[K", len("\x1b[1;5H\x1b[K")},
		{"nothing", "\x1b[3;3H", 0},
	} {
		g.least = 0
		g.frame([]byte(c.data))
		if g.least != c.least {
			t.Errorf("%s: the reference needs %d bytes, want %d", c.name, g.least, c.least)
		}
	}
	// A long row scrolled in among others costs its own bytes, not all rows'.
	g = newGauge(t)
	var rows bytes.Buffer
	for y := range 40 {
		fmt.Fprintf(&rows, "\x1b[%d;1Hrow %d %s", y+5, y, bytes.Repeat([]byte{'a' + byte(y%26)}, 150))
	}
	g.skip(rows.Bytes())
	line := append([]byte("new "), bytes.Repeat([]byte("z"), 150)...)
	g.frame(append([]byte("\x1b[5;44r\x1b[S\x1b[r\x1b[44;1H"), line...))
	if g.least > len(line)+24 {
		t.Errorf("a scrolled row needs %d bytes, and is %d long", g.least, len(line))
	}
}
