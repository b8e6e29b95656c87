package sources

import (
	"context"
	"math/rand/v2"
	"time"
)

// pollJitter is the share of an interval by which each wait is varied, so that
// many cockpits started by the same page do not ask in step for ever.
const pollJitter = 0.1

// Nudge wakes a Poll early. Many Pokes before it wakes are one.
type Nudge chan struct{}

// NewNudge returns a Nudge.
func NewNudge() Nudge { return make(Nudge, 1) }

// Poke wakes the poll, now or as soon as it waits. It never blocks.
func (n Nudge) Poke() {
	select {
	case n <- struct{}{}:
	default:
	}
}

// Poll calls fetch at once, then after each interval or Poke, until ctx ends or
// fetch fails, and returns that error. Intervals vary by a tenth.
func Poll(ctx context.Context, every time.Duration, n Nudge, fetch func(context.Context) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := fetch(ctx); err != nil {
			return err
		}
		spread := 1 + pollJitter*(2*rand.Float64()-1) //nolint:gosec // spreads load; nothing is secret
		t := time.NewTimer(time.Duration(float64(every) * spread))
		select {
		case <-ctx.Done():
		case <-t.C:
		case <-n:
		}
		t.Stop()
	}
}
