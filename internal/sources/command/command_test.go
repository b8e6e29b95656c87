package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/sourcetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func of(tb testing.TB, argv ...string) *Command {
	tb.Helper()
	c, err := New(Options{Name: "k8s", Argv: argv})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func sh(tb testing.TB, script string) *Command {
	tb.Helper()
	return of(tb, "sh", "-c", script)
}

func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Case{New: func(tb testing.TB) sources.Source {
		tb.Helper()
		return sh(tb, "echo hello; exec sleep 60")
	}})
}

// record keeps the lines of a run.
type record struct {
	mu    sync.Mutex
	lines []oncall.LogLine
}

func (r *record) emit(e oncall.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, e.(oncall.LinesEvent).Lines...)
}

func (r *record) raw(origin string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, l := range r.lines {
		if l.Origin == origin {
			out = append(out, l.Raw)
		}
	}
	return out
}

func TestOutputAndEnd(t *testing.T) {
	var r record
	err := sh(t, `echo '{"level":"warn","msg":"slow"}'; echo one >&2; printf 'two \033[31m words' >&2; exit 3`).Run(t.Context(), r.emit)
	f := oncall.AsFault(err, "", "")
	if f == nil || f.Kind != oncall.Unavailable || f.Error() != "k8s: run sh: unavailable: exited with status 3: two [31m words" {
		t.Errorf("fault = %v", err)
	}
	if got := r.raw("stdout"); !slices.Equal(got, []string{`{"level":"warn","msg":"slow"}`}) {
		t.Errorf("stdout = %q", got)
	}
	if got := r.raw("stderr"); !slices.Equal(got, []string{"one", "two \x1b[31m words"}) {
		t.Errorf("stderr = %q", got)
	}
	for _, l := range r.lines {
		if want := map[string]oncall.Level{"stdout": oncall.LevelWarn, "stderr": oncall.LevelNone}[l.Origin]; l.Level != want || l.Source != "k8s" {
			t.Errorf("line = %+v", l)
		}
	}
}

// TestHasNoTerminal is about programs that ask for a password on the terminal,
// whatever their input and output are: that is the screen's.
func TestHasNoTerminal(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("there is no /proc here to tell a process' session")
	}
	var r record
	_ = sh(t, `echo $$ $(cut -d" " -f6 /proc/$$/stat)`).Run(t.Context(), r.emit) // it ends, which is a fault
	if got := r.raw("stdout"); len(got) != 1 || len(strings.Fields(got[0])) != 2 || strings.Fields(got[0])[0] != strings.Fields(got[0])[1] {
		t.Errorf("the process and its session are %q, which are not the same", got)
	}
}

func TestEnds(t *testing.T) {
	for script, want := range map[string]string{
		"exit 0":                              "exited with status 0; give it an option to go on following, such as --follow",
		"kill -9 $$":                          "was ended by a signal: killed",
		"exec 1>&- 2>&-; sleep 0.05; exit 4":  "exited with status 4",
		"sleep 60 >/dev/null 2>&1 & exit 5":   "exited with status 5",
		"sh -c 'sleep 0.1; echo late' & exit": "exited with status 0",
	} {
		err := sh(t, script).Run(t.Context(), func(oncall.Event) {})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", script, err, want)
		}
	}
}

func TestRefuses(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		o    Options
		want string
	}{
		{Options{Argv: []string{"no-such-program", "--token", "hunter2"}}, "k8s: run no-such-program: refused: no-such-program was not found; install it, or give its full path in argv"},
		{Options{Argv: []string{"./no-such"}, Dir: dir}, "./no-such was not found"},
		{Options{Argv: []string{"sh"}, Dir: filepath.Join(dir, "gone")}, "gone was not found; correct dir"},
		{Options{Argv: []string{plain}}, "plain may not be executed; make it executable"},
	} {
		tt.o.Name = "k8s"
		c, err := New(tt.o)
		if err != nil {
			t.Fatal(err)
		}
		err = c.Run(t.Context(), func(oncall.Event) { t.Errorf("%v emitted", tt.o.Argv) })
		f := oncall.AsFault(err, "", "")
		if f == nil || f.Kind != oncall.Rejected || !strings.Contains(f.Error(), tt.want) {
			t.Errorf("%v: %v, want %q", tt.o.Argv, err, tt.want)
		}
		if strings.Contains(fmt.Sprint(err), "hunter2") {
			t.Errorf("an argument is in the fault: %v", err)
		}
	}
	if _, err := New(Options{Name: "k8s"}); err == nil {
		t.Error("an empty argv was accepted")
	}
}

// TestCancelEndsAllProcesses cancels commands of several shapes and looks for
// survivors.
func TestCancelEndsAllProcesses(t *testing.T) {
	for name, script := range map[string]string{
		"plain":            `echo $$; exec sleep 60`,
		"child":            `sleep 60 & echo $$ $!; wait`,
		"ignores TERM":     `trap '' TERM; echo $$; while :; do sleep 1; done`,
		"silent child":     `sleep 60 >/dev/null 2>&1 & echo $$ $!; exec sleep 60`,
		"closed its ends":  `echo $$; exec >&- 2>&-; while :; do sleep 1; done`,
		"child is left":    `sleep 60 & echo $!`,
		"prints for ever":  `echo $$; while :; do echo x; done`,
		"prints on ending": `trap 'echo bye; exit' TERM; echo $$; while :; do sleep 0.05; done`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r record
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := make(chan error, 1)
			go func() { done <- sh(t, script).Run(ctx, r.emit) }()
			deadline := time.Now().Add(10 * time.Second)
			for len(r.raw("stdout")) == 0 {
				if time.Now().After(deadline) {
					t.Fatal("no output")
				}
				time.Sleep(5 * time.Millisecond)
			}
			cancel()
			select {
			case err := <-done:
				if !errors.Is(err, context.Canceled) {
					t.Errorf("Run returned %v", err)
				}
			case <-time.After(grace + 5*time.Second):
				t.Fatal("Run did not return")
			}
			out := r.raw("stdout")
			for field := range strings.FieldsSeq(out[0]) {
				pid, err := strconv.Atoi(field)
				if err != nil {
					t.Fatal(err)
				}
				for survives(pid) {
					if time.Now().After(deadline.Add(10 * time.Second)) {
						t.Fatalf("process %d survives", pid)
					}
					time.Sleep(5 * time.Millisecond)
				}
			}
			if name == "prints on ending" && out[len(out)-1] != "bye" {
				t.Errorf("last words = %q", out[len(out)-1])
			}
		})
	}
}

// survives reports whether a process runs. An orphan that nobody has reaped yet
// does not.
func survives(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func TestFloodIsCounted(t *testing.T) {
	if _, err := exec.LookPath("seq"); err != nil {
		t.Skip("there is no seq")
	}
	const n = 200_000
	var r record
	err := of(t, "seq", strconv.Itoa(n)).Run(t.Context(), r.emit)
	if err == nil {
		t.Error("the end is no fault")
	}
	got := r.raw("stdout")
	if len(got) != n {
		t.Fatalf("%d lines, want %d", len(got), n)
	}
	for i, s := range got {
		if s != strconv.Itoa(i+1) {
			t.Fatalf("line %d is %q", i+1, s)
		}
	}
}

func TestEnv(t *testing.T) {
	keep := []string{"PATH=/bin", "HOME=/root", "KUBECONFIG=/k", "SSH_AUTH_SOCK=/s", "PWD=/x", "AWS_PROFILE=prod", "GOOGLE_APPLICATION_CREDENTIALS_FILE=/f", "HTTP_PROXY=http://proxy:3128", "KEYBOARD=us"}
	drop := []string{"PAGERDUTY_TOKEN=x", "AWS_SECRET_ACCESS_KEY=x", "AWS_SESSION_TOKEN=x", "api_key=x", "DB_PASSWORD=x", "PGPASS=x", "SENTRY_DSN=x", "BASIC_AUTH=x", "DATABASE_URL=postgres://u:p@h/db", "X=ghp_abc", "JWT=eyJabc"}
	if got := Env(append(slices.Clone(keep), drop...)); !slices.Equal(got, keep) {
		t.Errorf("Env = %q, want %q", got, keep)
	}
	t.Setenv("CONWAY_TEST_TOKEN", "hunter2")
	t.Setenv("CONWAY_TEST_WORD", "seen")
	var r record
	_ = of(t, "env").Run(t.Context(), r.emit)
	all := strings.Join(r.raw("stdout"), "\n")
	if strings.Contains(all, "hunter2") || !strings.Contains(all, "CONWAY_TEST_WORD=seen") {
		t.Errorf("the command's environment is %q", all)
	}
	r = record{}
	c, err := New(Options{Name: "k8s", Argv: []string{"env"}, Env: []string{"A=1"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Run(t.Context(), r.emit)
	if got := r.raw("stdout"); !slices.Equal(got, []string{"A=1"}) {
		t.Errorf("the command's environment is %q", got)
	}
}

func TestDir(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "here"), []byte("#!/bin/sh\npwd -P\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(Options{Name: "k8s", Argv: []string{"./here"}, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	var r record
	_ = c.Run(t.Context(), r.emit)
	if got := r.raw("stdout"); !slices.Equal(got, []string{real}) {
		t.Errorf("it ran in %q, want %q", got, real)
	}
}

// TestACommandEndsWithTheProgram kills a program that runs a quiet command, which so
// cannot notice that nobody listens any more.
func TestACommandEndsWithTheProgram(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends it, by PR_SET_PDEATHSIG")
	}
	const runs = "CONWAY_TEST_RUNS_A_COMMAND"
	if os.Getenv(runs) != "" {
		_ = sh(t, "echo $$; exec sleep 300").Run(t.Context(), func(e oncall.Event) {
			if b, ok := e.(oncall.LinesEvent); ok {
				for _, l := range b.Lines {
					fmt.Println(l.Raw)
				}
			}
		})
		return
	}
	program := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$")
	program.Env = append(os.Environ(), runs+"=yes")
	out, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscan(out, &pid); err != nil {
		t.Fatal(err)
	}
	if err := program.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = program.Wait() // it was killed
	for end := time.Now().Add(10 * time.Second); survives(pid); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			t.Fatal("the command goes on")
		}
	}
}
