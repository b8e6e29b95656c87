//go:build e2e

package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"
)

// terms are the kinds of terminal that a cockpit may find itself on.
var terms = []string{"xterm-256color", "tmux-256color", "screen", "linux", "vt100", "dumb", ""}

// plain terms have no signs beyond ASCII, and some no colours.
var asciiTerms, monochromeTerms = "linux vt100 dumb ", "vt100 dumb "

// sideways is a move to a column, and one up, as some terminals are told them.
var sideways = regexp.MustCompile("\\x1b\\[[0-9]*`|\\x1bM")

// page is a site with one page that is mine, and the environment for it.
func page(t *testing.T) (pd *pager, id string, env []string) {
	t.Helper()
	pd = newPager(t)
	id = pd.checkout()
	s := newSite(t).pages(pd).hold(0)
	return pd, id, []string{"HOME=" + s.home, "CONWAY_CONFIG=" + s.config()}
}

// On every terminal, with UTF-8 and without, the page is on the screen, its state
// is told by a sign as well as a colour, and it can be acknowledged.
func TestEveryTerminalShowsThePageAndTakesTheAck(t *testing.T) {
	t.Parallel()
	for _, term := range terms {
		for _, lang := range []string{"C.UTF-8", "C"} {
			t.Run(fmt.Sprintf("TERM=%s LANG=%s", term, lang), func(t *testing.T) {
				pd, id, env := page(t)
				vars := append([]string{"TERM=" + term, "LANG=" + lang}, env...)
				if term == "" {
					vars = append([]string{"LANG=" + lang}, env...)
				}
				p := recordOn(t, vars, binary)
				ascii := lang != "C.UTF-8" || strings.Contains(asciiTerms, term+" ") || term == ""
				open, acked := "●", "◐"
				if ascii {
					open, acked = "!", "a"
				}
				p.sees(open+" high ", "checkout 5xx above 5%", "a ack")
				p.typed("a")
				eventually(t, "the pager has the ack", func() bool { return pd.acked(id) == 1 })
				p.shows(acked + " high ")
				p.typed("q")
				if code := p.exit(); code != 0 {
					t.Errorf("exit %d", code)
				}
				raw := string(p.raw())
				if ascii {
					for _, r := range raw {
						if r > 0x7e && r != utf8.RuneError {
							t.Fatalf("%q is on an ASCII screen", r)
						}
					}
				}
				mono := term == "" || strings.Contains(monochromeTerms, term+" ")
				if has := colour.MatchString(raw); has == mono {
					t.Errorf("colours are used: %v", has)
				}
				if bad := foreign([]byte(sideways.ReplaceAllString(raw, ""))); len(bad) > 0 {
					t.Errorf("the terminal was sent %q", bad)
				}
			})
		}
	}
}

// The colours are those that the terminal says it has.
func TestColoursAreTheTerminals(t *testing.T) {
	t.Parallel()
	_, _, env := page(t)
	truecolour, indexed := regexp.MustCompile(`[34]8;2;`), regexp.MustCompile(`[34]8;5;`)
	for name, c := range map[string]struct {
		env          []string
		true256, idx bool
		any          bool
	}{
		"truecolour":            {[]string{"TERM=xterm-256color", "COLORTERM=truecolor"}, true, false, true},
		"256":                   {[]string{"TERM=xterm-256color"}, false, true, true},
		"16":                    {[]string{"TERM=xterm"}, false, false, true},
		"none":                  {[]string{"TERM=vt100"}, false, false, false},
		"NO_COLOR":              {[]string{"TERM=xterm-256color", "COLORTERM=truecolor", "NO_COLOR=1"}, false, false, false},
		"NO_COLOR in any words": {[]string{"TERM=xterm-256color", "COLORTERM=truecolor", "NO_COLOR=yes please"}, false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := recordOn(t, append(append([]string{"LANG=C.UTF-8"}, c.env...), env...), binary)
			p.sees("checkout 5xx above 5%", "a ack")
			p.typed("q")
			p.exit()
			raw := string(p.raw())
			if got := truecolour.MatchString(raw); got != c.true256 {
				t.Errorf("24-bit colours: %v", got)
			}
			if got := indexed.MatchString(raw); got != c.idx {
				t.Errorf("256 colours: %v", got)
			}
			if got := colour.MatchString(raw); got != c.any {
				t.Errorf("colours: %v", got)
			}
		})
	}
}

func TestWithoutATerminalThereIsNoEscape(t *testing.T) {
	t.Parallel()
	pd := newPager(t)
	pd.checkout()
	s := newSite(t).pages(pd)
	for _, args := range [][]string{{}, {"--slow"}, {"snapshot"}, {"pages"}, {"--help"}, {"ack", "--help"}, {"config", "check"}} {
		r := s.run(args...)
		if strings.ContainsAny(r.stdout+r.stderr, "\x1b\x07\u009b") {
			t.Errorf("conway %v writes an escape: %q", args, r.stdout+r.stderr)
		}
		if r.stdout+r.stderr == "" {
			t.Errorf("conway %v writes nothing", args)
		}
	}
}

// TestAStormOfSizes sets a thousand sizes, from none to more than any screen, and
// looks at what is there in the end.
func TestAStormOfSizes(t *testing.T) {
	t.Parallel()
	_, _, env := page(t)
	p := recordOn(t, append([]string{"TERM=xterm-256color", "LANG=C.UTF-8"}, env...), binary)
	p.sees("checkout 5xx above 5%", "a ack")
	r := rand.New(rand.NewPCG(1, 2))
	set := func(w, h uint16) {
		if err := pty.Setsize(p.master, &pty.Winsize{Cols: w, Rows: h}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 1000 {
		w, h := r.IntN(401), r.IntN(121)
		switch {
		case i%10 == 0:
			w, h = r.IntN(8), r.IntN(4)
		case i == 500:
			w, h = 0, 0
		case i == 501:
			w, h = 400, 120
		}
		set(uint16(w), uint16(h))
		time.Sleep(time.Duration(r.IntN(4)) * time.Millisecond)
	}
	set(tapeWidth, tapeHeight+1) // else the last may be the size that was
	p.forget()
	set(tapeWidth, tapeHeight)
	p.shows("PAGES 1 open", "checkout 5xx above 5%", "a ack", "? help")
	p.typed("q")
	if code := p.exit(); code != 0 {
		t.Errorf("exit %d", code)
	}
}

// forget has the tape begin anew: what is drawn before does not count, so what is
// seen after was drawn after.
func (p *tape) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.chunks = nil
}

// recordOn is record with no environment but this and the path.
func recordOn(tb testing.TB, env []string, argv ...string) *tape {
	tb.Helper()
	all := append([]string{"/usr/bin/env", "-i", "PATH=" + os.Getenv("PATH")}, env...)
	return record(tb, nil, append(all, argv...)...)
}

// pageHost is where the test account has its pages.
const pageHost = "example.pagerduty.com"

// The page's address is a link in its detail for a configured host, and for no
// other; then none is in the bytes at all.
func TestOnlyAConfiguredHostIsClickable(t *testing.T) {
	t.Parallel()
	for hosts, want := range map[string]bool{"": false, "links: [HOST]": true, "links: [other.example]": false} {
		pd := newPager(t)
		id := pd.checkout()
		s := newSite(t).pages(pd)
		s.add("%s", strings.ReplaceAll(hosts, "HOST", pageHost))
		p := record(t, []string{"HOME=" + s.home, "CONWAY_CONFIG=" + s.config()}, binary)
		p.sees(title, "a ack")
		p.typed("\r")
		p.sees("DETAIL", pageHost)
		p.typed("q")
		p.exit()
		raw := string(p.raw())
		if got := strings.Contains(raw, "\x1b]8;;https://"+pageHost+"/incidents/"+id+"\x07"); got != want {
			t.Errorf("with %q it is a link: %v", hosts, got)
		}
		if got := strings.Contains(raw, "\x1b]8"); got != want {
			t.Errorf("with %q there are links: %v", hosts, got)
		}
		if strings.Count(raw, "\x1b]8;;https") != strings.Count(raw, "\x1b]8;;\x07") {
			t.Errorf("with %q a link is left open", hosts)
		}
	}
}
