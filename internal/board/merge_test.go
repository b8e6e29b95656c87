package board_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"conway/internal/board"
	"conway/internal/oncall"
)

// said is what a source says at a moment: lines of these times, in milliseconds
// after at(100).
func said(source string, now int, times ...int) oncall.LinesEvent {
	e := oncall.LinesEvent{Stamp: oncall.Stamp{Source: source, At: at(100).Add(time.Duration(now) * time.Millisecond)}}
	for _, ms := range times {
		raw := fmt.Sprintf("%s%d", source, ms)
		e.Lines = append(e.Lines, oncall.LogLine{At: at(100).Add(time.Duration(ms) * time.Millisecond), Source: source, Raw: raw, Message: raw})
	}
	return e
}

func scoped(e oncall.LinesEvent, scope string) oncall.LinesEvent {
	e.Scope = scope
	return e
}

func fold(b board.Board, events ...oncall.Event) board.Board {
	for _, e := range events {
		b, _ = b.Apply(e)
	}
	return b
}

// order writes the lines held, late ones with a star.
func order(b board.Board) []string {
	var out []string
	for _, l := range all(b.Logs()) {
		s := l.Raw
		if l.Late {
			s += "*"
		}
		out = append(out, s)
	}
	return out
}

func TestSourcesAreMergedByTime(t *testing.T) {
	for name, tt := range map[string]struct {
		events []oncall.Event
		want   []string
	}{
		"two in step": {
			[]oncall.Event{said("a", 0), said("b", 0), said("a", 10, 1, 3, 9), said("b", 11, 2, 4), said("b", 12, 9, 10)},
			[]string{"a1", "b2", "a3", "b4", "a9", "b9", "b10"},
		},
		"a slow one": {
			[]oncall.Event{said("a", 0), said("b", 0), said("a", 5000, 1, 4000, 5000), said("b", 5001, 3500), said("a", 5010, 5005)},
			[]string{"a1", "b3500", "a4000", "a5000", "a5005"},
		},
		"a late one": {
			[]oncall.Event{said("a", 0), said("b", 0), said("a", 5000, 1, 4000, 5000), said("b", 5001, 100, 4500), said("a", 5010, 5005), said("b", 5011, 5001)},
			[]string{"a1", "a4000", "b100*", "b4500", "a5000", "b5001", "a5005"},
		},
		"what was there before": {
			[]oncall.Event{said("a", 9000, 1, 4000, 9000), said("b", 9001, 2, 5000), said("b", 9002, 6000, 9002), said("b", 20000, 7000)},
			[]string{"a1", "b2", "a4000", "b5000", "b6000", "b7000", "a9000", "b9002"},
		},
		"a clock that is ahead": {
			[]oncall.Event{said("a", 10, 1, 3_600_000), said("b", 20, 15), said("a", 30, 22), said("b", 31, 21)},
			[]string{"a1", "a3600000", "b15", "b21", "a22"},
		},
		"one source, out of order": {
			[]oncall.Event{said("a", 10, 5, 1), said("a", 20, 3)},
			[]string{"a1", "a3", "a5"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := order(fold(board.New(board.Options{}), tt.events...)); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// TestEveryLineIsAccountedFor: whatever comes when, from whom and for which
// page, each line is held once, let go, left out or another page's; a source's
// lines keep their order, and those that are not late stand in time.
func TestEveryLineIsAccountedFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := board.New(board.Options{LineCap: rapid.IntRange(1, 9000).Draw(t, "cap")})
		came, dropped, now := 0, 0, 0
		for range rapid.IntRange(1, 30).Draw(t, "events") {
			now += rapid.IntRange(0, 1500).Draw(t, "pause")
			source := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "source")
			lag := rapid.SampledFrom([]int{0, 0, 30, 1900, 2100, 60_000}).Draw(t, "lag")
			n := rapid.OneOf(rapid.IntRange(0, 4), rapid.IntRange(0, 3000)).Draw(t, "n")
			times := make([]int, n)
			for i := range times {
				times[i] = now - lag - (n-i)/4
			}
			e := said(source, now, times...)
			if source == "c" {
				e.Scope = rapid.SampledFrom([]string{"x", "y"}).Draw(t, "scope")
			}
			e.Dropped = oncall.Dropped{Count: rapid.IntRange(0, 2).Draw(t, "dropped"), Exact: true}
			other := b.Logs().Elsewhere()
			b = fold(b, e)
			came += n
			if b.Logs().Elsewhere() == other || n == 0 {
				n, _ := b.Logs().Dropped()
				dropped = int(n)
			}
			if rapid.IntRange(0, 5).Draw(t, "select") == 0 {
				b = b.FollowLogs(rapid.SampledFrom([]string{"x", "y"}).Draw(t, "scope"))
			}
		}
		tail := b.Logs()
		if n, _ := tail.Dropped(); int(n) != dropped {
			t.Fatalf("dropped %d, then %d", dropped, n)
		}
		if got := uint64(tail.Len()) + tail.Evicted() + tail.Elsewhere(); got != uint64(came) || tail.Received()+tail.Elsewhere() != uint64(came) {
			t.Fatalf("%d lines came, accounted for %d: held %d, evicted %d, elsewhere %d", came, got, tail.Len(), tail.Evicted(), tail.Elsewhere())
		}
		newest, of := time.Time{}, map[string]time.Time{}
		for i, l := range all(tail) {
			if !l.Late {
				if l.At.Before(newest) {
					t.Fatalf("line %d is of %v, after one of %v", i, l.At, newest)
				}
				newest = l.At
			}
			of[l.Source] = l.At
			if l.Raw != fmt.Sprintf("%s%d", l.Source, l.At.Sub(at(100)).Milliseconds()) {
				t.Fatalf("line %d is torn: %+v", i, l)
			}
		}
		since := at(100).Add(time.Duration(now/2) * time.Millisecond)
		i := tail.Since(since)
		for j, l := range all(tail) {
			if !l.Late && l.At.Before(since) != (j < i) {
				t.Fatalf("since %v is line %d, and line %d is of %v", since, i, j, l.At)
			}
		}
	})
}

func TestLinesOfAnotherPageAreNotShown(t *testing.T) {
	b := board.New(board.Options{}).FollowLogs("x")
	b = fold(b, said("app", 1, 1), scoped(said("s", 2, 2), "x"), scoped(said("s", 3, 3), "old"))
	if got := order(b); !slices.Equal(got, []string{"app1", "s2"}) {
		t.Errorf("following x: %v", got)
	}
	before := b.Logs()
	b = b.FollowLogs("y")
	b = fold(b, scoped(said("s", 4, 4), "x"), scoped(said("s", 5, 5), "y"))
	if got := order(b); !slices.Equal(got, []string{"app1", "s5"}) {
		t.Errorf("following y: %v", got)
	}
	tail := b.Logs()
	if tail.Elsewhere() != 3 || tail.Received() != 2 || tail.Order().Epoch == before.Order().Epoch {
		t.Errorf("elsewhere %d, received %d, order %+v", tail.Elsewhere(), tail.Received(), tail.Order())
	}
	if before.Len() != 2 || before.At(1).Raw != "s2" {
		t.Error("a tail that was taken earlier has changed")
	}
}

// TestWhatCameTogetherIsPutInOrder: events that are folded in at once come to the
// same lines as one after the other, and all of them are accounted for.
func TestWhatCameTogetherIsPutInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := board.New(board.Options{LineCap: rapid.IntRange(1, 5000).Draw(t, "cap")})
		each := b
		came, dropped, now := 0, 0, 0
		for range rapid.IntRange(1, 12).Draw(t, "frames") {
			now += rapid.IntRange(0, 40).Draw(t, "pause")
			var events []oncall.Event
			for range rapid.IntRange(1, 6).Draw(t, "events") {
				n := rapid.IntRange(0, 800).Draw(t, "n")
				times := make([]int, n)
				for i := range times {
					times[i] = now - (n-i)/20
				}
				e := said(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "source"), now, times...)
				e.Dropped = oncall.Dropped{Count: rapid.SampledFrom([]int{0, 0, 0, 2}).Draw(t, "dropped"), Exact: true}
				came, dropped = came+n, dropped+e.Dropped.Count
				events = append(events, e)
			}
			b, _ = b.ApplyAll(events)
			each = fold(each, events...)
		}
		tail := b.Logs()
		if n, _ := tail.Dropped(); tail.Received() != uint64(came) || int(n) != dropped {
			t.Fatalf("%d lines came and %d were left out, counted %d and %d", came, dropped, tail.Received(), n)
		}
		newest, of := time.Time{}, map[string]int{}
		for i, l := range all(tail) {
			if l.Late || l.At.Before(newest) {
				t.Fatalf("line %d is of %v, after one of %v, late %v", i, l.At, newest, l.Late)
			}
			newest = l.At
			of[l.Source]++
		}
		for _, l := range all(each.Logs()) {
			of[l.Source]--
		}
		if tail.Len() == came && (of["a"] != 0 || of["b"] != 0 || of["c"] != 0) {
			t.Fatalf("one after the other they are other lines: %v", of)
		}
	})
}

// TestGatheredLinesAreTheSame: events that were prepared beside a board come to the
// same lines as those that were not, also where some are late or from the future, and
// a board that was taken earlier stays as it was.
func TestGatheredLinesAreTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		asides := 0
		g := board.Gatherer{Aside: func() { asides++ }}
		b := board.New(board.Options{LineCap: rapid.IntRange(1, 9000).Draw(t, "cap")})
		gathered, now := b, 0
		for _, source := range []string{"a", "b", "c"} {
			b, gathered = fold(b, said(source, 0)), fold(gathered, said(source, 0))
		}
		for range rapid.IntRange(1, 12).Draw(t, "frames") {
			now += rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(0, 3000)).Draw(t, "pause")
			var events []oncall.Event
			for range rapid.IntRange(1, 4).Draw(t, "events") {
				n := rapid.OneOf(rapid.IntRange(0, 4), rapid.IntRange(0, 2500)).Draw(t, "n")
				lag := rapid.SampledFrom([]int{0, 0, 0, 0, 10, 1900, 2100, -5000}).Draw(t, "lag")
				rate := rapid.SampledFrom([]int{5, 20, 100}).Draw(t, "lines a millisecond")
				times := make([]int, n)
				for i := range times {
					times[i] = max(1, now-lag-(n-i)/rate)
				}
				slices.Sort(times)
				events = append(events, said(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "source"), now, times...))
			}
			was, before, many := gathered, order(gathered), 0
			for _, e := range events {
				many += len(e.(oncall.LinesEvent).Lines)
			}
			asides = 0
			gathered, _ = gathered.ApplyTogether(g.Gather(copied(events)))
			if many < 512 && asides > 0 || many >= 512 && asides < many/256 {
				t.Fatalf("it steps aside %d times for %d lines", asides, many)
			}
			if !slices.Equal(order(was), before) {
				t.Fatal("an earlier board holds other lines now")
			}
			b, _ = b.ApplyAll(events)
			if got, want := order(gathered), order(b); !slices.Equal(got, want) {
				t.Fatalf("gathered before, they are %v, want %v", got, want)
			}
			if got, want := gathered.Logs().Order(), b.Logs().Order(); got != want {
				t.Fatalf("gathered before, the order is %v, want %v", got, want)
			}
		}
	})
}

// copied returns events whose lists of lines are others.
func copied(events []oncall.Event) []oncall.Event {
	out := slices.Clone(events)
	for i, e := range out {
		if e, ok := e.(oncall.LinesEvent); ok {
			e.Lines = slices.Clone(e.Lines)
			out[i] = e
		}
	}
	return out
}

// BenchmarkFiveSources folds five sources in turns, as a flood has them.
func BenchmarkFiveSources(b *testing.B) {
	bd := board.New(board.Options{})
	var all []oncall.LinesEvent
	for i := range 500 {
		times := make([]int, 200)
		for j := range times {
			times[j] = i/5*10 + j/20
		}
		all = append(all, said(string(rune('a'+i%5)), i/5*10+10, times...))
	}
	i := 0
	for b.Loop() {
		e := all[i%len(all)]
		shift := time.Duration(i/len(all)) * time.Second
		e.At = e.At.Add(shift)
		e.Lines = slices.Clone(e.Lines)
		for j := range e.Lines {
			e.Lines[j].At = e.Lines[j].At.Add(shift)
		}
		bd, _ = bd.Apply(e)
		i++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*200), "ns/line")
}
