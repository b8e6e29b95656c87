package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"conway/internal/ledger"
	"conway/internal/report"
	"conway/internal/sources/issues/issueserver"
	"conway/internal/ui"
	"conway/internal/ui/pane"
)

const sloFile = `version: prometheus/v1
service: checkout
slos:
  - name: availability
    objective: 99.9
    sli: {events: {error_query: 'rate(bad[{{.window}}])', total_query: 'rate(all[{{.window}}])'}}
`

// TestRecommendationOfAnObjective advises on an objective with what the ledger knows of
// it, to whose service it is, and files that.
func TestRecommendationOfAnObjective(t *testing.T) {
	s := &issueserver.Server{}
	d := trackedDesk(t, s)
	d.config = write(t, "config.yaml", d.read()+fmt.Sprintf("metrics: [{type: prometheus, name: prom, url: \"http://127.0.0.1:1\"}]\nslos: {files: [%q]}\n", write(t, "slo.yaml", sloFile)))
	now := time.Now()
	a, cfg := d.app()
	err := a.withLedger(t.Context(), cfg, false, func(j *ledger.Journal) error {
		for i, share := range []float64{0.18, 0.26, 0.5} {
			to := now.Add(-time.Duration(i*60) * day) // the third is too long ago
			body := report.SLOBody{Incident: fmt.Sprintf("pd/Q%d", i), SLO: "checkout-availability", Share: share, From: to.Add(-time.Hour), To: to}
			if err := keepRecord(t.Context(), j, report.KindSLO, "pd", body); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	d.must("", "recommend", "--slo", "checkout-availability", "--target", "99.5", "--file")
	all := s.Issues()
	if len(all) != 1 || all[0].Title != "SLO checkout-availability: 99.5% instead of 99.9%" ||
		!strings.Contains(all[0].Text, "In the last 90 days 2 incidents took 44% of a budget, the worst of them 26%.") || !strings.Contains(all[0].Text, "To payments") {
		t.Errorf("the issues are %+v", all)
	}
	d.must("", "recommend", "--slo", "availability", "search", "nobody looks at it")
	var list struct{ Recommendations []advice }
	if err := json.Unmarshal([]byte(d.must("", "recommend", "--json")), &list); err != nil || len(list.Recommendations) != 2 {
		t.Fatalf("the list is %+v, %v", list, err)
	}
	one, two := list.Recommendations[0], list.Recommendations[1]
	if one.Team != "payments" || one.Service != "checkout" || one.SLO != "checkout-availability" || one.Target != 99.5 || one.URL == "" || one.Receipt == "" {
		t.Errorf("the first is %+v", one)
	}
	if two.Team != "search" || two.Target != 0 || !strings.HasSuffix(two.Text, "nobody looks at it") {
		t.Errorf("the second is %+v", two)
	}
	s.Close(1)
	d.must("", "recommend", "--file", "payments", "another") // it looks again
	if text := d.must("", "recommend"); !strings.Contains(text, "closed") {
		t.Errorf("a closed issue is no answer:\n%s", text)
	}
	for _, c := range []struct{ args, want string }{
		{"--slo nothing --target 99", "they have checkout-availability"},
		{"--slo availability --target 100", "above 0 and below 100"},
		{"--slo availability --target 0", "above 0 and below 100"},
		{"--target 99.5", "needs --slo"},
		{"--target 99.5 --service checkout", "has the SLO checkout-availability already"},
	} {
		if got := d.run("", append([]string{"recommend"}, strings.Fields(c.args)...)...); got.code != exitUsage || !strings.Contains(got.err, c.want) {
			t.Errorf("%s: exit %d: %s", c.args, got.code, got.err)
		}
	}
}

// TestRecommendationToSetAnObjective advises to set one where there is none.
func TestRecommendationToSetAnObjective(t *testing.T) {
	d := trackedDesk(t, &issueserver.Server{})
	d.must("", "recommend", "--service", "checkout", "--target", "99.5")
	if list := d.must("", "recommend"); !strings.Contains(list, "Set an SLO of 99.5% for checkout") || !strings.Contains(list, "payments") {
		t.Errorf("the list is:\n%s", list)
	}
}

// TestRecommendationFromTheScreen is recorded as the command would, with what the
// ledger knows of the budget.
func TestRecommendationFromTheScreen(t *testing.T) {
	d := atDesk(
		t, "services: {checkout: {owner: payments}}", "metrics: [{type: prometheus, name: prom, url: \"http://127.0.0.1:1\"}]",
		fmt.Sprintf("slos: {files: [%q]}", write(t, "slo.yaml", sloFile)),
	)
	a, c := d.core()
	c.ctx = t.Context()
	w := &world{core: c}
	say := func(i pane.Recommend) ui.Said {
		t.Helper()
		s, ok := w.do(i)().(ui.Said)
		if !ok {
			t.Errorf("%+v was answered with nothing", i)
		}
		return s
	}
	if s := say(pane.Recommend{Team: "payments", Text: "x"}); !s.Fault || !strings.Contains(s.Text, "there is no ledger here") {
		t.Errorf("without a ledger: %+v", s)
	}
	err := a.withLedger(t.Context(), c.cfg, false, func(j *ledger.Journal) error {
		c.journal = j
		body := report.SLOBody{Incident: "pd/Q1", SLO: "checkout-availability", Share: 0.26, From: time.Now().Add(-time.Hour), To: time.Now()}
		if err := keepRecord(t.Context(), j, report.KindSLO, "pd", body); err != nil {
			return err
		}
		for _, i := range []pane.Recommend{
			{Team: "payments", Service: "checkout", SLO: "checkout-availability", Target: 99.5},
			{Team: "search", Service: "of-the-page-alone", Text: "page on burn rate"},
		} {
			if s := say(i); s.Fault || !strings.Contains(s.Text, " to "+i.Team+" recorded") {
				t.Errorf("%+v: %+v", i, s)
			}
		}
		if s := say(pane.Recommend{Team: "payments", SLO: "no-such"}); !s.Fault || !strings.Contains(s.Text, `--slo "no-such" is in none of the files`) {
			t.Errorf("an objective of nobody: %+v", s)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var list struct{ Recommendations []advice }
	if err := json.Unmarshal([]byte(d.must("", "recommend", "--json")), &list); err != nil || len(list.Recommendations) != 2 {
		t.Fatalf("the list is %+v, %v", list, err)
	}
	one, two := list.Recommendations[0], list.Recommendations[1]
	if one.Team != "payments" || one.Service != "checkout" || one.SLO != "checkout-availability" || !strings.Contains(one.Text, "1 incidents took 26% of a budget") {
		t.Errorf("the first is %+v", one)
	}
	if two.Team != "search" || two.Text != "page on burn rate" {
		t.Errorf("the second is %+v", two)
	}
}
