package drill

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// crew owns the drill's goroutines: each is recovered, all end with the context
// that it was made with, and wait returns when all have.
type crew struct {
	wg   sync.WaitGroup
	log  *slog.Logger
	mu   sync.Mutex
	errs []error
}

// goes runs f as the crew's own. An error is kept, unless it only says that the
// drill ended.
func (c *crew) goes(ctx context.Context, name string, f func(context.Context) error) {
	c.wg.Go(func() {
		defer func() {
			if v := recover(); v != nil {
				c.fail(name, fmt.Errorf("panic: %v\n%s", v, debug.Stack()))
			}
		}()
		if err := f(ctx); err != nil && !errors.Is(err, context.Canceled) {
			c.fail(name, err)
		}
	})
}

func (c *crew) fail(name string, err error) {
	c.log.Error("a part of the drill failed", slog.String("part", name), slog.Any("error", err))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errs = append(c.errs, fmt.Errorf("run %s: %w", name, err))
}

// wait returns when every goroutine has ended, with what went wrong.
func (c *crew) wait() error {
	c.wg.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.Join(c.errs...)
}

// every calls f at an interval until the context ends or f fails.
func every(ctx context.Context, interval time.Duration, f func(context.Context) error) error {
	t := time.NewTicker(interval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
			if err := f(ctx); err != nil {
				return err
			}
		}
	}
}

// pause waits and reports whether the context is still alive.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
