package sumologic

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/polled"
)

// collector takes the messages of one search and hands them over as lines.
type collector struct {
	window oncall.Window
	limit  int
	// found takes the parts; nil keeps the lines in pending.
	found func(oncall.LogPart)

	name  string
	ahead time.Duration
	// last is the time of the line before, for one that has none.
	last time.Time
	same polled.Same
	// seen are the messages by id, also those outside of the window.
	seen    map[string]bool
	pending []polled.Hit
	lines   int
	// over is true once there was a line more than the limit.
	over bool
	// why says that not everything was searched, and said what Sumo Logic said of it.
	why, said string
}

func newCollector(q oncall.LogQuery, limit int, found func(oncall.LogPart)) *collector {
	return &collector{window: q.Window, limit: limit, found: found, seen: map[string]bool{}}
}

// asked prepares for a job that was made by a clock that is ahead.
func (c *collector) asked(name string, ahead time.Duration) {
	c.name, c.ahead = name, ahead
	c.last = time.Now()
	if end := c.window.End; !end.IsZero() && end.Before(c.last) {
		c.last = end.Add(-1)
	}
	c.again()
}

// again prepares for the same messages once more.
func (c *collector) again() { c.same = polled.Same{} }

// full reports whether no more lines are wanted.
func (c *collector) full() bool { return c.over }

// distinct counts the messages that were seen.
func (c *collector) distinct() int { return len(c.seen) }

// note keeps what Sumo Logic says went wrong.
func (c *collector) note(st status) {
	incomplete := func(w string) bool {
		w = strings.ToLower(w)
		return strings.Contains(w, "incomplete") || strings.Contains(w, "partial") || strings.Contains(w, "truncated")
	}
	for _, w := range append(slices.Clone(st.Errors), slices.DeleteFunc(slices.Clone(st.Warnings), func(w string) bool { return !incomplete(w) })...) {
		c.said = sources.Printable(w, maxWords)
		c.why = "Sumo Logic says: " + c.said
	}
}

// message are the fields of a message that make a line. All are text.
type message struct {
	Map *struct {
		Time     string  `json:"_messagetime"`
		Received string  `json:"_receipttime"`
		Raw      *string `json:"_raw"`
		ID       string  `json:"_messageid"`
		Host     string  `json:"_sourcehost"`
		Name     string  `json:"_sourcename"`
		Category string  `json:"_sourcecategory"`
	} `json:"map"`
}

// put takes one message. The job's window is in whole seconds, the query's is
// not.
func (c *collector) put(b []byte) {
	h, timed := c.hit(b)
	if c.seen[h.ID] {
		return
	}
	c.seen[h.ID] = true
	switch {
	case timed && outside(c.window, h.Line.At):
		return
	case c.lines+len(c.pending) >= c.limit:
		c.over = true
		return
	}
	c.pending = append(c.pending, h)
}

func outside(w oncall.Window, at time.Time) bool {
	return !w.Start.IsZero() && at.Before(w.Start) || !w.End.IsZero() && !at.Before(w.End)
}

// hit makes a line of a message, and reports whether it has a time of its own.
// What cannot be read is kept as it came.
func (c *collector) hit(b []byte) (h polled.Hit, timed bool) {
	var m message
	if json.Unmarshal(b, &m) != nil || m.Map == nil || m.Map.Raw == nil {
		raw, cut := polled.Cap(string(b))
		h.Line = oncall.ParseLine(raw, c.last)
		h.Line.At, h.Line.Source, h.Line.Cut = c.last, c.name, cut
		h.ID = c.same.ID(raw)
		return h, false
	}
	at, timed := millis(m.Map.Time)
	if timed {
		c.last = at.Add(-c.ahead)
	}
	raw, cut := polled.Cap(strings.TrimRight(*m.Map.Raw, "\r\n"))
	h.Line = oncall.ParseLine(raw, c.last)
	h.Line.At, h.Line.Source, h.Line.Cut = c.last, c.name, cut
	what := m.Map.Name
	if what == "" {
		what = m.Map.Category
	}
	h.Line.Origin = strings.TrimSpace(m.Map.Host + " " + what)
	h.Arrived, _ = millis(m.Map.Received)
	if h.ID = m.Map.ID; h.ID == "" {
		h.ID = c.same.ID(m.Map.Time, m.Map.Host, raw)
	}
	return h, timed
}

// millis reads a time in milliseconds.
func millis(s string) (time.Time, bool) {
	ms, err := strconv.ParseInt(s, 10, 64)
	if err != nil || ms <= 0 || ms > 1<<50 {
		return time.Time{}, false
	}
	return time.UnixMilli(ms).UTC(), true
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
	c.found(oncall.LogPart{Lines: out, Done: -1})
}
