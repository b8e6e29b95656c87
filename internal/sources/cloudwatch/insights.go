package cloudwatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/tailing"
)

const (
	// stopTimeout bounds the stopping of a job, also of a search that was cancelled.
	stopTimeout = 5 * time.Second
	// maxRows is the most that a job gives.
	maxRows = 10_000
	// maxWords bounds the other side's own words, in characters.
	maxWords = 200
)

// insights reports whether a query is one of Logs Insights. A filter pattern may
// begin with the same word, but holds neither a pipe nor an @ outside of quotes.
func insights(query string) bool {
	word, rest, _ := strings.Cut(strings.TrimSpace(query), " ")
	switch strings.ToLower(word) {
	case "fields", "filter", "parse", "stats", "sort", "limit", "display", "dedup", "pattern":
		return strings.ContainsAny(rest, "@|")
	}
	return false
}

// job is a search of Logs Insights.
type job struct {
	Status  string  `json:"status"`
	Results [][]row `json:"results"`
	Stats   struct {
		Matched float64 `json:"recordsMatched"`
		Bytes   float64 `json:"bytesScanned"`
	} `json:"statistics"`
}

type row struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// searchJob has Logs Insights search, and hands over what it found.
func (s *Source) searchJob(ctx context.Context, q oncall.LogQuery, limit int, found func(oncall.LogPart)) (oncall.LogFound, error) {
	f := oncall.LogFound{Matched: -1}
	ahead := s.http.Skew.Ahead()
	start, end := tailing.Window(q.Window, searchBack, ahead)
	// One line more than is wanted tells whether there are more.
	most := min(limit+1, maxRows)
	id, err := s.startJob(ctx, s.query(q), start, end, most)
	if s.http.Skew.Ahead() != ahead && err == nil {
		// The first answer tells that the clocks differ, after the window was asked for.
		s.stopJob(ctx, id)
		start, end = tailing.Window(q.Window, searchBack, s.http.Skew.Ahead())
		id, err = s.startJob(ctx, s.query(q), start, end, most)
	}
	if err != nil {
		return f, err
	}
	j, err := s.await(ctx, id)
	part, over := s.part(j, start, end, limit)
	f.Lines, f.Scanned = len(part.Lines), part.Scanned
	switch {
	case err != nil:
		s.stopJob(ctx, id)
		f.Why = "the search was broken off"
	case over || len(j.Results) >= most:
		f.Why = fmt.Sprintf("the limit of %d lines was reached", f.Lines)
		f.Matched = max(int64(j.Stats.Matched), int64(f.Lines))
	default:
		f.Complete, f.Matched = true, int64(f.Lines)
	}
	if err == nil || f.Lines > 0 {
		found(part)
	}
	return f, err
}

// part returns what a job found in a window, and whether those are only the newest
// lines of more than limit.
func (s *Source) part(j job, start, end time.Time, limit int) (p oncall.LogPart, over bool) {
	entries := make([]tailing.Entry, 0, len(j.Results))
	for _, r := range j.Results {
		e := jobEntry(r)
		// A job's window is in whole seconds.
		if e.Untimed || !e.Line.At.Before(start) && e.Line.At.Before(end) {
			entries = append(entries, e)
		}
	}
	tailing.Sort(entries, start)
	if n := len(entries) - limit; n > 0 {
		entries, over = entries[n:], true
	}
	return oncall.LogPart{Lines: tailing.Lines(entries, s.o.Name, s.http.Skew.Ahead()), Done: 1, Scanned: int64(j.Stats.Bytes)}, over
}

func (s *Source) startJob(ctx context.Context, query string, start, end time.Time, most int) (string, error) {
	groups := "logGroupNames"
	if slices.ContainsFunc(s.o.Groups, func(g string) bool { return strings.HasPrefix(g, "arn:") }) {
		groups = "logGroupIdentifiers"
	}
	var a struct {
		ID string `json:"queryId"`
	}
	begin, begun := sources.Lingering(ctx)
	defer begun()
	err := s.call(begin, opSearch, "StartQuery", map[string]any{
		groups: s.o.Groups, "queryString": query, "limit": most,
		"startTime": start.Unix(), "endTime": end.Add(time.Second - 1).Unix(),
	}, &a)
	switch {
	case err != nil && ctx.Err() != nil:
		err = s.http.TransportFault(ctx, http.MethodGet, opSearch, ctx.Err())
	case err == nil && a.ID == "":
		err = s.malformed(opSearch, nil)
	}
	return a.ID, err
}

// await looks at a job until it has ended. With an error it returns what the job
// had found by then.
func (s *Source) await(ctx context.Context, id string) (job, error) {
	var last job
	for {
		var j job
		if err := s.call(ctx, opSearch, opResults, map[string]any{"queryId": id}, &j); err != nil {
			return last, err
		}
		last = j
		switch j.Status {
		case "Complete":
			return j, nil
		case "Scheduled", "Running":
		case "":
			return j, s.malformed(opSearch, nil)
		default:
			return j, s.jobFailed(j.Status)
		}
		if err := sleep(ctx, s.o.Poll); err != nil {
			return j, err
		}
	}
}

// jobFailed says how a job ended that is not complete.
func (s *Source) jobFailed(status string) *oncall.Fault {
	f := &oncall.Fault{Kind: oncall.Unavailable, Source: s.o.Name, Op: opSearch, Fix: "search again"}
	switch status {
	case "Timeout":
		f.Detail, f.Fix = "the search took too long, and Logs Insights ended it", "choose a shorter window"
	case "Cancelled":
		f.Detail = "the search was cancelled in Logs Insights"
	case "Failed":
		f.Detail = "the search failed, and Logs Insights does not say why"
	case "Unknown":
		f.Detail = "Logs Insights does not know any more how the search stands"
	default:
		f.Detail = "the search ended otherwise: " + sources.Printable(status, maxWords)
	}
	return f
}

// stopJob stops a job that nobody waits for, also when ctx has ended.
func (s *Source) stopJob(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	// A failure takes nothing from what is said of the search, and a job ends by
	// itself some time.
	_ = s.call(ctx, opSearch, "StopQuery", map[string]any{"queryId": id}, &json.RawMessage{})
}

// errNoTime reports a row without a time that could be read.
var errNoTime = errors.New("no time")

// jobEntry reads one row of a job, of whatever fields the query asked for.
func jobEntry(fields []row) tailing.Entry {
	var message, stream, ptr string
	at, err := time.Time{}, errNoTime
	var rest []string
	for _, f := range fields {
		switch f.Field {
		case "@timestamp":
			at, err = time.ParseInLocation("2006-01-02 15:04:05.000", f.Value, time.UTC)
		case "@message":
			message = f.Value
		case "@logStream":
			stream = f.Value
		case "@ptr":
			ptr = f.Value
		default:
			rest = append(rest, f.Field+"="+logfmt(f.Value))
		}
	}
	if message == "" {
		message = strings.Join(rest, " ")
	}
	if err != nil {
		e := tailing.Unread(message, ptr, stream)
		e.Line = lineOf(message, time.Time{}, stream)
		return e
	}
	return tailing.Entry{Key: stream, ID: ptr, Line: lineOf(message, at, stream)}
}

// logfmt writes a value as a structured line has it.
func logfmt(v string) string {
	if v == "" || strings.ContainsAny(v, " \"=\n\t") {
		return strconv.Quote(v)
	}
	return v
}
