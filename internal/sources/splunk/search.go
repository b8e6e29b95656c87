package splunk

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources/polled"
)

const (
	// defaultLimit is more lines than anybody reads in one go, and less than what
	// makes a role's quota of disk.
	defaultLimit = 10_000
	// lookBack is the window of a query that has none.
	lookBack = 15 * time.Minute
	// late is how much later than its own time a line may be indexed, and still be
	// seen by a tail.
	late = time.Hour
	// future is how far in the future a line's own time may lie: there are hosts whose
	// clock is wrong, and their lines must not be missed.
	future = 24 * time.Hour
)

// Search finds the newest lines that match, newest parts first. A query without a
// window searches the last 15 minutes.
func (s *Source) Search(ctx context.Context, q oncall.LogQuery, found func(oncall.LogPart)) (oncall.LogFound, error) {
	f := oncall.LogFound{Matched: -1}
	if q.Unfilled != "" {
		return f, polled.Unfilled(s.o.Name, q)
	}
	if err := ctx.Err(); err != nil {
		return f, err
	}
	parsed, err := parse(q.Query)
	if err != nil {
		return f, s.fault(oncall.Rejected, opFind, err.Error(), "")
	}
	limit := q.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	c := newCollector(q, limit, found)
	// One line more than is wanted tells whether there are more.
	a := asked{spl: parsed.search(limit+1, time.Time{}), from: q.Window.Start, to: q.Window.End}
	if a.to.IsZero() {
		a.to = time.Now().Add(future)
	}
	if a.from.IsZero() {
		a.from = time.Now().Add(-lookBack)
	}
	if span := min(time.Since(a.from), a.to.Sub(a.from)); span <= s.o.ExportWithin {
		err = s.export(ctx, a, c)
	} else {
		err = s.job(ctx, a, c)
	}
	f.Lines = c.lines
	if err != nil {
		return f, own(ctx, err)
	}
	switch {
	case c.over:
		f.Why = fmt.Sprintf("more than the newest %d lines match", limit)
	case c.why != "":
		f.Why = c.why
	default:
		f.Complete, f.Matched = true, int64(c.lines)
	}
	return f, nil
}

// arrived finds what was indexed at since or later, for the tail.
func (s *Source) arrived(ctx context.Context, q oncall.LogQuery, since time.Time) ([]polled.Hit, string, error) {
	parsed, err := parse(q.Query)
	if err != nil {
		return nil, "", s.fault(oncall.Rejected, opFind, err.Error(), "")
	}
	if parsed.generating {
		return nil, "", s.fault(oncall.Rejected, opFind, "a query that begins with a command cannot be followed", "begin it with what to search for, or search with it instead")
	}
	q.Window.End = time.Time{}
	c := newCollector(q, defaultLimit, nil)
	a := asked{spl: parsed.search(defaultLimit+1, since), from: q.Window.Start, to: time.Now().Add(future)}
	if a.from.IsZero() {
		a.from = time.Now().Add(-lookBack)
	}
	if oldest := s.http.Skew.Here(since).Add(-late); !since.IsZero() && oldest.After(a.from) {
		a.from = oldest
	}
	err = s.export(ctx, a, c)
	return c.pending, cmp.Or(c.left(), c.why), err
}

// left says why lines are missing, if some are.
func (c *collector) left() string {
	if !c.over {
		return ""
	}
	return fmt.Sprintf("more lines came at once than the newest %d", c.limit)
}
