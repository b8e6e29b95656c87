package ssh

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"conway/internal/oncall"
)

// TestMain makes of this test binary an ssh, when it is started as one.
func TestMain(m *testing.M) {
	if dir := os.Getenv("FAKE_SSH"); dir != "" {
		os.Exit(fakeSSH(dir, os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}

// fakeSSH runs the command in a session of its own, as sshd does: when this end
// goes away, all that it hears is the end of its input.
func fakeSSH(dir string, args []string) int {
	note(dir, os.Getpid())
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	if _, err := os.Stat(filepath.Join(dir, "stall")); err == nil {
		<-terminated
		return lost
	}
	if words, err := os.ReadFile(filepath.Join(dir, "stderr")); err == nil {
		fmt.Fprintln(os.Stderr, string(words))
		return lost
	}
	batch := false
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		n := 1
		if args[0] == "-o" {
			n, batch = 2, batch || args[1] == "BatchMode=yes"
		}
		args = args[n:]
	}
	if len(args) != 2 || args[0] != "web-03" || !batch {
		fmt.Fprintln(os.Stderr, "usage: ssh", args)
		return lost
	}
	if words, err := os.ReadFile(filepath.Join(dir, "greeting")); err == nil {
		fmt.Print(string(words))
	}
	cmd := exec.Command("sh", "-c", args[1])
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	stdin, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return lost
	}
	note(dir, cmd.Process.Pid)
	go func() {
		_, _ = io.Copy(stdin, os.Stdin) // it ends with this process
		_ = stdin.Close()
	}()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // its exit status says how it ended
	}()
	for {
		select {
		case <-terminated:
			return lost
		case <-ended:
			return cmd.ProcessState.ExitCode()
		case <-time.After(5 * time.Millisecond):
			if _, err := os.Stat(filepath.Join(dir, "cut")); err == nil {
				fmt.Fprintln(os.Stderr, "Connection to web-03 closed by remote host.")
				return lost
			}
		}
	}
}

func note(dir string, pid int) {
	if err := os.WriteFile(filepath.Join(dir, "pid-"+strconv.Itoa(pid)), nil, 0o600); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// host is another host with one file.
type host struct {
	tb  testing.TB
	dir string
}

func newHost(tb testing.TB, ls ...oncall.LogLine) *host {
	tb.Helper()
	h := &host{tb: tb, dir: tb.TempDir()}
	h.write("app's log.log", "")
	h.add(ls...)
	return h
}

func (h *host) path() string { return filepath.Join(h.dir, "app's log.log") }

func (h *host) write(name, text string) {
	h.tb.Helper()
	f, err := os.OpenFile(filepath.Join(h.dir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(text)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		h.tb.Error(err)
	}
}

func (h *host) remove(name string) {
	h.tb.Helper()
	if err := os.Remove(filepath.Join(h.dir, name)); err != nil {
		h.tb.Error(err)
	}
}

func (h *host) add(ls ...oncall.LogLine) {
	for _, l := range ls {
		h.write("app's log.log", l.At.UTC().Format(time.RFC3339Nano)+" "+l.Raw+"\n")
	}
}

// running counts the processes that are at work, here and there.
func (h *host) running() (n int) {
	files, err := filepath.Glob(filepath.Join(h.dir, "pid-*"))
	if err != nil {
		h.tb.Error(err)
	}
	for _, f := range files {
		_, pid, _ := strings.Cut(filepath.Base(f), "-")
		// One that has ended and that nobody has asked about stays as a zombie.
		stat, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
		if err == nil && !strings.Contains(string(stat), ") Z ") {
			n++
		}
	}
	return n
}

func (h *host) source(paths ...string) *Source {
	h.tb.Helper()
	if len(paths) == 0 {
		paths = []string{h.path()}
	}
	s, err := New(Options{
		Name: "web", Host: "web-03", Paths: paths, Argv: []string{os.Args[0]},
		Env: []string{"FAKE_SSH=" + h.dir, "PATH=" + os.Getenv("PATH")}, Retry: 20 * time.Millisecond, Timeout: 5 * time.Second,
	})
	if err != nil {
		h.tb.Fatal(err)
	}
	return s
}
