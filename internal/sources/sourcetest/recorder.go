package sourcetest

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"go.uber.org/goleak"

	"conway/internal/oncall"
	"conway/internal/sources"
)

const (
	// settle is how long after Run's return the suite listens for an event that
	// must not come.
	settle = 15 * time.Millisecond
	// pollEvery is how often a condition is looked at, and Stir called.
	pollEvery = 10 * time.Millisecond
	// maxSentence bounds a fault's sentence, which has to fit on a screen.
	maxSentence = 1000
	// canary is the credential under test. It looks like one, so that a filter
	// that knows the shapes of tokens is not what the suite measures.
	canary = "conway-canary-3f9c1e77b2"
)

// recorder is one Run under observation.
type recorder struct {
	testing.TB

	c      Case
	name   string
	cancel context.CancelFunc
	done   chan struct{}
	err    error

	mu       sync.Mutex
	events   []oncall.Event
	returned bool
	late     int
}

func begin(tb testing.TB, c Case, s sources.Source) *recorder {
	tb.Helper()
	return beginIn(tb.Context(), tb, c, s)
}

func beginIn(ctx context.Context, tb testing.TB, c Case, s sources.Source) *recorder {
	tb.Helper()
	r := &recorder{TB: tb, c: c, name: s.Name(), done: make(chan struct{})}
	ctx, r.cancel = context.WithCancel(ctx)
	go func() {
		defer close(r.done)
		defer func() {
			if p := recover(); p != nil {
				r.err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
				tb.Errorf("Run panicked: %v", r.err)
			}
			r.mu.Lock()
			r.returned = true
			r.mu.Unlock()
		}()
		r.err = s.Run(ctx, r.emit)
	}()
	return r
}

func (r *recorder) emit(e oncall.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.returned {
		r.late++
		return
	}
	r.events = append(r.events, e)
}

func (r *recorder) seen() []oncall.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// pretends reports whether news came that say that all is well.
func (r *recorder) pretends() bool {
	return slices.ContainsFunc(r.seen(), func(e oncall.Event) bool { return e.Meta().Err == nil })
}

func (r *recorder) ended() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// first waits for one event.
func (r *recorder) first() {
	r.Helper()
	r.until("an event", func() bool { return len(r.seen()) > 0 })
}

// until waits for a condition, and stirs meanwhile. A Run that ends first is a
// failure: there is nothing left to wait for.
func (r *recorder) until(what string, ok func() bool) {
	r.Helper()
	deadline := time.Now().Add(r.c.wait())
	for !ok() {
		if r.ended() {
			if ok() {
				return
			}
			r.cancel()
			r.Fatalf("Run returned %v before %s", r.err, what)
		}
		if time.Now().After(deadline) {
			r.cancel()
			r.Fatalf("no sign of %s within %v", what, r.c.wait())
		}
		if r.c.Stir != nil {
			r.c.Stir(r.TB)
		}
		time.Sleep(pollEvery)
	}
}

// cancelAndWait ends the Run and returns what it returned.
func (r *recorder) cancelAndWait() error {
	r.Helper()
	r.cancel()
	return r.waitFor(r.c.bound(), "after cancel")
}

// stop ends the Run; what it returns is another check's business.
func (r *recorder) stop() {
	r.Helper()
	if err := r.cancelAndWait(); err == nil {
		r.Error("Run returned no error; it ends with its context's or with a fault")
	}
}

// wait returns what Run returns by itself.
func (r *recorder) wait() error {
	r.Helper()
	return r.waitFor(r.c.wait(), "by itself")
}

func (r *recorder) waitFor(limit time.Duration, why string) error {
	r.Helper()
	select {
	case <-r.done:
	case <-time.After(limit):
		r.Fatalf("Run did not return %s within %v", why, limit)
	}
	r.cancel()
	r.afterReturn()
	return r.err
}

// afterReturn checks what has to hold whenever a Run has ended, however it did.
func (r *recorder) afterReturn() {
	r.Helper()
	time.Sleep(settle)
	r.mu.Lock()
	late := r.late
	r.mu.Unlock()
	if late > 0 {
		r.Errorf("%d events were emitted after Run returned", late)
	}
	checkWords(r.TB, r.name, r.err)
	for _, e := range r.seen() {
		for _, s := range prints(e) {
			if strings.Contains(s, canary) {
				r.Errorf("%T holds the credential", e)
			}
		}
		if f := e.Meta().Err; f != nil {
			checkWords(r.TB, r.name, f)
		}
		if series, ok := e.(oncall.SeriesEvent); ok {
			for _, p := range series.Panels {
				if p.Fault != nil {
					checkWords(r.TB, r.name, p.Fault)
				}
			}
		}
	}
}

// guardLeaks fails tb when, after all else is cleaned up, goroutines are left
// that were not there before. It is called before anything else is made.
func guardLeaks(tb testing.TB) {
	tb.Helper()
	before := goleak.IgnoreCurrent()
	tb.Cleanup(func() {
		if tb.Failed() {
			return // the cause is known already
		}
		if err := goleak.Find(before); err != nil {
			tb.Errorf("goroutines outlive Run: %v", err)
		}
	})
}

func prints(v any) []string {
	return []string{fmt.Sprintf("%v", v), fmt.Sprintf("%+v", v), fmt.Sprintf("%#v", v)}
}

// checkWords checks an error that a person may see: it holds no secret, all the
// way down its chain, no control character, and names its source.
func checkWords(tb testing.TB, name string, err error) {
	tb.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, s := range prints(e) {
			if strings.Contains(s, canary) {
				tb.Errorf("an error of type %T holds the credential", e)
			}
		}
	}
	var f *oncall.Fault
	if !errors.As(err, &f) {
		return
	}
	if f.Source != name {
		tb.Errorf("a fault is of source %q, want %q: %q", f.Source, name, f.Error())
	}
	if f.Op == "" {
		tb.Errorf("a fault does not say what was attempted: %q", f.Error())
	}
	s := f.Error()
	if !utf8.ValidString(s) {
		tb.Errorf("a fault is not valid UTF-8: %q", s)
	}
	if len(s) > maxSentence {
		tb.Errorf("a fault is %d bytes long, want one sentence: %.200q…", len(s), s)
	}
	for _, c := range s {
		if unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			tb.Errorf("a fault holds the control character %U: %q", c, s)
			break
		}
	}
}
