package sourcetest

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"conway/internal/oncall"
)

func tailChecks() []logCheck {
	return []logCheck{
		{"tail waits to be pointed", checkTailWaits},
		{"tail follows", checkTail},
		{"tail begins at its window", checkTailWindow},
		{"tail follows a late line", checkTailLate},
		{"tail is pointed elsewhere", checkTailRepoint},
		{"tail is pointed elsewhere while it asks", checkTailLateAnswer},
		{"tail is pointed at the same again", checkTailSame},
		{"tail goes on where it left off", checkTailAgain},
		{"tail loses nothing in an outage", checkTailOutage},
		{"tail answer cut short", checkTailCut},
		{"tail finds nothing", checkTailEmpty},
		{"tail meets a malformed record", checkTailSpoiled},
		{"tail unfilled", checkTailUnfilled},
		{"tail cancelled", checkTailCancel},
		{"tail by another clock", checkTailClock},
		{"tail by a writer's clock", checkTailWriterClock},
		{"search beside a tail", checkSearchBesideTail},
	}
}

// tailed is what a recorder has heard of lines.
type tailed struct {
	*recorder
	b *logBench
}

func (b *logBench) tail() tailed {
	b.Helper()
	return tailed{begin(b.TB, b.c.plain(), b.source), b}
}

// lines returns the lines that were emitted under a scope, in order.
func (t tailed) lines(scope string) []oncall.LogLine {
	var out []oncall.LogLine
	for _, e := range t.seen() {
		if l, ok := e.(oncall.LinesEvent); ok && l.Scope == scope {
			out = append(out, l.Lines...)
		}
	}
	return out
}

// shows waits until the lines were emitted under a scope, each once and no other.
func (t tailed) shows(scope string, want []oncall.LogLine) {
	t.Helper()
	t.until("the lines of "+scope, func() bool { return len(t.lines(scope)) >= len(want) })
	t.same(scope, want)
}

func (t tailed) same(scope string, want []oncall.LogLine) {
	t.Helper()
	if f := t.fault(); f != nil {
		t.Errorf("all is well, and the tail reports %v", f)
	}
	var got, wanted []string
	for _, l := range t.lines(scope) {
		got = append(got, markOf(l.Raw))
		if l.Source != t.name {
			t.Errorf("a line is of source %q, want %q", l.Source, t.name)
		}
	}
	for _, l := range want {
		wanted = append(wanted, markOf(l.Raw))
	}
	slices.Sort(got)
	slices.Sort(wanted)
	if !slices.Equal(got, wanted) {
		t.Errorf("the lines under %s are %v, want %v", scope, got, wanted)
	}
}

// fault returns a fault that was emitted.
func (t tailed) fault() *oncall.Fault {
	for _, e := range t.seen() {
		if f := e.Meta().Err; f != nil {
			return f
		}
	}
	return nil
}

// rest lets some intervals go by, in which nothing must come twice.
func (t tailed) rest() { time.Sleep(10 * settle) }

func (b *logBench) follow(scope, word string, start time.Time) {
	b.Helper()
	b.tailer().Follow(oncall.LogQuery{Scope: scope, Query: b.c.Query(word), Window: oncall.Window{Start: start}})
}

// fresh are lines of now, with the numbers after those that a store holds.
func fresh(count int) []oncall.LogLine {
	out := make([]oncall.LogLine, count)
	for i := range out {
		out[i] = aLine(held+i, time.Now().UTC().Add(-2*time.Second))
	}
	return out
}

func checkTailWaits(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	b.tailer()
	r := b.tail()
	r.rest()
	for _, e := range r.seen() {
		if l, ok := e.(oncall.LinesEvent); ok && len(l.Lines) > 0 {
			tb.Errorf("%d lines were emitted before anything was followed", len(l.Lines))
		}
	}
	if r.ended() {
		tb.Errorf("Run returned %v before anything was followed", r.err)
	}
	b.follow(pointed, "", around(b.lines).Start)
	r.shows(pointed, b.lines)
	r.stop()
}

func checkTail(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	b.tailer()
	b.able(b.store.Add != nil, "take more lines")
	b.follow(pointed, "", around(b.lines).Start)
	r := b.tail()
	r.shows(pointed, b.lines)
	more := fresh(3)
	b.store.Add(more[0])
	r.shows(pointed, append(b.lines, more[0]))
	b.store.Add(more[1:]...)
	r.shows(pointed, append(b.lines, more...))
	r.rest()
	r.same(pointed, append(b.lines, more...))
	r.stop()
	for _, e := range r.seen() {
		if l, ok := e.(oncall.LinesEvent); ok && len(l.Lines) > 0 && (l.Scope != pointed || l.Source != r.name || l.At.IsZero()) {
			tb.Errorf("an event is stamped %+v under %q", l.Stamp, l.Scope)
		}
	}
}

func checkTailWindow(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	b.tailer()
	b.follow(pointed, "", b.lines[10].At)
	r := b.tail()
	r.shows(pointed, b.lines[10:])
	r.rest()
	r.same(pointed, b.lines[10:])
	r.stop()
}

// checkTailLate has a line come into the store after younger ones.
func checkTailLate(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	b.tailer()
	b.able(b.store.Add != nil, "take more lines")
	b.follow(pointed, "", around(b.lines).Start)
	r := b.tail()
	r.shows(pointed, b.lines)
	late := aLine(held, b.lines[held-3].At)
	b.store.Add(late)
	r.shows(pointed, append(b.lines, late))
	r.stop()
}

func checkTailRepoint(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	start := around(b.lines).Start
	b.follow("first", "alpha", start)
	r := b.tail()
	r.shows("first", withWord(b.lines, "alpha"))
	b.follow("second", "beta", start)
	r.shows("second", withWord(b.lines, "beta"))
	b.follow("first", "alpha", start)
	both := withWord(b.lines, "alpha")
	r.shows("first", append(both, both...))
	r.stop()
}

// checkTailSame points a tail at what it follows already, with a window that has a
// beginning and with one that has none: no line comes twice.
func checkTailSame(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	start := around(b.lines).Start
	b.follow(pointed, "alpha", start)
	r := b.tail()
	r.shows(pointed, withWord(b.lines, "alpha"))
	b.follow(pointed, "alpha", start)
	r.rest()
	r.same(pointed, withWord(b.lines, "alpha"))
	b.follow("endless", "beta", time.Time{})
	newest := withWord(b.lines, "beta")
	last := markOf(newest[len(newest)-1].Raw)
	r.until("the newest line", func() bool {
		return slices.ContainsFunc(r.lines("endless"), func(l oncall.LogLine) bool { return markOf(l.Raw) == last })
	})
	b.follow("endless", "beta", time.Time{})
	r.rest()
	seen := map[string]bool{}
	for _, l := range r.lines("endless") {
		if seen[markOf(l.Raw)] {
			tb.Errorf("%s came twice after the tail was pointed at the same again", markOf(l.Raw))
		}
		seen[markOf(l.Raw)] = true
	}
	r.stop()
}

// checkTailLateAnswer holds the answers to the first query back until another is
// followed.
func checkTailLateAnswer(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	b.tailer()
	g := b.served()
	release := make(chan struct{})
	var free, heldBack atomic.Bool
	g.set(func(w http.ResponseWriter, r *http.Request) bool {
		if free.Load() {
			return false
		}
		rec := record(g.next, r)
		if bytes.Contains(rec.Body.Bytes(), []byte("upstream alpha")) || g.holds != nil && g.count(rec.Body.Bytes()) > 0 {
			heldBack.Store(true)
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}
		replay(w, rec, 0)
		return true
	})
	start := around(b.lines).Start
	b.follow("first", "alpha", start)
	r := b.tail()
	r.until("an answer that is held back", heldBack.Load)
	free.Store(true)
	b.follow("second", "beta", start)
	time.Sleep(settle)
	close(release)
	r.until("lines of the second", func() bool { return len(r.lines("second")) > 0 })
	r.rest()
	r.same("second", withWord(b.lines, "beta"))
	r.stop()
	second := false
	for _, e := range r.seen() {
		l, ok := e.(oncall.LinesEvent)
		second = second || ok && l.Scope == "second"
		if ok && second && l.Scope == "first" {
			tb.Error("what was followed before came after what is followed now")
		}
	}
}

// checkTailAgain ends a Run and begins another, with a line between them.
func checkTailAgain(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	b.tailer()
	b.able(b.store.Add != nil, "take more lines")
	b.follow(pointed, "", around(b.lines).Start)
	r := b.tail()
	r.shows(pointed, b.lines)
	r.stop()
	between := fresh(1)
	b.store.Add(between...)
	r = b.tail()
	r.shows(pointed, between)
	r.rest()
	r.same(pointed, between)
	r.stop()
}

// checkTailOutage has lines come while the store cannot be asked.
func checkTailOutage(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	b.tailer()
	g := b.served()
	b.able(b.store.Add != nil, "take more lines")
	b.follow(pointed, "", around(b.lines).Start)
	r := b.tail()
	r.shows(pointed, b.lines)
	g.set(func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	missed := fresh(2)
	b.store.Add(missed...)
	err := r.wait()
	if f, ok := errors.AsType[*oncall.Fault](err); !ok || f.Kind != oncall.Unavailable {
		tb.Errorf("Run returned %v in an outage, want a fault that says unavailable", err)
	}
	early := r.lines(pointed)
	g.set(nil)
	r = b.tail()
	// A line that came in just before the outage was not missed.
	r.shows(pointed, missed[len(early)-len(b.lines):])
	r.stop()
}

// checkTailCut cuts the first answer with lines in its last third: what came of it
// came, and the rest comes with the next Run.
func checkTailCut(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.bench(tb, LogSetup{Lines: someLines()}, time.Second)
	b.tailer()
	g := b.served()
	g.afterLines(true, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	b.follow(pointed, "", around(b.lines).Start)
	r := b.tail()
	err := r.wait()
	if f, ok := errors.AsType[*oncall.Fault](err); !ok || f.Kind != oncall.Unavailable && f.Kind != oncall.Malformed {
		tb.Errorf("Run returned %v when its answer was cut, want a fault", err)
	}
	early := r.lines(pointed)
	g.set(nil)
	r = b.tail()
	came := func(l oncall.LogLine) bool {
		return slices.ContainsFunc(early, func(e oncall.LogLine) bool { return markOf(e.Raw) == markOf(l.Raw) })
	}
	r.shows(pointed, slices.DeleteFunc(slices.Clone(b.lines), came))
	r.stop()
}

// checkTailEmpty follows a query that no line answers yet: that all is well is
// told, and the first line when it comes.
func checkTailEmpty(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	b.tailer()
	b.able(b.store.Add != nil, "take more lines")
	b.follow(pointed, "", time.Now().UTC().Add(-5*time.Second))
	r := b.tail()
	r.until("that all is well", func() bool {
		return slices.ContainsFunc(r.seen(), func(e oncall.Event) bool {
			l, ok := e.(oncall.LinesEvent)
			return ok && l.Scope == pointed && l.Err == nil
		})
	})
	r.same(pointed, nil)
	more := fresh(1)
	b.store.Add(more...)
	r.shows(pointed, more)
	r.stop()
}

// checkTailSpoiled has a record among the others that cannot be read: it is shown
// as it came, or at least it is said that something is missing.
func checkTailSpoiled(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	b.tailer()
	b.able(b.store.Spoil != nil, "hold a malformed record")
	const text = "conway-spoiled"
	b.store.Spoil(text)
	b.follow(pointed, "", around(b.lines).Start)
	r := b.tail()
	whole := func() (n int) {
		for _, l := range r.lines(pointed) {
			if strings.Contains(l.Raw, logMark) {
				n++
			}
		}
		return n
	}
	r.until("the lines beside a malformed record", func() bool { return whole() >= len(b.lines) })
	r.rest()
	if n := whole(); n != len(b.lines) {
		tb.Errorf("%d lines came beside a malformed record, want %d", n, len(b.lines))
	}
	told := slices.ContainsFunc(r.seen(), func(e oncall.Event) bool {
		l, ok := e.(oncall.LinesEvent)
		return ok && (l.Err != nil || l.Dropped.Count > 0)
	})
	kept := slices.ContainsFunc(r.lines(pointed), func(l oncall.LogLine) bool { return strings.Contains(l.Raw, text) })
	if !kept && !told {
		tb.Error("a malformed record was lost, and nothing says so")
	}
	r.stop()
}

func checkTailUnfilled(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	q, why := c.unfilled()
	b.tailer().Follow(q)
	r := b.tail()
	r.until("the sentence", func() bool {
		f := r.fault()
		return f != nil && strings.Contains(f.Error(), why)
	})
	r.rest()
	if r.ended() {
		tb.Errorf("Run returned %v for a query that cannot be asked; it waits for the next", r.err)
	}
	for _, e := range r.seen() {
		if l, ok := e.(oncall.LinesEvent); !ok || l.Scope != pointed || len(l.Lines) > 0 {
			tb.Errorf("the sentence came as %T %+v", e, e)
		}
	}
	b.unasked()
	b.follow("second", "", around(b.lines).Start)
	r.until("lines after the sentence", func() bool { return len(r.lines("second")) >= len(b.lines) })
	r.stop()
}

func checkTailCancel(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	b.follow(pointed, "", around(b.lines).Start)
	r := b.tail()
	r.shows(pointed, b.lines)
	if err := r.cancelAndWait(); !errors.Is(err, context.Canceled) {
		tb.Errorf("Run returned %v after cancel, want context.Canceled", err)
	}
	if b.gate != nil {
		b.soon("the end of all requests", c.plain().bound(), func() bool { _, open, _, _ := b.gate.counts(); return open == 0 })
	}
	if b.store.Running != nil {
		b.soon("the end of the search in the store", c.plain().bound(), func() bool { return b.store.Running() == 0 })
	}
}

// checkTailClock follows a store whose clock is five minutes off.
func checkTailClock(tb testing.TB, c LogCase) {
	tb.Helper()
	for _, ahead := range []time.Duration{5 * time.Minute, -5 * time.Minute} {
		b := c.bench(tb, LogSetup{Lines: someLines(), Ahead: ahead}, askTimeout)
		b.tailer()
		b.served()
		b.able(b.store.Add != nil, "take more lines")
		b.follow(pointed, "", around(b.lines).Start)
		r := b.tail()
		r.shows(pointed, b.lines)
		more := fresh(1)
		b.store.Add(more...)
		r.shows(pointed, append(b.lines, more...))
		r.stop()
		for _, l := range r.lines(pointed) {
			if markOf(l.Raw) == markOf(more[0].Raw) && l.At.Sub(more[0].At).Abs() > clocksAgree {
				tb.Errorf("with a clock that is %v ahead, a line's time is %v off", ahead, l.At.Sub(more[0].At))
			}
		}
	}
}

// checkTailWriterClock has a machine write lines whose clock is five minutes off,
// while the store's and that of all other machines are right. Its lines come, and so
// do those of the others afterwards.
func checkTailWriterClock(tb testing.TB, c LogCase) {
	tb.Helper()
	for _, ahead := range []time.Duration{5 * time.Minute, -5 * time.Minute} {
		b := c.ordinary(tb)
		b.tailer()
		b.able(b.store.Add != nil, "take more lines")
		b.follow(pointed, "", around(b.lines).Start.Add(-10*time.Minute))
		r := b.tail()
		r.shows(pointed, b.lines)
		more := fresh(3)
		b.store.Add(more[0])
		r.shows(pointed, append(b.lines, more[0]))
		off := more[1]
		off.At = off.At.Add(ahead)
		b.store.Add(off)
		r.shows(pointed, append(b.lines, more[0], off))
		b.store.Add(more[2])
		r.shows(pointed, append(b.lines, more...))
		r.rest()
		r.same(pointed, append(b.lines, more...))
		r.stop()
		between := aLine(held+len(more), off.At.Add(time.Second))
		b.store.Add(between)
		r = b.tail()
		r.shows(pointed, []oncall.LogLine{between})
		r.stop()
	}
}

// checkSearchBesideTail searches while a tail runs, which must not hear of it.
func checkSearchBesideTail(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	b.searcher()
	b.follow(pointed, "alpha", around(b.lines).Start)
	r := b.tail()
	r.shows(pointed, withWord(b.lines, "alpha"))
	h := b.search(oncall.LogQuery{Scope: "searched", Query: c.Query("beta"), Window: around(b.lines)})
	h.same(withWord(b.lines, "beta"))
	r.rest()
	r.same(pointed, withWord(b.lines, "alpha"))
	r.stop()
	if n := len(r.lines("searched")); n > 0 {
		tb.Errorf("%d lines of a search were emitted to the tail's listener", n)
	}
}
