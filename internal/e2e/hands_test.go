//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestSixtyByFifteenIsEnough works through an incident in the corner of somebody's
// terminal: acknowledge, note, a runbook's step, resolve. What each key would do
// is named on the screen before it is pressed, and the brief is there throughout.
func TestSixtyByFifteenIsEnough(t *testing.T) {
	t.Parallel()
	pd := newPager(t)
	id := pd.checkout()
	s := newSite(t).pages(pd)
	s.write("broken", "the pool is too small\n", 0o600)
	s.runbook(fmt.Sprintf("# Checkout answers with errors\n\nRoll back first.\n\n## Mend the pool\n\n```sh change\ncat %[1]s/broken\nrm %[1]s/broken\ntrue\ntrue\ntrue\necho mended\n```\n", s.home))
	c := s.cockpit(60, 15)
	brief := func(texts ...string) {
		t.Helper()
		text := c.sees(texts...)
		rows := strings.Split(text, "\n")
		if !strings.Contains(rows[0], "conway") || !strings.Contains(rows[1], title) || !strings.Contains(rows[3], "next:") {
			t.Errorf("the brief is not where it belongs:\n%s", text)
		}
		for _, r := range rows {
			if strings.Contains(r, "…│") && !strings.Contains(r, "/") {
				t.Errorf("what a question says is cut off: %s\n%s", r, text)
			}
		}
	}
	brief("PAGES 1 open", "a ack", "n note", "b runbook", "? help")
	c.press("a")
	brief("ack in", "u cancels")
	brief("acked by you", "next: nobody")
	if n := pd.acked(id); n != 1 {
		t.Errorf("the pager has %d acknowledgements", n)
	}
	c.press("n")
	brief("NOTE on "+title, "enter sends", "esc keeps it")
	c.typed("pool too small, mending it")
	brief("pool too small, mending it")
	c.press("Enter")
	brief("note confirmed")
	if got := pd.written(id); !slices.Equal(got, []string{"PANA: pool too small, mending it"}) {
		t.Errorf("the pager's notes are %q", got)
	}
	c.press("b")
	brief("RUNBOOK Checkout answers", "step 1", "[change]")
	c.press("Enter")
	brief("RUN THIS STEP?", "cat /", "it is confirmed at the end")
	c.poll("the end of the step", patience, func(text string) bool { return strings.Contains(text, "echo mended") }, func() { c.press("PageDown") })
	brief("RUN THIS STEP?", "echo mended", "y runs exactly this")
	c.answer("RUN THIS STEP?", "y")
	brief("exit 0 after", "┊ mended")
	mustNotExist(t, s.path("broken"))
	c.press("R")
	brief("resolve in", "u cancels")
	brief("resolve confirmed", "PAGES 0 open")
	if st := pd.state(id); st.Status != "resolved" {
		t.Errorf("the pager says %s", st.Status)
	}
	if code := c.quits(); code != 0 {
		t.Errorf("exit %d", code)
	}
	c.restored()
}

// screenFile waits for the file in which the screen keeps its state to hold all
// of these, and returns it.
func screenFile(t *testing.T, s *site, has ...string) (path, content string) {
	t.Helper()
	eventually(t, fmt.Sprintf("the kept state holds %q", has), func() bool {
		files, err := filepath.Glob(s.path(".local/state/conway/screen-*.json"))
		if err != nil || len(files) != 1 {
			return false
		}
		path, content = files[0], readFile(t, files[0])
		for _, h := range has {
			if !strings.Contains(content, h) {
				return false
			}
		}
		return true
	})
	return path, content
}

// firstColour returns the sequences in which the first cell of the screen is drawn.
func firstColour(s *screen) string {
	s.tb.Helper()
	return regexp.MustCompile(`^(\x1b\[[0-9;]*m)+`).FindString(s.styled())
}

// TestAKilledScreenIsThereAgain arranges a cockpit, kills it as no program can
// prevent, and starts it again.
func TestAKilledScreenIsThereAgain(t *testing.T) {
	t.Parallel()
	pd := newPager(t)
	pd.checkout()
	pd.Trigger(second())
	s := newSite(t).pages(pd)
	grow(t, s.path("app.log"), `{"time":"%s","level":"error","msg":"payment declined %d","upstream":"acquirer"}`)
	s.add("logs:\n  - {type: file, name: app, paths: [app.log]}")
	c := s.cockpit(120, 40)
	c.sees("PAGES 2 open", "payment declined", "▶ ● high")
	night := firstColour(c)
	c.press("j")
	c.sees("▶ ● low")
	c.press("v")
	c.sees("DETAIL")
	c.press("P")
	c.typed("))J")
	c.press("L")
	c.typed("/declined")
	c.press("Enter")
	c.sees("/declined", "match")
	c.press("t")
	c.sees("TIMELINE")
	c.press(":")
	c.sees("COMMAND")
	c.typed("theme light")
	c.sees("▶ theme light")
	c.until("the look of it", func(string) bool { return firstColour(c) != night })
	c.press("Enter")
	c.sees("TIMELINE")
	light := firstColour(c)
	path, kept := screenFile(t, s, `"theme":"light"`, `"drawer":"timeline"`, `"declined"`, `"preset":"triage"`, `"left"`)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	for _, word := range []string{"queue", "5xx", "acquirer", "payment"} {
		if strings.Contains(kept, word) {
			t.Errorf("%q of a page or a log is in %s", word, kept)
		}
	}
	edges := func(s *screen) string {
		// Where the boxes begin and end, whatever is in them now.
		var out []string
		for l := range strings.SplitSeq(s.text(), "\n") {
			if l = regexp.MustCompile(`[^┌┐└┘├┤│]`).ReplaceAllString(l, " "); strings.TrimSpace(l) != "" {
				out = append(out, l)
			}
		}
		return strings.Join(out, "\n")
	}
	arranged := edges(c)
	pid, ok := c.pid()
	if !ok {
		t.Fatal("no process")
	}
	all := tree(t, pid)
	for _, p := range all {
		if err := syscall.Kill(p, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range all {
		eventually(t, "it has ended", func() bool { return syscall.Kill(p, 0) != nil })
	}

	again := s.cockpit(120, 40)
	again.sees("TIMELINE", "▶ ● low", "/declined", "match")
	if got := firstColour(again); got != light {
		t.Errorf("it is drawn in %q, it was in %q", got, light)
	}
	if got := edges(again); got != arranged {
		t.Errorf("it was arranged as\n%s\nand is as\n%s", arranged, got)
	}
	again.press("L", "/", "Up")
	again.sees("FILTER logs", "declined")
	again.press("Enter")
	if code := again.quits(); code != 0 {
		t.Errorf("exit %d", code)
	}

	// A damaged file is one sentence, and the screen as it comes.
	if err := os.WriteFile(path, []byte(kept[:len(kept)/2]), 0o600); err != nil {
		t.Fatal(err)
	}
	third := s.cockpit(120, 40)
	third.sees("the screen is not as you left it", "it is damaged", "METRICS")
	if got := firstColour(third); got != night {
		t.Errorf("it is drawn in %q, want %q", got, night)
	}
	if code := third.quits(); code != 0 {
		t.Errorf("exit %d", code)
	}
}
