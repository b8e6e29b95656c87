package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
)

func pending(tb testing.TB, j *Journal) string {
	tb.Helper()
	as, err := j.Pending(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	ids := make([]string, len(as))
	for i, a := range as {
		ids[i] = a.ID
	}
	return strings.Join(ids, " ")
}

func settled(tb testing.TB, j *Journal, id string, s oncall.ActionState, f *oncall.Fault) {
	tb.Helper()
	if err := j.Settled(tb.Context(), id, s, f); err != nil {
		tb.Fatal(err)
	}
}

func recorded(tb testing.TB, j *Journal, ids ...string) {
	tb.Helper()
	for _, id := range ids {
		if err := j.Record(tb.Context(), anAction(id)); err != nil {
			tb.Fatal(err)
		}
	}
}

func expect(tb testing.TB, what string, got, want any) {
	tb.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		tb.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// TestPendingHoldsAllOfAnAction fills every field there is, so that one that is
// added later cannot be forgotten.
func TestPendingHoldsAllOfAnAction(t *testing.T) {
	path := home(t)
	j := opened(t, Options{Path: path})
	var want []oncall.Action
	for k := oncall.Acknowledge; k.String() != "action"; k++ {
		a := anAction("id of " + k.String())
		a.Kind = k
		v := reflect.ValueOf(a)
		for i := range v.NumField() {
			if v.Field(i).IsZero() && v.Type().Field(i).Name != "Kind" {
				t.Errorf("the test leaves %s empty", v.Type().Field(i).Name)
			}
		}
		if err := j.Record(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		want = append(want, a)
	}
	closed(t, j)
	got, err := opened(t, Options{Path: path}).Pending(t.Context())
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v\n%v", got, want, err)
	}
}

func TestPendingFollowsStates(t *testing.T) {
	j := fresh(t)
	for s := oncall.Held; s <= oncall.Cancelled; s++ {
		id := s.String()
		recorded(t, j, id)
		settled(t, j, id, s, nil)
	}
	expect(t, "open states", pending(t, j), "held sending unconfirmed")
	for _, id := range []string{"held", "sending", "unconfirmed"} {
		settled(t, j, id, oncall.Confirmed, nil)
	}
	expect(t, "all settled", pending(t, j), "")
	settled(t, j, "held", oncall.Unconfirmed, nil)
	recorded(t, j, "held")
	expect(t, "what has ended stays so", pending(t, j), "")
	settled(t, j, "never recorded", oncall.Refused, nil)
	expect(t, "records", len(everything(t, j)), 6+6+3+1+1)
	other := anAction("held")
	other.Text = "something else"
	if err := j.Record(t.Context(), other); !errors.Is(err, ErrConflict) {
		t.Errorf("another action with the same id: %v", err)
	}
	if err := j.Record(t.Context(), oncall.Action{}); err == nil {
		t.Error("took an action without an id")
	}
}

func TestPendingBelongsToWhoLives(t *testing.T) {
	path := home(t)
	one, two := opened(t, Options{Path: path}), opened(t, Options{Path: path})
	recorded(t, one, "a", "b")
	recorded(t, two, "c")
	expect(t, "one's own", pending(t, one), "a b")
	expect(t, "two's own", pending(t, two), "c")
	us, err := two.Unsettled(t.Context())
	if err != nil || len(us) != 3 || us[0].State != oncall.Held {
		t.Errorf("unsettled: %+v, %v", us, err)
	}
	settled(t, one, "b", oncall.Unconfirmed, nil)
	closed(t, one)
	three := opened(t, Options{Path: path})
	expect(t, "taken over", pending(t, two), "a b c")
	expect(t, "only once", pending(t, three), "")
	us, err = three.Unsettled(t.Context())
	if err != nil || len(us) != 3 || us[1].State != oncall.Unconfirmed || us[1].Action.ID != "b" {
		t.Errorf("unsettled: %+v, %v", us, err)
	}
}

func TestFaultIsWrittenInFull(t *testing.T) {
	j := fresh(t)
	recorded(t, j, "a")
	settled(t, j, "a", oncall.Refused, &oncall.Fault{
		Kind: oncall.Auth, Source: "pd", Op: "ack P1", Status: 403, Detail: "no scope", Fix: "renew it",
		Ambiguous: true, Cause: errors.New("not for the ledger"),
	})
	r := everything(t, j)[1]
	expect(t, "source", r.Src, "pd")
	expect(t, "body", string(r.Body), `{"id":"a","state":"refused","fault":{"kind":"not authorised","source":"pd",`+
		`"op":"ack P1","status":403,"detail":"no scope","fix":"renew it","ambiguous":true}}`)
	var c ActionChange
	if err := r.Decode(&c); err != nil || c.State != oncall.Refused || c.Fault.Status != 403 {
		t.Errorf("read back %+v, %v", c, err)
	}
}

func TestSteps(t *testing.T) {
	path := home(t)
	one := opened(t, Options{Path: path})
	runs := make([]oncall.StepRun, 3)
	for i := range runs {
		runs[i] = oncall.StepRun{
			ID: fmt.Sprint("run", i), Page: oncall.Ref{Source: "pd", ID: "P1"}, Runbook: "checkout.md", Step: i,
			Title: "roll back", Script: "kubectl rollout undo <x>\n", State: oncall.RunStarting, Started: start(),
		}
		appendedRecord(t, one)(StepRecord(runs[i]))
	}
	ended := runs[0]
	ended.State, ended.Exit, ended.Ended, ended.Survivors = oncall.RunExited, 137, start().Add(time.Minute), []int{42}
	appendedRecord(t, one)(RunRecord(ended))
	if lost, err := one.LostSteps(t.Context()); err != nil || len(lost) != 0 {
		t.Errorf("its own still run: %v, %v", lost, err)
	}
	two := opened(t, Options{Path: path})
	if lost, err := two.LostSteps(t.Context()); err != nil || len(lost) != 0 {
		t.Errorf("another's still run: %v, %v", lost, err)
	}
	closed(t, one)
	lost, err := two.LostSteps(t.Context())
	if err != nil || !reflect.DeepEqual(lost, runs[1:]) {
		t.Errorf("got %+v, %v", lost, err)
	}
	if lost, err := two.LostSteps(t.Context()); err != nil || len(lost) != 0 {
		t.Errorf("a second time: %v, %v", lost, err)
	}
	expect(t, "no step is an action", pending(t, two), "")
	var back oncall.StepRun
	i := slices.IndexFunc(everything(t, two), func(r Record) bool { return r.Kind == KindRun })
	if err := everything(t, two)[i].Decode(&back); err != nil || !reflect.DeepEqual(back, ended) {
		t.Errorf("read back %+v, %v", back, err)
	}
}

func appendedRecord(tb testing.TB, j *Journal) func(Record, error) {
	tb.Helper()
	return func(r Record, err error) {
		tb.Helper()
		if err == nil {
			_, err = j.Append(tb.Context(), r)
		}
		if err != nil {
			tb.Error(err)
		}
	}
}

func TestTags(t *testing.T) {
	j := fresh(t)
	want := oncall.Tag{Page: oncall.Ref{Source: "pd", ID: "P1"}, Name: "verdict", Value: "wait"}
	appendedRecord(t, j)(TagRecord(want))
	r := everything(t, j)[0]
	var got oncall.Tag
	if err := r.Decode(&got); err != nil || got != want || r.Kind != KindTag || r.Src != "pd" || r.Actor != "ana" {
		t.Errorf("got %+v from %+v, %v", got, r, err)
	}
}

// TestLaterWords reads what a later version may have written.
func TestLaterWords(t *testing.T) {
	path := home(t)
	j := opened(t, Options{Path: path})
	for _, r := range []Record{
		{Kind: KindAction, Body: json.RawMessage(`{"id":"a","kind":"teleport","target":{"source":"pd","id":"P1"},"how":["new"]}`)},
		{Kind: KindActionState, Body: json.RawMessage(`{"id":"a","state":"pondering"}`)},
		{Kind: KindStep, Body: json.RawMessage(`{"id":"s","state":"melting"}`)},
	} {
		if _, err := j.Append(t.Context(), r); err != nil {
			t.Error(err)
		}
	}
	closed(t, j)
	j = opened(t, Options{Path: path})
	as, err := j.Pending(t.Context())
	if err != nil || len(as) != 1 || as[0].Kind.String() != "action" || as[0].Target.ID != "P1" {
		t.Errorf("got %+v, %v", as, err)
	}
	us, err := j.Unsettled(t.Context())
	if err != nil || len(us) != 1 || us[0].State != oncall.Unconfirmed {
		t.Errorf("got %+v, %v", us, err)
	}
	runs, err := j.LostSteps(t.Context())
	if err != nil || len(runs) != 1 || runs[0].State != oncall.RunFailed {
		t.Errorf("got %+v, %v", runs, err)
	}
}
