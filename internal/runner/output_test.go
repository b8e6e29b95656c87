package runner

import (
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/runbook"
)

func TestCaptureCutsAndCounts(t *testing.T) {
	t.Parallel()
	at := time.Unix(1, 0)
	c := newCapture(func() time.Time { return at })
	c.write(0, []byte(strings.Repeat("é", maxLine)))
	c.write(0, []byte("\nshort\n"))
	c.write(1, []byte("x"+strings.Repeat("é", maxLine)+"\n"))
	lines, d := c.flush()
	if len(lines) != 3 || lines[0].Text != strings.Repeat("é", maxLine/2) || lines[0].Cut != maxLine ||
		lines[1].Text != "short" || lines[1].Cut != 0 || d.Count != 0 || !d.Exact {
		t.Fatalf("%d lines, cut %d, %+v", len(lines), lines[0].Cut, d)
	}
	// 65,536 bytes after the x end within a character; the text does not.
	if l := lines[2]; len(l.Text) != maxLine-1 || len(l.Text)+l.Cut != 1+2*maxLine || !l.Stderr {
		t.Errorf("text %d, cut %d", len(l.Text), l.Cut)
	}
	// A bar that never ends stays one line in little memory.
	for i := range 100_000 {
		c.write(0, []byte("\r"+strconv.Itoa(i)+" of many"))
	}
	lines, _ = c.flush()
	if len(lines) != 1 || lines[0].Text != "99999 of many" || !lines[0].Partial || cap(c.streams[0].buf) > 2*maxLine {
		t.Errorf("%+v", lines)
	}
	if again, _ := c.flush(); len(again) != 0 {
		t.Errorf("an unchanged partial line came again: %+v", again)
	}
	for i := range 10_000 {
		c.write(1, []byte(strconv.Itoa(i)+"\n"))
	}
	lines, d = c.flush()
	if n := len(lines); n == 0 || n > maxBatchLines || n+d.Count != 10_000 || lines[n-1].Text != "9999" || d.Reason == "" {
		t.Errorf("%d lines, %+v", n, d)
	}
	c.finish()
	c.write(0, []byte("late\n"))
	if lines, _ = c.flush(); len(lines) != 1 || lines[0].Text != "99999 of many" || lines[0].Partial {
		t.Errorf("after the end: %+v", lines)
	}
}

func TestTornRune(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int{"": 0, "a": 0, "é": 0, "a\xc3": 1, "\xe2\x82": 2, "\xf0\x9f\x98": 3, "€": 0, "\xff": 0, "\x80\x80\x80\x80": 0} {
		if got := tornRune([]byte(s)); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
}

func TestTranscriptKeepsBothEnds(t *testing.T) {
	t.Parallel()
	var tr transcript
	const n = 300_000
	for i := range n {
		tr.add(oncall.OutputLine{Text: strconv.Itoa(i)})
	}
	got := tr.get()
	if tr.size() > maxHead+maxTail || len(got.Lines)+got.Dropped.Count != n || !got.Dropped.Exact || got.Dropped.Count == 0 {
		t.Fatalf("size %d, %d lines, %+v", tr.size(), len(got.Lines), got.Dropped)
	}
	for i, l := range got.Lines {
		want := i
		if i >= got.Gap {
			want += got.Dropped.Count
		}
		if l.Text != strconv.Itoa(want) {
			t.Fatalf("line %d is %s, want %d", i, l.Text, want)
		}
	}
	if cap(tr.tail) > 4*len(tr.tail) {
		t.Errorf("a tail of %d lines holds room for %d", len(tr.tail), cap(tr.tail))
	}
}

// TestFlood checks that what is emitted and what is left out add up, and that
// memory stays flat.
func TestFlood(t *testing.T) {
	t.Parallel()
	const n = 3_000_000
	f := start(t, nil)
	script := "yes | head -n " + strconv.Itoa(n)
	shown, left, biggest, events := 0, 0, 0, 0
	peak := uint64(0)
	f.opts.Emit = func(e oncall.Event) {
		r := e.(oncall.RunEvent)
		shown, left, biggest = shown+len(r.Output), left+r.Dropped.Count, max(biggest, len(r.Output))
		for _, l := range r.Output {
			if l.Partial {
				shown--
			}
		}
		if events++; events%10 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		}
	}
	f.start(Spec{ID: "r", Script: []byte(script), Interpreter: "sh", Approved: runbook.Digest("", []byte(script), 0)})
	if err := f.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if shown+left != n || biggest > maxBatchLines+2 {
		t.Errorf("%d shown and %d left out of %d; the biggest batch has %d", shown, left, n, biggest)
	}
	tr, _ := f.Transcript("r")
	if len(tr.Lines)+tr.Dropped.Count != n {
		t.Errorf("%d kept and %d dropped of %d", len(tr.Lines), tr.Dropped.Count, n)
	}
	if peak > 128<<20 {
		t.Errorf("the heap grew to %d MiB", peak>>20)
	}
	t.Logf("%d events, peak heap %d MiB (of all tests at once)", events, peak>>20)
}
