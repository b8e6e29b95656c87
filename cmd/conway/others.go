package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"conway/internal/feed"
	"conway/internal/ledger"
	"conway/internal/oncall"
	"conway/internal/sources"
)

const (
	// othersEvery is how often the ledger is looked at for what other cockpits did:
	// one look at the end of an index.
	othersEvery = time.Second
	// othersBack is how many records before the start are read: what a colleague
	// asked for a moment ago may still be under way.
	othersBack = 1000
)

// others is what the ledger says of the actions of every cockpit that shares it.
// What this one's outbox delivers is left out: the outbox itself tells of that.
type others struct {
	mu sync.Mutex
	// mine are the actions that the outbox tells of.
	mine map[string]bool
	// last is the newest word on each action.
	last map[string]oncall.ActionEvent
}

// note hears what the outbox tells. An action that another cockpit has taken
// over is that one's from then on.
func (o *others) note(e oncall.ActionEvent) {
	if e.By != "" {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.mine == nil {
		o.mine = map[string]bool{}
	}
	o.mine[e.Action.ID] = e.Err == nil || !errors.Is(e.Err, feed.ErrTakenOver)
}

// hear takes a record and returns the event that it is, if it is news.
func (o *others) hear(r ledger.Record, now time.Time) (oncall.ActionEvent, bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var e oncall.ActionEvent
	switch r.Kind {
	case ledger.KindAction:
		var a oncall.Action
		if err := r.Decode(&a); err != nil {
			return e, false, err
		}
		e = oncall.ActionEvent{Action: a, State: oncall.Sending, By: r.Actor}
		if a.NotBefore.After(now) {
			e.State = oncall.Held
		}
		if e.By == "" {
			e.By = "another cockpit"
		}
	case ledger.KindActionState:
		var s ledger.ActionChange
		if err := r.Decode(&s); err != nil {
			return e, false, err
		}
		known, ok := o.last[s.ID]
		if !ok {
			return e, false, nil // it was asked for before othersBack
		}
		e = known
		e.State, e.Err = s.State, faultOf(s.Fault)
	default:
		return e, false, nil
	}
	e.Stamp = oncall.Stamp{Source: e.Action.Target.Source, At: r.At, Err: e.Err}
	if o.last == nil {
		o.last = map[string]oncall.ActionEvent{}
	}
	o.last[e.Action.ID] = e
	return e, !o.mine[e.Action.ID], nil
}

// disowned returns the newest word on the actions that the outbox let go of,
// once each.
func (o *others) disowned() []oncall.ActionEvent {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []oncall.ActionEvent
	for id, mine := range o.mine {
		if e, ok := o.last[id]; ok && !mine {
			delete(o.mine, id)
			out = append(out, e)
		}
	}
	return out
}

// faultOf makes a fault of what is written of one.
func faultOf(n *ledger.FaultNote) *oncall.Fault {
	if n == nil {
		return nil
	}
	return &oncall.Fault{
		Kind: oncall.Rejected, Source: n.Source, Op: n.Op, Status: n.Status, Detail: n.Detail, Fix: n.Fix, Ambiguous: n.Ambiguous,
	}
}

// watchOthers shows what other cockpits on the same ledger ask for and what
// becomes of it, until ctx ends.
func (c *core) watchOthers(ctx context.Context) {
	var at ledger.Cursor
	begun, failed := false, false
	for {
		if c.journal.Writable() == nil {
			var err error
			if !begun {
				at, err = c.journal.Tail(ctx, othersBack)
				begun = err == nil
			}
			if err == nil {
				at, err = c.readOthers(ctx, at)
			}
			// While the ledger is broken it is mend that says so.
			if err != nil && ctx.Err() == nil && !failed && c.journal.Writable() == nil {
				c.ledgerFailed("read what other cockpits did", err)
			}
			failed = err != nil
		}
		if !sleep(ctx, sources.Beat(time.Now(), othersEvery)) {
			return
		}
	}
}

// readOthers tells of the records after a cursor and returns the one after them.
func (c *core) readOthers(ctx context.Context, at ledger.Cursor) (ledger.Cursor, error) {
	for _, e := range c.others.disowned() {
		c.emit(e)
	}
	for {
		records, next, err := c.journal.Since(ctx, at)
		if err != nil || len(records) == 0 {
			return at, err
		}
		for _, r := range records {
			e, news, err := c.others.hear(r, c.now())
			if err != nil {
				c.log.Warn("a record of the ledger cannot be read", "id", r.ID, "error", err.Error())
			}
			if news {
				c.emit(e)
			}
		}
		at = next
	}
}
