package sourcetest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"conway/internal/oncall"
)

// Logs checks what every sources.Searcher and sources.Tailer promises, against a
// store that the case provides: the lines are those of the query, the window and
// the limit, each once and in order, and their counts add up; what is cancelled
// ends on both sides; what fails is the right fault and loses nothing; a query
// that cannot be asked is refused with its sentence; what is followed next is not
// mixed with what was before; hostile text does no harm; and no goroutine is
// left. A source that asks over HTTP runs HTTP as well, with a source that
// follows something.
func Logs(t *testing.T, c LogCase) {
	t.Helper()
	for _, ch := range slices.Concat(searchChecks(), searchFaultChecks(), searchHostileChecks(), tailChecks()) {
		t.Run(ch.name, func(t *testing.T) {
			skip(t, c.Skip, ch.name)
			guardLeaks(t)
			ch.run(t, c)
		})
	}
}

type logCheck struct {
	name string
	run  func(tb testing.TB, c LogCase)
}

func searchChecks() []logCheck {
	return []logCheck{
		{"search finds", checkSearch},
		{"search finds a word", checkSearchWord},
		{"search in a window", checkSearchWindow},
		{"search with a limit", checkSearchLimit},
		{"search finds nothing", checkSearchEmpty},
		{"search cancelled before", checkSearchCancelledBefore},
		{"search cancelled while waiting", checkSearchCancelWaiting},
		{"search cancelled under way", checkSearchCancelUnderWay},
		{"search ends on the other side", checkSearchLeavesNothing},
		{"search meets a malformed record", checkSearchSpoiled},
		{"search unfilled", checkSearchUnfilled},
		{"search twice at once", checkSearchAtOnce},
		{"search by another clock", checkSearchClock},
	}
}

// hunt is one search under observation.
type hunt struct {
	*logBench

	cancel context.CancelFunc
	done   chan struct{}
	found  oncall.LogFound
	err    error

	mu    sync.Mutex
	parts []oncall.LogPart
	over  bool
	late  int
}

// hunt begins a search.
func (b *logBench) hunt(ctx context.Context, q oncall.LogQuery) *hunt {
	b.Helper()
	s := b.searcher()
	h := &hunt{logBench: b, done: make(chan struct{})}
	ctx, h.cancel = context.WithCancel(ctx)
	go func() {
		defer close(h.done)
		defer func() {
			if p := recover(); p != nil {
				h.err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
				b.Errorf("Search panicked: %v", h.err)
			}
			h.mu.Lock()
			h.over = true
			h.mu.Unlock()
		}()
		h.found, h.err = s.Search(ctx, q, h.take)
	}()
	return h
}

func (h *hunt) take(p oncall.LogPart) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over {
		h.late++
		return
	}
	h.parts = append(h.parts, p)
}

// wait waits for the search's end and checks what holds of every one.
func (h *hunt) wait(limit time.Duration) {
	h.Helper()
	select {
	case <-h.done:
	case <-time.After(limit):
		h.cancel()
		h.Fatalf("Search did not return within %v", limit)
	}
	h.cancel()
	time.Sleep(settle)
	h.mu.Lock()
	late := h.late
	h.mu.Unlock()
	if late > 0 {
		h.Errorf("%d parts were handed over after Search returned", late)
	}
	checkWords(h.TB, h.source.Name(), h.err)
	h.checkParts()
	h.checkOrder()
}

// lines returns what the parts held, in the order they came.
func (h *hunt) all() []oncall.LogLine {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []oncall.LogLine
	for _, p := range h.parts {
		out = append(out, p.Lines...)
	}
	return out
}

// checkParts checks the counts and the lines.
func (h *hunt) checkParts() {
	h.Helper()
	lines := h.all()
	if h.found.Lines != len(lines) {
		h.Errorf("LogFound.Lines is %d, but the parts hold %d lines", h.found.Lines, len(lines))
	}
	if h.found.Matched >= 0 && h.found.Matched < int64(len(lines)) {
		h.Errorf("LogFound.Matched is %d of %d lines found", h.found.Matched, len(lines))
	}
	if h.found.Complete && h.err != nil {
		h.Errorf("a search that failed says that it is complete: %v", h.err)
	}
	if h.err == nil && h.found.Complete != (h.found.Why == "") {
		h.Errorf("LogFound.Complete is %v, but Why is %q", h.found.Complete, h.found.Why)
	}
	seen := map[string]bool{}
	for _, l := range lines {
		if l.Source != h.source.Name() {
			h.Errorf("a line is of source %q, want %q", l.Source, h.source.Name())
			break
		}
		if strings.Contains(l.Raw, logMark) && seen[l.Raw] {
			h.Errorf("a line was found twice: %.80q", l.Raw)
		}
		seen[l.Raw] = true
		if s := fmt.Sprintf("%+v", l); strings.Contains(s, canary) {
			h.Error("a line holds the credential")
		}
	}
}

// checkOrder checks the order within parts and between them, and their shares.
func (h *hunt) checkOrder() {
	h.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	byTime := func(a, b oncall.LogLine) int { return a.At.Compare(b.At) }
	share := -1.0
	var before time.Time
	for i, p := range h.parts {
		if !slices.IsSortedFunc(p.Lines, byTime) {
			h.Errorf("part %d is not ordered oldest first", i)
		}
		if p.Done > 1 || (p.Done >= 0 && p.Done < share) {
			h.Errorf("part %d says that a share of %v is done, after %v", i, p.Done, share)
		}
		share = max(share, p.Done)
		if len(p.Lines) == 0 || !h.c.NewestFirst {
			continue
		}
		if newest := p.Lines[len(p.Lines)-1].At; !before.IsZero() && newest.After(before) {
			h.Errorf("part %d holds a line of %v, newer than the part before it", i, newest)
		}
		before = p.Lines[0].At
	}
}

// search searches to the end, which has to be no fault.
func (b *logBench) search(q oncall.LogQuery) *hunt {
	b.Helper()
	h := b.hunt(b.Context(), q)
	h.wait(b.c.plain().wait())
	if h.err != nil {
		b.Fatalf("Search returned %v", h.err)
	}
	return h
}

// same checks that a search found these lines and no other.
func (h *hunt) same(want []oncall.LogLine) {
	h.Helper()
	got := h.all()
	slices.SortStableFunc(got, func(a, b oncall.LogLine) int { return a.At.Compare(b.At) })
	if len(got) != len(want) {
		h.Errorf("%d lines were found, want %d: %s", len(got), len(want), marks(got))
		return
	}
	for i, l := range got {
		if markOf(l.Raw) != markOf(want[i].Raw) {
			h.Errorf("line %d is %.80q, want %.80q", i, l.Raw, want[i].Raw)
		}
		if d := l.At.Sub(want[i].At).Abs(); d >= h.c.precision() {
			h.Errorf("line %d is of %v, want %v", i, l.At, want[i].At)
		}
	}
}

// marks names lines in a few words.
func marks(lines []oncall.LogLine) string {
	out := make([]string, 0, len(lines))
	for _, l := range lines {
		out = append(out, markOf(l.Raw))
	}
	return strings.Join(out, " ")
}

// markOf returns the number of a line of the suite, and the begin of another.
func markOf(raw string) string {
	_, after, ok := strings.Cut(raw, logMark)
	if !ok || len(after) < 4 {
		return fmt.Sprintf("%.20q", raw)
	}
	return after[:4]
}

func checkSearch(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	h := b.search(oncall.LogQuery{Scope: pointed, Query: c.Query(""), Window: around(b.lines)})
	h.same(b.lines)
	if !h.found.Complete {
		tb.Errorf("the whole window was searched, but the search says %q", h.found.Why)
	}
}

func checkSearchWord(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	h := b.search(oncall.LogQuery{Query: c.Query("alpha"), Window: around(b.lines)})
	h.same(withWord(b.lines, "alpha"))
}

func withWord(lines []oncall.LogLine, word string) []oncall.LogLine {
	return slices.DeleteFunc(slices.Clone(lines), func(l oncall.LogLine) bool { return !strings.Contains(l.Raw, word) })
}

// checkSearchWindow puts the window's ends at the very times of two lines.
func checkSearchWindow(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	h := b.search(oncall.LogQuery{
		Query: c.Query(""), Window: oncall.Window{Start: b.lines[5].At, End: b.lines[15].At},
	})
	h.same(b.lines[5:15])
}

func checkSearchLimit(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	const limit = 7
	h := b.search(oncall.LogQuery{Query: c.Query(""), Window: around(b.lines), Limit: limit})
	h.same(b.lines[len(b.lines)-limit:])
	if h.found.Complete {
		tb.Errorf("%d lines of %d were wanted, but the search says that it is complete", limit, len(b.lines))
	}
}

func checkSearchEmpty(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	end := b.lines[0].At.Add(-time.Minute)
	h := b.search(oncall.LogQuery{Query: c.Query(""), Window: oncall.Window{Start: end.Add(-time.Minute), End: end}})
	h.same(nil)
	if !h.found.Complete {
		tb.Errorf("nothing was there to be found, but the search says %q", h.found.Why)
	}
}

func checkSearchCancelledBefore(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	ctx, cancel := context.WithCancel(tb.Context())
	cancel()
	h := b.hunt(ctx, oncall.LogQuery{Query: c.Query(""), Window: around(b.lines)})
	h.wait(c.plain().bound())
	h.cancelled()
}

// cancelled checks how a search ended that was cancelled.
func (h *hunt) cancelled() {
	h.Helper()
	if !errors.Is(h.err, context.Canceled) {
		h.Errorf("Search returned %v after cancel, want context.Canceled", h.err)
	}
}

// checkSearchCancelWaiting cancels while the store has not answered at all.
func checkSearchCancelWaiting(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	b.searcher()
	g := b.served()
	g.set(func(_ http.ResponseWriter, r *http.Request) bool {
		<-r.Context().Done()
		return true
	})
	h := b.hunt(tb.Context(), oncall.LogQuery{Query: c.Query(""), Window: around(b.lines)})
	b.soon("a request", c.plain().wait(), func() bool { _, open, _, _ := g.counts(); return open > 0 })
	h.cancel()
	h.wait(c.plain().bound())
	h.cancelled()
	b.soon("the cancel at the server", c.plain().bound(), func() bool { _, open, aborted, _ := g.counts(); return open == 0 && aborted > 0 })
}

// checkSearchCancelUnderWay cancels a search that the store has begun. What was
// found stays found, and the store is at nothing any more.
func checkSearchCancelUnderWay(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	b.searcher()
	b.able(b.store.Stall != nil && b.store.Running != nil, "stall")
	b.store.Stall()
	h := b.hunt(tb.Context(), oncall.LogQuery{Query: c.Query(""), Window: around(b.lines)})
	b.soon("a search in the store", c.plain().wait(), func() bool { return b.store.Running() > 0 })
	time.Sleep(settle)
	h.cancel()
	h.wait(c.plain().bound())
	h.cancelled()
	b.soon("the end of the search in the store", c.plain().bound(), func() bool { return b.store.Running() == 0 })
}

// checkSearchLeavesNothing looks that a search that ended well has ended in the
// store, too.
func checkSearchLeavesNothing(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	b.searcher()
	b.able(b.store.Running != nil, "say what it is at")
	for _, limit := range []int{0, 3} {
		b.search(oncall.LogQuery{Query: c.Query(""), Window: around(b.lines), Limit: limit})
		b.soon("the end of the search in the store", c.plain().bound(), func() bool { return b.store.Running() == 0 })
	}
}

// checkSearchSpoiled has a record among the others that cannot be read: it is
// shown as it came, or at least the search says that something is not there.
func checkSearchSpoiled(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	b.searcher()
	b.able(b.store.Spoil != nil, "hold a malformed record")
	const text = "conway-spoiled"
	b.store.Spoil(text)
	h := b.search(oncall.LogQuery{Query: c.Query(""), Window: around(b.lines)})
	kept := slices.ContainsFunc(h.all(), func(l oncall.LogLine) bool { return strings.Contains(l.Raw, text) })
	if !kept && h.found.Complete && h.found.Matched <= int64(h.found.Lines) {
		tb.Error("a malformed record was lost, and nothing says so")
	}
	whole := slices.DeleteFunc(h.all(), func(l oncall.LogLine) bool { return !strings.Contains(l.Raw, logMark) })
	if len(whole) != len(b.lines) {
		tb.Errorf("%d lines were found beside a malformed record, want %d", len(whole), len(b.lines))
	}
}

// unfilled is a query for a page that lacks something, and its sentence.
func (c LogCase) unfilled() (q oncall.LogQuery, why string) {
	const sentence = "this page has no label cluster"
	return oncall.LogQuery{Scope: pointed, Query: c.Query(""), Unfilled: sentence}, sentence
}

func checkSearchUnfilled(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	q, why := c.unfilled()
	h := b.hunt(tb.Context(), q)
	h.wait(c.plain().wait())
	f, ok := errors.AsType[*oncall.Fault](h.err)
	if !ok || f.Kind != oncall.Rejected || !strings.Contains(f.Error(), why) {
		tb.Errorf("Search returned %v, want a refusal that says %q", h.err, why)
	}
	b.unasked()
}

// unasked checks that the store was not asked for lines.
func (b *logBench) unasked() {
	b.Helper()
	if b.gate == nil {
		return
	}
	if requests, _, _, _ := b.gate.counts(); requests > 0 {
		b.Errorf("%d requests were made for a query that is not to be asked", requests)
	}
}

func checkSearchAtOnce(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.ordinary(tb)
	words := []string{"alpha", "beta"}
	hunts := make([]*hunt, len(words))
	for i, w := range words {
		hunts[i] = b.hunt(tb.Context(), oncall.LogQuery{Scope: w, Query: c.Query(w), Window: around(b.lines)})
	}
	for i, w := range words {
		hunts[i].wait(c.plain().wait())
		if hunts[i].err != nil {
			tb.Fatalf("Search returned %v beside another", hunts[i].err)
		}
		hunts[i].same(withWord(b.lines, w))
	}
}

// checkSearchClock searches a store whose clock is five minutes off for what
// happened in the last minute by this machine's.
func checkSearchClock(tb testing.TB, c LogCase) {
	tb.Helper()
	for _, ahead := range []time.Duration{5 * time.Minute, -5 * time.Minute} {
		b := c.bench(tb, LogSetup{Lines: someLines(), Ahead: ahead}, askTimeout)
		b.searcher()
		b.served()
		h := b.hunt(tb.Context(), oncall.LogQuery{Query: c.Query(""), Window: around(b.lines)})
		h.wait(c.plain().wait())
		got := h.all()
		if h.err != nil || len(got) != len(b.lines) {
			tb.Fatalf("with a clock that is %v ahead, %d lines were found, want %d (%v)", ahead, len(got), len(b.lines), h.err)
		}
		slices.SortStableFunc(got, func(a, b oncall.LogLine) int { return a.At.Compare(b.At) })
		if d := got[0].At.Sub(b.lines[0].At).Abs(); d > clocksAgree {
			tb.Errorf("with a clock that is %v ahead, a line's time is %v off", ahead, d)
		}
	}
}

// clocksAgree is how near times are that were put from one clock to another: a
// Date is told in whole seconds.
const clocksAgree = 4 * time.Second

func searchFaultChecks() []logCheck {
	var out []logCheck
	for _, s := range []struct {
		code int
		kind oncall.FaultKind
	}{
		{http.StatusUnauthorized, oncall.Auth},
		{http.StatusForbidden, oncall.Auth},
		{http.StatusTooManyRequests, oncall.RateLimited},
		{http.StatusInternalServerError, oncall.Unavailable},
		{http.StatusServiceUnavailable, oncall.Unavailable},
	} {
		refuse := func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(s.code)
			_, _ = w.Write([]byte("the words of the server"))
		}
		out = append(
			out,
			logCheck{"search status " + strconv.Itoa(s.code), checkSearchFails(refuse, s.kind)},
			logCheck{"search status " + strconv.Itoa(s.code) + " under way", checkSearchFailsUnderWay(refuse, s.kind)},
		)
	}
	cut := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	silent := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	return append(
		out,
		logCheck{"search connection broken", checkSearchFails(cut, oncall.Unavailable)},
		logCheck{"search connection broken under way", checkSearchFailsUnderWay(cut, oncall.Unavailable)},
		logCheck{"search server hangs", checkSearchFails(silent, oncall.Unavailable)},
		logCheck{"search server hangs under way", checkSearchFailsUnderWay(silent, oncall.Unavailable)},
		logCheck{"search answer cut short", checkSearchCut},
		logCheck{"search is told a login page", checkSearchFails(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write([]byte("<!DOCTYPE html><html><title>Sign in</title></html>"))
		}, oncall.Malformed, oncall.Rejected)},
	)
}

// failed checks that a search ended with a fault of one of the kinds.
func (h *hunt) failed(kinds ...oncall.FaultKind) {
	h.Helper()
	f, ok := errors.AsType[*oncall.Fault](h.err)
	if !ok {
		h.Fatalf("Search returned %T %v, want an *oncall.Fault", h.err, h.err)
	}
	if !slices.Contains(kinds, f.Kind) {
		h.Errorf("the fault is %q, want one of %q: %q", f.Kind, kinds, f.Error())
	}
}

func checkSearchFails(breaks http.HandlerFunc, kinds ...oncall.FaultKind) func(testing.TB, LogCase) {
	return func(tb testing.TB, c LogCase) {
		tb.Helper()
		b := c.bench(tb, LogSetup{Lines: someLines()}, hangTimeout)
		b.searcher()
		b.served().set(func(w http.ResponseWriter, r *http.Request) bool {
			breaks(w, r)
			return true
		})
		h := b.hunt(tb.Context(), oncall.LogQuery{Query: c.Query(""), Window: around(b.lines)})
		h.wait(c.plain().wait())
		h.failed(kinds...)
		if n := len(h.all()); n > 0 {
			tb.Errorf("%d lines were found in a store that gave none", n)
		}
	}
}

// checkSearchFailsUnderWay breaks the requests after the first lines have come.
// A store that gives all its lines in one answer has none after them.
func checkSearchFailsUnderWay(breaks http.HandlerFunc, kinds ...oncall.FaultKind) func(testing.TB, LogCase) {
	return func(tb testing.TB, c LogCase) {
		tb.Helper()
		b := c.bench(tb, LogSetup{Lines: someLines()}, time.Second)
		b.searcher()
		g := b.served()
		g.afterLines(false, breaks)
		h := b.hunt(tb.Context(), oncall.LogQuery{Query: c.Query(""), Window: around(b.lines)})
		h.wait(c.plain().wait())
		_, _, _, sent := g.counts()
		if h.err == nil && sent >= len(b.lines) {
			// Everything was found before anything broke; what breaks later, such as
			// the end of a job, must not take it away.
			h.same(b.lines)
			return
		}
		h.failed(kinds...)
		if got := len(h.all()); got < sent {
			tb.Errorf("%d lines were sent before the fault, and %d handed over", sent, got)
		}
	}
}

// checkSearchCut cuts the answer that holds lines in its last third.
func checkSearchCut(tb testing.TB, c LogCase) {
	tb.Helper()
	b := c.bench(tb, LogSetup{Lines: someLines()}, time.Second)
	b.searcher()
	g := b.served()
	g.afterLines(true, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	h := b.hunt(tb.Context(), oncall.LogQuery{Query: c.Query(""), Window: around(b.lines)})
	h.wait(c.plain().wait())
	h.failed(oncall.Unavailable, oncall.Malformed)
	if _, _, _, sent := g.counts(); c.Streams && len(h.all()) < sent {
		tb.Errorf("%d lines were sent before the cut, and %d handed over", sent, len(h.all()))
	}
}

func searchHostileChecks() []logCheck {
	texts := hostileTexts()
	out := make([]logCheck, 0, 2*len(texts))
	for _, h := range texts {
		for _, replace := range []bool{false, true} {
			name := "search hostile rows: "
			if replace {
				name = "search hostile instead of rows: "
			}
			out = append(out, logCheck{name + h.name, func(tb testing.TB, c LogCase) {
				tb.Helper()
				checkSearchHostile(tb, c, h.text, replace)
			}})
		}
	}
	return out
}

// checkSearchHostile puts the text into every string of each answer. Whatever
// the source makes of that, it must not panic, and what it says must be fit for a
// person.
func checkSearchHostile(tb testing.TB, c LogCase, text string, replace bool) {
	tb.Helper()
	b := c.bench(tb, LogSetup{Lines: someLines()[:2]}, time.Second)
	b.searcher()
	g := b.served()
	g.set(func(w http.ResponseWriter, r *http.Request) bool {
		rec := record(g.next, r)
		body := spoilLines(rec.Body.Bytes(), text, replace)
		rec.Body.Reset()
		rec.Body.Write(body)
		replay(w, rec, 0)
		return true
	})
	// A store whose word on a search's state is no word may be asked for ever.
	ctx, cancel := context.WithTimeout(tb.Context(), 2*time.Second)
	defer cancel()
	h := b.hunt(ctx, oncall.LogQuery{Query: c.Query(""), Window: around(b.lines)})
	h.wait(2*time.Second + c.plain().bound())
}
