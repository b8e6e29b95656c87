package ledger

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestSnapshots(t *testing.T) {
	path := home(t)
	j := opened(t, Options{Path: path})
	at := start()
	save := func(source, kind string, at time.Time, data string) {
		t.Helper()
		try(t, j.SaveSnapshot(t.Context(), source, kind, at, []byte(data)))
	}
	save("pd", "pages", at, `[1]`)
	save("pd", "roster", at, "")
	save("am", "pages", at, "not json \xff")
	save("pd", "pages", at.Add(time.Nanosecond), `[2]`)
	save("pd", "pages", at, `[old]`)
	if err := j.SaveSnapshot(t.Context(), "pd", "pages", at, make([]byte, maxSnapshot+1)); err == nil {
		t.Error("took one that is too large")
	}
	closed(t, j)
	j = opened(t, Options{Path: path})
	got, err := j.Snapshots(t.Context())
	try(t, err)
	want := []Snapshot{
		{"am", "pages", at, []byte("not json \xff")},
		{"pd", "pages", at.Add(time.Nanosecond), []byte(`[2]`)},
		{"pd", "roster", at, nil},
	}
	expect(t, "how many", len(got), len(want))
	for i, w := range want {
		g := got[i]
		if g.Source != w.Source || g.Kind != w.Kind || !g.At.Equal(w.At) || !bytes.Equal(g.Data, w.Data) {
			t.Errorf("got %v, want %v", g, w)
		}
	}
	verified(t, j, 0)
}

// TestColdStart opens a ledger of a busy month and shows the last known state.
func TestColdStart(t *testing.T) {
	path := home(t)
	j := opened(t, Options{Path: path})
	lines := strings.Repeat(`{"v":1,"id":"%","at":"2026-01-02T03:04:05Z","kind":"incident","body":{"title":"checkout 5xx above 5%"}}`+"\n", 1)
	var in bytes.Buffer
	var g ids
	const records = 20000 / slowdown
	for range records {
		in.WriteString(strings.Replace(lines, "%", g.next(start()), 1))
	}
	if added, known, err := j.Import(t.Context(), &in); err != nil || added != records || known != 0 {
		t.Fatal(added, known, err)
	}
	for _, source := range []string{"pd", "prom", "gh", "splunk"} {
		try(t, j.SaveSnapshot(t.Context(), source, "pages", start(), bytes.Repeat([]byte(`{"id":"P1"},`), 20000)))
	}
	recorded(t, j, "a")
	closed(t, j)
	began := time.Now()
	j = opened(t, Options{Path: path})
	snaps, err := j.Snapshots(t.Context())
	shown := time.Since(began)
	if err != nil || len(snaps) != 4 {
		t.Fatal(len(snaps), err)
	}
	expect(t, "pending", pending(t, j), "a")
	t.Logf("%d records, 1 MB of snapshots: shown after %v, pending after %v", records, shown, time.Since(began))
	// The budget is 100 ms; the slack is for a machine that is busy with others.
	if shown > 10*slowdown*100*time.Millisecond {
		t.Errorf("a cold start took %v", shown)
	}
}
