package board

import (
	"time"

	"conway/internal/oncall"
)

// worst returns the age that the merged news of a domain has: that of the source
// which can be believed least. It is empty only if all sources were. It reports
// false if no source speaks for the domain.
func (b Board) worst(d domain) (age, bool) {
	var ages []age
	for _, s := range b.sources {
		if s.speaksFor(d) {
			ages = append(ages, s.age(d))
		}
	}
	return worstOf(ages, b.now)
}

// worstOf picks the age that can be believed least at now and, among equals, the
// one that will be the first to get worse without news. A fault of any of them
// is a fault of the whole.
func worstOf(ages []age, now time.Time) (age, bool) {
	if len(ages) == 0 {
		return age{}, false
	}
	w, empty := ages[0], true
	var fault *oncall.Fault
	for _, a := range ages {
		empty = empty && a.Empty
		if fault == nil {
			fault = a.Fault
		}
		sa, sw := trust(a, now), trust(w, now)
		if sa < sw || sa == sw && decays(a, sa).Before(decays(w, sw)) {
			w = a
		}
	}
	w.Empty = empty
	if w.Fault == nil {
		w.Fault = fault
	}
	return w, true
}

// trust orders ages by how far they can be believed, 0 for not at all.
func trust(a age, now time.Time) int {
	switch a.Quality(now) {
	case oncall.Never:
		if a.Fault != nil {
			return 0 // the one that can say why
		}
		return 1
	case oncall.Lost:
		return 2
	case oncall.Stale:
		return 3
	case oncall.Late:
		return 4
	case oncall.Live, oncall.NoData:
	}
	return 5
}

// decays returns about when the age gets worse without news. The shares follow
// oncall.Reading's: late after one and a half intervals, stale after three.
func decays(a age, trust int) time.Time {
	if a.Every <= 0 || a.Received.IsZero() {
		return time.Unix(1<<40, 0) // never
	}
	if trust == 5 {
		return a.Received.Add(a.Every + a.Every/2)
	}
	return a.Received.Add(3 * a.Every)
}

// reading puts a value to an age.
func reading[T any](a age, v T) oncall.Reading[T] {
	return oncall.Reading[T]{
		Value: v, At: a.At, Received: a.Received, Every: a.Every, Empty: a.Empty, Fault: a.Fault,
	}
}
