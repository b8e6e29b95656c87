package feed

import "time"

// bucket is a token bucket. Its debt is bounded by its size, so that a burst of
// writes delays reads and does not stop them.
type bucket struct {
	perSecond, size, tokens float64
	at                      time.Time
}

// newBucket returns a full bucket that holds at least one token. A rate of 0
// means that it never makes anybody wait.
func newBucket(perSecond, size float64) bucket {
	size = max(1, size)
	return bucket{perSecond: perSecond, size: size, tokens: size}
}

func (b *bucket) fill(now time.Time) {
	if !b.at.IsZero() {
		b.tokens = min(b.size, b.tokens+b.perSecond*max(0, now.Sub(b.at).Seconds()))
	}
	b.at = now
}

// wait returns how long until one token is there.
func (b *bucket) wait() time.Duration {
	if b.perSecond <= 0 || b.tokens >= 1 {
		return 0
	}
	// One nanosecond more than the quotient, because rounding down would wake
	// the caller just too early, again and again.
	return time.Duration((1-b.tokens)/b.perSecond*float64(time.Second)) + 1
}

func (b *bucket) take() { b.tokens = max(-b.size, b.tokens-1) }

// window is what the other side last said is left, and until when that holds.
// The zero value knows nothing.
type window struct {
	limit, remaining int
	resetAt          time.Time
	// told is false when the other side did not say when it renews.
	told bool
	// own counts the requests made from here in this window.
	own int
	// every is the least time between two reads, 0 for no such bound.
	every time.Duration
	// spread is how long after the renewal reads go on.
	spread time.Duration
}

// observe returns the window after one more answer. A limit that it did not tell
// is kept. reserve is the share of the limit below which reads slow down; rnd is
// a random number in [0, 1).
func (w window) observe(now time.Time, limit, remaining int, reset time.Duration, reserve, rnd float64) window {
	if limit <= 0 {
		limit = w.limit
	}
	if !now.Before(w.resetAt) || remaining > w.remaining+limit/4 {
		// A new window: this answer's own request is the first that counts in it.
		w.own = 1
	}
	w.told = reset >= 0
	if !w.told {
		reset = unknownReset
	}
	w.limit, w.remaining, w.resetAt, w.every = limit, remaining, now.Add(reset), 0
	w.spread = time.Duration(rnd * float64(renewSpread))
	if remaining > 0 && float64(remaining) < reserve*float64(limit) {
		// How many others use the token is not told, but their part of what is
		// used up is: each takes its own share of what may still be spent.
		sharers := max(1, float64(limit-remaining)/float64(max(1, w.own)))
		every := sharers * float64(reset) / (spendShare * float64(remaining))
		w.every = time.Duration(min(float64(reset), every*(1-slowJitter+2*slowJitter*rnd)))
	}
	return w
}

// readWait returns how long a read must wait, given when the last one began.
func (w window) readWait(now, lastRead time.Time) time.Duration {
	renewed := w.resetAt.Add(w.spread).Sub(now)
	switch {
	case w.resetAt.IsZero() || renewed <= 0:
		return 0
	case w.remaining == 0:
		return renewed
	case w.every == 0:
		return 0
	}
	return max(0, min(renewed, lastRead.Add(w.every).Sub(now)))
}

// writeWait returns how long a write must wait: only while nothing is left and
// the other side has said until when.
func (w window) writeWait(now time.Time) time.Duration {
	if w.remaining > 0 || !w.told {
		return 0
	}
	return max(0, w.resetAt.Sub(now))
}
