package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
)

// lineVersion is the shape of an exported line; a reader refuses a later one.
const lineVersion = 1

// line is a record as it is exported.
type line struct {
	V int `json:"v"`
	Record
}

// Export writes every record as one line of JSON, in the order of the chain. Of
// a damaged ledger it writes what lies before the damage and returns ErrDamaged.
func (j *Journal) Export(ctx context.Context, w io.Writer) error {
	_, err := j.ExportSome(ctx, w, func(Record) bool { return true })
	return err
}

// ExportSome is Export of the records for which keep is true, and counts those
// that were left out. A line proves its own content wherever the one before it is.
func (j *Journal) ExportSome(ctx context.Context, w io.Writer, keep func(Record) bool) (left int, err error) {
	e := json.NewEncoder(w)
	// A body is written byte for byte as it was hashed.
	e.SetEscapeHTML(false)
	count := 0
	err = j.scan(ctx, func(d *db) error {
		return d.each("SELECT "+columns+" FROM record ORDER BY seq", func(s cells) error {
			r, _, err := row(s)
			if err != nil {
				return err
			}
			count++
			if !keep(r) {
				left++
				return nil
			}
			return e.Encode(line{lineVersion, r})
		})
	})
	if damaged(err) {
		err = fmt.Errorf("%w after record %d, those before it are exported: %w", ErrDamaged, count, err)
	}
	if err != nil {
		return left, fmt.Errorf("export ledger: %w", err)
	}
	return left, nil
}
