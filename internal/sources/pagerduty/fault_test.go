package pagerduty_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"conway/internal/drill/pdserver"
	"conway/internal/oncall"
	"conway/internal/sources/pagerduty"
)

func TestSentences(t *testing.T) {
	for name, c := range map[string]struct {
		failure pdserver.Failure
		kind    oncall.FaultKind
		want    string
		after   time.Duration
	}{
		"401": {
			pdserver.Failure{Status: 401, Body: `{"error":{"message":"Invalid token","code":2006}}`},
			oncall.Auth,
			"pd: list incidents: not authorised (HTTP 401): Invalid token; renew the token of pd", 0,
		},
		"403": {
			pdserver.Failure{Status: 403, Body: `{"error":{"message":"Access Denied","errors":{"scope":["incidents.read is missing"]}}}`},
			oncall.Auth,
			"pd: list incidents: not authorised (HTTP 403): Access Denied; give the token of pd this permission", 0,
		},
		"400": {
			pdserver.Failure{Status: 400, Body: `{"error":{"message":"Invalid Input Provided","code":2001,"errors":["Until must be later than since."]}}`},
			oncall.Rejected,
			"pd: list incidents: refused (HTTP 400): Invalid Input Provided: Until must be later than since.", 0,
		},
		"errors in a string": {
			pdserver.Failure{Status: 400, Body: `{"error":{"message":"Bad","errors":"just words"}}`},
			oncall.Rejected,
			"pd: list incidents: refused (HTTP 400): Bad: just words", 0,
		},
		"429": {
			pdserver.Failure{Status: 429, Body: `{"error":{"message":"Rate Limit Exceeded"}}`, Header: http.Header{"Ratelimit-Reset": {"42"}, "Ratelimit-Limit": {"960"}, "Ratelimit-Remaining": {"0"}}},
			oncall.RateLimited, "pd: list incidents: rate limited (HTTP 429): Rate Limit Exceeded", 42 * time.Second,
		},
		"429 with Retry-After": {
			pdserver.Failure{Status: 429, Header: http.Header{"Retry-After": {"7"}}},
			oncall.RateLimited,
			"pd: list incidents: rate limited (HTTP 429)", 7 * time.Second,
		},
		"500": {
			pdserver.Failure{Status: 500, Header: http.Header{"Content-Type": {"text/html"}}, Body: "<h1>oops</h1>"},
			oncall.Unavailable,
			"pd: list incidents: unavailable (HTTP 500): an HTML page instead of an API answer", 0,
		},
		"hanging": {
			pdserver.Failure{Delay: time.Hour, Drop: true}, oncall.Unavailable, "pd: list incidents: unavailable: no answer in time", 0,
		},
		"cut": {pdserver.Failure{Drop: true}, oncall.Unavailable, "pd: list incidents: unavailable: unexpected EOF", 0},
		"a login page": {
			pdserver.Failure{Status: 200, Header: http.Header{"Content-Type": {"text/html"}}, Body: "<html>Sign in"},
			oncall.Malformed,
			"pd: list incidents: malformed answer (HTTP 200): the answer is not the JSON that was expected: invalid character '<' looking for beginning of value; check that url points at the API itself and not at a login page or proxy", 0,
		},
		"another object": {
			pdserver.Failure{Status: 200, Body: `{"ok":true}`},
			oncall.Malformed,
			"pd: list incidents: malformed answer: the answer has no list of incidents; check that url points at the API itself and not at a login page or proxy", 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pd := account(t)
				pd.Fail(func(r *http.Request) *pdserver.Failure {
					if r.URL.Path == "/incidents" {
						return &c.failure
					}
					return nil
				})
				r := run(t, source(t, pd))
				if c.failure.Delay > 0 {
					pass(time.Minute)
				}
				f := faultOf(t, <-r.done, c.kind)
				if f.Error() != c.want || f.RetryAfter != c.after {
					t.Errorf("the fault is %q, to be tried after %v; want %q, %v", f, f.RetryAfter, c.want, c.after)
				}
				if n := count[oncall.PagesEvent](r); n != 0 {
					t.Errorf("%d snapshots were emitted", n)
				}
			})
		})
	}
}

func TestUnreadableSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := source(t, account(t), func(o *pagerduty.Options) {
			o.Token = secretError
		})
		f := faultOf(t, <-run(t, s).done, oncall.Auth)
		want := "pd: find out who you are: not authorised: PAGERDUTY_TOKEN is not set"
		if f.Error() != want {
			t.Errorf("the fault is %q, want %q", f, want)
		}
	})
}

func TestRealLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		s := source(t, pd)
		r := run(t, s)
		pass(10*time.Second - time.Second/2)
		pd.SetLimit(1)
		s.Refresh()
		f := faultOf(t, <-r.done, oncall.RateLimited)
		if f.RetryAfter < 49*time.Second || f.RetryAfter > 51*time.Second {
			t.Errorf("to be tried again after %v", f.RetryAfter)
		}
	})
}

func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
		b := &budget{}
		s := source(t, pd, func(o *pagerduty.Options) { o.Budget = b })
		if err := s.Acknowledge(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if b.reads != 0 || b.writes != 3 || !strings.HasPrefix(b.seen, "960 957 1m0s") {
			t.Errorf("the budget saw %d reads, %d writes and %s", b.reads, b.writes, b.seen)
		}
		b.err = errors.New("the allowance is used up")
		wantFault(t, s.Resolve(t.Context(), id), oncall.Unavailable)
	})
}

// TestPanicIsAFault has a transport panic, which stands for an answer that
// nobody thought of.
func TestPanicIsAFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		armed := false
		s := source(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if armed {
				panic("not thought of")
			}
			listed().ServeHTTP(w, r)
		}))
		r := run(t, s)
		armed = true
		s.Refresh()
		f := faultOf(t, <-r.done, oncall.Malformed)
		if !strings.HasPrefix(f.Error(), "pd: list incidents: malformed answer: an answer could not be handled") {
			t.Errorf("the fault is %q", f)
		}
		_, err := s.Detail(t.Context(), oncall.Page{Ref: oncall.Ref{Source: "pd", ID: "PINC"}, Service: oncall.Service{ID: "S"}})
		wantFault(t, err, oncall.Malformed)
		if e := r.roster(); e.Err != nil && !strings.Contains(fmt.Sprint(e.Err), "list who is on call") {
			t.Errorf("the roster's fault is %v", e.Err)
		}
		pass(time.Minute) // the client's own timers outlive a transport that panics
	})
}
