package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

const (
	// maxFlights bounds the calls under way at once. One person rarely acts on
	// more pages at a time, and a bulk action must not look like an attack.
	maxFlights = 4
	// defaultSettle is how long an unanswered note may still arrive: longer than
	// a server and a proxy before it usually hold a request.
	defaultSettle = 15 * time.Second
)

// OutboxOptions say where actions go and who hears of them.
type OutboxOptions struct {
	// Sources are the targets by configured name. Their abilities decide what can
	// be asked of them. The map must not change any more.
	Sources map[string]sources.Source
	// Emit hears of every change of every action, in order. It is called with the
	// outbox locked, so it must not call the outbox.
	Emit sources.Emit
	// Log takes the stacks of recovered panics; nil discards them.
	Log *slog.Logger
	// Now tells the time; nil means time.Now.
	Now func() time.Time
	// Rand returns a random number in [0, 1); nil means math/rand.
	Rand func() float64
	// Settle is how long a note whose answer was lost may still arrive by itself;
	// until then it is looked for and not sent again. 0 means 15 s.
	Settle time.Duration
}

// Outbox delivers actions. Each one that was submitted and not cancelled ends
// Confirmed, by the source's own word, or Refused; until then it is tried again
// for as long as Run runs. Actions on one page are carried out one after the
// other, in the order in which they were submitted.
//
// It keeps them in memory only.
type Outbox struct {
	opts OutboxOptions
	wake sources.Nudge

	mu      sync.Mutex
	running bool
	// pending holds what is not done, in the order of submission.
	pending []*delivery
	flights int
	// idle is closed once nothing is pending; nil while nobody waits for that.
	idle chan struct{}
}

// NewOutbox returns an empty outbox. Nothing is sent before Run.
func NewOutbox(o OutboxOptions) *Outbox {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	if o.Settle <= 0 {
		o.Settle = defaultSettle
	}
	return &Outbox{opts: o, wake: sources.NewNudge()}
}

// Submit takes an action and returns at once. It emits Held while NotBefore is
// in the future, Sending otherwise, or Refused when the target's source is
// unknown or has no such ability. An action whose ID is pending already is the
// same one and is not taken twice.
func (o *Outbox) Submit(a oncall.Action) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.find(a.ID) >= 0 {
		return
	}
	d := &delivery{action: a, held: a.NotBefore.After(o.opts.Now())}
	if fault := unable(o.opts.Sources, a); fault != nil {
		o.emit(d, oncall.Refused, fault, time.Time{})
		return
	}
	// From here on it is accepted: what makes it durable belongs before this line.
	o.pending = append(o.pending, d)
	if d.held {
		o.emit(d, oncall.Held, nil, time.Time{})
	} else {
		o.emit(d, oncall.Sending, nil, time.Time{})
	}
	o.wake.Poke()
}

// Cancel takes back an action that is still held, and emits Cancelled. It
// returns false when there is no such action or it is too late.
func (o *Outbox) Cancel(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	i := o.find(id)
	if i < 0 || !o.pending[i].held {
		return false
	}
	o.finish(o.pending[i], oncall.Cancelled, nil)
	o.wake.Poke()
	return true
}

// Pending returns how many actions are neither Confirmed, Refused nor
// Cancelled.
func (o *Outbox) Pending() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.pending)
}

// Flush sends what is held now and waits until nothing is pending. When ctx
// ends first it returns an error that says how many actions are left.
func (o *Outbox) Flush(ctx context.Context) error {
	o.mu.Lock()
	if len(o.pending) == 0 {
		o.mu.Unlock()
		return nil
	}
	if o.idle == nil {
		o.idle = make(chan struct{})
	}
	idle := o.idle
	for _, d := range o.pending {
		o.release(d)
	}
	o.mu.Unlock()
	o.wake.Poke()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("deliver the last %d actions: %w", o.Pending(), ctx.Err())
	}
}

// Run delivers until ctx ends, waits for the calls under way, and returns ctx's
// error. What is still pending then stays so: a call that ctx cut short is
// Unconfirmed. It may be called again later, but not twice at once.
func (o *Outbox) Run(ctx context.Context) error {
	o.mu.Lock()
	if o.running {
		o.mu.Unlock()
		return errors.New("run the outbox: it is running already")
	}
	o.running = true
	o.mu.Unlock()
	var flights sync.WaitGroup
	defer func() {
		flights.Wait()
		o.mu.Lock()
		defer o.mu.Unlock()
		o.running = false
	}()
	return guard(o.opts.Log, "outbox", "deliver", func() error {
		for ctx.Err() == nil {
			o.pause(ctx, o.dispatch(ctx, &flights))
		}
		return ctx.Err()
	})
}

// pause waits for news, or until next unless that is zero.
func (o *Outbox) pause(ctx context.Context, next time.Time) {
	var due <-chan time.Time
	if !next.IsZero() {
		t := time.NewTimer(max(0, next.Sub(o.opts.Now())))
		defer t.Stop()
		due = t.C
	}
	select {
	case <-ctx.Done():
	case <-o.wake:
	case <-due:
	}
}

// dispatch starts everything that is due and returns when the next is, zero for
// not before something else happens.
func (o *Outbox) dispatch(ctx context.Context, flights *sync.WaitGroup) (next time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.opts.Now()
	soonest := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	behind := map[oncall.Ref]bool{}
	for _, d := range o.pending {
		if !d.action.NotBefore.After(now) {
			o.release(d)
		}
		first := !behind[d.action.Target]
		behind[d.action.Target] = true
		switch {
		case d.held:
			soonest(d.action.NotBefore)
		case !first || d.flying || o.flights >= maxFlights:
			// The end of a call wakes the loop again.
		case d.due.After(now):
			soonest(d.due)
		default:
			o.launch(ctx, flights, d, now)
		}
	}
	return next
}

// launch makes one call in a goroutine of its own.
func (o *Outbox) launch(ctx context.Context, flights *sync.WaitGroup, d *delivery, now time.Time) {
	d.flying, d.began = true, now
	o.flights++
	if !d.checking {
		d.attempt++
		if d.attempt > 1 {
			o.emit(d, oncall.Sending, d.fault, time.Time{})
		}
	}
	flight := flight{source: o.opts.Sources[d.action.Target.Source], action: d.action, log: o.opts.Log}
	checking := d.checking
	flights.Go(func() {
		// Whatever panics in a source has been turned into an error before this.
		_ = guard(o.opts.Log, d.action.Target.Source, "land", func() error {
			if checking {
				found, err := flight.look(ctx)
				o.land(d, func() { o.looked(d, found, err) })
			} else {
				err := flight.send(ctx)
				o.land(d, func() { o.sent(d, err) })
			}
			return nil
		})
	})
}

// land ends a call under the lock and lets the loop look for the next.
func (o *Outbox) land(d *delivery, outcome func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.wake.Poke()
	d.flying = false
	o.flights--
	outcome()
}

// release ends the time in which d can be cancelled.
func (o *Outbox) release(d *delivery) {
	if d.held {
		d.held = false
		o.emit(d, oncall.Sending, nil, time.Time{})
	}
}

// finish ends d for good.
func (o *Outbox) finish(d *delivery, state oncall.ActionState, fault *oncall.Fault) {
	o.pending = slices.DeleteFunc(o.pending, func(p *delivery) bool { return p == d })
	o.emit(d, state, fault, time.Time{})
	if len(o.pending) == 0 && o.idle != nil {
		close(o.idle)
		o.idle = nil
	}
}

func (o *Outbox) emit(d *delivery, state oncall.ActionState, fault *oncall.Fault, next time.Time) {
	o.opts.Emit(oncall.ActionEvent{
		Stamp:  oncall.Stamp{Source: d.action.Target.Source, At: o.opts.Now(), Err: fault},
		Action: d.action, State: state, Attempt: d.attempt, NextTry: next,
	})
}

// find returns the place of a pending action, or -1. An action without an ID is
// never found: nothing says that it is the same as another.
func (o *Outbox) find(id string) int {
	return slices.IndexFunc(o.pending, func(d *delivery) bool { return id != "" && d.action.ID == id })
}
