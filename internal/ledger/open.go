package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// openTimeout bounds an open: twenty that begin together take turns.
const openTimeout = 15 * time.Second

// Open opens the ledger at o.Path and makes it when it is missing. It waits for
// other processes that are opening it, 15 s at most or until ctx ends.
//
// A ledger of a newer version, and one that is damaged but still readable from
// the start, is opened for reading only; Writable says why. Every other trouble
// is an error that names the fix. The caller closes the Journal.
func Open(ctx context.Context, o Options) (*Journal, error) {
	j, err := open(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("open ledger %s: %w", o.Path, err)
	}
	return j, nil
}

func open(ctx context.Context, o Options) (_ *Journal, err error) {
	if o, err = o.filled(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	path, err := findPlace(o)
	if err != nil {
		return nil, err
	}
	j := newJournal(o, path)
	if o.ReadOnly {
		if err := o.disk.check(path); err != nil {
			return nil, err
		}
	}
	if j.locks, err = openLockFile(path + "-lock"); err != nil {
		return nil, err
	}
	if o.ReadOnly {
		return j, j.look(ctx, ErrReadOnly)
	}
	d, err := j.begin(ctx)
	if err == nil {
		go j.serve(d)
		return j, nil
	}
	err = explain(ctx, err)
	if damaged(err) || errors.Is(err, errNewer) {
		return j, j.look(ctx, err)
	}
	return nil, errors.Join(err, j.locks.close())
}

// look makes j a handle for reading only, because of why. It takes its turn with
// those that open the ledger for writing and then counts as one that has it
// open, so that nobody takes the log away from under it.
func (j *Journal) look(ctx context.Context, why error) error {
	err := j.locks.start(ctx)
	if err == nil {
		err = errors.Join(j.locks.enter(), j.peruse(why), j.locks.started())
	}
	if err != nil {
		return errors.Join(err, j.locks.close())
	}
	return nil
}

// begin does what only one process may do at a time and returns the connection
// for writing.
func (j *Journal) begin(ctx context.Context) (_ *db, err error) {
	if err := j.locks.start(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, j.locks.started()) }()
	j.opts.failpoint("open:locked")
	if err := j.opts.disk.prepare(j.path); err != nil {
		return nil, err
	}
	j.opts.failpoint("open:prepared")
	alone, err := j.locks.alone(j.path)
	if err != nil {
		return nil, err
	}
	if alone {
		if err := renewLog(j.opts.disk, j.path); err != nil {
			return nil, fmt.Errorf("make the write-ahead log durable: %w", err)
		}
	}
	j.opts.failpoint("open:renewed")
	if err := j.locks.enter(); err != nil {
		return nil, err
	}
	for {
		d, err := j.connect(ctx)
		if err == nil {
			return d, nil
		}
		err = errors.Join(err, d.close())
		if !errors.Is(err, sqlite3.BUSY) {
			return nil, err
		}
		// Somebody who closes the ledger now holds it for a moment.
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), err)
		case <-time.After(lockPoll):
		}
	}
}

// connect returns a connection for writing to a ledger of this version, which is
// to be closed even beside an error.
func (j *Journal) connect(ctx context.Context) (*db, error) {
	d, err := dial(j.path, j.opts.disk.vfs(), false)
	if err != nil {
		return nil, err
	}
	v, err := d.version()
	if err != nil {
		return d, err
	}
	if err := d.durable(j.opts.checkpoint); err != nil {
		return d, err
	}
	j.opts.failpoint("open:connected")
	if err := d.migrate(ctx, v, j.opts.failpoint); err != nil {
		return d, err
	}
	last, seq, err := d.last()
	if err == nil && seq > 0 && last.sum(last.Prev) != last.Hash {
		err = fmt.Errorf("%w: the last record, %s, is not what was written", ErrDamaged, last.ID)
	}
	j.opts.failpoint("open:migrated")
	return d, err
}

// peruse makes j a handle for reading only, because of why. It fails when not
// even the first record can be read.
func (j *Journal) peruse(why error) error {
	err := j.opts.disk.check(j.path)
	var d *db
	if err == nil {
		d, err = dial(j.path, j.opts.disk.vfs(), true)
	}
	if err == nil {
		if _, err = d.version(); errors.Is(err, errNewer) {
			why, err = err, nil
		}
	}
	if err == nil {
		err = d.each("SELECT "+columns+" FROM record ORDER BY seq LIMIT 1", nil)
	}
	if damaged(why) {
		why = fmt.Errorf("%w; export what can still be read, then begin a new one: mv '%s' '%s.damaged'",
			why, j.path, j.path)
	}
	if err == nil {
		j.why = why
		if !errors.Is(why, ErrReadOnly) {
			j.why = fmt.Errorf("%w: %w", ErrReadOnly, why)
		}
		j.readers <- d
		return nil
	}
	err = errors.Join(err, d.close())
	if damaged(err) {
		return fmt.Errorf("%w: nothing in it can be read; begin a new one: mv '%s' '%s.damaged'", err, j.path, j.path)
	}
	return err
}
