package feed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// script is a source whose nth Run is its nth step; the last step repeats.
type script struct {
	name  string
	steps []func(ctx context.Context, emit sources.Emit) error

	mu        sync.Mutex
	runs      int
	refreshed int
}

func (s *script) Name() string { return s.name }

func (s *script) Run(ctx context.Context, emit sources.Emit) error {
	s.mu.Lock()
	step := s.steps[min(s.runs, len(s.steps)-1)]
	s.runs++
	s.mu.Unlock()
	return step(ctx, emit)
}

func (s *script) Refresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refreshed++
}

func (s *script) count() (runs, refreshed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.runs, s.refreshed
}

type step = func(context.Context, sources.Emit) error

func fails(f oncall.Fault) step {
	return func(context.Context, sources.Emit) error { return &f }
}

func works(ctx context.Context, emit sources.Emit) error {
	emit(pages("pd", "a"))
	<-ctx.Done()
	return ctx.Err()
}

func silent(ctx context.Context, _ sources.Emit) error {
	<-ctx.Done()
	return ctx.Err()
}

func worksThenFails(_ context.Context, emit sources.Emit) error {
	emit(oncall.PagesEvent{Stamp: stamp("pd", bad("partly"))})
	emit(pages("pd", "a"))
	return &oncall.Fault{Kind: oncall.Unavailable, Source: "pd", Detail: "gone"}
}

// recorder keeps what was emitted and how long after the start.
type recorder struct {
	start time.Time

	mu     sync.Mutex
	events []oncall.Event
	after  []time.Duration
}

func newRecorder() *recorder { return &recorder{start: time.Now()} }

func (r *recorder) emit(e oncall.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
	r.after = append(r.after, time.Since(r.start))
}

func (r *recorder) all() []oncall.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]oncall.Event(nil), r.events...)
}

// health writes the health events as "attempt@wait", or "up".
func (r *recorder) health() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for i, e := range r.events {
		h, ok := e.(oncall.HealthEvent)
		switch {
		case !ok:
		case h.Up:
			out = append(out, "up")
		default:
			out = append(out, fmt.Sprintf("%d@%v", h.Attempt, h.NextTry.Sub(r.start)-r.after[i]))
		}
	}
	return out
}

func half() float64 { return 0.5 }

// supervised runs a script under supervision in fake time for a while.
func supervised(t *testing.T, d time.Duration, s *script, opts Options) *recorder {
	t.Helper()
	r := newRecorder()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := Supervise(ctx, s, r.emit, opts); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Supervise returned %v before its context ended", err)
	}
	return r
}

func TestSuperviseBacksOff(t *testing.T) {
	down := fails(oncall.Fault{Kind: oncall.Unavailable, Source: "pd"})
	for name, c := range map[string]struct {
		steps []step
		after time.Duration
		want  string
	}{
		"doubling up to a minute": {[]step{down}, 3 * time.Minute, "1@500ms 2@1s 3@2s 4@4s 5@8s 6@16s 7@30s 8@30s 9@30s 10@30s 11@30s"},
		"retry-after is a floor":  {[]step{fails(oncall.Fault{Kind: oncall.RateLimited, RetryAfter: 20 * time.Second})}, 30 * time.Second, "1@20.5s 2@21s"},
		"a floor has a limit":     {[]step{fails(oncall.Fault{Kind: oncall.Unavailable, RetryAfter: 24 * time.Hour})}, time.Minute, "1@1h0m0.5s"},
		"auth waits for a person": {[]step{fails(oncall.Fault{Kind: oncall.Auth})}, 45 * time.Second, "1@30.5s 2@31s"},
		"auth obeys as well":      {[]step{fails(oncall.Fault{Kind: oncall.Auth, RetryAfter: time.Minute})}, 45 * time.Second, "1@1m0.5s"},
		"health ends the row":     {[]step{down, down, worksThenFails, down}, 4 * time.Second, "1@500ms 2@1s up 1@500ms 2@1s 3@2s"},
		"silence does not":        {[]step{down, silent}, time.Hour, "1@500ms"},
		"up comes once":           {[]step{worksThenFails, works}, time.Hour, "up 1@500ms up"},
		"an early end is a fault": {[]step{func(context.Context, sources.Emit) error { return nil }}, time.Second, "1@500ms 2@1s"},
		"a plain error too":       {[]step{func(context.Context, sources.Emit) error { return context.Canceled }, silent}, time.Second, "1@500ms"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := supervised(t, c.after, &script{name: "pd", steps: c.steps}, Options{Rand: half})
				if got := strings.Join(r.health(), " "); got != c.want {
					t.Errorf("got  %s\nwant %s", got, c.want)
				}
				for _, e := range r.all() {
					h, ok := e.(oncall.HealthEvent)
					if ok && !h.Up && (h.Err == nil || h.Err.Source == "" && h.Err.Kind != oncall.Unavailable || h.Source != "pd") {
						t.Errorf("a failure without its cause or source: %+v", h)
					}
				}
			})
		})
	}
}

// Full jitter: whatever the random number, the wait lies in its bounds.
func TestBackoffBounds(t *testing.T) {
	for failures := range 70 {
		for _, rnd := range []float64{0, 0.3, 0.999999} {
			for _, floor := range []time.Duration{-time.Second, 0, time.Minute, 100 * time.Hour} {
				low := min(max(0, floor), maxFloor)
				if d := backoff(rnd, failures, maxRestartDelay, floor); d < low || d > low+maxRestartDelay {
					t.Fatalf("backoff(%v, %d, %v) = %v", rnd, failures, floor, d)
				}
			}
		}
	}
}

func TestUpComesBeforeTheNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := supervised(t, time.Minute, &script{name: "pd", steps: []step{worksThenFails, works}}, Options{Rand: half})
		got := briefs(r.all())
		want := []string{
			"pd: pages !partly", "pd: health true", "pd: pages a", "pd: health false !gone",
			"pd: health true", "pd: pages a",
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	})
}

func TestPanicsAreFaults(t *testing.T) {
	const secret = "hunter2-token"
	var null *oncall.Page
	for name, c := range map[string]struct {
		panics func()
		want   string
	}{
		"a mistake": {func() { null.Title = "x" }, "nil pointer dereference"},
		"a value":   {func() { panic("authorised as " + secret) }, "string"},
		"an error":  {func() { panic(errors.New("bad " + secret)) }, "*errors.errorString"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				s := &script{name: "pd", steps: []step{
					func(context.Context, sources.Emit) error { c.panics(); return nil }, works,
				}}
				r := supervised(t, time.Minute, s, Options{Rand: half, Log: slog.New(slog.NewTextHandler(&log, nil))})
				if got := strings.Join(r.health(), " "); got != "1@500ms up" {
					t.Errorf("health: %s", got)
				}
				h := r.all()[0].(oncall.HealthEvent)
				if !strings.Contains(h.Err.Error(), c.want) {
					t.Errorf("the fault %q does not say %q", h.Err, c.want)
				}
				if strings.Contains(h.Err.Error()+log.String(), secret) {
					t.Error("the panic's own words were repeated")
				}
				if !strings.Contains(log.String(), "supervise_test.go") {
					t.Errorf("no stack in the log: %s", &log)
				}
			})
		})
	}
}

// What a source emits after its Run returned is against the contract; it must
// not make a dead source look alive.
func TestNoNewsFromTheDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var late sources.Emit
		s := &script{name: "pd", steps: []step{func(_ context.Context, emit sources.Emit) error {
			late = emit
			return &oncall.Fault{Source: "pd", Kind: oncall.Auth}
		}}}
		r := newRecorder()
		g := NewGroup(r.emit, Options{Rand: half})
		ctx, cancel := context.WithCancel(t.Context())
		g.Start(ctx, s)
		synctest.Wait()
		late(pages("pd", "ghost"))
		cancel()
		g.Wait()
		if got := r.all(); len(got) != 1 {
			t.Errorf("got %v", got)
		}
	})
}

func TestGroupRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		auth := &script{name: "pd", steps: []step{fails(oncall.Fault{Kind: oncall.Auth})}}
		limited := &script{name: "gh", steps: []step{fails(oncall.Fault{Kind: oncall.RateLimited, RetryAfter: time.Minute})}}
		running := &script{name: "am", steps: []step{works}}
		r := newRecorder()
		g := NewGroup(r.emit, Options{Rand: half})
		ctx, cancel := context.WithCancel(t.Context())
		g.Start(ctx, auth, limited)
		g.Start(ctx, running)
		check := func(when string, want ...int) {
			t.Helper()
			synctest.Wait()
			a, _ := auth.count()
			l, _ := limited.count()
			u, refreshed := running.count()
			if got := []int{a, l, u, refreshed}; fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: runs and refreshes %v, want %v", when, got, want)
			}
		}
		check("at first", 1, 1, 1, 0)
		for range 3 {
			for _, name := range []string{"pd", "gh", "am"} {
				if !g.Refresh(name) {
					t.Errorf("%s is unknown", name)
				}
			}
			synctest.Wait()
		}
		check("three refreshes", 4, 1, 1, 3)
		if g.Refresh("nobody") {
			t.Error("an unknown source was refreshed")
		}
		time.Sleep(20 * time.Second)
		check("a used refresh shortens one wait only", 4, 1, 1, 3)
		time.Sleep(40*time.Second + 200*time.Millisecond)
		g.Refresh("gh")
		check("once it has been left alone long enough", 5, 2, 1, 3)
		cancel()
		g.Wait()
	})
}

// A refresh that comes just as a wait ends is used up by that wait.
func TestLateRefreshIsForgotten(t *testing.T) {
	for range 30 {
		synctest.Test(t, func(t *testing.T) {
			s := &script{name: "pd", steps: []step{
				fails(oncall.Fault{Kind: oncall.Unavailable}), fails(oncall.Fault{Kind: oncall.Auth}),
			}}
			var once sync.Once
			var sup *supervisor
			sup = newSupervisor(s, func(oncall.Event) { once.Do(sup.refresh) }, Options{Rand: func() float64 { return 0 }})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := sup.run(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			if runs, _ := s.count(); runs != 2 {
				t.Errorf("ran %d times, want 2", runs)
			}
		})
	}
}

// One source that fails leaves the others alone, and all end when told to.
func TestGroupKeepsSourcesApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder()
		g := NewGroup(r.emit, Options{})
		ctx, cancel := context.WithCancel(t.Context())
		all := make([]sources.Source, 20)
		for i := range all {
			s := &script{name: fmt.Sprint(i), steps: []step{works}}
			if i%2 == 0 {
				s.steps = []step{func(context.Context, sources.Emit) error { panic(i) }}
			}
			all[i] = s
		}
		g.Start(ctx, all...)
		time.Sleep(10 * time.Minute)
		cancel()
		g.Wait()
		for i, s := range all {
			runs, _ := s.(*script).count()
			if i%2 == 1 && runs != 1 || i%2 == 0 && runs < 10 {
				t.Errorf("source %d ran %d times", i, runs)
			}
		}
	})
}
