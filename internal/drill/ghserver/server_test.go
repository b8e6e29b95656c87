package ghserver

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"conway/internal/drill/fault"
)

type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func newClock() *clock { return &clock{t: time.Date(2026, 3, 2, 11, 0, 0, 0, time.UTC)} }

func must[T any](t *testing.T) func(v T, err error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, s http.Handler, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	r.Header.Set("User-Agent", "test")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, r)
	return rec
}

func decode[T any](t *testing.T, rec *httptest.ResponseRecorder) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v: %s", err, rec.Body)
	}
	return v
}

type row struct {
	ID    int64
	SHA   string
	State string
}

func TestDeploymentsAndStatuses(t *testing.T) {
	c := newClock()
	s := New(Options{Now: c.now})
	ok(t, s.AddRepo("acme/checkout"))
	first := must[int64](t)(s.AddDeployment("acme/checkout", Deployment{SHA: "aaa", Ref: "main"}))
	ok(t, s.AddStatus("acme/checkout", first, Status{State: "success"}))
	c.pass(time.Minute)
	second := must[int64](t)(s.AddDeployment("acme/checkout", Deployment{SHA: "bbb", Ref: "main", Payload: "v2"}))
	ok(t, s.AddStatus("acme/checkout", second, Status{State: "in_progress"}))
	ok(t, s.AddStatus("acme/checkout", second, Status{State: "success"}))

	list := decode[[]row](t, get(t, s, "/repos/acme/checkout/deployments"))
	if len(list) != 2 || list[0].ID != second || list[0].SHA != "bbb" || list[1].ID != first {
		t.Errorf("deployments %+v, want the newest first", list)
	}
	if got := decode[[]row](t, get(t, s, "/repos/acme/checkout/deployments?sha=aaa")); len(got) != 1 || got[0].ID != first {
		t.Errorf("filtered by sha: %+v", got)
	}
	if got := decode[[]row](t, get(t, s, "/repos/acme/checkout/deployments?environment=staging")); len(got) != 0 {
		t.Errorf("filtered by environment: %+v", got)
	}
	states := func(id int64) string {
		var out []string
		for _, st := range decode[[]row](t, get(t, s, "/repos/acme/checkout/deployments/"+itoa(id)+"/statuses")) {
			out = append(out, st.State)
		}
		return strings.Join(out, " ")
	}
	if got := states(second); got != "success in_progress" {
		t.Errorf("statuses of the second: %s", got)
	}
	if got := states(first); got != "inactive success" {
		t.Errorf("statuses of the first: %s, want it to have become inactive", got)
	}
}

func TestPaging(t *testing.T) {
	s := New(Options{})
	ok(t, s.AddRepo("a/b"))
	for range 5 {
		must[int64](t)(s.AddDeployment("a/b", Deployment{}))
	}
	rec := get(t, s, "/repos/a/b/deployments?per_page=2&page=2")
	if n := len(decode[[]row](t, rec)); n != 2 {
		t.Errorf("%d rows on page 2, want 2", n)
	}
	const want = `<http://example.com/repos/a/b/deployments?page=3&per_page=2>; rel="next", <http://example.com/repos/a/b/deployments?page=3&per_page=2>; rel="last"`
	if got := rec.Header().Get("Link"); got != want {
		t.Errorf("Link %s\nwant %s", got, want)
	}
	if rec := get(t, s, "/repos/a/b/deployments?per_page=2&page=3"); len(decode[[]row](t, rec)) != 1 || rec.Header().Get("Link") != "" {
		t.Errorf("the last page: %s with Link %q", rec.Body, rec.Header().Get("Link"))
	}
	if rec := get(t, s, "/repos/a/b/deployments?page=99"); rec.Body.String() != "[]" {
		t.Errorf("past the end: %s", rec.Body)
	}
}

func TestRefusals(t *testing.T) {
	s := New(Options{Token: "s3cret"})
	ok(t, s.AddRepo("a/b"))
	auth := []string{"Authorization", "Bearer s3cret"}
	for _, tt := range []struct {
		name, path string
		header     []string
		code       int
		message    string
	}{
		{"no user agent", "/repos/a/b/deployments", append([]string{"User-Agent", ""}, auth...), 403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"},
		{"no token", "/repos/a/b/deployments", nil, 401, "Bad credentials"},
		{"wrong token", "/repos/a/b/deployments", []string{"Authorization", "Bearer other"}, 401, "Bad credentials"},
		{"unknown repo", "/repos/a/c/deployments", auth, 404, "Not Found"},
		{"unknown deployment", "/repos/a/b/deployments/7/statuses", auth, 404, "Not Found"},
		{"odd deployment", "/repos/a/b/deployments/x/statuses", auth, 404, "Not Found"},
		{"unknown comparison", "/repos/a/b/compare/x...y", auth, 404, "Not Found"},
		{"another path", "/user", auth, 404, "Not Found"},
	} {
		rec := get(t, s, tt.path, tt.header...)
		got := decode[struct{ Message, Status string }](t, rec)
		if rec.Code != tt.code || got.Message != tt.message {
			t.Errorf("%s: %d %+v, want %d %s", tt.name, rec.Code, got, tt.code, tt.message)
		}
	}
}

func TestETagAndRateLimit(t *testing.T) {
	c := newClock()
	s := New(Options{Now: c.now, Limit: 3})
	ok(t, s.AddRepo("a/b"))
	id := must[int64](t)(s.AddDeployment("a/b", Deployment{}))
	const path = "/repos/a/b/deployments"
	first := get(t, s, path)
	etag := first.Header().Get("ETag")
	if first.Header().Get("X-Ratelimit-Remaining") != "2" {
		t.Errorf("remaining %s, want 2", first.Header().Get("X-Ratelimit-Remaining"))
	}
	for range 5 {
		rec := get(t, s, path, "If-None-Match", etag, "Authorization", "Bearer x")
		if rec.Code != http.StatusNotModified || rec.Header().Get("X-Ratelimit-Remaining") != "2" || rec.Body.Len() > 0 {
			t.Fatalf("the same again: %d with %s remaining, want 304 for free", rec.Code, rec.Header().Get("X-Ratelimit-Remaining"))
		}
	}
	c.pass(time.Second)
	ok(t, s.AddStatus("a/b", id, Status{State: "success"}))
	if rec := get(t, s, path, "If-None-Match", etag); rec.Code != http.StatusOK {
		t.Errorf("after a change: %d, want 200", rec.Code)
	}
	get(t, s, path)
	rec := get(t, s, path)
	if rec.Code != http.StatusForbidden || rec.Header().Get("X-Ratelimit-Remaining") != "0" || rec.Header().Get("X-Ratelimit-Reset") != "1772452800" {
		t.Errorf("over the limit: %d %v", rec.Code, rec.Header())
	}
	c.pass(time.Hour)
	if rec := get(t, s, path); rec.Code != http.StatusOK {
		t.Errorf("an hour later: %d, want 200", rec.Code)
	}
	if all, counted := s.Requests(); all != 10 || counted != 1 {
		t.Errorf("%d requests, %d counted; want 10 and 1", all, counted)
	}
}

func TestRunsAndCompare(t *testing.T) {
	c := newClock()
	s := New(Options{Now: c.now})
	ok(t, s.AddRepo("a/b"))
	ok(t, s.AddRun("a/b", Run{Name: "test", SHA: "aaa", Status: "completed", Conclusion: "success"}))
	ok(t, s.AddRun("a/b", Run{Name: "test", SHA: "bbb", Status: "in_progress"}))
	type runs struct {
		Total int `json:"total_count"`
		Runs  []struct {
			HeadSHA    string `json:"head_sha"`
			Conclusion *string
		} `json:"workflow_runs"`
	}
	if got := decode[runs](t, get(t, s, "/repos/a/b/actions/runs")); got.Total != 2 || got.Runs[0].HeadSHA != "bbb" || got.Runs[0].Conclusion != nil {
		t.Errorf("runs: %+v", got)
	}
	for _, q := range []string{"head_sha=aaa", "status=success", "status=completed"} {
		if got := decode[runs](t, get(t, s, "/repos/a/b/actions/runs?"+q)); got.Total != 1 || got.Runs[0].HeadSHA != "aaa" {
			t.Errorf("%s: %+v", q, got)
		}
	}
	ok(t, s.SetCompare("a/b", "aaa", "bbb", []Commit{{SHA: "bbb", Message: "raise the limit", Author: "dana"}}))
	got := decode[struct {
		Status  string
		Commits []struct{ SHA string }
	}](t, get(t, s, "/repos/a/b/compare/aaa...bbb"))
	if got.Status != "ahead" || len(got.Commits) != 1 || got.Commits[0].SHA != "bbb" {
		t.Errorf("compare: %+v", got)
	}
	if rec := get(t, s, "/repos/a/b/compare/aaa...aaa"); rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), "identical") {
		t.Errorf("a commit with itself: %d %s", rec.Code, rec.Body)
	}
}

func TestUnknownAndBounds(t *testing.T) {
	s := New(Options{})
	if _, err := s.AddDeployment("a/b", Deployment{}); !errors.Is(err, ErrUnknown) {
		t.Errorf("a deployment of no repository: %v", err)
	}
	if err := s.AddStatus("a/b", 1, Status{}); !errors.Is(err, ErrUnknown) {
		t.Errorf("a status of no deployment: %v", err)
	}
	if err := s.AddRun("a/b", Run{}); !errors.Is(err, ErrUnknown) {
		t.Errorf("a run of no repository: %v", err)
	}
	ok(t, s.AddRepo("a/b"))
	for range maxDeployments + 5 {
		must[int64](t)(s.AddDeployment("a/b", Deployment{}))
	}
	if n := len(s.repos["a/b"].deployments); n != maxDeployments {
		t.Errorf("%d deployments are kept, want %d", n, maxDeployments)
	}
}

func TestFaultsReachTheAsker(t *testing.T) {
	s := New(Options{})
	s.Faults.All(fault.Fault{Status: http.StatusBadGateway})
	if rec := get(t, s, "/repos/a/b/deployments"); rec.Code != http.StatusBadGateway {
		t.Errorf("%d, want 502", rec.Code)
	}
}
