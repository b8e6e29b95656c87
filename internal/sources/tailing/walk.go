package tailing

import (
	"context"
	"fmt"
	"time"

	"conway/internal/oncall"
)

// Endless is how far behind now a window without an end ends, for lines of
// machines whose clocks are as much as five minutes ahead.
const Endless = 6 * time.Minute

// Page is what one request brought.
type Page struct {
	// Entries are all that came, ordered by time.
	Entries []Entry
	// Bytes is how many the store has looked at for it.
	Bytes int64
	// Partial says why lines of the page's time are missing, empty when none are.
	Partial string
}

// Walk goes through a window backwards, from its newest lines on, in pages.
type Walk struct {
	// Ask returns the newest lines of a window by the store's clock, at most limit;
	// fewer mean that there are no more. End is exclusive. With an error it returns
	// what came before, if anything.
	Ask func(ctx context.Context, start, end time.Time, limit int) (Page, error)
	// Ahead is how far the store's clock is ahead of this machine's.
	Ahead func() time.Duration
	// Start and End are what is left of the window by the store's clock.
	Start, End time.Time
	// Limit is how many lines are wanted; 0 means all.
	Limit int
	// Size is how many lines are asked for at once, and Most how many the store
	// gives at most.
	Size, Most int
	// Cursor is true when the store knows by itself where a page ended.
	Cursor bool

	// Complete is true once all of the window was seen, and Why says in the other
	// case what is missing.
	Complete bool
	Why      string
	// Bytes and Lines add up what the pages hold.
	Bytes int64
	Lines int

	top    time.Time
	oldest time.Time
	// seen are the lines at the oldest time, which come again with the next page.
	seen map[lineID]struct{}
}

// lineID tells a line from all others.
type lineID struct {
	at        int64
	key, text string
}

// Run hands the entries of each page to take, the newest page first, each entry
// once.
func (w *Walk) Run(ctx context.Context, take func([]Entry)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	size, ahead := w.Size, w.Ahead()
	w.top = w.End
	for w.Start.Before(w.End) {
		ask := size
		if w.Limit > 0 {
			// One more than wanted tells whether there are more, beside those that come again.
			ask = min(size, w.Limit-w.Lines+1+w.again())
		}
		p, err := w.Ask(ctx, w.Start, w.End, ask)
		if err != nil {
			// What came before the failure came.
			if len(p.Entries) > 0 {
				w.step(&p)
				w.give(p, true, take)
				w.Complete = false
			}
			return err
		}
		// The first answer tells that the clocks differ, after it was asked for.
		if by := w.Ahead() - ahead; by != 0 && w.End.Equal(w.top) && !w.Cursor {
			w.Start, w.End, w.top = w.Start.Add(by), w.End.Add(by), w.End.Add(by)
			ahead += by
			continue
		}
		came := len(p.Entries)
		moved := w.step(&p)
		if p.Partial != "" {
			w.Why = p.Partial
		}
		if w.give(p, came < ask, take) {
			return nil
		}
		switch {
		case moved || w.Cursor:
		case size < w.Most:
			size = min(w.Most, 4*size)
		default:
			w.Why = fmt.Sprintf("more than %d lines have the time %s", size, w.oldest.Format(time.RFC3339Nano))
			w.End = w.oldest
		}
	}
	w.Complete = w.Why == ""
	return nil
}

// again returns how many lines of the page before come again with the next one.
func (w *Walk) again() int {
	if w.Cursor {
		return 0
	}
	return len(w.seen)
}

// All walks to the end and returns everything, or nothing when that fails.
func (w *Walk) All(ctx context.Context) ([]Entry, error) {
	var all []Entry
	if err := w.Run(ctx, func(entries []Entry) { all = append(all, entries...) }); err != nil {
		return nil, err
	}
	return all, nil
}

// give hands over a page, and reports whether it is the last one.
func (w *Walk) give(p Page, last bool, take func([]Entry)) bool {
	w.Bytes += p.Bytes
	over := w.Lines + len(p.Entries) - w.Limit
	cut := w.Limit > 0 && over > 0
	if cut {
		p.Entries = p.Entries[over:]
		w.Why = fmt.Sprintf("the limit of %d lines was reached", w.Limit)
	}
	w.Lines += len(p.Entries)
	w.Complete = last && !cut && w.Why == ""
	take(p.Entries)
	return last || cut
}

// Reached returns the moment from which on all lines of the window were seen.
func (w *Walk) Reached() time.Time {
	if w.Complete {
		return w.Start
	}
	return w.End
}

// Done is the share of the window that has been seen.
func (w *Walk) Done() float64 {
	if w.Complete {
		return 1
	}
	return min(1, max(0, float64(w.top.Sub(w.End))/float64(w.top.Sub(w.Start))))
}

// Found is how a search by this walk ended.
func (w *Walk) Found(err error) oncall.LogFound {
	f := oncall.LogFound{Lines: w.Lines, Matched: -1, Scanned: w.Bytes, Complete: err == nil && w.Complete, Why: w.Why}
	if f.Complete {
		f.Matched = int64(w.Lines)
	} else if err != nil {
		f.Why = "the search was broken off"
	}
	return f
}

// step takes out of a page what came with the one before, moves the end of the
// window to the page's oldest line, which it includes, and reports whether that
// moved it.
func (w *Walk) step(p *Page) (moved bool) {
	if len(p.Entries) == 0 {
		return false
	}
	oldest, seen := p.Entries[0].Line.At, w.seen
	if !oldest.Equal(w.oldest) {
		w.seen, w.oldest = map[lineID]struct{}{}, oldest
	}
	fresh := make([]Entry, 0, len(p.Entries))
	for _, e := range p.Entries {
		id := lineID{e.Line.At.UnixNano(), e.Key, e.text()}
		if _, again := seen[id]; !again && !e.Outside {
			fresh = append(fresh, e)
		}
		if e.Line.At.Equal(oldest) {
			w.seen[id] = struct{}{}
		}
	}
	p.Entries = fresh
	end := oldest.Add(1)
	moved = end.Before(w.End)
	if moved {
		w.End = end
	}
	return moved
}

// Window puts a query's window on a clock that is ahead of this machine's. One
// without a start goes back as far as back.
func Window(w oncall.Window, back, ahead time.Duration) (start, end time.Time) {
	now := time.Now()
	start, end = w.Start, w.End
	if end.IsZero() {
		end = now.Add(Endless)
	} else {
		now = end
	}
	if start.IsZero() {
		start = now.Add(-back)
	}
	return start.Add(ahead), end.Add(ahead)
}
