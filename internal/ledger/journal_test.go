package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAppendKeepsWhatWasSaid(t *testing.T) {
	path := home(t)
	j := opened(t, Options{Path: path, Now: clock(), Actor: "ana"})
	zone := time.FixedZone("CET", 3600)
	var want []Record
	for _, r := range []Record{
		{Kind: "note"},
		{Kind: "incident.merged", Src: "pd", Actor: "ben", Body: json.RawMessage(`{ "a" : [1, 2.50, "<&>\u2028"] }`)},
		{Kind: "tag", At: time.Date(2026, 1, 2, 3, 4, 5, 6, zone), Body: json.RawMessage(`"é"`)},
		{Kind: "x", Src: "bad\xffname", Body: json.RawMessage("\"bad\xff\"")},
	} {
		got, err := j.Append(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, got)
	}
	for i, body := range []string{`{}`, `{"a":[1,2.50,"<&>\u2028"]}`, `"é"`, `"bad` + "\uFFFD" + `"`} {
		if string(want[i].Body) != body {
			t.Errorf("body %d is %s, want %s", i, want[i].Body, body)
		}
	}
	if want[0].Actor != "ana" || want[1].Actor != "ben" || want[3].Src != "bad\uFFFDname" {
		t.Errorf("got %+v", want)
	}
	if !want[2].At.Equal(time.Date(2026, 1, 2, 2, 4, 5, 6, time.UTC)) || want[0].At.IsZero() {
		t.Errorf("got times %v and %v", want[2].At, want[0].At)
	}
	closed(t, j)
	j = opened(t, Options{Path: path})
	got := everything(t, j)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("read back\n%v\nwant\n%v", got, want)
	}
	if !slices.IsSortedFunc(got, func(a, b Record) int { return strings.Compare(a.ID, b.ID) }) {
		t.Error("ids do not sort by time")
	}
	verified(t, j, 4)
}

func TestAppendRefuses(t *testing.T) {
	j := fresh(t)
	for want, r := range map[string]Record{
		"kind is missing":    {},
		"not a word":         {Kind: "Two Words"},
		"not JSON":           {Kind: "x", Body: json.RawMessage(`{"a":`)},
		"longer than":        {Kind: "x", Body: json.RawMessage(`"` + strings.Repeat("a", maxBody) + `"`)},
		"source or actor":    {Kind: "x", Src: strings.Repeat("s", maxName+1)},
		"not a ULID":         {Kind: "x", ID: "01arz3ndektsv4rrffq69g5fav"},
		"year 10000":         {Kind: "x", At: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
		"names no id":        {Kind: KindAction},
		"read action record": {Kind: KindAction, Body: json.RawMessage(`[]`)},
		"read run record":    {Kind: KindRun, Body: json.RawMessage(`{"step":"one"}`)},
	} {
		if got, err := j.Append(t.Context(), r); err == nil || !strings.Contains(err.Error(), want) || got.ID != "" {
			t.Errorf("got %v and %v, want an error with %q", got, err, want)
		}
	}
	verified(t, j, 0)
}

func TestAppendTwice(t *testing.T) {
	j := fresh(t)
	r := Record{ID: "01ARZ3NDEKTSV4RRFFQ69G5FAV", At: start(), Kind: "note", Body: json.RawMessage(`{"a":1}`)}
	first, err := j.Append(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	again, err := j.Append(t.Context(), r)
	if err != nil || again.Hash != first.Hash {
		t.Errorf("the same again: %v, %v", again, err)
	}
	r.Body = json.RawMessage(`{"a":2}`)
	if _, err := j.Append(t.Context(), r); !errors.Is(err, ErrConflict) {
		t.Errorf("another with the same id: %v", err)
	}
	verified(t, j, 1)
}

func TestAppendTogether(t *testing.T) {
	j := fresh(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := range 20 {
				if _, err := j.Append(t.Context(), Record{Kind: "note", Body: json.RawMessage(fmt.Sprintf(`[%d,%d]`, i, n))}); err != nil {
					t.Error(err)
				}
				if _, _, err := j.Since(t.Context(), 0); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	verified(t, j, 160)
}

func TestContextEndsBeforeAndDuring(t *testing.T) {
	path := home(t)
	var at func(string)
	j := opened(t, Options{Path: path, failpoint: func(name string) {
		if at != nil {
			at(name)
		}
	}})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := j.Append(gone, Record{Kind: "note"}); !errors.Is(err, context.Canceled) {
		t.Errorf("before: %v", err)
	}
	for _, c := range []struct {
		point string
		kept  bool
	}{{"append:begun", false}, {"append:written", true}, {"append:committed", true}} {
		ctx, cancel := context.WithCancel(t.Context())
		at = func(name string) {
			if name == c.point {
				cancel()
			}
		}
		before := len(everything(t, j))
		_, err := j.Append(ctx, Record{Kind: "note"})
		if kept := len(everything(t, j)) > before; kept != c.kept || (err == nil) != c.kept {
			t.Errorf("at %s: kept %v, error %v", c.point, kept, err)
		}
		cancel()
	}
	if err := j.Writable(); err != nil {
		t.Errorf("a context's end broke it: %v", err)
	}
}

func TestSlowDiskIsUnknown(t *testing.T) {
	release := make(chan struct{})
	j := opened(t, Options{Path: home(t), grace: 10 * time.Millisecond, failpoint: func(name string) {
		if name == "append:written" {
			<-release
		}
	}})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := j.Append(ctx, Record{Kind: "note"})
	if !errors.Is(err, ErrUnknown) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	close(release)
	appended(t, j, 1)
	verified(t, j, 2)
}

func TestPanicBreaksTheHandle(t *testing.T) {
	path := home(t)
	j := opened(t, Options{Path: path, failpoint: func(name string) {
		if name == "append:written" {
			panic("out of memory")
		}
	}})
	for range 2 {
		if _, err := j.Append(t.Context(), Record{Kind: "note"}); err == nil || !strings.Contains(err.Error(), "out of memory") {
			t.Errorf("got %v", err)
		}
	}
	if err := j.Writable(); !errors.Is(err, ErrBroken) {
		t.Errorf("writable: %v", err)
	}
	other := opened(t, Options{Path: path})
	appended(t, other, 1)
	if got := everything(t, j); len(got) != 1 {
		t.Errorf("a broken handle reads %d records", len(got))
	}
}

func TestReopen(t *testing.T) {
	path := home(t)
	fail := true
	j := opened(t, Options{Path: path, failpoint: func(name string) {
		if fail && name == "append:written" {
			panic("out of memory")
		}
	}})
	recorded(t, opened(t, Options{Path: path}), "another's")
	if err := j.Record(t.Context(), anAction("a")); err == nil {
		t.Fatal("it did not fail")
	}
	fail = false
	if err := j.Record(t.Context(), anAction("a")); !errors.Is(err, ErrBroken) {
		t.Errorf("before: %v", err)
	}
	for range 2 {
		if err := errors.Join(j.Reopen(t.Context()), j.Writable()); err != nil {
			t.Fatal(err)
		}
		recorded(t, j, "a")
		expect(t, "pending", pending(t, j), "a")
	}
	verified(t, j, 2)
	closed(t, j)
	if err := j.Reopen(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("after: %v", err)
	}
	if err := opened(t, Options{Path: path, ReadOnly: true}).Reopen(t.Context()); !errors.Is(err, ErrReadOnly) {
		t.Errorf("for reading only: %v", err)
	}
}

func TestClosed(t *testing.T) {
	j := fresh(t)
	appended(t, j, 1)
	closed(t, j)
	closed(t, j)
	_, err := j.Append(t.Context(), Record{Kind: "note"})
	_, _, since := j.Since(t.Context(), 0)
	_, verify := j.Verify(t.Context())
	for _, err := range []error{err, since, verify, j.Writable()} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("got %v", err)
		}
	}
}

func TestSinceInBatchesAndBesideAnother(t *testing.T) {
	path := home(t)
	one, two := opened(t, Options{Path: path}), opened(t, Options{Path: path})
	appended(t, one, batch/2)
	appended(t, two, batch/2+10)
	got, at, err := one.Since(t.Context(), 0)
	if err != nil || len(got) != batch {
		t.Fatalf("%d records, %v", len(got), err)
	}
	got, at, err = one.Since(t.Context(), at)
	if err != nil || len(got) != 10 {
		t.Fatalf("%d records, %v", len(got), err)
	}
	if got, next, err := one.Since(t.Context(), at); err != nil || len(got) != 0 || next != at {
		t.Errorf("nothing new: %d records at %d, %v", len(got), next, err)
	}
	last := appended(t, two, 1)
	if got, _, err := one.Since(t.Context(), at); err != nil || len(got) != 1 || got[0].Hash != last[0].Hash {
		t.Errorf("the other's news: %v, %v", got, err)
	}
	h1, err1 := one.Head(t.Context())
	h2, err2 := two.Head(t.Context())
	if err := errors.Join(err1, err2); err != nil || h1 != h2 || h1.Hash != last[0].Hash || h1.Count != batch+11 {
		t.Errorf("heads %v and %v, %v", h1, h2, err)
	}
	if back, err := ParseHead(h1.String()); err != nil || back != h1 {
		t.Errorf("read back %v, %v", back, err)
	}
	for _, bad := range []string{"", "5", "x:00", "-1:" + h1.Hash.String(), "5:abc", "5:" + strings.Repeat("g", 64)} {
		if _, err := ParseHead(bad); err == nil {
			t.Errorf("took %q for a head", bad)
		}
	}
	verified(t, two, batch+11)
}

func TestIDs(t *testing.T) {
	var g ids
	times := []time.Time{start(), start(), start().Add(-time.Hour), start().Add(time.Millisecond)}
	var all []string
	for range 1000 {
		for _, now := range times {
			all = append(all, g.next(now))
		}
	}
	if !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Error("ids are not strictly increasing")
	}
	for _, id := range all {
		if err := checkID(id); err != nil {
			t.Fatal(err)
		}
	}
	// The specification's own example: 1469918176385 ms.
	if id := encodeID(1469918176385, [randomBytes]byte{}); id != "01ARYZ6S410000000000000000" {
		t.Errorf("got %s", id)
	}
	full := [randomBytes]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 255}
	if id := encodeID(1<<48-1, full); id != "7ZZZZZZZZZZZZZZZZZZZZZZZZZ" {
		t.Errorf("got %s", id)
	}
	g = ids{last: 5, tail: full}
	if id := g.next(time.UnixMilli(5)); id != encodeID(6, [randomBytes]byte{}) {
		t.Errorf("carried to %s", id)
	}
}
