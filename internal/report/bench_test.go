package report_test

import (
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"conway/internal/report"
	"conway/internal/report/reporttest"
)

// million is how many records a ledger holds that is large.
const million = 1_000_000

// BenchmarkLines measures all that is said at four in the morning of each alert in turn,
// with a million records held, and how long those took to be taken in.
func BenchmarkLines(b *testing.B) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		b.Fatal(err)
	}
	end := time.Date(2026, 4, 6, 2, 0, 0, 0, time.UTC)
	r := report.NewRecall(report.Person{ID: reporttest.Person(0), Stays: []report.Stay{{Zone: zone}}})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var took time.Duration
	for rec := range reporttest.Past(1, million, end) {
		began := time.Now()
		if err := r.Take(rec); err != nil {
			b.Fatal(err)
		}
		took += time.Since(began)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	var lines []time.Duration
	said := 0
	b.ResetTimer()
	for b.Loop() {
		for i := range reporttest.Alerts() {
			s := report.Sight{Incident: "pd/NEW", Fingerprint: reporttest.Fingerprint(i), Title: "DiskFull", At: end, Mine: i%2 == 0}
			began := time.Now()
			line := strings.Join(r.Line(s, end), " · ")
			r.Left(s.Incident, s.Fingerprint)
			r.Untagged(end.Add(8 * time.Hour))
			lines = append(lines, time.Since(began))
			said += min(1, len(line))
		}
	}
	if said < len(lines)/2 {
		b.Fatalf("of %d alerts something is said of %d", len(lines), said)
	}
	slices.Sort(lines)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(lines[len(lines)/2].Microseconds()), "line-p50-µs")
	b.ReportMetric(float64(lines[len(lines)*99/100].Microseconds()), "line-p99-µs")
	b.ReportMetric(float64(lines[len(lines)-1].Microseconds()), "line-worst-µs")
	b.ReportMetric(took.Seconds(), "s-taken-in")
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MB-held")
	runtime.KeepAlive(r)
}
