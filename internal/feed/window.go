package feed

import "time"

// unpaced is a rate, in requests a second, at which nobody waits.
const unpaced = 1e6

// bucket is a token bucket. Its debt is bounded by its size, so that a burst of
// writes delays reads and does not stop them.
type bucket struct {
	perSecond, size, tokens float64
	at                      time.Time
}

// newBucket returns a full bucket that holds at least one token.
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

// wait returns how long until one token is there, an hour at most.
func (b *bucket) wait() time.Duration {
	if b.tokens >= 1 || b.perSecond >= unpaced {
		return 0
	}
	seconds := (1 - b.tokens) / b.perSecond
	if seconds >= maxFloor.Seconds() {
		return maxFloor
	}
	// One nanosecond more than the quotient, because rounding down would wake
	// the caller just too early, again and again.
	return time.Duration(seconds*float64(time.Second)) + 1
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
	// spread is how long after the renewal reads that waited for it go on.
	spread time.Duration
}

// observe returns the window after one more answer. A limit that it did not tell
// is kept. rnd is a random number in [0, 1).
func (w window) observe(now time.Time, limit, remaining int, reset time.Duration, rnd float64) window {
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
	w.limit, w.remaining, w.resetAt = limit, remaining, now.Add(reset)
	w.spread = time.Duration(rnd * float64(renewSpread))
	return w
}

// low reports whether no more is left than is reserved for writes.
func (w window) low(reserve float64) bool {
	return w.remaining == 0 || float64(w.remaining) < reserve*float64(w.limit)
}

// pace returns the reads a second that spend what is left evenly until the
// renewal. How many others use the token is not told, but what share of the
// requests so far came from here is, and so large is this one's share of the
// rest: all of them together then spend just what there is. The more of it is
// the others' doing, the more of the reserve is left untouched for writes, theirs
// included.
func (w window) pace(now time.Time, reserve float64) float64 {
	left := w.resetAt.Sub(now).Seconds()
	switch {
	case left <= 0:
		return unpaced
	case w.remaining == 0:
		return 0
	case w.limit <= 0:
		return unpaced
	}
	share := min(1, float64(max(1, w.own))/float64(max(1, w.limit-w.remaining)))
	spend := float64(w.remaining) - (1-share)*reserve*float64(w.limit)
	if w.low(reserve) {
		spend *= lowShare
	}
	return max(0, spend) * share / left
}

// readWait returns how long until reads go on as if nothing were known.
func (w window) readWait(now time.Time) time.Duration {
	if w.resetAt.IsZero() {
		return 0
	}
	return max(0, w.resetAt.Add(w.spread).Sub(now))
}

// writeWait returns how long a write must wait: only while nothing is left and
// the other side has said until when.
func (w window) writeWait(now time.Time) time.Duration {
	if w.remaining > 0 || !w.told {
		return 0
	}
	return max(0, w.resetAt.Sub(now))
}
