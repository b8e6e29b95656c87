package drill

import "time"

// verdict is what a rule says of a new value.
type verdict uint8

const (
	// same is nothing new.
	same verdict = iota
	// broke is the first value above the threshold, fired the one with which it
	// has been there for long enough.
	broke
	fired
	// calm is a threshold that was passed too briefly to page anybody.
	calm
	// cleared is a firing rule whose value has been good for as long.
	cleared
)

// rule is one alert rule over time. It has Prometheus's "for" in both
// directions, so that a single good sample does not take an alert back.
type rule struct {
	Alert
	hold time.Duration

	firing bool
	// bad and good are since when the value has been above the threshold, or not.
	bad, good time.Time
	// incidents are the pages it made, the last one at the end.
	incidents []string
	// clearedAt is when it last cleared, zero while it fires.
	clearedAt time.Time
	everFired bool
}

// incident returns the id of the last page, or "".
func (r *rule) incident() string {
	if len(r.incidents) == 0 {
		return ""
	}
	return r.incidents[len(r.incidents)-1]
}

// step takes a new value.
func (r *rule) step(now time.Time, v float64) verdict {
	if v > r.Above {
		r.good = time.Time{}
		first := r.bad.IsZero()
		if first {
			r.bad = now
		}
		switch {
		case !r.firing && now.Sub(r.bad) >= r.hold:
			r.firing, r.everFired, r.clearedAt = true, true, time.Time{}
			return fired
		case !r.firing && first:
			return broke
		}
		return same
	}
	pending := !r.firing && !r.bad.IsZero()
	r.bad = time.Time{}
	if r.good.IsZero() {
		r.good = now
	}
	if r.firing && now.Sub(r.good) >= r.hold {
		r.firing, r.clearedAt = false, now
		return cleared
	}
	if pending {
		return calm
	}
	return same
}
