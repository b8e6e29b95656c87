package sourcetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// rows is a small source of the kind that the suite is for. Its fields break
// one promise each.
type rows struct {
	http   sources.HTTP
	client *http.Client
	url    string
	nudge  sources.Nudge

	rename, noFault, blankOnError, noStamp   bool
	emitLate, ignoreCancel, leak, keepsToken bool
	onlyOnce, blockRefresh, followsRedirects bool
	panics, noDeadline, wrongSource          bool

	mu   sync.Mutex
	runs int
}

func (s *rows) Name() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rename && s.runs > 0 {
		return "other"
	}
	return s.http.Source
}

func (s *rows) Refresh() {
	if s.blockRefresh {
		s.nudge <- struct{}{}
		return
	}
	s.nudge.Poke()
}

func (s *rows) Run(ctx context.Context, emit sources.Emit) error {
	s.mu.Lock()
	s.runs++
	runs := s.runs
	s.mu.Unlock()
	if s.onlyOnce && runs > 1 {
		return errors.New("cannot run again")
	}
	if s.emitLate {
		defer time.AfterFunc(settle/3, func() { emit(oncall.DeploysEvent{}) })
	}
	if s.ignoreCancel {
		defer time.Sleep(time.Second)
	}
	if s.leak {
		go func() { time.Sleep(3 * time.Second) }()
	}
	if s.panics {
		panic("a bug")
	}
	return sources.Poll(ctx, time.Hour, s.nudge, func(ctx context.Context) error { return s.fetch(ctx, emit) })
}

func (s *rows) fetch(ctx context.Context, emit sources.Emit) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/rows", nil)
	if err != nil {
		return err
	}
	var answer struct{ Rows []struct{ ID string } }
	_, err = s.http.Do(s.client, req, "list rows", &answer)
	if err == nil && answer.Rows == nil && !s.blankOnError {
		err = &oncall.Fault{Kind: oncall.Malformed, Source: s.http.Source, Op: "list rows", Detail: "there is no list in the answer"}
	}
	e := oncall.DeploysEvent{Stamp: oncall.Stamp{Source: s.http.Source, At: time.Now()}}
	var f *oncall.Fault
	switch {
	case errors.As(err, &f) && s.wrongSource:
		f.Source = "elsewhere"
		return f
	case err != nil && s.blankOnError && ctx.Err() == nil:
		emit(e)
		return err
	case err != nil && s.noFault && ctx.Err() == nil:
		return errors.New(err.Error())
	case err != nil:
		return err
	}
	if s.noStamp {
		e.Stamp = oncall.Stamp{}
	}
	for _, r := range answer.Rows {
		e.Deploys = append(e.Deploys, oncall.Deploy{Ref: oncall.Ref{ID: r.ID}})
	}
	if s.keepsToken {
		e.Deploys = append(e.Deploys, oncall.Deploy{Title: canary})
	}
	emit(e)
	return nil
}

func newRows(e Endpoint, breaks func(*rows)) *rows {
	s := &rows{url: e.URL, nudge: sources.NewNudge()}
	breaks(s)
	s.http = sources.HTTP{
		Source: "rows", Timeout: e.Timeout, Transport: e.Transport,
		Authorize: func(r *http.Request) error {
			t, err := e.Token(r.Context())
			r.Header.Set("Authorization", "Bearer "+t)
			return err
		},
	}
	s.client = s.http.Client()
	if s.followsRedirects {
		s.client.CheckRedirect = nil
	}
	if s.noDeadline {
		s.client.Timeout = 0
	}
	return s
}

func rowsCase(breaks func(*rows)) HTTPCase {
	return HTTPCase{
		Wait: 2 * time.Second, Bound: 500 * time.Millisecond,
		New: func(_ testing.TB, e Endpoint) sources.Source { return newRows(e, breaks) },
		Healthy: func(testing.TB) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_ = json.NewEncoder(w).Encode(map[string]any{"rows": []map[string]string{{"id": "one"}}})
			})
		},
	}
}

func TestGoodSourcePasses(t *testing.T) {
	HTTP(t, rowsCase(func(*rows) {}))
}

// TestBrokenPromisesAreFound runs one check against a source that breaks it.
func TestBrokenPromisesAreFound(t *testing.T) {
	for _, tt := range []struct {
		check  string
		breaks func(*rows)
		want   string
	}{
		{"name", func(s *rows) { s.rename = true }, "Name changed"},
		{"emits", func(s *rows) { s.noStamp = true }, "stamped with source"},
		{"emits", func(s *rows) { s.keepsToken = true }, "holds the credential"},
		{"emits", func(s *rows) { s.panics = true }, "panicked"},
		{"ends when cancelled", func(s *rows) { s.ignoreCancel = true }, "did not return after cancel"},
		{"ends when cancelled", func(s *rows) { s.emitLate = true }, "emitted after Run returned"},
		{"ends when cancelled", func(s *rows) { s.leak = true }, "goroutines outlive Run"},
		{"runs again", func(s *rows) { s.onlyOnce = true }, "cannot run again"},
		{"refresh", func(s *rows) { s.blockRefresh = true }, "Refresh blocks"},
		{"status 401", func(s *rows) { s.noFault = true }, "want an *oncall.Fault"},
		{"status 503", func(s *rows) { s.blankOnError = true }, "looks like a quiet one"},
		{"status 404", func(s *rows) { s.wrongSource = true }, `of source "elsewhere"`},
		{"body another object", func(s *rows) { s.blankOnError = true }, "looks like a quiet one"},
		{"server hangs", func(s *rows) { s.noDeadline = true }, "did not return by itself"},
		{"redirect 307 elsewhere", func(s *rows) { s.followsRedirects = true }, "to another host"},
	} {
		t.Run(tt.check+": "+tt.want, func(t *testing.T) {
			c := rowsCase(tt.breaks)
			said := observe(t, func(tb testing.TB) {
				tb.Helper()
				guardLeaks(tb)
				if !runNamed(tb, c, tt.check) {
					t.Fatalf("there is no check %q", tt.check)
				}
			})
			if !strings.Contains(said, tt.want) {
				t.Errorf("the suite said %q, want it to find %q", said, tt.want)
			}
		})
	}
}

func runNamed(tb testing.TB, c HTTPCase, name string) bool {
	tb.Helper()
	for _, ch := range checks() {
		if ch.name == name {
			ch.run(tb, Case{Wait: c.Wait, Bound: c.Bound, New: func(tb testing.TB) sources.Source {
				tb.Helper()
				return c.source(tb, c.Healthy(tb), askTimeout)
			}})
			return true
		}
	}
	for _, ch := range append(append(statusChecks(), bodyChecks()...), append(wireChecks(), secretChecks()...)...) {
		if ch.name == name {
			ch.run(tb, c)
			return true
		}
	}
	return false
}

// listener is a testing.TB that notes failures instead of failing.
type listener struct {
	testing.TB
	mu       sync.Mutex
	said     []string
	cleanups []func()
}

// observe runs f as a test would be run and returns what it complained about.
func observe(t *testing.T, f func(testing.TB)) string {
	t.Helper()
	l := &listener{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(l)
	}()
	<-done
	for _, f := range slices.Backward(l.cleanups) {
		f()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.said, "\n")
}

func (l *listener) say(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, s)
}

func (l *listener) Error(args ...any)            { l.say(fmt.Sprint(args...)) }
func (l *listener) Errorf(f string, args ...any) { l.say(fmt.Sprintf(f, args...)) }
func (l *listener) Fatal(args ...any)            { l.Error(args...); runtime.Goexit() }
func (l *listener) Fatalf(f string, args ...any) { l.Errorf(f, args...); runtime.Goexit() }
func (l *listener) Cleanup(f func())             { l.cleanups = append(l.cleanups, f) }
func (l *listener) Helper()                      {}

func (l *listener) Failed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.said) > 0
}

func TestWordsOfFaults(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"control", &oncall.Fault{Source: "s", Op: "o", Detail: "a\x1b[2Jb"}, "control character U+001B"},
		{"bidi", &oncall.Fault{Source: "s", Op: "o", Detail: "a\u202eb"}, "control character U+202E"},
		{"long", &oncall.Fault{Source: "s", Op: "o", Detail: strings.Repeat("x", 2000)}, "want one sentence"},
		{"bytes", &oncall.Fault{Source: "s", Op: "o", Detail: "\xff"}, "not valid UTF-8"},
		{"secret", &oncall.Fault{Source: "s", Op: "o", Detail: canary}, "holds the credential"},
		{"secret cause", &oncall.Fault{Source: "s", Op: "o", Cause: errors.New(canary)}, "holds the credential"},
		{"no op", &oncall.Fault{Source: "s"}, "does not say what was attempted"},
		{"fine", &oncall.Fault{Source: "s", Op: "o", Detail: "naïve café…"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			said := observe(t, func(tb testing.TB) {
				tb.Helper()
				checkWords(tb, "s", tt.err)
			})
			if (tt.want == "") != (said == "") || !strings.Contains(said, tt.want) {
				t.Errorf("said %q, want %q", said, tt.want)
			}
		})
	}
}
