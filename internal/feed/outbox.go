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

// moment is a time since some fixed one, by a clock that nobody sets.
type moment = time.Duration

// OutboxOptions say where actions go and who hears of them.
type OutboxOptions struct {
	// Sources are the targets by configured name. Their abilities decide what can
	// be asked of them. The map must not change any more.
	Sources map[string]sources.Source
	// Emit hears of every change of every action, in order, and of the journal's
	// health. It is called with the outbox locked, so it must not call the outbox.
	Emit sources.Emit
	// Journal keeps what is accepted beyond the end of the process; nil keeps it
	// in memory only.
	Journal Journal
	// JournalFix is what mends the journal, in a person's words; empty means a full
	// disk.
	JournalFix string
	// Tenured returns nil while what is recorded and not ended is this process's
	// alone to deliver, and otherwise why that is not known. A note is not sent
	// before it is known: another process may be sending it. What is harmless to
	// send twice goes out. It is called with the outbox locked and must not wait;
	// nil means that it is always known.
	Tenured func() error
	// Log takes the stacks of recovered panics; nil discards them.
	Log *slog.Logger
	// Now tells the time; nil means time.Now.
	Now func() time.Time
	// Elapsed tells the time since some fixed moment by a clock that nobody sets;
	// nil means Go's monotonic clock. All waits go by it, so that a wall clock
	// that is set makes no note be sent too early.
	Elapsed func() time.Duration
	// Rand returns a random number in [0, 1); nil means math/rand.
	Rand func() float64
	// Settle is how long a note whose answer was lost may still arrive by itself;
	// until then it is looked for and not sent again. 0 means 15 s.
	Settle time.Duration
}

func (p OutboxOptions) withDefaults() OutboxOptions {
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.Elapsed == nil {
		start := time.Now()
		p.Elapsed = func() time.Duration { return time.Since(start) }
	}
	if p.Rand == nil {
		p.Rand = rand.Float64
	}
	if p.JournalFix == "" {
		p.JournalFix = "free disk space"
	}
	if p.Tenured == nil {
		p.Tenured = func() error { return nil }
	}
	if p.Settle <= 0 {
		p.Settle = defaultSettle
	}
	return p
}

// Outbox delivers actions. Each one that was accepted and not cancelled ends
// Confirmed, by the source's own word, or Refused; until then it is tried again
// for as long as Run runs. Actions on one page are carried out one after the
// other, in the order in which they were submitted.
//
// With a journal, an action is accepted once it is recorded: until then it is
// Recording and nothing of it is sent. One that cannot be recorded is Refused
// with its text, and may be submitted again as Unrecorded. What is accepted and
// not ended when the process dies is taken over by the next Run of any outbox on
// that journal. Every end is recorded too; an end that is shown and not recorded
// is harmless to repeat, except that a cancelled action is called Cancelled only
// once that is durable, or with the fault that kept it from being so.
//
// A note is sent with a marker, see oncall.Action.MarkedText. One that was sent
// again because the first copy had not come within the settle time is watched
// for an hour after it was confirmed; when there is a second copy, Confirmed is
// emitted once more with a fault of the kind Repeated.
type Outbox struct {
	opts OutboxOptions
	// wake has the loop look at what is due, write what the journal is to be told.
	wake, write sources.Nudge

	mu      sync.Mutex
	running bool
	// pending holds what is not done, in the order of submission.
	pending []*delivery
	book    book
	watches []*watch
	flights int
	// idle is closed once nothing is pending; nil while nobody waits for that.
	idle chan struct{}
}

// NewOutbox returns an empty outbox. Nothing is recorded or sent before Run.
func NewOutbox(o OutboxOptions) *Outbox {
	return &Outbox{opts: o.withDefaults(), wake: sources.NewNudge(), write: sources.NewNudge()}
}

// Submit takes an action and returns at once, also when the disk does not. It
// emits Recording while the action waits for the journal and, without one or for
// an Unrecorded action, at once what follows: Held while NotBefore is in the
// future, else Sending. It emits Refused when the target's source is unknown or
// has no such ability. An action whose ID is pending already is the same one and
// is not taken twice.
func (o *Outbox) Submit(a oncall.Action) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.find(a.ID) >= 0 {
		return
	}
	// An issue may have been opened by another cockpit: it is looked for first.
	d := &delivery{action: a, checking: a.Kind == oncall.File}
	if fault := unable(o.opts.Sources, a); fault != nil {
		o.emit(d, oncall.Refused, fault, 0)
		return
	}
	// The hold is a length of time from now on: setting the clock must neither
	// shorten nor prolong it.
	hold := a.NotBefore.Sub(o.opts.Now())
	d.held, d.until = !a.NotBefore.IsZero() && hold > 0, o.opts.Elapsed()+hold
	o.pending = append(o.pending, d)
	if o.opts.Journal == nil || a.Unrecorded {
		o.accept(d)
		return
	}
	d.keep = unwritten
	o.book.records = append(o.book.records, d)
	o.emit(d, oncall.Recording, nil, 0)
	o.write.Poke()
}

// accept shows an action as taken: with a journal, nothing loses it from here on.
func (o *Outbox) accept(d *delivery) {
	d.held = d.held && d.until > o.opts.Elapsed()
	if d.held {
		o.emit(d, oncall.Held, nil, 0)
	} else {
		o.emit(d, oncall.Sending, nil, 0)
	}
	o.wake.Poke()
}

// Cancel takes back an action that is still held, and emits Cancelled: at once
// or, if it is recorded, once its end is. It returns false when there is no such
// action or it is too late; true means that it will not be sent.
func (o *Outbox) Cancel(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	i := o.find(id)
	if i < 0 || !o.pending[i].held {
		return false
	}
	d := o.pending[i]
	d.held, d.cancelled = false, true
	switch d.keep {
	case unwritten:
		o.book.records = slices.DeleteFunc(o.book.records, func(p *delivery) bool { return p == d })
		d.keep = unkept
		o.finish(d, oncall.Cancelled, nil)
	case writing:
		// Its end is recorded after it.
	case kept:
		o.settle(d, oncall.Cancelled, nil, d)
	case unkept:
		o.finish(d, oncall.Cancelled, nil)
	}
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

// Flush sends what is held now, once it is recorded, and waits until nothing is
// pending. When ctx ends first it returns an error that says how many actions
// are left.
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
	for _, d := range slices.Clone(o.pending) {
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

// Run records and delivers until ctx ends, waits for the calls under way, records
// what was submitted meanwhile, and returns ctx's error. What is still pending
// then stays so: a call that ctx cut short is Unconfirmed. It may be called again
// later, but not twice at once.
func (o *Outbox) Run(ctx context.Context) error {
	o.mu.Lock()
	if o.running {
		o.mu.Unlock()
		return errors.New("run the outbox: it is running already")
	}
	o.running = true
	o.mu.Unlock()
	var flights, recorder sync.WaitGroup
	ended := make(chan struct{})
	if o.opts.Journal != nil {
		recorder.Go(func() {
			// Its calls are guarded one by one, so that none ends it.
			_ = guard(o.opts.Log, ledgerName, "keep", func() error { o.keep(ctx, ended); return nil })
		})
	}
	defer func() {
		flights.Wait()
		close(ended)
		recorder.Wait()
		o.mu.Lock()
		defer o.mu.Unlock()
		o.running = false
	}()
	return guard(o.opts.Log, "outbox", "deliver", func() error {
		for ctx.Err() == nil {
			calls, next := o.turn()
			for _, c := range calls {
				o.fly(ctx, &flights, c)
			}
			o.rest(next, o.wake, ctx.Done())
		}
		return ctx.Err()
	})
}

// rest waits for news, until next unless that is 0, or until ended is closed.
func (o *Outbox) rest(next moment, news sources.Nudge, ended <-chan struct{}) {
	var due <-chan time.Time
	if next != 0 {
		t := time.NewTimer(max(0, next-o.opts.Elapsed()))
		defer t.Stop()
		due = t.C
	}
	select {
	case <-ended:
	case <-news:
	case <-due:
	}
}

// release ends the time in which d can be cancelled. It returns false when that
// was so long ago, because the machine slept, that d is refused.
func (o *Outbox) release(d *delivery) bool {
	if !d.held {
		return true
	}
	d.held = false
	if d.keep == unwritten || d.keep == writing {
		return true // it is accepted first
	}
	if fault := o.tooLate(d.action); fault != nil {
		o.finish(d, oncall.Refused, fault)
		return false
	}
	o.emit(d, oncall.Sending, nil, 0)
	return true
}

// finish ends d for good.
func (o *Outbox) finish(d *delivery, state oncall.ActionState, fault *oncall.Fault) {
	o.pending = slices.DeleteFunc(o.pending, func(p *delivery) bool { return p == d })
	if d.keep == kept {
		o.settle(d, state, fault, nil)
	}
	o.emit(d, state, fault, 0)
	if len(o.pending) == 0 && o.idle != nil {
		close(o.idle)
		o.idle = nil
	}
}

// emit tells of a change. Due is when d is tried again, 0 for now.
func (o *Outbox) emit(d *delivery, state oncall.ActionState, fault *oncall.Fault, due moment) {
	e := oncall.ActionEvent{
		Stamp:  oncall.Stamp{Source: d.action.Target.Source, At: o.opts.Now(), Err: fault},
		Action: d.action, State: state, Attempt: d.attempt,
	}
	if due != 0 {
		e.NextTry = e.At.Add(due - o.opts.Elapsed())
	}
	o.opts.Emit(e)
}

// find returns the place of a pending action, or -1. An action without an ID is
// never found: nothing says that it is the same as another.
func (o *Outbox) find(id string) int {
	return slices.IndexFunc(o.pending, func(d *delivery) bool { return id != "" && d.action.ID == id })
}
