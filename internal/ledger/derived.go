package ledger

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"
)

// DerivedID returns the id of a record that says what another system's entry
// says: the same for the same time and parts, whoever writes it. Parts are told
// apart whatever is in them.
func DerivedID(at time.Time, parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	var tail [randomBytes]byte
	copy(tail[:], h.Sum(nil))
	return encodeID(max(0, at.UnixMilli()), tail)
}

// AppendMissing adds those records whose ids are not here yet, all in one
// commit, and counts them. One whose id is here is left out, whatever it says:
// such an id stands for another system's entry, and that is counted once. Every
// record needs an id, a time and an actor. They begin no action and no step.
func (j *Journal) AppendMissing(ctx context.Context, records []Record) (added int, err error) {
	normal := make([]Record, 0, len(records))
	for _, r := range records {
		n, err := r.normal()
		if err != nil {
			return 0, fmt.Errorf("append %s record: %w", r.Kind, err)
		}
		normal = append(normal, n)
	}
	if added, err = j.tryMissing(ctx, normal); again(err) && j.Reopen(ctx) == nil {
		added, err = j.tryMissing(ctx, normal)
	}
	if err != nil {
		return 0, fmt.Errorf("append records: %w", err)
	}
	return added, nil
}

func (j *Journal) tryMissing(ctx context.Context, records []Record) (int, error) {
	// While the outcome is unknown the writer may still count.
	var added int
	err := j.write(ctx, "append", func(d *db) error {
		added = 0
		for _, r := range records {
			_, here, err := d.byID(r.ID)
			if err != nil {
				return err
			}
			if here {
				continue
			}
			if _, _, err := d.add(r); err != nil {
				return err
			}
			added++
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return added, nil
}
