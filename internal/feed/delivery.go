package feed

import (
	"time"

	"conway/internal/oncall"
)

const (
	// maxRetryDelay bounds the wait between two tries of an action: somebody is
	// waiting for it.
	maxRetryDelay = 30 * time.Second
	// lookEvery is how often a note in doubt is looked for.
	lookEvery = 2 * time.Second
)

// delivery is one action on its way. The outbox's lock guards it.
type delivery struct {
	action oncall.Action
	// keep is how far the journal has it.
	keep keeping
	// adopted is true when another session accepted it, and may have sent it.
	adopted bool
	// held is true while it can be cancelled, at the latest until until; cancelled
	// is true when it was and that is not durable yet.
	held, cancelled bool
	until           moment
	// flying is true while a call for it is under way, which began at began.
	flying bool
	began  moment
	// due is when the next call may be made.
	due moment
	// attempt counts the times it was sent, failures those that failed, and
	// misses the looks for a note that failed in a row.
	attempt, failures, misses int
	// fault is why the last sending failed; resend is when the next may be.
	fault  *oncall.Fault
	resend moment
	// doubtful is true once an answer was lost: it may have arrived.
	doubtful bool
	// checking is true while a note in doubt is looked for. Not finding it counts
	// only from settled on.
	checking bool
	settled  moment
}

// waiting returns the state of a delivery between two calls.
func (d *delivery) waiting() oncall.ActionState {
	if d.doubtful {
		return oncall.Unconfirmed
	}
	return oncall.Sending
}

// sent takes the outcome of a sending.
func (o *Outbox) sent(d *delivery, err error) {
	if err == nil {
		o.finish(d, oncall.Confirmed, o.beware(d, 1))
		return
	}
	fault := d.explain(err)
	note := d.action.Kind.Once()
	if !retriable(fault) && (!note || !fault.Ambiguous) {
		o.finish(d, oncall.Refused, fault)
		return
	}
	now := o.opts.Elapsed()
	d.failures++
	d.fault, d.resend = fault, now+o.delay(d.failures, fault)
	d.doubtful = d.doubtful || fault.Ambiguous
	d.due = d.resend
	switch {
	case note && fault.Ambiguous:
		d.checking, d.settled = true, now+o.opts.Settle
		d.due = now + min(lookEvery, o.opts.Settle)
	case note && d.doubtful:
		// An earlier copy may have arrived since: look once more before sending.
		d.checking, d.settled = true, now
	}
	o.emit(d, d.waiting(), fault, d.due)
}

// looked takes the outcome of a look for a note in doubt.
func (o *Outbox) looked(d *delivery, copies int, err error) {
	now := o.opts.Elapsed()
	switch {
	case err != nil && panicked(err):
		fault := d.explain(err)
		fault.Detail += "; the note may have been written"
		o.finish(d, oncall.Refused, fault)
	case err != nil && d.attempt == 0 && !d.doubtful && !retriable(d.explain(err)):
		o.finish(d, oncall.Refused, d.explain(err)) // nothing was sent, and nothing can be
	case err != nil:
		// Whatever the reason: sending blindly could write the note twice.
		fault := d.explain(err)
		d.misses++
		d.due = now + o.delay(d.misses, fault)
		o.emit(d, d.waiting(), fault, d.due)
	case copies > 0:
		o.finish(d, oncall.Confirmed, o.beware(d, copies))
	case d.began < d.settled:
		d.misses = 0
		// Not before the answer, which may have taken longer than that.
		d.due = max(now, min(now+lookEvery, d.settled))
		o.emit(d, oncall.Unconfirmed, d.fault, d.due)
	case d.fault != nil && !retriable(d.fault):
		o.finish(d, oncall.Refused, d.fault)
	default:
		d.checking, d.misses, d.due = false, 0, d.resend
		if d.due > now {
			o.emit(d, oncall.Sending, d.fault, d.due)
		}
	}
}

// delay returns how long to wait after so many failures, the last with fault.
func (o *Outbox) delay(failures int, fault *oncall.Fault) time.Duration {
	if fault.Kind == oncall.Auth {
		return max(authDelay, min(fault.RetryAfter, maxFloor))
	}
	return backoff(o.opts.Rand(), failures, maxRetryDelay, fault.RetryAfter)
}

// explain returns err as a fault of this action. A panic is the source's no: it
// would be the same the next time.
func (d *delivery) explain(err error) *oncall.Fault {
	fault := faultOf(err, d.action.Target.Source, d.action.Kind.String()+" "+d.action.Target.ID)
	if panicked(err) {
		fault.Kind = oncall.Rejected
	}
	return fault
}

// retriable reports whether sending the same again can help: later, or once
// somebody has renewed a credential.
func retriable(f *oncall.Fault) bool { return f.Passing() || f.Kind == oncall.Auth }
