package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"conway/internal/drill/fault"
	"conway/internal/drill/ghserver"
	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/sourcetest"
)

const checkout = "acme/checkout"

func server(tb testing.TB, repos ...string) *ghserver.Server {
	tb.Helper()
	s := ghserver.New(ghserver.Options{})
	for _, r := range repos {
		if err := s.AddRepo(r); err != nil {
			tb.Fatal(err)
		}
	}
	return s
}

func deploy(tb testing.TB, s *ghserver.Server, repo string, d ghserver.Deployment, states ...string) int64 {
	tb.Helper()
	if d.CreatedAt.IsZero() {
		d.CreatedAt = time.Now().Add(-time.Hour)
	}
	id, err := s.AddDeployment(repo, d)
	if err != nil {
		tb.Fatal(err)
	}
	for i, st := range states {
		at := d.CreatedAt.Add(time.Duration(i+1) * time.Minute)
		if err := s.AddStatus(repo, id, ghserver.Status{State: st, CreatedAt: at, LogURL: "https://ci.example.com/1"}); err != nil {
			tb.Fatal(err)
		}
	}
	return id
}

func newSource(tb testing.TB, o Options) *Source {
	tb.Helper()
	if o.Name == "" {
		o.Name = "gh"
	}
	if o.Every == 0 {
		o.Every = time.Hour
	}
	if o.Repos == nil {
		o.Repos = []string{checkout}
	}
	s, err := New(o)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	sourcetest.HTTP(t, sourcetest.HTTPCase{
		New: func(tb testing.TB, e sourcetest.Endpoint) sources.Source {
			tb.Helper()
			return newSource(tb, Options{URL: e.URL, Token: e.Token, Timeout: e.Timeout, Transport: e.Transport})
		},
		Healthy: func(tb testing.TB) http.Handler {
			tb.Helper()
			s := server(tb, checkout)
			deploy(tb, s, checkout, ghserver.Deployment{SHA: "9f1c2ab4", Ref: "v412", Description: "Deploy v412", Payload: "v412", Creator: "dana"}, "success")
			return s
		},
	})
}

// listening starts a server and returns its address.
func listening(t *testing.T, h http.Handler) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
	})
	return srv.URL
}

// once runs a source until its first event or its end.
func once(t *testing.T, s *Source) (oncall.DeploysEvent, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var got oncall.DeploysEvent
	seen := false
	err := s.Run(ctx, func(e oncall.Event) {
		got, seen = e.(oncall.DeploysEvent), true
		cancel()
	})
	if seen && errors.Is(err, context.Canceled) {
		err = nil
	}
	return got, err
}

func event(t *testing.T, s *Source) oncall.DeploysEvent {
	t.Helper()
	e, err := once(t, s)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func token(context.Context) (string, error) { return "s3cret\n", nil }

func TestDeploys(t *testing.T) {
	s := server(t, checkout)
	base := time.Now().Add(-3 * time.Hour).Truncate(time.Second)
	old := deploy(t, s, checkout, ghserver.Deployment{SHA: "1111111111", Ref: "v412", CreatedAt: base, Creator: "dana"}, "in_progress", "success")
	deploy(t, s, checkout, ghserver.Deployment{SHA: "2222222222", Ref: "main", CreatedAt: base.Add(time.Hour), Description: "Deploy 2026.03.02-3", Payload: map[string]any{"team": "payments", "service": "checkout-api"}}, "success")
	deploy(t, s, checkout, ghserver.Deployment{SHA: "1111111111", Ref: "main", CreatedAt: base.Add(2 * time.Hour), Description: "Roll back to v412"}, "failure")
	deploy(t, s, checkout, ghserver.Deployment{SHA: "3333333333", Ref: "main", CreatedAt: base.Add(150 * time.Minute)}, "queued", "in_progress")
	deploy(t, s, checkout, ghserver.Deployment{SHA: "4444444444", Ref: "pr-7", CreatedAt: base.Add(151 * time.Minute), Transient: true}, "success")
	deploy(t, s, checkout, ghserver.Deployment{SHA: "5555555555", Ref: "v1.0", CreatedAt: base.Add(-8 * 24 * time.Hour)}, "success")

	e := event(t, newSource(t, Options{URL: listening(t, s)}))

	if e.Source != "gh" || e.Err != nil || e.Every != time.Hour || len(e.Deploys) != 4 {
		t.Fatalf("%+v, want 4 deploys: no preview, nothing older than a week", e)
	}
	running, failed, second, first := e.Deploys[0], e.Deploys[1], e.Deploys[2], e.Deploys[3]
	want := oncall.Deploy{
		Ref: oncall.Ref{Source: "gh", ID: strconv.FormatInt(old, 10)}, Repo: checkout, Environment: "production",
		Version: "v412", Commit: "1111111", Author: "dana", Title: "deploy v412", Status: oncall.DeploySucceeded,
		Kind: "deploy", Checks: "unknown", StartedAt: base.UTC(), FinishedAt: base.Add(2 * time.Minute).UTC(), URL: "https://ci.example.com/1",
	}
	if first != want {
		t.Errorf("the first deploy, inactive by now, is\n%+v, want\n%+v", first, want)
	}
	if second.Version != "2026.03.02-3" || second.Team != "payments" || second.Service != "checkout-api" || second.Status != oncall.DeploySucceeded {
		t.Errorf("the second deploy: %+v", second)
	}
	if failed.Kind != "rollback" || failed.Status != oncall.DeployFailed || failed.Version != "v412" {
		t.Errorf("the failed rollback: %+v", failed)
	}
	if running.Status != oncall.DeployRunning || !running.FinishedAt.IsZero() || running.Version != "" {
		t.Errorf("the running deploy: %+v", running)
	}
}

// TestRequests counts what a quiet hour costs.
func TestRequests(t *testing.T) {
	s := server(t, checkout)
	for i := range 3 {
		deploy(t, s, checkout, ghserver.Deployment{SHA: fmt.Sprintf("%010d", i), CreatedAt: time.Now().Add(time.Duration(i-10) * time.Hour)}, "success")
	}
	running := deploy(t, s, checkout, ghserver.Deployment{SHA: "feedface"}, "in_progress")
	src := newSource(t, Options{URL: listening(t, s), Token: token})
	event(t, src)
	if all, counted := s.Requests(); all != 9 || counted != 9 {
		t.Errorf("the first round takes %d requests, %d counted; want 1 list, 4 statuses and 4 runs", all, counted)
	}
	event(t, src)
	if all, counted := s.Requests(); all != 11 || counted != 9 {
		t.Errorf("the second round takes %d requests more, %d counted; want 2 for nothing", all-9, counted-9)
	}
	if err := s.AddStatus(checkout, running, ghserver.Status{State: "success"}); err != nil {
		t.Fatal(err)
	}
	if e := event(t, src); e.Deploys[0].Status != oncall.DeploySucceeded {
		t.Errorf("%+v, want the running deploy to have succeeded", e.Deploys[0])
	}
}

func TestChecks(t *testing.T) {
	at := time.Now().Add(-time.Hour)
	before, after := at.Add(-time.Minute), at.Add(time.Minute)
	for _, tt := range []struct {
		name string
		runs []ghserver.Run
		want string
	}{
		{"no runs", nil, "unknown"},
		{"passed", []ghserver.Run{{Conclusion: "success", UpdatedAt: before}, {Conclusion: "skipped", UpdatedAt: before}}, "passed"},
		{"failed", []ghserver.Run{{Conclusion: "success", UpdatedAt: before}, {Conclusion: "failure", UpdatedAt: before}}, "failed"},
		{"after the deploy", []ghserver.Run{{Conclusion: "success", UpdatedAt: after}}, "unknown"},
		{"of the deploy", []ghserver.Run{{Conclusion: "failure", UpdatedAt: before, Event: "deployment_status"}}, "unknown"},
		{"cancelled", []ghserver.Run{{Conclusion: "cancelled", UpdatedAt: before}}, "unknown"},
		{"another commit", []ghserver.Run{{Conclusion: "success", UpdatedAt: before, SHA: "other"}}, "unknown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := server(t, checkout)
			deploy(t, s, checkout, ghserver.Deployment{SHA: "feedface", CreatedAt: at}, "success")
			for _, r := range tt.runs {
				if r.SHA == "" {
					r.SHA = "feedface"
				}
				r.Status = "completed"
				if err := s.AddRun(checkout, r); err != nil {
					t.Fatal(err)
				}
			}
			if got := event(t, newSource(t, Options{URL: listening(t, s)})).Deploys[0].Checks; got != tt.want {
				t.Errorf("checks %s, want %s", got, tt.want)
			}
		})
	}
	t.Run("not allowed to read", func(t *testing.T) {
		s := server(t, checkout)
		deploy(t, s, checkout, ghserver.Deployment{SHA: "feedface"}, "success")
		s.Faults.Set(func(r *http.Request) fault.Fault {
			if strings.HasSuffix(r.URL.Path, "/runs") {
				return fault.Fault{Status: 403, ContentType: "application/json", Body: `{"message":"Resource not accessible by personal access token"}`}
			}
			return fault.Fault{}
		})
		if d := event(t, newSource(t, Options{URL: listening(t, s)})).Deploys[0]; d.Checks != "unknown" || d.Status != oncall.DeploySucceeded {
			t.Errorf("%+v, want the deploy without its checks", d)
		}
	})
}

// TestOneRepoFails shows that the others are not lost, nor what was known.
func TestOneRepoFails(t *testing.T) {
	s := server(t, checkout, "acme/ledger")
	deploy(t, s, checkout, ghserver.Deployment{SHA: "aaaaaaaa"}, "success")
	deploy(t, s, "acme/ledger", ghserver.Deployment{SHA: "bbbbbbbb"}, "success")
	src := newSource(t, Options{URL: listening(t, s), Repos: []string{checkout, "acme/ledger", "acme/secret"}})
	e := event(t, src)
	const want = "gh: list deployments of acme/secret: refused (HTTP 404): not found, or the token may not see it; check the name, and that the token of gh may read deployments of it"
	if len(e.Deploys) != 2 || e.Err == nil || e.Err.Error() != want {
		t.Errorf("%d deploys and %v, want 2 and %s", len(e.Deploys), e.Err, want)
	}
	s.Faults.Set(func(r *http.Request) fault.Fault {
		if strings.HasPrefix(r.URL.Path, "/repos/acme/ledger/") {
			return fault.Fault{Status: 502}
		}
		return fault.Fault{}
	})
	if e := event(t, src); len(e.Deploys) != 2 || e.Err == nil || e.Err.Kind != oncall.Unavailable {
		t.Errorf("%d deploys and %v, want both, one of them as it was", len(e.Deploys), e.Err)
	}
	if _, err := once(t, newSource(t, Options{URL: listening(t, server(t)), Repos: []string{"a/b", "c/d"}})); err == nil || !strings.Contains(err.Error(), "a/b") {
		t.Errorf("no repository can be read: %v, want the first fault", err)
	}
}

func TestSentences(t *testing.T) {
	reset := strconv.FormatInt(time.Now().Add(90*time.Second).Unix(), 10)
	html := fault.Fault{Status: 200, ContentType: "text/html", Body: "<html>"}
	for _, tt := range []struct {
		name  string
		fault fault.Fault
		want  string
		after time.Duration
	}{
		{"401", fault.Fault{Status: 401, ContentType: "application/json", Body: `{"message":"Bad credentials","status":"401"}`}, "gh: list deployments of acme/checkout: not authorised (HTTP 401): Bad credentials; renew the token of gh", 0},
		{"403", fault.Fault{Status: 403, ContentType: "application/json", Body: `{"message":"Resource not accessible by personal access token"}`}, "gh: list deployments of acme/checkout: not authorised (HTTP 403): Resource not accessible by personal access token; give the token of gh this permission", 0},
		{"single sign-on", fault.Fault{Status: 403, Header: http.Header{"X-Github-Sso": {"required"}}}, "gh: list deployments of acme/checkout: not authorised (HTTP 403); authorise the token of gh for the organisation's single sign-on", 0},
		{"rate limit", fault.Fault{Status: 403, ContentType: "application/json", Body: `{"message":"API rate limit exceeded"}`, Header: http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {reset}}}, "gh: list deployments of acme/checkout: rate limited (HTTP 403): API rate limit exceeded", 91 * time.Second},
		{"secondary rate limit", fault.Fault{Status: 403, ContentType: "application/json", Body: `{"message":"You have exceeded a secondary rate limit."}`}, "gh: list deployments of acme/checkout: rate limited (HTTP 403): You have exceeded a secondary rate limit.", time.Minute},
		{"secondary rate limit that says how long", fault.Fault{Status: 403, Header: http.Header{"Retry-After": {"30"}}}, "gh: list deployments of acme/checkout: rate limited (HTTP 403)", 30 * time.Second},
		{"429", fault.Fault{Status: 429}, "gh: list deployments of acme/checkout: rate limited (HTTP 429)", time.Minute},
		{"500", fault.Fault{Status: 500}, "gh: list deployments of acme/checkout: unavailable (HTTP 500)", 0},
		{"hang", fault.Fault{Hang: true}, "gh: list deployments of acme/checkout: unavailable: no answer in time", 0},
		{"malformed", html, "gh: list deployments of acme/checkout: malformed answer (HTTP 200): the answer is not the JSON that was expected: invalid character '<' looking for beginning of value; check that url points at the API itself and not at a login page or proxy", 0},
		{"null", fault.Fault{Status: 200, Body: "null"}, "gh: list deployments of acme/checkout: malformed answer: there is no list in the answer; check that url points at the API itself and not at a login page or proxy", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := server(t, checkout)
			s.Faults.All(tt.fault)
			_, err := once(t, newSource(t, Options{URL: listening(t, s), Timeout: 300 * time.Millisecond}))
			f, ok := errors.AsType[*oncall.Fault](err)
			if !ok || f.Error() != tt.want {
				t.Fatalf("said %v\nwant %s", err, tt.want)
			}
			if f.RetryAfter < tt.after-3*time.Second || f.RetryAfter > tt.after {
				t.Errorf("retry after %v, want %v", f.RetryAfter, tt.after)
			}
		})
	}
}

// TestRateLimitStopsTheRound does not ask for the other repositories.
func TestRateLimitStopsTheRound(t *testing.T) {
	s := server(t, "a/a", "b/b", "c/c")
	var asked atomic.Int64
	s.Faults.Set(func(r *http.Request) fault.Fault {
		asked.Add(1)
		if strings.Contains(r.URL.Path, "b/b") {
			return fault.Fault{Status: 429}
		}
		return fault.Fault{}
	})
	_, err := once(t, newSource(t, Options{URL: listening(t, s), Repos: []string{"c/c", "b/b", "a/a"}}))
	if f, ok := errors.AsType[*oncall.Fault](err); !ok || f.Kind != oncall.RateLimited || asked.Load() != 2 {
		t.Errorf("%v after %d requests, want rate limited after 2", err, asked.Load())
	}
}

// TestPages looks for lasting deploys behind previews, and only on this host.
func TestPages(t *testing.T) {
	s := server(t, checkout)
	deploy(t, s, checkout, ghserver.Deployment{SHA: "aaaaaaaa", CreatedAt: time.Now().Add(-2 * time.Hour)}, "success")
	for range perPage + 5 {
		deploy(t, s, checkout, ghserver.Deployment{SHA: "bbbbbbbb", Transient: true, Environment: "pr"}, "success")
	}
	if e := event(t, newSource(t, Options{URL: listening(t, s)})); len(e.Deploys) != 1 || e.Deploys[0].Commit != "aaaaaaa" {
		t.Errorf("%d deploys, want the one on the second page", len(e.Deploys))
	}
	if e := event(t, newSource(t, Options{URL: listening(t, s), Environment: "pr"})); len(e.Deploys) != maxDeploys {
		t.Errorf("%d deploys to previews that were asked for, want %d", len(e.Deploys), maxDeploys)
	}
	var elsewhere atomic.Int64
	other := listening(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	s.Faults.All(fault.Fault{Status: 200, ContentType: "application/json", Body: "[]", Header: http.Header{"Link": {`<` + other + `/x>; rel="next"`}}})
	event(t, newSource(t, Options{URL: listening(t, s), Token: token}))
	if elsewhere.Load() != 0 {
		t.Error("a link to another host was followed")
	}
}

// TestOddRows keeps rows whatever is missing or wrong in them.
func TestOddRows(t *testing.T) {
	const rows = `[
		{"id":"17","sha":12,"ref":null,"creator":null,"created_at":"yesterday","payload":"{\"version\":\"7.1\"}","environment":"eu"},
		{"id":18,"sha":"feedfacefeed","payload":[1],"description":"Deploy #1234","task":"hotfix","unheard_of":{"a":1}},
		{"sha":"cafe","created_at":"2020-01-01T00:00:00+25:00"},
		null, "text", 7]`
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/deployments"):
			_, _ = w.Write([]byte(rows))
		case strings.HasSuffix(r.URL.Path, "/17/statuses"):
			_, _ = w.Write([]byte(`[{"state":"inactive","created_at":7},{"state":"paused"},{"state":"success"}]`))
		default:
			_, _ = w.Write([]byte(`[]`))
		}
	})
	e := event(t, newSource(t, Options{URL: listening(t, h)}))
	if len(e.Deploys) != 3 {
		t.Fatalf("%d deploys, want 3: %+v", len(e.Deploys), e.Deploys)
	}
	byID := map[string]oncall.Deploy{}
	for _, d := range e.Deploys {
		byID[d.Ref.ID] = d
	}
	if d := byID["17"]; d.Version != "7.1" || d.Status != oncall.DeployUnknown || d.Environment != "eu" {
		t.Errorf("17: %+v, want its version and a status that is not known", d)
	}
	if d := byID["18"]; d.Version != "" || d.Kind != "hotfix" || d.Commit != "feedfac" {
		t.Errorf("18: %+v, want a hotfix, and #1234 to be no version", d)
	}
	if d := byID["cafe@2020-01-01T00:00:00+25:00"]; d.Commit != "cafe" {
		t.Errorf("without an id: %+v", byID)
	}
}

func TestManners(t *testing.T) {
	s := ghserver.New(ghserver.Options{Token: "s3cret"})
	if err := s.AddRepo(checkout); err != nil {
		t.Fatal(err)
	}
	var seen atomic.Pointer[http.Request]
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Store(r)
		http.StripPrefix("/api/v3", s).ServeHTTP(w, r)
	})
	e := event(t, newSource(t, Options{URL: listening(t, h) + "/api/v3/", Token: token}))
	if e.Deploys == nil || len(e.Deploys) != 0 || e.Err != nil {
		t.Errorf("a repository without deployments: %+v, want none and no fault", e)
	}
	r := seen.Load()
	if r.URL.Path != "/api/v3/repos/acme/checkout/deployments" || r.UserAgent() == "" ||
		r.Header.Get("Accept") != "application/vnd.github+json" || r.Header.Get("X-GitHub-Api-Version") != "2022-11-28" {
		t.Errorf("asked %s with %v", r.URL, r.Header)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, tt := range []struct {
		o    Options
		want string
	}{
		{Options{Repos: []string{checkout}}, "has no name"},
		{Options{Name: "gh"}, "repos is empty"},
		{Options{Name: "gh", Repos: []string{"checkout"}}, `repo "checkout" must be like owner/name`},
		{Options{Name: "gh", Repos: []string{"a/../b"}}, "must be like owner/name"},
		{Options{Name: "gh", Repos: []string{"../b"}}, "must be like owner/name"},
		{Options{Name: "gh", Repos: []string{"a/b?x"}}, "must be like owner/name"},
		{Options{Name: "gh", Repos: []string{checkout}, URL: "api.github.com"}, "url must be like https://api.github.com"},
		{Options{Name: "gh", Repos: []string{checkout}, URL: "https://x:hunter2@h"}, "host and path only"},
	} {
		_, err := New(tt.o)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%+v: %v, want %q", tt.o, err, tt.want)
		}
	}
	anonymous, err := New(Options{Name: "gh", Repos: []string{checkout}})
	if err != nil || anonymous.every != anonymousEvery || anonymous.base != DefaultURL {
		t.Errorf("without a token: %+v, %v", anonymous, err)
	}
	if got := anonymous.commitURL(checkout, "abc"); got != "https://github.com/acme/checkout/commit/abc" {
		t.Errorf("commit URL %s", got)
	}
}

func TestVersion(t *testing.T) {
	for _, tt := range []struct{ ref, description, payload, want string }{
		{"main", "", `{}`, ""},
		{"refs/tags/release-9", "", `{}`, "release-9"},
		{"v412", "", `null`, "v412"},
		{"1.4.0-rc1", "", ``, "1.4.0-rc1"},
		{"main", "Deploy 2026.03.02-3", `{}`, "2026.03.02-3"},
		{"main", "fix 12 things (v7)", `{}`, "v7"},
		{"main", "Deploy v1", `{"version":"v2"}`, "v2"},
		{"main", "Deploy v1", `{"tag":"v3"}`, "v3"},
		{"main", "", `"v4"`, "v4"},
		{"main", "", `"{\"release\":\"5\"}"`, "5"},
		{"main", "", `"free text"`, ""},
		{"main", "", `{"version":6,"tag":"v6"}`, "v6"},
		{"9f1c2ab", "", `{}`, ""},
	} {
		d := deployment{SHA: "9f1c2ab4", Ref: tt.ref, Description: tt.description, Payload: json.RawMessage(tt.payload)}
		if got := version(d, readPayload(d.Payload)); got != tt.want {
			t.Errorf("ref %q, description %q, payload %s: version %q, want %q", tt.ref, tt.description, tt.payload, got, tt.want)
		}
	}
}

func FuzzRows(f *testing.F) {
	f.Add([]byte(`{"id":1,"sha":"a","payload":"{}","created_at":"2026-03-02T10:58:07Z"}`))
	f.Add([]byte(`{"id":"x","sha":1}`))
	f.Fuzz(func(_ *testing.T, row []byte) {
		s := &Source{base: DefaultURL}
		if d, ok := readDeployment(row); ok {
			s.deploy(checkout, d, known{state: newestState([]json.RawMessage{row})})
		}
		verdict([]json.RawMessage{row}, time.Now())
	})
}
