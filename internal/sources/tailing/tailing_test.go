package tailing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"conway/internal/oncall"
	"conway/internal/sources/lines"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestAim points a source at one query after another and sees each followed
// under its own turn.
func TestAim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a Aim
		var said []string
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- a.Run(ctx, "loki", func(e oncall.Event) { said = append(said, e.Meta().Err.Error()) },
				func(ctx context.Context, q oncall.LogQuery, turn int) error {
					said = append(said, fmt.Sprintf("%s %d", q.Query, turn))
					<-ctx.Done()
					return ctx.Err()
				})
		}()
		synctest.Wait()
		for _, q := range []oncall.LogQuery{{Query: "a"}, {Query: "a"}, {Query: "b"}, {Unfilled: "this page has no label cluster"}, {Query: "a"}} {
			a.Follow(q)
			synctest.Wait()
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run returned %v", err)
		}
		want := []string{"a 1", "b 2", "loki: follow logs: refused: this page has no label cluster", "a 4"}
		if !slices.Equal(said, want) {
			t.Errorf("the tails were %q, want %q", said, want)
		}
	})
}

// TestTailThatEnds is begun again, unless it ends at once.
func TestTailThatEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a Aim
		a.Follow(oncall.LogQuery{Query: "a"})
		n := 0
		err := a.Run(t.Context(), "loki", nil, func(context.Context, oncall.LogQuery, int) error {
			if n++; n < 3 {
				time.Sleep(tooSoon)
			}
			return nil
		})
		f, ok := errors.AsType[*oncall.Fault](err)
		if !ok || f.Kind != oncall.Unavailable || n != 3 {
			t.Errorf("after %d tails Run returned %v", n, err)
		}
	})
}

func entry(at time.Time, key, raw string) Entry {
	return Entry{Key: key, Line: oncall.LogLine{At: at, Raw: raw}}
}

func TestPlace(t *testing.T) {
	var p Place
	start := time.Unix(1_800_000_000, 0)
	now := start.Add(time.Hour)
	p.Begin(start)
	if !p.From().Equal(start) || p.Arrived(1) {
		t.Error("a place does not begin at its beginning")
	}
	at := start.Add(10 * time.Minute)
	for _, tt := range []struct {
		e    Entry
		want bool
	}{
		{entry(at, "a", "x"), true},
		{entry(at, "a", "x"), false},
		{entry(at, "b", "x"), true},
		{entry(at, "a", "y"), true},
		{entry(at.Add(1), "a", "x"), true},
		{entry(at.Add(-time.Minute), "a", "x"), true},
		{Entry{Untimed: true, Line: oncall.LogLine{At: at, Raw: "?"}}, true},
		{Entry{Untimed: true, Line: oncall.LogLine{At: at.Add(time.Second), Raw: "?"}}, false},
	} {
		if got := p.Take(tt.e, now); got != tt.want {
			t.Errorf("Take(%+v) = %v", tt.e, got)
		}
	}
	if want := at.Add(1); !p.Edge().Equal(want) || !p.From().Equal(want.Add(-Overlap)) {
		t.Errorf("the edge is %v, want %v", p.Edge(), want)
	}
	p.Take(entry(now.Add(24*time.Hour), "a", "tomorrow"), now)
	if !p.Edge().Equal(now) {
		t.Errorf("a line from the future moved the edge to %v", p.Edge())
	}
}

// TestPlaceForgets holds the memory of a long tail down, and forgets nothing that
// can come again.
func TestPlaceForgets(t *testing.T) {
	var p Place
	start := time.Unix(1_800_000_000, 0)
	p.Begin(start)
	last := start
	const apart = 5 * time.Millisecond
	most := 0
	for i := range 10 * forgetAt {
		last = start.Add(time.Duration(i) * apart)
		p.Take(entry(last, "", "x"), last)
		most = max(most, len(p.seen))
	}
	if again := int((2*Overlap + Behind) / apart); most > 2*again+1 {
		t.Errorf("%d lines are remembered, of which %d can come again", most, again)
	}
	for at := last; at.After(last.Add(-Overlap - Behind)); at = at.Add(-apart) {
		if p.Take(entry(at, "", "x"), last) {
			t.Fatalf("the line of %v before the newest was forgotten", last.Sub(at))
		}
	}
}

// TestLate has a machine whose clock is four minutes behind write a line while all
// others go on, and then more lines come than anybody looks through.
func TestLate(t *testing.T) {
	var p Place
	now := time.Now()
	p.Begin(now.Add(-time.Hour))
	p.Know(now.Add(-5 * time.Minute))
	var said []string
	o := NewOut("loki", oncall.LogQuery{}, &p, func() time.Duration { return 0 }, func(e oncall.Event) {
		l := e.(oncall.LinesEvent)
		for _, line := range l.Lines {
			said = append(said, line.Raw)
		}
		if l.Dropped.Count > 0 {
			said = append(said, l.Dropped.Reason)
		}
	})
	o.Put([]Entry{entry(now, "", "right")})
	store := []Entry{entry(now.Add(-10*time.Minute), "", "left out"), entry(now.Add(-4*time.Minute), "", "behind")}
	walks := 0
	look := func() {
		for range eachLook {
			err := o.NowAndThen(t.Context(), func(start, end time.Time, limit int) *Walk {
				walks++
				return &Walk{
					Start: start, End: end, Limit: limit, Size: limit + 1, Most: limit + 1, Ahead: func() time.Duration { return 0 },
					Ask: func(_ context.Context, start, end time.Time, limit int) (Page, error) {
						var page Page
						for _, e := range store {
							if !e.Line.At.Before(start) && e.Line.At.Before(end) {
								page.Entries = append(page.Entries, e)
							}
						}
						Sort(page.Entries, start)
						page.Entries = page.Entries[max(0, len(page.Entries)-limit):]
						return page, nil
					},
				}
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	look()
	look()
	if want := []string{"right", "behind"}; walks != 2 || !slices.Equal(said, want) {
		t.Fatalf("after %d walks the lines are %q, want %q", walks, said, want)
	}
	for i := range lateLines + 10 {
		store = append(store, entry(now.Add(-3*time.Minute+time.Duration(i)*time.Millisecond), "", fmt.Sprint(i)))
	}
	said = nil
	look()
	look()
	const why = "lines of machines whose clocks are minutes behind may be left out: the limit of 10000 lines was reached"
	if len(said) != lateLines+1 || said[0] != why {
		t.Errorf("of more lines than are looked through came %d, first %q", len(said), said[:1])
	}
}

// TestWalkToItsLimit has the limit reached within lines of one time, of which the store
// always gives the same ones first: all that are wanted come, each once, and nothing
// older comes in their place.
func TestWalkToItsLimit(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	store := []Entry{entry(at, "", "1"), entry(at.Add(1), "", "2"), entry(at.Add(1), "", "3"), entry(at.Add(1), "", "4"), entry(at.Add(2), "", "5")}
	for _, tt := range []struct {
		limit     int
		cut, want string
	}{
		{2, "the limit of 2 lines was reached", "45"},
		{3, "the limit of 3 lines was reached", "345"},
		{4, "the limit of 4 lines was reached", "2345"},
		{5, "", "12345"},
		{6, "", "12345"},
	} {
		w := &Walk{
			Start: at, End: at.Add(time.Second), Limit: tt.limit, Size: 3, Most: 8, Ahead: func() time.Duration { return 0 },
			Ask: func(_ context.Context, _, end time.Time, limit int) (Page, error) {
				older := slices.DeleteFunc(slices.Clone(store), func(e Entry) bool { return !e.Line.At.Before(end) })
				return Page{Entries: older[max(0, len(older)-limit):]}, nil
			},
		}
		var got []string
		err := w.Run(t.Context(), func(entries []Entry) {
			for _, e := range entries {
				got = append(got, e.Line.Raw)
			}
		})
		slices.Sort(got)
		if err != nil || strings.Join(got, "") != tt.want || w.Why != tt.cut || w.Complete != (tt.cut == "") {
			t.Errorf("up to %d lines are %q, complete %v, %q, %v", tt.limit, got, w.Complete, w.Why, err)
		}
	}
}

// TestLeft is about walks that ended at their limit: lines are missing only where one
// did not come as far as the newest line that is known.
func TestLeft(t *testing.T) {
	now := time.Now()
	var p Place
	p.Begin(now.Add(-time.Hour))
	var said []string
	o := NewOut("es", oncall.LogQuery{}, &p, func() time.Duration { return 0 }, func(e oncall.Event) {
		if r := e.(oncall.LinesEvent).Dropped.Reason; r != "" {
			said = append(said, r)
		}
	})
	o.Put([]Entry{entry(now.Add(-time.Minute), "", "newest")})
	o.Left(&Walk{Start: p.From(), Complete: true})
	busy := &Walk{Start: p.From(), End: now.Add(-2 * time.Minute), Why: "too many"}
	o.Left(busy)
	o.Left(busy)
	o.Left(&Walk{Start: p.From(), End: now.Add(-time.Second), Why: "the limit"})
	want := []string{"lines that become visible late may be left out: too many", "lines that came while nobody read are left out: the limit"}
	if !slices.Equal(said, want) {
		t.Errorf("said %q, want %q", said, want)
	}
}

func TestOut(t *testing.T) {
	var p Place
	p.Begin(time.Time{})
	var events []oncall.LinesEvent
	ahead := 5 * time.Minute
	o := NewOut("loki", oncall.LogQuery{Scope: "checkout"}, &p, func() time.Duration { return ahead },
		func(e oncall.Event) { events = append(events, e.(oncall.LinesEvent)) })
	at := time.Now().Truncate(time.Second)
	if n := o.Put([]Entry{entry(at, "", "second"), entry(at.Add(-1), "", "first"), Unread("{", "k", "web")}); n != 3 {
		t.Errorf("%d entries were new, want 3", n)
	}
	o.Lost(oncall.Dropped{Count: 2, Exact: true})
	o.Alive()
	if len(events) != 3 || events[1].Dropped.Count != 2 {
		t.Fatalf("the events are %+v", events)
	}
	var raws []string
	for _, l := range events[0].Lines {
		raws = append(raws, l.Raw)
	}
	if !slices.Equal(raws, []string{"first", "{", "second"}) && !slices.Equal(raws, []string{"{", "first", "second"}) {
		t.Errorf("the lines are %q", raws)
	}
	if got := events[0].Lines[2].At; !got.Equal(at.Add(-ahead)) {
		t.Errorf("a line's time is %v, want %v by this machine's clock", got, at.Add(-ahead))
	}
	for _, e := range events {
		if e.Scope != "checkout" || e.Skew != ahead || e.Source != "loki" {
			t.Errorf("an event is stamped %+v under %q", e.Stamp, e.Scope)
		}
	}
}

func TestCap(t *testing.T) {
	long := strings.Repeat("€", lines.MaxLine)
	if raw, cut := Cap(long); !cut || len(raw) > lines.MaxLine || !strings.HasSuffix(raw, "€") {
		t.Errorf("a long line was cut (%v) to %d bytes", cut, len(raw))
	}
	if raw, cut := Cap("short"); cut || raw != "short" {
		t.Errorf("a short line became %q", raw)
	}
}

func TestAskable(t *testing.T) {
	for want, err := range map[string]error{
		"this page has no label": Askable("loki", "search logs", oncall.LogQuery{Unfilled: "this page has no label"}, "q"),
		"there is no query":      Askable("loki", "search logs", oncall.LogQuery{}, ""),
	} {
		if f, ok := errors.AsType[*oncall.Fault](err); !ok || f.Kind != oncall.Rejected || !strings.Contains(f.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
	if err := Askable("loki", "search logs", oncall.LogQuery{}, "q"); err != nil {
		t.Errorf("the error is %v", err)
	}
}
