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

// openFile opens a ledger that is a file.
func openFile(ctx context.Context, o Options) (*Journal, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	path, err := findPlace(o)
	if err != nil {
		return nil, err
	}
	f := &fileStore{opts: o, path: path}
	j := newJournal(o, f)
	if o.ReadOnly {
		if err := o.disk.check(path); err != nil {
			return nil, err
		}
	}
	if f.locks, err = openLockFile(path + "-lock"); err != nil {
		return nil, err
	}
	if o.ReadOnly {
		return j, f.look(ctx, j, ErrReadOnly)
	}
	d, err := f.enter(ctx)
	if err == nil {
		go j.serve(d)
		return j, nil
	}
	err = explain(ctx, err)
	if damaged(err) || errors.Is(err, errNewer) {
		return j, f.look(ctx, j, err)
	}
	return nil, errors.Join(err, f.close())
}

// fileStore is a ledger in a file.
type fileStore struct {
	opts Options
	// path is where the ledger really is.
	path  string
	locks *lockFile
}

func (f *fileStore) place() string { return f.path }

func (f *fileStore) session() int64 { return f.locks.session }

func (f *fileStore) alive(_ *db, session int64) (bool, error) { return f.locks.alive(session) }

func (f *fileStore) close() error { return f.locks.close() }

func (f *fileStore) dial(context.Context) (*db, error) {
	c, err := dialFile(f.path, f.opts.disk.vfs(), true)
	if err != nil {
		return nil, err
	}
	return &db{c}, nil
}

// look makes j a handle for reading only, because of why. It takes its turn with
// those that open the ledger for writing and then counts as one that has it
// open, so that nobody takes the log away from under it.
func (f *fileStore) look(ctx context.Context, j *Journal, why error) error {
	err := f.locks.start(ctx)
	if err == nil {
		err = errors.Join(f.locks.enter(), f.peruse(j, why), f.locks.started())
	}
	if err != nil {
		return errors.Join(err, f.close())
	}
	return nil
}

// enter does what only one process may do at a time.
func (f *fileStore) enter(ctx context.Context) (_ *db, err error) {
	if err := f.locks.start(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.locks.started()) }()
	f.opts.failpoint("open:locked")
	if err := f.opts.disk.prepare(f.path); err != nil {
		return nil, err
	}
	f.opts.failpoint("open:prepared")
	alone, err := f.locks.alone(f.path)
	if err != nil {
		return nil, err
	}
	if alone {
		if err := renewLog(f.opts.disk, f.path); err != nil {
			return nil, fmt.Errorf("make the write-ahead log durable: %w", err)
		}
	}
	f.opts.failpoint("open:renewed")
	if err := f.locks.enter(); err != nil {
		return nil, err
	}
	for {
		d, err := f.connect(ctx)
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
func (f *fileStore) connect(ctx context.Context) (*db, error) {
	c, err := dialFile(f.path, f.opts.disk.vfs(), false)
	if err != nil {
		return nil, err
	}
	d := &db{c}
	v, err := c.version()
	if err != nil {
		return d, err
	}
	if err := c.durable(f.opts.checkpoint); err != nil {
		return d, err
	}
	f.opts.failpoint("open:connected")
	if err := c.migrate(ctx, v, f.opts.failpoint); err != nil {
		return d, err
	}
	last, seq, err := d.last()
	if err == nil && seq > 0 && last.sum(last.Prev) != last.Hash {
		err = fmt.Errorf("%w: the last record, %s, is not what was written", ErrDamaged, last.ID)
	}
	f.opts.failpoint("open:migrated")
	return d, err
}

// peruse makes j a handle for reading only, because of why. It fails when not
// even the first record can be read.
func (f *fileStore) peruse(j *Journal, why error) error {
	err := f.opts.disk.check(f.path)
	var d *db
	if err == nil {
		var c *fileConn
		if c, err = dialFile(f.path, f.opts.disk.vfs(), true); err == nil {
			d = &db{c}
			if _, err = c.version(); errors.Is(err, errNewer) {
				why, err = err, nil
			}
		}
	}
	if err == nil {
		err = d.each("SELECT "+columns+" FROM record ORDER BY seq LIMIT 1", nil)
	}
	if damaged(why) {
		why = fmt.Errorf("%w; export what can still be read, then begin a new one: mv '%s' '%s.damaged'",
			why, f.path, f.path)
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
		return fmt.Errorf("%w: nothing in it can be read; begin a new one: mv '%s' '%s.damaged'", err, f.path, f.path)
	}
	return err
}
