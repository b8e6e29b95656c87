package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"conway/internal/ledger"
)

// scan holds Scan to what Since says, however it is cut.
func scan(t *testing.T, open Open) {
	t.Helper()
	j := open(t, ledger.Options{Actor: "ana"})
	if at, err := j.Scan(t.Context(), 0, func(ledger.Raw) error { return errors.New("there is a record") }); err != nil || at != 0 {
		t.Errorf("of nothing: up to %d, %v", at, err)
	}
	notes(t, j, 3)
	record(t, j, "a", "b")
	notes(t, j, 4)
	for _, after := range []ledger.Cursor{0, 4, 8, 9} {
		want, next, err := j.Since(t.Context(), after)
		try(t, err)
		for n := 1; n <= 4; n++ {
			got := make([]string, n)
			lanes := make([]func(ledger.Raw) error, n)
			for i := range lanes {
				lanes[i] = func(r ledger.Raw) error {
					got[i] += fmt.Sprintf("%s %v %s %s\n", r.ID, r.At, r.Kind, r.Body)
					return nil
				}
			}
			at, err := j.Scan(t.Context(), after, lanes...)
			try(t, err)
			expect(t, "the cursor after it", at, next)
			all, said := "", ""
			for _, r := range want {
				said += fmt.Sprintf("%s %v %s %s\n", r.ID, r.At, r.Kind, r.Body)
			}
			for _, some := range got {
				all += some
			}
			expect(t, fmt.Sprintf("after %d in %d lanes", after, n), all, said)
		}
	}
	enough := errors.New("enough")
	refuses := func(ledger.Raw) error { return enough }
	if at, err := j.Scan(t.Context(), 2, refuses, refuses); !errors.Is(err, enough) || at != 2 {
		t.Errorf("a lane refuses: up to %d, %v", at, err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := j.Scan(gone, 0, func(ledger.Raw) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody waits: %v", err)
	}
}
