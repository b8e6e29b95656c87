package ledger_test

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"conway/internal/ledger"
)

func TestDerivedID(t *testing.T) {
	at := time.Date(2026, 3, 24, 3, 0, 0, 0, time.UTC)
	id := ledger.DerivedID(at, "notify", "pd", "R1")
	if ledger.DerivedID(at.In(time.FixedZone("", 3600)), "notify", "pd", "R1") != id {
		t.Error("another zone makes another id")
	}
	for _, other := range []string{
		ledger.DerivedID(at, "notify", "pdR", "1"), ledger.DerivedID(at, "notify", "pd", "R2"), ledger.DerivedID(at.Add(time.Millisecond), "notify", "pd", "R1"),
	} {
		if other == id {
			t.Error("two entries have one id")
		}
	}
}

func TestAppendMissing(t *testing.T) {
	j, err := ledger.Open(t.Context(), ledger.Options{Path: filepath.Join(t.TempDir(), "l", "ledger.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close() //nolint:errcheck // the test is over
	at := time.Date(2026, 3, 24, 3, 0, 0, 0, time.UTC)
	record := func(entry, body string) ledger.Record {
		return ledger.Record{ID: ledger.DerivedID(at, entry), At: at, Kind: "notify", Actor: "conway", Body: json.RawMessage(body)}
	}
	add := func(want int, all ...ledger.Record) {
		t.Helper()
		if got, err := j.AppendMissing(t.Context(), all); err != nil || got != want {
			t.Errorf("%d added, %v; want %d", got, err, want)
		}
	}
	add(2, record("a", `{"n":1}`), record("b", `{"n":2}`), record("a", `{"n":3}`))
	add(1, record("b", `{"n":4}`), record("c", `{"n":5}`))
	add(0, record("a", `{"n":1}`))
	if _, err := j.AppendMissing(t.Context(), []ledger.Record{record("d", `{}`), {ID: "no ulid", Kind: "notify"}}); err == nil {
		t.Error("a record without an id is taken")
	}
	all, _, err := j.Since(t.Context(), 0)
	if err != nil || len(all) != 3 || string(all[0].Body) != `{"n":1}` || string(all[1].Body) != `{"n":2}` {
		t.Errorf("the ledger holds %v, %v", all, err)
	}
	if rep, err := j.Verify(t.Context()); err != nil || rep.Flaw != nil {
		t.Errorf("the chain: %+v, %v", rep.Flaw, err)
	}
}
