package runner

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"conway/internal/oncall"
	"conway/internal/runbook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixture is a runner and everything it emitted.
type fixture struct {
	*Runner
	t      *testing.T
	mu     sync.Mutex
	events []oncall.RunEvent
}

func start(t *testing.T, change func(*Options)) *fixture {
	t.Helper()
	f := &fixture{t: t}
	o := Options{
		Now: time.Now, Dir: t.TempDir(), Env: os.Environ(),
		Emit: func(e oncall.Event) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.events = append(f.events, e.(oncall.RunEvent))
		},
	}
	if change != nil {
		change(&o)
	}
	f.Runner = New(o)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := f.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return f
}

func spec(id, interpreter, script string) Spec {
	return Spec{ID: id, Runbook: "a.md", Title: "t", Script: []byte(script), Interpreter: interpreter, Approved: runbook.Digest("a.md", []byte(script), 0)}
}

func (f *fixture) start(s Spec) {
	f.t.Helper()
	if err := f.Start(f.t.Context(), s); err != nil {
		f.t.Fatal(err)
	}
}

// seen returns the events of a run so far.
func (f *fixture) seen(id string) []oncall.RunEvent {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []oncall.RunEvent
	for _, e := range f.events {
		if e.Run.ID == id {
			out = append(out, e)
		}
	}
	return out
}

// until polls to a deadline.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 15 s", what)
		}
	}
}

// end waits for a run's last event.
func (f *fixture) end(id string) oncall.StepRun {
	f.t.Helper()
	var last oncall.StepRun
	until(f.t, "end of "+id, func() bool {
		if e := f.seen(id); len(e) > 0 {
			last = e[len(e)-1].Run
		}
		return last.State.Done()
	})
	return last
}

// lines returns what a screen shows in the end: partial lines replaced.
func (f *fixture) lines(id string) []oncall.OutputLine {
	var out []oncall.OutputLine
	partial := map[bool]int{}
	for _, e := range f.seen(id) {
		for _, l := range e.Output {
			if i, ok := partial[l.Stderr]; ok {
				out[i] = l
				delete(partial, l.Stderr)
				if l.Partial {
					partial[l.Stderr] = i
				}
				continue
			}
			if l.Partial {
				partial[l.Stderr] = len(out)
			}
			out = append(out, l)
		}
	}
	return out
}

func texts(lines []oncall.OutputLine) string {
	var b strings.Builder
	for _, l := range lines {
		if l.Stderr {
			b.WriteString("!")
		}
		b.WriteString(l.Text + "|")
	}
	return b.String()
}

func TestHowStepsEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script string
		exit   int
		output string
	}{
		"plain":            {"echo a\nsleep 0.2\necho b >&2\n", 0, "a|!b|"},
		"exit 3":           {"echo a; exit 3", 3, "a|"},
		"signal":           {"kill -9 $$", 137, ""},
		"terminated":       {"kill -TERM $$", 143, ""},
		"no newline":       {"printf 'a\\nb? '", 0, "a|b? |"},
		"reads stdin":      {"read x; echo \"$? <$x>\"; cat; echo after", 0, "1 <>|after|"},
		"syntax error":     {"echo a\nif", 2, ""},
		"progress":         {"printf '10%%\\r20%%\\r30%%\\r\\nnext\\r\\n'", 0, "30%|next|"},
		"empty lines":      {"echo; echo a; echo", 0, "|a||"},
		"not found":        {"conway-no-such-command 2>/dev/null", 127, ""},
		"no terminal":      {"(echo x >/dev/tty) 2>/dev/null || echo none; echo $TERM", 0, "none|dumb|"},
		"torn characters":  {"printf '\\303'; sleep 0.1; printf '\\251\\n'", 0, "é|"},
		"raw bytes stay":   {"printf '\\377\\033[31m\\n'", 0, "\xff\x1b[31m|"},
		"own session":      {"ps -o sid= -p $$ | tr -d ' ' >s; echo $$ | diff - s && echo same", 0, "same|"},
		"no history":       {"set -o | grep -c 'history *on' || true", 0, "0|"},
		"heredoc":          {"cat <<E\n$((1+1))\nE\n", 0, "2|"},
		"pipeline process": {"exec > >(cat); echo a", 0, "a|"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, nil)
			f.start(spec("r", "bash", c.script))
			run := f.end("r")
			if c.exit == 2 {
				if run.State != oncall.RunExited || run.Exit == 0 {
					t.Errorf("%+v", run)
				}
				return
			}
			tr, ok := f.Transcript("r")
			if run.State != oncall.RunExited || run.Exit != c.exit || texts(f.lines("r")) != c.output || len(run.Survivors) > 0 ||
				!ok || texts(tr.Lines) != c.output || tr.Dropped.Count != 0 || run.Ended.Before(run.Started) {
				t.Errorf("state %v, exit %d, survivors %v, reason %q, shown %q, kept %q; want exit %d and %q",
					run.State, run.Exit, run.Survivors, run.Reason, texts(f.lines("r")), texts(tr.Lines), c.exit, c.output)
			}
			states := ""
			for _, e := range f.seen("r") {
				states += e.Run.State.String() + " "
			}
			if !strings.HasPrefix(states, "starting running ") || strings.Count(states, "exited") != 1 {
				t.Errorf("states: %s", states)
			}
			if err := f.Cancel("r"); err == nil {
				t.Error("an ended run was cancelled")
			}
		})
	}
}

func TestShells(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	script := "echo $0 $#\n"
	f.start(spec("sh", "sh", script))
	if run := f.end("sh"); run.Exit != 0 || texts(f.lines("sh")) != "/dev/fd/3 0|" {
		t.Errorf("%+v %q", run, texts(f.lines("sh")))
	}
	home := t.TempDir()
	for _, name := range []string{".bashrc", ".bash_profile", ".profile"} {
		if err := os.WriteFile(home+"/"+name, []byte("echo startup file\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f = start(t, func(o *Options) {
		o.Env = []string{"HOME=" + home, "BASH_ENV=" + home + "/.bashrc", "ENV=" + home + "/.profile"}
	})
	f.start(spec("b", "bash", "echo only"))
	f.end("b")
	if texts(f.lines("b")) != "only|" {
		t.Errorf("%q", texts(f.lines("b")))
	}
}

func TestPromptIsShownBeforeItsNewline(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	f.start(spec("r", "sh", "printf 'sure? '\nsleep 61.5\n"))
	until(t, "partial line", func() bool {
		l := f.lines("r")
		return len(l) == 1 && l[0].Partial && l[0].Text == "sure? "
	})
	if err := f.Cancel("r"); err != nil {
		t.Fatal(err)
	}
	if run := f.end("r"); run.State != oncall.RunCancelled || run.Exit != 143 || texts(f.lines("r")) != "sure? |" {
		t.Errorf("%+v, %q", run, texts(f.lines("r")))
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	f := start(t, func(o *Options) {
		o.LookPath = func(name string) (string, error) { return "", fmt.Errorf("no %s", name) }
	})
	ok := spec("r", "sh", "echo a")
	for name, change := range map[string]func(*Spec){
		"approved":       func(s *Spec) { s.Approved = "" },
		"differs":        func(s *Spec) { s.Script = []byte("echo b") },
		"differs ":       func(s *Spec) { s.Step = 1 },
		" differs":       func(s *Spec) { s.Runbook = "b.md" },
		"nothing to run": func(s *Spec) { s.Script = nil },
		"no id":          func(s *Spec) { s.ID = "" },
		"not a shell":    func(s *Spec) { s.Interpreter = "python" },
		`"PATH"`:         func(s *Spec) { s.Env = []string{"PATH=/x"} },
		`"LD_PRELOAD"`:   func(s *Spec) { s.Env = []string{"LD_PRELOAD=/x"} },
		`"CONWAY_RUN_ID`: func(s *Spec) { s.Env = []string{"CONWAY_RUN_ID=x"} },
		`"CONWAY_A"`:     func(s *Spec) { s.Env = []string{"CONWAY_A=\x00"} },
		`"CONWAY_x()"`:   func(s *Spec) { s.Env = []string{"CONWAY_x()=() { :; }"} },
	} {
		s := ok
		change(&s)
		if err := f.Start(t.Context(), s); err == nil || !strings.Contains(err.Error(), strings.TrimSpace(name)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if e := f.seen("r"); len(e) != 0 {
		t.Errorf("refused steps emitted %+v", e)
	}
	if err := f.Start(t.Context(), ok); err == nil || !strings.Contains(err.Error(), "sh is not installed") {
		t.Errorf("without a shell: %v", err)
	}
	if e := f.seen("r"); len(e) != 2 || e[1].Run.State != oncall.RunFailed || e[1].Run.Reason == "" {
		t.Errorf("a failed start emitted %+v", e)
	}
	if err := f.Start(t.Context(), ok); err == nil || !strings.Contains(err.Error(), "before") {
		t.Errorf("the same id twice: %v", err)
	}
	f = start(t, func(o *Options) { o.Dir = "/no/such/folder" })
	if err := f.Start(t.Context(), ok); err == nil || !strings.Contains(err.Error(), "/no/such/folder") {
		t.Errorf("without a folder: %v", err)
	}
	if err := f.Cancel("none"); err == nil {
		t.Error("an unknown run was cancelled")
	}
	if _, ok := f.Transcript("none"); ok {
		t.Error("an unknown run has a transcript")
	}
}

func TestClosedAndContext(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	if err := f.Start(ctx, spec("ctx", "sh", "sleep 62.5")); err != nil {
		t.Fatal(err)
	}
	f.start(spec("close", "sh", "sleep 63.5"))
	cancel()
	if run := f.end("ctx"); run.State != oncall.RunCancelled {
		t.Errorf("%+v", run)
	}
	short, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	if err := f.Wait(short); err == nil {
		t.Error("Wait returned while a step ran")
	}
	if err := f.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if run := f.end("close"); run.State != oncall.RunCancelled {
		t.Errorf("%+v", run)
	}
	if err := f.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	if err := f.Start(t.Context(), spec("late", "sh", "echo")); err == nil {
		t.Error("a closed runner started a step")
	}
}

// TestScriptCannotBeSwapped changes the caller's bytes while steps start: what
// runs is what was checked, or nothing.
func TestScriptCannotBeSwapped(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	for i := range 50 {
		s := spec(strconv.Itoa(i), "sh", "echo good")
		err := f.Start(t.Context(), s)
		copy(s.Script, "echo evil")
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range 50 {
		f.end(strconv.Itoa(i))
		if got := texts(f.lines(strconv.Itoa(i))); got != "good|" {
			t.Fatalf("run %d printed %q", i, got)
		}
	}
	// A step cannot change its own script either.
	f.start(spec("self", "sh", "(echo 'echo evil' >/dev/fd/3) 2>/dev/null\necho good\n"))
	f.end("self")
	if got := texts(f.lines("self")); got != "good|" {
		t.Errorf("printed %q", got)
	}
}

// TestPanicOfTheListener checks that nothing runs on unwatched.
func TestPanicOfTheListener(t *testing.T) {
	t.Parallel()
	var once sync.Once
	r := New(Options{Now: time.Now, Env: os.Environ(), Emit: func(e oncall.Event) {
		if len(e.(oncall.RunEvent).Output) > 0 {
			once.Do(func() { panic("listener") })
		}
	}})
	if err := r.Start(t.Context(), spec("r", "sh", "echo a; sleep 64.5")); err != nil {
		t.Fatal(err)
	}
	if err := r.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, _ := r.find("r"); n.state.State != oncall.RunFailed || !strings.Contains(n.state.Reason, "listener") {
		t.Errorf("%+v", n.state)
	}
	if err := r.Close(t.Context()); err != nil {
		t.Error(err)
	}
	until(t, "its end", func() bool { return len(processesWith(t, "64.5")) == 0 })
}
