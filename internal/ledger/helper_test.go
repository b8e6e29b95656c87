package ledger

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"conway/internal/oncall"
)

var (
	powerlossSeeds = flag.Int("powerloss.seeds", 200/slowdown, "how many power cuts to simulate")
	powerlossFirst = flag.Uint64("powerloss.first", 1, "the first seed; with -powerloss.seeds 1 it replays one")
	killFull       = flag.Bool("kill.full", false, "kill at every point, not only at a few")
)

// TestMain lets the test binary stand in for a cockpit: with a role in the
// environment it does what that role does instead of testing.
func TestMain(m *testing.M) {
	if role := os.Getenv("LEDGER_ROLE"); role != "" {
		if err := play(role); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func start() time.Time { return time.Date(2026, 3, 29, 4, 12, 0, 123456789, time.UTC) }

// clock is a clock that advances by a second at each look.
func clock() func() time.Time {
	var mu sync.Mutex
	t := start()
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		t = t.Add(time.Second)
		return t
	}
}

// home returns the path of a ledger in a folder of its own.
func home(tb testing.TB) string {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), "conway")
	if err := os.Mkdir(dir, 0o700); err != nil {
		tb.Fatal(err)
	}
	return filepath.Join(dir, "ledger.db")
}

// opened opens a ledger until the end of the test.
func opened(tb testing.TB, o Options) *Journal {
	tb.Helper()
	j, err := Open(tb.Context(), o)
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

func fresh(tb testing.TB) *Journal {
	tb.Helper()
	return opened(tb, Options{Path: home(tb), Now: clock(), Actor: "ana"})
}

func closed(tb testing.TB, j *Journal) {
	tb.Helper()
	if err := j.Close(); err != nil {
		tb.Fatal(err)
	}
}

func appended(tb testing.TB, j *Journal, n int) []Record {
	tb.Helper()
	out := make([]Record, n)
	for i := range out {
		r, err := j.Append(tb.Context(), Record{Kind: "note", Src: "pd", Body: json.RawMessage(fmt.Sprintf(`{"n":%d}`, i))})
		if err != nil {
			tb.Fatal(err)
		}
		out[i] = r
	}
	return out
}

// everything returns all records, read in batches.
func everything(tb testing.TB, j *Journal) []Record {
	tb.Helper()
	out, err := allOf(tb.Context(), j)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func allOf(ctx context.Context, j *Journal) ([]Record, error) {
	var out []Record
	var at Cursor
	for {
		rs, next, err := j.Since(ctx, at)
		if err != nil || len(rs) == 0 {
			return out, err
		}
		out, at = append(out, rs...), next
	}
}

func verified(tb testing.TB, j *Journal, want int64) {
	tb.Helper()
	r, err := j.Verify(tb.Context())
	if err != nil || r.Flaw != nil || r.Good.Count != want {
		tb.Errorf("verified %+v, %v, %v; want %d records", r.Good, r.Flaw, err, want)
	}
}

func anAction(id string) oncall.Action {
	return oncall.Action{
		ID: id, Kind: oncall.Annotate, Target: oncall.Ref{Source: "pd", ID: "P1"}, Title: "checkout 5xx",
		Text: "rolled back <v413> & \u2028 watching", Until: start().Add(time.Hour), At: start(),
		NotBefore: start().Add(3 * time.Second), Unrecorded: true,
		Aim: oncall.Aim{Kind: oncall.AimPerson, ID: "PUSER1", Name: "Ben"},
	}
}
