package loki

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources/tailing"
)

const (
	// searchBack is how far a search goes back whose query does not say.
	searchBack = time.Hour
	// searchLimit is how many lines a search finds whose query does not say.
	searchLimit = 10_000
)

// Search finds lines, the newest first. It asks page by page; cancelling closes
// the request, upon which Loki ends the query.
func (s *Source) Search(ctx context.Context, q oncall.LogQuery, found func(oncall.LogPart)) (oncall.LogFound, error) {
	none := oncall.LogFound{Matched: -1}
	if err := tailing.Askable(s.o.Name, opSearch, q, s.query(q)); err != nil {
		return none, err
	}
	start, end := tailing.Window(q.Window, searchBack, s.http.Skew.Ahead())
	limit := q.Limit
	if limit <= 0 {
		limit = searchLimit
	}
	w := s.walk(opSearch, s.query(q), start, end, limit)
	err := w.Run(ctx, func(entries []tailing.Entry) {
		found(oncall.LogPart{Lines: tailing.Lines(entries, s.o.Name, s.http.Skew.Ahead()), Done: w.Done(), Scanned: w.Bytes})
	})
	return w.Found(err), err
}

// Estimate asks the index what the search would look at. Loki knows that of
// whole streams only, whatever the query then leaves out.
func (s *Source) Estimate(ctx context.Context, q oncall.LogQuery) (oncall.LogCost, error) {
	none := oncall.LogCost{Bytes: -1, Lines: -1}
	if err := tailing.Askable(s.o.Name, opEstimate, q, s.query(q)); err != nil {
		return none, err
	}
	start, end := tailing.Window(q.Window, searchBack, s.http.Skew.Ahead())
	var stats struct {
		Streams, Bytes, Entries *json.Number
	}
	err := s.get(ctx, opEstimate, "index/stats", url.Values{
		"query": {selector(s.query(q))}, "start": {nanos(start)}, "end": {nanos(end)},
	}, &stats)
	if err != nil {
		return none, err
	}
	if stats.Streams == nil || stats.Bytes == nil || stats.Entries == nil {
		return none, s.malformed(opEstimate, nil)
	}
	streams, err1 := stats.Streams.Int64()
	bytes, err2 := stats.Bytes.Int64()
	lines, err3 := stats.Entries.Int64()
	if err1 != nil || err2 != nil || err3 != nil {
		return none, s.malformed(opEstimate, nil)
	}
	return oncall.LogCost{Bytes: bytes, Lines: lines, Parts: int(streams), PartName: "streams"}, nil
}

// selector returns the {…} of a query, which is all that the index knows of; the
// query itself when it has none.
func selector(query string) string {
	start := strings.IndexByte(query, '{')
	if start < 0 {
		return query
	}
	var quote byte
	for i := start; i < len(query); i++ {
		c := query[i]
		switch {
		case quote == '"' && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '`':
			quote = c
		case c == '}':
			return query[start : i+1]
		}
	}
	return query
}
