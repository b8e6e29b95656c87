//go:build e2e

package e2e

import (
	"context"
	"sync"
	"testing"

	"conway/internal/ledger"
)

// TestFirstHandlesOfADatabase has several handles find a database empty at the same
// moment: one makes the tables, and the others see that it did.
func TestFirstHandlesOfADatabase(t *testing.T) {
	t.Parallel()
	p := newPostgres(t)
	for range 6 {
		o := ledger.Options{
			URL:      p.url(p.database(t)),
			Password: func(context.Context) (string, error) { return p.password, nil },
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				j, err := ledger.Open(t.Context(), o)
				if err != nil {
					t.Error(err)
					return
				}
				defer func() {
					if err := j.Close(); err != nil {
						t.Error(err)
					}
				}()
				if err := j.Reopen(t.Context()); err != nil {
					t.Error(err)
					return
				}
				if _, err := j.Append(t.Context(), ledger.Record{Kind: "note", Body: []byte(`{}`)}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
}
