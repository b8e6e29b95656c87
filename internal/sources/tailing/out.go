package tailing

import (
	"context"
	"slices"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/lines"
)

// Out is where the lines of one tail go: each once, ordered by time within what
// was read at once, on this machine's clock and with the query's scope. It is not
// safe for concurrent use.
type Out struct {
	place *Place
	batch *lines.Batch
	ahead func() time.Duration
}

// NewOut returns where the named source's lines that answer q go. The store's
// clock is ahead of this machine's by what ahead returns.
func NewOut(name string, q oncall.LogQuery, p *Place, ahead func() time.Duration, emit sources.Emit) *Out {
	scoped := func(e oncall.Event) {
		if l, ok := e.(oncall.LinesEvent); ok {
			l.Scope, l.Skew = q.Scope, ahead()
			e = l
		}
		emit(e)
	}
	return &Out{place: p, ahead: ahead, batch: lines.NewBatch(name, time.Now, scoped)}
}

// Now returns the time by the store's clock.
func (o *Out) Now() time.Time { return time.Now().Add(o.ahead()) }

// Put emits those entries that come for the first time, and returns how many
// they were.
func (o *Out) Put(entries []Entry) int {
	now, ahead, n := o.Now(), o.ahead(), 0
	Sort(entries, now)
	for _, e := range entries {
		if !o.place.Take(e, now) {
			continue
		}
		n++
		e.Line.At = e.Line.At.Add(-ahead)
		o.batch.PutFrom(e.Line, e.Line.Origin, e.Line.Cut)
	}
	o.batch.Flush()
	return n
}

// NowAndThen calls Late after every so many looks. It is called after each.
func (o *Out) NowAndThen(ctx context.Context, walk func(start, end time.Time, limit int) *Walk) error {
	if o.place.looks++; o.place.looks < eachLook {
		return nil
	}
	return o.Late(ctx, walk)
}

// Late looks for lines that are older than what a tail asks for, because the clock
// of the machine that wrote them is behind, and emits those that come for the first
// time. walk makes the walk through a window, for so many lines at most.
func (o *Out) Late(ctx context.Context, walk func(start, end time.Time, limit int) *Walk) error {
	p := o.place
	p.looks = 0
	start, end := p.Back(), p.From()
	if !start.Before(end) {
		return nil
	}
	w := walk(start, end, lateLines)
	all, err := w.All(ctx)
	if err != nil {
		return err
	}
	if !w.Complete {
		p.Know(w.Reached())
		o.crowded(w, "lines of machines whose clocks are minutes behind may be left out: ")
	}
	o.Put(all)
	return nil
}

// crowded tells once that there are too many lines to look back.
func (o *Out) crowded(w *Walk, what string) {
	if !o.place.crowded {
		o.place.crowded = true
		o.Lost(oncall.Dropped{Count: 1, Reason: what + w.Why})
	}
}

// Left tells what a walk from the place on has left out, before its entries are put.
// One that came as far as the newest line that is known has brought all that is newer.
func (o *Out) Left(w *Walk) {
	if w.Complete {
		return
	}
	o.place.Know(w.Reached())
	if w.Reached().After(o.place.Edge()) {
		o.Lost(oncall.Dropped{Count: 1, Reason: "lines that came while nobody read are left out: " + w.Why})
		return
	}
	o.crowded(w, "lines that become visible late may be left out: ")
}

// PutOrAlive emits those entries that come for the first time, and that all is
// well when there are none.
func (o *Out) PutOrAlive(entries []Entry) {
	if o.Put(entries) == 0 {
		o.Alive()
	}
}

// Lost tells that lines are missing before the next one.
func (o *Out) Lost(d oncall.Dropped) { o.batch.Gap(d) }

// Fault tells of a failure that the tail survives.
func (o *Out) Fault(f *oncall.Fault) { o.batch.Fault(f) }

// Alive tells that all is well although nothing may have come.
func (o *Out) Alive() { o.batch.Alive() }

// Sort orders entries by time, and leaves those of the same time as they came.
// Those without a time go before the oldest, or to otherwise when all have none.
func Sort(entries []Entry, otherwise time.Time) {
	oldest := time.Time{}
	for _, e := range entries {
		if !e.Untimed && (oldest.IsZero() || e.Line.At.Before(oldest)) {
			oldest = e.Line.At
		}
	}
	if oldest.IsZero() {
		oldest = otherwise
	}
	for i := range entries {
		if entries[i].Untimed {
			entries[i].Line.At = oldest
		}
	}
	slices.SortStableFunc(entries, func(a, b Entry) int { return a.Line.At.Compare(b.Line.At) })
}

// Lines returns the entries as lines on this machine's clock, of which the
// store's is ahead.
func Lines(entries []Entry, source string, ahead time.Duration) []oncall.LogLine {
	out := make([]oncall.LogLine, len(entries))
	for i, e := range entries {
		out[i] = e.Line
		out[i].Source = source
		out[i].At = e.Line.At.Add(-ahead)
	}
	return out
}

// Cap cuts a line at what is kept of one, between two characters.
func Cap(raw string) (string, bool) {
	if len(raw) <= lines.MaxLine {
		return raw, false
	}
	cut := lines.MaxLine
	for cut > 0 && raw[cut]&0xC0 == 0x80 {
		cut--
	}
	return raw[:cut], true
}

// Askable returns a query's fault for a source that cannot ask it, or nil: one
// that was not filled in is refused under op with its reason, and so is one that
// is empty when the source needs one.
func Askable(name, op string, q oncall.LogQuery, query string) error {
	switch {
	case q.Unfilled != "":
		return &oncall.Fault{Kind: oncall.Rejected, Source: name, Op: op, Detail: sources.Printable(q.Unfilled, maxWords)}
	case query == "":
		return &oncall.Fault{Kind: oncall.Rejected, Source: name, Op: op, Detail: "there is no query", Fix: "give the source one, with query in the config"}
	}
	return nil
}
