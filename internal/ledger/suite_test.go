package ledger_test

import (
	"os"
	"path/filepath"
	"testing"

	"conway/internal/ledger"
	"conway/internal/ledger/ledgertest"
)

// TestSuite holds the file to what every store promises.
func TestSuite(t *testing.T) {
	ledgertest.Run(t, func(t *testing.T) ledgertest.Open {
		t.Helper()
		dir := filepath.Join(t.TempDir(), "conway")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		return func(tb testing.TB, o ledger.Options) *ledger.Journal {
			tb.Helper()
			o.Path = filepath.Join(dir, "ledger.db")
			j, err := ledger.Open(tb.Context(), o)
			if err != nil {
				tb.Fatal(err)
			}
			tb.Cleanup(func() {
				if err := j.Close(); err != nil {
					tb.Error(err)
				}
			})
			return j
		}
	})
}
