// Package ledgertest holds every store of a ledger to the same promises. A test
// of a store hands in how to open it:
//
//	ledgertest.Run(t, func(t *testing.T) ledgertest.Open { … })
//
// It uses the package as a cockpit does and knows nothing of what is behind it.
package ledgertest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"conway/internal/ledger"
	"conway/internal/oncall"
)

// Open returns one more handle on the same ledger. The options are filled in by
// whoever made it, but for the actor and the clock. The handle takes records.
type Open func(tb testing.TB, o ledger.Options) *ledger.Journal

// Run runs the suite. Each call of make returns how to open a ledger that is
// new and empty.
func Run(t *testing.T, fresh func(t *testing.T) Open) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(t *testing.T, open Open)
	}{
		{"KeepsWhatWasSaid", keepsWhatWasSaid},
		{"Refuses", refuses},
		{"Twice", twice},
		{"Together", together},
		{"ContextEnds", contextEnds},
		{"Reopen", reopen},
		{"Closed", closed},
		{"SinceBesideAnother", sinceBesideAnother},
		{"PendingHoldsAllOfAnAction", pendingHoldsAll},
		{"PendingFollowsStates", pendingFollowsStates},
		{"PendingBelongsToWhoLives", pendingBelongs},
		{"TakenOverOnce", takenOverOnce},
		{"Steps", steps},
		{"Snapshots", snapshots},
		{"ExportAndImport", exportAndImport},
		{"ReadOnly", readOnly},
		{"Tail", tail},
		{"Kinds", kinds},
		{"Scan", scan},
		{"ExportSome", exportSome},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, fresh(t)) })
	}
}

func start() time.Time { return time.Date(2026, 3, 29, 4, 12, 0, 123456789, time.UTC) }

// action fills every field that there is.
func action(id string) oncall.Action {
	return oncall.Action{
		ID: id, Kind: oncall.Annotate, Target: oncall.Ref{Source: "pd", ID: "P1"}, Title: "checkout 5xx",
		Text: "rolled back <v413> & \u2028 watching", Until: start().Add(time.Hour), At: start(),
		NotBefore: start().Add(3 * time.Second), Unrecorded: true,
	}
}

func try(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func expect(tb testing.TB, what string, got, want any) {
	tb.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		tb.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func record(tb testing.TB, j *ledger.Journal, ids ...string) {
	tb.Helper()
	for _, id := range ids {
		try(tb, j.Record(tb.Context(), action(id)))
	}
}

func settle(tb testing.TB, j *ledger.Journal, id string, s oncall.ActionState) {
	tb.Helper()
	try(tb, j.Settled(tb.Context(), id, s, nil))
}

func pending(tb testing.TB, j *ledger.Journal) string {
	tb.Helper()
	as, err := j.Pending(tb.Context())
	try(tb, err)
	ids := make([]string, len(as))
	for i, a := range as {
		ids[i] = a.ID
	}
	return strings.Join(ids, " ")
}

func notes(tb testing.TB, j *ledger.Journal, n int) []ledger.Record {
	tb.Helper()
	out := make([]ledger.Record, n)
	for i := range out {
		r, err := j.Append(tb.Context(), ledger.Record{Kind: "note", Src: "pd", Body: json.RawMessage(fmt.Sprintf(`{"n":%d}`, i))})
		try(tb, err)
		out[i] = r
	}
	return out
}

func everything(tb testing.TB, j *ledger.Journal) []ledger.Record {
	tb.Helper()
	var out []ledger.Record
	var at ledger.Cursor
	for {
		rs, next, err := j.Since(tb.Context(), at)
		try(tb, err)
		if len(rs) == 0 {
			return out
		}
		out, at = append(out, rs...), next
	}
}

func verified(tb testing.TB, j *ledger.Journal, want int64) {
	tb.Helper()
	r, err := j.Verify(tb.Context())
	if err != nil || r.Flaw != nil || r.Good.Count != want {
		tb.Errorf("verified %+v, %v, %v; want %d records", r.Good, r.Flaw, err, want)
	}
}

func keepsWhatWasSaid(t *testing.T, open Open) {
	t.Helper()
	j := open(t, ledger.Options{Actor: "ana"})
	zone := time.FixedZone("CET", 3600)
	var want []ledger.Record
	for _, r := range []ledger.Record{
		{Kind: "note"},
		{Kind: "incident.merged", Src: "pd", Actor: "ben", Body: json.RawMessage(`{ "a" : [1, 2.50, "<&>\u2028\u0000"] }`)},
		{Kind: "tag", At: time.Date(2026, 1, 2, 3, 4, 5, 6, zone), Body: json.RawMessage(`"é"`)},
		{Kind: "x", Src: "bad\xffname", Body: json.RawMessage("\"bad\xff\"")},
		{Kind: "x", Body: json.RawMessage(`"` + strings.Repeat("x", 1<<20-2) + `"`)},
	} {
		got, err := j.Append(t.Context(), r)
		try(t, err)
		want = append(want, got)
	}
	for i, body := range []string{`{}`, `{"a":[1,2.50,"<&>\u2028\u0000"]}`, `"é"`, `"bad` + "\uFFFD" + `"`} {
		expect(t, "body", string(want[i].Body), body)
	}
	if want[0].Actor != "ana" || want[1].Actor != "ben" || want[3].Src != "bad\uFFFDname" {
		t.Errorf("got %+v", want[:4])
	}
	if !want[2].At.Equal(time.Date(2026, 1, 2, 2, 4, 5, 6, time.UTC)) || want[0].At.IsZero() {
		t.Errorf("got times %v and %v", want[2].At, want[0].At)
	}
	got := everything(t, open(t, ledger.Options{}))
	if !reflect.DeepEqual(got, want) {
		t.Error("what is read back is not what was written")
	}
	verified(t, j, 5)
}

func refuses(t *testing.T, open Open) {
	t.Helper()
	j := open(t, ledger.Options{})
	for want, r := range map[string]ledger.Record{
		"kind is missing":    {},
		"not JSON":           {Kind: "x", Body: json.RawMessage(`{"a":`)},
		"longer than":        {Kind: "x", Body: json.RawMessage(`"` + strings.Repeat("a", 1<<20) + `"`)},
		"not a ULID":         {Kind: "x", ID: "01arz3ndektsv4rrffq69g5fav"},
		"names no id":        {Kind: ledger.KindAction},
		"read action record": {Kind: ledger.KindAction, Body: json.RawMessage(`[]`)},
	} {
		if got, err := j.Append(t.Context(), r); err == nil || !strings.Contains(err.Error(), want) || got.ID != "" {
			t.Errorf("got %v and %v, want an error with %q", got, err, want)
		}
	}
	notes(t, j, 1)
	verified(t, j, 1)
}

func twice(t *testing.T, open Open) {
	t.Helper()
	j, other := open(t, ledger.Options{}), open(t, ledger.Options{})
	r := ledger.Record{ID: "01ARZ3NDEKTSV4RRFFQ69G5FAV", At: start(), Kind: "note", Body: json.RawMessage(`{"a":1}`)}
	first, err := j.Append(t.Context(), r)
	try(t, err)
	again, err := other.Append(t.Context(), r)
	if err != nil || again.Hash != first.Hash {
		t.Errorf("the same again: %v, %v", again, err)
	}
	r.Body = json.RawMessage(`{"a":2}`)
	if _, err := other.Append(t.Context(), r); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("another with the same id: %v", err)
	}
	notes(t, other, 1)
	verified(t, j, 2)
}

// together has several handles write at once: one chain comes of it.
func together(t *testing.T, open Open) {
	t.Helper()
	const handles, each = 4, 15
	var all sync.WaitGroup
	for i := range handles {
		j := open(t, ledger.Options{})
		for range 2 {
			all.Go(func() {
				for n := range each {
					if _, err := j.Append(t.Context(), ledger.Record{Kind: "note", Body: json.RawMessage(fmt.Sprintf(`[%d,%d]`, i, n))}); err != nil {
						t.Error(err)
					}
					if _, _, err := j.Since(t.Context(), 0); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	all.Wait()
	verified(t, open(t, ledger.Options{}), handles*2*each)
}

func contextEnds(t *testing.T, open Open) {
	t.Helper()
	j := open(t, ledger.Options{})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := j.Append(gone, ledger.Record{Kind: "note"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, _, err := j.Since(gone, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	notes(t, j, 1)
	verified(t, j, 1)
}

func reopen(t *testing.T, open Open) {
	t.Helper()
	j := open(t, ledger.Options{})
	record(t, open(t, ledger.Options{}), "another's")
	record(t, j, "a")
	for range 2 {
		try(t, errors.Join(j.Reopen(t.Context()), j.Writable(), j.Held()))
		record(t, j, "a")
		expect(t, "pending", pending(t, j), "a")
	}
	verified(t, j, 2)
	try(t, j.Close())
	if err := j.Reopen(t.Context()); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("after: %v", err)
	}
}

func closed(t *testing.T, open Open) {
	t.Helper()
	j := open(t, ledger.Options{})
	notes(t, j, 1)
	try(t, errors.Join(j.Close(), j.Close()))
	_, err := j.Append(t.Context(), ledger.Record{Kind: "note"})
	_, _, since := j.Since(t.Context(), 0)
	_, verify := j.Verify(t.Context())
	for _, err := range []error{err, since, verify, j.Writable()} {
		if !errors.Is(err, ledger.ErrClosed) {
			t.Errorf("got %v", err)
		}
	}
}

func sinceBesideAnother(t *testing.T, open Open) {
	t.Helper()
	one, two := open(t, ledger.Options{}), open(t, ledger.Options{})
	notes(t, one, 3)
	got, at, err := two.Since(t.Context(), 0)
	if err != nil || len(got) != 3 {
		t.Fatalf("%d records, %v", len(got), err)
	}
	if got, next, err := two.Since(t.Context(), at); err != nil || len(got) != 0 || next != at {
		t.Errorf("nothing new: %d records at %d, %v", len(got), next, err)
	}
	last := notes(t, one, 1)
	if got, _, err := two.Since(t.Context(), at); err != nil || len(got) != 1 || got[0].Hash != last[0].Hash {
		t.Errorf("the other's news: %v, %v", got, err)
	}
	h1, err1 := one.Head(t.Context())
	h2, err2 := two.Head(t.Context())
	if err := errors.Join(err1, err2); err != nil || h1 != h2 || h1.Hash != last[0].Hash || h1.Count != 4 {
		t.Errorf("heads %v and %v, %v", h1, h2, err)
	}
	r, err := one.Verify(t.Context(), ledger.Head{Count: 9})
	if err != nil || r.Flaw == nil || r.Flaw.Place != 5 {
		t.Errorf("verified %+v, %v against a head of more records", r, err)
	}
}

func tail(t *testing.T, open Open) {
	t.Helper()
	j := open(t, ledger.Options{})
	for _, n := range []int{0, 3} {
		all := notes(t, j, n)
		at, err := j.Tail(t.Context(), 2)
		try(t, err)
		got, _, err := j.Since(t.Context(), at)
		if err != nil || len(got) != min(n, 2) || n > 0 && got[1].ID != all[n-1].ID {
			t.Errorf("of %d records the newest two are %v, %v", n, got, err)
		}
	}
}

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

func snapshots(t *testing.T, open Open) {
	t.Helper()
	j := open(t, ledger.Options{})
	try(t, j.SaveSnapshot(t.Context(), "pd", "pages", start(), []byte("new")))
	try(t, j.SaveSnapshot(t.Context(), "pd", "pages", start().Add(-time.Second), []byte("old")))
	try(t, j.SaveSnapshot(t.Context(), "am", "pages", start(), nil))
	got, err := j.Snapshots(t.Context())
	if err != nil || len(got) != 2 || got[0].Source != "am" || string(got[1].Data) != "new" || !got[1].At.Equal(start()) {
		t.Errorf("got %+v, %v", got, err)
	}
	verified(t, j, 0)
}

func exportAndImport(t *testing.T, open Open) {
	t.Helper()
	j := open(t, ledger.Options{Actor: "ana"})
	record(t, j, "a")
	settle(t, j, "a", oncall.Confirmed)
	notes(t, j, 3)
	var out bytes.Buffer
	try(t, j.Export(t.Context(), &out))
	added, known, err := j.Import(t.Context(), bytes.NewReader(out.Bytes()))
	if err != nil || added != 0 || known != 5 {
		t.Errorf("into itself: %d added, %d known, %v", added, known, err)
	}
	foreign := `{"id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","at":"2026-01-01T00:00:00Z","kind":"action","body":{"id":"b","kind":"ack","target":{"source":"pd","id":"P1"},"at":"2026-01-01T00:00:00Z"}}`
	added, known, err = j.Import(t.Context(), strings.NewReader(foreign+"\n"+strings.SplitN(out.String(), "\n", 2)[0]))
	if err != nil || added != 1 || known != 1 {
		t.Errorf("%d added, %d known, %v", added, known, err)
	}
	expect(t, "what was imported is history", pending(t, j), "")
	changed := strings.Replace(out.String(), `"n":2`, `"n":7`, 1)
	if _, _, err := j.Import(t.Context(), strings.NewReader(changed)); err == nil || !strings.Contains(err.Error(), "line 5") {
		t.Errorf("a changed line: %v", err)
	}
	verified(t, j, 6)
}

func kinds(t *testing.T, open Open) {
	t.Helper()
	j := open(t, ledger.Options{Actor: "ana"})
	notes(t, j, 2)
	record(t, j, "a")
	notes(t, j, 1)
	got, at, err := j.Kinds(t.Context(), 0, ledger.KindAction, ledger.KindTag)
	if err != nil || len(got) != 1 || got[0].Kind != ledger.KindAction || at != 4 {
		t.Errorf("%v up to %d, %v", got, at, err)
	}
	if got, next, err := j.Kinds(t.Context(), at, ledger.KindAction); err != nil || len(got) != 0 || next != at {
		t.Errorf("nothing new: %v up to %d, %v", got, next, err)
	}
	record(t, j, "b")
	if got, next, err := j.Kinds(t.Context(), at, ledger.KindAction); err != nil || len(got) != 1 || next != 5 {
		t.Errorf("news: %v up to %d, %v", got, next, err)
	}
}

func exportSome(t *testing.T, open Open) {
	t.Helper()
	j := open(t, ledger.Options{Actor: "ana"})
	all := notes(t, j, 4)
	var out bytes.Buffer
	left, err := j.ExportSome(t.Context(), &out, func(r ledger.Record) bool { return r.ID != all[1].ID && r.ID != all[3].ID })
	if err != nil || left != 2 || strings.Count(out.String(), "\n") != 2 || strings.Contains(out.String(), all[1].ID) {
		t.Errorf("%d left out, %v:\n%s", left, err, out.String())
	}
	if added, known, err := j.Import(t.Context(), &out); err != nil || added != 0 || known != 2 {
		t.Errorf("what is left is no export: %d added, %d known, %v", added, known, err)
	}
}

func readOnly(t *testing.T, open Open) {
	t.Helper()
	notes(t, open(t, ledger.Options{}), 2)
	j := open(t, ledger.Options{ReadOnly: true})
	if _, err := j.Append(t.Context(), ledger.Record{Kind: "note"}); !errors.Is(err, ledger.ErrReadOnly) {
		t.Errorf("it wrote: %v", err)
	}
	if err := j.Reopen(t.Context()); !errors.Is(err, ledger.ErrReadOnly) {
		t.Errorf("reopened: %v", err)
	}
	expect(t, "records", len(everything(t, j)), 2)
	verified(t, j, 2)
}
