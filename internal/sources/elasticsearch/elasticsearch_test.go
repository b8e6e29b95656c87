package elasticsearch

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
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

// TestPartialAnswer has two of six shards fail: their lines are shown once they
// answer again, and until then the tail says what is missing.
func TestPartialAnswer(t *testing.T) {
	at := time.Now().Add(-10 * time.Minute)
	f := newFake(t, elastic, 0)
	for i, text := range []string{"one", "two", "three", "four"} {
		f.add(oncall.LogLine{At: at.Add(time.Duration(i) * time.Minute), Raw: text})
	}
	f.failed = true
	s := f.serve(t, Options{})
	found, err := s.Search(t.Context(), oncall.LogQuery{Window: oncall.Window{Start: at.Add(-time.Hour)}}, func(oncall.LogPart) {})
	if err != nil || found.Complete || found.Lines != 2 || found.Why != "2 of 6 shards failed: rejected execution" {
		t.Errorf("found %+v (%v), want two lines and the reason", found, err)
	}

	var mu sync.Mutex
	var raws []string
	var fault *oncall.Fault
	s.Follow(oncall.LogQuery{Scope: "checkout"})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- s.Run(ctx, func(e oncall.Event) {
			mu.Lock()
			defer mu.Unlock()
			fault = e.Meta().Err
			for _, l := range e.(oncall.LinesEvent).Lines {
				raws = append(raws, l.Message)
			}
		})
	}()
	eventually(t, "the failure of the shards", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(raws) == 2 && fault != nil && strings.Contains(fault.Error(), "2 of 6 shards failed")
	})
	f.mu.Lock()
	f.failed = false
	f.mu.Unlock()
	eventually(t, "all lines", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(raws) == 4 && fault == nil
	})
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Run returned %v", err)
	}
	slices.Sort(raws)
	if !slices.Equal(raws, []string{"four", "one", "three", "two"}) {
		t.Errorf("the lines are %q", raws)
	}
}

func TestLine(t *testing.T) {
	s := newSource(t, Options{URL: "http://127.0.0.1:1"})
	for name, tt := range map[string]struct {
		hit                  string
		at                   string
		level                oncall.Level
		message, key, origin string
	}{
		"nested": {
			`{"_index":"i","_id":"a","sort":["2026-03-02T11:04:31.123456789Z",4294967298],"_source":{"@timestamp":"x", "message":"upstream timeout","log":{"level":"error"},"kubernetes":{"pod":{"name":"web-1"}}}}`,
			"2026-03-02T11:04:31.123456789Z", oncall.LevelError, "upstream timeout", "i/a", "web-1",
		},
		"dotted": {
			`{"_index":"i","_id":"a","sort":[1772449471123],"_source":{"log.level":"WARN","msg":"slow","host":{"name":"db"}}}`,
			"2026-03-02T11:04:31.123Z", oncall.LevelWarn, "slow", "i/a", "db",
		},
		"nanoseconds in a number": {
			`{"_index":"i","_id":"a","sort":[1772449471123456789],"_source":{"message":["level=error msg=\"in it\"","b"]}}`,
			"2026-03-02T11:04:31.123456789Z", oncall.LevelError, "in it", "i/a", "i",
		},
		"time only in the source": {
			`{"_index":"i","_id":"a","sort":[null],"_source":{"@timestamp":"2026-03-02T11:04:31+01:00","other":1}}`,
			"2026-03-02T10:04:31Z", oncall.LevelNone, `{"@timestamp":"2026-03-02T11:04:31+01:00","other":1}`, "i/a", "i",
		},
	} {
		t.Run(name, func(t *testing.T) {
			e, _ := s.entry(json.RawMessage(tt.hit), "@timestamp")
			l := e.Line
			if e.Untimed || l.At.Format(time.RFC3339Nano) != tt.at || l.Level != tt.level || l.Message != tt.message || e.Key != tt.key || l.Origin != tt.origin {
				t.Errorf("the line is %+v with key %q", l, e.Key)
			}
			if strings.Contains(l.Raw, "\n") || !json.Valid([]byte(l.Raw)) {
				t.Errorf("the line as it came is %q", l.Raw)
			}
		})
	}
	for _, bad := range []string{`42`, `{"_index":"i","_id":"a"}`, `{"_index":"i","_id":"a","sort":["soon"],"_source":{}}`, `{"_index":"i","_id":"a","sort":[1],"_source":null}`} {
		if e, _ := s.entry(json.RawMessage(bad), "@timestamp"); !e.Untimed || e.Line.Raw != bad {
			t.Errorf("%s became %+v", bad, e)
		}
	}
}

func TestEstimate(t *testing.T) {
	s := newFake(t, elastic, 0).serve(t, Options{})
	cost, err := s.Estimate(t.Context(), oncall.LogQuery{Query: "level:error"})
	want := oncall.LogCost{Bytes: -1, Lines: 9007199254740993, Parts: 2, PartName: "shards"}
	if err != nil || cost != want {
		t.Errorf("the cost is %+v (%v), want %+v", cost, err, want)
	}
}

func TestRefusals(t *testing.T) {
	f := newFake(t, elastic, 0)
	for name, tt := range map[string]struct {
		o     Options
		query string
		want  string
	}{
		"no index":  {Options{Index: "nowhere-*"}, "", `no such index [nowhere-*`},
		"half JSON": {Options{}, `{"match":`, "the query begins with a brace but is no JSON; write"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.serve(t, tt.o).Search(t.Context(), oncall.LogQuery{Query: tt.query}, func(oncall.LogPart) {})
			fault, ok := errors.AsType[*oncall.Fault](err)
			if !ok || fault.Kind != oncall.Rejected || !strings.Contains(fault.Error(), tt.want) {
				t.Errorf("the error is %v, want %q", err, tt.want)
			}
		})
	}
}

// TestQueries are sent as they are meant: words to query_string, JSON as it is,
// its numbers to the last digit.
func TestQueries(t *testing.T) {
	s := newSource(t, Options{URL: "http://127.0.0.1:1"})
	for query, want := range map[string]string{
		"":                                   `{"match_all":{}}`,
		"level:error AND service:checkout":   `{"query_string":{"query":"level:error AND service:checkout"}}`,
		` {"term":{"id":9007199254740993}} `: `{"term":{"id":9007199254740993}}`,
	} {
		clause, err := s.clause(opSearch, query)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := json.Marshal(clause); err != nil || string(b) != want {
			t.Errorf("%q became %s (%v), want %s", query, b, err, want)
		}
	}
}

// TestCredentialThatMayOnlySearch is refused the product's name, and works.
func TestCredentialThatMayOnlySearch(t *testing.T) {
	f := newFake(t, elastic, 0, oncall.LogLine{At: time.Now(), Raw: "one"})
	s := f.serve(t, Options{})
	next := s.client.Transport
	s.client.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err == nil && r.URL.Path == "/" {
			resp.StatusCode = http.StatusForbidden
		}
		return resp, err
	})
	found, err := s.Search(t.Context(), oncall.LogQuery{}, func(oncall.LogPart) {})
	if err != nil || found.Lines != 1 {
		t.Errorf("found %+v (%v)", found, err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestBadOptions(t *testing.T) {
	for want, o := range map[string]Options{
		"it has no name": {}, "url must be like": {Name: "es", URL: "es:9200", Index: "logs-*"},
		"must hold no user":   {Name: "es", URL: "http://me:secret@es", Index: "logs-*"},
		"index must name":     {Name: "es", URL: "http://es", Index: "logs/_search"},
		"index, an alias or ": {Name: "es", URL: "http://es", Index: "_all"},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("New(%+v) returned %v, want %q", o, err, want)
		}
	}
}
