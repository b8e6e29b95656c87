package feed

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

const (
	// maxRestartDelay bounds the wait between restarts, so that a source that is
	// back is seen within a minute.
	maxRestartDelay = time.Minute
	// authDelay is the least wait after a refused credential: only a person can
	// mend it, and asking faster can lock an account.
	authDelay = 30 * time.Second
)

// Options say how sources are supervised. The zero value is fine.
type Options struct {
	// Log takes the stacks of recovered panics; nil discards them.
	Log *slog.Logger
	// Rand returns a random number in [0, 1), from any goroutine; nil means
	// math/rand.
	Rand func() float64
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	return o
}

// Supervise runs s until ctx ends and returns ctx's error. Whenever s fails,
// panics or ends by itself, it emits a HealthEvent that says why and when s is
// tried again, and waits: exponentially longer up to a minute, with full
// jitter, never shorter than the fault's RetryAfter, and at least 30 s when a
// credential was refused. The first event without an error that a run emits is
// preceded by a HealthEvent that says it is up; it ends the row of failures.
//
// A source that has nothing to say for long should emit an empty batch once it
// is connected, because a silent one cannot be told from a stuck one.
func Supervise(ctx context.Context, s sources.Source, emit sources.Emit, opts Options) error {
	return newSupervisor(s, emit, opts).run(ctx)
}

// supervisor keeps one source running.
type supervisor struct {
	source sources.Source
	emit   sources.Emit
	opts   Options
	wake   sources.Nudge

	mu      sync.Mutex
	waiting bool
	// notBefore is the end of the time in which the other side asked not to be
	// called, even by a person who is in a hurry.
	notBefore time.Time
}

func newSupervisor(s sources.Source, emit sources.Emit, opts Options) *supervisor {
	return &supervisor{source: s, emit: emit, opts: opts.withDefaults(), wake: sources.NewNudge()}
}

func (s *supervisor) run(ctx context.Context) error {
	failures := 0
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		healthy, fault := s.once(ctx)
		if err := ctx.Err(); err != nil {
			return err
		}
		if healthy {
			failures = 0
		}
		failures++
		s.pause(ctx, fault, failures)
	}
}

// once is one call of Run. It reports whether it emitted anything good.
func (s *supervisor) once(ctx context.Context) (healthy bool, fault *oncall.Fault) {
	var up, over atomic.Bool
	emit := func(e oncall.Event) {
		if e == nil || over.Load() {
			return
		}
		if e.Meta().Err == nil && up.CompareAndSwap(false, true) {
			s.emit(oncall.HealthEvent{Stamp: s.stamp(nil), Up: true})
		}
		s.emit(e)
	}
	name := s.source.Name()
	err := guard(s.opts.Log, name, "run", func() error { return s.source.Run(ctx, emit) })
	over.Store(true)
	if err == nil {
		return up.Load(), &oncall.Fault{
			Kind: oncall.Unavailable, Source: name, Op: "run", Detail: "it ended without being asked to",
		}
	}
	return up.Load(), faultOf(err, name, "run")
}

// pause tells what went wrong and waits for the next try or a refresh.
func (s *supervisor) pause(ctx context.Context, fault *oncall.Fault, failures int) {
	floor := fault.RetryAfter
	if fault.Kind == oncall.Auth {
		floor = max(floor, authDelay)
	}
	wait := backoff(s.opts.Rand(), failures, maxRestartDelay, floor)
	now := time.Now()
	s.mu.Lock()
	s.waiting, s.notBefore = true, time.Time{}
	if fault.Kind == oncall.RateLimited {
		s.notBefore = now.Add(min(fault.RetryAfter, maxFloor))
	}
	s.mu.Unlock()
	s.emit(oncall.HealthEvent{Stamp: s.stamp(fault), NextTry: now.Add(wait), Attempt: failures})

	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-s.wake:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = false
	select {
	case <-s.wake: // came too late to shorten this wait; it must not shorten the next
	default:
	}
}

// refresh tries a failed source at once and asks a running one to look again.
func (s *supervisor) refresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting {
		if !time.Now().Before(s.notBefore) {
			s.wake.Poke()
		}
		return
	}
	r, ok := s.source.(sources.Refresher)
	if !ok {
		return
	}
	// The fault is in the log with its stack, and the source goes on.
	_ = guard(s.opts.Log, s.source.Name(), "refresh", func() error { r.Refresh(); return nil })
}

func (s *supervisor) stamp(fault *oncall.Fault) oncall.Stamp {
	return oncall.Stamp{Source: s.source.Name(), At: time.Now(), Err: fault}
}
