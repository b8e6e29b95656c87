package pagerduty_test

import (
	"context"
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

func TestAcknowledge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
		s := source(t, pd)
		r := run(t, s)
		pass(time.Second)
		if err := s.Acknowledge(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if p := r.pages().Pages; len(p) != 1 || p[0].Status != oncall.Acknowledged {
			t.Errorf("a second later the list was not read again: %+v", p)
		}
		if err := s.Acknowledge(t.Context(), id); err != nil {
			t.Errorf("the second time: %v", err)
		}
		if n := asked(pd, http.MethodPut, "/incidents"); n != 1 {
			t.Errorf("%d writes, want one: acknowledging again restarts the clock", n)
		}
		_ = r.end()
	})
}

func TestAcknowledgeWhatOthersHave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
		pd.Acknowledge(id, "PBEN")
		if err := source(t, pd).Acknowledge(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if st, _ := pd.State(id); fmt.Sprint(st.AckedBy) != "[PBEN PANA]" {
			t.Errorf("acknowledged by %v", st.AckedBy)
		}
	})
}

func TestAcknowledgeWhatIsResolved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		id := pd.Trigger(pdserver.Incident{Title: "checkout 5xx", Service: "PCHK"})
		pd.Resolve(id, "PBEN")
		at := time.Now().UTC()
		zone := time.FixedZone("CET", 3600)
		s := source(t, pd, func(o *pagerduty.Options) { o.Zone = zone })
		f := faultOf(t, s.Acknowledge(t.Context(), id), oncall.Rejected)
		want := fmt.Sprintf("pd: acknowledge %s: refused: checkout 5xx was resolved at %s by Ben Ode; it was left resolved", id, at.In(zone).Format("15:04"))
		if f.Error() != want {
			t.Errorf("the fault is %q, want %q", f, want)
		}
		if st, _ := pd.State(id); st.Status != "resolved" || asked(pd, http.MethodPut, "/incidents") != 0 {
			t.Errorf("the incident is %v", st.Status)
		}
		pass(24 * time.Hour)
		f = faultOf(t, s.Acknowledge(t.Context(), id), oncall.Rejected)
		if !strings.Contains(f.Error(), "at "+at.In(zone).Format("2 Jan 15:04")) {
			t.Errorf("a day later the fault is %q", f)
		}
	})
}

// TestAmbiguousAcknowledge cuts the connection before or after the write has
// been done, and has others act in between.
func TestAmbiguousAcknowledge(t *testing.T) {
	for name, c := range map[string]struct {
		failure   pdserver.Failure
		meanwhile func(pd *pdserver.Server, id string)
		ok        bool
		kind      oncall.FaultKind
		ambiguous bool
		status    string
	}{
		"done, answer lost":      {failure: pdserver.Failure{DropAfter: true}, ok: true, status: "acknowledged"},
		"not done, cut":          {failure: pdserver.Failure{Drop: true}, kind: oncall.Unavailable, ambiguous: true, status: "triggered"},
		"500":                    {failure: pdserver.Failure{Status: 500, Body: `{"error":{"message":"Oops"}}`}, kind: oncall.Unavailable, ambiguous: true, status: "triggered"},
		"hangs, then is done":    {failure: pdserver.Failure{Delay: time.Minute}, ok: true, status: "acknowledged"},
		"hangs, then is cut":     {failure: pdserver.Failure{Delay: time.Minute, Drop: true}, kind: oncall.Unavailable, ambiguous: true, status: "triggered"},
		"malformed":              {failure: pdserver.Failure{Status: 200, Body: `<html>`}, kind: oncall.Malformed, ambiguous: true, status: "triggered"},
		"another's answer":       {failure: pdserver.Failure{Status: 200, Body: `{"incidents":[{"id":"PX","status":"acknowledged"}]}`}, kind: oncall.Malformed, ambiguous: true, status: "triggered"},
		"refused":                {failure: pdserver.Failure{Status: 400, Body: `{"error":{"message":"No"}}`}, kind: oncall.Rejected, status: "triggered"},
		"forbidden":              {failure: pdserver.Failure{Status: 403, Body: `{"error":{"message":"Read-only"}}`}, kind: oncall.Auth, status: "triggered"},
		"cut, and then resolved": {failure: pdserver.Failure{Drop: true}, meanwhile: func(pd *pdserver.Server, id string) { pd.Resolve(id, "PBEN") }, kind: oncall.Rejected, status: "resolved"},
		"cut, and acked by others": {
			failure: pdserver.Failure{Drop: true}, meanwhile: func(pd *pdserver.Server, id string) { pd.Acknowledge(id, "PBEN") },
			kind: oncall.Unavailable, ambiguous: true, status: "acknowledged",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pd := account(t)
				id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
				hook := pdserver.On(http.MethodPut, "/incidents", 1, c.failure)
				pd.Fail(func(r *http.Request) *pdserver.Failure {
					f := hook(r)
					if f != nil && c.meanwhile != nil {
						c.meanwhile(pd, id)
					}
					return f
				})
				err := source(t, pd).Acknowledge(t.Context(), id)
				if c.ok {
					if err != nil {
						t.Errorf("got %v although it is done", err)
					}
				} else if f := faultOf(t, err, c.kind); f.Ambiguous != c.ambiguous || !strings.HasPrefix(f.Op, "acknowledge "+id) {
					t.Errorf("the fault is %+v", f)
				}
				if st, _ := pd.State(id); st.Status != c.status {
					t.Errorf("the incident is %v, want %v", st.Status, c.status)
				}
				if n := asked(pd, http.MethodPut, "/incidents"); n != 1 {
					t.Errorf("%d writes, want one", n)
				}
			})
		})
	}
}

func TestResolve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
		s := source(t, pd)
		for range 2 {
			if err := s.Resolve(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		other := pd.Trigger(pdserver.Incident{Title: "y", Service: "PCHK"})
		pd.Fail(pdserver.On(http.MethodPut, "/incidents", 1, pdserver.Failure{DropAfter: true}))
		if err := s.Resolve(t.Context(), other); err != nil {
			t.Errorf("the answer was lost, and then: %v", err)
		}
		pd.Fail(pdserver.On(http.MethodPut, "/incidents", 1, pdserver.Failure{Drop: true}))
		third := pd.Trigger(pdserver.Incident{Title: "z", Service: "PCHK"})
		if f := faultOf(t, s.Resolve(t.Context(), third), oncall.Unavailable); !f.Ambiguous {
			t.Errorf("the fault is %+v", f)
		}
	})
}

func TestAnnotate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
		s := source(t, pd)
		const text = "rolled back v413\n\tsee \"wiki\" \u2028 <b> ünï"
		exists := func(text string) bool {
			t.Helper()
			ok, err := s.NoteExists(t.Context(), id, text)
			if err != nil {
				t.Fatal(err)
			}
			return ok
		}
		if exists(text) {
			t.Error("the note is there before it was written")
		}
		if err := s.Annotate(t.Context(), id, text); err != nil {
			t.Fatal(err)
		}
		if !exists(text) || exists(text+" ") || exists("rolled back v413") {
			t.Error("only exactly the note exists")
		}
		if err := s.Annotate(t.Context(), id, text); err != nil {
			t.Fatal(err)
		}
		if n, err := s.CountNotes(t.Context(), id, text); n != 2 || err != nil {
			t.Errorf("a note written twice is there %d times, %v", n, err)
		}
		pd.Fail(pdserver.On(http.MethodPost, "/", 1, pdserver.Failure{DropAfter: true}))
		if f := faultOf(t, s.Annotate(t.Context(), id, "lost"), oncall.Unavailable); !f.Ambiguous {
			t.Errorf("the fault is %+v", f)
		}
		if !exists("lost") {
			t.Error("the note whose answer was lost is not found")
		}
		pd.Fail(pdserver.On(http.MethodPost, "/", 1, pdserver.Failure{Status: 200, Body: `{}`}))
		if f := faultOf(t, s.Annotate(t.Context(), id, "odd"), oncall.Malformed); !f.Ambiguous {
			t.Errorf("the fault is %+v", f)
		}
		for _, bad := range []string{"", strings.Repeat("x", 64<<10+1)} {
			wantFault(t, s.Annotate(t.Context(), id, bad), oncall.Rejected)
		}
		f := faultOf(t, s.Annotate(t.Context(), "PNONE", "x"), oncall.Rejected)
		if f.Status != http.StatusNotFound || f.Ambiguous {
			t.Errorf("the fault is %+v", f)
		}
	})
}

func TestIdsThatLeaveTheirPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		s := source(t, pd)
		for _, id := range []string{"", "..", "a/b", "a?b", "ä", "%2e", strings.Repeat("A", 300)} {
			wantFault(t, s.Acknowledge(t.Context(), id), oncall.Rejected)
			wantFault(t, s.Resolve(t.Context(), id), oncall.Rejected)
			wantFault(t, s.Annotate(t.Context(), id, "x"), oncall.Rejected)
			_, err := s.NoteExists(t.Context(), id, "x")
			wantFault(t, err, oncall.Rejected)
			_, err = s.Detail(t.Context(), oncall.Page{Ref: oncall.Ref{ID: id}})
			wantFault(t, err, oncall.Rejected)
		}
		for _, r := range pd.Requests() {
			if r.Path != "/users/me" {
				t.Errorf("%s %s was asked", r.Method, r.Path)
			}
		}
	})
}

func TestCancelledActionIsAFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
		pd.Fail(pdserver.On(http.MethodPut, "/", 0, pdserver.Failure{Delay: time.Hour, Drop: true}))
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			time.Sleep(time.Second)
			cancel()
		}()
		f := faultOf(t, source(t, pd).Acknowledge(ctx, id), oncall.Unavailable)
		if !f.Ambiguous || !errors.Is(f, context.Canceled) {
			t.Errorf("the fault is %+v", f)
		}
	})
}

func TestActsThoughNobodySaysWhoWeAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
		pd.Fail(pdserver.On("", "/users", 0, pdserver.Failure{Status: 503}))
		s := source(t, pd, func(o *pagerduty.Options) { o.From = "ana@example.com" })
		if err := s.Acknowledge(t.Context(), id); err != nil {
			t.Error(err)
		}
		f := faultOf(t, source(t, pd).Acknowledge(t.Context(), id), oncall.Unavailable)
		if f.Ambiguous || !strings.HasPrefix(f.Op, "acknowledge ") {
			t.Errorf("without an address the fault is %+v", f)
		}
	})
}

func TestSnooze(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
		s := source(t, pd)
		until := time.Now().Add(time.Hour)
		for range 2 {
			if err := s.Snooze(t.Context(), id, until); err != nil {
				t.Fatal(err)
			}
		}
		if n := asked(pd, http.MethodPost, "/incidents/"+id+"/snooze"); n != 1 {
			t.Errorf("%d snoozes were sent, want one: a second one would prolong it", n)
		}
		if err := s.Snooze(t.Context(), id, time.Now().Add(-time.Minute)); err == nil {
			t.Error("a moment that has passed was taken")
		}
		pd.Resolve(id, "PBEN")
		var f *oncall.Fault
		if err := s.Snooze(t.Context(), id, until.Add(time.Hour)); !errors.As(err, &f) || f.Kind != oncall.Rejected {
			t.Errorf("a resolved page: %v", err)
		}
	})
}

func TestSnoozeWhoseAnswerIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
		pd.Fail(pdserver.On(http.MethodPost, "/incidents/"+id+"/snooze", 1, pdserver.Failure{DropAfter: true}))
		if err := source(t, pd).Snooze(t.Context(), id, time.Now().Add(time.Hour)); err != nil {
			t.Errorf("the server has it, and the source says: %v", err)
		}
	})
}
