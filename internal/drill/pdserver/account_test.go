package pdserver_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"conway/internal/drill/pdserver"
	"conway/internal/drill/pdserver/pdschema"
)

// start is the moment at which every test's account begins.
var start = time.Date(2026, 3, 2, 3, 12, 0, 0, time.UTC)

// clock is a time that only moves when told to.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// account is a server with three people, two services and a clock.
type account struct {
	*pdserver.Server
	*clock

	t   *testing.T
	url string
}

func options(c *clock) pdserver.Options {
	return pdserver.Options{
		Now: c.now, Token: "t0ken", Me: "PANA",
		Users: []pdserver.User{
			{ID: "PANA", Name: "Ana Lima", Email: "ana@example.com", Teams: []string{"PPAY"}},
			{ID: "PBEN", Name: "Ben Ode", Email: "ben@example.com", Teams: []string{"PPAY"}},
			{ID: "PCEM", Name: "Cem Su", Email: "cem@example.com"},
		},
		Teams: []pdserver.Team{{ID: "PPAY", Name: "Payments"}},
		Services: []pdserver.Service{
			{ID: "PCHK", Name: "checkout", Policy: "PPOL", Teams: []string{"PPAY"}, AckTimeout: 30 * time.Minute},
			{ID: "PLED", Name: "ledger", Policy: "PPOL", AutoResolve: 4 * time.Hour},
		},
		Policies: []pdserver.Policy{{
			ID: "PPOL", Name: "Payments on-call", Teams: []string{"PPAY"},
			Rules: []pdserver.Rule{{Delay: 15 * time.Minute}, {Delay: 15 * time.Minute, Users: []string{"PCEM"}}},
		}},
		Shifts: []pdserver.Shift{
			{Policy: "PPOL", Level: 1, User: "PANA", Schedule: "Primary", Start: start.Add(-time.Hour), End: start.Add(6 * time.Hour)},
			{Policy: "PPOL", Level: 1, User: "PBEN", Schedule: "Primary", Start: start.Add(6 * time.Hour), End: start.Add(18 * time.Hour)},
		},
	}
}

// description is loaded once; it is only read.
var description = sync.OnceValues(pdschema.Find)

func newAccount(t *testing.T, change ...func(*pdserver.Options)) *account {
	t.Helper()
	c := &clock{t: start}
	o := options(c)
	schema, err := description()
	switch {
	case errors.Is(err, pdschema.ErrAbsent):
		t.Log(err)
	case err != nil:
		t.Fatal(err)
	default:
		o.Wrap = func(h http.Handler) http.Handler {
			return schema.Wrap(h, func(err error) { t.Error(err) })
		}
	}
	for _, f := range change {
		f(&o)
	}
	a := &account{Server: pdserver.New(o), clock: c, t: t}
	srv := httptest.NewServer(a.Server)
	t.Cleanup(srv.Close)
	a.url = srv.URL
	return a
}

// bare leaves the checks against the description out, for requests that are
// wrong on purpose.
func bare(o *pdserver.Options) { o.Wrap = nil }

func (a *account) try(method, path, body string, header ...string) (int, map[string]any, http.Header, error) {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.url+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Accept", "application/vnd.pagerduty+json;version=2")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Token token=t0ken")
	req.Header.Set("From", "ana@example.com")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // it is read to its end
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil, nil, err
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		a.t.Fatalf("%s %s answered %q: %v", method, path, raw, err)
	}
	return resp.StatusCode, out, resp.Header, nil
}

func (a *account) do(status int, method, path, body string, header ...string) map[string]any {
	a.t.Helper()
	got, out, _, err := a.try(method, path, body, header...)
	if err != nil {
		a.t.Fatal(err)
	}
	if got != status {
		a.t.Fatalf("%s %s answered %d %v, want %d", method, path, got, out, status)
	}
	return out
}

func (a *account) get(path string) map[string]any {
	a.t.Helper()
	return a.do(http.StatusOK, http.MethodGet, path, "")
}

// pick follows keys and list indexes into a decoded answer.
func pick(t *testing.T, v any, path ...any) any {
	t.Helper()
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok {
				t.Fatalf("pick %v: %v is no object", path, v)
			}
			v = m[p]
		case int:
			l, ok := v.([]any)
			if !ok || p >= len(l) {
				t.Fatalf("pick %v: %v has no element %d", path, v, p)
			}
			v = l[p]
		}
	}
	return v
}

func want(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}
