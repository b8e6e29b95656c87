package pagerduty_test

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"conway/internal/drill/pdserver"
	"conway/internal/drill/pdserver/pdschema"
	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/pagerduty"
)

const token = "t0ken-that-nobody-may-see"

// description is loaded once; it is only read.
var description = sync.OnceValues(pdschema.Find)

// checked returns what to wrap a server's API in so that every request of the
// source and every answer is held against PagerDuty's description.
func checked(tb testing.TB) func(http.Handler) http.Handler {
	tb.Helper()
	schema, err := description()
	if errors.Is(err, pdschema.ErrAbsent) {
		tb.Skip(err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return func(h http.Handler) http.Handler {
		return schema.Wrap(h, func(err error) { tb.Error(err) })
	}
}

// direct hands requests to a handler without a network, so that a test can have
// a clock of its own.
type direct struct{ h http.Handler }

func (d direct) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	defer func() {
		if p := recover(); p != nil {
			if p != http.ErrAbortHandler { //nolint:errorlint // the very value is what a handler panics with
				panic(p)
			}
			// A client that has given up sees that, and not the cut after it.
			resp, err = nil, cmp.Or(req.Context().Err(), io.ErrUnexpectedEOF)
		}
	}()
	in := req.Clone(req.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	rec := httptest.NewRecorder()
	d.h.ServeHTTP(rec, in)
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	resp = rec.Result()
	resp.Request = req
	return resp, nil
}

// account is a PagerDuty with three people; Ana is at the screen.
func account(tb testing.TB, change ...func(*pdserver.Options)) *pdserver.Server {
	tb.Helper()
	now := time.Now().UTC().Truncate(time.Second)
	o := pdserver.Options{
		Token: token, Me: "PANA", Wrap: checked(tb),
		Users: []pdserver.User{
			{ID: "PANA", Name: "Ana Lima", Email: "ana@example.com", Teams: []string{"PPAY"}},
			{ID: "PBEN", Name: "Ben Ode", Email: "ben@example.com"},
			{ID: "PCEM", Name: "Cem Su", Email: "cem@example.com"},
		},
		Teams: []pdserver.Team{{ID: "PPAY", Name: "Payments"}},
		Services: []pdserver.Service{
			{ID: "PCHK", Name: "checkout", Policy: "PPOL", Teams: []string{"PPAY"}},
			{ID: "PLED", Name: "ledger", Policy: "POTH"},
		},
		Policies: []pdserver.Policy{
			{ID: "PPOL", Name: "Payments", Rules: []pdserver.Rule{{Delay: 15 * time.Minute}, {Delay: 15 * time.Minute, Users: []string{"PCEM"}}}},
			{ID: "POTH", Name: "Ledger", Rules: []pdserver.Rule{{Delay: 30 * time.Minute, Users: []string{"PBEN"}}}},
		},
		Shifts: []pdserver.Shift{
			{Policy: "PPOL", Level: 1, User: "PANA", Schedule: "Primary", Start: now.Add(-time.Hour), End: now.Add(6 * time.Hour)},
			{Policy: "PPOL", Level: 1, User: "PBEN", Schedule: "Primary", Start: now.Add(6 * time.Hour), End: now.Add(18 * time.Hour)},
			{Policy: "PPOL", Level: 1, User: "PANA", Schedule: "Primary", Start: now.Add(18 * time.Hour), End: now.Add(30 * time.Hour)},
		},
	}
	for _, f := range change {
		f(&o)
	}
	return pdserver.New(o)
}

func source(tb testing.TB, h http.Handler, change ...func(*pagerduty.Options)) *pagerduty.Source {
	tb.Helper()
	o := pagerduty.Options{
		Name: "pd", URL: "http://pd.test", Transport: direct{h}, UserAgent: "conway/test",
		Token: func(context.Context) (string, error) { return token, nil },
	}
	for _, f := range change {
		f(&o)
	}
	s, err := pagerduty.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func all(o *pagerduty.Options) { o.Scope = pagerduty.All }

// running is a source under way, in a bubble whose time only passes while
// everything waits.
type running struct {
	t    *testing.T
	stop context.CancelFunc
	done chan error

	mu     sync.Mutex
	events []oncall.Event
}

func run(t *testing.T, s sources.Source) *running {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r := &running{t: t, stop: stop, done: make(chan error, 1)}
	go func() {
		r.done <- s.Run(ctx, func(e oncall.Event) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.events = append(r.events, e)
		})
	}()
	synctest.Wait()
	return r
}

// pages returns the newest snapshot of pages.
func (r *running) pages() oncall.PagesEvent {
	r.t.Helper()
	e, ok := last[oncall.PagesEvent](r)
	if !ok {
		r.t.Fatal("no pages were emitted")
	}
	return e
}

func (r *running) roster() oncall.RosterEvent {
	r.t.Helper()
	e, ok := last[oncall.RosterEvent](r)
	if !ok {
		r.t.Fatal("no roster was emitted")
	}
	return e
}

func last[T oncall.Event](r *running) (out T, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		if v, is := e.(T); is {
			out, ok = v, true
		}
	}
	return out, ok
}

func count[T oncall.Event](r *running) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, e := range r.events {
		if _, is := e.(T); is {
			n++
		}
	}
	return n
}

func (r *running) end() error {
	r.t.Helper()
	r.stop()
	return <-r.done
}

// pass lets time go by and everything that is due in it happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// faultOf asserts that err is a fault of a kind and returns it.
func faultOf(tb testing.TB, err error, kind oncall.FaultKind) *oncall.Fault {
	tb.Helper()
	var f *oncall.Fault
	if !errors.As(err, &f) {
		tb.Fatalf("got %T %v, want a fault", err, err)
	}
	if f.Kind != kind {
		tb.Fatalf("the fault is %v, want %v: %v", f.Kind, kind, f)
	}
	if strings.Contains(f.Error(), token) {
		tb.Fatalf("the fault holds the token: %v", f)
	}
	return f
}

func byTitle(pages []oncall.Page) map[string]oncall.Page {
	out := map[string]oncall.Page{}
	for _, p := range pages {
		out[p.Title] = p
	}
	return out
}

// asked counts the requests to a path.
func asked(s *pdserver.Server, method, path string) int {
	n := 0
	for _, r := range s.Requests() {
		if r.Method == method && r.Path == path {
			n++
		}
	}
	return n
}

// wantFault is faultOf for whoever needs no more of it.
func wantFault(tb testing.TB, err error, kind oncall.FaultKind) {
	tb.Helper()
	_ = faultOf(tb, err, kind)
}
