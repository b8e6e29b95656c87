//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"conway/internal/documents"
	"conway/internal/drill/pdserver"
	"conway/internal/ledger"
	"conway/internal/report"
	"conway/internal/slo"
	prom "conway/internal/sources/prometheus"
)

// The traffic of the service whose budget was worked out by hand: ten requests a
// second for twelve hours, of which one in twenty fails for the last hour.
const (
	perSecond    = 10.0
	wrongPart    = 0.05
	trafficSpan  = 12 * time.Hour
	wrongSpan    = time.Hour
	promise      = 0.99
	budgetPeriod = 10 * time.Hour
)

// traffic is a real Prometheus that holds such traffic up to now and a while
// after, and when the failures began.
func traffic(tb testing.TB) (url string, broke time.Time) {
	tb.Helper()
	program := need(tb, "prometheus", "prometheus")
	tool := need(tb, "promtool", "prometheus")
	dir := tb.TempDir()
	now := time.Now().Truncate(15 * time.Second)
	start, broke := now.Add(-trafficSpan), now.Add(-wrongSpan)
	var all, wrong strings.Builder
	for at := start; at.Before(now.Add(10 * time.Minute)); at = at.Add(15 * time.Second) {
		fmt.Fprintf(&all, "requests_total{job=\"checkout\",code=\"all\"} %g %d\n", perSecond*at.Sub(start).Seconds(), at.Unix())
		fmt.Fprintf(&wrong, "failures_total{job=\"checkout\",code=\"500\"} %g %d\n", perSecond*wrongPart*max(0, at.Sub(broke).Seconds()), at.Unix())
	}
	data := "# TYPE requests counter\n" + all.String() + "# TYPE failures counter\n" + wrong.String() + "# EOF\n"
	file := writeFile(tb, filepath.Join(dir, "data.om"), data, 0o600)
	tsdb := filepath.Join(dir, "tsdb")
	if out, err := exec.Command(tool, "tsdb", "create-blocks-from", "openmetrics", file, tsdb).CombinedOutput(); err != nil {
		tb.Fatalf("promtool: %v\n%s", err, out)
	}
	addr := fmt.Sprintf("127.0.0.1:%d", freePort(tb))
	config := writeFile(tb, filepath.Join(dir, "prometheus.yml"), "global: {scrape_interval: 15s}\n", 0o600)
	url = "http://" + addr
	daemon(tb, url+"/-/ready", program, "--config.file="+config, "--storage.tsdb.path="+tsdb, "--web.listen-address="+addr, "--log.level=error")
	return url, broke
}

// promised are files of each format about that traffic.
func promised() []documents.File {
	const wrong, all = `failures_total{job="checkout"}`, `requests_total{job="checkout"}`
	return []documents.File{
		{Name: "openslo.yaml", Data: []byte(`apiVersion: openslo/v1
kind: SLO
metadata: {name: checkout-open}
spec:
  service: checkout
  timeWindow: [{duration: 10h, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
  indicator:
    metadata: {name: answered}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: Prometheus, spec: {query: '` + wrong + `'}}}
        total: {metricSource: {type: Prometheus, spec: {query: '` + all + `'}}}
`)},
		{Name: "pyrra.yaml", Data: []byte(`apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {name: checkout-avail}
spec:
  target: "99"
  window: 10h
  indicator: {ratio: {errors: {metric: '` + wrong + `'}, total: {metric: '` + all + `'}}}
`)},
		{Name: "sloth.yaml", Data: []byte(`version: prometheus/v1
service: checkout
slos:
  - name: events
    objective: 99
    sli:
      events:
        error_query: sum(rate(` + wrong + `[{{.window}}]))
        total_query: sum(rate(` + all + `[{{.window}}]))
  - name: raw
    objective: 99
    sli: {raw: {error_ratio_query: 'sum(rate(` + wrong + `[{{.window}}])) / sum(rate(` + all + `[{{.window}}]))'}}
`)},
	}
}

// TestBudgetsOfARealPrometheus compares every query with what was worked out by
// hand, and the shares with the mean burn rate × D ÷ W.
func TestBudgetsOfARealPrometheus(t *testing.T) {
	t.Parallel()
	url, broke := traffic(t)
	src, err := prom.New(prom.Options{Name: "prom", URL: url})
	if err != nil {
		t.Fatal(err)
	}
	objectives, faults := slo.Read(promised())
	if len(objectives) != 4 || len(faults) != 0 {
		t.Fatalf("%d objectives, faults %v", len(objectives), faults)
	}
	at := time.Now()
	elapsed := at.Sub(broke).Seconds()
	near := func(what, query string, want float64) float64 {
		t.Helper()
		v, ok, err := src.Evaluate(t.Context(), query, at)
		if err != nil || !ok || math.Abs(v-want) > 0.015*math.Abs(want) {
			t.Errorf("%s is %v (%v, %v), want %v\n%s", what, v, ok, err, want, query)
		}
		t.Logf("%s: %.4f, by hand %.4f", what, v, want)
		return v
	}
	const d = 30 * time.Minute
	wrong := perSecond * wrongPart
	for _, o := range objectives {
		events := perSecond * budgetPeriod.Seconds()
		if o.Format == slo.Sloth { // its thirty days hold all there is
			events = perSecond * at.Sub(broke.Add(wrongSpan-trafficSpan)).Seconds()
		}
		allowed := (1 - promise) * events
		near(o.ID()+" burn of five minutes", o.BurnRate(5*time.Minute), wrongPart/(1-promise))
		burn := near(o.ID()+" burn of half an hour", o.BurnRate(d), wrongPart/(1-promise))
		near(o.ID()+" budget left", o.BudgetLeft(), 1-wrong*elapsed/allowed)
		query, estimated := o.BudgetShare(d)
		if o.Name == "raw" {
			// By time: thirty days are a period in which all was well but for d.
			if !estimated {
				t.Errorf("%s is not called estimated", o.ID())
			}
			near(o.ID()+" share of half an hour", query, burn*d.Seconds()/o.Period.Seconds())
			continue
		}
		share := near(o.ID()+" share of half an hour", query, wrong*d.Seconds()/allowed)
		// The identity holds for traffic that is the same all the time.
		if identity := burn * d.Seconds() / budgetPeriod.Seconds(); o.Format != slo.Sloth && math.Abs(identity-share) > 0.015*share {
			t.Errorf("%s: share %v, mean burn × D ÷ W %v", o.ID(), share, identity)
		}
	}
}

// TestAPageSpendsABudget follows a page whose alert Pyrra made: what is left of
// its budget is on the screen, and once it is over the ledger has its share.
func TestAPageSpendsABudget(t *testing.T) {
	t.Parallel()
	url, broke := traffic(t)
	pd := newPager(t)
	s := newSite(t).pages(pd)
	for _, f := range promised() {
		s.write("slo/"+f.Name, string(f.Data), 0o600)
	}
	s.add("services:\n  checkout: {owner: payments, pagerduty: [PCHK], labels: {service: checkout}}")
	s.add("metrics:\n  - {type: prometheus, name: prom, url: %q, every: 1s}", url)
	s.add("slos: {files: [slo/*.yaml]}")
	if got := s.run("config", "check"); got.code != 0 || !strings.Contains(got.stdout, "SLOs 4") {
		t.Errorf("config check: %d %s%s", got.code, got.stdout, got.stderr)
	}
	opened := time.Now().Add(-10 * time.Minute) // not long enough to be escalated
	id := pd.checkout(func(i *pdserver.Incident) {
		i.At = opened
		i.Alerts[0].Labels["slo"] = "checkout-avail"
	})
	c := s.cockpit(200, 50)
	text := c.sees("spends SLO checkout-avail,", "SLO checkout-avail", "this page spends it", "SLO checkout-open", "SLO checkout-events", "gone in")
	t.Logf("the screen:\n%s", text)
	allowed := (1 - promise) * perSecond * budgetPeriod.Seconds()
	left := 1 - perSecond*wrongPart*time.Since(broke).Seconds()/allowed
	m := regexp.MustCompile(`SLO checkout-avail +budget (\d+)%, gone in (\d+) (min|h)`).FindStringSubmatch(text)
	if m == nil {
		t.Fatal("the budget is not in words")
	}
	if got, err := strconv.ParseFloat(m[1], 64); err != nil || math.Abs(got/100-left) > 0.015 {
		t.Errorf("the screen has %s%% left, by hand %.1f%%", m[1], 100*left)
	}
	if gone := left * budgetPeriod.Minutes() / (wrongPart / (1 - promise)); m[3] == "min" {
		if got, err := strconv.ParseFloat(m[2], 64); err != nil || math.Abs(got-gone) > 2 {
			t.Errorf("the screen has it gone in %s min, by hand in %.1f", m[2], gone)
		}
	}

	pd.Resolve(id, "PANA")
	over := time.Now()
	var body report.SLOBody
	eventually(t, "the ledger has what the page took", func() bool {
		for line := range strings.Lines(s.run("ledger", "export", "--all").stdout) {
			var r ledger.Record
			if json.Unmarshal([]byte(line), &r) == nil && r.Kind == report.KindSLO {
				return r.Decode(&body) == nil
			}
		}
		return false
	})
	if want := perSecond * wrongPart * over.Sub(opened).Seconds() / allowed; math.Abs(body.Share-want) > 0.02*want ||
		body.SLO != "checkout-avail" || body.Incident != "pd/"+id || body.Estimated {
		t.Errorf("the ledger has %+v, by hand a share of %.4f", body, want)
	}
	if code := c.quits(); code != 0 {
		t.Errorf("it ended with %d", code)
	}
}
