package intake_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"conway/internal/ui/intake"
)

// line is a terminal's line with the clock that a reader goes by.
type line struct {
	in  intake.Intake
	now time.Time
	out strings.Builder
}

func newLine() *line { return &line{now: time.Date(2026, 3, 1, 4, 12, 0, 0, time.UTC)} }

// sends has bytes arrive at once; waits lets time pass as a reader does.
func (l *line) sends(s string) { l.out.Write(l.in.Feed([]byte(s), l.now)) }

func (l *line) waits(d time.Duration) {
	for w := l.in.Wait(); w > 0 && w <= d; w = l.in.Wait() {
		l.now, d = l.now.Add(w), d-w
		l.out.Write(l.in.Expire(l.now))
	}
	l.now = l.now.Add(d)
}

// reports are what terminals answer, and what is left of an answer.
func reports() map[string]string {
	return map[string]string{
		"cursor position":       "\x1b[24;80R",
		"cursor on row one":     "\x1b[1;5R",
		"extended position":     "\x1b[?24;80;1R",
		"status":                "\x1b[0n",
		"printer":               "\x1b[?13n",
		"colour scheme":         "\x1b[?997;1n",
		"DA1":                   "\x1b[?62;1;2;6;9;15;22c",
		"DA2":                   "\x1b[>41;354;0c",
		"DA3":                   "\x1bP!|7E565445\x1b\\",
		"DECRQSS":               "\x1bP1$r0;1m\x1b\\",
		"DECRQSS with a line":   "\x1bP1$ra\rR\rq\r\x1b\\",
		"OSC 4":                 "\x1b]4;1;rgb:cdcd/0000/0000\x07",
		"OSC 10":                "\x1b]10;rgb:ffff/ffff/ffff\x1b\\",
		"OSC 11":                "\x1b]11;rgb:0000/0000/0000\x07",
		"OSC 52":                "\x1b]52;c;cm0gLXJmIH4K\x07",
		"OSC 52, eight bits":    "\x9d52;c;cm0gLXJmIH4K\x9c",
		"XTVERSION":             "\x1bP>|XTerm(367)\x1b\\",
		"XTGETTCAP":             "\x1bP1+r544e=787465726d\x1b\\",
		"XTSMGRAPHICS":          "\x1b[?1;0;256S",
		"focus gained":          "\x1b[I",
		"focus lost":            "\x1b[O",
		"mouse, SGR":            "\x1b[<0;10;5M\x1b[<0;10;5m\x1b[<35;11;5M",
		"mouse, X10":            "\x1b[M aR",
		"mouse, urxvt":          "\x1b[32;10;5M",
		"mouse, highlight":      "\x1b[TaRqyRa\x1b[taR",
		"title":                 "\x1b]la\rR\rowned\x1b\\",
		"icon label":            "\x1b]Lowned\x1b\\",
		"size in cells":         "\x1b[8;1;1t",
		"size in pixels":        "\x1b[4;600;800t",
		"resize in band":        "\x1b[48;1;1;10;10t",
		"mode":                  "\x1b[?2027;2$y",
		"ANSI mode":             "\x1b[4;2$y",
		"checksum":              "\x1bP1!~AAAA\x1b\\",
		"macro, user string":    "\x1bP1;1|17/61520d\x1b\\",
		"modifyOtherKeys":       "\x1b[>4;2m",
		"Windows key record":    "\x1b[65;30;97;1;0;1_",
		"graphics":              "\x1b_Gi=31;OK\x1b\\",
		"private message":       "\x1b^aRq\x1b\\",
		"start of string":       "\x1bXaRq\x1b\\",
		"VT52 identity":         "\x1b/Z",
		"character set":         "\x1b(B",
		"eight bits":            "\x9b24;80R",
		"eight bits as UTF-8":   "\u009b24;80R",
		"too many parameters":   "\x1b[" + strings.Repeat("1;", 60) + "1R",
		"font":                  "\x1b]50;aRq\x07",
		"answerback, as OSC 99": "\x1b]99;i=1:p=?;\x1b\\",
	}
}

func TestNoReportIsTakenForAKey(t *testing.T) {
	t.Parallel()
	all := reports()
	if len(all) < 30 {
		t.Fatalf("%d shapes", len(all))
	}
	for name, report := range all {
		for _, delay := range []time.Duration{0, 20 * time.Millisecond, 120 * time.Millisecond, 400 * time.Millisecond, 1500 * time.Millisecond} {
			if delay > 0 && (name == "VT52 identity" || name == "character set") {
				continue // cut in two they are two keys, and no terminal sends them unasked
			}
			for cut := range len(report) {
				l := newLine()
				l.sends(report[:cut])
				l.waits(delay)
				l.sends(report[cut:])
				l.waits(3 * time.Second)
				got := l.out.String()
				// A lone ESC is the key wherever the terminal does not say otherwise.
				if delay >= 50*time.Millisecond && strings.HasSuffix(report[:cut], "\x1b") {
					got = strings.Replace(got, "\x1b[27u", "", 1)
				}
				if got != "" {
					t.Errorf("%s cut at %d for %s: %q passes", name, cut, delay, got)
				}
			}
		}
		if name == "VT52 identity" || name == "character set" {
			continue
		}
		l := newLine()
		for _, b := range []byte(report) {
			l.sends(string([]byte{b}))
			l.waits(60 * time.Millisecond)
		}
		l.waits(3 * time.Second)
		if got := strings.ReplaceAll(l.out.String(), "\x1b[27u", ""); got != "" {
			t.Errorf("%s, byte by byte: %q passes", name, got)
		}
	}
}

func TestATerminalThatMarksEscapeNeverSendsItBare(t *testing.T) {
	t.Parallel()
	for name, report := range reports() {
		l := newLine()
		l.sends("\x1b[?1u")
		l.out.Reset()
		l.sends(report[:1])
		l.waits(time.Second)
		l.sends(report[1:])
		l.waits(3 * time.Second)
		if got := l.out.String(); got != "" {
			t.Errorf("%s: %q passes", name, got)
		}
	}
	l := newLine()
	l.sends("\x1b[?1u")
	l.sends("\x1b[27u")
	if got := l.out.String(); !strings.HasSuffix(got, "\x1b[27u") {
		t.Errorf("the key itself: %q", got)
	}
}

func TestKeysPass(t *testing.T) {
	t.Parallel()
	for keys, want := range map[string]string{
		"a": "a", "支": "支", "é": "é", "\r": "\r", "\t": "\t", "\x03": "\x03", "\x7f": "\x7f", "\x00": "\x00", " ": " ",
		"\x1b[A": "", "\x1b[1;5C": "", "\x1bOB": "", "\x1b[3~": "", "\x1b[5;2~": "", "\x1b[Z": "", "\x1bOP": "", "\x1b[15~": "",
		"\x1b[97;5u": "", "\x1b[97:65;2u": "", "\x1b[27;5;97~": "", "\x1b[1;1:3A": "", "\x1b[[A": "", "\x1b[?1u": "", "\x1b[?2026;2$y": "",
		"\x1b":                 "\x1b[27u",
		"\x1b\x1b":             "\x1b[27u\x1b[27u",
		"\x1bb":                "\x1b[98;3u",
		"\x1b\r":               "\x1b[13;3u",
		"\x1bb\x1bb":           "\x1b[98;3u\x1b[98;3u",
		"jjjjjjjjjjjjjjjjjjjj": "jjjjjjjjjjjjjjjjjjjj",
		"hello":                "hello",
		// A link that lags collects keys.
		strings.Repeat("\x1b[A", 40):           "",
		strings.Repeat("\x1bOB", 40):           "",
		strings.Repeat("\x1b[A\x1b[Bj", 20):    "",
		"jjjjkkkkjjjjjjjjkkkkkkjjkk":           "",
		"jjjjjjjjnnNnnjjjj":                    "",
		"jjjj\x1b[Bkkkk\x1b[Ajjjj\x1b[5~\rqaR": "",
		"jjkkaeRq":                             "",
	} {
		if want == "" {
			want = keys
		}
		l := newLine()
		l.sends(keys)
		l.waits(time.Second)
		if got := l.out.String(); got != want {
			t.Errorf("%q gives %q, want %q", keys, got, want)
		}
	}
	// After escape the keys that could go on a sequence come a little later.
	l := newLine()
	l.sends("\x1b")
	l.waits(300 * time.Millisecond)
	l.sends("P")
	l.waits(300 * time.Millisecond)
	l.sends("]")
	l.waits(300 * time.Millisecond)
	if got := l.out.String(); got != "\x1b[27uP]" {
		t.Errorf("keys after escape: %q", got)
	}
}

// No half sequence may swallow what a person types for long.
func TestKeysWorkAfterHalfASequence(t *testing.T) {
	t.Parallel()
	for name, report := range reports() {
		for cut := 1; cut < len(report); cut++ {
			l := newLine()
			l.sends(report[:cut])
			l.waits(2100 * time.Millisecond)
			l.out.Reset()
			l.sends("a")
			l.waits(time.Second)
			if got := l.out.String(); !strings.HasSuffix(got, "a") {
				t.Errorf("%s cut at %d: the key gives %q", name, cut, got)
			}
		}
	}
}

func TestAPasteIsOnePaste(t *testing.T) {
	t.Parallel()
	const begin, end = "\x1b[200~", "\x1b[201~"
	for name, c := range map[string]struct{ sent, want string }{
		"plain":                {begin + "two\nlines" + end, "two\nlines"},
		"an end mark in it":    {begin + "x" + end + "aR\rq" + end, "xaR\rq"},
		"a report in it":       {begin + "x\x1b[1;1R\x1b]0;t\x07y" + end, "x[1;1R]0;ty"},
		"a start mark in it":   {begin + "x" + begin + "y" + end, "xy"},
		"an end of eight bits": {begin + "x\x9b201~aRq" + end, "x201~aRq"},
		"the same as UTF-8":    {begin + "x\u009b201~aRq" + end, "x201~aRq"},
		"beyond ASCII":         {begin + "支払 é" + end, "支払 é"},
		"without marks":        {"rm -rf /\rq\ra", "rm -rf /\rq\ra"},
		"of few letters":       {"jjjjjjkkkkkk\ra", "jjjjjjkkkkkk\ra"},
		"few letters at first": {"aaaaaaaabbbbbbbb Rq", "aaaaaaaabbbbbbbb Rq"},
		"of few digits":        {"011010011001", "011010011001"},
		"with one mark":        {"rm -rf /\rq\ra" + end + "R", "rm -rf /\rq\raR"},
	} {
		for _, together := range []bool{true, false} {
			l := newLine()
			if together {
				l.sends(c.sent)
			} else if !strings.HasPrefix(c.sent, begin) {
				continue // byte by byte it is typing
			} else {
				for _, b := range []byte(c.sent) {
					l.sends(string([]byte{b}))
					l.waits(10 * time.Millisecond)
				}
			}
			l.waits(time.Second)
			if got := l.out.String(); got != begin+c.want+end {
				t.Errorf("%s, together %v: %q, want %q", name, together, got, begin+c.want+end)
			}
			l.out.Reset()
			l.sends("a")
			if got := l.out.String(); got != "a" {
				t.Errorf("%s: a key after it gives %q", name, got)
			}
		}
	}
}

// What a tool types for a person comes at once, and the key that ends it after.
func TestAKeyAfterATypedTextIsAKey(t *testing.T) {
	t.Parallel()
	const text = "rolling back, the pool is too small"
	for wait, want := range map[time.Duration]string{
		0:                     "\x1b[200~" + text + "\r\x1b[201~",
		10 * time.Millisecond: "\x1b[200~" + text + "\x1b[201~\r",
	} {
		l := newLine()
		l.sends(text)
		l.waits(wait)
		l.sends("\r")
		l.waits(time.Second)
		if got := l.out.String(); got != want {
			t.Errorf("after %s: %q, want %q", wait, got, want)
		}
	}
	l := newLine()
	for range 40 {
		l.sends(text)
		l.waits(time.Millisecond)
	}
	l.waits(20 * time.Millisecond)
	l.sends("\r")
	l.waits(time.Second)
	if got := l.out.String(); !strings.HasSuffix(got, "\r\x1b[201~") {
		t.Errorf("the last byte of a long paste is a key: …%q", got[len(got)-20:])
	}
}

func TestAHugePasteIsCut(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("aR\rq !y\n", 1<<17)
	for name, sent := range map[string]string{"marked": "\x1b[200~" + big + "\x1b[201~", "bare": big} {
		l := newLine()
		for len(sent) > 0 {
			n := min(len(sent), 512)
			l.sends(sent[:n])
			sent = sent[n:]
			l.waits(5 * time.Millisecond)
		}
		l.waits(time.Second)
		got, ok := strings.CutPrefix(l.out.String(), "\x1b[200~")
		got, ok2 := strings.CutSuffix(got, "\x1b[201~")
		if !ok || !ok2 || len(got) != intake.MaxPaste || !strings.HasPrefix(big, got) {
			t.Errorf("%s: %d bytes pass, framed %v %v", name, len(got), ok, ok2)
		}
	}
}

func TestTheMousePassesOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	flood := strings.Repeat("\x1b[<35;10;5M\x1b[<64;10;5M", 200) + "\x1b[<0;10;5M\x1b[<0;10;5m\x1b[<2;10;5M\x1b[<0;99999;5M"
	l := newLine()
	l.sends(flood)
	if got := l.out.String(); got != "" {
		t.Errorf("without a mouse %q passes", got)
	}
	l = newLine()
	l.in.Mouse = true
	l.sends(flood)
	if got, want := l.out.String(), "\x1b[<64;10;5M\x1b[<0;10;5M"; got != want {
		t.Errorf("of a flood %q passes, want %q", got, want)
	}
}

// Whatever comes, what passes is a key, a paste or an answer that was asked for,
// and no longer than it may be.
func FuzzIntake(f *testing.F) {
	for _, r := range reports() {
		f.Add([]byte(r), uint64(len(r)))
	}
	f.Add([]byte("\x1b[200~x\x1b[201~y\x1b[?1u\x1b[[A"), uint64(7))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 1))
		l := newLine()
		open := false
		check := func(out []byte, came int) {
			if max := intake.Growth*came + intake.Held; len(out) > max {
				t.Fatalf("%d bytes pass of %d, at most %d may", len(out), came, max)
			}
			for i, seq := range bytes.Split(out, []byte("\x1b[20")) {
				if i == 0 {
					continue // what stands before the first
				}
				if bytes.HasPrefix(seq, []byte("0~")) && open || bytes.HasPrefix(seq, []byte("1~")) && !open {
					t.Fatalf("a mark out of place in %q", out)
				}
				switch {
				case bytes.HasPrefix(seq, []byte("0~")):
					open = true
				case bytes.HasPrefix(seq, []byte("1~")):
					open = false
				}
			}
			for _, c := range []string{"R", "n", "c", "t", "I", "O", "_"} {
				if i := bytes.Index(out, []byte("\x1b[1;1"+c)); i >= 0 && c != "I" {
					t.Fatalf("a report passes: %q", out)
				}
			}
			for _, b := range []string{"\x1b]", "\x1bP", "\x1b_", "\x1b^", "\x1bX", "\u009b", "\u009d"} {
				if bytes.Contains(out, []byte(b)) {
					t.Fatalf("%q passes in %q", b, out)
				}
			}
		}
		for len(data) > 0 {
			n := 1 + r.IntN(len(data))
			check(l.in.Feed(data[:n], l.now), n)
			data = data[n:]
			for i := 0; i < r.IntN(4); i++ {
				if w := l.in.Wait(); w > 0 {
					l.now = l.now.Add(w)
					check(l.in.Expire(l.now), 0)
				}
			}
			l.now = l.now.Add(time.Duration(r.IntN(3000)) * time.Millisecond)
		}
	})
}

func ExampleIntake() {
	var in intake.Intake
	now := time.Now()
	fmt.Printf("%q\n", in.Feed([]byte("a\x1b[24;80Rb"), now))
	// Output: "ab"
}
