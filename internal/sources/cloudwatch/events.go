package cloudwatch

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources/tailing"
)

const (
	// defaultPage is how many lines one request asks for, and maxPage the most that
	// it may.
	defaultPage = 1000
	maxPage     = 10_000
)

// newestFrom is since when CloudWatch can give the newest lines first.
func newestFrom() time.Time { return time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC) }

// errSameToken reports pages that would never end.
var errSameToken = errors.New("the same pages again and again")

// filter is a request for lines.
type filter struct {
	Group      string `json:"logGroupName,omitempty"`
	Identifier string `json:"logGroupIdentifier,omitempty"`
	// Start and End are milliseconds since 1970, both inclusive.
	Start   int64  `json:"startTime"`
	End     int64  `json:"endTime"`
	Pattern string `json:"filterPattern,omitempty"`
	Limit   int    `json:"limit"`
	Token   string `json:"nextToken,omitempty"`
	// FromHead is false for the newest lines first.
	FromHead bool `json:"startFromHead"`
}

// filtered is one page of an answer.
type filtered struct {
	Events *[]json.RawMessage `json:"events"`
	Next   string             `json:"nextToken"`
}

// walk goes through a window of a filter pattern, over all groups.
func (s *Source) walk(op, pattern string, start, end time.Time, limit int) *tailing.Walk {
	return &tailing.Walk{
		Ahead: s.http.Skew.Ahead, Start: start, End: end, Limit: limit, Size: s.o.Page, Most: maxPage,
		Ask: func(ctx context.Context, start, end time.Time, limit int) (tailing.Page, error) {
			var p tailing.Page
			var failed error
			for _, g := range s.o.Groups {
				f := filter{
					Start: ceilMillis(start), End: end.Add(-1).UnixMilli(), Pattern: pattern,
					Limit: min(limit, maxPage), FromHead: start.Before(newestFrom()),
				}
				if f.Group = g; strings.HasPrefix(g, "arn:") {
					f.Group, f.Identifier = "", g
				}
				some, err := s.newest(ctx, op, f, limit)
				p.Entries = append(p.Entries, some...)
				if failed = err; failed != nil {
					break
				}
			}
			tailing.Sort(p.Entries, start)
			if over := len(p.Entries) - limit; over > 0 {
				p.Entries = p.Entries[over:]
			}
			return p, failed
		},
	}
}

// newest returns the newest lines of one group, at most limit and ordered by time;
// with an error, what came before it.
// Where they come newest first, it ends as soon as it has them; otherwise all have
// to be seen.
func (s *Source) newest(ctx context.Context, op string, f filter, limit int) ([]tailing.Entry, error) {
	var all []tailing.Entry
	tokens, ids := map[string]bool{}, map[string]bool{}
	for {
		var a filtered
		if err := s.call(ctx, op, "FilterLogEvents", f, &a); err != nil {
			return all, err
		}
		if a.Events == nil {
			return all, s.malformed(op, nil)
		}
		page := make([]tailing.Entry, 0, len(*a.Events))
		for _, raw := range *a.Events {
			e := entry(raw, f.Group+f.Identifier)
			if e.ID != "" && ids[e.ID] {
				continue // CloudWatch gives an event on two pages now and then
			}
			ids[e.ID] = true
			page = append(page, e)
		}
		backwards := newestFirst(page)
		all = append(all, page...)
		tailing.Sort(all, time.UnixMilli(f.Start))
		if over := len(all) - limit; over > 0 {
			all = all[over:]
		}
		if a.Next == "" || backwards && len(all) == limit {
			return all, nil
		}
		if tokens[a.Next] {
			return all, s.malformed(op, errSameToken)
		}
		tokens[a.Next] = true
		f.Token = a.Next
	}
}

// newestFirst reports whether a page shows that what follows it is older.
func newestFirst(page []tailing.Entry) bool {
	var first, last time.Time
	for _, e := range page {
		if e.Untimed {
			continue
		}
		if first.IsZero() {
			first = e.Line.At
		}
		last = e.Line.At
	}
	return last.Before(first)
}

// ceilMillis returns the first whole millisecond that is not before t.
func ceilMillis(t time.Time) int64 { return t.Add(time.Millisecond - 1).UnixMilli() }

// entry reads one line of a group, by the store's clock.
func entry(raw json.RawMessage, group string) tailing.Entry {
	var e struct {
		At      *int64  `json:"timestamp"`
		Message *string `json:"message"`
		Stream  string  `json:"logStreamName"`
		ID      string  `json:"eventId"`
	}
	if json.Unmarshal(raw, &e) != nil || e.At == nil || e.Message == nil {
		return tailing.Unread(string(raw), group, group)
	}
	return tailing.Entry{Key: group + "\x00" + e.Stream, ID: e.ID, Line: lineOf(*e.Message, time.UnixMilli(*e.At).UTC(), e.Stream)}
}

// lineOf reads a message, whose time is what the store says.
func lineOf(message string, at time.Time, origin string) oncall.LogLine {
	raw, cut := tailing.Cap(strings.TrimRight(message, "\r\n"))
	l := oncall.ParseLine(raw, at)
	l.At, l.Origin, l.Cut = at, origin, cut
	return l
}
