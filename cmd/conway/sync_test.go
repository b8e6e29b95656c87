package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"conway/internal/drill/pdserver"
	"conway/internal/ledger"
	"conway/internal/oncall"
	"conway/internal/report"
)

// account is a PagerDuty with three incidents that are over and one that is open.
func account(t *testing.T) *pdserver.Server {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Second)
	s := pdserver.New(pdserver.Options{
		Me: "PANA",
		Users: []pdserver.User{
			{ID: "PANA", Name: "Ana Lima", Email: "ana@example.com"}, {ID: "PBEN", Name: "Ben Ode", Email: "ben@example.com"},
		},
		Services: []pdserver.Service{{ID: "PCHK", Name: "checkout-prod", Policy: "PPOL"}},
		Policies: []pdserver.Policy{{ID: "PPOL", Name: "Payments", Rules: []pdserver.Rule{
			{Delay: 15 * time.Minute, Users: []string{"PANA"}}, {Delay: 15 * time.Minute, Users: []string{"PBEN"}},
		}}},
	})
	for i := range 3 {
		at := now.Add(-time.Duration(40-i) * day)
		s.Past(pdserver.Incident{ID: fmt.Sprintf("QPAST%d", i), Title: fmt.Sprintf("error ratio %d on host-%d", i, i), Service: "PCHK", At: at}, at.Add(20*time.Minute), "PANA", "")
	}
	open := s.Trigger(pdserver.Incident{ID: "QOPEN", Title: "disk full", Service: "PCHK"})
	s.Acknowledge(open, "PANA")
	s.Reassign(open, "PBEN")
	return s
}

// pagerDesk is a desk whose pager is served there.
func pagerDesk(t *testing.T, h http.Handler) desk {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return atDesk(
		t, "services: {checkout: {owner: payments, pagerduty: [PCHK]}}",
		fmt.Sprintf("pages: [{type: pagerduty, name: pd, scope: all, url: %q, token: {file: %q}}]", srv.URL, write(t, "token", "t0ken")),
		"people: {ana@example.com: {team: sre, time_zone: UTC}, ben@example.com: {team: payments, time_zone: UTC}}",
		"teams: {sre: {size: 6}, payments: {size: 6}}",
	)
}

func exported(t *testing.T, d desk) []ledger.Record {
	t.Helper()
	var out []ledger.Record
	for line := range strings.Lines(d.must("", "ledger", "export", "--all")) {
		var r ledger.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func TestSyncCountsNothingTwice(t *testing.T) {
	s := account(t)
	d := pagerDesk(t, s)
	first := d.must("", "ledger", "sync", "--since", "90d")
	if !strings.HasPrefix(first, "pd: ") || !strings.Contains(first, "of 4 pages added; 0 of 4 pages were here already") {
		t.Errorf("the first sync: %s", first)
	}
	kinds := map[string]int{}
	prints := map[string]bool{}
	for _, r := range exported(t, d) {
		kinds[r.Kind]++
		if strings.Contains(string(r.Body)+r.Actor, "@") || strings.Contains(string(r.Body), "Ana") || strings.Contains(string(r.Body), "PANA") {
			t.Errorf("a person is named: %s by %s", r.Body, r.Actor)
		}
		if r.Kind == report.KindIncident {
			var b report.IncidentBody
			if err := r.Decode(&b); err != nil {
				t.Fatal(err)
			}
			prints[b.Fingerprint] = true
			if b.Service != "checkout" || b.Owner != "payments" || b.OwnerSource != "config" || b.OwnerGuessed {
				t.Errorf("incident %+v", b)
			}
		}
	}
	if kinds[report.KindIncident] != 4 || kinds[report.KindResolve] != 3 || kinds[report.KindAck] != 1 || kinds[report.KindHandoff] != 1 || kinds[report.KindNotify] == 0 {
		t.Errorf("records: %v", kinds)
	}
	if len(prints) != 2 {
		t.Errorf("%d fingerprints of two alerts", len(prints))
	}
	if again := d.must("", "ledger", "sync"); !strings.HasPrefix(again, "pd: 0 records of 0 pages added; 3 of 4") {
		t.Errorf("a second sync: %s", again)
	}
	s.Resolve("QOPEN", "PBEN")
	if more := d.must("", "ledger", "sync"); !strings.HasPrefix(more, "pd: 1 records of 1 pages added; 3 of 4") {
		t.Errorf("a sync after the page's end: %s", more)
	}
	if n := decoded(t, d.must("", "report", "--since", "13w", "--until", time.Now().Add(2*day).Format(time.DateOnly), "--format", "json")).Now; n.Incidents != 4 {
		t.Errorf("%d incidents in the report, want 4", n.Incidents)
	}
}

// TestInterruptedSyncIsResumed has the pager go away in the middle.
func TestInterruptedSyncIsResumed(t *testing.T) {
	s := account(t)
	var logs atomic.Int64
	var broken atomic.Bool
	broken.Store(true)
	d := pagerDesk(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/log_entries") && logs.Add(1) > 2 && broken.Load() {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		s.ServeHTTP(w, r)
	}))
	got := d.run("", "ledger", "sync")
	if got.code != exitFailed || !strings.Contains(got.stdout, "of 2 pages added") || !strings.Contains(got.err, "stopped before page 3 of 4, run it again to go on from there") {
		t.Errorf("interrupted: exit %d: %s%s", got.code, got.stdout, got.err)
	}
	broken.Store(false)
	logs.Store(-100)
	if more := d.must("", "ledger", "sync"); !strings.Contains(more, "of 2 pages added; 2 of 4 pages were here already") {
		t.Errorf("resumed: %s", more)
	}
	if asked := logs.Load() + 100; asked != 2 {
		t.Errorf("%d histories were read again, want the 2 that were missing", asked)
	}
	whole := pagerDesk(t, s)
	whole.must("", "ledger", "sync")
	if a, b := len(exported(t, d)), len(exported(t, whole)); a != b {
		t.Errorf("in two parts %d records, at once %d", a, b)
	}
}

// TestCockpitAndSyncWriteTheSame lets a core hear of the pages, and syncs after.
func TestCockpitAndSyncWriteTheSame(t *testing.T) {
	s := account(t)
	d := pagerDesk(t, s)
	c := coreAtWork(t, d)
	now := time.Now()
	c.emit(oncall.DeploysEvent{Stamp: oncall.Stamp{Source: "ci", At: now}, Deploys: []oncall.Deploy{
		{Ref: oncall.Ref{Source: "ci", ID: "1"}, Service: "checkout", Environment: "prod", Author: "Ana Lima", Status: oncall.DeploySucceeded, FinishedAt: now},
		{Ref: oncall.Ref{Source: "ci", ID: "2"}, Service: "checkout", Environment: "staging", Status: oncall.DeploySucceeded, FinishedAt: now},
		{Ref: oncall.Ref{Source: "ci", ID: "3"}, Service: "elsewhere", Environment: "prod", Status: oncall.DeploySucceeded, FinishedAt: now},
	}})
	wait, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	page := oncall.Page{
		Ref: oncall.Ref{Source: "pd", ID: "QLOOKED"}, Title: "error ratio", Status: oncall.Triggered,
		Service: oncall.Service{ID: "PCHK", Name: "checkout-prod"}, CreatedAt: now.Add(time.Minute),
	}
	c.emit(oncall.PagesEvent{Stamp: oncall.Stamp{Source: "pd", At: now}, Pages: []oncall.Page{page}})
	for range 2 { // it is looked at twice
		c.emit(oncall.DetailEvent{Stamp: oncall.Stamp{Source: "pd", At: now.Add(2 * time.Minute)}, Page: page.Ref})
	}
	kinds := map[string]int{}
	for kinds[report.KindHandoff] == 0 || kinds[report.KindDeploy] == 0 || kinds[report.KindAttrib] == 0 {
		all, _, err := c.journal.Since(wait, 0)
		if err != nil {
			t.Fatalf("%v; the ledger holds %v", err, kinds)
		}
		clear(kinds)
		for _, r := range all {
			kinds[r.Kind]++
		}
		sleep(wait, 10*time.Millisecond)
	}
	if err := c.stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if kinds[report.KindDeploy] != 1 || kinds[report.KindIncident] != 1 || kinds[report.KindAck] != 1 || kinds[report.KindAttrib] != 1 {
		t.Errorf("the cockpit wrote %v", kinds)
	}
	d.must("", "ledger", "sync")
	incidents := 0
	for _, r := range exported(t, d) {
		if r.Kind == report.KindIncident {
			incidents++
		}
		if strings.Contains(string(r.Body), "Ana") {
			t.Errorf("an author is named: %s", r.Body)
		}
	}
	if incidents != 4 {
		t.Errorf("%d incident records of 4 incidents", incidents)
	}
}

func TestAlertNameIsTheSameEachTime(t *testing.T) {
	for _, same := range [][2]string{
		{"[FIRING:1] CheckoutErrorRate (web-7f9c8d)", "[FIRING:3] CheckoutErrorRate (web-1a2b3c)"},
		{"Disk 91% full on db-2", "disk 99% full on db-11"},
	} {
		if a, b := alertName(same[0]), alertName(same[1]); a != b || a == "" {
			t.Errorf("%q and %q", a, b)
		}
	}
	if alertName("disk full") == alertName("queue deep") {
		t.Error("two alerts have one name")
	}
}
