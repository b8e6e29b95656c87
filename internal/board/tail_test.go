package board_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"conway/internal/board"
	"conway/internal/oncall"
)

// lines makes n lines of which each tells its number.
func lines(from, n int) []oncall.LogLine {
	out := make([]oncall.LogLine, n)
	for i := range out {
		msg := fmt.Sprintf("line %d", from+i)
		out[i] = oncall.LogLine{
			At: at(0).Add(time.Duration(from+i) * time.Millisecond), Level: oncall.LevelInfo,
			Source: "app", Origin: fmt.Sprintf("pod-%d", (from+i)%3), Raw: "INFO " + msg, Message: msg,
		}
	}
	return out
}

func batch(l []oncall.LogLine, dropped int) oncall.LinesEvent {
	return oncall.LinesEvent{Stamp: stamp("app", 0), Lines: l, Dropped: oncall.Dropped{Count: dropped, Exact: true}}
}

func all(t board.Tail) []oncall.LogLine {
	out := make([]oncall.LogLine, 0, t.Len())
	for i := range t.Len() {
		out = append(out, t.At(i))
	}
	return out
}

func TestLinesComeOutAsTheyWentIn(t *testing.T) {
	in := []oncall.LogLine{
		{At: at(0).Add(123456789), Level: oncall.LevelError, Source: "app", Origin: "a", Raw: "x y", Message: "y", Cut: true},
		{At: at(1), Source: "app", Origin: "b", Raw: `{"m":"a\nb"}`, Message: "a\nb"},
		{At: at(1), Source: "app", Origin: "b"},
		{At: time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(9000, 0, 0), Raw: "far", Message: "far"},
	}
	b, _ := after(t, batch(in, 0))
	if got := all(b.Logs()); !slices.Equal(got, in) {
		t.Errorf("got %+v, want %+v", got, in)
	}
	b, _ = after(t, batch([]oncall.LogLine{{Raw: "no time"}}, 0))
	if got := b.Logs().At(0); !got.At.IsZero() {
		t.Errorf("a line without time has the time %v", got.At)
	}
	if got := b.Logs().At(1); got != (oncall.LogLine{}) {
		t.Errorf("beyond the end is %+v", got)
	}
}

func TestLinesAreInTimeWithinABatch(t *testing.T) {
	in := lines(0, 5)
	slices.Reverse(in)
	kept := slices.Clone(in)
	b, _ := after(t, batch(in, 0))
	slices.Reverse(in)
	if got := all(b.Logs()); !slices.Equal(got, in) {
		t.Errorf("got %+v", got)
	}
	slices.Reverse(in)
	if !slices.Equal(in, kept) {
		t.Error("the event was changed")
	}
}

// TestTailIsARing checks every figure of the tail, and of a branch of it,
// against a plain slice, and that old tails never change.
func TestTailIsARing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 3000).Draw(t, "limit")
		type world struct {
			b       board.Board
			lines   []oncall.LogLine
			dropped int
		}
		batches := rapid.IntRange(1, 25).Draw(t, "batches")
		worlds := append(make([]world, 0, batches+1), world{b: board.New(board.Options{LineCap: limit})})
		next := 0
		for range batches {
			// Any world so far may grow, also one that has grown before.
			w := worlds[rapid.IntRange(0, len(worlds)-1).Draw(t, "world")]
			n := rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(0, 2500)).Draw(t, "n")
			d := rapid.IntRange(0, 2).Draw(t, "dropped")
			in := lines(next, n)
			next += n
			w.b, _ = w.b.Apply(batch(in, d))
			w.lines = append(slices.Clone(w.lines), in...)
			w.dropped += d
			worlds = append(worlds, w)
		}
		for _, w := range worlds {
			tail := w.b.Logs()
			first := max(0, len(w.lines)-limit)
			if got := all(tail); !slices.Equal(got, w.lines[first:]) {
				t.Fatalf("%d lines kept, want the last %d of %d", len(got), limit, len(w.lines))
			}
			if tail.FirstSeq() != uint64(first) || tail.Evicted() != uint64(first) || tail.Received() != uint64(len(w.lines)) {
				t.Fatalf("first %d, evicted %d, received %d", tail.FirstSeq(), tail.Evicted(), tail.Received())
			}
			if n, exact := tail.Dropped(); n != uint64(w.dropped) || !exact {
				t.Fatalf("dropped %d, %v; want %d", n, exact, w.dropped)
			}
			from := rapid.IntRange(-1, tail.Len()+1).Draw(t, "from")
			i := max(0, from)
			for j, l := range tail.From(from) {
				if j != i || l != w.lines[first+i] {
					t.Fatalf("from %d: line %d is %+v", i, j, l)
				}
				i++
			}
			if i != max(tail.Len(), from) {
				t.Fatalf("from %d ended at %d of %d", from, i, tail.Len())
			}
		}
	})
}

func TestGapsAreWhereLinesAreMissing(t *testing.T) {
	b := board.New(board.Options{LineCap: 3})
	b, _ = b.Apply(batch(lines(0, 2), 0))
	b, changes := b.Apply(batch(lines(2, 1), 7))
	if len(changes) != 1 || changes[0] != (board.LinesDropped{Source: "app", N: 7, Exact: true}) {
		t.Errorf("changes %+v", changes)
	}
	gaps := b.Logs().Gaps()
	if len(gaps) != 1 || gaps[0].Seq != 2 || gaps[0].Dropped.Count != 7 {
		t.Errorf("gaps %+v, want 7 before line 2", gaps)
	}
	b, _ = b.Apply(batch(lines(3, 3), 0))
	if gaps := b.Logs().Gaps(); len(gaps) != 0 {
		t.Errorf("gaps %+v, want those before evicted lines gone", gaps)
	}
	b, _ = b.Apply(oncall.LinesEvent{Stamp: stamp("app", 0), Dropped: oncall.Dropped{Reason: "rotated"}})
	if n, exact := b.Logs().Dropped(); n != 7 || exact {
		t.Errorf("dropped %d, %v; want 7 or more", n, exact)
	}
}

// TestLongLinesAreBoundedByBytes: a million lines of 64 KiB would be 64 GB. All
// lines here share one text, which each chunk has to copy.
func TestLongLinesAreBoundedByBytes(t *testing.T) {
	long := strings.Repeat("x", 64<<10)
	b := board.New(board.Options{})
	for i := range 90 {
		in := make([]oncall.LogLine, 100)
		for j := range in {
			in[j] = oncall.LogLine{At: at(i), Source: "app", Raw: long, Message: long[:100]}
		}
		b, _ = b.Apply(batch(in, 0))
	}
	tail := b.Logs()
	if kept := tail.Len() * len(long); kept < 190<<20 || kept > 194<<20 {
		t.Errorf("%d MB of text kept, want about 192", kept>>20)
	}
	if uint64(tail.Len())+tail.Evicted() != tail.Received() || tail.Received() != 9000 {
		t.Errorf("len %d + evicted %d, received %d", tail.Len(), tail.Evicted(), tail.Received())
	}
}

// full returns a board with 100,000 lines of 195 bytes that came in batches.
func full(size int) board.Board {
	b := board.New(board.Options{})
	raw := strings.Repeat("y", 188)
	for i := 0; i < 100_000; i += size {
		in := make([]oncall.LogLine, size)
		for j := range in {
			s := fmt.Sprintf("%07d", i+j) + raw
			in[j] = oncall.LogLine{At: at(0), Source: "app", Origin: "pod", Raw: s, Message: s[7:]}
		}
		b, _ = b.Apply(batch(in, 0))
	}
	return b
}

func TestTailIsCompact(t *testing.T) {
	for _, size := range []int{1000, 10} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		b := full(size)
		runtime.GC()
		runtime.ReadMemStats(&after)
		const text = 195 * 100_000
		beyond := float64(int64(after.HeapAlloc)-int64(before.HeapAlloc)-text) / 100_000
		if beyond > 21 {
			t.Errorf("batches of %d: %.1f bytes a line beyond the text, want under 21", size, beyond)
		} else {
			t.Logf("batches of %d: %.1f bytes a line beyond the text", size, beyond)
		}
		if b.Logs().Len() != 100_000 {
			t.Errorf("%d lines", b.Logs().Len())
		}
	}
}

func BenchmarkApplyLines(b *testing.B) {
	for _, n := range []int{1, 10, 1000} {
		b.Run(fmt.Sprintf("%d of 195 bytes", n), func(b *testing.B) {
			bd := full(1000)
			raw := strings.Repeat("y", 195)
			in := make([]oncall.LogLine, n)
			for j := range in {
				in[j] = oncall.LogLine{At: at(0), Source: "app", Origin: "pod", Raw: raw, Message: raw[7:]}
			}
			e := batch(in, 0)
			b.ReportAllocs()
			for b.Loop() {
				bd, _ = bd.Apply(e)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/line")
		})
	}
}

func BenchmarkReadLines(b *testing.B) {
	tail := full(1000).Logs()
	b.Run("At", func(b *testing.B) {
		i := 0
		for b.Loop() {
			if tail.At(i%100_000).Raw == "" {
				b.Fatal("empty")
			}
			i += 37
		}
	})
	b.Run("From, all 100,000", func(b *testing.B) {
		for b.Loop() {
			n := 0
			for _, l := range tail.From(0) {
				n += len(l.Raw)
			}
			if n != 195*100_000 {
				b.Fatal(n)
			}
		}
	})
}
