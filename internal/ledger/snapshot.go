package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// maxSnapshot bounds what is kept of one source and kind, in bytes: some ten
// thousand pages.
const maxSnapshot = 16 << 20

// Snapshot is what a source last said.
type Snapshot struct {
	// Source is the configured name of the source, Kind what it is about.
	Source string
	Kind   string
	// At is when it was received by the wall clock.
	At time.Time
	// Data is as it was handed in.
	Data []byte
}

// near returns the journal that holds what sources last said: this one when it
// is a file, and otherwise the file beside the database, because a cold start
// must have something to show while that is away.
func (j *Journal) near() (*Journal, error) {
	if j.tenure() == nil {
		return j, nil
	}
	if j.local == nil {
		return nil, cmp.Or(j.noLocal, errors.New("no file is set for it"))
	}
	return j.local, nil
}

// SaveSnapshot keeps what a source said at a time, in place of what it said
// before. An older one than what is kept, as another cockpit may hand in, is
// left out. Each call is a synced commit, so it belongs behind a rate limit.
func (j *Journal) SaveSnapshot(ctx context.Context, source, kind string, at time.Time, data []byte) error {
	err := func() error {
		j, err := j.near()
		if err != nil {
			return err
		}
		if len(data) > maxSnapshot {
			return fmt.Errorf("%d bytes are more than %d", len(data), maxSnapshot)
		}
		if data == nil {
			data = []byte{}
		}
		return j.write(ctx, "snapshot", func(d *db) error {
			return d.exec(`INSERT INTO snapshot (source, kind, at, data) VALUES ($1, $2, $3, $4)
				ON CONFLICT (source, kind) DO UPDATE SET at = excluded.at, data = excluded.data WHERE excluded.at >= at`,
				source, kind, at.UnixNano(), data)
		})
	}()
	if err != nil {
		return fmt.Errorf("save snapshot of %s from %s: %w", kind, source, err)
	}
	return nil
}

// Snapshots returns what every source last said, by source and kind.
func (j *Journal) Snapshots(ctx context.Context) ([]Snapshot, error) {
	var out []Snapshot
	j, err := j.near()
	if err != nil {
		return nil, fmt.Errorf("read snapshots: %w", err)
	}
	err = j.read(ctx, func(d *db) error {
		return d.each("SELECT source, kind, at, data FROM snapshot ORDER BY source, kind", func(s cells) error {
			out = append(out, Snapshot{
				Source: s.ColumnText(0), Kind: s.ColumnText(1),
				At: time.Unix(0, s.ColumnInt64(2)).UTC(), Data: s.ColumnBlob(3, nil),
			})
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read snapshots: %w", err)
	}
	return out, nil
}
