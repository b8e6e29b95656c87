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
func Open(ctx context.Context, o Options) (*Journal, error) {
	o, err := o.filled()
	var j *Journal
	if err == nil {
		j, err = openFile(ctx, o)
	}
	if err != nil {
		return nil, fmt.Errorf("open ledger %s: %w", o.Path, err)
	}
	return j, nil
}
