package envelope

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"go.uber.org/goleak"
)

// TestMain is also the child of every test here: it does what CONWAY_TEST_CHILD
// says.
func TestMain(m *testing.M) {
	if how := os.Getenv("CONWAY_TEST_CHILD"); how != "" {
		os.Exit(kid(how))
	}
	goleak.VerifyTestMain(m)
}

func kid(how string) int {
	l, err := Join()
	if err != nil || l == nil {
		fmt.Fprintln(os.Stderr, "no link:", err)
		return 9
	}
	if os.Getenv(variable) != "" {
		fmt.Fprintln(os.Stderr, "the mark is left in the environment")
		return 9
	}
	log := slog.New(l.Handler())
	l.Learn(canary)
	log.Info("it began", "with", canary)
	switch how {
	case "well":
		fmt.Fprintln(os.Stderr, "a word \x1b[31mfor the person")
		l.Bye(3, false)
		return 3
	case "steps":
		l.Take(os.Stdin, os.Stdout)
		for _, id := range []string{"1", "2", "3"} {
			l.Began(Process{ID: id, Title: "step " + id, Detail: json.RawMessage(`"` + id + `"`)})
		}
		l.Ended("2")
		syscall.Kill(os.Getpid(), syscall.SIGKILL) //nolint:errcheck // it is its own
		select {}
	case "panic":
		l.Take(os.Stdin, os.Stdout)
		go panic("a secret " + canary)
		select {}
	case "flood":
		for range 2000 {
			fmt.Fprintln(os.Stderr, strings.Repeat("z", 1000))
			log.Info("a long line", "text", strings.Repeat("l", 10000))
		}
		return 4 // without a word
	}
	return 5
}

type outcome struct {
	code         int
	screen, said string
	dir          string
}

// supervise runs a child on a terminal of its own.
func supervise(t *testing.T, how string) outcome {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	o := outcome{dir: filepath.Join(t.TempDir(), "conway")}
	said, screen := make(chan string), make(chan string)
	go func() { said <- all(r) }()
	go func() { screen <- all(master) }()
	before := read(tty)
	o.code, err = Run(t.Context(), Options{
		Path: os.Args[0], Args: []string{"conway"}, Env: append(os.Environ(), "CONWAY_TEST_CHILD="+how),
		Input: tty, Output: tty, Errors: w, StateDir: o.dir, Version: "v1", Now: time.Now,
		End: func(_ context.Context, p Process) ([]int, error) {
			if string(p.Detail) == `"3"` {
				return []int{4711}, nil
			}
			return nil, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if now := read(tty); now[0] != before[0] {
		t.Errorf("the terminal is %+v, was %+v", now, before)
	}
	_ = w.Close()
	_ = tty.Close()
	o.said, o.screen = <-said, <-screen
	_ = r.Close()
	_ = master.Close()
	return o
}

func all(f *os.File) string {
	data, _ := io.ReadAll(f) // a terminal ends with EIO
	return string(data)
}

func (o outcome) crashFile(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(o.dir, "*"))
	if err != nil || len(found) > 1 {
		t.Fatalf("%v: %v", found, err)
	}
	if len(found) == 0 {
		return ""
	}
	data, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestOrderlyEndPassesCodeAndWordsOn(t *testing.T) {
	o := supervise(t, "well")
	if o.code != 3 || o.said != "a word \\x1b[31mfor the person\n" || o.crashFile(t) != "" {
		t.Errorf("%+v", o)
	}
	if o.screen != "" {
		t.Errorf("a terminal that was never taken got %q", o.screen)
	}
}

func TestKilledChild(t *testing.T) {
	o := supervise(t, "steps")
	if o.code != 137 || !strings.HasSuffix(o.screen, undo) {
		t.Errorf("exit %d, the terminal got %q", o.code, o.screen)
	}
	for _, want := range []string{
		"it was ended by a signal (killed); the terminal is as it was", `"step 1" was running and was ended`,
		`"step 3" is still running as 4711; end it with: kill -9 4711`,
	} {
		if !strings.Contains(o.said, want) {
			t.Errorf("%q is missing in %q", want, o.said)
		}
	}
	if strings.Contains(o.said, "step 2") {
		t.Errorf("a step that has ended is named: %q", o.said)
	}
	if text := o.crashFile(t); !strings.Contains(text, "it began") || strings.Contains(text, canary) {
		t.Errorf("crash file:\n%s", text)
	}
}

func TestPanicGoesToTheCrashFileAlone(t *testing.T) {
	o := supervise(t, "panic")
	text := o.crashFile(t)
	if o.code != Crashed || !strings.Contains(text, "panic: a secret "+mask) || !strings.Contains(text, "goroutine 1 ") {
		t.Errorf("exit %d, crash file:\n%s", o.code, text)
	}
	if all := o.screen + o.said + text; strings.Contains(all, canary) || strings.Contains(o.screen+o.said, "goroutine") {
		t.Errorf("on the terminal: %q", o.screen+o.said)
	}
}

func TestFloodIsBounded(t *testing.T) {
	o := supervise(t, "flood")
	text := o.crashFile(t)
	if o.code != Crashed || len(text) > 512<<10 || !strings.Contains(text, "it exited (4) in the middle of its work") {
		t.Errorf("exit %d, crash file of %d bytes: %.200s", o.code, len(text), text)
	}
}

func TestMarkOfAnotherParentIsIgnored(t *testing.T) {
	t.Setenv(variable, markOf(1, true))
	if l, err := Join(); l != nil || err != nil {
		t.Errorf("%v %v", l, err)
	}
	if os.Getenv(variable) != "" {
		t.Error("the mark is left in the environment")
	}
}

func TestNilLinkAndSignalsDoNothing(t *testing.T) {
	var l *Link
	l.Learn("x")
	l.Began(Process{})
	l.Ended("")
	l.Release(nil)
	l.Bye(0, false)
	l.OnRetake(nil)
	slog.New(l.Handler()).Info("nobody hears")
	if l.Lost() != nil {
		t.Error("a parent that never was is lost")
	}
	var s *Signals
	s.Hold(Screen{})()
	s.Lend()()
	s.Stopped()
}

func TestSignalIsTheCauseOfTheEnd(t *testing.T) {
	ctx, s := NewSignals(t.Context(), nil)
	defer s.Stop()
	back := s.Lend()
	if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ctx.Done():
		t.Error("an interrupt meant for an editor ended the program")
	case <-time.After(50 * time.Millisecond):
	}
	back()
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
	if got, ok := errors.AsType[SignalError](context.Cause(ctx)); !ok || got.ExitCode() != 129 {
		t.Errorf("the cause is %v", context.Cause(ctx))
	}
}
