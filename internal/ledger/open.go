package ledger

import (
	"context"
	"fmt"
)

// Open opens the ledger at o.Path and makes it when it is missing. It waits for
// other processes that are opening it, 15 s at most or until ctx ends.
//
// A ledger of a newer version, and one that is damaged but still readable from
// the start, is opened for reading only; Writable says why. Every other trouble
// is an error that names the fix. The caller closes the Journal.
//
// With o.URL the ledger is a team's database, which Open does not wait for: the
// handle is ErrBroken until Reopen has reached it, and again when it goes away.
func Open(ctx context.Context, o Options) (*Journal, error) {
	o, err := o.filled()
	if err == nil && o.URL != "" {
		j, err := openTeam(ctx, o)
		if err != nil {
			return nil, fmt.Errorf("open the team's ledger: %w", err)
		}
		return j, nil
	}
	var j *Journal
	if err == nil {
		j, err = openFile(ctx, o)
	}
	if err != nil {
		return nil, fmt.Errorf("open ledger %s: %w", o.Path, err)
	}
	return j, nil
}
