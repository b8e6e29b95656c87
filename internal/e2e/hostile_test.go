//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"conway/internal/drill/pdserver"
)

// attacks are what text from outside would do to a terminal if it could.
func attacks() []string {
	return []string{
		"\x1b[2J\x1b[3J\x1b[1;1H",            // wipe the screen and its history
		"\x1b]0;owned\x07",                   // rename the window
		"\x1b]52;c;cm0gLXJmIH4=\x07",         // write the clipboard
		"\x1b]8;;http://evil.example/\x1b\\", // turn text into a link
		"\x1b[5i",                            // print
		"\x1b[?1049l\x1b[?25h\x1b[?1003h",    // leave the screen, ask for the mouse
		"\x1b[6n\x1b[c\x1bZ",                 // make the terminal type
		"\x1bP+q544e\x1b\\\x1b_apc\x1b\\",    // strings for the terminal itself
		"\x1bc\x1b#8\x1b(0",                  // reset, fill with E, line drawing
		"\x1b[1;5;35m",                       // blink
		"\u009b31;5m\u009d0;owned\u009c",     // the same in one character
		"\x07\x08\x08\x0b\x0c\x0e\x0f\x7f",   // ring, go back, switch sets
		"\u202eevil\u202c\u2066\u200b\ufeff", // write backwards, or nothing
		"\u0430\u0301\U000e0041\U0001f468\u200d\U0001f469",
	}
}

// hostile begins with a word that has to stay visible.
func hostile(word string) string { return word + strings.Join(attacks(), word) }

// foreign returns what in the bytes of a terminal is not the program's own.
func foreign(raw []byte) []string { return foreignBut(raw, 0) }

// foreignBut is the same where the bell may have rung so many times for new pages.
func foreignBut(raw []byte, bells int) []string {
	var out []string
	bad := func(format string, args ...any) {
		if s := fmt.Sprintf(format, args...); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	if !utf8.Valid(raw) {
		bad("bytes that are no text")
	}
	for _, a := range attacks() {
		for seq := range strings.SplitAfterSeq(a, "\x1b\\") {
			// Those that only set a style or wipe are the program's own too.
			if seq != "" && strings.Contains(string(raw), seq) {
				bad("%q, word for word", seq)
			}
		}
	}
	for b := raw; len(b) > 0; {
		seq, width, n, _ := ansi.DecodeSequence(b, ansi.NormalState, nil)
		b = b[n:]
		s := string(seq)
		switch {
		case width > 0 || !strings.ContainsFunc(s, unicode.IsControl):
			if strings.ContainsFunc(s, func(r rune) bool {
				return unicode.In(r, unicode.Bidi_Control) || r == '\ufeff' || r >= 0xe0000 && r < 0xe0100
			}) {
				bad("%q, which cannot be seen", s)
			}
		case s == "\r" || s == "\n" || s == "\b" || s == "\t":
		case s == "\a" && bells > 0:
			bells--
		case ownSequence.MatchString(s):
		default:
			bad("%q", s)
		}
	}
	return out
}

// ownSequence is what the program and its screen library write: moves, wipes,
// styles without blinking, the modes that it sets and resets (8 keeps the order of
// right-to-left text), the cursor kept
// and put back around a cluster, what it asks the
// terminal at the start, and its window's title, which it puts back at the end.
var ownSequence = regexp.MustCompile(`^\x1b(?:` + strings.Join([]string{
	`\[[0-9;]*[ABCDEFGHJKLMPSTXabd@r]`,
	`\[(?:[0-46-9]|[1-9][0-9]+|38;5;[0-9]+|48;5;[0-9]+|38;2;[0-9]+;[0-9]+;[0-9]+|48;2;[0-9]+;[0-9]+;[0-9]+|;)*m`,
	`\[\?(?:7|25|1049|2004|2026|2027)[hl]`,
	`[78M]`, `\[8[hl]`, `\[2[23];2t`, `\[\?5W`, `\[\?(?:2026|2027)\$p`, `\[(?:\?|>1|<1|=[0-9];[0-9])u`, `\[>4(?:;[0-9])?m`, `\[>0?q`,
	`\]2;(?:conway(?: \d+ open, \d+ unacked| \? (?:LATE|STALE|LOST)[ 0-9a-z]*| \? (?:no answer|not answered) yet)?)?\x07`,
}, "|") + `)$`)

func TestHostileTextCannotReachTheTerminal(t *testing.T) {
	t.Parallel()
	pd := newPager(t)
	now := time.Now()
	i := pdserver.Incident{
		Title: hostile("TITLE"), Service: "PCHK", Key: "k" + hostile("KEY"),
		Alerts: []pdserver.Alert{{Title: hostile("ALERT"), Labels: map[string]string{"service": "checkout", hostile("NAME"): hostile("VALUE")}}},
	}
	past := i
	past.At = now.Add(-48 * time.Hour)
	pd.Past(past, now.Add(-47*time.Hour), "PBEN", hostile("FIX"))
	id := pd.Trigger(i)
	pd.Annotate(id, "PBEN", hostile("NOTED"))
	// A tag's name can hold no byte below a space, but all else.
	repo := repository(t, now.Add(-9*time.Minute), "TAG\u009b31m\u202e")
	s := newSite(t).pages(pd)
	line, err := json.Marshal(map[string]string{"level": "error", "msg": hostile("MESSAGE"), hostile("FIELD"): hostile("CONTENT")})
	if err != nil {
		t.Fatal(err)
	}
	s.write("app.log", hostile("LINE")+"\n\xff\xfe\x80BYTES\n"+string(line)+"\n", 0o600)
	s.write("out", hostile("OUTPUT")+"\n", 0o600)
	s.runbook(hostile("# HEADING") + "\n\n" + hostile("PROSE") + "\n\n```sh observe\ncat " + s.path("out") + "\n```\n")
	s.add("deploys:\n  - {type: git, name: tags, path: %q}", repo)
	s.add("logs:\n  - {type: file, name: app, paths: [app.log]}")
	config := s.config()

	p := record(t, []string{"HOME=" + s.home, "CONWAY_CONFIG=" + config}, binary)
	p.sees("TITLE", "TAG", "LINE", "BYTES", "MESSAGE", "PAGES 1 open")
	p.typed("\r")
	p.sees("DETAIL", "NOTED", "VALUE", "ALERT", "FIX")
	p.typed("t")
	p.sees("TIMELINE", "NOTED")
	p.typed("b")
	p.sees("RUNBOOK", "HEADING", "PROSE", "step 1")
	p.typed("\r")
	p.sees("RUN THIS STEP?", "TITLE")
	p.until("y", "exit 0 after", "OUTPUT")
	p.typed("q")
	if code := p.exit(); code != 0 {
		t.Errorf("exit %d", code)
	}
	if bad := foreign(p.raw()); len(bad) > 0 {
		t.Errorf("the terminal was sent\n%s", strings.Join(bad, "\n"))
	}

	for _, args := range [][]string{
		{"pages"},
		{"deploys"},
		{"logs"},
		{"pages", "--json"},
		{"deploys", "--json"},
		{"logs", "--json"},
		{"snapshot"},
		{"snapshot", "--format", "json"},
		{"snapshot", "--format", "svg"},
	} {
		r := s.piped("", args...)
		if r.code != 0 || !strings.Contains(r.stdout, "T") {
			t.Errorf("%v: exit %d: %s", args, r.code, r.stderr)
		}
		plain(t, strings.Join(args, " "), r.stdout+r.stderr)
		if strings.Contains(strings.Join(args, " "), "svg") {
			wellFormed(t, r.stdout)
		}
	}
}

func TestForeignBytesAreFound(t *testing.T) {
	t.Parallel()
	for _, a := range attacks()[:len(attacks())-1] {
		if len(foreign([]byte("good text "+a))) == 0 {
			t.Errorf("%q is not found", a)
		}
	}
	for _, own := range []string{"\x1b[2J\x1b[H", "\x1b[38;5;179;1mtext\x1b[m", "\x1b]2;conway 1 open, 1 unacked\x07", "▶ ● \r\n", "支払 é"} {
		if bad := foreign([]byte(own)); len(bad) > 0 {
			t.Errorf("%q is taken for foreign: %v", own, bad)
		}
	}
}
