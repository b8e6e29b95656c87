package pagerduty_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"conway/internal/drill/pdserver"
	"conway/internal/oncall"
	"conway/internal/sources/pagerduty"
)

func who(r oncall.Roster) []string {
	var out []string
	for _, s := range r.Shifts {
		end := "always"
		if !s.End.IsZero() {
			end = s.End.Sub(s.Start).String()
		}
		out = append(out, fmt.Sprintf("%s %d %s %s", s.Policy, s.Level, s.Person.Name, end))
	}
	return out
}

func TestRoster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		r := run(t, source(t, pd))
		e := r.roster()
		if e.Err != nil || e.Every != time.Minute || e.Roster.Me.Email != "ana@example.com" {
			t.Errorf("the event is %+v", e)
		}
		want := "[Payments 1 Ana Lima 7h0m0s Payments 1 Ben Ode 12h0m0s Payments 2 Cem Su always]"
		if got := fmt.Sprint(who(e.Roster)); got != want {
			t.Errorf("the roster is %v, want %v", got, want)
		}
		if now := e.Roster.Shifts[0]; !now.Covers(time.Now()) || e.Roster.Shifts[1].Covers(time.Now()) {
			t.Error("the first shift is not the one that runs")
		}
		// A page under another policy, given to Ana, brings that policy in.
		pd.Reassign(pd.Trigger(pdserver.Incident{Title: "x", Service: "PLED"}), "PANA")
		pass(15 * time.Second)
		want = "[Ledger 1 Ben Ode always Payments 1 Ana Lima 7h0m0s Payments 1 Ben Ode 12h0m0s Payments 2 Cem Su always]"
		if got := fmt.Sprint(who(r.roster().Roster)); got != want {
			t.Errorf("the roster is %v, want %v", got, want)
		}
		_ = r.end()
	})
}

func TestRosterOfAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, source(t, account(t), all))
		if n := len(r.roster().Roster.Shifts); n != 4 {
			t.Errorf("%d shifts, want those of both policies", n)
		}
		_ = r.end()
	})
}

func TestFailingRosterDoesNotStopPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
		pd.Fail(pdserver.On("", "/oncalls", 0, pdserver.Failure{Status: 403, Body: `{"error":{"message":"Access Denied"}}`}))
		r := run(t, source(t, pd))
		want := "pd: list who is on call: not authorised (HTTP 403): Access Denied; give the token of pd this permission"
		if e := r.roster(); e.Err == nil || e.Err.Error() != want {
			t.Errorf("the roster's fault is %v, want %q", e.Err, want)
		}
		n := count[oncall.PagesEvent](r)
		pass(time.Minute)
		if got := count[oncall.PagesEvent](r); got < n+5 {
			t.Errorf("%d snapshots in a minute", got-n)
		}
		pd.Fail(nil)
		pass(2 * time.Minute)
		if e := r.roster(); e.Err != nil || len(e.Roster.Shifts) != 3 {
			t.Errorf("the roster did not recover: %+v", e)
		}
		_ = r.end()
	})
}

func TestRosterWaitsAsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		pd.Fail(pdserver.On("", "/oncalls", 0, pdserver.Failure{Status: 429, Header: http.Header{"Ratelimit-Reset": {"600"}}}))
		s := source(t, pd)
		r := run(t, s)
		if f := r.roster().Err; f == nil || f.Kind != oncall.RateLimited || f.RetryAfter != 10*time.Minute {
			t.Fatalf("the fault is %+v", f)
		}
		n := asked(pd, http.MethodGet, "/oncalls")
		pass(9 * time.Minute)
		if got := asked(pd, http.MethodGet, "/oncalls"); got != n {
			t.Errorf("%d more requests while asked to wait", got-n)
		}
		_ = r.end()
	})
}

func TestOddOnCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/oncalls" {
				listed().ServeHTTP(w, r)
				return
			}
			fmt.Fprint(w, `{"oncalls":[null, 3, {}, {"user":null,"escalation_policy":{"id":"P"}},
				{"user":{"id":"A","summary":"Ana"},"escalation_policy":{"id":"P","summary":"Pay"},"escalation_level":"one","start":7,"end":null,"schedule":"x"},
				{"user":{"id":"B","summary":"Ben"},"escalation_policy":{"id":"P","summary":"Pay"},"escalation_level":1,"schedule":{"id":"S","type":"schedule_v3_reference"},"start":"2026-03-02T09:00:00+01:00","end":"2026-03-03T09:00:00Z"},
				{"user":{"id":"B","summary":"Ben"},"escalation_policy":{"id":"P","summary":"Pay"},"escalation_level":1,"start":"2026-03-01T09:00:00Z","end":"2026-03-01T19:00:00Z"}]}`)
		})
		r := run(t, source(t, h, func(o *pagerduty.Options) { o.Scope = pagerduty.All }))
		want := "[Pay 1 Ana always Pay 1 Ben 10h0m0s]"
		if got := fmt.Sprint(who(r.roster().Roster)); got != want {
			t.Errorf("the roster is %v, want %v", got, want)
		}
		_ = r.end()
	})
}
