package sourcetest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
)

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
		logCheck{"search expires", checkSearchExpires},
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
		if f := oncall.AsFault(h.err, b.source.Name(), ""); f.Kind == oncall.Auth && f.Fix == "" {
			tb.Errorf("who may not ask is not told what to do: %q", f.Error())
		}
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

// checkSearchExpires has the store forget a search after its first answer, after
// its second, and so on. The search is made anew and finds all, or it says that it
// has expired and what to do.
func checkSearchExpires(tb testing.TB, c LogCase) {
	tb.Helper()
	const answers = 5
	for n := 1; n <= answers; n++ {
		b := c.ordinary(tb)
		b.searcher()
		b.able(b.store.Expire != nil, "forget a search")
		sent := b.served().expireAfter(n, b.store.Expire)
		h := b.hunt(tb.Context(), oncall.LogQuery{Query: c.Query(""), Window: around(b.lines)})
		h.wait(c.plain().wait())
		if h.err == nil {
			h.same(b.lines)
			continue
		}
		h.failed(oncall.Unavailable)
		f := oncall.AsFault(h.err, b.source.Name(), "")
		if !strings.Contains(f.Detail, "expired") || f.Fix == "" {
			tb.Errorf("a search that the store forgot after answer %d says %q, want that it has expired, and the fix", n, f.Error())
		}
		if n := sent(); len(h.all()) < n {
			tb.Errorf("%d lines were sent before the search expired, and %d handed over", n, len(h.all()))
		}
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
