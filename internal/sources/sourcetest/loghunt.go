package sourcetest

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"conway/internal/oncall"
)

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

// all returns what the parts held, in the order they came.
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
