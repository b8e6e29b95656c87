package gate_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/vt"

	"conway/internal/ui/gate"
)

func TestAPenIsSetWhenItIsUsed(t *testing.T) {
	const red, redOnBlue = "\x1b[31m", "\x1b[31;44m"
	for _, c := range []struct{ name, in, want string }{
		{"nothing is asked for", "a\x1b[2;3Hb", "a\x1b[2;3Hb"},
		{"the first is set from nothing", red + "a", "\x1b[0;31ma"},
		{"put down at the start, where it may be anything", "\x1b[ma", "\x1b[ma"},
		{"put down and taken up around a move", red + "a\x1b[m\x1b[2;3H" + red + "b", "\x1b[0;31ma\x1b[2;3Hb"},
		{"not used again", red + "a\x1b[m\x1b[2;3H", "\x1b[0;31ma\x1b[2;3H"},
		{"another after a move", redOnBlue + "a\x1b[m\x1b[2;3H\x1b[32;44mb", "\x1b[0;31;44ma\x1b[2;3H\x1b[32mb"},
		{"less than before", redOnBlue + "a\x1b[m\r\x1b[44mb", "\x1b[0;31;44ma\r\x1b[39mb"},
		{"much less than before", "\x1b[1;3;4;31ma\x1b[m\x1b[2mb", "\x1b[0;1;3;4;31ma\x1b[0;2mb"},
		{"bold gives way to faint", "\x1b[1;38;2;1;2;3ma\x1b[22;2mb", "\x1b[0;1;38;2;1;2;3ma\x1b[22;2mb"},
		{"colours of all kinds", "\x1b[97;48;5;9ma\x1b[38;5;15;101mb", "\x1b[0;97;48;5;9ma\x1b[38;5;15;101mb"},
		{"a line feed may scroll", redOnBlue + "a\x1b[m\r\nb", "\x1b[0;31;44ma\r\x1b[m\nb"},
		{"a line feed with the same background", red + "a\x1b[m\r\n" + red + "b", "\x1b[0;31ma\r\nb"},
		{"erased with the same background", red + "a\x1b[m\x1b[K\x1b[4X" + red + "b", "\x1b[0;31ma\x1b[K\x1b[4Xb"},
		{"erased with another background", redOnBlue + "a\x1b[m\x1b[K" + redOnBlue + "b", "\x1b[0;31;44ma\x1b[m\x1b[K\x1b[31;44mb"},
		{"erased after a line under", "\x1b[4ma\x1b[m\x1b[K", "\x1b[0;4ma\x1b[m\x1b[K"},
		{"scrolled", redOnBlue + "a\x1b[m\x1b[S\x1bM", "\x1b[0;31;44ma\x1b[m\x1b[S\x1bM"},
		{"repeated", red + "a\x1b[32m\x1b[3b", "\x1b[0;31ma\x1b[32m\x1b[3b"},
		{"the ends of a frame", red + "a\x1b[m\x1b[?2026l\x1b[?2026h" + red + "b", "\x1b[0;31ma\x1b[?2026l\x1b[?2026hb"},
		{"the end of a session", red + "a\x1b[m\x1b[?1049l", "\x1b[0;31ma\x1b[m\x1b[8h\x1b[?1049l"},
		{"pasting ends with a session", red + "a\x1b[m\x1b[?2004l", "\x1b[0;31ma\x1b[m\x1b[?2004l"},
		{"another screen, another pen", red + "a\x1b[?1049hb", "\x1b[0;31ma\x1b[?1049h\x1b[8l\x1b[0;31mb"},
		{"what does not pass changes no pen", red + "a\x1b[5;32mb", "\x1b[0;31mab"},
	} {
		if got, _ := through(t, c.in); got != c.want {
			t.Errorf("%s: %q becomes %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

// flaky is a terminal that can fail once.
type flaky struct {
	bytes.Buffer
	fail bool
}

func (f *flaky) Write(p []byte) (int, error) {
	if f.fail {
		f.fail = false
		return 0, errors.New("interrupted")
	}
	return f.Buffer.Write(p)
}

// TestAPenThatMayBeAnyIsSetAnew does all that makes the gate not know which pen
// the terminal has.
func TestAPenThatMayBeAnyIsSetAnew(t *testing.T) {
	for name, do := range map[string]func(*gate.Gate, *flaky){
		"an editor": func(g *gate.Gate, _ *flaky) { _ = g.Behind() },
		"a write that failed": func(g *gate.Gate, f *flaky) {
			f.fail = true
			if _, err := g.Write([]byte("\x1b[32mx\x1b[31m")); err == nil {
				t.Error("a failed write is not reported")
			}
		},
		"an armed sequence": func(g *gate.Gate, _ *flaky) {
			g.Arm("\x1bPtmux;x\x1b\\")
			if _, err := g.Write([]byte("\x1bPtmux;x\x1b\\")); err != nil {
				t.Error(err)
			}
		},
	} {
		for pen, want := range map[string]string{"31": "\x1b[0;31m", "": "\x1b[m"} {
			out := new(flaky)
			g := gate.New(out)
			if _, err := g.Write([]byte("\x1b[" + pen + "ma")); err != nil {
				t.Fatal(err)
			}
			if name == "a write that failed" && pen == "" {
				continue // it asks for the other
			}
			do(g, out)
			out.Reset()
			if _, err := g.Write([]byte("b")); err != nil || out.String() != want+"b" {
				t.Errorf("after %s: %q, %v, want %q", name, out, err, want+"b")
			}
		}
	}
}

// sameCells compares the cells of two terminals, with their attributes.
func sameCells(a, b *vt.Emulator) error {
	for y := range a.Height() {
		for x := range a.Width() {
			p, q := a.CellAt(x, y), b.CellAt(x, y)
			if p == nil {
				p = &uv.EmptyCell
			}
			if q == nil {
				q = &uv.EmptyCell
			}
			if !p.Equal(q) {
				return fmt.Errorf("at %d, %d there is %q %q instead of %q %q", x, y, q.Content, q.Style.String(), p.Content, p.Style.String())
			}
		}
	}
	return nil
}

// quiet returns a terminal whose answers nobody waits for.
func quiet(tb testing.TB, w, h int) *vt.Emulator {
	tb.Helper()
	e := vt.NewEmulator(w, h)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		_, _ = io.Copy(io.Discard, e)
	}()
	answers, ok := e.InputPipe().(io.Closer)
	if !ok {
		tb.Fatalf("what the terminal answers through is a %T and cannot be closed", e.InputPipe())
	}
	tb.Cleanup(func() {
		// Not the terminal itself: its Close and its Read race for a flag.
		_ = answers.Close()
		<-drained
	})
	return e
}

// TestFramesLookTheSameBehindTheGate draws the screens of a session in two
// terminals, one of them behind the gate.
func TestFramesLookTheSameBehindTheGate(t *testing.T) {
	const w, h = 200, 50
	open, gated := quiet(t, w, h), quiet(t, w, h)
	var out bytes.Buffer
	g := gate.New(&out)
	before, after := 0, 0
	for i, frame := range traffic(t) {
		out.Reset()
		if _, err := g.Write(frame); err != nil {
			t.Fatal(err)
		}
		before, after = before+len(frame), after+out.Len()
		if _, err := open.Write(frame); err != nil {
			t.Fatal(err)
		}
		if _, err := gated.Write(out.Bytes()); err != nil {
			t.Fatal(err)
		}
		if err := sameCells(open, gated); err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
	}
	if g.Dropped() > 0 || after >= before {
		t.Errorf("%d bytes become %d, %d dropped", before, after, g.Dropped())
	}
	t.Logf("%d bytes become %d", before, after)
}

// strokes is a random stream of what the renderer sends: pens, moves, text,
// erasing and scrolling. A switch of screens is followed by a pen put down, as the
// pen that a terminal has then is its own affair.
func strokes(rng *rand.Rand, n, w, h int) string {
	var b strings.Builder
	colour := func(at int) string {
		switch rng.IntN(5) {
		case 0:
			return fmt.Sprint(at + 9)
		case 1:
			return fmt.Sprintf("%d;5;%d", at+8, rng.IntN(256))
		case 2:
			return fmt.Sprintf("%d;2;%d;%d;%d", at+8, rng.IntN(2)*200, rng.IntN(2)*200, rng.IntN(256))
		case 3:
			return fmt.Sprint(at + 60 + rng.IntN(8))
		}
		return fmt.Sprint(at + rng.IntN(8))
	}
	pens := []func() string{
		func() string { return "" },
		func() string { return "0" },
		func() string { return colour(30) },
		func() string { return colour(40) },
		func() string { return fmt.Sprint([]int{1, 2, 3, 4, 7, 22, 23, 24, 27}[rng.IntN(9)]) },
		func() string { return colour(30) + ";" + colour(40) },
		func() string { return "0;" + colour(40) + ";1;" + colour(30) },
		func() string { return "1;31;;44" }, // one that is left out is 0
	}
	for range n {
		switch rng.IntN(12) {
		case 0, 1, 2:
			b.WriteString("\x1b[" + pens[rng.IntN(len(pens))]() + "m")
		case 3, 4:
			b.WriteString("\x1b[m") // as before each move
			fmt.Fprintf(&b, "\x1b[%d;%dH", 1+rng.IntN(h), 1+rng.IntN(w))
		case 5, 6, 7:
			b.WriteString("some text"[:1+rng.IntN(8)])
		case 8:
			fmt.Fprintf(&b, "\x1b[%d%c", 1+rng.IntN(3), "ABCDGdXPLMST@Ib"[rng.IntN(15)])
		case 9:
			b.WriteString([]string{"\r", "\n", "\b", "\t", "\r\n", "\x1bM", "支", "é"}[rng.IntN(8)])
		case 10:
			fmt.Fprintf(&b, "\x1b[%d%c", rng.IntN(3), "JK"[rng.IntN(2)])
		default:
			switch rng.IntN(6) {
			case 0:
				b.WriteString("\x1b[?1049" + []string{"h", "l"}[rng.IntN(2)] + "\x1b[m")
			case 1:
				fmt.Fprintf(&b, "\x1b[%d;%dr", 1+rng.IntN(h/2), h/2+1+rng.IntN(h/2))
			case 2:
				b.WriteString("\x1b[r")
			default:
				b.WriteString([]string{"\x1b[?7l", "\x1b[?7h", "\x1b[?25h", "\x1b]2;t\a", "\x1b[?2026h"}[rng.IntN(5)])
			}
		}
	}
	return b.String()
}

// TestRandomStrokesLookTheSameBehindTheGate compares two terminals after each of
// many pieces of a random stream, one of them behind the gate.
func TestRandomStrokesLookTheSameBehindTheGate(t *testing.T) {
	const w, h = 24, 8
	rounds := 300
	if everything {
		rounds = 10_000
	}
	for seed := range rounds {
		rng := rand.New(rand.NewPCG(uint64(seed), 7))
		open, gated := vt.NewEmulator(w, h), vt.NewEmulator(w, h)
		var out bytes.Buffer
		g := gate.New(&out)
		sent := "\x1b[m"
		for range 12 {
			piece := strokes(rng, 12, w, h)
			sent += piece
			out.Reset()
			if _, err := g.Write([]byte(piece)); err != nil {
				t.Fatal(err)
			}
			if _, err := open.WriteString(piece); err != nil {
				t.Fatal(err)
			}
			if _, err := gated.Write(out.Bytes()); err != nil {
				t.Fatal(err)
			}
			if err := sameCells(open, gated); err != nil {
				t.Fatalf("seed %d: %v after %q", seed, err, sent)
			}
		}
		if n := g.Dropped(); n > 0 {
			t.Fatalf("seed %d: %d dropped of %q", seed, n, sent)
		}
	}
}

// sgr finds SGR as it may pass.
var sgr = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// eager makes the gate set each pen at once: what leaves the insert mode, in which
// no terminal is, needs the whole pen and changes nothing.
func eager(p []byte) []byte { return sgr.ReplaceAll(p, []byte("$0\x1b[4l")) }

// looksAsEager checks that a pen which is kept back draws what one does that is
// set at once.
func looksAsEager(p, gated []byte) error {
	var out bytes.Buffer
	if _, err := gate.New(&out).Write(eager(p)); err != nil {
		return err
	}
	a, b := vt.NewEmulator(20, 6), vt.NewEmulator(20, 6)
	if _, err := a.Write(out.Bytes()); err != nil {
		return err
	}
	if _, err := b.Write(gated); err != nil {
		return err
	}
	return sameCells(a, b)
}
