package sourcetest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
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
