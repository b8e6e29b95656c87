package ledger

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxLine bounds a line of an import: a record of the largest size, written with
// every character escaped.
const maxLine = 8 * maxBody

// Import adds the records of an export that are not here yet, in their order,
// and counts those and the ones that are here already. The records keep their
// content and get a place at the end of this chain, so ledgers can be merged in
// any order and any number of times. A line that is no record, that was changed
// after it was exported or whose id belongs to another record here is an error
// with its number, and then nothing is added at all.
//
// Actions and steps that come in this way are history: Pending does not return
// them.
func (j *Journal) Import(ctx context.Context, r io.Reader) (added, known int, err error) {
	records, err := readLines(ctx, r)
	if err != nil {
		return 0, 0, fmt.Errorf("import records: %w", err)
	}
	// While the outcome is unknown the writer may still count.
	var fresh int
	err = j.write(ctx, "import", func(d *db) (err error) {
		fresh, err = d.merge(records)
		return err
	})
	if err != nil {
		return 0, 0, fmt.Errorf("import records: %w", err)
	}
	return fresh, len(records) - fresh, nil
}

// merge adds the records that are not here and counts them.
func (d *db) merge(records []numbered) (added int, err error) {
	for _, n := range records {
		here, ok, err := d.byID(n.ID)
		switch {
		case err != nil:
			return 0, err
		case ok && !here.same(n.Record):
			return 0, fmt.Errorf("line %d: %w, %s", n.line, ErrConflict, n.ID)
		case ok:
			continue
		}
		if _, _, err := d.add(n.Record); err != nil {
			return 0, err
		}
		added++
	}
	return added, nil
}

// numbered is a record with the line it came from.
type numbered struct {
	Record
	line int
}

// readLines reads all records before anything is written, so that the ledger is
// locked for no longer than it takes to add them.
func readLines(ctx context.Context, r io.Reader) ([]numbered, error) {
	var out []numbered
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxLine)
	n := 0
	for s.Scan() {
		n++
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b := bytes.TrimSpace(s.Bytes())
		if len(b) == 0 {
			continue
		}
		rec, err := readLine(b)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		out = append(out, numbered{rec, n})
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", n+1, err)
	}
	return out, nil
}

func readLine(b []byte) (Record, error) {
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		return Record{}, err
	}
	if l.V > lineVersion {
		return Record{}, fmt.Errorf("it has version %d and this conway knows %d; upgrade it", l.V, lineVersion)
	}
	if l.At.IsZero() {
		return Record{}, errors.New("its time is missing")
	}
	r, err := l.normal()
	if err != nil {
		return Record{}, err
	}
	// A line made by another program has no hash; an exported one must still be
	// what was exported.
	if (r.Hash != Hash{}) && r.sum(r.Prev) != r.Hash {
		return Record{}, errors.New("it is not what was exported: its hash differs")
	}
	return r, nil
}
