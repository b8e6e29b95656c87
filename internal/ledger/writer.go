package ledger

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// commitGrace is how long a write whose context has ended is waited for: it is
// most likely in its last sync, and knowing is better than not.
const commitGrace = 2 * time.Second

const (
	// readTimeout bounds a short read, which takes a few ms.
	readTimeout = 10 * time.Second
	// scanTimeout bounds the reading of everything.
	scanTimeout = 10 * time.Minute
)

// job is one transaction for the writer, or with do nil the wish for another
// connection.
type job struct {
	ctx  context.Context //nolint:containedctx // it is handed to the goroutine that runs the job
	name string
	do   func(*db) error
	// done takes the outcome; it has room for it.
	done chan error
}

// write runs do in a transaction of the writer and returns once it is durable.
func (j *Journal) write(ctx context.Context, name string, do func(*db) error) error {
	if j.why != nil {
		return j.why
	}
	return j.hand(ctx, job{ctx: ctx, name: name, do: do, done: make(chan error, 1)})
}

// closed reports whether Close has been called.
func (j *Journal) closed() bool {
	select {
	case <-j.quit:
		return true
	default:
		return false
	}
}

// hand gives the writer a job and waits for its outcome.
func (j *Journal) hand(ctx context.Context, jb job) error {
	if j.closed() {
		return ErrClosed
	}
	select {
	case j.jobs <- jb:
	case <-j.quit:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-jb.done:
		return explain(ctx, err)
	case <-ctx.Done():
	}
	t := time.NewTimer(j.opts.grace)
	defer t.Stop()
	select {
	case err := <-jb.done:
		return explain(ctx, err)
	case <-t.C:
		return fmt.Errorf("%w: %w", ErrUnknown, ctx.Err())
	}
}

// serve is the goroutine that writes. It closes d when it ends, or when the disk
// fails, so that other processes need not wait for its lock.
func (j *Journal) serve(d *db) {
	defer close(j.ended)
	// The connection for reads is made now that the file surely is a ledger, and
	// only once somebody reads.
	j.readers <- nil
	for {
		select {
		case <-j.last:
			j.failed = guard(d.close)
			return
		case jb := <-j.jobs:
			var err error
			if jb.do == nil {
				d, err = j.renew(jb.ctx, d)
			} else {
				d, err = j.perform(d, jb)
			}
			jb.done <- err
		}
	}
}

// perform runs a job and returns the connection for the next one.
func (j *Journal) perform(d *db, jb job) (*db, error) {
	if err := j.failure(); err != nil {
		return d, err
	}
	if d == nil || d.lost() {
		// The last call's context took the connection with it.
		fresh, err := j.renew(jb.ctx, d)
		if err != nil {
			return nil, err
		}
		d = fresh
	}
	err := guard(func() error {
		return d.transact(jb.ctx, jb.name, j.opts.failpoint, func() error { return jb.do(d) })
	})
	if !breaks(err) {
		return d, err
	}
	j.breakDown(err)
	// What closing says is no news any more.
	_ = guard(d.close)
	return nil, err
}

// renew opens the ledger anew.
func (j *Journal) renew(ctx context.Context, d *db) (*db, error) {
	_ = guard(d.close)
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	err := guard(func() (err error) {
		d, err = j.store.enter(ctx)
		return err
	})
	j.mu.Lock()
	defer j.mu.Unlock()
	j.broken = err
	if err != nil {
		return nil, err
	}
	return d, nil
}

// guard turns a panic of do into an error.
func guard(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v\n%s", errPanic, p, debug.Stack())
		}
	}()
	return do()
}

// read runs do on the connection for short reads.
func (j *Journal) read(ctx context.Context, do func(*db) error) (err error) {
	if j.closed() {
		return ErrClosed
	}
	var d *db
	select {
	case d = <-j.readers:
	case <-ctx.Done():
		return ctx.Err()
	case <-j.quit:
		return ErrClosed
	}
	defer func() { j.readers <- d }()
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	if d != nil && d.lost() {
		_ = d.close()
		d = nil
	}
	if d == nil {
		if d, err = j.store.dial(ctx); err != nil {
			j.away(ctx, err)
			return explain(ctx, err)
		}
	}
	err = guard(func() error { return d.within(ctx, func() error { return do(d) }) })
	if errors.Is(err, errLost) {
		j.away(ctx, err)
	}
	if errors.Is(err, errPanic) {
		// What state it is in is anybody's guess; the next read gets a new one.
		_ = guard(d.close)
		d = nil
	}
	return explain(ctx, err)
}

// away says after a failed read that the team's database is away, so that the
// next write need not find it out. A file's failures to be read are its own.
func (j *Journal) away(ctx context.Context, err error) {
	if j.tenure() != nil && ctx.Err() == nil {
		j.breakDown(err)
	}
}

// scan runs do on a connection of its own, so that a long read holds nothing up.
func (j *Journal) scan(ctx context.Context, do func(*db) error) error {
	if j.closed() {
		return ErrClosed
	}
	ctx, cancel := context.WithTimeout(ctx, scanTimeout)
	defer cancel()
	d, err := j.store.dial(ctx)
	if err != nil {
		return explain(ctx, err)
	}
	err = guard(func() error { return d.within(ctx, func() error { return do(d) }) })
	return explain(ctx, errors.Join(err, d.close()))
}
