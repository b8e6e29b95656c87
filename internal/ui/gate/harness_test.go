package gate_test

import (
	"bytes"
	"strings"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"

	"conway/internal/text"
	"conway/internal/ui/gate"
)

// canvas draws frames as the program's renderer does, at once and without a
// clock: the same screen buffer, the same parser, the same renderer, in the
// alternate screen.
type canvas struct {
	w, h int
	raw  bytes.Buffer // what the renderer wrote
	out  bytes.Buffer // what passed the gate
	gate *gate.Gate
	buf  uv.ScreenBuffer
	r    *uv.TerminalRenderer
}

func newCanvas(w, h int) *canvas {
	c := &canvas{w: w, h: h, buf: uv.NewScreenBuffer(w, h)}
	c.gate = gate.New(&c.out)
	c.r = uv.NewTerminalRenderer(&c.raw, []string{"TERM=xterm-256color", "COLORTERM=truecolor"})
	c.r.SetTabStops(w)
	c.r.SetBackspace(true)
	c.r.SetScrollOptim(true)
	c.r.EnterAltScreen()
	return c
}

// draw draws one frame and returns what the terminal gets for it.
func (c *canvas) draw(tb testing.TB, frame string) []byte {
	tb.Helper()
	c.buf.Clear()
	uv.NewStyledString(frame).Draw(c.buf, c.buf.Bounds())
	c.r.Render(c.buf.RenderBuffer)
	if err := c.r.Flush(); err != nil {
		tb.Fatal(err)
	}
	c.out.Reset()
	if _, err := c.gate.Write(c.raw.Bytes()); err != nil {
		tb.Fatal(err)
	}
	c.raw.Reset()
	return bytes.Clone(c.out.Bytes())
}

// foreign returns what in bytes for a terminal the program does not send: it is
// written anew here, from the list of what the program sends and not from the
// gate, and it is stricter where a frame needs less.
func foreign(out []byte) []string {
	var bad []string
	s := string(out)
	for s != "" {
		switch {
		case strings.HasPrefix(s, "\x1b["):
			n := 2
			for n < len(s) && s[n] >= 0x20 && s[n] < 0x40 {
				n++
			}
			if n == len(s) {
				return append(bad, "an unfinished sequence")
			}
			if body := s[2:n]; !strings.ContainsRune("ABCDGHKJLMPSTXZ@bdmr`", rune(s[n])) && body != "?7" && body != "?1049" && body != "8" && body != "?25" ||
				strings.Count(body, ";") > 16 {
				bad = append(bad, text.Escape(s[:n+1]))
			}
			s = s[n+1:]
		case strings.HasPrefix(s, "\x1b7"), strings.HasPrefix(s, "\x1b8"), strings.HasPrefix(s, "\x1bM"):
			s = s[2:]
		case s[0] == '\r', s[0] == '\n', s[0] == '\b', s[0] == '\t':
			s = s[1:]
		default:
			r, n := rune(s[0]), 1
			for _, r = range s {
				n = len(string(r))
				break
			}
			if !text.Drawn(r) {
				bad = append(bad, text.Escape(s[:n]))
			}
			s = s[n:]
		}
	}
	return bad
}

// grid is the screen as a person sees it: one string a cell, "" for the second
// cell of a wide character.
type grid [][]string

// expect returns the grid of rows of safe text, each as wide as the screen.
func expect(rows []string) grid {
	var g grid
	for _, row := range rows {
		var cells []string
		for _, r := range row {
			w := text.Cells(r)
			if w == 0 {
				cells[len(cells)-1] += string(r)
				continue
			}
			cells = append(cells, string(r))
			if w == 2 {
				cells = append(cells, "")
			}
		}
		g = append(g, cells)
	}
	return g
}

// emulate returns the screen of an emulator that measures by clusters.
func emulate(e *vt.Emulator, w, h int) grid {
	var g grid
	for y := range h {
		cells := make([]string, w)
		for x := range w {
			if c := e.CellAt(x, y); c != nil && c.Width > 0 {
				cells[x] = c.Content
			}
		}
		g = append(g, cells)
	}
	return g
}

// border reports whether a cell is one of those the program frames tiles with.
func border(cell string) bool {
	return cell != "" && strings.Contains("│┌┐└┘├┤━─", cell)
}

// displaced counts border cells that are not where they were drawn, or are
// where none was drawn.
func displaced(want, got grid) (cells, wrong int, first string) {
	for y := range want {
		for x := range want[y] {
			b := border(want[y][x])
			if b {
				cells++
			}
			if b != border(got[y][x]) || b && want[y][x] != got[y][x] {
				if wrong++; first == "" {
					first = "row " + strings.Join(want[y], "") + " is " + strings.Join(got[y], "")
				}
			}
		}
	}
	return cells, wrong, first
}

// emulator returns a fresh terminal, with or without widths by clusters.
func emulator(w, h int, clusters bool) *vt.Emulator {
	e := vt.NewEmulator(w, h)
	if clusters {
		_, _ = e.WriteString(ansi.SetModeUnicodeCore)
	}
	return e
}
