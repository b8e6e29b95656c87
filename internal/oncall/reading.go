package oncall

import "time"

// Quality says how far a Reading can be believed at a given moment. The split
// between a value that is old and a source that does not answer follows OPC UA's
// quality codes.
//
// A zero is not a quality but a value: it is drawn as the number 0 and in the
// quality that it has, whereas NoData, Never and Lost are drawn in words, so
// that nothing is ever taken for a real 0.
type Quality uint8

// The qualities of a Reading, from least to most known.
const (
	// Never means that nobody has answered yet.
	Never Quality = iota
	// Live means that the value arrived within its expected interval.
	Live
	// Late means that one expected update was missed.
	Late
	// Stale means that more than staleIntervals updates were missed.
	Stale
	// Lost means that the value is so old that showing it would mislead.
	Lost
	// NoData means that the source answered, in time, with nothing.
	NoData
)

// String returns the quality in the word shown on screen.
func (q Quality) String() string {
	switch q {
	case Never:
		return "never"
	case Live:
		return "live"
	case Late:
		return "late"
	case Stale:
		return "stale"
	case Lost:
		return "lost"
	case NoData:
		return "no data"
	}
	return "unknown"
}

const (
	// lateAfter is the share of the interval after which one update counts as
	// missed: polls are jittered by a tenth and take a moment to answer.
	lateAfter = 1.5
	// staleIntervals is how many intervals without an update make a value stale.
	staleIntervals = 3
	// lostIntervals is how many intervals make a value misleading.
	lostIntervals = 40
	// minLost keeps a fast source from withdrawing its value within a short
	// outage during which the last known state still helps.
	minLost = 10 * time.Minute
	// lateGrace covers the time that a slow answer may take.
	lateGrace = 2 * time.Second
	// OldSample is how old the newest sample of a series may be before its value
	// is no longer taken for the present one: two scrapes missed at the longest
	// usual interval of a minute. Prometheus goes on answering with the last value
	// for five minutes (--query.lookback-delta).
	OldSample = 2 * time.Minute
)

// Reading is a value together with what is known about its age. No view draws a
// value from outside without one.
type Reading[T any] struct {
	// Value is the last usable value.
	Value T
	// At is the time the source gave the value, zero if it gave none.
	At time.Time
	// Received is when the value arrived here by the wall clock, zero for never.
	// Whoever holds readings moves it along when the wall clock is set back, by
	// the clock that counts since the machine started, so that now less Received
	// is never less than the time that really passed.
	Received time.Time
	// Every is the interval at which a new value is expected; 0 means that none
	// is, and the value stays live.
	Every time.Duration
	// Empty is true when the source answered that there is nothing.
	Empty bool
	// Fault is the latest failure since Received, or nil.
	Fault *Fault
}

// Age returns how long ago the value arrived, never negative.
func (r Reading[T]) Age(now time.Time) time.Duration {
	if r.Received.IsZero() {
		return 0
	}
	// Round(0) drops the monotonic reading, which stops while a laptop sleeps.
	return max(0, now.Round(0).Sub(r.Received.Round(0)))
}

// ahead reports whether the value claims to have arrived after now: the clock was
// set back in between, so that its age is not known.
func (r Reading[T]) ahead(now time.Time) bool {
	return r.Received.Round(0).Sub(now.Round(0)) > lateGrace
}

// Quality returns how far the value can be believed at now. A fault makes a
// value late at once, whatever its age, and so does an age that is not known.
func (r Reading[T]) Quality(now time.Time) Quality {
	if r.Received.IsZero() {
		return Never
	}
	age := r.Age(now)
	switch {
	case r.Every > 0 && age > max(lostIntervals*r.Every, minLost):
		return Lost
	case r.Every > 0 && age > staleIntervals*r.Every+lateGrace:
		return Stale
	case r.Fault != nil,
		r.Every > 0 && r.ahead(now),
		r.Every > 0 && age > time.Duration(lateAfter*float64(r.Every))+lateGrace:
		return Late
	case r.Empty:
		return NoData
	}
	return Live
}
