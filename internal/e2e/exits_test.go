//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// f12 springs the trap of the failing binary.
const f12 = "\x1b[24~"

// whom a signal is sent to.
type target int

const (
	parent target = iota
	child
	group
)

// ending is one way in which the cockpit ends.
type ending struct {
	name string
	// fail names the trap that is sprung, then signal is sent to a target, then
	// keys are typed.
	fail   string
	signal syscall.Signal
	to     target
	keys   string
	// code is the exit code, minus a signal's number if the parent dies of it.
	code int
	// says is on the terminal afterwards; crash is in the crash file, which must
	// not be there if this is empty.
	says, crash string
}

func endings() []ending {
	const crashed = "conway: it crashed; the terminal is as it was. Start it again; why it ended is in "
	panics := func(how, crash string) ending {
		return ending{name: "panic: " + how, fail: how, code: 70, says: crashed, crash: crash}
	}
	all := []ending{
		{name: "q", keys: "q"},
		panics("update", "failpoint update: "), panics("view", "failpoint view: "),
		panics("renderer", "decodeSequence"), panics("command", "failpoint command: "),
		panics("batch", "failpoint batch: "), panics("goroutine", "failpoint goroutine: "),
		panics("nil", "index out of range"), panics("map", "concurrent map"), panics("stack", "stack overflow"),
		panics("log", "a line of the log"),
		{name: "panic: own goroutine, recovered", fail: "own", keys: "q"},
		{name: "os.Exit of a library", fail: "exit", code: 70, says: "it exited (3) in the middle", crash: "a library says"},
		{name: "stdout EPIPE", fail: "epipe", keys: "q"},
		{name: "update hangs, then TERM", fail: "hang", signal: syscall.SIGTERM, code: 143},
		{name: "update spins, then HUP to the child", fail: "spin", signal: syscall.SIGHUP, to: child, code: 129},
		{name: "KILL to the child", signal: syscall.SIGKILL, to: child, code: 137, says: "it was ended by a signal (killed)", crash: "ended by a signal (killed)"},
		{name: "KILL to the parent", signal: syscall.SIGKILL, to: parent, code: -9},
		{name: "ABRT to the child", signal: syscall.SIGABRT, to: child, code: 70, says: crashed, crash: "SIGABRT"},
		{name: "SEGV to the child", signal: syscall.SIGSEGV, to: child, code: 70, says: crashed, crash: "SIGSEGV"},
		{name: "ABRT to the parent", signal: syscall.SIGABRT, to: parent, code: 2},
		{name: "PIPE to the child is survived", signal: syscall.SIGPIPE, to: child, keys: "q"},
		{name: "PIPE to the parent is survived", signal: syscall.SIGPIPE, to: parent, keys: "q"},
		{name: "CONT without a stop", signal: syscall.SIGCONT, to: group, keys: "q"},
		{name: "TSTP where nobody could continue it", signal: syscall.SIGTSTP, to: group, keys: "q"},
	}
	for _, to := range []target{parent, child, group} {
		who := []string{"the parent", "the child", "both"}[to]
		for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM} {
			all = append(all, ending{name: fmt.Sprintf("%s to %s", sig, who), signal: sig, to: to, code: 128 + int(sig)})
		}
		all = append(all, ending{name: "quit to " + who, signal: syscall.SIGQUIT, to: to, code: 131, says: "it was asked to say what it does", crash: "asked by SIGQUIT"})
	}
	return all
}

// TestEveryExitRestoresTheTerminal is goal B1: whatever ends the cockpit, the
// terminal is as before, byte for byte, and the exit code is the documented one.
func TestEveryExitRestoresTheTerminal(t *testing.T) {
	t.Parallel()
	bin := failingBinary(t)
	var mu sync.Mutex
	var figures []string
	t.Cleanup(func() {
		t.Logf("%d exits, all restored; from cause to restored terminal:\n%s", len(figures), strings.Join(figures, "\n"))
	})
	for _, e := range endings() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			took := e.run(t, bin)
			mu.Lock()
			defer mu.Unlock()
			figures = append(figures, fmt.Sprintf("%6.0f ms  %s", float64(took.Microseconds())/1000, e.name))
		})
	}
}

func (e ending) run(t *testing.T, bin string) time.Duration {
	t.Helper()
	home := t.TempDir()
	config := writeFile(t, filepath.Join(home, "config.yaml"), "me: {email: ana@example.com}\n", 0o600)
	cmd := exec.Command(bin, "--config", config)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TERM=xterm-256color", "LANG=C.UTF-8",
		"CONWAY_FAILPOINT=" + e.fail, "CONWAY_FAILPOINT_SECRET=whatever",
	}
	s := open(t, cmd)
	s.sees("LOGS", "help")
	if len(s.faults()) == 0 {
		t.Fatal("the terminal of a running cockpit is as it was: the test shows nothing")
	}
	kid := s.child()
	since := time.Now()
	if e.fail != "" {
		s.typed(f12)
	}
	if e.signal != 0 {
		if e.fail != "" {
			// The trap has sprung when the screen has stopped to change: its
			// clock does so each second.
			time.Sleep(200 * time.Millisecond)
		}
		since = time.Now()
		signalTo(t, []int{s.cmd.Process.Pid, kid, -s.cmd.Process.Pid}[e.to], e.signal)
	}
	if e.keys != "" {
		time.Sleep(300 * time.Millisecond) // a person looks
		since = time.Now()
		s.typed(e.keys)
	}
	code := s.exit()
	took := s.restoredWithin(since)
	if code != e.code {
		t.Errorf("exit %d, want %d:\n%s", code, e.code, s.tail())
	}
	// A hang is what this finds; how long it takes on an idle machine is in the log.
	if limit := 10 * time.Second; took > limit {
		t.Errorf("the terminal was restored after %s, want at most %s on a busy machine", took, limit)
	}
	if e.says != "" {
		eventually(t, fmt.Sprintf("it says %q", e.says), func() bool { return strings.HasSuffix(s.tail(), "\n") })
	}
	if !strings.Contains(s.tail(), e.says) || e.says == "" && strings.Contains(s.tail(), "conway: ") {
		t.Errorf("it says %.500q, want %q", s.tail(), e.says)
	}
	eventually(t, "the child is gone", func() bool { return syscall.Kill(kid, 0) != nil })
	e.checkCrashFile(t, home, s.tail())
	return took
}

func (e ending) checkCrashFile(t *testing.T, home, said string) {
	t.Helper()
	dir := filepath.Join(home, ".local/state/conway")
	found, err := filepath.Glob(filepath.Join(dir, "crash-*"))
	if err != nil {
		t.Fatal(err)
	}
	if e.crash == "" {
		if len(found) != 0 {
			t.Errorf("there is a crash file:\n%s", readFile(t, found[0]))
		}
		return
	}
	if len(found) != 1 {
		t.Fatalf("crash files: %v, want one", found)
	}
	text := readFile(t, found[0])
	if !strings.Contains(text, e.crash) || !strings.HasPrefix(text, "conway ") {
		t.Errorf("%q is missing in the crash file:\n%s", e.crash, text)
	}
	if !strings.Contains(said, found[0]) {
		t.Errorf("the path %s is not in %q", found[0], said)
	}
	for path, want := range map[string]os.FileMode{dir: 0o700, found[0]: 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v: %v", path, info.Mode().Perm(), want, err)
		}
	}
	if len(text) > 300<<10 {
		t.Errorf("the crash file has %d bytes", len(text))
	}
}

// TestLostInputEndsTheCockpit is for a standard input that ends while there is
// still a screen.
func TestLostInputEndsTheCockpit(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	config := writeFile(t, filepath.Join(home, "config.yaml"), "me: {email: ana@example.com}\n", 0o600)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "--config", config)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TERM=xterm-256color", "LANG=C.UTF-8"}
	cmd.Stdin = r
	s := open(t, cmd)
	_ = r.Close()
	s.sees("LOGS", "help")
	since := time.Now()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	code := s.exit()
	took := s.restoredWithin(since)
	eventually(t, "it says why", func() bool { return strings.HasSuffix(s.tail(), "\n") })
	t.Logf("exit %d, restored after %s: %q", code, took, s.tail())
	if code != 1 || !strings.Contains(s.tail(), "conway: ") {
		t.Errorf("exit %d, want 1 and a reason: %q", code, s.tail())
	}
}

// TestLostTerminalEndsBothProcesses is for a terminal that goes away: its other
// side is closed, or it is revoked.
func TestLostTerminalEndsBothProcesses(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"closed", "revoked"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := sourceless(t)
			kid := s.child()
			since := time.Now()
			if how == "closed" {
				_ = s.tty.Close()
				_ = s.master.Close()
			} else if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, s.tty.Fd(), 0x5437, 0); errno != 0 { // TIOCVHANGUP
				t.Skipf("a terminal can only be revoked by root: %v", errno)
			}
			code := s.exit()
			took := time.Since(since)
			t.Logf("exit %d after %s", code, took)
			if code != 129 || took > 2*time.Second {
				t.Errorf("exit %d after %s, want 129 within 2 s", code, took)
			}
			if syscall.Kill(kid, 0) == nil {
				t.Error("the child lives")
			}
		})
	}
}
