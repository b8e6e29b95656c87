package prometheus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"conway/internal/oncall"
)

// atOnce is how many queries run at the same time: a fifth of what Prometheus
// runs by default (--query.max-concurrency 20), which others need too during an
// incident.
const atOnce = 4

// errSuperseded ends a round whose question is no longer asked.
var errSuperseded = errors.New("another question was asked")

// answer asks everything that the question holds. A failure of the server is
// the error; a failure of a query is its panel's fault.
//
// The server is asked by its own clock, which the times of its samples are of. By
// ours, one that is behind would be asked about its future, and find nothing, and
// one that is ahead about its past, which it would give out as the present.
func (s *Source) answer(ctx context.Context, q oncall.Question) (oncall.SeriesEvent, error) {
	ahead := s.http.Skew.Ahead()
	event, err := s.answerBy(ctx, q, ahead)
	// The first answer tells that the clocks differ, after it was asked for.
	if now := s.http.Skew.Ahead(); err == nil && now != ahead {
		event, err = s.answerBy(ctx, q, now)
	}
	return event, err
}

// answerBy answers by a clock that is ahead of this machine's.
func (s *Source) answerBy(ctx context.Context, q oncall.Question, ahead time.Duration) (oncall.SeriesEvent, error) {
	there := q
	if !q.End.IsZero() {
		there.End = q.End.Add(ahead)
	}
	p := newPlan(there, time.Now().Add(ahead))
	event := oncall.SeriesEvent{
		Question: q, Window: p.window(), Every: s.every,
		Panels: make([]oncall.Panel, len(q.Queries)),
	}
	r := round{source: s, plan: p, panels: event.Panels, next: make(chan int, len(q.Queries))}
	for i, query := range q.Queries {
		event.Panels[i] = oncall.Panel{PanelQuery: query, Step: p.Step}
		if query.Unfilled == "" {
			r.next <- i
		}
	}
	close(r.next)
	err := r.run(ctx)
	event.Stamp = oncall.Stamp{Source: s.Name(), At: time.Now(), Skew: ahead}
	putHere(&event, ahead)
	return event, err
}

// putHere puts the times of an answer on this machine's clock.
func putHere(e *oncall.SeriesEvent, ahead time.Duration) {
	if ahead == 0 {
		return
	}
	e.Window.Start, e.Window.End = e.Window.Start.Add(-ahead), e.Window.End.Add(-ahead)
	for i := range e.Panels {
		p := &e.Panels[i]
		if p.Latest != nil {
			p.Latest.At = p.Latest.At.Add(-ahead)
		}
		for _, line := range p.Series {
			for j := range line.Points {
				line.Points[j].At = line.Points[j].At.Add(-ahead)
			}
		}
	}
}

// round is one answer while it is made.
type round struct {
	source *Source
	plan   plan
	panels []oncall.Panel
	next   chan int

	mu sync.Mutex
	// answered counts queries to which the server gave any answer.
	answered int
	err      error
}

// run returns when all queries are answered, or one shows that the server is
// not there.
func (r *round) run(ctx context.Context) error {
	if len(r.next) == 0 {
		return r.source.ping(ctx)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var workers sync.WaitGroup
	for range min(atOnce, len(r.next)) {
		workers.Go(func() {
			for i := range r.next {
				if err := r.panel(ctx, i); err != nil {
					r.fail(err)
					cancel()
					return
				}
			}
		})
	}
	workers.Wait()
	return r.err
}

// fail keeps the first error: those after it come of the cancel.
func (r *round) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
}

// panel answers one query and returns an error only for a failure of the
// server.
func (r *round) panel(ctx context.Context, i int) (err error) {
	p := &r.panels[i]
	defer func() {
		if v := recover(); v != nil {
			err = &oncall.Fault{
				Kind: oncall.Malformed, Source: r.source.Name(), Op: opQuery,
				Detail: "an answer could not be read", Cause: fmt.Errorf("panic: %v", v),
			}
		}
	}()
	err = r.source.ask(ctx, p, r.plan)
	f, isFault := errors.AsType[*oncall.Fault](err)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err == nil:
	case isFault && ofQuery(f):
	case isFault && mayBeOfQuery(f) && r.answered > 0:
	default:
		return err
	}
	if err != nil {
		p.Series, p.Latest, p.Fault = nil, nil, f
	}
	r.answered++
	return nil
}

// ping asks what any Prometheus can answer, so that with no question, too, it is
// known whether the server is there and how fresh that is.
func (s *Source) ping(ctx context.Context) error {
	_, err := s.instant(ctx, "vector(1)", time.Now().Add(s.http.Skew.Ahead()))
	return err
}
