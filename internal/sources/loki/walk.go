package loki

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"conway/internal/sources/tailing"
)

const (
	// defaultPage is how many lines one request asks for: enough for few requests,
	// and little enough that the first ones are soon there.
	defaultPage = 1000
	// maxPage is the most that Loki gives at once unless it is told otherwise
	// (max_entries_limit_per_query).
	maxPage = 5000
)

// walk goes through a window of a query.
func (s *Source) walk(op, query string, start, end time.Time, limit int) *tailing.Walk {
	return &tailing.Walk{
		Start: start, End: end, Limit: limit, Size: s.o.Page, Most: maxPage, Ahead: s.http.Skew.Ahead,
		Ask: func(ctx context.Context, start, end time.Time, limit int) (tailing.Page, error) {
			var a answer
			err := s.get(ctx, op, "query_range", url.Values{
				"query": {query}, "start": {nanos(start)}, "end": {nanos(end)},
				"limit": {strconv.Itoa(limit)}, "direction": {"backward"},
			}, &a)
			if err != nil {
				return tailing.Page{}, err
			}
			return s.read(a, op, start)
		},
	}
}
