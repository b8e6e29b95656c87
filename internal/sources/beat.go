package sources

import "time"

// Beat returns how long it is from now until the next beat of a span, at least a
// tenth of the span and at most that much more than all of it. Beats are at the
// same moments for everybody, whole multiples of the span by the wall clock, so
// that jobs which know nothing of each other wake the processor once and not each
// for itself. What must be spread over machines must not keep to it.
func Beat(now time.Time, span time.Duration) time.Duration {
	left := span - time.Duration(now.UnixNano()%int64(span))
	if left < span/10 {
		left += span // a timer may come a little early
	}
	return left
}
