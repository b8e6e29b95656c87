package ledger

import (
	"context"
	"fmt"
)

// Report is what Verify found.
type Report struct {
	// Good is the end of the chain up to which every record is what was written.
	Good Head `json:"good"`
	// Flaw is the first thing that is wrong, nil for nothing.
	Flaw *Flaw `json:"flaw,omitempty"`
}

// Flaw is the first thing that is wrong with a ledger.
type Flaw struct {
	// Place counts records from 1.
	Place int64 `json:"place"`
	// ID is that of the bad record, empty when it is missing.
	ID string `json:"id,omitempty"`
	// Reason is a sentence for a person.
	Reason string `json:"reason"`
}

// String returns "record 7 (ID): reason".
func (f Flaw) String() string {
	if f.ID == "" {
		return fmt.Sprintf("record %d: %s", f.Place, f.Reason)
	}
	return fmt.Sprintf("record %d (%s): %s", f.Place, f.ID, f.Reason)
}

// Verify reads the whole chain and names the first record that was edited,
// deleted, put in another place or made up. That the newest were taken away, or
// that all was written anew, only shows against heads that were kept elsewhere.
// An error means that the ledger could not be read, not that it is wrong.
func (j *Journal) Verify(ctx context.Context, kept ...Head) (Report, error) {
	w := walk{kept: map[int64][]Hash{}}
	for _, h := range kept {
		w.kept[h.Count] = append(w.kept[h.Count], h.Hash)
	}
	err := j.scan(ctx, func(d *db) error {
		w.compare("")
		err := d.each("SELECT "+columns+" FROM record ORDER BY seq", w.step)
		if err != nil || w.flaw != nil {
			return err
		}
		flaw, err := d.check()
		if err == nil && flaw != "" {
			w.fault(w.good.Count, "", flaw)
		}
		return err
	})
	if damaged(err) {
		w.fault(w.good.Count+1, "", "it cannot be read: "+err.Error())
		err = nil
	}
	if err != nil {
		return Report{}, fmt.Errorf("verify ledger: %w", err)
	}
	for _, h := range kept {
		if h.Count > w.good.Count {
			w.fault(w.good.Count+1, "", fmt.Sprintf("it is missing: there were %d records when the head was kept", h.Count))
		}
	}
	return Report{Good: w.good, Flaw: w.flaw}, nil
}

// walk goes along a chain from its beginning.
type walk struct {
	kept map[int64][]Hash
	good Head
	flaw *Flaw
}

func (w *walk) step(s cells) error {
	if w.flaw != nil {
		return nil
	}
	r, seq, err := row(s)
	if err != nil {
		return err
	}
	place := w.good.Count + 1
	switch {
	case seq != place:
		w.fault(place, "", fmt.Sprintf("it is missing; the next one is record %d (%s)", seq, r.ID))
	case r.Prev != w.good.Hash:
		w.fault(place, r.ID, "it does not follow the record before it")
	case r.sum(r.Prev) != r.Hash:
		w.fault(place, r.ID, "it is not what was written")
	default:
		w.good = Head{Count: place, Hash: r.Hash}
		w.compare(r.ID)
	}
	return nil
}

// compare checks the chain so far against the heads that were kept at its
// length.
func (w *walk) compare(id string) {
	for _, h := range w.kept[w.good.Count] {
		if h != w.good.Hash {
			w.fault(w.good.Count, id, "it is not the one that the kept head ends with")
		}
	}
}

func (w *walk) fault(place int64, id, reason string) {
	if w.flaw == nil {
		w.flaw = &Flaw{Place: place, ID: id, Reason: reason}
	}
}
