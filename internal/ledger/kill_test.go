package ledger

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"conway/internal/oncall"
)

// reopenBound is how long a start after a kill may take. The goal is a second;
// the rest is for a machine that is busy with other tests.
const reopenBound = 5 * time.Second

// survived holds a ledger to what a killed process was promised, and returns how
// much that was and how long the start took.
func survived(tb testing.TB, path string, c *child) (promised int, took time.Duration, err error) {
	tb.Helper()
	began := time.Now()
	j, err := Open(tb.Context(), Options{Path: path})
	took = time.Since(began)
	if err != nil {
		return 0, took, fmt.Errorf("it does not open: %w", err)
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	rep, err := j.Verify(tb.Context())
	if err != nil || rep.Flaw != nil {
		return 0, took, fmt.Errorf("verified %+v, %v, %w", rep.Good, rep.Flaw, err)
	}
	all, err := allOf(tb.Context(), j)
	if err != nil {
		return 0, took, err
	}
	have := map[string]bool{}
	for _, r := range all {
		have[r.ID] = true
		if r.Kind == KindAction {
			var a oncall.Action
			if err := r.Decode(&a); err != nil {
				return 0, took, err
			}
			have["act "+a.ID] = true
		}
	}
	as, err := j.Pending(tb.Context())
	if err != nil {
		return 0, took, err
	}
	open := map[string]bool{}
	for _, a := range as {
		open[a.ID] = true
	}
	for _, id := range c.said("rec") {
		promised++
		if !have[id] {
			return 0, took, fmt.Errorf("record %s was accepted and is lost", id)
		}
	}
	tried, ended := c.said("try"), c.said("end")
	for _, id := range c.said("act") {
		promised++
		switch {
		case !have["act "+id]:
			return 0, took, fmt.Errorf("action %s was accepted and is lost", id)
		case slices.Contains(ended, id) && open[id]:
			return 0, took, fmt.Errorf("action %s has ended and is pending", id)
		case !slices.Contains(tried, id) && !open[id]:
			return 0, took, fmt.Errorf("action %s was accepted and is not pending", id)
		}
	}
	if took > reopenBound {
		err = fmt.Errorf("the start after it took %v", took)
	}
	return promised, took, err
}

// killed runs a process to its death, or its end, on a ledger that has been used
// before, and checks what it left. It reports whether it was killed.
func killed(t *testing.T, path string, env, wrap []string, tally *tally) bool {
	t.Helper()
	c := launched(t, "work", path, env, wrap)
	err := c.Wait()
	dead := !c.done()
	var exit *exec.ExitError
	// strace dies of what it kills with.
	if dead && (!errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL) {
		t.Fatalf("it was not killed: %v: %s", err, c.errOut.String())
	}
	promised, took, err := survived(t, path, c)
	if err != nil {
		t.Fatalf("%v: %v\n%s", append(env, wrap...), err, c.errOut.String())
	}
	if dead {
		tally.kills++
		if name, ok := strings.CutPrefix(strings.TrimSpace(c.errOut.String()), "point "); ok {
			tally.names[name]++
		}
	}
	tally.promised += promised
	tally.slowest = max(tally.slowest, took)
	return dead
}

// abandoned returns the path of a ledger whose process was killed, so that there
// is a log to be renewed.
func abandoned(t *testing.T) string {
	t.Helper()
	path := home(t)
	if err := launched(t, "work", path, []string{"LEDGER_FAIL=30"}, nil).Wait(); err == nil {
		t.Error("it was not killed")
	}
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() == 0 {
		t.Errorf("it left no log: %v", err)
	}
	return path
}

type tally struct {
	kills, promised int
	slowest         time.Duration
	names           map[string]int
}

func (s *tally) String() string {
	return fmt.Sprintf("%d kills, %d promises, 0 lost, 0 that ended pending again, slowest start after one %v", s.kills, s.promised, s.slowest)
}

// TestKillAtFailpoints kills a process at its failpoints, in a new ledger, in
// one of the first schema, and again and again in the same one.
func TestKillAtFailpoints(t *testing.T) {
	stride := 9 * slowdown
	if *killFull {
		stride = 1
	}
	s := tally{names: map[string]int{}}
	used := home(t)
	for name, place := range map[string]func() string{
		"new": func() string { return home(t) }, "first schema": func() string { return versionOne(t) },
		"used": func() string { return used }, "killed before": func() string { return abandoned(t) },
	} {
		for at := len(name) % stride; ; at += stride {
			if !killed(t, place(), []string{fmt.Sprint("LEDGER_FAIL=", at)}, nil, &s) {
				break
			}
		}
	}
	t.Logf("%v; at %d named points: %v", &s, len(s.names), slices.Sorted(maps.Keys(s.names)))
	if s.kills < 10/slowdown {
		t.Error("the test missed its points")
	}
}

// TestKillAtSyscalls kills a process at the system calls by which a ledger gets
// to the disk.
func TestKillAtSyscalls(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed")
	}
	if out, err := exec.CommandContext(t.Context(), strace, "-qq", "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		t.Skipf("strace may not trace here: %v: %s", err, out)
	}
	stride := 29 * slowdown
	if *killFull {
		stride = 1
	}
	calls := []string{"pwrite64", "fdatasync", "fsync", "ftruncate", "fallocate", "fcntl", "openat", "unlinkat,unlink", "renameat,rename,renameat2"}
	var all tally
	for _, call := range calls[:len(calls)/min(slowdown, 4)] {
		t.Run(call, func(t *testing.T) {
			s := tally{names: map[string]int{}}
			for _, place := range []func(*testing.T) string{abandoned, func(t *testing.T) string { t.Helper(); return home(t) }} {
				for k := 1; ; k += stride {
					wrap := []string{strace, "-f", "-qq", "-o", os.DevNull, "-e", fmt.Sprintf("inject=%s:signal=SIGKILL:when=%d", call, k)}
					if !killed(t, place(t), nil, wrap, &s) {
						break
					}
				}
			}
			t.Log(&s)
			all.kills, all.promised, all.slowest = all.kills+s.kills, all.promised+s.promised, max(all.slowest, s.slowest)
		})
	}
	t.Logf("in all: %v", &all)
}
