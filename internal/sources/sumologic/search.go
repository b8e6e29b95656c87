package sumologic

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources/polled"
)

const (
	// defaultLimit is more lines than anybody reads in one go.
	defaultLimit = 10_000
	// lookBack is the window of a query that has none.
	lookBack = 15 * time.Minute
	// everything is the query for all messages.
	everything = "*"
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
	limit := q.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	c := newCollector(q, limit, found)
	a := asked{query: cmp.Or(q.Query, everything), from: q.Window.Start, to: q.Window.End}
	if a.to.IsZero() {
		a.to = time.Now()
	}
	if a.from.IsZero() {
		a.from = a.to.Add(-lookBack)
	}
	err := s.search(ctx, a, c)
	c.flush()
	f.Lines = c.lines
	if err != nil {
		if errors.Is(ctx.Err(), context.Canceled) {
			err = ctx.Err()
		}
		return f, err
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

// arrived finds what was received at since or later, for the tail.
func (s *Source) arrived(ctx context.Context, q oncall.LogQuery, since time.Time) ([]polled.Hit, string, error) {
	q.Window.End = time.Time{}
	c := newCollector(q, defaultLimit, nil)
	a := asked{query: cmp.Or(q.Query, everything), from: q.Window.Start, to: time.Now(), receipt: true}
	if a.from.IsZero() {
		a.from = a.to.Add(-lookBack)
	}
	if since = s.http.Skew.Here(since); since.After(a.from) {
		a.from = since
	}
	err := s.search(ctx, a, c)
	left := c.why
	if c.over {
		left = fmt.Sprintf("more lines came at once than the newest %d", defaultLimit)
	}
	return c.pending, left, err
}
