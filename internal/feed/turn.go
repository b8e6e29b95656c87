package feed

import (
	"context"
	"slices"
	"sync"

	"conway/internal/oncall"
)

// call is one call of a source that is to be made now: for a delivery or, to
// look for a second copy of a note, for a watch.
type call struct {
	flight

	d     *delivery
	watch *watch
	// looking is true when the note is looked for and not sent.
	looking bool
}

// answer is what a call came to. Copies counts the notes that were found.
type answer struct {
	copies int
	err    error
}

// turn returns the calls that are to be made now and when the next is due, 0 for
// not before something else happens. Each call must be made and landed.
func (o *Outbox) turn() (calls []call, next moment) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.opts.Elapsed()
	soonest := func(t moment) {
		if next == 0 || t < next {
			next = t
		}
	}
	busy, behind := map[oncall.Ref]bool{}, map[oncall.Ref]bool{}
	for _, d := range o.pending {
		busy[d.action.Target] = busy[d.action.Target] || d.flying
	}
	for _, d := range slices.Clone(o.pending) {
		if d.keep == unwritten || d.keep == writing || d.cancelled {
			continue // the journal's word comes first
		}
		if d.held && d.until <= now && !o.release(d) {
			continue
		}
		target := d.action.Target
		first := !behind[target] && !busy[target]
		behind[target] = true
		switch {
		case d.held:
			soonest(d.until)
		case !first || o.flights >= maxFlights:
			// The end of a call wakes the loop again.
		case d.due > now:
			soonest(d.due)
		case !o.entitled(d, now):
			soonest(d.due)
		default:
			calls = append(calls, o.launch(d, now))
		}
	}
	for _, w := range o.watches {
		switch {
		case w.flying || o.flights >= maxFlights:
		case w.due > now:
			soonest(w.due)
		default:
			w.flying = true
			o.flights++
			calls = append(calls, call{flight: o.flight(w.d), watch: w, looking: true})
		}
	}
	return calls, next
}

// launch begins one call for a delivery.
func (o *Outbox) launch(d *delivery, now moment) call {
	d.flying, d.began = true, now
	o.flights++
	if !d.checking {
		d.attempt++
		if d.attempt > 1 || d.adopted {
			o.emit(d, oncall.Sending, d.fault, 0)
		}
	}
	return call{flight: o.flight(d), d: d, looking: d.checking}
}

// flight returns what a call for a delivery needs. A note goes out with its
// marker each time, so that the same text is looked for.
func (o *Outbox) flight(d *delivery) flight {
	a := d.action
	if a.Kind.Once() {
		a.Text = a.MarkedText()
	}
	return flight{source: o.opts.Sources[a.Target.Source], action: a, log: o.opts.Log}
}

// fly makes one call in a goroutine of its own.
func (o *Outbox) fly(ctx context.Context, flights *sync.WaitGroup, c call) {
	flights.Go(func() {
		// Whatever panics in a source has been turned into an error before this.
		_ = guard(o.opts.Log, c.action.Target.Source, "land", func() error {
			var a answer
			if c.looking {
				a.copies, a.err = c.look(ctx)
			} else {
				a.err = c.send(ctx)
			}
			o.land(c, a)
			return nil
		})
	})
}

// land takes a call's answer and lets the loop look for the next.
func (o *Outbox) land(c call, a answer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.wake.Poke()
	o.flights--
	if c.watch != nil {
		o.watched(c.watch, a.copies, a.err)
		return
	}
	c.d.flying = false
	if c.looking {
		o.looked(c.d, a.copies, a.err)
	} else {
		o.sent(c.d, a.err)
	}
}
