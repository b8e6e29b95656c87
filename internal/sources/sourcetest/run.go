package sourcetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"conway/internal/sources"
)

// check is one thing that the suite asks of a source.
type check struct {
	name string
	run  func(tb testing.TB, c Case)
}

func checks() []check {
	return []check{
		{"name", checkName},
		{"emits", checkEmits},
		{"ends when cancelled", checkCancel},
		{"ends when cancelled before", checkCancelledBefore},
		{"runs again", checkRunsAgain},
		{"refresh", checkRefresh},
	}
}

// Run checks what every source promises: a constant name, at least one event,
// stamped with that name; an end within a bound of its context's, with the
// context's error; nothing emitted and no goroutine left after that; and that it
// can be run again.
func Run(t *testing.T, c Case) {
	t.Helper()
	for _, ch := range checks() {
		t.Run(ch.name, func(t *testing.T) {
			skip(t, c.Skip, ch.name)
			guardLeaks(t)
			ch.run(t, c)
		})
	}
}

func skip(tb testing.TB, reasons map[string]string, name string) {
	tb.Helper()
	if why, ok := reasons[name]; ok {
		tb.Skip(why)
	}
}

func checkName(tb testing.TB, c Case) {
	tb.Helper()
	s := c.New(tb)
	if s.Name() == "" {
		tb.Error("Name is empty")
	}
	r := begin(tb, c, s)
	r.first()
	r.stop()
	if a, b := r.name, s.Name(); a != b {
		tb.Errorf("Name changed from %q to %q", a, b)
	}
}

func checkEmits(tb testing.TB, c Case) {
	tb.Helper()
	r := begin(tb, c, c.New(tb))
	r.first()
	r.stop()
	for _, e := range r.seen() {
		m := e.Meta()
		if m.Source != r.name {
			tb.Errorf("%T is stamped with source %q, want %q", e, m.Source, r.name)
		}
		if m.At.IsZero() || m.At.After(time.Now().Add(time.Minute)) {
			tb.Errorf("%T is stamped with time %v, want when it was made", e, m.At)
		}
		if m.Err != nil {
			tb.Errorf("%T reports %v although all is well", e, m.Err)
		}
	}
}

func checkCancel(tb testing.TB, c Case) {
	tb.Helper()
	r := begin(tb, c, c.New(tb))
	r.first()
	if err := r.cancelAndWait(); !errors.Is(err, context.Canceled) {
		tb.Errorf("Run returned %v after cancel, want context.Canceled", err)
	}
}

func checkCancelledBefore(tb testing.TB, c Case) {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	cancel()
	r := beginIn(ctx, tb, c, c.New(tb))
	if err := r.cancelAndWait(); !errors.Is(err, context.Canceled) {
		tb.Errorf("Run returned %v when cancelled before, want context.Canceled", err)
	}
}

func checkRunsAgain(tb testing.TB, c Case) {
	tb.Helper()
	s := c.New(tb)
	for range 2 {
		r := begin(tb, c, s)
		r.first()
		if err := r.cancelAndWait(); !errors.Is(err, context.Canceled) {
			tb.Errorf("Run returned %v after cancel, want context.Canceled", err)
		}
	}
}

// checkRefresh asks a sources.Refresher to look again, more often than anything
// could have room for, before, while and after it runs.
func checkRefresh(tb testing.TB, c Case) {
	tb.Helper()
	s := c.New(tb)
	f, ok := s.(sources.Refresher)
	if !ok {
		tb.Skip("not a sources.Refresher")
	}
	poke := func() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 1000 {
				f.Refresh()
			}
		}()
		select {
		case <-done:
		case <-time.After(c.wait()):
			tb.Fatal("Refresh blocks")
		}
	}
	poke()
	r := begin(tb, c, s)
	r.first()
	n := len(r.seen())
	poke()
	r.until("another event after Refresh", func() bool { return len(r.seen()) > n })
	r.stop()
	poke()
}
