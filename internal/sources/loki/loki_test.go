package loki

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"conway/internal/oncall"
)

const all = `{app="checkout"}`

// running is a source at work, and what it has emitted.
type running struct {
	*Source

	cancel context.CancelFunc
	done   chan error

	mu     sync.Mutex
	events []oncall.LinesEvent
}

func run(t *testing.T, s *Source) *running {
	t.Helper()
	r := &running{Source: s, done: make(chan error, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel = cancel
	go func() {
		r.done <- s.Run(ctx, func(e oncall.Event) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.events = append(r.events, e.(oncall.LinesEvent))
		})
	}()
	t.Cleanup(func() { _ = r.stop(t) })
	return r
}

func (r *running) stop(t *testing.T) error {
	t.Helper()
	r.cancel()
	return r.ended(t)
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

func (r *running) raws() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, e := range r.events {
		for _, l := range e.Lines {
			out = append(out, l.Raw)
		}
	}
	return out
}

func (r *running) dropped() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		n += e.Dropped.Count
	}
	return n
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no sign of %s", what)
		}
	}
}

func line(at time.Time, text string) oncall.LogLine {
	return oncall.LogLine{At: at, Origin: "web-1", Raw: text}
}

// TestCutTail cuts a connected tail in each way; what came meanwhile is shown by
// the next Run, and nothing twice.
func TestCutTail(t *testing.T) {
	for code, want := range map[websocket.StatusCode]string{
		0:                             "the tail was cut off",
		websocket.StatusInternalError: "Loki ended the tail: the reason in words",
		websocket.StatusNormalClosure: "ends each tail at once",
	} {
		t.Run(code.String(), func(t *testing.T) {
			f := newFake(t, 0, line(time.Now().Add(-time.Minute), "one"))
			s := f.serve(t, Options{})
			s.Follow(oncall.LogQuery{Query: all})
			r := run(t, s)
			eventually(t, "a tail", func() bool { return f.connected() == 1 })
			f.add(line(time.Now(), "two"))
			eventually(t, "two lines", func() bool { return len(r.raws()) == 2 })
			f.cut(code)
			err := r.ended(t)
			if fault, ok := errors.AsType[*oncall.Fault](err); !ok || fault.Kind != oncall.Unavailable || !strings.Contains(fault.Error(), want) {
				t.Errorf("Run returned %v, want an outage that says %q", err, want)
			}
			eventually(t, "the end of the tail", func() bool { return f.connected() == 0 })
			f.add(line(time.Now().Add(-2*time.Second), "three"))
			r = run(t, s)
			eventually(t, "the third line", func() bool { return len(r.raws()) > 0 && f.connected() == 1 })
			f.add(line(time.Now(), "four"))
			eventually(t, "the fourth line", func() bool { return len(r.raws()) > 1 })
			if got := r.raws(); !slices.Equal(got, []string{"three", "four"}) || r.dropped() > 0 {
				t.Errorf("after the cut came %v, and %d were dropped", got, r.dropped())
			}
		})
	}
}

// TestLineBeforeTheTailFollows has a line come after the connection is accepted
// and before Loki begins to follow, so that only a question can bring it.
func TestLineBeforeTheTailFollows(t *testing.T) {
	f := newFake(t, 0, line(time.Now().Add(-time.Minute), "one"))
	f.slow = make(chan struct{})
	s := f.serve(t, Options{})
	s.Follow(oncall.LogQuery{Query: all})
	r := run(t, s)
	eventually(t, "a request for a tail", func() bool { return f.told("/tail") == 1 })
	// Whatever is asked too early is asked by then.
	for end := time.Now().Add(100 * time.Millisecond); f.told("/query_range") == 1 && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	f.add(line(time.Now().Add(-time.Second), "two"))
	close(f.slow)
	eventually(t, "the line in between", func() bool { return len(r.raws()) == 2 })
	if got := r.raws(); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("the lines are %v", got)
	}
}

func TestTooManyTails(t *testing.T) {
	f := newFake(t, 0)
	f.refuse = "max concurrent tail requests limit exceeded, count > limit (11 > 10)"
	s := f.serve(t, Options{})
	s.Follow(oncall.LogQuery{Query: all})
	err := run(t, s).ended(t)
	fault, ok := errors.AsType[*oncall.Fault](err)
	if !ok || fault.Kind != oncall.RateLimited || !strings.Contains(fault.Error(), "close another tail") {
		t.Errorf("Run returned %v", err)
	}
}

// TestSilentTail is of a connection that is open and dead.
func TestSilentTail(t *testing.T) {
	f := newFake(t, 0)
	f.silent = true
	s := f.serve(t, Options{Silence: 100 * time.Millisecond})
	s.Follow(oncall.LogQuery{Query: all})
	err := run(t, s).ended(t)
	if !errors.Is(err, errSilent) || !strings.Contains(err.Error(), "not even a ping") {
		t.Errorf("Run returned %v", err)
	}
}

func TestDroppedEntriesAreCounted(t *testing.T) {
	f := newFake(t, 0)
	s := f.serve(t, Options{})
	s.Follow(oncall.LogQuery{Scope: "checkout", Query: all})
	r := run(t, s)
	eventually(t, "a tail", func() bool { return f.connected() == 1 })
	f.say(`{"streams":[{"stream":{"app":"checkout"},"values":[["1772449471123456789","level=error msg=x"]]}],"dropped_entries":[{"labels":{},"timestamp":"1"},{"labels":{},"timestamp":"2"}]}`)
	f.say(`{"streams":null,"dropped_entries":null}`)
	eventually(t, "the line", func() bool { return len(r.raws()) == 1 })
	if n := r.dropped(); n != 2 {
		t.Errorf("%d lines were dropped, want 2", n)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		if e.Scope != "checkout" {
			t.Errorf("an event has scope %q", e.Scope)
		}
		for _, l := range e.Lines {
			if l.At.UnixNano() != 1772449471123456789 || l.Level != oncall.LevelError || l.Message != "x" {
				t.Errorf("the line is %+v", l)
			}
		}
	}
}

// TestMalformedMessage ends the tail, so that what the message held is asked for.
func TestMalformedMessage(t *testing.T) {
	f := newFake(t, 0)
	s := f.serve(t, Options{})
	s.Follow(oncall.LogQuery{Query: all})
	r := run(t, s)
	eventually(t, "a tail", func() bool { return f.connected() == 1 })
	f.say(`{"streams":[{"str`)
	fault, ok := errors.AsType[*oncall.Fault](r.ended(t))
	if !ok || fault.Kind != oncall.Malformed {
		t.Errorf("Run returned %v", fault)
	}
}

func TestManyLinesOfOneMoment(t *testing.T) {
	at := time.Now().Add(-time.Minute)
	f := newFake(t, 0)
	for i := range 40 {
		f.add(line(at, fmt.Sprintf("line %d", i)))
	}
	f.add(line(at.Add(-time.Second), "before"), line(at.Add(time.Second), "after"))
	s := f.serve(t, Options{Page: 5})
	found, err := s.Search(t.Context(), oncall.LogQuery{Query: all}, func(oncall.LogPart) {})
	if err != nil || found.Lines != 42 || !found.Complete || found.Matched != 42 {
		t.Errorf("found %+v (%v), want all 42 lines", found, err)
	}
}

func TestQueryThatMakesNumbers(t *testing.T) {
	s := newSource(t, Options{URL: "http://127.0.0.1:1"})
	a := answer{Status: "success"}
	a.Data.ResultType = "matrix"
	_, err := s.read(a, opSearch, time.Time{})
	if err == nil || !strings.Contains(err.Error(), "makes numbers and no lines; write a log query") {
		t.Errorf("the error is %v", err)
	}
}

func TestBadQuery(t *testing.T) {
	s := newFake(t, 0).serve(t, Options{})
	_, err := s.Search(t.Context(), oncall.LogQuery{Query: "app=checkout"}, func(oncall.LogPart) {})
	fault, ok := errors.AsType[*oncall.Fault](err)
	if !ok || fault.Kind != oncall.Rejected || !strings.Contains(fault.Error(), "parse error at line 1") {
		t.Errorf("the error is %v", err)
	}
	_, err = s.Search(t.Context(), oncall.LogQuery{}, func(oncall.LogPart) {})
	if err == nil || !strings.Contains(err.Error(), "there is no query; give the source one") {
		t.Errorf("the error is %v", err)
	}
}

func TestEstimate(t *testing.T) {
	s := newFake(t, 0).serve(t, Options{Header: http.Header{"X-Scope-Orgid": {"t1"}}})
	cost, err := s.Estimate(t.Context(), oncall.LogQuery{Query: "{app=\"check}out\", x=`}`} |= \"error\""})
	want := oncall.LogCost{Bytes: 9007199254740993, Lines: 1234, Parts: 2, PartName: "streams"}
	if err != nil || cost != want {
		t.Errorf("the cost is %+v (%v), want %+v", cost, err, want)
	}
}

func TestTenantIsSent(t *testing.T) {
	f := newFake(t, 0)
	s := f.serve(t, Options{Query: all, Header: http.Header{"X-Scope-Orgid": {"t1|t2"}}})
	s.Follow(oncall.LogQuery{})
	run(t, s)
	eventually(t, "a tail", func() bool { return f.connected() == 1 })
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, h := range f.headers {
		if h.Get("X-Scope-OrgID") != "t1|t2" || h.Get("X-Loki-Response-Encoding-Flags") != "categorize-labels" { //nolint:misspell // the word is Loki's
			t.Errorf("the request for %s has headers %v", f.asked[i], h)
		}
	}
}

func TestBadOptions(t *testing.T) {
	for want, o := range map[string]Options{
		"it has no name": {}, "url must be like": {Name: "loki", URL: "loki:3100"},
		"must hold no user": {Name: "loki", URL: "http://me:secret@loki:3100"},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("New(%+v) returned %v, want %q", o, err, want)
		}
	}
}

// TestBeside is about what Loki keeps beside a line: it is found like the line's own
// fields, the message stays what it was, and the line is one with the same without.
func TestBeside(t *testing.T) {
	const trace = `{"structuredMetadata":{"trace_id":"4b\"f9","detected_level":"error"},"parsed":{"user":"ana"}}`
	for _, c := range []struct{ line, beside, raw, message string }{
		{"upstream timeout", trace, `{"message":"upstream timeout","trace_id":"4b\"f9"}`, "upstream timeout"},
		{`{"msg":"slow", "n":1}`, trace, `{"msg":"slow", "n":1,"trace_id":"4b\"f9"}`, "slow"},
		{"level=error msg=slow", trace, `level=error msg=slow trace_id="4b\"f9"`, "slow"},
		{"level=error trace_id=own msg=slow", trace, "level=error trace_id=own msg=slow", "slow"},
		{"upstream timeout", `{"trace_id":"4bf9"}`, `{"message":"upstream timeout","trace_id":"4bf9"}`, "upstream timeout"},
		{"upstream timeout", `{"structuredMetadata":{"detected_level":"error"}}`, "upstream timeout", "upstream timeout"},
		{"upstream timeout", `7`, "upstream timeout", "upstream timeout"},
		{"{}", trace, `{"message":"{}","trace_id":"4b\"f9"}`, "{}"},
	} {
		text, _ := json.Marshal(c.line)
		e, ok := entryOf(json.RawMessage(`["1772449471123456789",` + string(text) + "," + c.beside + "]"))
		if !ok || e.Line.Raw != c.raw || e.Line.Message != c.message || e.ID != c.line {
			t.Errorf("%s and %s is %+v", c.line, c.beside, e)
		}
		if strings.Contains(c.raw, `4b\"f9`) && !slices.Contains(e.Line.Fields(), oncall.Field{Key: "trace_id", Value: `4b"f9`}) {
			t.Errorf("%s has the fields %+v", e.Line.Raw, e.Line.Fields())
		}
	}
}
