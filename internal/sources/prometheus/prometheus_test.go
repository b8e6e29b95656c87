package prometheus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"conway/internal/drill/fault"
	"conway/internal/drill/promserver"
	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/sourcetest"
)

// errorRatio is the usual panel: a recording rule of one service.
const errorRatio = `job:errors:ratio5m{service="checkout"}`

func fill(tb testing.TB, st *promserver.Store, name string, labels map[string]string, from, to time.Time, v func(i int) float64) {
	tb.Helper()
	for i := 0; !from.After(to); i, from = i+1, from.Add(15*time.Second) {
		if err := st.Add(name, labels, from, v(i)); err != nil {
			tb.Fatal(err)
		}
	}
}

func flat(v float64) func(int) float64 { return func(int) float64 { return v } }

func healthyServer(tb testing.TB) *promserver.Server {
	tb.Helper()
	st, now := promserver.NewStore(), time.Now()
	fill(tb, st, "job:errors:ratio5m", map[string]string{"service": "checkout"}, now.Add(-time.Hour), now, flat(0.061))
	return promserver.New(st, time.Now)
}

func newSource(tb testing.TB, o Options) *Source {
	tb.Helper()
	if o.Name == "" {
		o.Name = "prom"
	}
	if o.Every == 0 {
		o.Every = time.Hour
	}
	s, err := New(o)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func question(queries ...string) oncall.Question {
	q := oncall.Question{Scope: "checkout", Span: time.Hour, Columns: 60}
	for _, query := range queries {
		q.Queries = append(q.Queries, oncall.PanelQuery{Panel: query, Query: query})
	}
	return q
}

func TestConformance(t *testing.T) {
	for name, asked := range map[string][]string{"asked": {errorRatio, "up"}, "not asked": nil} {
		t.Run(name, func(t *testing.T) {
			sourcetest.HTTP(t, sourcetest.HTTPCase{
				New: func(tb testing.TB, e sourcetest.Endpoint) sources.Source {
					tb.Helper()
					s := newSource(tb, Options{URL: e.URL, Authorize: Bearer(e.Token), Timeout: e.Timeout, Transport: e.Transport})
					if asked != nil {
						s.Ask(question(asked...))
					}
					return s
				},
				Healthy: func(tb testing.TB) http.Handler {
					tb.Helper()
					return healthyServer(tb)
				},
			})
		})
	}
}

// running is a source at work against a handler.
type running struct {
	*Source

	events chan oncall.SeriesEvent
	done   chan error
}

func start(t *testing.T, h http.Handler, o Options, q oncall.Question) *running {
	t.Helper()
	srv := httptest.NewServer(h)
	transport := &http.Transport{}
	o.URL, o.Transport = srv.URL, transport
	r := &running{Source: newSource(t, o), events: make(chan oncall.SeriesEvent, 100), done: make(chan error, 1)}
	if len(q.Queries) > 0 {
		r.Ask(q)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { r.done <- r.Run(ctx, func(e oncall.Event) { r.events <- e.(oncall.SeriesEvent) }) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-r.done:
			if err == nil {
				t.Error("Run returned no error")
			}
		case <-time.After(5 * time.Second):
			t.Error("Run did not return")
		}
		transport.CloseIdleConnections()
		srv.CloseClientConnections()
		srv.Close()
	})
	return r
}

func (r *running) next(t *testing.T) oncall.SeriesEvent {
	t.Helper()
	select {
	case e := <-r.events:
		return e
	case err := <-r.done:
		r.done <- err
		t.Fatalf("Run returned %v instead of an event", err)
	case <-time.After(5 * time.Second):
		t.Fatal("no event")
	}
	return oncall.SeriesEvent{}
}

// fails returns the fault with which Run ends.
func (r *running) fails(t *testing.T) *oncall.Fault {
	t.Helper()
	select {
	case e := <-r.events:
		t.Fatalf("an event instead of a fault: %+v", e)
	case err := <-r.done:
		r.done <- err
		if f, ok := errors.AsType[*oncall.Fault](err); ok {
			return f
		}
		t.Fatalf("Run returned %v, want a fault", err)
	case <-time.After(5 * time.Second):
		t.Fatal("no fault")
	}
	return nil
}

func TestAnswer(t *testing.T) {
	st, now := promserver.NewStore(), time.Now()
	fill(t, st, "job:errors:ratio5m", map[string]string{"service": "checkout"}, now.Add(-2*time.Hour), now, flat(0.061))
	// A scrape gap: ended by a staleness marker half an hour ago, back for the
	// last five minutes.
	fill(t, st, "gappy", nil, now.Add(-time.Hour), now.Add(-30*time.Minute), flat(1))
	if err := st.Stale("gappy", nil, now.Add(-30*time.Minute+time.Second)); err != nil {
		t.Fatal(err)
	}
	fill(t, st, "gappy", nil, now.Add(-5*time.Minute), now, flat(2))
	// A target that is gone: its line stays in the plot, its value does not.
	fill(t, st, "gone", nil, now.Add(-time.Hour), now.Add(-10*time.Minute), flat(3))
	// No more samples for two minutes, and no marker: the value is that old.
	fill(t, st, "silent", nil, now.Add(-time.Hour), now.Add(-2*time.Minute), flat(4))
	q := question(errorRatio, "gappy", "gone", "silent", "absent", "rate(x[5m])")
	q.Queries = append(q.Queries, oncall.PanelQuery{Panel: "cluster", Unfilled: "this page has no label cluster"})

	e := start(t, promserver.New(st, time.Now), Options{}, q).next(t)

	if e.Question.Scope != "checkout" || len(e.Question.Queries) != 7 || e.Every != time.Hour || e.Err != nil {
		t.Errorf("the event is %+v, want the question in it", e)
	}
	if !e.Window.Contains(now) || e.Window.Span() != time.Hour {
		t.Errorf("window %v is %v long, want an hour around %v", e.Window, e.Window.Span(), now)
	}
	panels := map[string]oncall.Panel{}
	for _, p := range e.Panels {
		panels[p.Panel] = p
	}
	if p := panels[errorRatio]; p.Step != time.Minute || len(p.Series) != 1 || len(p.Series[0].Points) != 60 || p.Latest == nil || p.Latest.V != 0.061 {
		t.Errorf("error ratio: %+v, want 60 points a minute apart and 0.061", p)
	}
	if p := panels["gappy"]; len(p.Series[0].Points) > 36 || len(p.Series[0].Points) < 33 {
		t.Errorf("gappy has %d points, want a gap of 25", len(p.Series[0].Points))
	}
	if p := panels["gone"]; p.Latest != nil || len(p.Series) != 1 || p.Fault != nil {
		t.Errorf("gone: latest %v, %d series, %v; want a line and no value", p.Latest, len(p.Series), p.Fault)
	}
	if p := panels["silent"]; p.Latest == nil || now.Sub(p.Latest.At) < 2*time.Minute {
		t.Errorf("silent: %+v, want a value with the sample's own time", p.Latest)
	}
	if p := panels["absent"]; p.Latest != nil || len(p.Series) != 0 || p.Fault != nil {
		t.Errorf("absent: %+v, want no data and no fault", p)
	}
	const want = `prom: query metrics: refused (HTTP 400): invalid parameter "query": 1:1: parse error: unknown function with name "rate": this server evaluates timestamp, avg_over_time, max and vector`
	if p := panels["rate(x[5m])"]; p.Fault == nil || p.Fault.Error() != want {
		t.Errorf("bad query: %v\nwant %s", p.Fault, want)
	}
	if p := panels["cluster"]; p.Unfilled == "" || p.Fault != nil || p.Series != nil {
		t.Errorf("unfilled: %+v, want it passed through", p)
	}
}

func TestSentences(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault fault.Fault
		want  string
	}{
		{"401", fault.Fault{Status: 401, ContentType: "text/plain", Body: "token expired"}, "prom: query metrics: not authorised (HTTP 401): token expired; renew the token of prom"},
		{"403 after falling back to GET", fault.Fault{Status: 403}, "prom: query metrics: not authorised (HTTP 403); give the token of prom this permission"},
		{"500", fault.Fault{Status: 500, ContentType: "application/json", Body: `{"status":"error","errorType":"internal","error":"disk on fire"}`}, "prom: query metrics: unavailable (HTTP 500): disk on fire"},
		{"502", fault.Fault{Status: 502, ContentType: "text/html", Body: "<html>"}, "prom: query metrics: unavailable (HTTP 502): an HTML page instead of an API answer"},
		{"503 of a slow query that is the only one", fault.Fault{Status: 503, ContentType: "application/json", Body: `{"status":"error","errorType":"timeout","error":"query timed out"}`}, "prom: query metrics: unavailable (HTTP 503): query timed out"},
		{"400 of a proxy", fault.Fault{Status: 400, ContentType: "text/html", Body: "<html>"}, "prom: query metrics: refused (HTTP 400): an HTML page instead of an API answer"},
		{"hang", fault.Fault{Hang: true}, "prom: query metrics: unavailable: no answer in time"},
		{"malformed", fault.Fault{Status: 200, ContentType: "text/html", Body: "<html>"}, "prom: query metrics: malformed answer: the answer is not one of the Prometheus API: invalid character '<' looking for beginning of value; check that url points at Prometheus itself, with its prefix if it has one, and not at a login page"},
		{"no result", fault.Fault{Status: 200, Body: `{"status":"success"}`}, "prom: query metrics: malformed answer: the answer holds no result; check that url points at Prometheus itself, with its prefix if it has one, and not at a login page"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := healthyServer(t)
			s.Faults.All(tt.fault)
			f := start(t, s, Options{Timeout: 300 * time.Millisecond}, question(errorRatio)).fails(t)
			if f.Error() != tt.want {
				t.Errorf("said %q\nwant %q", f.Error(), tt.want)
			}
			if f.Ambiguous {
				t.Error("a query is ambiguous to nobody")
			}
		})
	}
}

// TestSlowQuery shows that one heavy query does not take the others with it.
func TestSlowQuery(t *testing.T) {
	for name, slow := range map[string]fault.Fault{
		"no answer":  {Hang: true},
		"timed out":  {Delay: 100 * time.Millisecond, Status: 503, ContentType: "application/json", Body: `{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}`},
		"refused":    {Status: 422, ContentType: "application/json", Body: `{"status":"error","errorType":"execution","error":"many-to-many matching not allowed"}`},
		"error, 200": {Status: 200, ContentType: "application/json", Body: `{"status":"error","errorType":"execution","error":"many-to-many matching not allowed"}`},
	} {
		t.Run(name, func(t *testing.T) {
			s := healthyServer(t)
			s.Faults.Set(func(r *http.Request) fault.Fault {
				if r.ParseForm() == nil && strings.Contains(r.Form.Get("query"), "heavy") {
					return slow
				}
				return fault.Fault{}
			})
			e := start(t, s, Options{Timeout: 500 * time.Millisecond}, question("heavy", errorRatio)).next(t)
			if f := e.Panels[0].Fault; f == nil {
				t.Error("the heavy query has no fault")
			}
			if p := e.Panels[1]; p.Fault != nil || p.Latest == nil {
				t.Errorf("the other query: %+v, want its answer", p)
			}
		})
	}
}

func TestNoQuestion(t *testing.T) {
	e := start(t, healthyServer(t), Options{}, oncall.Question{}).next(t)
	if len(e.Panels) != 0 || e.Err != nil || e.Source != "prom" || e.At.IsZero() {
		t.Errorf("%+v, want an empty answer that says when", e)
	}
}

// TestAskAgain asks while the answer to an earlier question hangs.
func TestAskAgain(t *testing.T) {
	s := healthyServer(t)
	var once sync.Once
	asked := make(chan struct{})
	s.Faults.Set(func(r *http.Request) fault.Fault {
		if r.ParseForm() == nil && strings.Contains(r.Form.Get("query"), "old") {
			once.Do(func() { close(asked) })
			return fault.Fault{Hang: true}
		}
		return fault.Fault{}
	})
	r := start(t, s, Options{}, question("old"))
	select {
	case <-asked:
	case <-time.After(5 * time.Second):
		t.Fatal("the first question was not asked")
	}
	q := question(errorRatio)
	q.Scope = "ledger"
	r.Ask(q)
	q.Queries[0].Query = "changed by the caller"
	if e := r.next(t); e.Question.Scope != "ledger" || e.Question.Queries[0].Query != errorRatio || e.Panels[0].Latest == nil {
		t.Errorf("%+v, want the answer to the new question", e)
	}
	r.Refresh()
	if e := r.next(t); e.Question.Scope != "ledger" {
		t.Errorf("%+v, want the same question again", e)
	}
}

func TestSameQuestionDoesNotStartOver(t *testing.T) {
	s := healthyServer(t)
	release := make(chan struct{})
	var hung atomic.Bool
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hung.Store(true)
		select {
		case <-release:
			s.ServeHTTP(w, r)
		case <-r.Context().Done():
			t.Error("the round was given up")
		}
	})
	r := start(t, h, Options{}, question(errorRatio))
	for deadline := time.Now().Add(5 * time.Second); !hung.Load() && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	r.Ask(question(errorRatio))
	close(release)
	r.next(t)
}

// TestAtOnce shows that a large question does not take the whole server.
func TestAtOnce(t *testing.T) {
	s := healthyServer(t)
	var now, most atomic.Int64
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(2 * time.Millisecond)
		s.ServeHTTP(w, r)
	})
	queries := make([]string, 30)
	for i := range queries {
		queries[i] = fmt.Sprintf(`up{i="%d"}`, i)
	}
	if e := start(t, h, Options{}, question(queries...)).next(t); len(e.Panels) != 30 {
		t.Errorf("%d panels, want 30", len(e.Panels))
	}
	if most.Load() > atOnce {
		t.Errorf("%d queries at once, want at most %d", most.Load(), atOnce)
	}
}

func TestManySeriesAndOddNumbers(t *testing.T) {
	st, now := promserver.NewStore(), time.Now()
	for i := range 30 {
		fill(t, st, "many", map[string]string{"i": fmt.Sprintf("%02d", i)}, now.Add(-time.Minute), now, flat(float64(i)))
	}
	odd := []float64{math.NaN(), 1, math.Inf(1), 2}
	fill(t, st, "odd", nil, now.Add(-time.Hour), now, func(i int) float64 { return odd[i%4] })
	if err := st.Add("nan", nil, now, math.NaN()); err != nil {
		t.Fatal(err)
	}
	if err := st.Add("inf", nil, now, math.Inf(1)); err != nil {
		t.Fatal(err)
	}
	q := question("many", "odd", "nan", "inf")
	q.Columns = 240
	e := start(t, promserver.New(st, time.Now), Options{MaxSeries: 5}, q).next(t)
	many, oddPanel, nan, inf := e.Panels[0], e.Panels[1], e.Panels[2], e.Panels[3]
	if len(many.Series) != 5 || many.Series[0].Labels["i"] != "25" || many.Latest.V != 29 {
		t.Errorf("many: %d series from %v, latest %v; want the highest 5", len(many.Series), many.Series[0].Labels, many.Latest)
	}
	if want := "25 more series are not drawn, those that ended lowest; aggregate the query to fewer"; !slices.Contains(many.Warnings, want) {
		t.Errorf("many warns %q, want %q", many.Warnings, want)
	}
	if n := len(oddPanel.Series[0].Points); n < 118 || n > 122 {
		t.Errorf("odd has %d points, want the finite half of 240", n)
	}
	if len(oddPanel.Warnings) != 1 || !strings.HasSuffix(oddPanel.Warnings[0], "infinite values are not drawn") {
		t.Errorf("odd warns %q", oddPanel.Warnings)
	}
	if nan.Latest != nil {
		t.Errorf("NaN became %v", nan.Latest)
	}
	if inf.Latest == nil || !math.IsInf(inf.Latest.V, 1) {
		t.Errorf("infinity became %v", inf.Latest)
	}
	if _, err := json.Marshal(e.Panels); err != nil {
		t.Errorf("the panels cannot be written as JSON: %v", err)
	}
}

func TestWarningsAndOddAnswers(t *testing.T) {
	answers := map[string]string{
		"query_range": `{"status":"success","warnings":["store \u001b[31ma is down"],"infos":["maybe not a counter"],"isPartial":true,
			"data":{"resultType":"matrix","result":[null,{"metric":{"a":"b"},"histograms":[[1,{"count":"1","sum":"1"}]]}]}}`,
		"query": `{"status":"success","warnings":["store a is down"],"data":{"resultType":"scalar","result":[1772449471.5,"42"]}}`,
	}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(answers[r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]]))
	})
	p := start(t, h, Options{}, question("sum(x)")).next(t).Panels[0]
	want := []string{"store [31ma is down", "maybe not a counter", "1 native histograms are not drawn; ask for a histogram_quantile of them", "store a is down"}
	if !slices.Equal(p.Warnings, want) {
		t.Errorf("warnings %q\nwant %q", p.Warnings, want)
	}
	if p.Latest == nil || p.Latest.V != 42 || p.Latest.At.UnixMilli() != 1772449471500 {
		t.Errorf("latest %v, want 42 at its own time", p.Latest)
	}
}

// TestReadOnlyGateway meets a gateway that lets only GET through.
func TestReadOnlyGateway(t *testing.T) {
	s := healthyServer(t)
	s.Faults.Set(func(r *http.Request) fault.Fault {
		if r.Method == http.MethodPost {
			return fault.Fault{Status: http.StatusMethodNotAllowed}
		}
		return fault.Fault{}
	})
	if p := start(t, s, Options{}, question(errorRatio)).next(t).Panels[0]; p.Latest == nil {
		t.Errorf("%+v, want an answer by GET", p)
	}
}

type countingBudget struct{ reads, writes atomic.Int64 }

func (b *countingBudget) Take(_ context.Context, write bool) error {
	if write {
		b.writes.Add(1)
	} else {
		b.reads.Add(1)
	}
	return nil
}

func (b *countingBudget) Observe(int, int, time.Duration) {}

func TestManners(t *testing.T) {
	s := healthyServer(t)
	var seen atomic.Pointer[http.Request]
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Store(r)
		http.StripPrefix("/prometheus", s).ServeHTTP(w, r)
	})
	srv := httptest.NewServer(h)
	defer srv.Close()
	var b countingBudget
	secret := func(context.Context) (string, error) { return "s3cret\n", nil }
	src := newSource(t, Options{
		URL: srv.URL + "/prometheus/", UserAgent: "conway/1", Header: http.Header{"X-Scope-Orgid": {"prod"}},
		Authorize: Basic("12345", secret), Budget: &b,
	})
	src.Ask(question(errorRatio))
	ctx, cancel := context.WithCancel(t.Context())
	if err := src.Run(ctx, func(oncall.Event) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	r := seen.Load()
	if user, password, _ := r.BasicAuth(); user != "12345" || password != "s3cret" {
		t.Error("the credential did not arrive as it should")
	}
	if r.UserAgent() != "conway/1" || r.Header.Get("X-Scope-OrgID") != "prod" || !strings.HasPrefix(r.URL.Path, "/prometheus/api/v1/") {
		t.Errorf("asked %s as %q with %v", r.URL.Path, r.UserAgent(), r.Header)
	}
	if b.reads.Load() != 3 || b.writes.Load() != 0 {
		t.Errorf("%d reads and %d writes, want 3 reads: a query is no write", b.reads.Load(), b.writes.Load())
	}
}

func TestNewRefuses(t *testing.T) {
	for _, tt := range []struct{ name, url, want string }{
		{"", "http://h:9090", "has no name"},
		{"prom", "h:9090", "url must be like http://host:9090"},
		{"prom", "ftp://h", "url must be like"},
		{"prom", "http://ana:hunter2@h", "holds a user name or password"},
		{"prom", "http://h/?x=hunter2", "without ? or #"},
		{"prom", "http://h:x hunter2/", "url must be like"},
	} {
		_, err := New(Options{Name: tt.name, URL: tt.url})
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, want %q", tt.url, err, tt.want)
		}
	}
}

func TestPlan(t *testing.T) {
	now := time.Unix(1772449237, 5e8)
	for _, tt := range []struct {
		span          time.Duration
		columns       int
		step          time.Duration
		points        int
		lastBeforeNow time.Duration
	}{
		{time.Hour, 60, time.Minute, 60, 37*time.Second + 5e8},
		{time.Hour, 1000, 15 * time.Second, 240, 7*time.Second + 5e8},
		{time.Hour, 61, time.Minute, 60, 37*time.Second + 5e8},
		{0, 0, 30 * time.Second, 120, 7*time.Second + 5e8},
		{365 * 24 * time.Hour, 1 << 30, 2867 * time.Second, 11000, 0},
		{time.Second, 5, 15 * time.Second, 1, 7*time.Second + 5e8},
	} {
		p := newPlan(oncall.Question{Span: tt.span, Columns: tt.columns}, now)
		points := int(p.End.Sub(p.Start)/p.Step) + 1
		if p.Step != tt.step || points != tt.points || points > maxPoints {
			t.Errorf("%v in %d columns: %d points every %v, want %d every %v", tt.span, tt.columns, points, p.Step, tt.points, tt.step)
		}
		if p.Start.UnixNano()%int64(p.Step) != 0 || p.End.UnixNano()%int64(p.Step) != 0 || !p.window().Contains(now) {
			t.Errorf("%v in %d columns: %v to %v is not aligned around now", tt.span, tt.columns, p.Start, p.End)
		}
		if got := now.Sub(p.End); tt.lastBeforeNow != 0 && got != tt.lastBeforeNow {
			t.Errorf("%v in %d columns: the last point is %v ago, want %v", tt.span, tt.columns, got, tt.lastBeforeNow)
		}
	}
	past := time.Unix(1700000000, 0)
	if p := newPlan(oncall.Question{Span: time.Hour, Columns: 60, End: past}, now); !p.at.Equal(past) || p.End.After(past) {
		t.Errorf("a window that ends at %v is asked at %v", past, p.at)
	}
}

func TestIsSelector(t *testing.T) {
	for query, want := range map[string]bool{
		"up": true, " job:errors:ratio5m ": true, `up{a="}"}`: true, `{__name__="up"}`: true, `up {a='\'}',b=` + "`}`" + `}`: true,
		"": false, "1": false, "up + 1": false, "rate(up[5m])": false, "up[5m]": false, `up{a="b"} > 1`: false,
		"up offset 5m": false, `up{a="b`: false, `up{a="b"}{`: false, "sum(up)": false, "up@1": false,
	} {
		if got := isSelector(query); got != want {
			t.Errorf("isSelector(%q) = %v, want %v", query, got, want)
		}
	}
}

func TestURLHasNoSecretInErrors(t *testing.T) {
	s := newSource(t, Options{URL: "http://127.0.0.1:1/hunter2"})
	err := s.Run(t.Context(), func(oncall.Event) {})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("Run returned %v", err)
	}
}
