package loki

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources/tailing"
)

const (
	// defaultPage is how many lines one request asks for: enough for few requests,
	// and little enough that the first ones are soon there.
	defaultPage = 1000
	// maxPage is the most that Loki gives at once unless it is told otherwise
	// (max_entries_limit_per_query).
	maxPage = 5000
	// endless is how far behind now a window without an end ends, for lines of
	// machines whose clocks are ahead.
	endless = time.Minute
)

// walk goes through a window backwards, from its newest lines on.
type walk struct {
	source *Source
	op     string
	query  string
	// start and end are what is left of the window by Loki's clock; end is
	// exclusive. top is where it began.
	start, end, top time.Time
	// limit is how many lines are wanted; 0 means all.
	limit int

	// seen are the lines at the oldest time, which come again with the next page.
	seen   map[lineID]struct{}
	oldest time.Time
	// complete is true once all of the window was seen, and why says in the other
	// case what is missing.
	complete bool
	why      string
	// bytes and lines add up what the pages hold.
	bytes int64
	lines int
}

// lineID tells a line from all others.
type lineID struct {
	at       int64
	key, raw string
}

// run hands each page to take, newest first, each line once.
func (w *walk) run(ctx context.Context, take func(page)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	size, ahead := w.source.o.Page, w.source.http.Skew.Ahead()
	w.top = w.end
	for w.start.Before(w.end) {
		ask := size
		if w.limit > 0 {
			// One more than wanted tells whether there are more.
			ask = min(size, w.limit-w.lines+1)
		}
		p, err := w.source.page(ctx, w.op, w.query, w.start, w.end, ask)
		if err != nil {
			return err
		}
		// The first answer tells that the clocks differ, after it was asked for.
		if by := w.source.http.Skew.Ahead() - ahead; by != 0 && w.end.Equal(w.top) {
			w.start, w.end, w.top = w.start.Add(by), w.end.Add(by), w.end.Add(by)
			ahead += by
			continue
		}
		came := len(p.entries)
		oldest, turned := w.step(&p)
		w.bytes += p.bytes
		more := w.cut(&p)
		w.lines += len(p.entries)
		take(p)
		switch {
		case more:
			w.why = fmt.Sprintf("the limit of %d lines was reached", w.limit)
			return nil
		case came < ask:
			w.complete = true
			return nil
		case !turned && size >= maxPage:
			w.why = fmt.Sprintf("more than %d lines have the time %s", size, oldest.Format(time.RFC3339Nano))
			w.end = oldest
			turned = true
		case !turned:
			size = min(maxPage, 4*size)
		}
	}
	w.complete = w.why == ""
	return nil
}

// done is the share of the window that has been seen.
func (w *walk) done() float64 {
	if w.complete {
		return 1
	}
	return min(1, max(0, float64(w.top.Sub(w.end))/float64(w.top.Sub(w.start))))
}

// step takes out of a page what came with the one before, moves the end of the
// window to the page's oldest line, which it includes, and reports whether that
// moved it.
func (w *walk) step(p *page) (oldest time.Time, moved bool) {
	if len(p.entries) == 0 {
		return w.end, false
	}
	oldest = p.entries[0].Line.At
	seen := w.seen
	if !oldest.Equal(w.oldest) {
		w.seen, w.oldest = map[lineID]struct{}{}, oldest
	}
	fresh := make([]tailing.Entry, 0, len(p.entries))
	for _, e := range p.entries {
		id := lineID{e.Line.At.UnixNano(), e.Key, e.Line.Raw}
		if _, again := seen[id]; !again {
			fresh = append(fresh, e)
		}
		if e.Line.At.Equal(oldest) {
			w.seen[id] = struct{}{}
		}
	}
	p.entries = fresh
	end := oldest.Add(1)
	moved = end.Before(w.end)
	w.end = end
	return oldest, moved
}

// cut leaves out what is beyond the limit, and reports whether something is.
func (w *walk) cut(p *page) bool {
	over := w.lines + len(p.entries) - w.limit
	if w.limit == 0 || over <= 0 {
		return false
	}
	p.entries = p.entries[over:]
	return true
}

// page asks for the newest lines of a window.
func (s *Source) page(ctx context.Context, op, query string, start, end time.Time, limit int) (page, error) {
	var a answer
	err := s.get(ctx, op, "query_range", url.Values{
		"query": {query}, "start": {nanos(start)}, "end": {nanos(end)},
		"limit": {strconv.Itoa(limit)}, "direction": {"backward"},
	}, &a)
	if err != nil {
		return page{}, err
	}
	return s.read(a, op, start)
}

// window puts a query's window on Loki's clock.
func (s *Source) window(w oncall.Window, lookback time.Duration) (start, end time.Time) {
	now, ahead := time.Now(), s.http.Skew.Ahead()
	start, end = w.Start, w.End
	if start.IsZero() {
		start = now.Add(-lookback)
		if !end.IsZero() {
			start = end.Add(-lookback)
		}
	}
	if end.IsZero() {
		end = now.Add(endless)
	}
	return start.Add(ahead), end.Add(ahead)
}
