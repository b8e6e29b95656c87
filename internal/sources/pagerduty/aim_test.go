package pagerduty_test

import (
	"context"
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

func prioritised(o *pdserver.Options) {
	o.Priorities = []pdserver.Priority{{ID: "PP1", Name: "P1", Description: "everything"}, {ID: "PP2", Name: "P2"}}
}

func state(t *testing.T, pd *pdserver.Server, id string) pdserver.State {
	t.Helper()
	st, ok := pd.State(id)
	if !ok {
		t.Fatalf("there is no %s", id)
	}
	return st
}

func TestEscalate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
		s := source(t, pd)
		for range 2 {
			if err := s.Escalate(t.Context(), id, 2); err != nil {
				t.Fatal(err)
			}
		}
		if st := state(t, pd, id); st.Level != 2 || fmt.Sprint(st.Assignees) != "[PCEM]" {
			t.Errorf("level %d, with %v", st.Level, st.Assignees)
		}
		if n := asked(pd, http.MethodPut, "/incidents"); n != 1 {
			t.Errorf("%d writes, want one: a second one would call the same people again", n)
		}
		f := faultOf(t, s.Escalate(t.Context(), id, 1), oncall.Rejected)
		if want := "it is at level 2 already, with Cem Su; it was left there"; !strings.Contains(f.Error(), want) {
			t.Errorf("the fault is %q, want %q", f, want)
		}
		wantFault(t, s.Escalate(t.Context(), id, 0), oncall.Rejected)
		wantFault(t, s.Escalate(t.Context(), id, 7), oncall.Rejected) // the server's own word
		pd.Reassign(id, "PBEN")
		if err := s.Escalate(t.Context(), id, 1); err != nil {
			t.Errorf("given to somebody by hand it is at no level, and then: %v", err)
		}
		pd.Resolve(id, "PBEN")
		wantFault(t, s.Escalate(t.Context(), id, 2), oncall.Rejected)
		if st := state(t, pd, id); st.Status != "resolved" {
			t.Errorf("it is %s again", st.Status)
		}
	})
}

func TestReassign(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
		s := source(t, pd)
		for range 2 {
			if err := s.Reassign(t.Context(), id, oncall.Aim{Kind: oncall.AimPerson, ID: "PBEN"}); err != nil {
				t.Fatal(err)
			}
		}
		if st := state(t, pd, id); fmt.Sprint(st.Assignees) != "[PBEN]" {
			t.Errorf("it is with %v", st.Assignees)
		}
		if n := asked(pd, http.MethodPut, "/incidents"); n != 1 {
			t.Errorf("%d writes, want one", n)
		}
		for range 2 {
			if err := s.Reassign(t.Context(), id, oncall.Aim{Kind: oncall.AimPolicy, ID: "POTH"}); err != nil {
				t.Fatal(err)
			}
		}
		if n := asked(pd, http.MethodPut, "/incidents"); n != 2 {
			t.Errorf("%d writes, want two: the policy would begin again", n)
		}
		for _, bad := range []oncall.Aim{
			{},
			{Kind: oncall.AimPerson},
			{Kind: oncall.AimPerson, ID: "../x"},
			{Kind: oncall.AimPage, ID: "PBEN"},
			{Kind: oncall.AimPolicy, ID: "PNONE"},
		} {
			wantFault(t, s.Reassign(t.Context(), id, bad), oncall.Rejected)
		}
	})
}

func TestMerge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		child := pd.Trigger(pdserver.Incident{Title: "child", Service: "PCHK", Alerts: []pdserver.Alert{{}}})
		parent := pd.Trigger(pdserver.Incident{Title: "parent", Service: "PLED", Alerts: []pdserver.Alert{{}}})
		s := source(t, pd, all)
		for range 2 {
			if err := s.Merge(t.Context(), child, parent); err != nil {
				t.Fatal(err)
			}
		}
		if st := state(t, pd, child); st.Status != "resolved" || st.MergedInto != parent {
			t.Errorf("the child is %+v", st)
		}
		if n := asked(pd, http.MethodPut, "/incidents/"+parent+"/merge"); n != 1 {
			t.Errorf("%d writes, want one", n)
		}
		moments, err := s.Chronicle(t.Context(), oncall.Page{Ref: oncall.Ref{Source: "pd", ID: child}})
		if err != nil || moments[len(moments)-1].Into.ID != parent {
			t.Errorf("the history of the child is %+v, %v", moments, err)
		}
		other := pd.Trigger(pdserver.Incident{Title: "other", Service: "PCHK"})
		pd.Resolve(parent, "PBEN")
		f := faultOf(t, s.Merge(t.Context(), other, parent), oncall.Rejected)
		if !strings.Contains(f.Error(), "parent was resolved") {
			t.Errorf("the fault is %q", f)
		}
		wantFault(t, s.Merge(t.Context(), other, other), oncall.Rejected)
		wantFault(t, s.Merge(t.Context(), other, "a/b"), oncall.Rejected)
		wantFault(t, s.Merge(t.Context(), parent, other), oncall.Rejected) // over, and not by merging
	})
}

func TestPrioritise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t, prioritised)
		id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
		s := source(t, pd)
		r := run(t, s)
		for range 2 {
			if err := s.Prioritise(t.Context(), id, "PP1"); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if n := asked(pd, http.MethodPut, "/incidents"); n != 1 {
			t.Errorf("%d writes, want one", n)
		}
		pass(time.Second)
		if p := r.pages().Pages; len(p) != 1 || p[0].Priority != "P1" {
			t.Errorf("the list shows %+v", p)
		}
		wantFault(t, s.Prioritise(t.Context(), id, "PNONE"), oncall.Rejected)
		wantFault(t, s.Prioritise(t.Context(), id, ""), oncall.Rejected)
		_ = r.end()
	})
}

// TestAimedWritesWhoseAnswerIsLost has each write done, or not, before its answer
// is lost.
func TestAimedWritesWhoseAnswerIsLost(t *testing.T) {
	type act func(ctx context.Context, s *pagerduty.Source, id, other string) error
	for name, do := range map[string]act{
		"escalate": func(ctx context.Context, s *pagerduty.Source, id, _ string) error { return s.Escalate(ctx, id, 2) },
		"reassign": func(ctx context.Context, s *pagerduty.Source, id, _ string) error {
			return s.Reassign(ctx, id, oncall.Aim{Kind: oncall.AimPerson, ID: "PBEN"})
		},
		"move": func(ctx context.Context, s *pagerduty.Source, id, _ string) error {
			return s.Reassign(ctx, id, oncall.Aim{Kind: oncall.AimPolicy, ID: "POTH"})
		},
		"merge": func(ctx context.Context, s *pagerduty.Source, id, other string) error { return s.Merge(ctx, id, other) },
		"prioritise": func(ctx context.Context, s *pagerduty.Source, id, _ string) error {
			return s.Prioritise(ctx, id, "PP1")
		},
	} {
		for fail, c := range map[string]struct {
			failure pdserver.Failure
			done    bool
			kind    oncall.FaultKind
			doubt   bool
		}{
			"done, answer lost": {pdserver.Failure{DropAfter: true}, true, 0, false},
			"not done, cut":     {pdserver.Failure{Drop: true}, false, oncall.Unavailable, true},
			"malformed":         {pdserver.Failure{Status: 200, Body: `{}`}, false, oncall.Malformed, true},
			"refused":           {pdserver.Failure{Status: 400, Body: `{"error":{"message":"No"}}`}, false, oncall.Rejected, false},
		} {
			t.Run(name+", "+fail, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					pd := account(t, prioritised)
					id := pd.Trigger(pdserver.Incident{Title: "x", Service: "PCHK"})
					other := pd.Trigger(pdserver.Incident{Title: "y", Service: "PCHK"})
					pd.Fail(pdserver.On(http.MethodPut, "/", 1, c.failure))
					err := do(t.Context(), source(t, pd), id, other)
					if c.done {
						if err != nil {
							t.Errorf("got %v although it is done", err)
						}
						return
					}
					if f := faultOf(t, err, c.kind); f.Ambiguous != c.doubt {
						t.Errorf("the fault is %+v", f)
					}
				})
			})
		}
	}
}

func TestChoices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pd := account(t)
		s := source(t, pd)
		who, err := s.Choices(t.Context(), oncall.Reassign)
		if err != nil || len(who.Aims) != 5 || !who.Complete {
			t.Fatalf("whom a page can be given to is %+v, %v", who, err)
		}
		if want := (oncall.Choice{Aim: oncall.Aim{Kind: oncall.AimPerson, ID: "PBEN", Name: "Ben Ode"}, Words: "ben@example.com"}); who.Aims[1] != want {
			t.Errorf("the second is %+v, want %+v", who.Aims[1], want)
		}
		if last := who.Aims[4]; last.Kind != oncall.AimPolicy || last.Name != "Ledger" {
			t.Errorf("the last is %+v", last)
		}
		none, err := s.Choices(t.Context(), oncall.Prioritise)
		if err != nil || len(none.Aims) != 0 || !strings.Contains(none.Why, "has no priorities") {
			t.Errorf("an account without priorities has %+v, %v", none, err)
		}
		pd.Fail(pdserver.On(http.MethodGet, "/priorities", 1, pdserver.Failure{Status: http.StatusPaymentRequired, Body: `{"error":{"message":"Payment Required"}}`}))
		if none, err = s.Choices(t.Context(), oncall.Prioritise); err != nil || !strings.Contains(none.Why, "plan") {
			t.Errorf("a plan without priorities has %+v, %v", none, err)
		}
		_, err = s.Choices(t.Context(), oncall.Acknowledge)
		wantFault(t, err, oncall.Rejected)
		some, err := source(t, account(t, prioritised)).Choices(t.Context(), oncall.Prioritise)
		if err != nil || len(some.Aims) != 2 || some.Aims[0].Name != "P1" || some.Why != "" {
			t.Errorf("the priorities are %+v, %v", some, err)
		}
	})
}
