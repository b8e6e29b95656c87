package board_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"pgregory.net/rapid"

	"conway/internal/board"
	"conway/internal/oncall"
)

// sent is what a source sends in a flood: lines of these times, in milliseconds after
// at(100), that are parts of one text.
func sent(source string, now int, pad string, times []int) oncall.LinesEvent {
	e := said(source, now, times...)
	var text strings.Builder
	for i, ms := range times {
		if i > 0 {
			text.WriteByte('\n')
		}
		fmt.Fprintf(&text, "%s %d line %d %s", source, ms, i, pad)
	}
	e.Texts = []string{text.String()}
	rest := e.Texts[0]
	for i := range e.Lines {
		e.Lines[i].Raw, rest, _ = strings.Cut(rest, "\n")
		e.Lines[i].Message, e.Lines[i].Level = e.Lines[i].Raw[len(source)+1:], oncall.Level(i%7)
		e.Lines[i].Origin = fmt.Sprintf("%s-%d", source, i%3)
	}
	return e
}

// TestWovenTextsAreKept has several sources say much at once, over and again, and
// finds each line where its source's text has it: none is copied.
func TestWovenTextsAreKept(t *testing.T) {
	var g board.Gatherer
	b := board.New(board.Options{})
	var want []oncall.LogLine
	sources := []string{"a", "b", "c", "d", "e"}
	for _, source := range sources {
		b = fold(b, said(source, -10)) // what is from before a source was heard is put in otherwise
	}
	for frame := range 20 {
		var events []oncall.Event
		for k, source := range sources {
			times := make([]int, 300)
			for i := range times {
				times[i] = frame*30 + i/10 - k // one reaches further back than the other
			}
			e := sent(source, frame*30+30, strings.Repeat("x", 180), times)
			want = append(want, e.Lines...)
			events = append(events, e)
		}
		b, _ = b.ApplyTogether(g.Gather(events))
	}
	texts := map[*byte]bool{}
	for _, l := range want {
		texts[unsafe.StringData(l.Raw)] = true
	}
	tail, copied := b.Logs(), 0
	for i, l := range all(tail) {
		if !texts[unsafe.StringData(l.Raw)] {
			copied++
		}
		if i > 0 && l.At.Before(tail.At(i-1).At) {
			t.Fatalf("line %d is of %v, after one of %v", i, l.At, tail.At(i-1).At)
		}
	}
	if tail.Len() != len(want) || copied > 0 {
		t.Errorf("of %d lines %d are held, and %d of them copied", len(want), tail.Len(), copied)
	}
}

// TestWovenLinesAreTheSame holds a tail of lines that were woven together to one of
// the same lines that were not, in everything that can be asked of it.
func TestWovenLinesAreTheSame(t *testing.T) {
	var queries []board.Query
	for _, s := range []string{`"a 1"`, `"line 7"`, `LINE`, `re:[bc] [0-9]*5 `, `level:error`, `!"line 1"`} {
		q, err := board.ParseQuery(s)
		if err != nil {
			t.Fatal(err)
		}
		queries = append(queries, q)
	}
	rapid.Check(t, func(t *rapid.T) {
		var g board.Gatherer
		plain := board.New(board.Options{LineCap: rapid.IntRange(500, 9000).Draw(t, "cap")})
		woven, now := plain, 0
		for range rapid.IntRange(1, 8).Draw(t, "frames") {
			now += rapid.IntRange(0, 60).Draw(t, "pause")
			var events []oncall.Event
			for range rapid.IntRange(1, 40).Draw(t, "events") {
				n := rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(0, 300)).Draw(t, "n")
				lag := rapid.SampledFrom([]int{0, 0, 0, 0, 10, 1900, 2100, -5000}).Draw(t, "lag")
				times := make([]int, n)
				for i := range times {
					times[i] = max(1, now-lag-(n-i)/9)
				}
				pad := strings.Repeat("x", rapid.SampledFrom([]int{0, 180, 500}).Draw(t, "pad"))
				e := sent(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "source"), now, pad, times)
				if e.Source == "c" {
					e.Scope = "x"
				}
				events = append(events, e)
			}
			was, before := woven.Logs(), all(woven.Logs())
			woven, _ = woven.ApplyTogether(g.Gather(copied(events)))
			plain, _ = plain.ApplyAll(events)
			if !slices.Equal(all(was), before) {
				t.Fatal("a tail that was taken earlier holds other lines now")
			}
			if rapid.IntRange(0, 9).Draw(t, "select") == 0 {
				plain, woven = plain.FollowLogs("y"), woven.FollowLogs("y")
			}
		}
		a, b := plain.Logs(), woven.Logs()
		if rapid.Bool().Draw(t, "older") {
			older := board.NewTail(sent("d", 0, "", []int{-3, -2, -1}).Lines)
			a, b = a.Above(older, 1), b.Above(older, 1)
		}
		sameTails(t, a, b, queries)
	})
}

// sameTails compares what two tails say of themselves.
func sameTails(t *rapid.T, a, b board.Tail, queries []board.Query) {
	if !slices.Equal(all(a), all(b)) {
		t.Fatalf("%d lines, and woven %d or others", a.Len(), b.Len())
	}
	if a.Received() != b.Received() || a.FirstSeq() != b.FirstSeq() || a.Elsewhere() != b.Elsewhere() || a.Order() != b.Order() {
		t.Fatalf("received %d, first %d, elsewhere %d, order %v; woven %d, %d, %d, %v",
			a.Received(), a.FirstSeq(), a.Elsewhere(), a.Order(), b.Received(), b.FirstSeq(), b.Elsewhere(), b.Order())
	}
	from := rapid.IntRange(0, a.Len()).Draw(t, "from")
	for i, l := range b.From(from) {
		if l != a.At(i) {
			t.Fatalf("from %d, line %d is %+v, want %+v", from, i, l, a.At(i))
		}
	}
	since := at(100).Add(time.Duration(rapid.IntRange(-10, 500).Draw(t, "since")) * time.Millisecond)
	if x, y := a.Since(since), b.Since(since); x != y {
		t.Fatalf("since %v is line %d, woven %d", since, x, y)
	}
	p := board.Pick{Level: oncall.LevelWarn, Origin: func(source, origin string) bool { return source == "a" && origin != "a-1" }}
	first := a.FirstSeq() + uint64(from)
	if x, y := slices.Collect(a.Pick(p, first)), slices.Collect(b.Pick(p, first)); !slices.Equal(x, y) {
		t.Fatalf("from %d, %d are picked, woven %d or others", first, len(x), len(y))
	}
	for _, q := range queries {
		if x, y := scanned(a, q, 1<<30), scanned(b, q, rapid.SampledFrom([]int{1, 5000, 1 << 20}).Draw(t, "room")); !slices.Equal(x, y) {
			t.Fatalf("of %s there are %d, woven %d or others", q, len(x), len(y))
		}
	}
}

// scanned looks for all that match, so much at a time.
func scanned(tail board.Tail, q board.Query, room int) []uint64 {
	var found []uint64
	for before := tail.Received(); before > tail.FirstSeq(); {
		var part []uint64
		part, before = tail.Scan(q, before, room)
		found = append(slices.Clone(part), found...)
	}
	return found
}
