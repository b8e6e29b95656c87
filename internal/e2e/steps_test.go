//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// sleeps makes a duration for sleep that no other process sleeps for.
var sleeps atomic.Int64

func longSleep() string { return fmt.Sprintf("86%07d.%d", os.Getpid(), sleeps.Add(1)) }

// running returns the command lines of the processes that hold a word.
func running(tb testing.TB, word string) []string {
	tb.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		tb.Fatal(err)
	}
	var out []string
	for _, f := range all {
		data, err := os.ReadFile(f)
		if err == nil && strings.Contains(string(data), word) {
			out = append(out, strings.ReplaceAll(string(data), "\x00", " "))
		}
	}
	return out
}

// alive reports whether a process is there and not only waits to be reaped.
func alive(pid int) bool {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	return !strings.HasPrefix(rest, "Z")
}

// behind returns the cockpit's own process, which the one that a shell starts
// has for its child.
func behind(tb testing.TB, pid int) int {
	tb.Helper()
	// What the step has left behind may be its child too.
	for _, c := range children(tb, pid) {
		name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", c))
		if err == nil && strings.HasPrefix(filepath.Base(binary), strings.TrimSpace(string(name))) {
			return c
		}
	}
	tb.Fatalf("process %d has no child of the same program", pid)
	return 0
}

// family is a step that starts children in every way that hides them: in the
// background, immune to a hangup, in a session of their own, and with their
// parent gone.
func family(sleep string) string {
	return "# Checkout\n\n## Wait for ever\n\n```sh observe\n" + strings.ReplaceAll(`sleep SLEEP &
nohup sleep SLEEP >/dev/null 2>&1 &
setsid sleep SLEEP &
(setsid sh -c 'trap "" TERM HUP; sleep SLEEP' >/dev/null 2>&1 </dev/null &)
echo all of them run
wait
`, "SLEEP", sleep) + "```\n"
}

// runs starts the family and waits until all of it is there.
func runsFamily(tb testing.TB) (c *screen, sleep string) {
	tb.Helper()
	sleep = longSleep()
	_, c, _ = paged(tb, func(s *site) { s.runbook(family(sleep)) })
	c.press("b")
	c.sees("RUNBOOK Checkout", "step 1")
	c.press("Enter")
	c.answer("RUN THIS STEP?", "y")
	c.sees("all of them run", "running")
	eventually(tb, "five processes of the step run", func() bool { return len(running(tb, sleep)) >= 5 })
	return c, sleep
}

func TestCancelledStepLeavesNoChild(t *testing.T) {
	t.Parallel()
	c, sleep := runsFamily(t)
	c.press("x")
	c.sees("cancelled after")
	// The screen says that it is over: so it has to be, at once.
	if left := running(t, sleep); len(left) != 0 {
		t.Errorf("these survived:\n%s", strings.Join(left, "\n"))
	}
	if text := c.text(); strings.Contains(text, "still running") {
		t.Errorf("survivors are shown:\n%s", text)
	}
	if code := c.quits(); code != 0 {
		t.Errorf("exit %d", code)
	}
	c.restored()
}

func TestQuitAsksWhileAStepRunsAndEndsIt(t *testing.T) {
	t.Parallel()
	c, sleep := runsFamily(t)
	c.press("q")
	c.sees("QUIT?", "1 runbook step is still running; quitting ends it and all its children.")
	c.answer("QUIT?", "y")
	if code := c.exit(); code != 0 {
		t.Errorf("exit %d", code)
	}
	if left := running(t, sleep); len(left) != 0 {
		t.Errorf("these survived:\n%s", strings.Join(left, "\n"))
	}
	c.restored()
}

func TestSignalsEndItAndTheRunningStep(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		sig  syscall.Signal
		// cockpit is true for the process behind the one that the shell started.
		cockpit bool
		code    int
	}{
		{"HUP", syscall.SIGHUP, false, 129},
		{"TERM", syscall.SIGTERM, false, 143},
		{"TERM to the cockpit itself", syscall.SIGTERM, true, 143},
		{"KILL to the cockpit itself", syscall.SIGKILL, true, 137},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, sleep := runsFamily(t)
			pid, ok := w.pid()
			if !ok {
				t.Fatal("the program has not started")
			}
			if c.cockpit {
				pid = behind(t, pid)
			}
			if err := syscall.Kill(pid, c.sig); err != nil {
				t.Fatal(err)
			}
			if code := w.exit(); code != c.code {
				t.Errorf("exit %d, want %d", code, c.code)
			}
			if left := running(t, sleep); len(left) != 0 {
				t.Errorf("these survived:\n%s", strings.Join(left, "\n"))
			}
			w.restored()
			if c.sig == syscall.SIGKILL {
				text := w.text()
				for _, want := range []string{"the terminal is as it was", "was running and was ended with all its children"} {
					if !strings.Contains(text, want) {
						t.Errorf("%q is not said:\n%s", want, text)
					}
				}
			}
		})
	}
}

func TestLostTerminalEndsItAndTheRunningStep(t *testing.T) {
	t.Parallel()
	c, sleep := runsFamily(t)
	pid, _ := c.pid()
	all := tree(t, pid)
	// As when an ssh connection drops: the terminal itself goes away.
	c.do("kill-server")
	eventually(t, "the program ends", func() bool {
		return !slices.ContainsFunc(all, alive)
	})
	if left := running(t, sleep); len(left) != 0 {
		t.Errorf("these survived:\n%s", strings.Join(left, "\n"))
	}
}

func TestFailedStepShowsItsExitStatus(t *testing.T) {
	t.Parallel()
	_, c, _ := paged(t, func(s *site) {
		s.runbook("# Checkout\n\n## Look\n\n```sh observe\necho one\necho two >&2\nexit 7\n```\n\n## Not as it stands\n\n```sh change\nkubectl rollout undo <deployment>\n```\n")
	})
	c.press("b")
	c.sees("RUNBOOK Checkout", "step 1")
	c.press("Enter")
	c.answer("RUN THIS STEP?", "y")
	c.sees("✗ exit 7 after", "┊ one", "┊ two")
	c.press("j")
	c.sees("▶ step 2")
	c.press("Enter")
	text := c.sees("this step cannot run as it is written")
	if strings.Contains(text, "RUN THIS STEP?") {
		t.Errorf("a step with a placeholder can be confirmed:\n%s", text)
	}
}
