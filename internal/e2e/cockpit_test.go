//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"conway/internal/drill/pdserver"
)

// TestAWholeIncidentOnOneScreen is the promise of the program: a page arrives,
// everything that helps is on the same screen, and it is acknowledged, annotated,
// mended by a runbook's step and resolved without leaving it.
func TestAWholeIncidentOnOneScreen(t *testing.T) {
	prom := newPrometheus(t)
	pd := newPager(t)
	now := time.Now()
	pd.Past(pdserver.Incident{Title: "checkout 5xx above 5%", Service: "PCHK", Key: "checkout-5xx", At: now.Add(-72 * time.Hour)},
		now.Add(-71*time.Hour), "PBEN", "rolled back v398")
	repo := repository(t, now.Add(-9*time.Minute), "v411", "v412", "v413")
	s := newSite(t)
	grow(t, s.path("app.log"), `{"time":"%s","level":"error","msg":"payment declined %d","upstream":"acquirer"}`)
	s.write("broken", "the pool is too small\n", 0o600)
	s.write("runbooks/checkout.md", fmt.Sprintf("# Checkout answers with errors\n\nRoll back first.\n\n## Mend the pool\n\n```sh change\ncat %[1]s/broken\nrm %[1]s/broken\necho mended for $CONWAY_SERVICE\n```\n", s.home), 0o600)
	s.add("services:\n  checkout: {owner: payments, pagerduty: [PCHK], labels: {service: checkout}, repos: [%q], runbooks: [runbooks/checkout.md]}", repo)
	s.pages(pd)
	s.add("deploys:\n  - {type: git, name: tags, path: %q, every: 1s}", repo)
	s.add("metrics:\n  - {type: prometheus, name: prom, url: %q, every: 1s}", prom.url)
	s.add("panels:")
	s.add(`  - {title: targets up, source: prom, query: 'sum(up{service="{{service}}"})'}`)
	s.add(`  - {title: memory, source: prom, query: 'node_memory_MemTotal_bytes{service="{{service}}"}', unit: bytes}`)
	s.add("logs:\n  - {type: file, name: app, paths: [app.log]}")
	var memory float64
	eventually(t, "Prometheus has scraped the exporter", func() (ok bool) {
		memory, ok = prom.value(`node_memory_MemTotal_bytes{service="checkout"}`)
		return ok
	})

	c := s.cockpit(200, 50)
	c.sees("nothing is open", "E2E", "you are primary until")

	id := pd.checkout()
	text := c.sees(
		// The page, and the five answers of the brief.
		"▶ ● high", "checkout 5xx above 5%", "triggered", "preceded by", "v412→v413", "before",
		"fired once in 30 d, last note “rolled back v398”", "next: Cem Su (secondary) in 14:",
		// The other panes.
		"DEPLOYS checkout", "checkout v413", "checkout v412", "Ines", "METRICS checkout", "targets up", "memory", "LOGS",
		"payment declined", "upstream=acquirer",
	)
	t.Logf("the screen:\n%s", text)
	if got, want := metric(c, "targets up"), "1"; got != want {
		t.Errorf("targets up is %q, want %q", got, want)
	}
	if got, want := metric(c, "memory"), fmt.Sprintf("%.3g GiB", memory/(1<<30)); !strings.HasPrefix(got, want[:3]) {
		t.Errorf("memory is %q; Prometheus says %s", got, want)
	}
	for _, name := range []string{"pd", "tags", "prom", "app"} {
		c.matches(`(?m)^.* ` + name + ` \d+s( |$)`)
	}

	c.press("a")
	c.sees("ack in 3 s", "u cancels")
	if n := pd.acked(id); n != 0 {
		t.Errorf("while the ack is held the pager has %d already", n)
	}
	c.sees("◐", "acked by you", "next: nobody, it is acknowledged")
	if n := pd.acked(id); n != 1 {
		t.Errorf("the pager has %d acknowledgements, want 1", n)
	}

	c.press("n")
	c.sees("NOTE on checkout 5xx above 5%")
	c.typed("pool too small, rolling back – Ana")
	c.press("Enter")
	c.sees("note confirmed")
	if got := pd.written(id); !slices.Equal(got, []string{"PANA: pool too small, rolling back – Ana"}) {
		t.Errorf("the pager's notes are %q", got)
	}

	c.press("b")
	c.sees("RUNBOOK Checkout answers with errors", "step 1", "[change]")
	c.press("Enter")
	c.sees("RUN THIS STEP?", "rm "+s.home+"/broken", "y runs exactly this")
	c.answer("RUN THIS STEP?", "y")
	c.sees("exit 0 after", "the pool is too small", "mended for checkout")
	mustNotExist(t, s.path("broken"))

	c.press("R")
	c.sees("resolve in", "u cancels")
	c.sees("resolve confirmed: checkout 5xx above 5%")
	c.sees("✓ checkout 5xx above 5%  · resolved", "PAGES 0 open", "next: nobody, it is resolved")
	if st := pd.state(id); st.Status != "resolved" {
		t.Errorf("the pager says %s", st.Status)
	}
	if code := c.quits(); code != 0 {
		t.Errorf("exit %d", code)
	}
	c.restored()

	var did []string
	for _, r := range pd.writes() {
		did = append(did, fmt.Sprintf("%s %d %s", r.Method, r.Status, r.From))
	}
	want := []string{"PUT 200 ana@example.com", "POST 200 ana@example.com", "PUT 200 ana@example.com"}
	if strings.Join(did, "\n") != strings.Join(want, "\n") {
		t.Errorf("the pager was asked to change\n%s\nwant\n%s", strings.Join(did, "\n"), strings.Join(want, "\n"))
	}
	for _, r := range pd.Requests() {
		if r.Status != http.StatusOK && r.Status != http.StatusCreated || !r.Authorized {
			t.Errorf("%s %s was answered with %d", r.Method, r.Path, r.Status)
		}
	}
}

// metric returns what stands beside a panel's title, up to its plot.
func metric(c *screen, title string) string {
	c.tb.Helper()
	m := c.matches(title + ` +([0-9][^ ]*(?: [A-Z]?i?B)?)`)
	return m[1]
}
