package promserver

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"conway/internal/drill/fault"
)

func epoch() time.Time { return time.Unix(1772449200, 0).UTC() }

func testServer(t *testing.T) *Server {
	t.Helper()
	st := NewStore()
	for i := range 8 {
		at := epoch().Add(time.Duration(i*15) * time.Second)
		add(t, st, "requests", map[string]string{"service": "checkout", "code": "200"}, at, float64(400+i))
		add(t, st, "requests", map[string]string{"service": "checkout", "code": "500"}, at, float64(i))
		add(t, st, "requests", map[string]string{"service": "ledger", "code": "200"}, at, math.Inf(1))
	}
	add(t, st, "job:errors:ratio5m", map[string]string{"service": `a"b\c`}, epoch(), 0.031)
	return New(st, func() time.Time { return epoch().Add(2 * time.Minute) })
}

func add(t *testing.T, st *Store, name string, labels map[string]string, at time.Time, v float64) {
	t.Helper()
	if err := st.Add(name, labels, at, v); err != nil {
		t.Fatal(err)
	}
}

// ask returns the status and body of one request; POST when post is true.
func ask(t *testing.T, s http.Handler, path string, form url.Values, post bool) (int, string) {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path+"?"+form.Encode(), nil)
	if post {
		req = httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, req)
	return rec.Code, rec.Body.String()
}

func TestQuery(t *testing.T) {
	s := testServer(t)
	for _, tt := range []struct{ query, want string }{
		{`requests{service="checkout",code="500"}`, `[{"metric":{"__name__":"requests","code":"500","service":"checkout"},"value":[1772449320,"7"]}]`},
		{`{__name__="requests", code=~"5.."}`, `[{"metric":{"__name__":"requests","code":"500","service":"checkout"},"value":[1772449320,"7"]}]`},
		{`requests{code!="200",service!~"led.*",}`, `[{"metric":{"__name__":"requests","code":"500","service":"checkout"},"value":[1772449320,"7"]}]`},
		{`requests{service=~"led"}`, `[]`}, // a regular expression is anchored
		{`requests{service='ledger'}`, `[{"metric":{"__name__":"requests","code":"200","service":"ledger"},"value":[1772449320,"+Inf"]}]`},
		{`job:errors:ratio5m{service="a\"b\\c"}`, `[{"metric":{"__name__":"job:errors:ratio5m","service":"a\"b\\c"},"value":[1772449320,"0.031"]}]`},
		{"job:errors:ratio5m{service=`a\"b\\c`}", `[{"metric":{"__name__":"job:errors:ratio5m","service":"a\"b\\c"},"value":[1772449320,"0.031"]}]`},
		{`timestamp(requests{code="500"})`, `[{"metric":{"code":"500","service":"checkout"},"value":[1772449320,"1772449305"]}]`},
		{` vector( 1.5 ) `, `[{"metric":{},"value":[1772449320,"1.5"]}]`},
		{`absent_metric`, `[]`},
		{`requests{missing=""}`, `3 rows`},
	} {
		for _, post := range []bool{false, true} {
			status, body := ask(t, s, "/api/v1/query", url.Values{"query": {tt.query}}, post)
			want := `{"status":"success","data":{"resultType":"vector","result":` + tt.want + `}}`
			if tt.want == "3 rows" {
				if n := strings.Count(body, `"metric"`); n != 3 {
					t.Errorf("%s: %d rows, want 3: %s", tt.query, n, body)
				}
				continue
			}
			if status != http.StatusOK || body != want {
				t.Errorf("%s (post %v): %d %s, want %s", tt.query, post, status, body, want)
			}
		}
	}
	if _, body := ask(t, s, "/api/v1/query", url.Values{"query": {"-2.5e1"}}, false); !strings.Contains(body, `"resultType":"scalar","result":[1772449320,"-25"]`) {
		t.Errorf("a number: %s", body)
	}
}

func TestBadRequests(t *testing.T) {
	s := testServer(t)
	rng := func(q, start, end, step string) url.Values {
		return url.Values{"query": {q}, "start": {start}, "end": {end}, "step": {step}}
	}
	for _, tt := range []struct {
		path string
		form url.Values
		want string
	}{
		{"/api/v1/query", url.Values{}, `invalid parameter "query": 1:1: parse error: no expression found in input`},
		{"/api/v1/query", url.Values{"query": {`up{a="b"`}}, `invalid parameter "query": 1:9: parse error: unexpected end of input in label matching`},
		{"/api/v1/query", url.Values{"query": {"up{\na~\"b\"}"}}, `invalid parameter "query": 2:2: parse error: unexpected '~' in label matching, expected label matching operator`},
		{"/api/v1/query", url.Values{"query": {`up{a="b}`}}, `parse error: unterminated quoted string`},
		{"/api/v1/query", url.Values{"query": {`up{a=~"("}`}}, `1:7: parse error: error parsing regexp: missing closing )`},
		{"/api/v1/query", url.Values{"query": {`{a=""}`}}, `vector selector must contain at least one non-empty matcher`},
		{"/api/v1/query", url.Values{"query": {`rate(up[5m])`}}, `1:1: parse error: unknown function with name "rate"`},
		{"/api/v1/query", url.Values{"query": {`up + 1`}}, `1:4: parse error: unexpected '+'`},
		{"/api/v1/query", url.Values{"query": {`timestamp(up`}}, `unexpected end of input in function call`},
		{"/api/v1/query", url.Values{"query": {`up`}, "time": {"soon"}}, `invalid parameter "time": cannot parse "soon" to a valid timestamp`},
		{"/api/v1/query", url.Values{"query": {`up`}, "limit": {"-1"}}, `invalid parameter "limit"`},
		{"/api/v1/query_range", rng("up", "", "1", "1"), `invalid parameter "start": cannot parse "" to a valid timestamp`},
		{"/api/v1/query_range", rng("up", "2", "1", "1"), `invalid parameter "end": end timestamp must not be before start time`},
		{"/api/v1/query_range", rng("up", "1", "2", "0"), `invalid parameter "step": zero or negative query resolution step widths`},
		{"/api/v1/query_range", rng("up", "1", "2", "x"), `invalid parameter "step": cannot parse "x" to a valid duration`},
		{"/api/v1/query_range", rng("up", "0", "11001", "1"), `exceeded maximum resolution of 11,000 points per timeseries`},
		{"/api/v1/series", url.Values{}, `no match[] parameter provided`},
		{"/api/v1/series", url.Values{"match[]": {"1"}}, `invalid parameter "match[]"`},
		{"/api/v1/label/1x/values", url.Values{}, `invalid label name: "1x"`},
	} {
		status, body := ask(t, s, tt.path, tt.form, false)
		var e envelope
		if err := json.Unmarshal([]byte(body), &e); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if status != http.StatusBadRequest || e.Status != "error" || e.ErrorType != "bad_data" || !strings.Contains(e.Error, tt.want) {
			t.Errorf("%s %v: %d %+v, want %s", tt.path, tt.form, status, e, tt.want)
		}
	}
	if status, body := ask(t, s, "/api/v1/query_range", rng("up", "0", "11000", "1"), true); status != http.StatusOK {
		t.Errorf("11,000 points are allowed: %d %s", status, body)
	}
	if status, _ := ask(t, s, "/api/v1/alerts", nil, false); status != http.StatusNotFound {
		t.Errorf("an endpoint that is not served: %d, want 404", status)
	}
}

// TestLookback shows that a sample counts for five minutes, and that a
// staleness marker ends that at once.
func TestLookback(t *testing.T) {
	st := NewStore()
	s := New(st, epoch)
	add(t, st, "dead", nil, epoch(), 1)
	add(t, st, "gone", nil, epoch(), 1)
	if err := st.Stale("gone", nil, epoch().Add(15*time.Second)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		after time.Duration
		found bool
	}{
		{"dead", -time.Millisecond, false},
		{"dead", 0, true},
		{"dead", lookback - time.Millisecond, true},
		{"dead", lookback, false},
		{"gone", 14 * time.Second, true},
		{"gone", 15 * time.Second, false},
	} {
		at := epoch().Add(tt.after).Format(time.RFC3339Nano)
		_, body := ask(t, s, "/api/v1/query", url.Values{"query": {tt.name}, "time": {at}}, false)
		if found := strings.Contains(body, `"metric"`); found != tt.found {
			t.Errorf("%s after %v: found %v, want %v", tt.name, tt.after, found, tt.found)
		}
	}
}

func TestQueryRange(t *testing.T) {
	s := testServer(t)
	form := url.Values{
		"query": {`requests{code="500"}`}, "step": {"30s"},
		"start": {fmt.Sprint(epoch().Add(-30 * time.Second).Unix())}, "end": {epoch().Add(60 * time.Second).Format(time.RFC3339)},
	}
	_, body := ask(t, s, "/api/v1/query_range", form, true)
	const want = `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"requests","code":"500","service":"checkout"},` +
		`"values":[[1772449200,"0"],[1772449230,"2"],[1772449260,"4"]]}]}}`
	if body != want {
		t.Errorf("got  %s\nwant %s", body, want)
	}
	form.Set("query", "requests")
	form.Set("limit", "1")
	_, body = ask(t, s, "/api/v1/query_range", form, true)
	if strings.Count(body, `"metric"`) != 1 || !strings.Contains(body, `"warnings":["results truncated due to limit"]`) {
		t.Errorf("a limit of 1: %s", body)
	}
}

func TestNamesAndHealth(t *testing.T) {
	s := testServer(t)
	for _, tt := range []struct {
		path string
		form url.Values
		want string
	}{
		{"/api/v1/labels", nil, `{"status":"success","data":["__name__","code","service"]}`},
		{"/api/v1/label/service/values", url.Values{"match[]": {"requests"}}, `{"status":"success","data":["checkout","ledger"]}`},
		{"/api/v1/label/service/values", url.Values{"start": {"1"}, "end": {"2"}}, `{"status":"success","data":[]}`},
		{
			"/api/v1/series",
			url.Values{"match[]": {`requests{code="500"}`, `requests{service="checkout",code="500"}`}},
			`{"status":"success","data":[{"__name__":"requests","code":"500","service":"checkout"}]}`,
		},
		{"/-/ready", nil, "Prometheus Server is Ready.\n"},
		{"/-/healthy", nil, "Prometheus Server is Healthy.\n"},
	} {
		if status, body := ask(t, s, tt.path, tt.form, false); status != http.StatusOK || body != tt.want {
			t.Errorf("%s: %d %s, want %s", tt.path, status, body, tt.want)
		}
	}
	if _, body := ask(t, s, "/api/v1/status/buildinfo", nil, false); !strings.Contains(body, `"version":"3.`) {
		t.Errorf("buildinfo: %s", body)
	}
}

// TestSingleValues holds what one number is made of to what Prometheus makes of it.
func TestSingleValues(t *testing.T) {
	s := New(NewStore(), epoch)
	for i, v := range []float64{9, 1, 2, 6} {
		add(t, s.store, "burn", map[string]string{"slo": "a"}, epoch().Add(time.Duration(i-3)*time.Minute), v)
		add(t, s.store, "burn", map[string]string{"slo": "b"}, epoch().Add(time.Duration(i-3)*time.Minute), v/2)
	}
	for query, want := range map[string]string{
		"max(burn)":                          `"vector","result":[{"metric":{},"value":[TIME,"6"]}]`,
		`max(burn{slo="b"})`:                 `"vector","result":[{"metric":{},"value":[TIME,"3"]}]`,
		"max(avg_over_time(burn[3m])) * 2":   `"vector","result":[{"metric":{},"value":[TIME,"6"]}]`, // the first is just too old
		"avg_over_time(burn{slo=\"b\"}[1h])": `"vector","result":[{"metric":{"slo":"b"},"value":[TIME,"2.25"]}]`,
		"12 / 2 / (3 * 1)":                   `"scalar","result":[TIME,"2"]`,
		"max(burn) / (max(nothing) * 2)":     `"vector","result":[]`,
		"vector(3) * 2":                      `"vector","result":[{"metric":{},"value":[TIME,"6"]}]`,
	} {
		_, body := ask(t, s, "/api/v1/query", url.Values{"query": {query}}, false)
		if want := `"resultType":` + strings.ReplaceAll(want, "TIME", fmt.Sprint(epoch().Unix())); !strings.Contains(body, want) {
			t.Errorf("%s: %s, want %s", query, body, want)
		}
	}
	for query, want := range map[string]string{
		"burn * 2":               "this server multiplies single values only",
		"max(1)":                 "got scalar",
		"avg_over_time(burn)":    "expected a range",
		"avg_over_time(burn[])":  "not a valid duration",
		"max(burn":               "unexpected end of input in function call",
		"(1":                     "unexpected end of input in parentheses",
		strings.Repeat("(", 100): "too deep",
	} {
		if status, body := ask(t, s, "/api/v1/query", url.Values{"query": {query}}, false); status != http.StatusBadRequest || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s, want %s", query, status, body, want)
		}
	}
}

func TestStoreIsBounded(t *testing.T) {
	st := NewStore()
	for i := range maxSeries {
		add(t, st, "m", map[string]string{"i": fmt.Sprint(i)}, epoch(), 1)
	}
	if err := st.Add("m", map[string]string{"i": "more"}, epoch(), 1); err == nil {
		t.Error("a series too many was taken")
	}
	labels := map[string]string{"i": "0"}
	for i := range maxSamples + 10 {
		add(t, st, "m", labels, epoch().Add(time.Duration(i)*time.Second), float64(i))
	}
	st.find([]matcher{{label: "i", op: "=", value: "0"}}, func(s *series) {
		if n := len(s.samples); n != maxSamples || s.samples[n-1].v != maxSamples+9 {
			t.Errorf("%d samples, the last %v; want the newest %d", n, s.samples[n-1].v, maxSamples)
		}
	})
}

func TestSamplesInAnyOrder(t *testing.T) {
	st := NewStore()
	for _, i := range []int{3, 1, 2, 1} {
		add(t, st, "m", nil, epoch().Add(time.Duration(i)*time.Minute), float64(i))
	}
	st.find(nil, func(s *series) {
		if len(s.samples) != 3 || s.samples[0].v != 1 || s.samples[2].v != 3 {
			t.Errorf("samples %v, want 1, 2, 3", s.samples)
		}
	})
}

func TestFaultsReachTheAsker(t *testing.T) {
	s := testServer(t)
	s.Faults.All(fault.Fault{Status: http.StatusServiceUnavailable, Body: "over there"})
	if status, body := ask(t, s, "/-/ready", nil, false); status != http.StatusServiceUnavailable || body != "over there" {
		t.Errorf("%d %q", status, body)
	}
}

// TestShapes holds the answers against Prometheus's own description of them.
func TestShapes(t *testing.T) {
	data, err := os.ReadFile("../../../../shared/contracts/schemas/prometheus-openapi-3.1.yaml")
	if err != nil {
		t.Skip("the description of Prometheus's API is not here")
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		t.Skipf("the description, OpenAPI 3.1, cannot be loaded: %v", err)
	}
	s := testServer(t)
	at := fmt.Sprint(epoch().Unix())
	for _, tt := range []struct {
		path, as string
		form     url.Values
	}{
		{"/query", "/query", url.Values{"query": {"requests"}}},
		{"/query", "/query", url.Values{"query": {"requests["}}},
		{"/query_range", "/query_range", url.Values{"query": {"requests"}, "start": {at}, "end": {at}, "step": {"15"}}},
		{"/series", "/series", url.Values{"match[]": {"requests"}}},
		{"/labels", "/labels", nil},
		{"/label/code/values", "/label/{name}/values", nil},
		{"/status/buildinfo", "/status/buildinfo", nil},
	} {
		status, body := ask(t, s, "/api/v1"+tt.path, tt.form, false)
		item := doc.Paths.Value(tt.as)
		if item == nil || item.Get == nil {
			t.Fatalf("no path %s in the description", tt.as)
		}
		resp := item.Get.Responses.Status(status)
		if resp == nil {
			resp = item.Get.Responses.Default()
		}
		if resp == nil {
			t.Fatalf("%s: status %d is not described", tt.as, status)
		}
		d := json.NewDecoder(strings.NewReader(body))
		var v any
		if err := d.Decode(&v); err != nil && err != io.EOF {
			t.Fatal(err)
		}
		if err := resp.Value.Content.Get("application/json").Schema.Value.VisitJSON(v); err != nil {
			t.Errorf("%s: %v\n%s", tt.as, err, body)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, q := range []string{"up", `up{a="b",c!~"d"}`, "timestamp(up)", "vector(1)", "-1", "up{", `{a='\x'}`, "max(avg_over_time(a[5m]))/(2*1)", "\xff"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, q string) {
		e, err := parse(q)
		if err == nil && e.kind == selectorExpr && len(e.matchers) == 0 {
			t.Errorf("%q selects everything", q)
		}
	})
}
