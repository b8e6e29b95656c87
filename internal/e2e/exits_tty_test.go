//go:build e2e

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// failing is a binary of which each part can be made to fail; see the files
// with the build tag failpoint.
var failing = sync.OnceValues(func() (string, error) {
	// Whoever it runs as has to reach it.
	if err := os.Chmod(scratch, 0o711); err != nil {
		return "", err
	}
	path := filepath.Join(scratch, "failing", "conway")
	cmd := exec.Command("go", "build", "-trimpath", "-tags", "failpoint", "-o", path, "conway/cmd/conway")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

func failingBinary(tb testing.TB) string {
	tb.Helper()
	path, err := failing()
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

// nobody is who programs run as where this test is root, from whom a process
// can hide nothing.
const nobody = 65534

// unprivileged has a command run as an ordinary user.
func unprivileged(cmd *exec.Cmd) {
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody, NoSetGroups: true}}
	}
}

// folder returns a new directory that an unprivileged command can use.
func folder(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "cw") //nolint:usetesting // its parents must be open to others
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			tb.Error(err)
		}
	})
	hand(tb, dir)
	return dir
}

// hand gives everything below a directory to whom unprivileged commands run as.
func hand(tb testing.TB, dir string) {
	tb.Helper()
	if os.Getuid() != 0 {
		return
	}
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, nobody, nobody))
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// session is a program on a terminal that outlives it.
type session struct {
	*tape
	tty    *os.File
	before unix.Termios
}

// open runs a program on a new terminal, as the leader of a session that the
// terminal controls. What has a stream of its own is left with it.
func open(tb testing.TB, cmd *exec.Cmd) *session {
	tb.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		tb.Fatal(err)
	}
	master = pollable(tb, master)
	if err := pty.Setsize(tty, &pty.Winsize{Rows: tapeHeight, Cols: tapeWidth}); err != nil {
		tb.Fatal(err)
	}
	s := &session{tape: &tape{tb: tb, cmd: cmd, master: master, started: time.Now(), done: make(chan struct{})}, tty: tty}
	s.before = s.settings()
	if cmd.Stdin == nil {
		cmd.Stdin = tty
	}
	if cmd.Stderr == nil {
		cmd.Stderr = tty
	}
	cmd.Stdout = tty
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setsid, cmd.SysProcAttr.Setctty, cmd.SysProcAttr.Ctty = true, true, 1
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	go s.read()
	tb.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
		_ = tty.Close()
		_ = master.Close()
		<-s.done
	})
	return s
}

// pollable returns a file that can be closed while it is read.
func pollable(tb testing.TB, f *os.File) *os.File {
	tb.Helper()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		tb.Fatal(err)
	}
	if err := errors.Join(f.Close(), unix.SetNonblock(fd, true)); err != nil {
		tb.Fatal(err)
	}
	return os.NewFile(uintptr(fd), "master")
}

// sourceless runs a cockpit without any source on a terminal of its own.
func sourceless(t *testing.T) *session {
	t.Helper()
	home := t.TempDir()
	config := writeFile(t, filepath.Join(home, "config.yaml"), "me: {email: ana@example.com}\n", 0o600)
	cmd := exec.Command(binary, "--config", config)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TERM=xterm-256color", "LANG=C.UTF-8"}
	s := open(t, cmd)
	s.sees("LOGS", "help")
	return s
}

func (s *session) settings() unix.Termios {
	s.tb.Helper()
	t, err := unix.IoctlGetTermios(int(s.tty.Fd()), unix.TCGETS)
	if err != nil {
		s.tb.Fatal(err)
	}
	return *t
}

// exit waits for the program's end and returns its exit code, or minus the
// signal that ended it.
func (s *session) exit() int {
	s.tb.Helper()
	ended := make(chan error, 1)
	go func() { ended <- s.cmd.Wait() }()
	select {
	case err := <-ended:
		if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
			s.tb.Fatal(err)
		}
	case <-time.After(patience):
		s.tb.Fatalf("the program did not end within %s", patience)
	}
	if w, ok := s.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && w.Signaled() { //nolint:misspell // it is syscall's name
		return -int(w.Signal())
	}
	return s.cmd.ProcessState.ExitCode()
}

// child returns the process id of the program's child.
func (s *session) child() int { return childOf(s.tb, s.cmd.Process.Pid) }

func childOf(tb testing.TB, pid int) int {
	tb.Helper()
	child := 0
	eventually(tb, "the program has a child", func() bool {
		kids := childrenOf(pid)
		if len(kids) == 1 {
			child = kids[0]
		}
		return child != 0
	})
	return child
}

// childrenOf returns the living children of a process.
func childrenOf(pid int) []int {
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil
	}
	var out []int
	for _, path := range all {
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		f := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
		kid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && len(f) > 1 && f[0] != "Z" && f[1] == strconv.Itoa(pid) {
			out = append(out, kid)
		}
	}
	return out
}

func signalTo(tb testing.TB, pid int, sig syscall.Signal) {
	tb.Helper()
	if err := syscall.Kill(pid, sig); err != nil {
		tb.Fatal(err)
	}
}

// modes is what the bytes written to a terminal have switched on in it.
type modes struct {
	private map[int]bool
	// keys is the depth of the Kitty keyboard protocol's stack, by screen.
	keys       map[bool]int
	otherKeys  bool
	title      string
	titleStack []string
	margins    bool
	style      string
	// explicit is true while right-to-left text is drawn in the order sent.
	explicit bool
}

var modeSequence = regexp.MustCompile(`\x1b(?:\[\?([0-9;]+)([hl])|\[>([0-9]*)u|\[<([0-9]*)u|\[>4(;[0-9])?m|\[(2[23]);2t|\]2;([^\x07\x1b]*)\x07|\[([0-9;]*)r|\[([0-9;]*)m|\[8([hl]))`)

// modesAfter replays the bytes of a terminal.
func modesAfter(raw []byte) modes {
	m := modes{private: map[int]bool{25: true, 7: true}, keys: map[bool]int{}, title: "before"}
	for _, g := range modeSequence.FindAllSubmatch(raw, -1) {
		s := string(g[0])
		switch {
		case g[1] != nil:
			for n := range strings.SplitSeq(string(g[1]), ";") {
				if i, err := strconv.Atoi(n); err == nil {
					m.private[i] = g[2][0] == 'h'
				}
			}
		case strings.HasPrefix(s, "\x1b[>") && s[len(s)-1] == 'u':
			m.keys[m.private[1049]]++
		case strings.HasPrefix(s, "\x1b[<"):
			m.keys[m.private[1049]] = max(0, m.keys[m.private[1049]]-1)
		case strings.HasPrefix(s, "\x1b[>4"):
			m.otherKeys = g[5] != nil
		case string(g[6]) == "22":
			m.titleStack = append(m.titleStack, m.title)
		case string(g[6]) == "23":
			if n := len(m.titleStack); n > 0 {
				m.title, m.titleStack = m.titleStack[n-1], m.titleStack[:n-1]
			}
		case strings.HasPrefix(s, "\x1b]2;"):
			m.title = string(g[7])
		case g[10] != nil:
			m.explicit = g[10][0] == 'l'
		case s[len(s)-1] == 'r':
			m.margins = len(g[8]) > 0 && string(g[8]) != fmt.Sprintf("1;%d", tapeHeight)
		case s[len(s)-1] == 'm':
			m.style = strings.TrimLeft(string(g[9]), "0")
		}
	}
	return m
}

// faults says in what a terminal differs from how it was before.
func (m modes) faults() []string {
	var out []string
	for n, on := range m.private {
		if want := n == 25 || n == 7; on != want {
			out = append(out, fmt.Sprintf("mode %d is %v", n, on))
		}
	}
	for alternate, depth := range m.keys {
		if depth != 0 {
			out = append(out, fmt.Sprintf("keyboard protocol pushed %d times (alternate screen: %v)", depth, alternate))
		}
	}
	if m.otherKeys || m.margins || m.explicit || m.style != "" {
		out = append(out, fmt.Sprintf("modifyOtherKeys %v, margins %v, explicit order %v, style %q", m.otherKeys, m.margins, m.explicit, m.style))
	}
	if m.title != "before" || len(m.titleStack) != 0 {
		out = append(out, fmt.Sprintf("title %q, %d more saved", m.title, len(m.titleStack)))
	}
	return out
}

// faults says in what the terminal differs from how it was before.
func (s *session) faults() []string {
	out := modesAfter(s.raw()).faults()
	if now := s.settings(); now != s.before {
		out = append(out, fmt.Sprintf("termios %+v, before %+v", now, s.before))
	}
	return out
}

// restoredWithin waits until the terminal is as it was and returns how long it
// took.
func (s *session) restoredWithin(since time.Time) time.Duration {
	s.tb.Helper()
	var faults []string
	for time.Since(since) < patience {
		if faults = s.faults(); len(faults) == 0 {
			return time.Since(since)
		}
		time.Sleep(2 * time.Millisecond)
	}
	s.tb.Fatalf("after %s the terminal is not as it was: %s", patience, strings.Join(faults, "; "))
	return 0
}

// tail is what was written after the alternate screen was left for good.
func (s *session) tail() string {
	raw := s.raw()
	if i := bytes.LastIndex(raw, []byte("\x1b[?1049l")); i >= 0 {
		raw = raw[i:]
	}
	return string(raw)
}
