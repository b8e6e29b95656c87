package ledger

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// BenchmarkAppend measures an append beside one bare write and sync of the same
// size on the same disk, alternately, and prints the ratios.
func BenchmarkAppend(b *testing.B) {
	path := home(b)
	j := opened(b, Options{Path: path})
	bare, err := os.Create(filepath.Join(filepath.Dir(path), "bare"))
	try(b, err)
	defer func() { try(b, bare.Close()) }()
	r, err := ActionRecord(anAction("a"))
	try(b, err)
	r.Kind = "note" // so that the same one can be appended again
	page := make([]byte, 4096)
	var appends, syncs []time.Duration
	for b.Loop() {
		began := time.Now()
		if _, err := j.Append(b.Context(), r); err != nil {
			b.Fatal(err)
		}
		middle := time.Now()
		if _, err := bare.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := bare.Sync(); err != nil {
			b.Fatal(err)
		}
		appends, syncs = append(appends, middle.Sub(began)), append(syncs, time.Since(middle))
	}
	b.ReportMetric(0, "ns/op")
	for _, q := range []struct {
		name string
		at   float64
	}{{"p50", 0.5}, {"p99", 0.99}} {
		a, s := quantile(appends, q.at), quantile(syncs, q.at)
		b.ReportMetric(float64(a.Microseconds()), "append-"+q.name+"-µs")
		b.ReportMetric(float64(s.Microseconds()), "sync-"+q.name+"-µs")
		b.ReportMetric(float64(a)/float64(s), q.name+"-ratio")
	}
}

func quantile(ds []time.Duration, q float64) time.Duration {
	ds = slices.Sorted(slices.Values(ds))
	return ds[int(q*float64(len(ds)-1))]
}

// BenchmarkOpen measures a cold start: open, what every source last said and
// what is pending.
func BenchmarkOpen(b *testing.B) {
	path := home(b)
	j := opened(b, Options{Path: path})
	appended(b, j, 2000)
	for _, source := range []string{"pd", "prom", "gh", "splunk"} {
		try(b, j.SaveSnapshot(b.Context(), source, "pages", start(), make([]byte, 100_000)))
	}
	closed(b, j)
	for b.Loop() {
		j, err := Open(b.Context(), Options{Path: path})
		try(b, err)
		_, snaps := j.Snapshots(b.Context())
		_, pending := j.Pending(b.Context())
		try(b, errors.Join(snaps, pending, j.Close()))
	}
}

// BenchmarkSince measures asking for news when there is none.
func BenchmarkSince(b *testing.B) {
	j := fresh(b)
	appended(b, j, 2000)
	h, err := j.Head(b.Context())
	try(b, err)
	for b.Loop() {
		if rs, _, err := j.Since(b.Context(), Cursor(h.Count)); err != nil || len(rs) != 0 {
			b.Fatal(len(rs), err)
		}
	}
}

// BenchmarkVerify measures reading the whole chain.
func BenchmarkVerify(b *testing.B) {
	j := fresh(b)
	for range 2000 {
		if _, err := j.Append(b.Context(), Record{Kind: "note", Body: json.RawMessage(`{"text":"rolled back v413"}`)}); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	for b.Loop() {
		if r, err := j.Verify(b.Context()); err != nil || r.Flaw != nil {
			b.Fatal(r, err)
		}
	}
	b.ReportMetric(2000, "records/op")
}
