package ledgertest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"conway/internal/ledger"
	"conway/internal/oncall"
)

func pendingHoldsAll(t *testing.T, open Open) {
	t.Helper()
	j := open(t, ledger.Options{})
	var want []oncall.Action
	for k := oncall.Acknowledge; k.String() != "action"; k++ {
		a := action("id of " + k.String())
		a.Kind = k
		try(t, j.Record(t.Context(), a))
		want = append(want, a)
	}
	try(t, j.Close())
	got, err := open(t, ledger.Options{}).Pending(t.Context())
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v\n%v", got, want, err)
	}
}

func pendingFollowsStates(t *testing.T, open Open) {
	t.Helper()
	j := open(t, ledger.Options{})
	for s := oncall.Held; s <= oncall.Cancelled; s++ {
		record(t, j, s.String())
		settle(t, j, s.String(), s)
	}
	expect(t, "open states", pending(t, j), "held sending unconfirmed")
	for _, id := range []string{"held", "sending", "unconfirmed"} {
		settle(t, j, id, oncall.Confirmed)
	}
	settle(t, j, "held", oncall.Unconfirmed)
	record(t, j, "held")
	expect(t, "what has ended stays so", pending(t, j), "")
	settle(t, j, "never recorded", oncall.Refused)
	other := action("held")
	other.Text = "something else"
	if err := j.Record(t.Context(), other); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("another action with the same id: %v", err)
	}
}

func pendingBelongs(t *testing.T, open Open) {
	t.Helper()
	one, two := open(t, ledger.Options{}), open(t, ledger.Options{})
	record(t, one, "a", "b")
	record(t, two, "c")
	expect(t, "one's own", pending(t, one), "a b")
	expect(t, "two's own", pending(t, two), "c")
	us, err := two.Unsettled(t.Context())
	if err != nil || len(us) != 3 || us[0].State != oncall.Held {
		t.Errorf("unsettled: %+v, %v", us, err)
	}
	settle(t, one, "b", oncall.Unconfirmed)
	try(t, one.Close())
	three := open(t, ledger.Options{})
	expect(t, "taken over", pending(t, two), "a b c")
	expect(t, "only once", pending(t, three), "")
}

// takenOverOnce has many handles ask at once for what one left.
func takenOverOnce(t *testing.T, open Open) {
	t.Helper()
	const actions = 20
	gone := open(t, ledger.Options{})
	for i := range actions {
		record(t, gone, fmt.Sprint("a", i))
	}
	var mu sync.Mutex
	var got []string
	var all sync.WaitGroup
	takers := make([]*ledger.Journal, 4)
	for i := range takers {
		takers[i] = open(t, ledger.Options{})
	}
	try(t, gone.Close())
	for _, j := range takers {
		all.Go(func() {
			as, err := j.Pending(t.Context())
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, a := range as {
				got = append(got, a.ID)
			}
		})
	}
	all.Wait()
	slices.Sort(got)
	if len(got) != actions || len(slices.Compact(got)) != actions {
		t.Errorf("%d actions were taken over as %v", actions, got)
	}
}

func steps(t *testing.T, open Open) {
	t.Helper()
	one, two := open(t, ledger.Options{}), open(t, ledger.Options{})
	runs := make([]oncall.StepRun, 2)
	for i := range runs {
		runs[i] = oncall.StepRun{
			ID: fmt.Sprint("run", i), Page: oncall.Ref{Source: "pd", ID: "P1"}, Runbook: "checkout.md", Step: i,
			Title: "roll back", Script: "kubectl rollout undo <x>\n", State: oncall.RunStarting, Started: start(),
		}
		r, err := ledger.StepRecord(runs[i])
		try(t, err)
		_, err = one.Append(t.Context(), r)
		try(t, err)
	}
	ended := runs[0]
	ended.State, ended.Exit, ended.Ended = oncall.RunExited, 137, start().Add(time.Minute)
	r, err := ledger.RunRecord(ended)
	try(t, err)
	_, err = one.Append(t.Context(), r)
	try(t, err)
	for _, j := range []*ledger.Journal{one, two} {
		if lost, err := j.LostSteps(t.Context()); err != nil || len(lost) != 0 {
			t.Errorf("they still run: %v, %v", lost, err)
		}
	}
	try(t, one.Close())
	if lost, err := two.LostSteps(t.Context()); err != nil || !reflect.DeepEqual(lost, runs[1:]) {
		t.Errorf("got %+v, %v", lost, err)
	}
	if lost, err := two.LostSteps(t.Context()); err != nil || len(lost) != 0 {
		t.Errorf("a second time: %v, %v", lost, err)
	}
}
