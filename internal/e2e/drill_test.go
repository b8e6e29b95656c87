//go:build e2e

package e2e

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDrillFromPageToDebrief is what a newcomer does first. It is not parallel:
// the drill's services need their share of the machine.
func TestDrillFromPageToDebrief(t *testing.T) {
	tmp := t.TempDir()
	c := start(t, 200, 50, []string{"TMPDIR=" + tmp}, "drill", "--speed", "10")
	c.sees("DRILL")
	c.sees("● CHECKOUT 5xx above 5%", "preceded by checkout v412→v413", "last note “rolled back v398: pool size”")
	// The alert names an objective, whose budget burns.
	c.sees("spends SLO checkout-availability", "this page spends it")
	c.press("a")
	c.sees("acked by you")
	c.press("b")
	c.sees("RUNBOOK Checkout answers with errors", "▶ step 1")
	c.press("j")
	c.sees("▶ step 2")
	c.press("j")
	c.sees("▶ step 3")
	c.press("Enter")
	c.sees("ln -sfn releases/v412 current")
	c.answer("RUN THIS STEP?", "y")
	c.sees("exit 0 after", "┊ releases/v412")
	// The ratio falls below what is critical by itself.
	c.until("a service that is well again", func(text string) bool {
		for l := range strings.SplitSeq(text, "\n") {
			if strings.Contains(l, "error ratio") {
				return !strings.Contains(l, "!!")
			}
		}
		return false
	})
	c.press("R")
	c.sees("the service is well again and its page resolved: q ends the drill and prints the debrief")
	// What the page took of the budget is in the drill's own ledger, and its report.
	configs, err := filepath.Glob(filepath.Join(tmp, "*", "config.yaml"))
	if err != nil || len(configs) != 1 {
		t.Fatalf("the drill's config: %v, %v", configs, err)
	}
	c.until("what the page took of the budget", func(string) bool {
		tomorrow := time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)
		r := newSite(t).piped("", "report", "--config", configs[0], "--since", "1w", "--until", tomorrow, "--format", "md")
		return strings.Contains(r.stdout, "one incident took")
	})
	if code := c.quits(); code != 0 {
		t.Errorf("exit %d", code)
	}
	text := c.do("capture-pane", "-p", "-S", "-")
	for _, want := range []string{
		"DRILL bad-deploy: A deploy breaks checkout", "What happened, relative to the page", "What you saw", "What you did",
		"acknowledged page #", `step 3 "Roll back to v412": exit 0 after`, "resolved page #", "checkout was well again",
		"Worth knowing", "Once more: " + binary + " drill bad-deploy",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the debrief:\n%s", want, text)
		}
	}
	if left, err := filepath.Glob(filepath.Join(tmp, "*")); err != nil || len(left) > 0 {
		t.Errorf("the drill left %v, %v", left, err)
	}
}

func TestEveryDrillCanBeLeftAtOnce(t *testing.T) {
	t.Parallel()
	r := newSite(t).piped("", "drill", "--list")
	names := strings.Split(strings.TrimSpace(r.stdout), "\n")
	if r.code != 0 || len(names) < 3 {
		t.Fatalf("drill --list: %+v", r)
	}
	for _, l := range names {
		name, _, _ := strings.Cut(l, " ")
		tmp := t.TempDir()
		c := start(t, 120, 40, []string{"TMPDIR=" + tmp}, "drill", name)
		c.sees("DRILL", "METRICS", "LOGS")
		if code := c.quits(); code != 0 {
			t.Errorf("%s: exit %d", name, code)
		}
		c.sees("Once more:")
		left, err := filepath.Glob(filepath.Join(tmp, "*"))
		if err != nil || len(left) > 0 {
			t.Errorf("%s left %v, %v", name, left, err)
		}
	}
}
