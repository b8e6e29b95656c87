//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// answers are what terminals send unasked, or because a text made them: each with
// letters in it that are keys which act.
func answers() []string {
	return []string{
		"\x1b[24;80R", "\x1b[1;1R", "\x1b[?24;80;1R", "\x1b[0n", "\x1b[?13n", "\x1b[?997;1n",
		"\x1b[?62;1;2;6;9;15;22c", "\x1b[>41;354;0c", "\x1bP!|7E565445\x1b\\", "\x1bP1$r0;1m\x1b\\", "\x1bP1$ra\rR\rq\ry\x1b\\",
		"\x1b]4;1;rgb:cdcd/0000/0000\x07", "\x1b]10;rgb:ffff/ffff/ffff\x1b\\", "\x1b]11;rgb:0000/0000/0000\x07",
		"\x1b]52;c;cm0gLXJmIH4K\x07", "\x1b]52;c;aRqy\r\x1b\\", "\x1bP>|XTerm(367)\x1b\\", "\x1bP1+r544e=787465726d\x1b\\",
		"\x1b[?1;0;256S", "\x1b[I", "\x1b[O", "\x1b[<0;10;5M\x1b[<0;10;5m\x1b[<64;11;5M", "\x1b[M aR", "\x1b[M yq", "\x1b[32;10;5M",
		"\x1b]la\rR\rowned\x1b\\", "\x1b]Lq\x1b\\", "\x1b[8;1;1t", "\x1b[4;600;800t", "\x1b[48;1;1;10;10t", "\x1b[?2027;2$y", "\x1b[4;2$y",
		"\x1bP1!~AAAA\x1b\\", "\x1b[>4;2m", "\x1b[65;30;97;1;0;1_", "\x1b_Gi=31;OK\x1b\\", "\x1b^aRq\r\x1b\\", "\x1bXaRq\r\x1b\\",
		"\x9b24;80R", "\u009b24;80R", "\x1b]50;aRq\x07",
	}
}

// bombard sends every answer at once, whole and cut in two by a link that lags.
func bombard(p *tape) {
	for _, a := range answers() {
		p.typed(a)
	}
	for i, a := range answers() {
		if i%4 != 0 {
			continue
		}
		cut := max(2, len(a)/2)
		p.typed(a[:cut])
		time.Sleep(70 * time.Millisecond) // the lag: longer than an escape key takes
		p.typed(a[cut:])
	}
}

// On every screen and in every input, no answer of a terminal does anything.
func TestAnswersOfTheTerminalDoNothing(t *testing.T) {
	t.Parallel()
	pd := newPager(t)
	id := pd.checkout()
	s := newSite(t).pages(pd).hold(0)
	s.runbook("# Mend it\n\n```sh observe\ntouch " + s.path("ran") + "\n```\n")
	p := record(t, []string{"HOME=" + s.home, "CONWAY_CONFIG=" + s.config()}, binary)
	p.shows(title, "PAGES 1 open", "a ack")
	bombard(p)
	for _, screen := range []struct{ key, see string }{
		{"\r", "DETAIL"},
		{"t", "TIMELINE"},
		{"b", "RUNBOOK"},
		{"\r", "RUN THIS STEP?"},
		{"\x1b", "RUN THIS STEP?"},
		{"s", "SNOOZE"},
		{"\x1b", "SNOOZE"},
		{"?", "HELP"},
		{"\x1b", "HELP"},
	} {
		// Not at once: a question swallows keys at first, and an escape begins others.
		time.Sleep(500 * time.Millisecond)
		if screen.key == "\x1b" {
			p.leaves(screen.see)
			continue
		}
		p.typed(screen.key)
		p.shows(screen.see)
		bombard(p)
		p.shows(screen.see)
	}
	time.Sleep(500 * time.Millisecond) // as above
	if w := pd.writes(); len(w) != 0 {
		t.Errorf("the pager was asked to change something: %v", w)
	}

	// The inputs: what is typed after is all there is.
	p.typed("P")
	time.Sleep(200 * time.Millisecond) // after escape it could be the rest of a sequence
	p.typed("/")
	bombard(p)
	p.typed("zz")
	p.shows("/zz")
	p.typed("\x1b")
	time.Sleep(100 * time.Millisecond)
	p.typed("!")
	p.shows("AD-HOC COMMAND")
	bombard(p)
	p.typed("true\r")
	p.shows("RUN THIS COMMAND?", "  true")
	time.Sleep(500 * time.Millisecond) // a question swallows keys at first
	p.typed("\x1b")
	time.Sleep(100 * time.Millisecond)
	p.typed("n")
	p.shows("NOTE on")
	bombard(p)
	p.typed("written")
	p.shows("written")
	p.typed("\r")
	p.shows("note confirmed")
	if got := pd.written(id); !slices.Equal(got, []string{"PANA: written"}) {
		t.Errorf("the pager's notes are %q", got)
	}
	if n := pd.acked(id); n != 0 {
		t.Errorf("it was acknowledged %d times", n)
	}
	mustNotExist(t, s.path("ran"))
	// And keys act as ever.
	p.typed("a")
	eventually(t, "the pager has the ack", func() bool { return pd.acked(id) == 1 })
	p.typed("q")
	if code := p.exit(); code != 0 {
		t.Errorf("exit %d", code)
	}
}

// A paste is never taken for keys: marked or bare, a megabyte, and with the mark
// of its end in it.
func TestPastesDoNothing(t *testing.T) {
	t.Parallel()
	pd := newPager(t)
	id := pd.checkout()
	s := newSite(t).pages(pd).hold(0)
	p := record(t, []string{"HOME=" + s.home, "CONWAY_CONFIG=" + s.config()}, binary)
	p.shows(title, "a ack")
	big := strings.Repeat("aR\ray\rq\r1\n", 100_000)
	for _, paste := range []string{
		"\x1b[200~aR\rq\x1b[201~",
		"\x1b[200~x\x1b[201~aR\ray\rq\r",
		"\x1b[200~x\x1b[201~aR\r\x1b[201~q\ry\x1b[201~",
		"rm -rf /\raR\rq\ry\r",
		big,
		"\x1b[200~" + big + "\x1b[201~",
	} {
		p.typed(paste)
		p.shows("a paste is not taken for keys")
		time.Sleep(300 * time.Millisecond) // a paste ends when it has been quiet
		p.typed("?")
		p.shows("HELP")
		p.typed("\x1b")
		time.Sleep(100 * time.Millisecond) // so that what follows is no alt key
	}
	if w := pd.writes(); len(w) != 0 {
		t.Errorf("the pager was asked to change something: %v", w)
	}
	p.typed("n")
	p.shows("NOTE on")
	p.typed("\x1b[200~two\nlines\x1b[201~\r")
	p.shows("two", "lines")
	time.Sleep(300 * time.Millisecond)
	if got := pd.written(id); len(got) != 0 {
		t.Errorf("a paste was sent as a note: %q", got)
	}
	p.typed("\r")
	p.shows("note confirmed")
	if got := pd.written(id); !slices.Equal(got, []string{"PANA: two\nlines"}) {
		t.Errorf("the pager's notes are %q", got)
	}
	p.typed("q")
	if code := p.exit(); code != 0 {
		t.Errorf("exit %d", code)
	}
}

// shows waits until the terminal shows all of the texts now: unlike sees, not at
// some time since the start.
func (p *tape) shows(texts ...string) {
	p.tb.Helper()
	if screen, ok := p.awaits(patience, func(screen string) bool { return holds(screen, texts) }); !ok {
		p.tb.Fatalf("after %s the screen does not show %q:\n%s", patience, texts, screen)
	}
}

// leaves presses escape, as often as a person would, until a text is gone.
func (p *tape) leaves(text string) {
	p.tb.Helper()
	var screen string
	for range 5 {
		p.typed("\x1b")
		var gone bool
		if screen, gone = p.awaits(3*time.Second, func(screen string) bool { return !strings.Contains(screen, text) }); gone {
			return
		}
	}
	p.tb.Fatalf("escape does not leave %q:\n%s", text, screen)
}

// awaits waits until what the terminal shows is right, and returns that.
func (p *tape) awaits(limit time.Duration, right func(screen string) bool) (screen string, ok bool) {
	p.tb.Helper()
	em, end := emulator()
	defer end()
	fed := 0
	for until := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		for _, c := range p.all()[fed:] {
			fed++
			if _, err := em.Write(c.data); err != nil {
				p.tb.Fatal(err)
			}
		}
		if screen = ansi.Strip(em.Render()); right(screen) {
			return screen, true
		}
		if time.Now().After(until) {
			return screen, false
		}
	}
}
