package ledger

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Raw is a record of which nothing but the envelope has been looked at. Its bytes
// are the store's own: they hold until the function that got them returns.
type Raw struct {
	At             time.Time
	ID, Kind, Body []byte
}

// Scan hands over all records after a cursor, at several times the pace of Since,
// and returns the cursor after the last of them. They are cut into as many
// stretches as there are lanes, each of which gets one, in the order in which it
// was written; of a file the lanes are called at the same time. What is written
// meanwhile comes with the next call.
//
// A damaged ledger is ErrDamaged whatever lies before the damage: Since tells that
// apart.
func (j *Journal) Scan(ctx context.Context, after Cursor, lanes ...func(Raw) error) (Cursor, error) {
	next, err := j.hurry(ctx, after, lanes)
	if damaged(err) {
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if err != nil {
		return after, fmt.Errorf("read ledger: %w", err)
	}
	return next, nil
}

func (j *Journal) hurry(ctx context.Context, after Cursor, lanes []func(Raw) error) (Cursor, error) {
	// A record that is there stays as it is, so that a stretch is the same however
	// late it is begun.
	h, err := j.Head(ctx)
	if err != nil {
		return after, err
	}
	cuts := stretches(int64(after), h.Count, len(lanes))
	if j.tenure() != nil {
		// One connection after the other: a team's database has others to serve.
		for i, take := range lanes {
			if err := j.stretch(ctx, cuts[i], cuts[i+1], take); err != nil {
				return after, err
			}
		}
		return Cursor(h.Count), nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	for i, take := range lanes {
		all.Go(func() {
			if err := j.stretch(ctx, cuts[i], cuts[i+1], take); err != nil {
				cancel(err) // the first one counts: it is why the others end
			}
		})
	}
	all.Wait()
	if err := context.Cause(ctx); err != nil {
		return after, err
	}
	return Cursor(h.Count), nil
}

// stretches cuts what lies between two places into n parts.
func stretches(after, last int64, n int) []int64 {
	out := make([]int64, 0, n+1)
	for i := range int64(n) {
		out = append(out, after+(last-after)*i/int64(n))
	}
	return append(out, last)
}

// stretch reads what lies after one place, up to another.
func (j *Journal) stretch(ctx context.Context, after, last int64, take func(Raw) error) error {
	if after >= last {
		return nil
	}
	return j.scan(ctx, func(d *db) error {
		return d.each("SELECT "+rawColumns+" FROM record WHERE seq > $1 AND seq <= $2 ORDER BY seq", func(s cells) error {
			r, err := rawRow(s)
			if err != nil {
				return err
			}
			return take(r)
		}, after, last)
	})
}

// Each hands over the records of some kinds after a cursor, one by one, and returns
// the cursor after everything that was looked at. It is for what cannot be kept all
// at once, as Kinds does.
func (j *Journal) Each(ctx context.Context, after Cursor, take func(Record) error, kinds ...string) (Cursor, error) {
	next := after
	err := j.scan(ctx, func(d *db) error {
		_, seq, err := d.last()
		if err != nil {
			return err
		}
		next = Cursor(seq)
		where, args := ofKinds(after, kinds)
		return d.each("SELECT "+columns+" FROM record WHERE "+where+" ORDER BY seq", func(s cells) error {
			r, _, err := row(s)
			if err != nil {
				return err
			}
			return take(r)
		}, args...)
	})
	if err != nil {
		return after, fmt.Errorf("read ledger: %w", err)
	}
	return next, nil
}

// rawColumns are what rawRow reads: each that is not is time saved.
const rawColumns = "id, at, kind, body, prev, hash"

// rawRow is row of what a Raw holds, and finds the same fault with it.
func rawRow(s cells) (r Raw, err error) {
	at := s.ColumnRawText(1)
	// What it takes it takes as parseTime does, in less time.
	if r.At.UnmarshalText(at) == nil {
		r.At = r.At.UTC()
	} else if r.At, err = parseTime(string(at)); err != nil {
		return r, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if len(s.ColumnRawBlob(4)) != len(Hash{}) || len(s.ColumnRawBlob(5)) != len(Hash{}) {
		return r, fmt.Errorf("%w: a hash has the wrong length", ErrDamaged)
	}
	r.ID, r.Kind, r.Body = s.ColumnRawText(0), s.ColumnRawText(2), s.ColumnRawText(3)
	return r, nil
}
