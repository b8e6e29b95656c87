package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"conway/internal/drill/pdserver"
	"conway/internal/oncall"
	"conway/internal/story"
)

func TestHandoffSheet(t *testing.T) {
	pd := account(t)
	now := time.Now().UTC().Truncate(time.Second)
	for i, ago := range []time.Duration{5 * time.Hour, 2 * time.Hour} {
		pd.Past(pdserver.Incident{ID: "QFLAP" + string(rune('A'+i)), Title: "queue depth", Service: "PCHK", At: now.Add(-ago)}, now.Add(10*time.Minute-ago), "PANA", "")
	}
	d := pagerDesk(t, pd)
	d.must("", "ledger", "sync")
	d.must("", "tag", "QPAST1", "followup", "rotate the *logs*")
	d.must("", "snooze", "QOPEN", "--for", "2h")
	d.must(stepsOf(t, oncall.Ref{Source: "pd", ID: "QOPEN"}, now.Add(-time.Minute)), "ledger", "import")
	got := d.must("", "handoff")
	for _, want := range []string{
		"# Handoff, ", "## Open pages\n\n- disk full · acknowledged", "- disk full · calls again ", ", in 1 h 59 min",
		"unreviewed change · for pd/QOPEN · exit 7 after 1s", "«masked»", "conway handoff --reviewed S2",
		`- rotate the \*logs\* · open `, "- queue depth · checkout · fired 2 times · ended ",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it lacks %q:\n%s", want, got)
		}
	}
	for _, bad := range []string{"s3cr3t", "roll back", "error ratio", "Silences", "What is missing"} {
		if strings.Contains(got, bad) {
			t.Errorf("it has %q:\n%s", bad, got)
		}
	}
	if r := d.run("", "handoff", "--reviewed", "S1"); r.code != exitUsage || !strings.Contains(r.err, "no command that waits") {
		t.Errorf("a step of a runbook was reviewed: exit %d, %s", r.code, r.err)
	}
	d.must("", "handoff", "--reviewed", "S2")
	d.must("", "tag", "QPAST1", "followup", "again")
	var h story.Handoff
	if err := json.Unmarshal([]byte(d.must("", "handoff", "--json")), &h); err != nil {
		t.Fatal(err)
	}
	if len(h.Unreviewed) != 0 || len(h.FollowUps) != 1 || h.FollowUps[0].Text != "again" || len(h.Watch) != 1 || len(h.Pages) != 1 || h.Silences == nil {
		t.Errorf("then it is %+v", h)
	}
}

func TestHandoffWithoutPagerOrLedger(t *testing.T) {
	d := atDesk(t, `pages: [{type: pagerduty, name: pd, url: "http://127.0.0.1:1", token: {env: NOTHING}}]`)
	got := d.run("", "handoff", "--wait", "3s")
	if got.code != exitPartly || !strings.Contains(got.stdout, "## What is missing here") || !strings.Contains(got.stdout, "the ledger could not be read") {
		t.Errorf("exit %d:\n%s%s", got.code, got.stdout, got.err)
	}
}
