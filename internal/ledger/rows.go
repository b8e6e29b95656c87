package ledger

import "fmt"

// columns are a record's, in the order that row reads.
const columns = "seq, id, at, kind, src, actor, body, prev, hash"

// row reads a record and its place in the chain.
func row(s cells) (r Record, seq int64, err error) {
	seq = s.ColumnInt64(0)
	r = Record{
		ID: s.ColumnText(1), Kind: s.ColumnText(3), Src: s.ColumnText(4), Actor: s.ColumnText(5),
		Body: s.ColumnBlob(6, nil),
	}
	if r.At, err = parseTime(s.ColumnText(2)); err != nil {
		return r, seq, fmt.Errorf("%w: record %d: %w", ErrDamaged, seq, err)
	}
	prev, hash := s.ColumnBlob(7, nil), s.ColumnBlob(8, nil)
	if len(prev) != len(r.Prev) || len(hash) != len(r.Hash) {
		return r, seq, fmt.Errorf("%w: record %d: a hash has the wrong length", ErrDamaged, seq)
	}
	copy(r.Prev[:], prev)
	copy(r.Hash[:], hash)
	return r, seq, nil
}

// one returns the first record that a query finds, and whether there is one.
func (d *db) one(where string, args ...any) (r Record, seq int64, ok bool, err error) {
	err = d.each("SELECT "+columns+" FROM record "+where+" LIMIT 1", func(s cells) error {
		ok = true
		r, seq, err = row(s)
		return err
	}, args...)
	return r, seq, ok, err
}

// last returns the newest record and its place, 0 for an empty ledger.
func (d *db) last() (Record, int64, error) {
	r, seq, _, err := d.one("ORDER BY seq DESC")
	return r, seq, err
}

func (d *db) byID(id string) (Record, bool, error) {
	r, _, ok, err := d.one("WHERE id = $1", id)
	return r, ok, err
}

// add puts a record at the end of the chain.
func (d *db) add(r Record) (Record, int64, error) {
	last, seq, err := d.last()
	if err != nil {
		return r, 0, err
	}
	seq++
	r.Prev = last.Hash
	r.Hash = r.sum(r.Prev)
	err = d.exec("INSERT INTO record ("+columns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		seq, r.ID, timeText(r.At), r.Kind, r.Src, r.Actor, string(r.Body), r.Prev[:], r.Hash[:])
	return r, seq, err
}
