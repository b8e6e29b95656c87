package tailing

import (
	"context"
	"errors"
	"sync"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// OpFollow is what a tail that fails was about to do.
const OpFollow = "follow logs"

// tooSoon is how early an end of a tail is no regular one: a store that ends
// each one at once would be asked without a pause.
const tooSoon = 5 * time.Second

// errSuperseded ends the tail of a query that is no longer followed.
var errSuperseded = errors.New("another query is followed")

// Aim is the query that a source is pointed at. The zero value is pointed at
// nothing.
type Aim struct {
	mu    sync.Mutex
	query oncall.LogQuery
	// turn counts the queries.
	turn int
	// changed is closed when there is another query than one that cannot be asked.
	changed   chan struct{}
	supersede context.CancelCauseFunc
}

// Follow points the source at q. The same query again changes nothing.
func (a *Aim) Follow(q oncall.LogQuery) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.turn > 0 && q == a.query {
		return
	}
	a.query = q
	a.turn++
	if a.supersede != nil {
		a.supersede(errSuperseded)
	}
	if a.changed != nil {
		close(a.changed)
		a.changed = nil
	}
}

// Tail follows one query, the turn-th, until ctx ends or it cannot go on. Nil
// means that the other side has ended it as it does now and then, and that it can
// be begun again.
type Tail func(ctx context.Context, q oncall.LogQuery, turn int) error

// Run has each query followed in turn until ctx ends or a tail fails. A query
// that cannot be asked is answered with the reason, under the source's name.
func (a *Aim) Run(ctx context.Context, name string, emit sources.Emit, tail Tail) error {
	for ctx.Err() == nil {
		round, cancel := context.WithCancelCause(ctx)
		q, turn, changed := a.begin(cancel)
		err := error(nil)
		switch {
		case changed != nil:
			if q.Unfilled != "" {
				emit(unfilled(name, q))
			}
			select {
			case <-changed:
			case <-ctx.Done():
			}
		default:
			began := time.Now()
			err = tail(round, q, turn)
			if err == nil && round.Err() == nil && time.Since(began) < tooSoon {
				err = &oncall.Fault{Kind: oncall.Unavailable, Source: name, Op: OpFollow, Detail: "the other side ends each tail at once"}
			}
		}
		superseded := errors.Is(context.Cause(round), errSuperseded)
		cancel(nil)
		if err != nil && !superseded && ctx.Err() == nil {
			return err
		}
	}
	return ctx.Err()
}

// begin returns the query to follow, or a channel that is closed when there is
// another one because this one cannot be followed.
func (a *Aim) begin(cancel context.CancelCauseFunc) (q oncall.LogQuery, turn int, changed <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.turn == 0 || a.query.Unfilled != "" {
		if a.changed == nil {
			a.changed = make(chan struct{})
		}
		return a.query, a.turn, a.changed
	}
	a.supersede = cancel
	return a.query, a.turn, nil
}

func unfilled(name string, q oncall.LogQuery) oncall.LinesEvent {
	return oncall.LinesEvent{
		Scope: q.Scope,
		Stamp: oncall.Stamp{Source: name, At: time.Now(), Err: &oncall.Fault{
			Kind: oncall.Rejected, Source: name, Op: OpFollow, Detail: sources.Printable(q.Unfilled, maxWords),
		}},
	}
}

// maxWords bounds a reason inside a fault, in characters.
const maxWords = 200
