package splunk

import (
	"slices"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources/polled"
)

// maxPart bounds the lines of one part, so that whoever takes it can draw in
// between.
const maxPart = 500

// collector takes the results of one search and hands them over as lines.
type collector struct {
	window oncall.Window
	limit  int
	// found takes the parts; nil keeps the lines in pending.
	found func(oncall.LogPart)

	reader *reader
	// ahead is by how much Splunk's clock was thought to be ahead when it was asked.
	ahead   time.Duration
	pending []polled.Hit
	lines   int
	// over is true once there was a line more than the limit.
	over bool
	// done is the share of the work that is done, negative where it is not known.
	done float64
	// why says that Splunk did not search everything.
	why string
}

func newCollector(q oncall.LogQuery, limit int, found func(oncall.LogPart)) *collector {
	return &collector{window: q.Window, limit: limit, found: found, done: -1}
}

// asked prepares for the answer to a question that was asked by a clock.
func (c *collector) asked(s *Source, ahead time.Duration) {
	last := time.Now()
	if end := c.window.End; !end.IsZero() && end.Before(last) {
		last = end.Add(-1)
	}
	c.ahead = ahead
	c.reader = &reader{name: s.o.Name, ahead: ahead, last: last}
}

// full reports whether no more lines are wanted.
func (c *collector) full() bool { return c.over }

// put takes one result. A query can have times of its own, which are not the
// window's.
func (c *collector) put(result []byte) {
	h := c.reader.hit(result)
	switch {
	case c.reader.timed && outside(c.window, h.Line.At):
		return
	case c.lines+len(c.pending) >= c.limit:
		c.over = true
		return
	}
	c.pending = append(c.pending, h)
	if len(c.pending) >= maxPart {
		c.flush()
	}
}

func outside(w oncall.Window, at time.Time) bool {
	return !w.Start.IsZero() && at.Before(w.Start) || !w.End.IsZero() && !at.Before(w.End)
}

// flush hands over what was taken, oldest first.
func (c *collector) flush() {
	if c.found == nil || len(c.pending) == 0 {
		return
	}
	out := make([]oncall.LogLine, len(c.pending))
	for i, h := range c.pending {
		out[len(out)-1-i] = h.Line
	}
	slices.SortStableFunc(out, func(a, b oncall.LogLine) int { return a.At.Compare(b.At) })
	c.lines += len(out)
	c.pending = nil
	c.found(oncall.LogPart{Lines: out, Done: c.done})
}

// progress tells how much is done.
func (c *collector) progress(done float64) {
	if done = min(1, done); done > c.done && c.found != nil {
		c.done = done
		c.found(oncall.LogPart{Done: done})
	}
}
