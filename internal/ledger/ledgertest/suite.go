// Package ledgertest holds every store of a ledger to the same promises. A test
// of a store hands in how to open it:
//
//	ledgertest.Run(t, func(t *testing.T) ledgertest.Open { … })
//
// It uses the package as a cockpit does and knows nothing of what is behind it.
package ledgertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
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
