package victorialogs

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources/lines"
	"conway/internal/sources/tailing"
)

const (
	// maxRecord bounds one JSON line. The message in it may be as long as any line,
	// and is longer by its escapes and the other fields.
	maxRecord = 4 * lines.MaxLine
	// readSize is how much is read at a time.
	readSize = 64 << 10
)

// walk goes through a window of a query.
func (s *Source) walk(op, query string, start, end time.Time, limit int) *tailing.Walk {
	return &tailing.Walk{
		Start: start, End: end, Limit: limit, Size: s.o.Page, Most: maxPage, Ahead: s.http.Skew.Ahead,
		Ask: func(ctx context.Context, start, end time.Time, limit int) (tailing.Page, error) {
			return s.page(ctx, op, query, start, end, limit)
		},
	}
}

// page asks for the newest lines of a window.
func (s *Source) page(ctx context.Context, op, query string, start, end time.Time, limit int) (tailing.Page, error) {
	var p tailing.Page
	req, err := s.request(ctx, op, "query", url.Values{
		"query": {query}, "start": {stamp(start)}, "end": {stamp(end)}, "limit": {strconv.Itoa(limit)},
		"timeout": {strconv.FormatInt(s.o.Timeout.Milliseconds(), 10) + "ms"},
	})
	if err != nil {
		return p, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return p, s.http.TransportFault(ctx, http.MethodGet, op, err)
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is left to lose
	if err := s.check(ctx, resp, op); err != nil {
		return p, err
	}
	err = s.records(ctx, resp, op, func(es []tailing.Entry) { p.Entries = append(p.Entries, es...) })
	tailing.Sort(p.Entries, start)
	for i := range p.Entries {
		// Versions differ in whether the end belongs to the window.
		e := &p.Entries[i]
		e.Outside = !e.Untimed && (e.Line.At.Before(start) || !e.Line.At.Before(end))
	}
	if err == nil && !jsonLines(resp) && (len(p.Entries) == 0 || p.Entries[0].Untimed) {
		return tailing.Page{}, s.malformed(op)
	}
	return p, err
}

// check reads the status of an answer.
func (s *Source) check(ctx context.Context, resp *http.Response, op string) error {
	if resp.StatusCode/100 == 2 {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, readSize))
	if err != nil {
		return s.http.TransportFault(ctx, http.MethodGet, op, err)
	}
	return s.http.StatusFault(resp, op, body)
}

// jsonLines reports whether an answer says of itself that it is JSON lines, so
// that an empty one means that nothing was found.
func jsonLines(resp *http.Response) bool {
	media, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return err == nil && (strings.Contains(media, "ndjson") || strings.Contains(media, "stream+json") || strings.Contains(media, "jsonl"))
}

// records reads JSON lines as they come, until their end.
func (s *Source) records(ctx context.Context, resp *http.Response, op string, take func([]tailing.Entry)) error {
	split := lines.Splitter{Max: maxRecord}
	buf := make([]byte, readSize)
	for {
		var came []tailing.Entry
		line := func(raw string, cut bool) {
			if strings.TrimSpace(raw) != "" {
				came = append(came, entryOf(raw, cut))
			}
		}
		n, err := resp.Body.Read(buf)
		split.Add(buf[:n], time.Time{}, line)
		if errors.Is(err, io.EOF) {
			split.End(line)
		}
		if len(came) > 0 {
			take(came)
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return s.http.TransportFault(ctx, http.MethodGet, op, err)
		}
	}
}

// begin returns the limit of a tail's beginning.
func begin(q oncall.LogQuery) int {
	if q.Limit > 0 {
		return q.Limit
	}
	return tailing.History
}
