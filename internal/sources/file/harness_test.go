package file

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"conway/internal/oncall"
	"conway/internal/sources"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is a source that is being run.
type running struct {
	t      *testing.T
	cancel context.CancelFunc
	done   chan error
	each   func(oncall.LogLine)

	mu     sync.Mutex
	raw    []string
	lines  []oncall.LogLine
	events []oncall.Event
	ended  bool
}

func start(t *testing.T, s sources.Source) *running {
	t.Helper()
	return startWith(t, s, nil)
}

// startWith hands each line to a function too.
func startWith(t *testing.T, s sources.Source, each func(oncall.LogLine)) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{t: t, cancel: cancel, each: each, done: make(chan error, 1)}
	go func() { r.done <- s.Run(ctx, r.take) }()
	t.Cleanup(r.stop)
	return r
}

func (r *running) take(e oncall.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		r.t.Error("an event after Run returned")
	}
	r.events = append(r.events, e)
	if l, ok := e.(oncall.LinesEvent); ok {
		if len(l.Lines) > 8192 {
			r.t.Errorf("an event of %d lines", len(l.Lines))
		}
		for _, line := range l.Lines {
			r.raw = append(r.raw, line.Raw)
			if r.each != nil {
				r.each(line)
			}
		}
		r.lines = append(r.lines, l.Lines...)
	}
}

// stop ends the run. It may be called twice.
func (r *running) stop() {
	r.t.Helper()
	r.cancel()
	if r.ended {
		return
	}
	select {
	case err := <-r.done:
		if !errors.Is(err, context.Canceled) {
			r.t.Errorf("Run returned %v, want context.Canceled", err)
		}
	case <-time.After(10 * time.Second):
		r.t.Fatal("Run did not return")
	}
	r.mu.Lock()
	r.ended = true
	r.mu.Unlock()
}

func (r *running) got() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.raw)
}

func (r *running) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.raw)
}

func (r *running) faults() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, e := range r.events {
		if f := e.Meta().Err; f != nil {
			out = append(out, f.Error())
		}
	}
	return out
}

func (r *running) gaps() []oncall.Dropped {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []oncall.Dropped
	for _, e := range r.events {
		if l, ok := e.(oncall.LinesEvent); ok && l.Dropped != (oncall.Dropped{}) {
			out = append(out, l.Dropped)
		}
	}
	return out
}

// until waits for a condition.
func (r *running) until(what string, ok func() bool) {
	r.t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			got := r.got()
			r.t.Fatalf("no %s; %d lines, the last %q; faults %q", what, len(got), got[max(0, len(got)-5):], r.faults())
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// want waits for as many lines as there should be, and compares.
func (r *running) want(lines ...string) {
	r.t.Helper()
	r.until(fmt.Sprintf("%d lines", len(lines)), func() bool { return r.count() >= len(lines) })
	if got := r.got(); !slices.Equal(got, lines) {
		r.t.Fatalf("lines = %q, want %q", got, lines)
	}
}

// alive waits for the first event.
func (r *running) alive() {
	r.t.Helper()
	r.until("event", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.events) > 0
	})
}

func logsOf(t *testing.T, paths ...string) *Logs {
	t.Helper()
	l, err := NewLogs(LogOptions{Name: "app", Paths: paths, Poll: 30 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func numbered(from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprintf("line %d", i))
	}
	return out
}

func text(lines []string) string { return strings.Join(lines, "\n") + "\n" }

// in names a file in a directory.
func in(dir, name string) string { return filepath.Join(dir, name) }
