package runner

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"conway/internal/oncall"
)

// processesWith finds living processes by an argument, independently of the
// signs that the runner goes by.
func processesWith(t *testing.T, arg string) []int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(files) == 0 {
		t.Skip("no /proc")
	}
	var pids []int
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil || !slices.Contains(strings.Split(string(b), "\x00"), arg) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(f))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

func TestCancelEndsEveryShape(t *testing.T) {
	t.Parallel()
	// %s is a sleep whose duration is the shape's own mark.
	for i, c := range []struct{ name, script string }{
		{"plain", "echo up; sleep %[1]s"},
		{"exec", "echo up; exec sleep %[1]s"},
		{"background", "sleep %[1]s & sleep %[1]s & echo up; wait"},
		{"ignores TERM", "trap '' TERM; echo up; while :; do sleep %[1]s; done"},
		{"nohup", "nohup sleep %[1]s >/dev/null 2>&1 & echo up; wait"},
		{"setsid", "setsid sleep %[1]s & echo up; wait; sleep %[1]s"},
		{"daemon", "setsid sh -c 'sleep %[1]s >/dev/null 2>&1 </dev/null &' ; echo up; sleep %[1]s"},
		{"double fork", "(setsid sh -c '(sleep %[1]s &) &' &); echo up; sleep %[1]s"},
		{"daemon without environment", "(env -i setsid sleep %[1]s >/dev/null 2>&1 </dev/null &); echo up; sleep %[1]s"},
		{"daemon without descriptors", "(setsid sleep %[1]s >/dev/null 2>&1 </dev/null 3<&- &); echo up; sleep %[1]s"},
		{"pipe holder", "(env -i setsid sleep %[1]s 3<&- &); echo up; sleep %[1]s"},
		{"output flood", "echo up; sleep %[1]s & yes"},
		{"no newline prompt", "printf 'up'; sleep %[1]s"},
		{"reads stdin", "cat; echo up; sleep %[1]s"},
		{"huge line", "echo up; head -c 20000000 /dev/zero | tr '\\0' x; sleep %[1]s"},
		{"stopped", "sleep %[1]s & sleep 0.3; kill -STOP $!; echo up; wait"},
		{"respawns", "trap 'sleep %[1]s & sleep %[1]s &' TERM; echo up; while :; do sleep %[1]s; done"},
		{"new group", "set -m; sleep %[1]s & sleep %[1]s | cat & echo up; wait"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			mark := fmt.Sprintf("7%02d.%d", i, os.Getpid())
			f := start(t, nil)
			f.start(spec("r", "bash", fmt.Sprintf(c.script, mark)))
			until(t, "start", func() bool { return len(f.lines("r")) > 0 && len(processesWith(t, mark)) > 0 })
			asked := time.Now()
			if err := f.Cancel("r"); err != nil {
				t.Fatal(err)
			}
			run := f.end("r")
			// The goal is 2 s; the rest is for a busy machine under the race
			// detector.
			d := time.Since(asked)
			if d > 4*time.Second {
				t.Errorf("took %v", d)
			}
			t.Log(d)
			left := processesWith(t, mark)
			for _, pid := range left {
				if !slices.Contains(run.Survivors, pid) {
					t.Errorf("process %d outlived the cancel unnoticed", pid)
				}
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
			if run.State != oncall.RunCancelled || len(run.Survivors) > 0 || run.Reason != "" {
				t.Errorf("state %v, survivors %v, reason %q", run.State, run.Survivors, run.Reason)
			}
			if e := f.seen("r"); e[len(e)-2].Run.State == oncall.RunCancelled {
				t.Error("two last events")
			}
		})
	}
}

func TestWhatAStepLeavesRunning(t *testing.T) {
	t.Parallel()
	for i, script := range []string{
		"nohup sleep %[1]s >/dev/null 2>&1 &\necho done",
		"sleep %[1]s &\necho done",
		"(setsid sleep %[1]s >/dev/null 2>&1 </dev/null 3<&- &); echo done",
		"(env -i setsid sleep %[1]s >/dev/null 2>&1 </dev/null &); echo done",
		"(while :; do echo more; sleep 0.01; done) & exec 3<&-; sleep %[1]s & echo done",
	} {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			mark := fmt.Sprintf("8%02d.%d", i, os.Getpid())
			f := start(t, nil)
			f.start(spec("r", "bash", fmt.Sprintf(script, mark)))
			run := f.end("r")
			if run.State != oncall.RunExited || run.Exit != 0 || !strings.Contains(texts(f.lines("r")), "done|") {
				t.Errorf("%+v, %q", run, texts(f.lines("r")))
			}
			if d := run.Ended.Sub(run.Started); d > 5*time.Second {
				t.Errorf("a background process held the step up for %v", d)
			}
			left := processesWith(t, mark)
			if len(left) != 1 || !slices.Contains(run.Survivors, left[0]) {
				t.Errorf("left running %v, named %v", left, run.Survivors)
			}
			// It is named, not killed, and does not break on its output.
			for _, pid := range run.Survivors {
				if err := syscall.Kill(pid, 0); err != nil && i != 4 {
					t.Errorf("%d did not go on: %v", pid, err)
				}
			}
			if err := f.Cancel("r"); err == nil || !strings.Contains(err.Error(), strconv.Itoa(left[0])) {
				t.Errorf("cancel of an ended run: %v", err)
			}
			for _, pid := range run.Survivors {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		})
	}
}
