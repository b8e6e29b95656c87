//go:build e2e

package e2e

import (
	"regexp"
	"strings"
	"testing"
)

// colour matches the parts of a style that are a colour; bold and the like stay.
var colour = regexp.MustCompile(`\x1b\[(?:[0-9;:]*[;:])?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[0-9;:]*m`)

func TestColourIsUsedUnlessItIsNotWanted(t *testing.T) {
	t.Parallel()
	_, c, _ := paged(t, nil)
	if s := c.styled(); !colour.MatchString(s) {
		t.Errorf("no colour on a terminal that has them:\n%q", s)
	}
	_, c, _ = paged(t, nil, "NO_COLOR=1")
	if s := c.styled(); colour.MatchString(s) {
		t.Errorf("colours in spite of NO_COLOR: %q", colour.FindString(s))
	}
	if c.row("▶ ●") == "" {
		t.Errorf("without colour nothing marks the page that needs somebody:\n%s", c.text())
	}
	if code := c.quits(); code != 0 {
		t.Errorf("exit %d", code)
	}
	c.restored()
}

func TestDumbTerminalAndPlainLocale(t *testing.T) {
	t.Parallel()
	for name, env := range map[string][]string{
		"dumb terminal": {"TERM=dumb"},
		"LANG=C":        {"LANG=C"},
		"LC_ALL wins":   {"LC_ALL=POSIX"},
	} {
		t.Run(name, func(t *testing.T) {
			pd, c, id := paged(t, nil, env...)
			text := c.text()
			if strings.HasPrefix(env[0], "L") {
				for _, r := range text {
					if r > 0x7e {
						t.Fatalf("%q is on an ASCII screen:\n%s", r, text)
					}
				}
			} else if s := c.styled(); colour.MatchString(s) {
				t.Errorf("colours on a dumb terminal: %q", colour.FindString(s))
			}
			c.press("a")
			c.sees("acked by you")
			if n := pd.acked(id); n != 1 {
				t.Errorf("the pager has %d acknowledgements, want 1", n)
			}
			if code := c.quits(); code != 0 {
				t.Errorf("exit %d", code)
			}
			c.restored()
		})
	}
}

// TestWhatIsSearchedForIsMarkedWithoutColour: the mark is an underline.
func TestWhatIsSearchedForIsMarkedWithoutColour(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("app.log", "2026-03-02T03:12:00Z level=error msg=\"payment declined\"\n", 0o600)
	s.add("logs:\n  - {type: file, name: app, paths: [app.log]}")
	p := s.cockpit(120, 30, "NO_COLOR=1")
	p.sees("payment declined")
	marked := func(string) bool {
		_, after, ok := strings.Cut(p.styled(), "payment ")
		return ok && regexp.MustCompile(`^\x1b\[[0-9;]*4m(\x1b\[[0-9;]*m)*declined`).MatchString(after)
	}
	if marked("") {
		t.Fatal("it is marked before it is searched for")
	}
	p.typed("L/declined")
	p.press("Enter")
	p.sees("1 match /declined")
	p.until("mark", marked)
	p.press("Escape")
	p.until("end of the mark", func(text string) bool { return strings.Contains(text, "payment declined") && !marked("") })
}
