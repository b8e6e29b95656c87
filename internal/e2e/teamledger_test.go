//go:build e2e

package e2e

import (
	"context"
	"path/filepath"
	"testing"

	"conway/internal/ledger"
	"conway/internal/ledger/ledgertest"
)

// teamLedger opens a handle on a database and waits until it takes records.
func teamLedger(tb testing.TB, p *postgres, url string, o ledger.Options) *ledger.Journal {
	tb.Helper()
	o.URL = url
	o.Password = func(context.Context) (string, error) { return p.password, nil }
	j, err := ledger.Open(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := j.Close(); err != nil {
			tb.Error(err)
		}
	})
	if !o.ReadOnly {
		if err := j.Reopen(tb.Context()); err != nil {
			tb.Fatal(err)
		}
	}
	return j
}

// TestTeamLedgerSuite holds the database to what every store promises.
func TestTeamLedgerSuite(t *testing.T) {
	t.Parallel()
	p := newPostgres(t)
	ledgertest.Run(t, func(t *testing.T) ledgertest.Open {
		t.Helper()
		url, home := p.url(p.database(t)), t.TempDir()
		return func(tb testing.TB, o ledger.Options) *ledger.Journal {
			tb.Helper()
			if !o.ReadOnly {
				o.Path = filepath.Join(home, "conway", "last.db")
			}
			return teamLedger(tb, p, url, o)
		}
	})
}
