package polled_test

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
	"conway/internal/sources"
	"conway/internal/sources/lines"
	"conway/internal/sources/polled"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const overlap = time.Minute

// store answers as it is told, and notes since when it was asked.
type store struct {
	asked []time.Time
	hits  []polled.Hit
	left  string
	err   error
}

func (s *store) ask(_ context.Context, _ oncall.LogQuery, since time.Time) ([]polled.Hit, string, error) {
	s.asked = append(s.asked, since)
	early := func(h polled.Hit) bool { return h.Arrived.Before(since) }
	return slices.DeleteFunc(slices.Clone(s.hits), early), s.left, s.err
}

func (s *store) tail() *polled.Tail {
	return polled.New(polled.Options{Source: "log", Every: time.Second, Overlap: overlap, Skew: new(sources.Skew), Ask: s.ask})
}

func hit(id string, arrived time.Time) polled.Hit {
	return polled.Hit{ID: id, Arrived: arrived, Line: oncall.LogLine{At: arrived, Raw: id}}
}

// rounds runs a tail for some intervals and returns the events with lines.
func rounds(t *testing.T, tail *polled.Tail, n int) (events []oncall.LinesEvent, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n)*time.Second-time.Second/2)
	defer cancel()
	err = tail.Run(ctx, func(e oncall.Event) {
		if l, ok := e.(oncall.LinesEvent); ok && len(l.Lines) > 0 {
			events = append(events, l)
		}
	})
	return events, err
}

func raws(events []oncall.LinesEvent) string {
	var out []string
	for _, e := range events {
		for _, l := range e.Lines {
			out = append(out, l.Raw)
		}
	}
	return strings.Join(out, " ")
}

// TestAsksSinceTheNewestArrival is about where each question begins: at the
// window until a line was seen, then a little before the newest arrival, and never
// by an arrival of the future.
func TestAsksSinceTheNewestArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		tail := s.tail()
		tail.Follow(oncall.LogQuery{Query: "q"})
		if _, err := rounds(t, tail, 2); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		if !s.asked[1].IsZero() {
			t.Errorf("with no line seen, it was asked since %v", s.asked[1])
		}
		begin := time.Now()
		s.asked, s.hits = nil, []polled.Hit{hit("old", begin.Add(-time.Hour)), hit("future", begin.Add(time.Hour)), hit("recent", begin.Add(-time.Second))}
		events, _ := rounds(t, tail, 2) // its end is not what this is about
		if got := raws(events); got != "old recent future" {
			t.Errorf("the lines are %q", got)
		}
		if d := s.asked[1].Sub(begin.Add(-overlap)); d.Abs() > time.Second {
			t.Errorf("it was asked since %v after the moment that it was asked last, less the overlap", d)
		}
	})
}

// TestFailureLosesNothing has a store give lines and fail: they are shown, and the
// next question begins where this one did.
func TestFailureLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fault := &oncall.Fault{Kind: oncall.Unavailable, Source: "log", Op: "find lines"}
		s := &store{hits: []polled.Hit{hit("one", time.Now())}, err: fault}
		tail := s.tail()
		tail.Follow(oncall.LogQuery{Query: "q"})
		events, err := rounds(t, tail, 2)
		if !errors.Is(err, fault) || raws(events) != "one" {
			t.Fatalf("got %q, %v", raws(events), err)
		}
		s.hits, s.err = append(s.hits, hit("two", time.Now())), nil
		events, _ = rounds(t, tail, 2) // its end is not what this is about
		if raws(events) != "two" || !s.asked[1].IsZero() {
			t.Errorf("got %q, asked since %v", raws(events), s.asked[1])
		}
	})
}

// TestManyLines has more lines come within the overlap than are remembered: those that
// are forgotten are not asked for again, which is said, and no line comes twice.
func TestManyLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const many = 200_000
		s := &store{}
		begin := time.Now()
		for i := range many {
			at := begin.Add(-overlap / 2).Add(time.Duration(i) * (overlap / 2 / many))
			s.hits = append(s.hits, hit(fmt.Sprint(i), at.Truncate(time.Second)))
		}
		tail := s.tail()
		tail.Follow(oncall.LogQuery{Query: "q"})
		events, _ := rounds(t, tail, 3) // its end is not what this is about
		came := map[string]bool{}
		var left []string
		for _, e := range events {
			if e.Dropped.Reason != "" {
				left = append(left, e.Dropped.Reason)
			}
			for _, l := range e.Lines {
				if came[l.Raw] {
					t.Fatalf("line %s came twice", l.Raw)
				}
				came[l.Raw] = true
			}
		}
		if len(came) != many || len(left) != 1 || !strings.Contains(left[0], "more than 131072 came in 1m0s") {
			t.Errorf("%d lines came, and it was said %q", len(came), left)
		}
		if s.asked[1].Before(begin.Add(-overlap * 3 / 8)) {
			t.Errorf("it was asked for what arrived %v before", begin.Sub(s.asked[1]))
		}
		s.hits = append(s.hits, hit("after", time.Now()))
		if events, _ = rounds(t, tail, 1); raws(events) != "after" {
			t.Errorf("after that came %d events", len(events))
		}
	})
}

func TestTellsWhatIsLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{left: "more came"}
		for i := range lines.MaxBatch + 1 {
			s.hits = append(s.hits, hit(fmt.Sprint(i), time.Now()))
		}
		tail := s.tail()
		tail.Follow(oncall.LogQuery{Query: "q", Scope: "checkout"})
		events, _ := rounds(t, tail, 1) // its end is not what this is about
		if len(events) != 2 || len(events[0].Lines) != lines.MaxBatch || events[1].Scope != "checkout" {
			t.Fatalf("got %d events", len(events))
		}
		if events[0].Dropped.Reason != "more came" || events[1].Dropped.Reason != "" {
			t.Errorf("left out: %+v, %+v", events[0].Dropped, events[1].Dropped)
		}
	})
}

func TestSameQueryGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{hits: []polled.Hit{hit("one", time.Now())}}
		tail := s.tail()
		for _, want := range []string{"one", "", "one"} {
			q := oncall.LogQuery{Query: "q"}
			if want == "one" {
				q.Scope = fmt.Sprint(len(s.asked))
			} else {
				q.Scope = "0"
			}
			tail.Follow(q)
			if events, _ := rounds(t, tail, 1); raws(events) != want {
				t.Errorf("followed %+v, got %q, want %q", q, raws(events), want)
			}
		}
	})
}

func TestSame(t *testing.T) {
	var s polled.Same
	ids := []string{s.ID("a", "b"), s.ID("a", "b"), s.ID("ab", ""), s.ID("", "ab")}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 4 {
		t.Error("different lines have the same id")
	}
	var again polled.Same
	var first polled.Same
	if again.ID("a") != first.ID("a") {
		t.Error("a line has another id in another answer")
	}
}

func TestCap(t *testing.T) {
	if got, cut := polled.Cap("short"); got != "short" || cut {
		t.Errorf("got %q, %v", got, cut)
	}
	if got, cut := polled.Cap("a" + strings.Repeat("é", lines.MaxLine)); !cut || len(got) != lines.MaxLine-1 || !strings.HasSuffix(got, "é") {
		t.Errorf("got %d bytes, %v", len(got), cut)
	}
}

// What an earlier query found is never emitted as what a later one did, also when
// the tail ends meanwhile.
func TestEndWhilePointedElsewhere(t *testing.T) {
	var tail *polled.Tail
	ctx, cancel := context.WithCancel(t.Context())
	asked := 0
	tail = polled.New(polled.Options{
		Source: "log", Every: time.Second, Overlap: overlap, Skew: new(sources.Skew),
		Ask: func(context.Context, oncall.LogQuery, time.Time) ([]polled.Hit, string, error) {
			asked++
			tail.Follow(oncall.LogQuery{Scope: "second", Query: "b"})
			cancel()
			return []polled.Hit{hit("of the first", time.Now())}, "", nil
		},
	})
	tail.Follow(oncall.LogQuery{Scope: "first", Query: "a"})
	err := tail.Run(ctx, func(e oncall.Event) { t.Errorf("emitted %+v", e) })
	if !errors.Is(err, context.Canceled) || asked != 1 {
		t.Errorf("after %d questions Run returned %v", asked, err)
	}
}
