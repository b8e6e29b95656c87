package loki

import (
	"encoding/json"
	"fmt"
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

	"github.com/coder/websocket"

	"conway/internal/oncall"
)

// fakeLoki answers as Loki does, from lines in memory. It knows queries of the
// form {app="checkout"} |= "word".
type fakeLoki struct {
	tb    testing.TB
	ahead time.Duration

	mu sync.Mutex
	// lines are by this fake's clock, ordered by time.
	lines   []oncall.LogLine
	spoiled string
	tails   map[*fakeTail]struct{}
	// noTail answers tail as a gateway that does not know it.
	noTail int
	silent bool
	refuse string
	// slow keeps a tail that was accepted from following until it is closed.
	slow    chan struct{}
	asked   []string
	headers []http.Header

	stalled atomic.Bool
	running atomic.Int32
}

type fakeTail struct {
	query string
	// held is true once a line came whose time has not come yet, behind which Loki
	// holds back all others.
	held bool
	send chan string
	end  chan websocket.StatusCode
}

func newFake(tb testing.TB, ahead time.Duration, lines ...oncall.LogLine) *fakeLoki {
	tb.Helper()
	f := &fakeLoki{tb: tb, ahead: ahead, tails: map[*fakeTail]struct{}{}}
	f.add(lines...)
	return f
}

// add takes lines by this machine's clock.
func (f *fakeLoki) add(lines ...oncall.LogLine) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range lines {
		l.At = l.At.Add(f.ahead)
		f.lines = append(f.lines, l)
		for t := range f.tails {
			t.held = t.held || l.At.After(time.Now().Add(f.ahead+time.Minute))
			if !t.held && matches(t.query, l) {
				t.send <- f.frame(l)
			}
		}
	}
	slices.SortStableFunc(f.lines, func(a, b oncall.LogLine) int { return a.At.Compare(b.At) })
}

// say sends a message of its own to every tail.
func (f *fakeLoki) say(message string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for t := range f.tails {
		t.send <- message
	}
}

// cut ends every tail with a close code, or abruptly with 0.
func (f *fakeLoki) cut(code websocket.StatusCode) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for t := range f.tails {
		t.end <- code
	}
}

// told counts the requests for a path of the API.
func (f *fakeLoki) told(path string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.asked {
		if strings.HasSuffix(a, path) {
			n++
		}
	}
	return n
}

func (f *fakeLoki) connected() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.tails)
}

func (f *fakeLoki) frame(l oncall.LogLine) string {
	b, err := json.Marshal(map[string]any{"streams": []any{streamJSON(l.Origin, valueJSON(l))}})
	if err != nil {
		f.tb.Error(err)
	}
	return string(b)
}

func streamJSON(app string, values ...any) map[string]any {
	return map[string]any{"stream": map[string]string{"app": "checkout", "pod": app}, "values": values}
}

func valueJSON(l oncall.LogLine) any {
	return []any{nanos(l.At), l.Raw, map[string]any{"structuredMetadata": map[string]string{"detected_level": "info"}, "parsed": map[string]string{"detected_level": "warn"}}}
}

func matches(query string, l oncall.LogLine) bool {
	m := regexp.MustCompile("^\\{app=\"checkout\"\\}(?: \\|= [\"`](.*)[\"`])?$").FindStringSubmatch(query)
	return m != nil && strings.Contains(l.Raw, m[1])
}

// ServeHTTP answers one request.
func (f *fakeLoki) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", time.Now().Add(f.ahead).UTC().Format(http.TimeFormat))
	f.mu.Lock()
	f.asked = append(f.asked, r.URL.Path)
	f.headers = append(f.headers, r.Header.Clone())
	f.mu.Unlock()
	q := r.URL.Query()
	if !strings.HasPrefix(q.Get("query"), "{") {
		http.Error(w, "parse error at line 1, col 1: syntax error: unexpected IDENTIFIER", http.StatusBadRequest)
		return
	}
	switch r.URL.Path {
	case "/loki/api/v1/query_range":
		f.queryRange(w, r)
	case "/loki/api/v1/tail":
		f.tail(w, r)
	case "/loki/api/v1/index/stats":
		if strings.Contains(q.Get("query"), "|") {
			http.Error(w, "only label matchers are supported", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"streams":2,"chunks":5,"entries":1234,"bytes":9007199254740993}`)
	default:
		http.NotFound(w, r)
	}
}

func (f *fakeLoki) queryRange(w http.ResponseWriter, r *http.Request) {
	f.running.Add(1)
	defer f.running.Add(-1)
	if f.stalled.Load() {
		<-r.Context().Done()
		return
	}
	q := r.URL.Query()
	start, err1 := strconv.ParseInt(q.Get("start"), 10, 64)
	end, err2 := strconv.ParseInt(q.Get("end"), 10, 64)
	limit, err3 := strconv.Atoi(q.Get("limit"))
	if err1 != nil || err2 != nil || err3 != nil || q.Get("direction") != "backward" {
		http.Error(w, "could not parse a parameter", http.StatusBadRequest)
		return
	}
	if limit > maxPage {
		http.Error(w, fmt.Sprintf("max entries limit per query exceeded, limit > max_entries_limit_per_query (%d > %d)", limit, maxPage), http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	byOrigin := map[string][]any{}
	n := 0
	for _, l := range slices.Backward(f.lines) {
		if at := l.At.UnixNano(); n < limit && at >= start && at < end && matches(q.Get("query"), l) {
			byOrigin[l.Origin] = append(byOrigin[l.Origin], valueJSON(l))
			n++
		}
	}
	streams := []any{}
	for origin, values := range byOrigin {
		if f.spoiled != "" {
			values = append(values, []any{nanos(time.Unix(0, start)), map[string]string{"line": f.spoiled}})
		}
		streams = append(streams, streamJSON(origin, values...))
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	err := json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": map[string]any{
		"resultType": "streams", "result": streams,
		"stats": map[string]any{"summary": map[string]any{"totalBytesProcessed": 1000, "execTime": 0.02}},
	}})
	if err != nil {
		f.tb.Error(err)
	}
}

func (f *fakeLoki) tail(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	noTail, silent, refuse, slow := f.noTail, f.silent, f.refuse, f.slow
	f.mu.Unlock()
	if noTail != 0 {
		http.Error(w, "page not found", noTail)
		return
	}
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // it has answered
	}
	defer c.CloseNow() //nolint:errcheck // the tail is over
	if refuse != "" {
		_ = c.Close(websocket.StatusInternalError, refuse)
		return
	}
	if slow != nil {
		<-slow
	}
	t := &fakeTail{query: r.URL.Query().Get("query"), send: make(chan string, 1000), end: make(chan websocket.StatusCode, 1)}
	f.mu.Lock()
	f.tails[t] = struct{}{}
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.tails, t)
	}()
	ctx := c.CloseRead(r.Context())
	ping := time.NewTicker(20 * time.Millisecond)
	defer ping.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-t.send:
			err = c.Write(ctx, websocket.MessageText, []byte(m))
		case code := <-t.end:
			if code != 0 {
				_ = c.Close(code, "the reason in words")
			}
			return
		case <-ping.C:
			if !silent {
				err = c.Ping(ctx)
			}
		}
		if err != nil {
			return
		}
	}
}

// serve starts the fake and returns a source that asks it.
func (f *fakeLoki) serve(tb testing.TB, o Options) *Source {
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
	o.Name = "loki"
	if o.Every == 0 {
		o.Every = 20 * time.Millisecond
	}
	if o.Quiet == 0 {
		o.Quiet = 200 * time.Millisecond
	}
	s, err := New(o)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}
