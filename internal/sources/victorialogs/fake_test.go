package victorialogs

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"conway/internal/oncall"
)

// fakeStore answers as VictoriaLogs does, from lines in memory. It knows the query
// * and single words.
type fakeStore struct {
	tb    testing.TB
	ahead time.Duration

	mu      sync.Mutex
	lines   []oncall.LogLine
	spoiled string
	// late are lines that the live tail does not tell of.
	late map[int]bool
	// noTail refuses live tails with a status, 0 for none.
	noTail int
	cut    chan struct{}
	asked  []*http.Request

	stalled atomic.Bool
	running atomic.Int32
	tails   atomic.Int32
}

func newFake(tb testing.TB, ahead time.Duration, lines ...oncall.LogLine) *fakeStore {
	tb.Helper()
	f := &fakeStore{tb: tb, ahead: ahead, late: map[int]bool{}, cut: make(chan struct{})}
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

// addLate adds a line that became visible after the live tail had passed it.
func (f *fakeStore) addLate(l oncall.LogLine) {
	f.add(l)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.late[len(f.lines)-1] = true
}

// cutTails cuts the live tails.
func (f *fakeStore) cutTails() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.cut)
	f.cut = make(chan struct{})
}

// record writes a line with its fields in any order, as the store does.
func (f *fakeStore) record(l oncall.LogLine) string {
	msg, err := json.Marshal(l.Raw)
	if err != nil {
		f.tb.Error(err)
	}
	parts := []string{
		`"_msg":` + string(msg), fmt.Sprintf(`"_time":%q`, l.At.UTC().Format(time.RFC3339Nano)), `"_stream":"{app=\"checkout\"}"`,
		`"_stream_id":"0000000000000000e934"`, `"host.name":"` + l.Origin + `"`, `"level":"error"`,
	}
	rand.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	return "{" + strings.Join(parts, ",") + "}\n"
}

func matches(query string, l oncall.LogLine) bool {
	return query == "*" || strings.Contains(l.Raw, query)
}

// ServeHTTP answers one request.
func (f *fakeStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", time.Now().Add(f.ahead).UTC().Format(http.TimeFormat))
	f.mu.Lock()
	f.asked = append(f.asked, r)
	f.mu.Unlock()
	if query := r.FormValue("query"); !regexp.MustCompile(`^(\*|\w+)$`).MatchString(query) {
		http.Error(w, "cannot parse query ["+query+"]: unexpected token", http.StatusBadRequest)
		return
	}
	switch r.URL.Path {
	case "/select/logsql/query":
		f.query(w, r)
	case "/select/logsql/tail":
		f.tail(w, r)
	case "/select/logsql/hits":
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"hits":[{"fields":{},"timestamps":["2026-03-02T00:00:00Z"],"values":[9007199254740993],"total":9007199254740993}]}`)
	default:
		http.NotFound(w, r)
	}
}

func (f *fakeStore) query(w http.ResponseWriter, r *http.Request) {
	f.running.Add(1)
	defer f.running.Add(-1)
	if f.stalled.Load() {
		<-r.Context().Done()
		return
	}
	start, err1 := time.Parse(time.RFC3339Nano, r.FormValue("start"))
	end, err2 := time.Parse(time.RFC3339Nano, r.FormValue("end"))
	limit, err3 := strconv.Atoi(r.FormValue("limit"))
	if err1 != nil || err2 != nil || err3 != nil {
		http.Error(w, "cannot parse an argument", http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []oncall.LogLine
	for _, l := range f.lines {
		if !l.At.Before(start) && l.At.Before(end) && matches(r.FormValue("query"), l) {
			found = append(found, l)
		}
	}
	slices.SortStableFunc(found, func(a, b oncall.LogLine) int { return b.At.Compare(a.At) })
	found = found[:min(len(found), limit)]
	w.Header().Set("Content-Type", "application/x-ndjson")
	for i, l := range found {
		if i == 1 && f.spoiled != "" {
			fmt.Fprintln(w, f.spoiled)
		}
		fmt.Fprint(w, f.record(l))
	}
}

func (f *fakeStore) tail(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	noTail, cut := f.noTail, f.cut
	f.mu.Unlock()
	if noTail != 0 {
		http.Error(w, "the query contains pipes that cannot be tailed", noTail)
		return
	}
	before, err := time.ParseDuration(r.FormValue("start_offset"))
	if err != nil {
		http.Error(w, "cannot parse start_offset", http.StatusBadRequest)
		return
	}
	f.tails.Add(1)
	defer f.tails.Add(-1)
	// The store counts from five seconds back, its default offset.
	from := time.Now().Add(f.ahead - before - 5*time.Second)
	w.Header().Set("Content-Type", "application/x-ndjson")
	flush := func() {
		if fl, ok := w.(http.Flusher); ok {
			fl.Flush()
		}
	}
	for next := 0; ; {
		f.mu.Lock()
		some := false
		for ; next < len(f.lines); next++ {
			if l := f.lines[next]; !l.At.Before(from) && !f.late[next] && matches(r.FormValue("query"), l) {
				fmt.Fprint(w, f.record(l))
				some = true
			}
		}
		f.mu.Unlock()
		if some {
			flush()
		}
		select {
		case <-r.Context().Done():
			return
		case <-cut:
			panic(http.ErrAbortHandler)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (f *fakeStore) serve(tb testing.TB, o Options) *Source {
	tb.Helper()
	srv := httptest.NewServer(f)
	transport := &http.Transport{}
	tb.Cleanup(func() {
		transport.CloseIdleConnections()
		srv.CloseClientConnections()
		srv.Close()
	})
	o.URL, o.Transport = srv.URL, transport
	return newSource(tb, o)
}

func newSource(tb testing.TB, o Options) *Source {
	tb.Helper()
	o.Name = "vl"
	if o.Every == 0 {
		o.Every = 20 * time.Millisecond
	}
	s, err := New(o)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}
