package canvas_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"

	"conway/internal/ui/canvas"
	"conway/internal/ui/gate"
)

const width, height = 40, 6

// terminal is an emulated one behind the gate, which keeps what it got last.
type terminal struct {
	*vt.Emulator

	gate *gate.Gate
	got  bytes.Buffer
}

func (s *terminal) Write(p []byte) (int, error) {
	s.got.Write(p)
	return s.Emulator.Write(p)
}

// last returns what came since the last call.
func (s *terminal) last() string {
	defer s.got.Reset()
	return s.got.String()
}

// shows returns the rows without the blanks at their ends.
func (s *terminal) shows() string {
	var rows []string
	for l := range strings.SplitSeq(ansi.Strip(s.Render()), "\n") {
		rows = append(rows, strings.TrimRight(l, " \r"))
	}
	return strings.TrimRight(strings.Join(rows, "\n"), "\n")
}

func on(t *testing.T, o canvas.Options) (*canvas.Canvas, *terminal) {
	t.Helper()
	s := &terminal{Emulator: vt.NewEmulator(width, height)}
	// It answers questions, and hangs when nobody takes the answers.
	answers, ok := s.InputPipe().(io.Closer)
	if !ok {
		t.Fatalf("what the terminal answers through is a %T", s.InputPipe())
	}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		_, _ = io.Copy(io.Discard, s.Emulator)
	}()
	t.Cleanup(func() {
		_ = answers.Close()
		<-drained
	})
	s.gate = gate.New(s)
	s.gate.Allow(true, nil)
	o.Environ = []string{"TERM=xterm-256color"}
	c := canvas.New(o)
	c.To(s.gate)
	c.Resize(width, height)
	return c, s
}

func view(rows ...string) tea.View {
	v := tea.NewView(strings.Join(rows, "\n"))
	v.AltScreen = true
	return v
}

func TestAViewIsOnTheScreenWhenDrawReturns(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]canvas.Options{"plain": {}, "with tabs and backspaces": {HardTabs: true, Backspace: true}} {
		for _, hurry := range []bool{false, true} {
			c, s := on(t, o)
			if hurry {
				c.Hurry()
			}
			if _, err := s.WriteString("$ conway\r\n"); err != nil {
				t.Fatal(err)
			}
			for i := range 20 {
				if i == 10 {
					c.Settle()
				}
				rows := []string{fmt.Sprintf("frame %d", i), strings.Repeat("│ ", i), "", "支払 é", strings.Repeat("x", width)}
				c.Draw(view(rows...))
				for j := range rows {
					rows[j] = strings.TrimRight(rows[j], " ")
				}
				if got, want := s.shows(), strings.Join(rows, "\n"); got != want {
					t.Fatalf("%s, in a hurry %t: the screen is\n%s\nwant\n%s", name, hurry, got, want)
				}
			}
			c.Lend()
			if got := s.shows(); got != "$ conway" {
				t.Errorf("%s, in a hurry %t: the terminal is given back as %q", name, hurry, got)
			}
			if n := s.gate.Dropped(); n != 0 {
				t.Errorf("%s: the gate dropped %d", name, n)
			}
		}
	}
}

// TestAChangedScreenLooksLikeAFreshOne changes rows at random, scrolls them and
// makes them fewer, and compares with a canvas that has drawn nothing before.
func TestAChangedScreenLooksLikeAFreshOne(t *testing.T) {
	t.Parallel()
	kinds := []string{
		"", "plain", strings.Repeat("too wide ", width), "\x1b[1mbold\x1b[m and not", "\x1b[38;2;200;0;0m支払\x1b[m \x1b[7mé\x1b[m", strings.Repeat("▁▂▃", 20),
		"\x1b[48;5;17m" + strings.Repeat(" ", width) + "\x1b[m", "\x1b]8;;https://acme.example/1\x1b\\link\x1b]8;;\x1b\\ end",
	}
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 1))
		c, s := on(t, canvas.Options{Backspace: seed%2 == 0, HardTabs: seed%3 == 0})
		if seed%4 < 3 {
			c.Hurry()
		}
		settles := rng.IntN(30)
		rows := make([]string, height)
		for i := range 30 {
			if i == settles {
				c.Settle()
			}
			switch rng.IntN(6) {
			case 0:
				rows = append(rows[1:], kinds[rng.IntN(len(kinds))])
			case 1:
				rows = rows[:1+rng.IntN(len(rows))]
			case 2:
				c.Resize(width, height)
			case 3:
				c.Lend()
				c.Take()
			}
			for len(rows) < height && rng.IntN(3) > 0 {
				rows = append(rows, kinds[rng.IntN(len(kinds))])
			}
			rows[rng.IntN(len(rows))] = kinds[rng.IntN(len(kinds))] + strings.Repeat("·", rng.IntN(3))
			c.Draw(view(rows...))
			fresh, want := on(t, canvas.Options{})
			fresh.Draw(view(rows...))
			for y := range height {
				for x := range width {
					if p, q := want.CellAt(x, y), s.CellAt(x, y); p == nil != (q == nil) || p != nil && !p.Equal(q) {
						t.Fatalf("seed %d, frame %d: at %d, %d there is %v, want %v, of\n%q", seed, i, x, y, q, p, rows)
					}
				}
			}
		}
	}
}

func TestInAHurryRowsAreSentWhole(t *testing.T) {
	t.Parallel()
	c, s := on(t, canvas.Options{})
	c.Hurry()
	c.Draw(view("one", "two", "three"))
	s.last()
	c.Draw(view("one", "too", "three"))
	if diff := s.last(); !strings.Contains(diff, "too") || strings.Contains(diff, "three") {
		t.Errorf("one letter sends %q", diff)
	}
	c.Settle()
	if all := s.last(); all != "" {
		t.Errorf("the end of the hurry sends %q", all)
	}
	c.Draw(view("one", "tao", "three"))
	if diff := s.last(); len(diff) > 20 || strings.Contains(diff, "tao") || !strings.Contains(diff, "a") {
		t.Errorf("one letter sends %q", diff)
	}
}

func TestOnlyTheDifferenceIsSent(t *testing.T) {
	t.Parallel()
	c, s := on(t, canvas.Options{})
	c.Draw(view("one", "two", "three"))
	if first := s.last(); !strings.Contains(first, ansi.SetModeAltScreenSaveCursor) || !strings.Contains(first, "three") {
		t.Errorf("the first frame is %q", first)
	}
	c.Draw(view("one", "two", "three"))
	if again := s.last(); again != "" {
		t.Errorf("a view that is shown already sends %q", again)
	}
	c.Draw(view("one", "too", "three"))
	if diff := s.last(); len(diff) > 20 || !strings.Contains(diff, "o") {
		t.Errorf("one letter sends %q", diff)
	}
	v := view("one", "too", "three")
	v.WindowTitle = "conway 1 open"
	c.Draw(v)
	if title := s.last(); title != ansi.SetWindowTitle("conway 1 open") {
		t.Errorf("a title sends %q", title)
	}
	c.Resize(width, height)
	c.Draw(v)
	if all := s.last(); !strings.Contains(all, "three") {
		t.Errorf("a terminal that may have changed is painted with %q", all)
	}
}

// TestMarginsOfAnEarlierSizeAreTakenOff is told too small a size for a while, as by
// a terminal that says 0x0. What scrolled meanwhile has left margins of that size.
func TestMarginsOfAnEarlierSizeAreTakenOff(t *testing.T) {
	t.Parallel()
	c, s := on(t, canvas.Options{})
	c.Resize(width, height/2)
	c.Draw(view("one"))
	_ = s.last()
	c.Resize(width, height)
	c.Draw(view("one", "two"))
	sent, off := s.last(), ansi.SetTopBottomMargins(1, height)
	if margins, painted := strings.Index(sent, off), strings.Index(sent, "one"); margins < 0 || painted < margins {
		t.Errorf("a terminal of another size is painted with %q", sent)
	}
	c.Draw(view("one", "three"))
	if sent := s.last(); strings.Contains(sent, off) {
		t.Errorf("the margins are taken off again with %q", sent)
	}
}

func TestALentTerminalIsLeftAloneAndTakenWhole(t *testing.T) {
	t.Parallel()
	c, s := on(t, canvas.Options{HardTabs: true})
	v := view("ours")
	v.WindowTitle, v.MouseMode = "conway", tea.MouseModeCellMotion
	c.Draw(v)
	s.last()
	c.Lend()
	back := s.last()
	for _, want := range []string{
		ansi.PopKittyKeyboard(1), ansi.ResetModeAltScreenSaveCursor, ansi.SetModeTextCursorEnable, ansi.ResetModeBracketedPaste,
		ansi.ResetModeMouseButtonEvent, ansi.SetWindowTitle(""),
	} {
		if !strings.Contains(back, want) {
			t.Errorf("given back with %q, without %q", back, want)
		}
	}
	if strings.Index(back, ansi.PopKittyKeyboard(1)) > strings.Index(back, ansi.ResetModeAltScreenSaveCursor) {
		t.Errorf("given back with %q: the keys' protocol is taken from the other screen", back)
	}
	c.Draw(view("news"))
	c.Lend()
	if got := s.last(); got != "" {
		t.Errorf("a lent terminal gets %q", got)
	}
	c.Take()
	c.Draw(v)
	taken := s.last()
	for _, want := range []string{
		ansi.SetModeAltScreenSaveCursor, ansi.ResetModeTextCursorEnable, ansi.SetModeBracketedPaste, ansi.PushKittyKeyboard(1),
		ansi.SetModeMouseButtonEvent, ansi.SetWindowTitle("conway"), "ours",
	} {
		if !strings.Contains(taken, want) {
			t.Errorf("taken again with %q, without %q", taken, want)
		}
	}
	if n := s.gate.Dropped(); n != 0 {
		t.Errorf("the gate dropped %d", n)
	}
}

func TestAFrameIsWholeWhereTheTerminalCanTakeIt(t *testing.T) {
	t.Parallel()
	c, s := on(t, canvas.Options{Ask: true})
	m := c.Of(still{})
	m.View()
	if first := s.last(); strings.Count(first, ansi.RequestModeSynchronizedOutput) != 1 || strings.Contains(first, ansi.SetModeSynchronizedOutput) {
		t.Errorf("before the answer: %q", first)
	}
	m, _ = m.Update(tea.ModeReportMsg{Mode: ansi.ModeSynchronizedOutput, Value: ansi.ModeReset})
	m.Update(tea.WindowSizeMsg{Width: width, Height: height})
	m.View()
	frame := s.last()
	begin, end := strings.Index(frame, ansi.SetModeSynchronizedOutput), strings.Index(frame, ansi.ResetModeSynchronizedOutput)
	if text := strings.Index(frame, "still"); begin < 0 || text < begin || end < text {
		t.Errorf("after the answer: %q", frame)
	}
}

// still is a model that always looks the same.
type still struct{}

func (still) Init() tea.Cmd                         { return nil }
func (s still) Update(tea.Msg) (tea.Model, tea.Cmd) { return s, nil }
func (still) View() tea.View                        { return view("still") }

func TestNothingIsDrawnBeforeThereIsAnything(t *testing.T) {
	t.Parallel()
	c, s := on(t, canvas.Options{})
	c.Draw(tea.View{})
	c.Lend()
	if got := s.last(); got != "" {
		t.Errorf("an empty view sends %q", got)
	}
	none := canvas.New(canvas.Options{})
	none.To(s)
	none.Draw(view("no size"))
	if got := s.last(); got != "" {
		t.Errorf("a terminal without a size gets %q", got)
	}
}

// gone is a terminal that fails.
type gone struct{ writes int }

func (g *gone) Write([]byte) (int, error) {
	g.writes++
	return 0, errors.New("gone")
}

func TestATerminalThatIsGoneIsNotWrittenToAgain(t *testing.T) {
	t.Parallel()
	g := new(gone)
	c := canvas.New(canvas.Options{})
	c.To(g)
	c.Resize(width, height)
	c.Draw(view("one"))
	c.Draw(view("two"))
	if g.writes != 1 {
		t.Errorf("%d writes", g.writes)
	}
}
