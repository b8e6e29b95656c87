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

	"conway/internal/oncall"
	"conway/internal/report"
)

// alerts is an Alertmanager in which one alert fires until it is told to stop.
func alerts(t *testing.T, started time.Time) (url string, firing *atomic.Bool) {
	t.Helper()
	firing = new(atomic.Bool)
	firing.Store(true)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		all := []map[string]any{}
		if r.Method != http.MethodGet {
			t.Errorf("%s %s: Alertmanager is told something", r.Method, r.URL)
		}
		if firing.Load() && r.URL.Path == "/api/v2/alerts" {
			all = append(all, map[string]any{
				"labels": map[string]string{"alertname": "DiskFull", "service": "checkout"}, "annotations": map[string]string{"summary": "disk is full"},
				"fingerprint": "8f2c1d9be0a7741c", "startsAt": started, "endsAt": time.Now().Add(time.Minute), "updatedAt": time.Now(),
				"receivers": []map[string]string{{"name": "pager"}}, "status": map[string]any{"state": "active", "silencedBy": []string{}, "inhibitedBy": []string{}},
			})
		}
		if err := json.NewEncoder(w).Encode(all); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL, firing
}

func alertDesk(t *testing.T, url string) desk {
	t.Helper()
	return atDesk(
		t, "me: {email: ana@example.com, time_zone: UTC}",
		"services: {checkout: {owner: payments, labels: {service: checkout}}}",
		fmt.Sprintf("pages: [{type: alertmanager, name: am, url: %q, every: 1s}]", url),
		"people: {ana@example.com: {team: sre, time_zone: UTC}}",
	)
}

// alertCockpit is a core at work on a desk's config and ledger.
type alertCockpit struct{ *core }

func coreAtWork(t *testing.T, d desk) alertCockpit {
	t.Helper()
	a, c := d.core("pages")
	a.openLedger(t.Context(), c)
	c.start(t.Context())
	return alertCockpit{c}
}

func (c alertCockpit) halt(t *testing.T) {
	t.Helper()
	if err := c.stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// awaitPage takes events until the one page is as it should be.
func awaitPage(t *testing.T, c alertCockpit, right func(oncall.Page) bool) {
	t.Helper()
	wait, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var last []oncall.Page
	for {
		events, err := c.box.Next(wait)
		if err != nil {
			t.Fatalf("%v; the pages were last %+v", err, last)
		}
		for _, e := range events {
			if e, ok := e.(oncall.PagesEvent); ok {
				if last = e.Pages; len(last) == 1 && right(last[0]) {
					return
				}
			}
		}
	}
}

// TestAckOfAnAlertIsInTheLedgerOnly acknowledges from a script what has no
// acknowledgements; a cockpit that runs then shows it as taken here, and writes who
// was woken by whose code. After a new start it still does.
func TestAckOfAnAlertIsInTheLedgerOnly(t *testing.T) {
	started := time.Now().Add(-10 * time.Minute).Truncate(time.Second)
	url, firing := alerts(t, started)
	d := alertDesk(t, url)
	id := "8f2c1d9be0a7741c-" + started.UTC().Format("20060102T150405Z")
	c := coreAtWork(t, d)
	awaitPage(t, c, func(p oncall.Page) bool { return p.Status == oncall.Triggered && p.NoAck })
	if got := d.must("", "ack", id); !strings.Contains(got, "recorded in the ledger only; am has no acknowledgements and goes on calling") {
		t.Errorf("a script is told: %s", got)
	}
	mine := func(p oncall.Page) bool {
		return p.Status == oncall.Acknowledged && p.NoAck && len(p.Acks) == 1 && p.Acks[0].By.Email == "ana@example.com"
	}
	awaitPage(t, c, mine)
	c.halt(t)
	c = coreAtWork(t, d)
	awaitPage(t, c, mine)
	firing.Store(false)
	awaitPage(t, c, func(p oncall.Page) bool { return p.Status == oncall.Resolved })
	want := map[string]int{report.KindIncident: 1, report.KindNotify: 1, report.KindAck: 1, report.KindResolve: 1}
	kinds := map[string]int{}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline) && kinds[report.KindResolve] == 0; time.Sleep(100 * time.Millisecond) {
		kinds = map[string]int{}
		for _, r := range exported(t, d) {
			kinds[r.Kind]++
			if r.Kind == report.KindIncident && !strings.Contains(string(r.Body), `"owner":"payments"`) {
				t.Errorf("incident %s", r.Body)
			}
		}
	}
	for kind, n := range want {
		if kinds[kind] != n {
			t.Errorf("%d %s records, want %d", kinds[kind], kind, n)
		}
	}
	c.halt(t)
}

// TestCommandsTellOfAcksLikeTheCockpit has an alert acknowledged by a script, while
// no cockpit runs.
func TestCommandsTellOfAcksLikeTheCockpit(t *testing.T) {
	started := time.Now().Add(-10 * time.Minute).Truncate(time.Second)
	url, _ := alerts(t, started)
	d := alertDesk(t, url)
	if got := d.run("", "pages"); got.code != 0 || got.err != "" || !strings.Contains(got.stdout, "triggered") {
		t.Errorf("without any ledger: exit %d: %s%s", got.code, got.stdout, got.err)
	}
	d.must("", "ack", "8f2c1d9be0a7741c-"+started.UTC().Format("20060102T150405Z"))
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"pages"}, "acked here only"},
		{[]string{"pages", "--json"}, `"email": "ana@example.com"`},
		{[]string{"snapshot", "--size", "160x40"}, "acked here only"},
		{[]string{"handoff"}, "acknowledged by ana@example.com in conway only"},
	} {
		if got := d.run("", tt.args...); got.err != "" || !strings.Contains(got.stdout, tt.want) {
			t.Errorf("%v does not say %q: exit %d\n%s%s", tt.args, tt.want, got.code, got.stdout, got.err)
		}
	}
}

// TestSyncSaysWhatAlertmanagerForgets adds what fires now, once.
func TestSyncSaysWhatAlertmanagerForgets(t *testing.T) {
	url, _ := alerts(t, time.Now().Add(-time.Hour))
	d := alertDesk(t, url)
	for i, want := range []string{"am: 1 records of 1 pages added", "am: 0 records of 0 pages added"} {
		got := d.run("", "ledger", "sync")
		if got.code != 0 || !strings.Contains(got.stdout, want) || !strings.Contains(got.err, "keeps no history") {
			t.Errorf("sync %d: exit %d: %s%s", i+1, got.code, got.stdout, got.err)
		}
	}
}
