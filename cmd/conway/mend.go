package main

import (
	"context"
	"errors"
	"time"

	"conway/internal/ledger"
	"conway/internal/oncall"
)

// mendEvery is how often a ledger that broke is opened anew: a database that was
// started again is there within seconds, and a disk has room once somebody made it.
const mendEvery = 3 * time.Second

// ledgerFix is what mends a ledger, in a person's words.
func (c *core) ledgerFix() string {
	if c.cfg.Ledger.URL != "" {
		return "start the database"
	}
	return "free disk space"
}

// mend opens the ledger anew for as long as it is broken, until ctx ends, and
// says on the screen that it is and when it works again.
func (c *core) mend(ctx context.Context) {
	for failures := 0; ; {
		if errors.Is(c.journal.Writable(), ledger.ErrBroken) {
			err := c.reopen(ctx)
			switch {
			case ctx.Err() != nil:
				return
			case err != nil:
				failures++
				c.box.Put(oncall.HealthEvent{
					Stamp: oncall.Stamp{Source: ledgerName, At: c.now(), Err: &oncall.Fault{
						Kind: oncall.Unavailable, Source: ledgerName, Op: "open the ledger", Cause: err, Fix: c.ledgerFix(),
						Detail: "nothing is recorded while it is away: " + err.Error(),
					}},
					Attempt: failures, NextTry: c.now().Add(mendEvery),
				})
			default:
				failures = 0
				c.box.Put(oncall.HealthEvent{Stamp: oncall.Stamp{Source: ledgerName, At: c.now()}, Up: true})
				c.lostSteps(ctx)
			}
		}
		if !sleep(ctx, mendEvery) {
			return
		}
	}
}

func (c *core) reopen(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, keepTimeout)
	defer cancel()
	return c.journal.Reopen(ctx)
}

// sleep waits, and reports false when ctx ended meanwhile.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
