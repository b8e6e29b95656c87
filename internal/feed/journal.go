package feed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// Journal keeps actions durably. Its methods return nil only after the record
// would survive a power cut. Only one of them is called at a time.
type Journal interface {
	// Record keeps an action that is about to be accepted. Recording the same
	// action twice is harmless. An error means that it must not be called
	// recorded; it may turn up in Pending all the same.
	Record(ctx context.Context, a oncall.Action) error
	// Settled keeps the end of an action: from then on Pending leaves it out. It
	// is harmless for an action that is settled already or was never recorded.
	Settled(ctx context.Context, id string, s oncall.ActionState, f *oncall.Fault) error
	// Pending returns what is recorded and not settled, oldest first, except what
	// another living process is delivering. All that is the caller's own is among
	// it: what it recorded and does not find there, somebody else has taken over.
	Pending(ctx context.Context) ([]oncall.Action, error)
}

const (
	// ledgerName is the source that faults of the journal name.
	ledgerName = "ledger"
	// recordTimeout bounds one call of the journal. A disk that takes longer is
	// as good as gone, and a person waits for the word "recorded".
	recordTimeout = 10 * time.Second
	// closeTimeout bounds what is recorded once Run is to end.
	closeTimeout = 5 * time.Second
	// takeOverEvery is how often actions are looked for whose own process died.
	takeOverEvery = time.Minute
)

// keeping says how far the journal has a delivery.
type keeping uint8

const (
	// unkept is what the journal is not asked to keep.
	unkept keeping = iota
	// unwritten waits to be recorded.
	unwritten
	// writing is being recorded: whether it is there is not known.
	writing
	// kept would survive a power cut, and must be settled when it ends.
	kept
)

// book is what the journal is still to be told. The outbox's lock guards it.
type book struct {
	records []*delivery
	settles []*settlement
	// adopt is when Pending is to be asked next.
	adopt moment
	// failures counts the journal's failures in a row, adoptions those of Pending.
	failures, adoptions int
}

// settlement is an end that is not durable yet.
type settlement struct {
	id, verb string
	state    oncall.ActionState
	fault    *oncall.Fault
	// waits is the delivery that is shown as ended only afterwards, or nil.
	waits    *delivery
	due      moment
	failures int
}

// bookLine is one call of the journal: of Record, Settled or, if both are nil,
// Pending.
type bookLine struct {
	record *delivery
	settle *settlement
}

func (e bookLine) op() string {
	switch {
	case e.record != nil:
		return "record the " + e.record.action.Kind.String()
	case e.settle != nil:
		return "record how the " + e.settle.verb + " ended"
	}
	return "read what was not delivered"
}

// nextLine returns what the journal is to be told now. If there is nothing, it
// returns false and when there will be, 0 for not before something happens. All
// means not to wait before a failed call is tried again. What people wait for
// comes first, but what an earlier session left comes before all of this one.
func (o *Outbox) nextLine(all bool) (e bookLine, next moment, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.opts.Elapsed()
	if now >= o.book.adopt && !all {
		return bookLine{}, 0, true
	}
	if len(o.book.records) > 0 {
		d := o.book.records[0]
		o.book.records = o.book.records[1:]
		d.keep = writing
		return bookLine{record: d}, 0, true
	}
	next = o.book.adopt
	for _, s := range o.book.settles {
		if all || s.due <= now {
			return bookLine{settle: s}, 0, true
		}
		next = min(next, s.due)
	}
	return bookLine{}, next, false
}

// written takes the outcome of one call of the journal.
func (o *Outbox) written(e bookLine, found []oncall.Action, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.wake.Poke()
	var fault *oncall.Fault
	if err != nil {
		fault = journalFault(err, e.op(), o.opts.JournalFix)
	}
	switch {
	case e.record != nil:
		o.recorded(e.record, fault)
	case e.settle != nil:
		o.settled(e.settle, fault)
	default:
		o.adopted(found, fault)
	}
	o.journalHealth(fault)
}

// recorded accepts an action that is durable, and refuses one that is not.
func (o *Outbox) recorded(d *delivery, fault *oncall.Fault) {
	switch {
	case fault != nil:
		state := oncall.Refused
		if d.cancelled {
			state = oncall.Cancelled
		} else {
			fault.Fix += ", or send it unrecorded"
		}
		// It may be there in spite of the error, and must not be sent one day.
		d.keep = kept
		o.finish(d, state, fault)
	case d.cancelled:
		d.keep = kept
		o.settle(d, oncall.Cancelled, nil, d)
	default:
		d.keep = kept
		o.accept(d)
	}
}

// settle has the journal told of an end.
func (o *Outbox) settle(d *delivery, state oncall.ActionState, fault *oncall.Fault, waits *delivery) {
	o.book.settles = append(o.book.settles, &settlement{
		id: d.action.ID, verb: d.action.Kind.String(), state: state, fault: fault, waits: waits,
	})
	o.write.Poke()
}

// settled ends what waited for the journal's word. While that cannot be had, the
// end is told all the same, with the fault, and the journal is told later: all
// that a restart can do before is to send again what was taken back.
func (o *Outbox) settled(s *settlement, fault *oncall.Fault) {
	if fault == nil {
		o.book.settles = slices.DeleteFunc(o.book.settles, func(p *settlement) bool { return p == s })
	} else {
		s.failures++
		s.due = o.opts.Elapsed() + backoff(o.opts.Rand(), s.failures, maxRetryDelay, 0)
		fault.Fix += " before conway ends, or it may be sent at the next start"
	}
	if d := s.waits; d != nil {
		s.waits, d.keep = nil, unkept
		o.finish(d, s.state, fault)
	}
}

// journalFault puts an error of the journal into words.
func journalFault(err error, op, fix string) *oncall.Fault {
	detail := sources.Printable(err.Error(), 2*maxPanic)
	if errors.Is(err, context.DeadlineExceeded) {
		detail = fmt.Sprintf("it did not answer within %v", recordTimeout)
	}
	return &oncall.Fault{
		Kind: oncall.Unavailable, Source: ledgerName, Op: op, Detail: detail, Fix: fix, Cause: err,
	}
}

// journalHealth says when the journal fails and when it works again.
func (o *Outbox) journalHealth(fault *oncall.Fault) {
	e := oncall.HealthEvent{Stamp: oncall.Stamp{Source: ledgerName, At: o.opts.Now(), Err: fault}}
	switch {
	case fault != nil:
		o.book.failures++
		e.Attempt = o.book.failures
	case o.book.failures == 0:
		return
	default:
		o.book.failures, e.Up = 0, true
	}
	o.opts.Emit(e)
}

// keep tells the journal everything until ended is closed, and then what is
// left, so that nothing that was submitted before is lost with the process.
func (o *Outbox) keep(ctx context.Context, ended <-chan struct{}) {
	// A call is not cut short by the end of Run: whether it was recorded would
	// not be known.
	ctx = context.WithoutCancel(ctx)
	for !over(ended) {
		e, next, ok := o.nextLine(false)
		if !ok {
			o.rest(next, o.write, ended)
			continue
		}
		// What it failed to write has been told, and is tried again or refused.
		_ = o.writeLine(ctx, e)
	}
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	for e, _, ok := o.nextLine(true); ok; e, _, ok = o.nextLine(true) {
		if err := o.writeLine(ctx, e); err != nil && e.settle != nil {
			return // the rest would fail likewise, and restarting is harmless
		}
	}
}

// over reports whether a channel is closed.
func over(ended <-chan struct{}) bool {
	select {
	case <-ended:
		return true
	default:
		return false
	}
}

// writeLine makes one call of the journal.
func (o *Outbox) writeLine(ctx context.Context, e bookLine) error {
	ctx, cancel := context.WithTimeout(ctx, recordTimeout)
	defer cancel()
	var found []oncall.Action
	err := guard(o.opts.Log, ledgerName, e.op(), func() (err error) {
		switch j := o.opts.Journal; {
		case e.record != nil:
			return j.Record(ctx, e.record.action)
		case e.settle != nil:
			return j.Settled(ctx, e.settle.id, e.settle.state, e.settle.fault)
		default:
			found, err = j.Pending(ctx)
			return err
		}
	})
	// A panic of Emit is logged, and the journal is told the rest.
	_ = guard(o.opts.Log, ledgerName, e.op(), func() error { o.written(e, found, err); return nil })
	return err
}
