package ledger

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// batch is how many records Since returns at once.
const batch = 1000

// Cursor is a place in a ledger, for Since: before the first record when it is
// zero. It means nothing in another file.
type Cursor int64

// Since returns the records after a cursor in the order in which they were
// written here, whoever wrote them, up to 1,000 at once, and the cursor after
// the last of them. No record means that there is none yet: asking again later
// costs one look at the end of an index. Of a damaged ledger it returns what
// lies before the damage, and then ErrDamaged.
func (j *Journal) Since(ctx context.Context, after Cursor) ([]Record, Cursor, error) {
	var files *[2]stamp
	if w, ok := j.store.(watched); ok {
		// By the clock that dates files, and before they are read.
		if files = w.files(time.Now()); j.quiet.after(after, files) && !j.closed() && ctx.Err() == nil {
			return nil, after, nil
		}
	}
	var out []Record
	next := after
	err := j.read(ctx, func(d *db) error {
		return d.each("SELECT "+columns+" FROM record WHERE seq > $1 ORDER BY seq LIMIT $2", func(s cells) error {
			r, seq, err := row(s)
			if err != nil {
				return err
			}
			out, next = append(out, r), Cursor(seq)
			return nil
		}, int64(after), int64(batch))
	})
	if damaged(err) {
		if len(out) > 0 {
			return out, next, nil
		}
		err = fmt.Errorf("%w after record %d: %w", ErrDamaged, after, err)
	}
	if err != nil {
		return nil, after, fmt.Errorf("read ledger: %w", err)
	}
	if len(out) == 0 {
		j.quiet.learn(after, files)
	}
	return out, next, nil
}

// Kinds returns the records of some kinds after a cursor, all at once, and the
// cursor after everything that was looked at. It is for kinds of which there are
// few: the others are passed over without being read.
func (j *Journal) Kinds(ctx context.Context, after Cursor, kinds ...string) ([]Record, Cursor, error) {
	where, args := ofKinds(after, kinds)
	var out []Record
	next := after
	far := false
	pass := func(d *db) error {
		_, seq, err := d.last()
		if err != nil {
			return err
		}
		next = Cursor(seq)
		return d.each("SELECT "+columns+" FROM record WHERE "+where+" ORDER BY seq", func(s cells) error {
			r, _, err := row(s)
			out = append(out, r)
			return err
		}, args...)
	}
	err := j.read(ctx, func(d *db) error {
		_, seq, err := d.last()
		if far = Cursor(seq)-after > batch; err != nil || far {
			return err
		}
		return pass(d)
	})
	if err == nil && far {
		// That takes its time, and a connection of its own.
		err = j.scan(ctx, pass)
	}
	if err != nil {
		return nil, after, fmt.Errorf("read ledger: %w", err)
	}
	return out, next, nil
}

// ofKinds is the condition for records of some kinds after a cursor.
func ofKinds(after Cursor, kinds []string) (where string, args []any) {
	args = []any{int64(after)}
	places := make([]string, len(kinds))
	for i, k := range kinds {
		args, places[i] = append(args, k), fmt.Sprintf("$%d", i+2)
	}
	return "seq > $1 AND kind IN (" + strings.Join(places, ", ") + ")", args
}

// Tail returns the cursor before the newest n records.
func (j *Journal) Tail(ctx context.Context, n int) (Cursor, error) {
	h, err := j.Head(ctx)
	return Cursor(max(0, h.Count-int64(n))), err
}

// Head returns the end of the chain. Kept on another machine it lets Verify find
// out that the newest records were taken away.
func (j *Journal) Head(ctx context.Context) (Head, error) {
	var h Head
	err := j.read(ctx, func(d *db) error {
		r, seq, err := d.last()
		h = Head{Count: seq, Hash: r.Hash}
		return err
	})
	if err != nil {
		return Head{}, fmt.Errorf("read ledger's head: %w", err)
	}
	return h, nil
}
