package elasticsearch

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/tailing"
)

const (
	// searchBack is how far a search goes back whose query does not say.
	searchBack = time.Hour
	// searchLimit is how many lines a search finds whose query does not say.
	searchLimit = 10_000
	// catchUp is how many lines are fetched at once after an interruption.
	catchUp = 5000
)

// reader makes ready to ask a query.
func (s *Source) reader(ctx context.Context, op string, q oncall.LogQuery) (*reader, error) {
	if q.Unfilled != "" {
		return nil, tailing.Askable(s.o.Name, op, q, "")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	clause, err := s.clause(op, s.query(q))
	if err != nil {
		return nil, err
	}
	st, err := s.know(ctx, op)
	if err != nil {
		return nil, err
	}
	return &reader{source: s, op: op, query: clause, store: st}, nil
}

// Search finds lines, the newest first, in one moment of the store. Cancelling
// closes the request, upon which the store ends it, and the point in time.
func (s *Source) Search(ctx context.Context, q oncall.LogQuery, found func(oncall.LogPart)) (oncall.LogFound, error) {
	none := oncall.LogFound{Matched: -1}
	r, err := s.reader(ctx, opSearch, q)
	if err != nil {
		return none, err
	}
	if err := r.open(ctx); err != nil {
		return none, err
	}
	defer func() { r.close(ctx) }()
	limit := q.Limit
	if limit <= 0 {
		limit = searchLimit
	}
	start, end := tailing.Window(q.Window, searchBack, s.http.Skew.Ahead())
	w := r.walk(start, end, limit)
	err = w.Run(ctx, func(entries []tailing.Entry) {
		found(oncall.LogPart{Lines: tailing.Lines(entries, s.o.Name, s.http.Skew.Ahead()), Done: w.Done()})
	})
	out := w.Found(err)
	if r.matched > int64(out.Lines) && err == nil && !out.Complete {
		out.Matched = r.matched
	}
	return out, err
}

// Estimate asks how many lines match and how many shards would be asked.
func (s *Source) Estimate(ctx context.Context, q oncall.LogQuery) (oncall.LogCost, error) {
	none := oncall.LogCost{Bytes: -1, Lines: -1}
	r, err := s.reader(ctx, opEstimate, q)
	if err != nil {
		return none, err
	}
	start, end := tailing.Window(q.Window, searchBack, s.http.Skew.Ahead())
	var count struct {
		Count *json.Number `json:"count"`
	}
	body := map[string]any{"query": map[string]any{"bool": map[string]any{"filter": []any{r.span(start, end), r.query}}}}
	if err := s.call(ctx, opEstimate, http.MethodPost, s.o.Index+"/_count", tolerant(), body, &count); err != nil {
		return none, err
	}
	var shards struct {
		Shards []json.RawMessage `json:"shards"`
	}
	if err := s.call(ctx, opEstimate, http.MethodGet, s.o.Index+"/_search_shards", tolerant(), nil, &shards); err != nil {
		return none, err
	}
	if count.Count == nil {
		return none, s.malformed(opEstimate)
	}
	n, err := count.Count.Int64()
	if err != nil {
		return none, s.malformed(opEstimate)
	}
	return oncall.LogCost{Bytes: -1, Lines: n, Parts: len(shards.Shards), PartName: "shards"}, nil
}

// tail follows one query until something ends it.
func (s *Source) tail(ctx context.Context, q oncall.LogQuery, turn int, emit sources.Emit) error {
	out := tailing.NewOut(s.o.Name, q, &s.place, s.http.Skew.Ahead, emit)
	return sources.Poll(ctx, s.o.Every, s.nudge, func(ctx context.Context) error {
		return s.round(ctx, q, turn, out)
	})
}

// round asks once for what the place does not know yet.
func (s *Source) round(ctx context.Context, q oncall.LogQuery, turn int, out *tailing.Out) error {
	r, err := s.reader(ctx, tailing.OpFollow, q)
	if err != nil {
		return err
	}
	limit := catchUp
	start, end := tailing.Window(oncall.Window{Start: q.Window.Start}, tailing.Lookback, s.http.Skew.Ahead())
	first := !s.place.Arrived(turn)
	if first {
		if limit = q.Limit; limit <= 0 {
			limit = tailing.History
		}
	} else {
		start = s.place.From()
	}
	w := r.walk(start, end, limit)
	missing := ""
	w.Ask = func(ctx context.Context, start, end time.Time, limit int) (tailing.Page, error) {
		p, err := r.page(ctx, start, end, limit)
		if p.Partial != "" {
			missing, p.Partial = p.Partial, ""
		}
		return p, err
	}
	all, err := w.All(ctx)
	if err != nil {
		return err
	}
	if first {
		s.place.Begin(w.Start)
		s.place.Know(w.Reached())
		s.place.Arrive(turn)
	} else {
		out.Left(w)
	}
	if missing == "" {
		s.place.Release()
		out.PutOrAlive(all)
		return out.NowAndThen(ctx, r.walk)
	}
	// What the others hold is asked for until they answer.
	s.place.Hold()
	out.Put(all)
	out.Fault(&oncall.Fault{Kind: oncall.Unavailable, Source: s.o.Name, Op: tailing.OpFollow, Detail: missing})
	return nil
}
