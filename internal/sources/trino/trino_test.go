package trino

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/sourcetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// engine is a coordinator with one table of lines. A statement's answer comes in
// pages of ten rows, after one that says nothing yet.
type engine struct {
	mu      sync.Mutex
	lines   []oncall.LogLine
	spoiled []string
	open    map[string][][]any
	n       int
	stalled bool
	sql     []string
	// plan is what the engine says of a statement, and busy how many of the next
	// answers it cannot give.
	plan string
	busy int
}

func newEngine(lines []oncall.LogLine) *engine {
	return &engine{lines: slices.Clone(lines), open: map[string][][]any{}}
}

func (e *engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	id := strings.TrimPrefix(r.URL.Path, "/v1/statement/")
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/v1/statement":
		sql, _ := io.ReadAll(r.Body)
		if r.Header.Get("X-Trino-User") == "" || r.Header.Get("X-Trino-Time-Zone") != "UTC" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		e.n++
		id = strconv.Itoa(e.n)
		e.sql = append(e.sql, string(sql))
		if strings.Contains(string(sql), "syntax error") {
			e.answer(w, map[string]any{"id": id, "stats": map[string]any{"state": "FAILED"}, "error": map[string]any{
				"message": "line 1:8: mismatched input", "errorName": "SYNTAX_ERROR", "errorType": "USER_ERROR",
			}})
			return
		}
		e.open[id] = e.rows(string(sql))
		if strings.HasPrefix(string(sql), "EXPLAIN (TYPE IO, FORMAT JSON) SELECT ") {
			e.open[id] = [][]any{{e.plan}}
		}
		e.answer(w, map[string]any{"id": id, "nextUri": "http://" + r.Host + "/v1/statement/" + id, "stats": map[string]any{"state": "QUEUED"}})
	case r.Method == http.MethodDelete:
		delete(e.open, id)
		w.WriteHeader(http.StatusNoContent)
	default:
		e.next(w, r, id)
	}
}

func (e *engine) next(w http.ResponseWriter, r *http.Request, id string) {
	rows, ok := e.open[id]
	if e.busy > 0 {
		e.busy--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if !ok {
		w.WriteHeader(http.StatusGone)
		return
	}
	out := map[string]any{"id": id, "columns": []any{map[string]any{"name": "ts"}, map[string]any{"name": "level"}, map[string]any{"name": "msg"}}}
	state := "RUNNING"
	next := "http://" + r.Host + "/v1/statement/" + id
	if !e.stalled {
		page := rows[:min(10, len(rows))]
		e.open[id] = rows[len(page):]
		if len(page) > 0 {
			out["data"] = page
		}
		if len(e.open[id]) == 0 {
			delete(e.open, id)
			state, next = "FINISHED", ""
		}
	}
	if next != "" {
		out["nextUri"] = next
	}
	out["stats"] = map[string]any{"state": state, "processedBytes": 4096}
	e.answer(w, out)
}

func (e *engine) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// rows does what the statements of this package ask for.
func (e *engine) rows(sql string) [][]any {
	in := oncall.Window{}
	for _, m := range regexp.MustCompile(`"ts" (>=|<) TIMESTAMP '([^']+) UTC'`).FindAllStringSubmatch(sql, -1) {
		t, _ := time.Parse("2006-01-02 15:04:05", m[2])
		if m[1] == "<" {
			in.End = t
		} else {
			in.Start = t
		}
	}
	word := ""
	if m := regexp.MustCompile(`LIKE '%(\w+)%'`).FindStringSubmatch(sql); m != nil {
		word = m[1]
	}
	var out [][]any
	all := slices.Clone(e.lines)
	slices.SortStableFunc(all, func(a, b oncall.LogLine) int { return b.At.Compare(a.At) })
	for _, l := range all {
		if l.At.Before(in.Start) || !in.End.IsZero() && !l.At.Before(in.End) || !strings.Contains(l.Raw, word) {
			continue
		}
		out = append(out, []any{l.At.UTC().Format("2006-01-02 15:04:05.000000") + " UTC", "WARN", l.Raw})
	}
	for _, s := range e.spoiled {
		out = slices.Insert(out, min(3, len(out)), []any{map[string]int{"not": 1}, nil, s})
	}
	if m := regexp.MustCompile(`LIMIT (\d+)$`).FindStringSubmatch(sql); m != nil {
		n, _ := strconv.Atoi(m[1])
		out = out[:min(n, len(out))]
	}
	return out
}

func of(tb testing.TB, e sourcetest.Endpoint, every time.Duration) *Source {
	tb.Helper()
	s, err := New(Options{
		Name: "lake", URL: e.URL, User: "conway", Table: "hive.logs.app", Time: "ts", Message: "msg", Level: "level",
		Every: every, Timeout: e.Timeout, Transport: e.Transport,
		Authorize: func(r *http.Request) error {
			token, err := e.Token(r.Context())
			r.Header.Set("Authorization", "Bearer "+token)
			return err
		},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	sourcetest.HTTP(t, sourcetest.HTTPCase{
		New: func(tb testing.TB, e sourcetest.Endpoint) sources.Source {
			tb.Helper()
			s := of(tb, e, time.Hour)
			s.Follow(oncall.LogQuery{Scope: "checkout"})
			return s
		},
		Healthy: func(tb testing.TB) http.Handler {
			tb.Helper()
			return newEngine([]oncall.LogLine{{At: time.Now(), Raw: "declined"}})
		},
	})
}

func TestLogs(t *testing.T) {
	const why = "the times in the table are by the clocks of their writers, of which the engine's says nothing"
	sourcetest.Logs(t, sourcetest.LogCase{
		New: func(tb testing.TB, e sourcetest.Endpoint) sources.Source {
			tb.Helper()
			return of(tb, e, 20*time.Millisecond)
		},
		Store: func(tb testing.TB, set sourcetest.LogSetup) sourcetest.LogStore {
			tb.Helper()
			e := newEngine(set.Lines)
			return sourcetest.LogStore{
				Handler: e,
				Add: func(ls ...oncall.LogLine) {
					e.mu.Lock()
					defer e.mu.Unlock()
					e.lines = append(e.lines, ls...)
				},
				Spoil: func(text string) {
					e.mu.Lock()
					defer e.mu.Unlock()
					e.spoiled = append(e.spoiled, text)
				},
				Stall: func() {
					e.mu.Lock()
					defer e.mu.Unlock()
					e.stalled = true
				},
				Running: func() int {
					e.mu.Lock()
					defer e.mu.Unlock()
					return len(e.open)
				},
				Expire: func() {
					e.mu.Lock()
					defer e.mu.Unlock()
					clear(e.open)
				},
			}
		},
		Query: func(word string) string {
			if word == "" {
				return ""
			}
			return "msg LIKE '%" + word + "%'"
		},
		NewestFirst: true,
		Skip:        map[string]string{"search by another clock": why, "tail by another clock": why},
	})
}

// served returns a source that asks an engine.
func served(t *testing.T, e *engine) *Source {
	t.Helper()
	srv := httptest.NewServer(e)
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		srv.Close()
	})
	return of(t, sourcetest.Endpoint{URL: srv.URL, Token: func(context.Context) (string, error) { return "", nil }, Transport: transport}, 0)
}

func TestEstimate(t *testing.T) {
	for plan, want := range map[string]oncall.LogCost{
		`{"inputTableColumnInfos":[{"table":{},"estimate":{"outputRowCount":5000000.0,"outputSizeInBytes":2.76E12,"cpuCost":1}}],"estimate":{}}`:           {Bytes: 2_760_000_000_000, Lines: 5_000_000},
		`{"inputTableColumnInfos":[{"estimate":{"outputRowCount":7,"outputSizeInBytes":10}},{"estimate":{"outputRowCount":1,"outputSizeInBytes":"NaN"}}]}`: {Bytes: -1, Lines: 8},
		`{"inputTableColumnInfos":[{"estimate":{}}]}`: {Bytes: -1, Lines: -1},
	} {
		e := newEngine(nil)
		e.plan = plan
		got, err := served(t, e).Estimate(t.Context(), oncall.LogQuery{Query: "level = 'ERROR'"})
		if err != nil || got != want {
			t.Errorf("%s costs %+v, %v, want %+v", plan, got, err, want)
		}
		if sql := e.sql[0]; !strings.Contains(sql, "level = 'ERROR'") || !strings.Contains(sql, `"ts" >= TIMESTAMP '`) {
			t.Errorf("asked %s, want the statement with a beginning", sql)
		}
	}
	e := newEngine(nil)
	e.plan = "Fragment 0 [SINGLE]"
	if got, err := served(t, e).Estimate(t.Context(), oncall.LogQuery{}); err == nil || got.Bytes != -1 {
		t.Errorf("no plan costs %+v, %v", got, err)
	}
}

// TestBusyEngine has an engine, or a proxy before it, fail for a moment: the
// statement goes on.
func TestBusyEngine(t *testing.T) {
	e := newEngine([]oncall.LogLine{{At: time.Now().Add(-time.Minute), Raw: "declined"}})
	e.busy = again
	if f, err := served(t, e).Search(t.Context(), oncall.LogQuery{}, func(oncall.LogPart) {}); err != nil || f.Lines != 1 || len(e.sql) != 1 {
		t.Errorf("found %+v, %v, with %d statements", f, err, len(e.sql))
	}
	e.busy = again + 1
	if _, err := served(t, e).Search(t.Context(), oncall.LogQuery{}, func(oncall.LogPart) {}); err == nil || len(e.open) != 0 {
		t.Errorf("a lasting failure is %v, and %d statements were left", err, len(e.open))
	}
}

func TestStatement(t *testing.T) {
	start := time.Date(2026, 3, 2, 0, 30, 0, 123, time.UTC)
	q := oncall.LogQuery{Query: "service = 'it''s' -- why", Window: oncall.Window{Start: start, End: start.Add(time.Hour)}}
	for unit, want := range map[Unit]string{
		Timestamp: `"t""s" >= TIMESTAMP '2026-03-02 00:30:00.000000123 UTC' AND CAST("dt" AS varchar) >= '2026-03-01' AND "t""s" < TIMESTAMP '2026-03-02 01:30:00.000000123 UTC' AND CAST("dt" AS varchar) <= '2026-03-02'`,
		Millis:    `"t""s" >= 1772411400001 AND CAST("dt" AS varchar) >= '2026-03-01' AND "t""s" < 1772415000001 AND CAST("dt" AS varchar) <= '2026-03-02'`,
		Seconds:   `"t""s" >= 1772411401 AND CAST("dt" AS varchar) >= '2026-03-01' AND "t""s" < 1772415001 AND CAST("dt" AS varchar) <= '2026-03-02'`,
	} {
		s, err := New(Options{Name: "lake", URL: "http://h", User: "u", Table: `hive.logs."x`, Time: `t"s`, Message: "m", Unit: unit, Date: "dt"})
		if err != nil {
			t.Fatal(err)
		}
		want = "SELECT * FROM \"hive\".\"logs\".\"\"\"x\" WHERE 1 = 1 AND (service = 'it''s' -- why\n) AND " + want + ` ORDER BY "t""s" DESC LIMIT 9`
		if got := s.statement(q, 9); got != want {
			t.Errorf("%s:\n%s, want\n%s", unit, got, want)
		}
	}
	for _, o := range []Options{{URL: "x"}, {URL: "http://h"}, {URL: "http://h", User: "u"}, {URL: "http://h", User: "u", Table: "t", Time: "a", Message: "b", Unit: "weeks"}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}

func TestWordsOfTheEngine(t *testing.T) {
	for body, want := range map[string]string{
		`{"id":"1","stats":{"state":"FAILED"},"error":{"message":"no such column: x","errorName":"COLUMN_NOT_FOUND","errorType":"USER_ERROR"}}`:  "refused: COLUMN_NOT_FOUND: no such column: x",
		`{"id":"1","stats":{"state":"FAILED"},"error":{"message":"too few workers","errorName":"CLUSTER","errorType":"INSUFFICIENT_RESOURCES"}}`: "unavailable: CLUSTER",
		`{"id":"1","stats":{"state":"QUEUED"},"nextUri":"http://elsewhere.example/v1/statement/1"}`:                                              "at another address, which is not asked",
	} {
		s := of(t, sourcetest.Endpoint{URL: "http://h", Token: func(context.Context) (string, error) { return "", nil }, Transport: says(body)}, 0)
		_, err := s.Search(t.Context(), oncall.LogQuery{}, func(oncall.LogPart) {})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

type says string

func (s says) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != "h" {
		return nil, fmt.Errorf("%s was asked", r.URL.Host)
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(s))), Request: r}, nil
}
