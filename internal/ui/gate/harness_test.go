package gate_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/colorprofile"
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
	last []byte       // what the renderer wrote for the last frame
	gate *gate.Gate
	buf  uv.ScreenBuffer
	r    *uv.TerminalRenderer
}

func newCanvas(w, h int) *canvas {
	c := &canvas{w: w, h: h, buf: uv.NewScreenBuffer(w, h)}
	c.gate = gate.New(&c.out)
	c.r = uv.NewTerminalRenderer(&c.raw, []string{"TERM=xterm-256color", "COLORTERM=truecolor"})
	c.r.SetColorProfile(colorprofile.TrueColor)
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
	c.last = append(c.last[:0], c.raw.Bytes()...)
	c.raw.Reset()
	return bytes.Clone(c.out.Bytes())
}

// foreign returns what in bytes for a terminal the program does not send. It is
// written anew here, from what the program sends and not from the gate. A frame
// needs less than a session, which also sets modes and the title.
func foreign(out []byte, session bool) []string {
	var bad []string
	for s := string(out); s != ""; {
		n, ok := token(s, session)
		if !ok {
			bad = append(bad, text.Escape(s[:n]))
		}
		s = s[n:]
	}
	return bad
}

// token returns the length of what s begins with, and whether the program may
// have sent it.
func token(s string, session bool) (int, bool) {
	switch {
	case s[0] >= 0x20 && s[0] < 0x7f, strings.IndexByte("\r\n\b\t", s[0]) >= 0:
		return 1, true
	case s[0] == '\a':
		return 1, session
	case strings.HasPrefix(s, "\x1b["):
		n := 2
		for n < len(s) && s[n] >= 0x20 && s[n] < 0x40 {
			n++
		}
		if n == len(s) {
			return n, false
		}
		return n + 1, sequence(s[2:n], s[n], session)
	case strings.HasPrefix(s, "\x1b]2;") && session:
		n := strings.IndexByte(s, '\a') + 1
		return max(1, n), n > 0 && strings.IndexFunc(s[4:n-1], unicode.IsControl) < 0
	case s[0] == 0x1b:
		return min(2, len(s)), len(s) > 1 && strings.IndexByte("78M", s[1]) >= 0
	}
	r, n := utf8.DecodeRuneInString(s)
	return n, text.Drawn(r) && (r != utf8.RuneError || n == 3)
}

// sequence judges a CSI sequence by its parameters and its final byte.
func sequence(body string, final byte, session bool) bool {
	switch whole := body + string(final); whole {
	case "?7h", "?7l", "?25h", "?25l", "?1049h", "?1049l", "8h", "8l":
		return true
	case "?2004h", "?2004l", "?2026h", "?2026l", "?2026$p", "?u", "?5W", ">1u", "<u", "<1u", "=1;1u", ">4;2m", ">4m", "4h", "4l", " q":
		return session
	default:
		if len(whole) == 3 && whole[1:] == " q" {
			return session && whole[0] <= '6'
		}
	}
	if strings.Trim(body, "0123456789;") != "" || len(body) > 96 {
		return false
	}
	switch n := strings.Count(body, ";"); {
	case strings.IndexByte("Hr", final) >= 0:
		return n <= 1
	case final == 'm':
		return n < 20
	default:
		return n == 0 && len(body) <= 6 && strings.IndexByte("ABCDGJKLMPSTXZ@Ibd`", final) >= 0
	}
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
