package feed

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"conway/internal/oncall"
)

// maxLateness is how long after it was asked for an action may still be sent for
// the first time by somebody who did not see it being asked for, a later session
// or a machine that slept: by then the page may be about something else, and
// nobody who acknowledged it hours ago is still at it.
const maxLateness = time.Hour

// ErrTakenOver is the cause of the last fault that is told of an action which
// another process delivers from then on.
var ErrTakenOver = errors.New("another process delivers it")

// adopted takes over what an earlier session, or one that died, accepted and did
// not see to its end. None of it is held any more: the time to take it back was
// shown on another screen. Everything but a note is sent again, because doing it
// twice is harmless, unless it is so old that it is refused. A note is looked for
// first, for as long as it may still arrive, and sent only when it did not; no
// note is too old.
func (o *Outbox) adopted(found []oncall.Action, fault *oncall.Fault) {
	now := o.opts.Elapsed()
	if fault != nil {
		o.book.adoptions++
		o.book.adopt = now + backoff(o.opts.Rand(), o.book.adoptions, maxRetryDelay, 0)
		return
	}
	o.book.adoptions, o.book.adopt = 0, now+takeOverEvery
	o.yield(found)
	var earlier []*delivery
	for _, a := range found {
		if o.find(a.ID) >= 0 || o.settling(a.ID) {
			continue
		}
		earlier = append(earlier, &delivery{
			action: a, keep: kept, adopted: true, doubtful: true,
			checking: a.Kind.Once(), settled: now + o.opts.Settle,
			fault: &oncall.Fault{
				Kind: oncall.Unavailable, Source: a.Target.Source, Op: a.Kind.String() + " " + a.Target.ID,
				Detail: "conway ended before the answer came", Ambiguous: true,
			},
		})
	}
	// They were asked for before whatever waits now.
	o.pending = slices.Concat(earlier, o.pending)
	for _, d := range earlier {
		refusal := unable(o.opts.Sources, d.action)
		if refusal == nil && !d.action.Kind.Once() {
			refusal = o.tooLate(d.action)
		}
		if refusal != nil {
			o.finish(d, oncall.Refused, refusal)
			continue
		}
		o.emit(d, oncall.Unconfirmed, d.fault, 0)
	}
}

// entitled reports whether a delivery may be sent. One that may not waits, and
// the journal is asked what is left to this process.
func (o *Outbox) entitled(d *delivery, now moment) bool {
	if d.keep != kept || !d.action.Kind.Once() || d.checking {
		return true
	}
	err := o.opts.Tenured()
	if err == nil {
		return true
	}
	if o.book.adoptions == 0 {
		o.book.adopt = min(o.book.adopt, now)
		o.write.Poke()
	}
	d.due = now + lookEvery
	d.fault = &oncall.Fault{
		Kind: oncall.Unavailable, Source: ledgerName, Op: d.action.Kind.String() + " " + d.action.Target.ID,
		Detail: err.Error(), Fix: o.opts.JournalFix, Cause: err,
	}
	o.emit(d, d.waiting(), d.fault, d.due)
	return false
}

// yield lets go of what another process has taken over: of what this one
// recorded, the journal returns all that is still its own. One whose call is
// under way ends by its answer.
func (o *Outbox) yield(found []oncall.Action) {
	for _, d := range slices.Clone(o.pending) {
		mine := slices.ContainsFunc(found, func(a oncall.Action) bool { return a.ID == d.action.ID })
		if mine || d.keep != kept || d.flying || o.settling(d.action.ID) {
			continue
		}
		d.keep = unkept
		o.pending = slices.DeleteFunc(o.pending, func(p *delivery) bool { return p == d })
		o.emit(d, oncall.Unconfirmed, &oncall.Fault{
			Kind: oncall.Unavailable, Source: ledgerName, Op: d.action.Kind.String() + " " + d.action.Target.ID,
			Detail: "another cockpit has taken it over and delivers it", Cause: ErrTakenOver,
		}, 0)
		if len(o.pending) == 0 && o.idle != nil {
			close(o.idle)
			o.idle = nil
		}
	}
}

// settling reports whether the end of an action is about to be recorded.
func (o *Outbox) settling(id string) bool {
	return slices.ContainsFunc(o.book.settles, func(s *settlement) bool { return s.id == id })
}

// tooLate returns why an action is too old to be sent for the first time, or
// nil. It counts from the end of the time in which it could be cancelled.
func (o *Outbox) tooLate(a oncall.Action) *oncall.Fault {
	from := a.At
	if a.NotBefore.After(from) {
		from = a.NotBefore
	}
	// Round(0) drops the monotonic reading, which stops while a laptop sleeps.
	age := o.opts.Now().Round(0).Sub(from.Round(0))
	if a.At.IsZero() || age <= maxLateness {
		return nil
	}
	verb := a.Kind.String()
	return &oncall.Fault{
		Kind: oncall.Rejected, Source: a.Target.Source, Op: verb + " " + a.Target.ID,
		Detail: fmt.Sprintf("it is %.0f h old and was not sent", max(1, age.Hours())),
		Fix:    verb + " it again if it is still right",
	}
}
