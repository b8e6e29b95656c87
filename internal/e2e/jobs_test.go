//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// shell is an interactive bash with job control on a terminal.
type shell struct {
	*session
	typings int
}

func newShell(t *testing.T, env ...string) *shell {
	t.Helper()
	home := t.TempDir()
	cmd := exec.Command(need(t, "bash", "bash"), "--norc", "--noprofile", "-i")
	cmd.Dir = home
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TERM=xterm-256color", "LANG=C.UTF-8", "PS1=ready> ", "HISTFILE="}, env...)
	writeFile(t, filepath.Join(home, "config.yaml"), "me: {email: ana@example.com}\n", 0o600)
	s := &shell{session: open(t, cmd)}
	s.sees("ready> ")
	return s
}

// asks types a command and returns what it printed. In it, $r is the exit code
// of the one before.
func (s *shell) asks(command string) string {
	s.tb.Helper()
	s.typings++
	begin, end := fmt.Sprintf("begin-%d", s.typings), fmt.Sprintf("end-%d", s.typings)
	// The words are put together by the shell, so that the echo has none.
	s.typed(fmt.Sprintf("r=$?; echo begin-''%d; %s; echo end-''%d\n", s.typings, command, s.typings))
	var out string
	eventually(s.tb, command+" ends", func() bool {
		_, rest, ok := strings.Cut(string(s.raw()), begin+"\r\n")
		if !ok {
			return false
		}
		out, _, ok = strings.Cut(rest, end)
		return ok
	})
	return strings.TrimSpace(out)
}

// writes waits until a text is written from a place of the bytes on.
func (s *shell) writes(from int, text string) {
	s.tb.Helper()
	eventually(s.tb, fmt.Sprintf("%q is written", text), func() bool {
		return strings.Contains(string(s.raw()[from:]), text)
	})
}

// TestJobControl stops the cockpit in every way and continues it in the shell
// that started it.
func TestJobControl(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		sig  syscall.Signal
		to   target
		// raw is true where nothing can be restored: all of it is stopped at once.
		raw bool
	}{
		{"TSTP to the parent", syscall.SIGTSTP, parent, false},
		{"TSTP to the child", syscall.SIGTSTP, child, false},
		{"TSTP to both", syscall.SIGTSTP, group, false},
		{"STOP to the child", syscall.SIGSTOP, child, false},
		{"STOP to both", syscall.SIGSTOP, group, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newShell(t)
			before := s.asks("stty -a")
			s.typed(binary + " --config config.yaml\n")
			s.sees("LOGS", "help")
			pid := childOf(t, s.cmd.Process.Pid)
			kid := childOf(t, pid)
			for range 2 {
				from := len(s.raw())
				signalTo(t, []int{pid, kid, -pid}[c.to], c.sig)
				s.writes(from, "Stopped")
				if faults := modesAfter(s.modal()).faults(); len(faults) > 0 && !c.raw {
					t.Errorf("while it is stopped: %s", strings.Join(faults, "; "))
				}
				if now := s.asks("stty -a"); now != before && !c.raw {
					t.Errorf("while it is stopped:\n%s\nbefore:\n%s", now, before)
				}
				from = len(s.raw())
				s.typed("fg\n")
				s.writes(from, "\x1b[?1049h")
				s.writes(from, "help")
				s.sees("LOGS", "help")
			}
			s.typed("q")
			eventually(t, "it has ended", func() bool { return syscall.Kill(kid, 0) != nil && syscall.Kill(pid, 0) != nil })
			if code := s.asks("echo code=$r"); code != "code=0" {
				t.Error(code)
			}
			if now := s.asks("stty -a"); now != before {
				t.Errorf("after it:\n%s\nbefore:\n%s", now, before)
			}
			if faults := modesAfter(s.modal()).faults(); len(faults) > 0 {
				t.Errorf("after it: %s", strings.Join(faults, "; "))
			}
		})
	}
}

// TestShellIsUsableAfterTheParentWasKilled has the child end while the shell has
// the terminal already: it must not take it from the shell again.
func TestShellIsUsableAfterTheParentWasKilled(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	before := s.asks("stty -a")
	s.typed(binary + " --config config.yaml\n")
	s.sees("LOGS", "help")
	pid := childOf(t, s.cmd.Process.Pid)
	kid := childOf(t, pid)
	signalTo(t, pid, syscall.SIGKILL)
	eventually(t, "the child has ended", func() bool { return syscall.Kill(kid, 0) != nil })
	if code := s.asks("echo code=$r"); code != "code=137" {
		t.Error(code)
	}
	if now := s.asks("stty -a"); now != before {
		t.Errorf("after it:\n%s\nbefore:\n%s", now, before)
	}
	if faults := modesAfter(s.modal()).faults(); len(faults) > 0 {
		t.Errorf("after it: %s", strings.Join(faults, "; "))
	}
}

// modal returns the bytes without the shell's own bracketed paste.
func (s *shell) modal() []byte {
	return []byte(strings.ReplaceAll(string(s.raw()), "\x1b[?2004h", ""))
}

// TestEditorHasTheTerminal gives the terminal to an editor: what is typed there,
// with the signals that go with it, is not the cockpit's, and when the cockpit is
// killed behind it the editor goes too.
func TestEditorHasTheTerminal(t *testing.T) {
	t.Parallel()
	pd := newPager(t)
	pd.checkout()
	site := newSite(t).pages(pd)
	site.config()
	editor := writeFile(t, filepath.Join(t.TempDir(), "editor"), `#!/bin/sh
trap 'echo caught an interrupt' INT
stty -a | grep -q -- '-icanon' && echo RAW
[ -t 2 ] && echo its errors have the terminal
echo EDITOR IS READY
while :; do
	if read line; then [ "$line" = done ] && break; fi
done
echo edited >"$1"
`, 0o700)
	s := newShell(t, "EDITOR="+editor, "CONWAY_CONFIG="+site.path("config.yaml"))
	before := s.asks("stty -a")
	s.typed(binary + "\n")
	s.sees("PAGES 1 open", title)
	pid := childOf(t, s.cmd.Process.Pid)
	kid := childOf(t, pid)
	edit := func() int {
		t.Helper()
		s.until("n", "NOTE")
		from := len(s.raw())
		s.typed("\x05") // ctrl+e
		s.writes(from, "EDITOR IS READY")
		s.writes(from, "its errors have the terminal")
		if text := string(s.raw()[from:]); strings.Contains(text, "RAW") {
			t.Errorf("the editor gets a raw terminal: %q", text)
		}
		return from
	}
	from := edit()
	s.typed("\x03") // ctrl+c, from the terminal to everybody
	s.writes(from, "caught an interrupt")
	s.typed("done\n")
	s.sees("edited")
	s.typed("\x1b")
	s.sees("PAGES 1 open")
	edit()
	if len(running(t, editor)) != 1 {
		t.Fatalf("editors: %v", running(t, editor))
	}
	signalTo(t, kid, syscall.SIGKILL)
	s.writes(0, "it was ended by a signal (killed)")
	eventually(t, "the editor is gone", func() bool { return len(running(t, editor)) == 0 })
	if code := s.asks("echo code=$r"); code != "code=137" {
		t.Errorf("%s: %q", code, s.tail())
	}
	if now := s.asks("stty -a"); now != before {
		t.Errorf("after it:\n%s\nbefore:\n%s", now, before)
	}
}

// TestCrashEndsTheRunningStep is for the ends of the cockpit that leave it no
// time, and for the parent's.
func TestCrashEndsTheRunningStep(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		sig  syscall.Signal
		to   target
	}{
		{"ABRT to the child", syscall.SIGABRT, child},
		{"KILL to the parent", syscall.SIGKILL, parent},
		{"QUIT to both", syscall.SIGQUIT, group},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, sleep := runsFamily(t)
			pid, _ := w.pid()
			kid := behind(t, pid)
			whom := []int{pid, kid}
			if c.to != group {
				whom = whom[c.to : c.to+1]
			}
			for _, p := range whom {
				signalTo(t, p, c.sig)
			}
			eventually(t, "nothing of the step is left", func() bool { return len(running(t, sleep)) == 0 })
			eventually(t, "the child is gone", func() bool { return syscall.Kill(kid, 0) != nil })
			// After a killed parent the shell writes at once, before the child can know
			// and give the screen back: what it wrote then is not on the screen.
			if c.to != parent {
				w.exit()
				w.restored()
			}
		})
	}
}

// TestStoppedAndContinuedFromOutside has the cockpit stopped and continued by
// somebody else, process by process and where no shell waits for it: after that
// the terminal is the cockpit's again.
func TestStoppedAndContinuedFromOutside(t *testing.T) {
	t.Parallel()
	s := sourceless(t)
	pid := s.cmd.Process.Pid
	kid := childOf(t, pid)
	ours := s.settings()
	if ours == s.before {
		t.Fatal("the terminal is as it was before")
	}
	for _, c := range []struct {
		name       string
		stop, cont []int
	}{
		{"the child", []int{kid}, []int{kid}},
		{"both, the parent first", []int{pid, kid}, []int{pid, kid}},
		{"both, the child first", []int{kid, pid}, []int{kid, pid}},
		{"both, crosswise", []int{pid, kid}, []int{kid, pid}},
	} {
		from := len(s.raw())
		for _, p := range c.stop {
			signalTo(t, p, syscall.SIGSTOP)
			eventually(t, "it is stopped", func() bool { return stat(t, p)[0] == "T" })
		}
		if len(c.stop) == 1 {
			eventually(t, c.name+": the terminal is given back", func() bool { return s.settings() == s.before })
		}
		for _, p := range c.cont {
			signalTo(t, p, syscall.SIGCONT)
		}
		eventually(t, c.name+": the terminal is the cockpit's again", func() bool {
			return s.settings() == ours && strings.Contains(string(s.raw()[from:]), "\x1b[?1049h")
		})
	}
	s.typed("q")
	eventually(t, "it has ended", func() bool { return syscall.Kill(kid, 0) != nil })
}
