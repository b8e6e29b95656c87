//go:build e2e

package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"conway/internal/ledger"
	"conway/internal/report"
	"conway/internal/report/reporttest"
)

// million is how many records a ledger holds that is large.
const million = 1_000_000

// remembers gives a site a ledger of a million records up to now, and the people that
// they are about. Among them the alert of checkout fired two days ago.
func (s *site) remembers(tb testing.TB) *site {
	tb.Helper()
	path := s.path(".local/state/conway/ledger.db")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		tb.Fatal(err)
	}
	j, err := ledger.Open(tb.Context(), ledger.Options{Path: path})
	if err != nil {
		tb.Fatal(err)
	}
	var some []ledger.Record
	written := 0
	write := func(r report.Record) {
		written++
		some = append(some, ledger.Record{
			ID: ledger.DerivedID(r.At, strconv.Itoa(written)), At: r.At, Kind: r.Kind, Src: "pd", Actor: "conway", Body: r.Body,
		})
		if len(some) < 10_000 && written < million {
			return
		}
		if _, err := j.AppendMissing(tb.Context(), some); err != nil {
			tb.Fatal(err)
		}
		some = some[:0]
	}
	now := time.Now()
	for r := range reporttest.Past(1, million-2, now.Add(-time.Hour)) {
		write(r)
	}
	before := now.Add(-50 * time.Hour)
	print := sha256.Sum256([]byte("checkout\x1fcheckout # above #"))
	for kind, body := range map[string]any{
		report.KindIncident: report.IncidentBody{ID: "pd/BEFORE", Service: "checkout", Fingerprint: hex.EncodeToString(print[:]), Title: "checkout 5xx above 5%"},
		report.KindNotify:   report.MomentBody{Incident: "pd/BEFORE", Person: reporttest.Person(1), Channel: report.Push},
	} {
		b, err := json.Marshal(body)
		if err != nil {
			tb.Fatal(err)
		}
		write(report.Record{At: before, Kind: kind, Body: b})
	}
	if err := j.Close(); err != nil {
		tb.Fatal(err)
	}
	var people, teams strings.Builder
	for i := range reporttest.People() {
		fmt.Fprintf(&people, "\n  %q: {team: %s, time_zone: Europe/Berlin}", reporttest.Person(i), reporttest.Team(i))
	}
	for i := range reporttest.Teams() {
		fmt.Fprintf(&teams, "\n  team-%d: {size: 6}", i)
	}
	return s.add("people:%s\nteams:%s", people.String(), teams.String())
}

// BenchmarkMillion measures what a ledger of a million records, of three years, costs
// the report of a quarter and a start of the cockpit, beside a start on an empty one.
func BenchmarkMillion(b *testing.B) {
	binary := installed(b, binary)
	pd := newBarePager(b)
	pd.checkout()
	full, empty := newSite(b).remembers(b).pages(pd).hold(0), newSite(b).pages(pd).hold(0)
	env := func(s *site) []string { return []string{"HOME=" + s.home, "CONWAY_CONFIG=" + s.config()} }
	b.ResetTimer()
	for range b.N {
		var took []time.Duration
		var peak int64
		for range 5 {
			var out, errOut bytes.Buffer
			cmd := exec.Command(binary, "report", "--format", "json")
			cmd.Env, cmd.Stdout, cmd.Stderr = env(full), &out, &errOut
			began := time.Now()
			err := cmd.Run()
			took = append(took, time.Since(began))
			var r report.Report
			if err != nil || json.Unmarshal(out.Bytes(), &r) != nil || r.Now.Pages < 5000 {
				b.Fatalf("%v: %d pages of a quarter: %s", err, r.Now.Pages, errOut.String())
			}
			peak = max(peak, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss<<10)
		}
		b.ReportMetric(median(took), "ms-report")
		b.ReportMetric(float64(peak)/(1<<20), "MB-report")
		useful := median(firstSeen(b, env(full), []string{binary}, title, "PAGES 1 open"))
		ref := median(firstSeen(b, env(empty), []string{binary}, title, "PAGES 1 open"))
		b.ReportMetric(useful, "ms-useful")
		b.ReportMetric(ref, "ms-useful-empty")
		b.ReportMetric(useful/ref, "useful/empty")

		p := record(b, env(full), binary)
		p.sees(title, "PAGES 1 open")
		p.typed("a")
		b.ReportMetric(float64(p.sees("again, no follow-up").Microseconds())/1000, "ms-start-to-line")
		p.end()
		b.ReportMetric(0, "ns/op")
	}
}
