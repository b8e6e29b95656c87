package cloudwatch

import (
	"context"
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

// Search finds lines, the newest first. Cancelling ends the request that is under
// way, and a job of Logs Insights on the other side too.
func (s *Source) Search(ctx context.Context, q oncall.LogQuery, found func(oncall.LogPart)) (oncall.LogFound, error) {
	none := oncall.LogFound{Matched: -1}
	if q.Unfilled != "" {
		return none, tailing.Askable(s.o.Name, opSearch, q, "")
	}
	if err := ctx.Err(); err != nil {
		return none, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = searchLimit
	}
	if insights(s.query(q)) {
		return s.searchJob(ctx, q, limit, found)
	}
	start, end := tailing.Window(q.Window, searchBack, s.http.Skew.Ahead())
	w := s.walk(opSearch, s.query(q), start, end, limit)
	err := w.Run(ctx, func(entries []tailing.Entry) {
		found(oncall.LogPart{Lines: tailing.Lines(entries, s.o.Name, s.http.Skew.Ahead()), Done: w.Done()})
	})
	return w.Found(err), err
}

// tail follows one query until something ends it.
func (s *Source) tail(ctx context.Context, q oncall.LogQuery, turn int, emit sources.Emit) error {
	if insights(s.query(q)) {
		return &oncall.Fault{
			Kind: oncall.Rejected, Source: s.o.Name, Op: tailing.OpFollow, Detail: "a query of Logs Insights cannot be followed",
			Fix: "search with it instead, or write a filter pattern such as ERROR",
		}
	}
	out := tailing.NewOut(s.o.Name, q, &s.place, s.http.Skew.Ahead, emit)
	return sources.Poll(ctx, s.o.Every, s.nudge, func(ctx context.Context) error {
		return s.round(ctx, q, turn, out)
	})
}

// round asks once for what the place does not know yet.
func (s *Source) round(ctx context.Context, q oncall.LogQuery, turn int, out *tailing.Out) error {
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
	w := s.walk(tailing.OpFollow, s.query(q), start, end, limit)
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
	out.PutOrAlive(all)
	return out.NowAndThen(ctx, func(start, end time.Time, limit int) *tailing.Walk {
		return s.walk(tailing.OpFollow, s.query(q), start, end, limit)
	})
}
