package elasticsearch

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"conway/internal/oncall"
)

// flavour is which product a fake is.
type flavour int

const (
	elastic flavour = iota
	openSearch
	// old knows no points in time, and counts hits in a plain number.
	old
)

// fakeStore answers as Elasticsearch or OpenSearch does, from lines in memory.
type fakeStore struct {
	tb      testing.TB
	flavour flavour
	ahead   time.Duration

	mu      sync.Mutex
	lines   []oncall.LogLine
	spoiled string
	points  map[string][]oncall.LogLine
	made    int
	// failed makes answers those of some shards, without the lines of even number.
	failed bool
	asked  []string

	stalled atomic.Bool
	running atomic.Int32
}

func newFake(tb testing.TB, fl flavour, ahead time.Duration, lines ...oncall.LogLine) *fakeStore {
	tb.Helper()
	f := &fakeStore{tb: tb, flavour: fl, ahead: ahead, points: map[string][]oncall.LogLine{}}
	f.add(lines...)
	return f
}

func (f *fakeStore) add(lines ...oncall.LogLine) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range lines {
		l.At = l.At.Add(f.ahead)
		f.lines = append(f.lines, l)
	}
}

func (f *fakeStore) busy() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.points) + int(f.running.Load())
}

func (f *fakeStore) refuse(w http.ResponseWriter, code int, kind, reason string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"error":{"root_cause":[{"type":%q,"reason":%q}],"type":%q,"reason":%q},"status":%d}`, kind, reason, kind, reason, code)
}

func (f *fakeStore) say(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if f.flavour != openSearch {
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
	}
	if err := json.NewEncoder(w).Encode(v); err != nil {
		f.tb.Error(err)
	}
}

// ServeHTTP answers one request.
func (f *fakeStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", time.Now().Add(f.ahead).UTC().Format(http.TimeFormat))
	call := r.Method + " " + r.URL.Path
	f.mu.Lock()
	f.asked = append(f.asked, call)
	f.mu.Unlock()
	switch call {
	case "GET /":
		f.say(w, map[string]any{"name": "node-1", "version": map[string]any{
			"number": "8.19.0", "distribution": []string{"", "opensearch", ""}[f.flavour],
		}, "tagline": "You Know, for Search"})
	case "GET /logs-app/_field_caps":
		f.say(w, map[string]any{"indices": []string{".ds-logs-app-1"}, "fields": map[string]any{
			"@timestamp": map[string]any{"date": map[string]any{"type": "date", "searchable": true}},
			"time":       map[string]any{"keyword": map[string]any{"type": "keyword"}},
		}})
	case "POST /logs-app/_pit", "POST /logs-app/_search/point_in_time":
		f.openPoint(w, strings.HasSuffix(call, "point_in_time"))
	case "DELETE /_pit", "DELETE /_search/point_in_time":
		f.closePoint(w, r)
	case "POST /logs-app/_search", "POST /_search":
		f.search(w, r)
	case "POST /logs-app/_count":
		f.say(w, map[string]any{"count": json.Number("9007199254740993"), "_shards": map[string]any{"total": 6, "successful": 6}})
	case "GET /logs-app/_search_shards":
		f.say(w, map[string]any{"shards": []any{[]any{map[string]any{"shard": 0}}, []any{map[string]any{"shard": 1}}}})
	default:
		f.refuse(w, http.StatusNotFound, "index_not_found_exception", "no such index ["+strings.Trim(r.URL.Path, "/")+"]")
	}
}

func (f *fakeStore) openPoint(w http.ResponseWriter, asOpenSearch bool) {
	if f.flavour == old || asOpenSearch != (f.flavour == openSearch) {
		f.refuse(w, http.StatusMethodNotAllowed, "illegal_argument_exception", "Incorrect HTTP method for uri")
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.made++
	id := fmt.Sprintf("point-%d==", f.made)
	f.points[id] = slices.Clone(f.lines)
	key := "id"
	if asOpenSearch {
		key = "pit_id"
	}
	f.say(w, map[string]any{key: id})
}

func (f *fakeStore) closePoint(w http.ResponseWriter, r *http.Request) {
	var body struct {
		ID  string   `json:"id"`
		PIT []string `json:"pit_id"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		f.tb.Error(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range append(body.PIT, body.ID) {
		delete(f.points, id)
	}
	f.say(w, map[string]any{"succeeded": true, "num_freed": 1})
}

// asked is what a search asks.
type asked struct {
	Size  int               `json:"size"`
	After []json.RawMessage `json:"search_after"`
	Sort  []map[string]any  `json:"sort"`
	PIT   *struct {
		ID string `json:"id"`
	} `json:"pit"`
	Query struct {
		Bool struct {
			Filter []struct {
				Range map[string]struct{ GTE, LTE string } `json:"range"`
				Words struct {
					Query string `json:"query"`
				} `json:"query_string"`
			} `json:"filter"`
		} `json:"bool"`
	} `json:"query"`
}

func (f *fakeStore) search(w http.ResponseWriter, r *http.Request) {
	f.running.Add(1)
	defer f.running.Add(-1)
	var q asked
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		f.tb.Error(err)
	}
	if f.stalled.Load() {
		<-r.Context().Done()
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	lines := f.lines
	if q.PIT != nil {
		var ok bool
		if lines, ok = f.points[q.PIT.ID]; !ok || r.URL.Path != "/_search" {
			f.refuse(w, http.StatusNotFound, "search_context_missing_exception", "No search context found")
			return
		}
	}
	if q.Size > maxPage {
		f.refuse(w, http.StatusBadRequest, "illegal_argument_exception", "Result window is too large")
		return
	}
	if _, ok := q.Sort[len(q.Sort)-1]["_shard_doc"]; ok && (q.PIT == nil || f.flavour == openSearch) {
		f.refuse(w, http.StatusBadRequest, "illegal_argument_exception", "[_shard_doc] sort field cannot be used without [point in time]")
		return
	}
	hits, total := f.hits(lines, q)
	out := map[string]any{
		"took": 12, "timed_out": false,
		"_shards": map[string]any{"total": 6, "successful": 6, "skipped": 4, "failed": 0},
		"hits":    map[string]any{"total": total, "max_score": nil, "hits": hits},
	}
	if q.PIT != nil {
		out["pit_id"] = q.PIT.ID
	}
	if f.failed {
		out["_shards"] = map[string]any{"total": 6, "successful": 4, "failed": 2, "failures": []any{
			map[string]any{"shard": 0, "reason": map[string]any{"type": "es_rejected_execution_exception", "reason": "rejected execution"}},
		}}
	}
	f.say(w, out)
}

// hits returns what a search finds. A field of type date keeps milliseconds.
func (f *fakeStore) hits(lines []oncall.LogLine, q asked) (hits []any, total any) {
	type doc struct {
		l  oncall.LogLine
		at time.Time
		id int
	}
	var docs []doc
	for i, l := range lines {
		docs = append(docs, doc{l, l.At.Truncate(time.Millisecond), i})
	}
	slices.SortStableFunc(docs, func(a, b doc) int { return b.at.Compare(a.at) })
	hits, n := []any{}, 0
	for place, d := range docs {
		if f.failed && d.id%2 == 0 || !f.matches(d.l, d.at, q) {
			continue
		}
		n++
		after := -1
		if len(q.After) == 2 {
			if err := json.Unmarshal(q.After[1], &after); err != nil {
				f.tb.Error(err)
			}
		}
		if place <= after || len(hits) >= q.Size {
			continue
		}
		stamp := d.at.UTC().Format("2006-01-02T15:04:05.000Z")
		sort := []any{stamp}
		if len(q.Sort) == 2 {
			sort = append(sort, place)
		}
		hits = append(hits, map[string]any{
			"_index": ".ds-logs-app-000001", "_id": fmt.Sprintf("id-%d", d.id), "_score": nil, "sort": sort,
			"_source": map[string]any{"@timestamp": stamp, "message": d.l.Raw, "log": map[string]any{"level": "error"}, "host.name": d.l.Origin},
		})
		if f.spoiled != "" {
			last := len(hits) - 1
			whole := hits[last]
			hits[last] = map[string]any{"_index": "x", "_id": 12, "_source": f.spoiled, "sort": sort}
			hits = append(hits, whole)
			f.spoiled = ""
		}
	}
	if f.flavour == old {
		return hits, n
	}
	return hits, map[string]any{"value": n, "relation": "eq"}
}

func (f *fakeStore) matches(l oncall.LogLine, at time.Time, q asked) bool {
	for _, c := range q.Query.Bool.Filter {
		if span, ok := c.Range["@timestamp"]; ok {
			from, err1 := time.Parse(time.RFC3339Nano, span.GTE)
			to, err2 := time.Parse(time.RFC3339Nano, span.LTE)
			if err1 != nil || err2 != nil {
				f.tb.Errorf("the window is %+v", span)
			}
			if at.Before(from.Truncate(time.Millisecond)) || at.After(to.Truncate(time.Millisecond)) {
				return false
			}
		}
		if !strings.Contains(l.Raw, c.Words.Query) {
			return false
		}
	}
	return true
}

func (f *fakeStore) serve(tb testing.TB, o Options) *Source {
	tb.Helper()
	srv := httptest.NewServer(f)
	transport := &http.Transport{}
	tb.Cleanup(func() {
		transport.CloseIdleConnections()
		srv.Close()
	})
	o.URL, o.Transport = srv.URL, transport
	return newSource(tb, o)
}

func newSource(tb testing.TB, o Options) *Source {
	tb.Helper()
	o.Name = "es"
	if o.Index == "" {
		o.Index = "logs-app"
	}
	if o.Every == 0 {
		o.Every = 20 * time.Millisecond
	}
	s, err := New(o)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}
