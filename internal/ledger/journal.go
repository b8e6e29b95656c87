package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Journal is an open ledger. Its methods may be called from several goroutines;
// one goroutine of its own writes, and one connection answers short reads.
type Journal struct {
	opts  Options
	store store
	ids   ids
	// local holds what each source last said beside a team's database, nil for none;
	// noLocal is why it could not be opened.
	local   *Journal
	noLocal error
	// why is the reason for a handle that only reads, nil for one that writes.
	why error

	// jobs is unbuffered: whoever has handed a job over knows that it runs.
	jobs chan job
	// quit is closed by Close, last when only the writer's connection is left, and
	// ended by the writer when that is closed; failed is what went wrong then.
	quit, last, ended chan struct{}
	closing           sync.Once
	failed            error
	// readers holds the connection for short reads while nobody uses it.
	readers chan *db
	quiet   quiet

	mu sync.Mutex
	// broken is the failure after which nothing is written any more.
	broken error
}

func newJournal(o Options, s store) *Journal {
	return &Journal{
		opts: o, store: s, jobs: make(chan job), readers: make(chan *db, 1),
		quit: make(chan struct{}), last: make(chan struct{}), ended: make(chan struct{}),
	}
}

// Path returns where the ledger is, with symbolic links resolved.
func (j *Journal) Path() string { return j.store.place() }

// Writable returns nil while records are accepted, and otherwise why they are
// not and what to do: an error that is ErrReadOnly, ErrBroken or ErrClosed.
func (j *Journal) Writable() error {
	select {
	case <-j.quit:
		return ErrClosed
	default:
	}
	if j.why != nil {
		return j.why
	}
	return j.failure()
}

// failure returns what broke the handle, or nil.
func (j *Journal) failure() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken == nil {
		return nil
	}
	if j.tenure() != nil && errors.Is(j.broken, errLost) {
		return awayError{j.broken}
	}
	return fmt.Errorf("%w: %w", ErrBroken, j.broken)
}

func (j *Journal) breakDown(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken == nil {
		j.broken = err
	}
}

// Append adds a record and returns it as it was written, only after it has been
// synced to the disk. A record whose ID is in the ledger already is returned
// from there when it says the same and ErrConflict otherwise, so that an Append
// may be repeated; the same holds for an intent of an action or a step that is
// recorded already.
//
// When ctx ends before the commit begins nothing is written. When the disk is
// so slow that it ends during the commit, the error is ErrUnknown.
func (j *Journal) Append(ctx context.Context, r Record) (Record, error) {
	out, err := j.append(ctx, r)
	if err != nil {
		return Record{}, fmt.Errorf("append %s record: %w", r.Kind, err)
	}
	return out, nil
}

func (j *Journal) append(ctx context.Context, r Record) (Record, error) {
	if r.At.IsZero() {
		r.At = j.opts.Now()
	}
	if r.Actor == "" {
		r.Actor = j.opts.Actor
	}
	named := r.ID != ""
	if !named {
		r.ID = j.ids.next(j.opts.Now())
	}
	r, err := r.normal()
	if err != nil {
		return r, err
	}
	t, err := taskOf(r)
	if err != nil {
		return r, err
	}
	written, err := j.try(ctx, r, t, named)
	if again(err) && j.Reopen(ctx) == nil {
		// Whether it was written is known now that the database is back: if so, it is
		// found by its id.
		written, err = j.try(ctx, r, t, true)
	}
	if err != nil {
		return r, err
	}
	return written, nil
}

// again reports whether it is worth connecting to the database at once: it went
// away under the call, or nobody has asked for it yet. One that is known to be
// away is not waited for.
func again(err error) bool {
	return errors.Is(err, errNotYet) || errors.Is(err, errLost) && !errors.Is(err, ErrBroken)
}

// try takes a record in one transaction.
func (j *Journal) try(ctx context.Context, r Record, t task, named bool) (Record, error) {
	// While the outcome is unknown the writer may still set this.
	var written Record
	err := j.write(ctx, "append", func(d *db) (err error) {
		written, err = j.take(d, r, t, named)
		return err
	})
	if err != nil {
		return r, err
	}
	return written, nil
}

// take adds a record unless it is there already. named says that its id was
// given, so that it may be.
func (j *Journal) take(d *db, r Record, t task, named bool) (Record, error) {
	if named {
		if known, ok, err := d.byID(r.ID); err != nil || ok {
			return known, conflict(known, r, err)
		}
	}
	if known, ok, err := d.begun(t); err != nil || ok {
		r.ID, r.At, r.Actor = known.ID, known.At, known.Actor
		return known, conflict(known, r, err)
	}
	r, seq, err := d.add(r)
	if err != nil {
		return r, err
	}
	return r, d.track(t, seq, j.store.session())
}

// conflict returns why r cannot be taken for the known record, or nil.
func conflict(known, r Record, err error) error {
	if err == nil && !known.same(r) {
		return fmt.Errorf("%w, %s", ErrConflict, known.ID)
	}
	return err
}

// Reopen makes a handle that is ErrBroken take records again, once the disk has
// room or works. It opens the ledger anew, as Open does, and keeps what the
// handle has pending. When it fails the handle stays broken.
func (j *Journal) Reopen(ctx context.Context) error {
	if j.why != nil {
		return j.why
	}
	// The connection for reads goes too: only an open that starts from the files
	// finds out what is in them.
	var r *db
	select {
	case r = <-j.readers:
	case <-j.quit:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { j.readers <- nil }()
	_ = guard(r.close)
	if err := j.hand(ctx, job{ctx: ctx, done: make(chan error, 1)}); err != nil {
		return fmt.Errorf("reopen ledger %s: %w", j.Path(), err)
	}
	return nil
}

// Held returns nil while what Pending gave to this handle is its own to deliver.
// It is always so in a file. A handle on a team's database that has not reached
// it for a while cannot know; then it must not send what another may be sending,
// and ask Pending what is left to it.
func (j *Journal) Held() error {
	if t := j.tenure(); t != nil && j.why == nil {
		return t.held()
	}
	return nil
}

// tenure is the handle's claim in a team's database, nil in a file.
func (j *Journal) tenure() *tenure {
	if t, ok := j.store.(*teamStore); ok {
		return t.tenure
	}
	return nil
}

// Close ends the use of the ledger and waits for what is being written. It may
// be called more than once.
func (j *Journal) Close() error {
	var err error
	j.closing.Do(func() {
		close(j.quit)
		// Whoever still reads puts the connection back. It is closed before the
		// writer's, because the last to close copies the log into the file and a
		// connection for reading cannot.
		err = (<-j.readers).close()
		if j.why == nil {
			close(j.last)
			<-j.ended
		}
		err = errors.Join(err, j.failed, j.store.close())
		if j.local != nil {
			err = errors.Join(err, j.local.Close())
		}
	})
	if err != nil {
		return fmt.Errorf("close ledger: %w", err)
	}
	return nil
}
