package feed

import "time"

const (
	// firstDelay is the mean order of the first wait after a failure: short,
	// because most failures are a connection that was cut.
	firstDelay = time.Second
	// maxFloor bounds how long another side can ask to be left alone. The longest
	// honest ask is a rate limit that renews hourly.
	maxFloor = time.Hour
)

// backoff returns how long to wait after the given number of failures in a row,
// counting from 1: a random share of a bound that doubles from firstDelay up to
// limit, on top of the floor that the other side asked for. Taking the whole
// wait at random ("full jitter") keeps many cockpits that failed together from
// coming back together. rnd is a random number in [0, 1).
func backoff(rnd float64, failures int, limit, floor time.Duration) time.Duration {
	bound := limit
	if doublings := max(0, failures-1); doublings < 16 {
		bound = min(limit, firstDelay<<doublings)
	}
	return max(0, min(floor, maxFloor)) + time.Duration(rnd*float64(bound))
}
