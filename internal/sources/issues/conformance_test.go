package issues_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/issues"
	"conway/internal/sources/issues/issueserver"
	"conway/internal/sources/sourcetest"
)

// asked is a tracker that says once what was filed, so that the suite of sources
// that bring news sees how it takes a server's answers.
type asked struct{ *issues.Source }

func (a asked) Run(ctx context.Context, emit sources.Emit) error {
	all, err := a.Filed(ctx, time.Now().Add(-time.Hour))
	if err != nil {
		return err
	}
	e := oncall.DeploysEvent{Stamp: oncall.Stamp{Source: a.Name(), At: time.Now()}}
	for _, i := range all {
		e.Deploys = append(e.Deploys, oncall.Deploy{Ref: oncall.Ref{Source: a.Name(), ID: i.Marker}, URL: i.URL})
	}
	emit(e)
	return a.Source.Run(ctx, emit)
}

func TestConformance(t *testing.T) {
	for name, kind := range map[string]issues.Type{"github": issues.GitHub, "gitlab": issues.GitLab} {
		t.Run(name, func(t *testing.T) {
			sourcetest.HTTP(t, sourcetest.HTTPCase{
				New: func(tb testing.TB, e sourcetest.Endpoint) sources.Source {
					tb.Helper()
					s, err := issues.New(issues.Options{
						Name: "follow-ups", Type: kind, URL: e.URL, Place: "acme/ops", Token: e.Token, Transport: e.Transport, Timeout: e.Timeout,
					})
					if err != nil {
						tb.Fatal(err)
					}
					return asked{s}
				},
				Healthy: func(testing.TB) http.Handler {
					s := &issueserver.Server{GitLab: kind == issues.GitLab}
					s.Open("rotate the logs", oncall.Action{ID: "x", Text: "of host-1"}.MarkedText(), false)
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						// The suite's own token is any.
						s.Token = strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
						s.ServeHTTP(w, r)
					})
				},
			})
		})
	}
}

// TestTwoCockpitsFileOnce has the second of two file what the first did.
func TestTwoCockpitsFileOnce(t *testing.T) {
	for name, s := range trackers() {
		t.Run(name, func(t *testing.T) {
			text := oncall.Action{ID: "x", Text: "rotate the logs"}.MarkedText()
			for range 2 {
				if err := tracker(t, s).File(t.Context(), "rotate", text); err != nil {
					t.Fatal(err)
				}
			}
			other := oncall.Action{ID: "y", Text: "rotate the logs"}.MarkedText()
			if err := tracker(t, s).File(t.Context(), "rotate", other); err != nil {
				t.Fatal(err)
			}
			if n := len(s.Issues()); n != 2 || s.Posts() != 2 {
				t.Errorf("%d issues by %d posts of two pieces of work", n, s.Posts())
			}
		})
	}
}

// budget remembers what it was told.
type budget struct {
	mu               sync.Mutex
	limit, remaining int
	reset            time.Duration
}

func (*budget) Take(context.Context, bool) error { return nil }

func (b *budget) Observe(limit, remaining int, reset time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.limit, b.remaining, b.reset = limit, remaining, reset
}

// TestRateLimits reads both trackers' headers, on an answer and on a refusal. GitHub
// refuses with 403.
func TestRateLimits(t *testing.T) {
	for _, c := range []struct {
		name   string
		kind   issues.Type
		prefix string
		code   int
	}{{"github", issues.GitHub, "x-ratelimit-", http.StatusForbidden}, {"gitlab", issues.GitLab, "RateLimit-", http.StatusTooManyRequests}} {
		t.Run(c.name, func(t *testing.T) {
			left := 7
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set(c.prefix+"limit", "100")
				w.Header().Set(c.prefix+"remaining", strconv.Itoa(left))
				w.Header().Set(c.prefix+"reset", strconv.FormatInt(time.Now().Add(time.Minute).Unix(), 10))
				if left == 0 {
					w.WriteHeader(c.code)
				}
				_, _ = w.Write([]byte("[]"))
			}))
			t.Cleanup(srv.Close)
			b := &budget{}
			s, err := issues.New(issues.Options{
				Name: "follow-ups", Type: c.kind, URL: srv.URL, Place: "acme/ops", Budget: b,
				Token: func(context.Context) (string, error) { return token, nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Filed(t.Context(), time.Now()); err != nil || b.limit != 100 || b.remaining != 7 || (b.reset-time.Minute).Abs() > 5*time.Second {
				t.Errorf("the budget was told %+v, %v", b, err)
			}
			left = 0
			_, err = s.Filed(t.Context(), time.Now())
			if f := oncall.AsFault(err, "", ""); f == nil || f.Kind != oncall.RateLimited || (f.RetryAfter-time.Minute).Abs() > 5*time.Second {
				t.Errorf("refused with %d: %+v", c.code, f)
			}
		})
	}
}
