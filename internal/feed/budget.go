package feed

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"conway/internal/oncall"
)

const (
	// defaultReserve is the share of the allowance kept for writes, and the share
	// of what is left below which reads slow down. PagerDuty gives the same
	// figure for the latter.
	defaultReserve = 0.2
	// unknownReset stands in for a time of renewal that was not told.
	unknownReset = 15 * time.Second
	// renewSpread is how far the reads that waited for the renewal are spread, so
	// that the new allowance is not spent by all at once. Resets are told in whole
	// seconds, so it also covers the rounding.
	renewSpread = 3 * time.Second
	// lowShare is the share of what is left that reads may spend once no more is
	// left than the reserve; the rest is for writes.
	lowShare = 0.5
	// defaultBurst is how many requests may go out at once when no figure is given.
	defaultBurst = 16
)

// BudgetOptions say what one token may be used for.
type BudgetOptions struct {
	// PerMinute is how many requests a minute the other side allows; 0 means that
	// only its own word, heard by Observe, counts.
	PerMinute int
	// Burst is how many requests may go out at once; 0 means a second's worth.
	Burst int
	// WriteReserve is the share kept for writes, 0 to 1; 0 means 0.2.
	WriteReserve float64
	// Rand returns a random number in [0, 1); nil means math/rand.
	Rand func() float64
}

// Budget shares one token's request allowance among all that use it, in this
// process and, by what the other side says is left, in others. It implements
// sources.Budget and is safe for concurrent use.
//
// Reads are paced to the allowance less the writes' reserve. A write never waits
// for that: it takes from the reserve and then from the reads' share. It waits
// only when the other side has said that nothing is left until a later moment.
type Budget struct {
	rand    func() float64
	reserve float64

	// perSecond is the reads' own rate when the other side does not ask for less.
	perSecond float64

	mu     sync.Mutex
	reads  bucket
	writes bucket
	window window
	// news is closed and replaced when an observation may let somebody go on.
	news chan struct{}
}

// NewBudget returns a full budget.
func NewBudget(o BudgetOptions) *Budget {
	if o.WriteReserve <= 0 || o.WriteReserve >= 1 {
		o.WriteReserve = defaultReserve
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	perSecond, burst := float64(o.PerMinute)/60, float64(o.Burst)
	if burst <= 0 {
		burst = perSecond
	}
	b := &Budget{
		rand: o.Rand, reserve: o.WriteReserve, news: make(chan struct{}),
		perSecond: perSecond * (1 - o.WriteReserve),
		writes:    newBucket(perSecond*o.WriteReserve, burst*o.WriteReserve),
	}
	if o.PerMinute <= 0 {
		b.perSecond, burst = unpaced, max(burst, defaultBurst)
	}
	b.reads = newBucket(b.perSecond, burst*(1-o.WriteReserve))
	return b
}

// Take waits until one request may be made, and returns ctx's error when ctx
// ends first. When ctx has a deadline that the wait would miss, it returns a
// RateLimited fault at once instead, which says how long to wait.
func (b *Budget) Take(ctx context.Context, write bool) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		wait, news := b.try(time.Now(), write)
		if wait <= 0 {
			return nil
		}
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait {
			return &oncall.Fault{
				Kind: oncall.RateLimited, Op: "wait for the request allowance", RetryAfter: wait,
				Detail: "the allowance of this token is used up", Cause: context.DeadlineExceeded,
			}
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-t.C:
		case <-news:
		}
		t.Stop()
	}
}

// Observe tells the budget what the other side said is left of the current
// window. Unknown values are negative.
func (b *Budget) Observe(limit, remaining int, reset time.Duration) {
	if remaining < 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.reads.fill(now)
	before, pace := b.window, b.reads.perSecond
	b.window = before.observe(now, limit, remaining, reset, b.rand())
	b.reads.perSecond = min(b.perSecond, b.window.pace(now, b.reserve))
	if b.window.low(b.reserve) {
		// What was saved up for a burst is no longer there to be spent.
		b.reads.tokens = min(b.reads.tokens, 1)
	}
	// Small changes are for the next in line; waking all for each would not pay.
	if remaining > before.remaining || b.reads.perSecond > 2*pace {
		close(b.news)
		b.news = make(chan struct{})
	}
}

// try takes one request if it may be made now. Otherwise it returns how long to
// wait, and what is closed when it is worth trying again earlier.
func (b *Budget) try(now time.Time, write bool) (time.Duration, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reads.fill(now)
	b.writes.fill(now)
	renewal := b.window.readWait(now)
	if renewal == 0 {
		b.reads.perSecond = b.perSecond
	}
	var wait time.Duration
	switch {
	case write:
		wait = b.window.writeWait(now)
	case renewal > 0 && b.reads.perSecond == 0:
		wait = renewal
	default:
		if wait = b.reads.wait(); renewal > 0 {
			wait = min(wait, renewal)
		}
	}
	if wait > 0 {
		return wait, b.news
	}
	switch {
	case !write:
		b.reads.take()
	case b.writes.wait() == 0:
		b.writes.take()
	default:
		b.reads.take()
	}
	b.window.own++
	return 0, nil
}
