package lines

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
	"unsafe"

	"conway/internal/oncall"
)

type got struct {
	raw string
	cut bool
}

func collect(out *[]got) Line {
	return func(raw string, cut bool) { *out = append(*out, got{raw, cut}) }
}

func raws(in []got) []string {
	out := make([]string, 0, len(in))
	for _, g := range in {
		out = append(out, g.raw)
	}
	return out
}

// TestAnyPiecesGiveTheSameLines cuts a text with everything awkward in it into
// random pieces.
func TestAnyPiecesGiveTheSameLines(t *testing.T) {
	text := "first\nzweite Zeile ä€😀\r\n\n\r\nlast \xff byte\na\rb\n" + strings.Repeat("é", 300) + "\nno newline 😀"
	want := []string{"first", "zweite Zeile ä€😀", "", "", "last \xff byte", "a\rb", strings.Repeat("é", 300), "no newline 😀"}
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var s Splitter
		var out []got
		for rest := text; rest != ""; {
			n := min(len(rest), 1+rng.IntN(1+rng.IntN(40)))
			s.Add([]byte(rest[:n]), time.Unix(1, 0), collect(&out))
			rest = rest[n:]
		}
		s.End(collect(&out))
		if !slices.Equal(raws(out), want) {
			t.Fatalf("seed %d: lines = %q, want %q", seed, raws(out), want)
		}
	}
}

func TestLongLinesAreCut(t *testing.T) {
	for _, pieces := range []int{1, 3, 7, 10000} {
		s := Splitter{Max: 10}
		var out []got
		text := "0123456789\n0123456789\r\n0123456789X\n" + strings.Repeat("€", 1000) + "\nok\n"
		for rest := text; rest != ""; {
			n := min(len(rest), pieces)
			s.Add([]byte(rest[:n]), time.Unix(1, 0), collect(&out))
			rest = rest[n:]
		}
		want := []got{{"0123456789", false}, {"0123456789", false}, {"0123456789", true}, {"€€€", true}, {"ok", false}}
		if !slices.Equal(out, want) {
			t.Errorf("pieces of %d: lines = %+v, want %+v", pieces, out, want)
		}
		for _, g := range out {
			if !utf8.ValidString(g.raw) {
				t.Errorf("the cut tore a character: %q", g.raw)
			}
		}
		if cap(s.part) > 64 {
			t.Errorf("%d bytes are kept of a line that was cut at 10", cap(s.part))
		}
	}
}

func TestHeldBackLine(t *testing.T) {
	var s Splitter
	var out []got
	now := time.Unix(100, 0)
	if !s.Held().IsZero() {
		t.Error("something is held before anything came")
	}
	s.Add([]byte("whole\nhal"), now, collect(&out))
	if s.Held() != now || len(out) != 1 {
		t.Fatalf("held since %v with lines %+v, want since %v", s.Held(), out, now)
	}
	s.Rest(collect(&out))
	s.Add([]byte("\n"), now, collect(&out))
	s.Add([]byte("par"), now, collect(&out))
	s.Rest(collect(&out))
	s.Add([]byte("tial\n\nend\n"), now, collect(&out))
	want := []string{"whole", "hal", "par", "tial", "", "end"}
	if !slices.Equal(raws(out), want) {
		t.Errorf("lines = %q, want %q", raws(out), want)
	}
	if !s.Held().IsZero() {
		t.Error("something is held after the last newline")
	}
}

func TestHoleIsSkipped(t *testing.T) {
	var s Splitter
	var out []got
	s.Add(make([]byte, 100_000), time.Unix(1, 0), collect(&out))
	s.Add([]byte("\x00\x00after\nnext\n"), time.Unix(1, 0), collect(&out))
	if want := []string{"after", "next"}; !slices.Equal(raws(out), want) {
		t.Errorf("lines = %q, want %q", raws(out), want)
	}
}

func TestContainerPiecesAreJoined(t *testing.T) {
	const at = "2026-03-02T11:04:31.123456789Z "
	text := at + "stdout P one \n" + at + "stdout P two \n" + at + "stdout F three\n" +
		at + "stdout P left\n" + at + "stderr F other\n" + at + "stdout F right\n" + at + "stdout P end\n"
	want := []string{
		at + "stdout F one two three", at + "stdout F left", at + "stderr F other",
		at + "stdout F right", at + "stdout F end",
	}
	for _, pieces := range []int{1, 11, 1000} {
		var s Splitter
		var out []got
		for rest := text; rest != ""; {
			n := min(len(rest), pieces)
			s.Add([]byte(rest[:n]), time.Unix(1, 0), collect(&out))
			rest = rest[n:]
		}
		if s.Held().IsZero() {
			t.Error("a piece is not held back")
		}
		s.Rest(collect(&out))
		if !slices.Equal(raws(out), want) {
			t.Errorf("pieces of %d: lines = %q, want %q", pieces, raws(out), want)
		}
	}
}

func TestBatch(t *testing.T) {
	var events []oncall.LinesEvent
	now := time.Unix(1, 0)
	b := NewBatch("app", func() time.Time { return now }, func(e oncall.Event) { events = append(events, e.(oncall.LinesEvent)) })
	for range MaxBatch + 1 {
		b.Add("ERROR x", "f", false, now)
	}
	b.Gap(oncall.Dropped{Reason: "gone"})
	b.Fault(&oncall.Fault{Source: "app"})
	b.Flush()
	if len(events) != 4 {
		t.Fatalf("%d events, want 4", len(events))
	}
	if n := len(events[0].Lines); n != MaxBatch {
		t.Errorf("first event has %d lines, want %d", n, MaxBatch)
	}
	if l := events[1].Lines[0]; l.Source != "app" || l.Origin != "f" || l.Level != oncall.LevelError {
		t.Errorf("line = %+v", l)
	}
	if events[2].Dropped.Reason != "gone" || events[3].Err == nil {
		t.Errorf("gap and fault = %+v, %+v", events[2], events[3])
	}
}

func FuzzSplitter(f *testing.F) {
	f.Add("a\nb\r\n\x00c", uint8(3), uint8(2))
	f.Add("2026-03-02T11:04:31Z stdout P x\n2026-03-02T11:04:31Z stdout F y\n", uint8(40), uint8(200))
	f.Fuzz(func(t *testing.T, text string, limit, piece uint8) {
		s := Splitter{Max: 1 + int(limit)}
		var out []got
		for rest := text; rest != ""; {
			n := min(len(rest), 1+int(piece))
			s.Add([]byte(rest[:n]), time.Unix(1, 0), collect(&out))
			rest = rest[n:]
		}
		s.End(collect(&out))
		for _, g := range out {
			if len(g.raw) > s.Max || strings.Contains(g.raw, "\n") {
				t.Errorf("line %q of %d bytes, limit %d", g.raw, len(g.raw), s.Max)
			}
		}
		if len(out) > 1+strings.Count(text, "\n") {
			t.Errorf("%d lines from %q", len(out), text)
		}
	})
}

// TestTextsHoldTheirLines cuts a text into pieces, and finds the lines in the
// texts that the batch tells of, whole and in order.
func TestTextsHoldTheirLines(t *testing.T) {
	var events []oncall.LinesEvent
	b := NewBatch("app", time.Now, func(e oncall.Event) { events = append(events, e.(oncall.LinesEvent)) })
	s := Splitter{Text: b.Text}
	rng := rand.New(rand.NewPCG(1, 1))
	for rest := strings.Repeat("a line\nanother one\n\n", 500); rest != ""; {
		n := min(len(rest), 1+rng.IntN(300))
		s.Add([]byte(rest[:n]), time.Time{}, func(raw string, cut bool) { b.Add(raw, "f", cut, time.Time{}) })
		rest = rest[n:]
	}
	b.Flush()
	if len(events) != 1 || len(events[0].Lines) != 1500 {
		t.Fatalf("%d events", len(events))
	}
	var raw []string
	for _, l := range events[0].Lines {
		raw = append(raw, l.Raw)
	}
	if got, want := strings.Join(events[0].Texts, "\n"), strings.Join(raw, "\n"); got != want {
		t.Errorf("the texts hold %d bytes, the lines %d", len(got), len(want))
	}
}

// TestListsAreFilledAnew has a list that nobody holds any more take the lines of a
// later event, and no list that somebody may still hold.
func TestListsAreFilledAnew(t *testing.T) {
	var events []oncall.LinesEvent
	b := NewBatch("app", time.Now, func(e oncall.Event) { events = append(events, e.(oncall.LinesEvent)) })
	flood := func() oncall.LinesEvent {
		for i := range 1000 {
			b.Add(strconv.Itoa(i), "a.log", false, time.Now())
		}
		b.Flush()
		return events[len(events)-1]
	}
	flood() // of which it learns how many lines there will be
	first, second := flood(), flood()
	if unsafe.SliceData(first.Lines) == unsafe.SliceData(second.Lines) {
		t.Fatal("a list that is held takes the lines of the next event")
	}
	first.Free()
	if l := first.Lines[0]; l != (oncall.LogLine{}) {
		t.Errorf("a list that was given back still holds %+v", l)
	}
	third := flood()
	if unsafe.SliceData(first.Lines) != unsafe.SliceData(third.Lines) {
		t.Error("a list that was given back is not filled anew")
	}
	if len(third.Lines) != 1000 || third.Lines[999].Raw != "999" || second.Lines[999].Raw != "999" {
		t.Errorf("%d lines, the last %+v, and before %+v", len(third.Lines), third.Lines[999], second.Lines[999])
	}
	b.Add("alone", "a.log", false, time.Now())
	b.Flush()
	if small := events[len(events)-1]; cap(small.Lines) > 2000 || small.Lines[0].Raw != "alone" {
		t.Errorf("one line has room for %d", cap(small.Lines))
	}
}

// TestTextsFillTheirPages has much come at once: long texts are all but a line of
// whole pages, none is much longer than another, and what is left is short.
func TestTextsFillTheirPages(t *testing.T) {
	const longest = 300
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var texts []string
		s := Splitter{Text: func(s string) { texts = append(texts, s) }}
		var in strings.Builder
		for size := rng.IntN(300 << 10); in.Len() < size; {
			in.WriteString(strings.Repeat("x", 1+rng.IntN(longest-1)) + "\n")
		}
		cut, n := rng.IntN(in.Len()+1), 0
		line := func(string, bool) { n++ }
		s.Add([]byte(in.String()[:cut]), time.Time{}, line)
		s.Add([]byte(in.String()[cut:]), time.Time{}, line)
		if n != strings.Count(in.String(), "\n") {
			t.Fatalf("%d lines, want %d", n, strings.Count(in.String(), "\n"))
		}
		for _, text := range texts {
			if n := len(text); n > maxText || n > longText && (pageBytes-n%pageBytes)%pageBytes > longest {
				t.Errorf("a text has %d bytes, %d more than pages", n, n%pageBytes)
			}
		}
		if got, want := strings.Join(texts, "\n"), strings.TrimSuffix(in.String(), "\n"); got != want {
			t.Errorf("the texts hold %d bytes, want %d", len(got), len(want))
		}
	}
}
