package elasticsearch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/tailing"
)

const (
	// defaultPage is how many lines one request asks for.
	defaultPage = 500
	// maxPage is the most that an index gives at once unless it is told otherwise
	// (index.max_result_window).
	maxPage = 10_000
	// keepAlive is how long a point in time is kept between two pages.
	keepAlive = "1m"
	// searchPath is what a point in time is searched at; its index is known.
	searchPath = "_search"
	// closeTimeout bounds the closing of a point in time, also of a search that was
	// cancelled. One that is not closed ends by itself after keepAlive.
	closeTimeout = 2 * time.Second
	// nanosFormat keeps all digits of a time.
	nanosFormat = "strict_date_optional_time_nanos"
)

// answer is one of _search.
type answer struct {
	TimedOut bool `json:"timed_out"`
	Shards   *struct {
		Total    int `json:"total"`
		Failed   int `json:"failed"`
		Failures []struct {
			Reason struct {
				Reason *string `json:"reason"`
			} `json:"reason"`
		} `json:"failures"`
	} `json:"_shards"`
	Clusters struct {
		Total   int `json:"total"`
		Skipped int `json:"skipped"`
		Failed  int `json:"failed"`
	} `json:"_clusters"`
	Hits *struct {
		Total json.RawMessage   `json:"total"`
		Hits  []json.RawMessage `json:"hits"`
	} `json:"hits"`
	PIT string `json:"pit_id"`
}

// reader asks for the pages of one query.
type reader struct {
	source *Source
	op     string
	query  map[string]any
	store  store
	// point is the point in time, empty for the present.
	point string
	// after is where the last page ended, where the store has a tie-breaker.
	after []json.RawMessage
	// matched is how many lines match as the first page says, negative when it
	// does not.
	matched int64
	asked   bool
}

// walk goes through a window of a query.
func (r *reader) walk(start, end time.Time, limit int) *tailing.Walk {
	s := r.source
	r.matched = -1
	return &tailing.Walk{
		Ask: r.page, Ahead: s.http.Skew.Ahead, Start: start, End: end, Limit: limit,
		Size: s.o.Page, Most: maxPage, Cursor: r.cursor(),
	}
}

// cursor reports whether the store breaks ties between lines of one time.
func (r *reader) cursor() bool { return r.point != "" && !r.store.openSearch }

// page asks for the newest lines of a window that it has not given yet.
func (r *reader) page(ctx context.Context, start, end time.Time, limit int) (tailing.Page, error) {
	s, field := r.source, r.store.timeField
	sort := []any{map[string]any{field: map[string]any{"order": "desc", "format": nanosFormat, "unmapped_type": "date"}}}
	body := map[string]any{
		"size": limit, "timeout": fmt.Sprintf("%dms", s.o.Timeout.Milliseconds()*9/10),
		"query": map[string]any{"bool": map[string]any{"filter": []any{r.span(start, end), r.query}}},
	}
	path, params := s.o.Index+"/"+searchPath, tolerant()
	if r.point != "" {
		path, params = searchPath, nil
		body["pit"] = map[string]any{"id": r.point, "keep_alive": keepAlive}
	}
	if r.cursor() {
		sort = append(sort, map[string]any{"_shard_doc": "asc"})
		if r.after != nil {
			body["search_after"] = r.after
		}
	}
	body["sort"] = sort
	if r.asked {
		body["track_total_hits"] = false
	}
	var a answer
	if err := s.call(ctx, r.op, http.MethodPost, path, params, body, &a); err != nil {
		return tailing.Page{}, err
	}
	return r.read(a, start, end)
}

// span is the filter of a window. A field of milliseconds is compared by its
// whole ones, so the end is put in, and read leaves out what is too much.
func (r *reader) span(start, end time.Time) any {
	return map[string]any{"range": map[string]any{r.store.timeField: map[string]any{
		"gte": start.UTC().Format(time.RFC3339Nano), "lte": end.Add(-1).UTC().Format(time.RFC3339Nano), "format": nanosFormat,
	}}}
}

func (r *reader) read(a answer, start, end time.Time) (tailing.Page, error) {
	s := r.source
	if a.Hits == nil || a.Shards == nil {
		return tailing.Page{}, s.malformed(r.op)
	}
	if a.PIT != "" {
		r.point = a.PIT
	}
	if !r.asked {
		r.matched = matched(a.Hits.Total)
		r.asked = true
	}
	p := tailing.Page{Partial: partial(a), Entries: make([]tailing.Entry, 0, len(a.Hits.Hits))}
	for _, raw := range a.Hits.Hits {
		e, sort := s.entry(raw, r.store.timeField)
		if sort != nil {
			r.after = sort
		}
		p.Entries = append(p.Entries, e)
	}
	tailing.Sort(p.Entries, start)
	for i := range p.Entries {
		e := &p.Entries[i]
		e.Outside = !e.Untimed && (e.Line.At.Before(start) || !e.Line.At.Before(end))
	}
	return p, nil
}

// matched reads hits.total, an object or, from old versions, a number; negative
// when it is not exact.
func matched(raw json.RawMessage) int64 {
	var n json.Number
	var total struct {
		Value    json.Number `json:"value"`
		Relation string      `json:"relation"`
	}
	if json.Unmarshal(raw, &n) != nil {
		if json.Unmarshal(raw, &total) != nil || total.Relation != "eq" {
			return -1
		}
		n = total.Value
	}
	if v, err := n.Int64(); err == nil {
		return v
	}
	return -1
}

// partial says what an answer lacks, empty for nothing.
func partial(a answer) string {
	switch {
	case a.Shards.Failed > 0:
		why := fmt.Sprintf("%d of %d shards failed", a.Shards.Failed, a.Shards.Total)
		for _, f := range a.Shards.Failures {
			if f.Reason.Reason != nil {
				return why + ": " + sources.Printable(*f.Reason.Reason, maxWords)
			}
		}
		return why
	case a.TimedOut:
		return "the store ran out of time before it had looked at everything"
	case a.Clusters.Skipped+a.Clusters.Failed > 0:
		return fmt.Sprintf("%d of %d clusters did not answer", a.Clusters.Skipped+a.Clusters.Failed, a.Clusters.Total)
	}
	return ""
}

// open opens a point in time, where the store knows them.
func (r *reader) open(ctx context.Context) error {
	if r.store.noPoint {
		return nil
	}
	path := r.source.o.Index + "/_pit"
	params := tolerant()
	params.Del("allow_no_indices")
	if r.store.openSearch {
		path = r.source.o.Index + "/_search/point_in_time"
	}
	params.Set("keep_alive", keepAlive)
	var a struct {
		ID  string `json:"id"`
		PIT string `json:"pit_id"`
	}
	err := r.source.call(ctx, r.op, http.MethodPost, path, params, nil, &a)
	if f, ok := errors.AsType[*oncall.Fault](err); ok {
		switch f.Status {
		case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotImplemented:
			r.source.withoutPoint()
			return nil
		}
	}
	if err != nil {
		return err
	}
	if r.point = a.ID + a.PIT; r.point == "" {
		return r.source.malformed(r.op)
	}
	return nil
}

// close closes the point in time, also when ctx has ended.
func (r *reader) close(ctx context.Context) {
	if r.point == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	path, body := "_pit", map[string]any{"id": r.point}
	if r.store.openSearch {
		path, body = "_search/point_in_time", map[string]any{"pit_id": []string{r.point}}
	}
	// A failure takes nothing from what was found, and the store closes it anyway.
	_ = r.source.call(ctx, r.op, http.MethodDelete, path, nil, body, nil)
}

// clause makes the store's query of a text.
func (s *Source) clause(op, text string) (map[string]any, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return map[string]any{"match_all": map[string]any{}}, nil
	case text[0] != '{':
		return map[string]any{"query_string": map[string]any{"query": text}}, nil
	}
	var dsl map[string]any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&dsl); err != nil || d.More() {
		return nil, &oncall.Fault{
			Kind: oncall.Rejected, Source: s.o.Name, Op: op, Detail: "the query begins with a brace but is no JSON",
			Fix: `write {"match": {"message": "timeout"}}, or words such as level:error`, Cause: err,
		}
	}
	return dsl, nil
}
