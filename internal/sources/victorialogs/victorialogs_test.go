package victorialogs

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"conway/internal/oncall"
)

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no sign of %s", what)
		}
	}
}

// running is a source at work, and what it has emitted.
type running struct {
	cancel context.CancelFunc
	done   chan error

	mu       sync.Mutex
	messages []string
	alive    int
}

func run(t *testing.T, s *Source) *running {
	t.Helper()
	r := &running{done: make(chan error, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel = cancel
	go func() {
		r.done <- s.Run(ctx, func(e oncall.Event) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.alive++
			for _, l := range e.(oncall.LinesEvent).Lines {
				r.messages = append(r.messages, l.Message)
			}
		})
	}()
	t.Cleanup(func() {
		cancel()
		_ = r.ended(t)
	})
	return r
}

func (r *running) ended(t *testing.T) error {
	t.Helper()
	select {
	case err := <-r.done:
		r.done <- err
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("Run did not return")
	}
	return nil
}

func (r *running) said() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.messages)
}

// TestCutTail cuts a live tail: Run tells of it, and the next one goes on.
func TestCutTail(t *testing.T) {
	f := newFake(t, 0, oncall.LogLine{At: time.Now().Add(-time.Second), Raw: "one"})
	s := f.serve(t, Options{Every: time.Hour})
	s.Follow(oncall.LogQuery{})
	r := run(t, s)
	eventually(t, "a live tail", func() bool { return f.tails.Load() == 1 })
	f.add(oncall.LogLine{At: time.Now(), Raw: "two"})
	eventually(t, "the second line", func() bool { return len(r.said()) == 2 })
	f.cutTails()
	fault, ok := errors.AsType[*oncall.Fault](r.ended(t))
	if !ok || fault.Kind != oncall.Unavailable {
		t.Errorf("Run returned %v, want an outage", fault)
	}
	f.add(oncall.LogLine{At: time.Now(), Raw: "three"})
	r = run(t, s)
	eventually(t, "the third line", func() bool { return len(r.said()) > 0 && f.tails.Load() == 1 })
	f.add(oncall.LogLine{At: time.Now(), Raw: "four"})
	eventually(t, "the fourth line", func() bool { return len(r.said()) > 1 })
	if got := r.said(); !slices.Equal(got, []string{"three", "four"}) {
		t.Errorf("after the cut came %q", got)
	}
}

// TestLateLine becomes visible after the live tail has passed its time.
func TestLateLine(t *testing.T) {
	f := newFake(t, 0, oncall.LogLine{At: time.Now().Add(-time.Second), Raw: "one"})
	s := f.serve(t, Options{})
	s.Follow(oncall.LogQuery{})
	r := run(t, s)
	eventually(t, "a live tail", func() bool { return f.tails.Load() == 1 })
	f.addLate(oncall.LogLine{At: time.Now().Add(-20 * time.Second), Raw: "late"})
	eventually(t, "the late line", func() bool { return slices.Contains(r.said(), "late") })
}

// TestQuietTail follows a query without lines, to which the live tail sends not
// even a head, for longer than a head may take.
func TestQuietTail(t *testing.T) {
	f := newFake(t, 0)
	s := f.serve(t, Options{Timeout: 100 * time.Millisecond})
	s.Follow(oncall.LogQuery{})
	r := run(t, s)
	tails := func() (n int) {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, req := range f.asked {
			if strings.HasSuffix(req.URL.Path, "/tail") {
				n++
			}
		}
		return n
	}
	eventually(t, "three live tails", func() bool { return tails() >= 3 })
	f.add(oncall.LogLine{At: time.Now(), Raw: "at last"})
	eventually(t, "the line", func() bool { return slices.Equal(r.said(), []string{"at last"}) })
	r.cancel()
	if err := r.ended(t); !errors.Is(err, context.Canceled) {
		t.Errorf("Run returned %v", err)
	}
}

func TestRecord(t *testing.T) {
	e := entryOf(`{"_time":"2026-03-02T11:04:31.123456789Z","_stream":"{app=\"checkout\"}","_stream_id":"e9","_msg":"upstream timeout","level":"error","n":9007199254740993}`, false)
	if e.Untimed || e.Line.At.UnixNano() != 1772449471123456789 || e.Line.Level != oncall.LevelError ||
		e.Line.Message != "upstream timeout" || e.Line.Origin != `{app="checkout"}` || !strings.Contains(e.ID, "9007199254740993") {
		t.Errorf("the entry is %+v", e)
	}
	same := entryOf(`{"n":9007199254740993,"level":"error","_msg":"upstream timeout","_stream_id":"e9","_stream":"{app=\"checkout\"}","_time":"2026-03-02T11:04:31.123456789Z"}`, false)
	if same.ID != e.ID {
		t.Errorf("the same line in another order is %q and %q", same.ID, e.ID)
	}
	if e := entryOf(`{"_time":"2026-03-02T11:04:31Z","app":"checkout"}`, false); e.Untimed || e.Line.Message != e.Line.Raw {
		t.Errorf("a line without a message is %+v", e)
	}
	for _, bad := range []string{`null`, `{"_time":`, `{"_msg":"no time"}`, `[]`, `{"_time":"soon"}`} {
		if e := entryOf(bad, false); !e.Untimed || e.Line.Raw != bad {
			t.Errorf("%s became %+v", bad, e)
		}
	}
}

func TestEstimate(t *testing.T) {
	cost, err := newFake(t, 0).serve(t, Options{}).Estimate(t.Context(), oncall.LogQuery{})
	if want := (oncall.LogCost{Bytes: -1, Lines: 9007199254740993}); err != nil || cost != want {
		t.Errorf("the cost is %+v (%v), want %+v", cost, err, want)
	}
}

func TestBadQuery(t *testing.T) {
	_, err := newFake(t, 0).serve(t, Options{}).Search(t.Context(), oncall.LogQuery{Query: "(("}, func(oncall.LogPart) {})
	fault, ok := errors.AsType[*oncall.Fault](err)
	if !ok || fault.Kind != oncall.Rejected || !strings.Contains(fault.Error(), "unexpected token") {
		t.Errorf("the error is %v", err)
	}
}

func TestBadOptions(t *testing.T) {
	for want, o := range map[string]Options{
		"it has no name": {}, "url must be like": {Name: "vl", URL: "vl:9428"},
		"must hold no user": {Name: "vl", URL: "http://me:secret@vl:9428"},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("New(%+v) returned %v, want %q", o, err, want)
		}
	}
}
