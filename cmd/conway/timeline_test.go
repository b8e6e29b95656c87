package main

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"conway/internal/ledger"
	"conway/internal/oncall"
	"conway/internal/sources/splunk/splunktest"
	"conway/internal/story"
)

// lines are records as an export of another ledger holds them.
func lines(t *testing.T, records ...ledger.Record) string {
	t.Helper()
	var out strings.Builder
	for i, r := range records {
		r.ID = ledger.DerivedID(r.At, r.Kind, fmt.Sprint(i))
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(data, '\n'))
	}
	return out.String()
}

func rec(t *testing.T) func(ledger.Record, error) ledger.Record {
	t.Helper()
	return func(r ledger.Record, err error) ledger.Record {
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
}

// stepsOf are a step of a runbook and a command that somebody typed, both run for
// a page, with a credential in the command.
func stepsOf(t *testing.T, ref oncall.Ref, at time.Time) string {
	t.Helper()
	step := oncall.StepRun{ID: "S1", Page: ref, Runbook: "runbooks/checkout.md", Step: 1, Title: "roll back", Script: "kubectl rollout undo deploy/checkout\n", Started: at}
	typed := oncall.StepRun{ID: "S2", Page: ref, Runbook: "ad hoc", Title: "ad-hoc command", Script: "curl -H 'Authorization: Bearer s3cr3t-of-a-shop' http://x\n", Started: at.Add(time.Minute)}
	first, second := rec(t)(ledger.StepRecord(step)), rec(t)(ledger.StepRecord(typed))
	step.State, step.Ended, typed.State, typed.Exit, typed.Ended = oncall.RunExited, at.Add(12*time.Second), oncall.RunExited, 7, at.Add(61*time.Second)
	return lines(t, first, second, rec(t)(ledger.RunRecord(step)), rec(t)(ledger.RunRecord(typed)))
}

func TestTimelineOfAPage(t *testing.T) {
	d := pagerDesk(t, account(t))
	d.must("", "note", "pd/QOPEN", "the disk of \x1b[31mhost-1")
	d.must("", "tag", "QOPEN", "preventable")
	d.must("", "tag", "QOPEN", "followup", "rotate the logs")
	d.must(stepsOf(t, oncall.Ref{Source: "pd", ID: "QOPEN"}, time.Now().Add(-time.Minute)), "ledger", "import")
	got := d.must("", "timeline", "QOPEN")
	for _, want := range []string{
		"# disk full", "service: checkout-prod, whose code is of payments", "status: ", "## Timeline", "opened · checkout-prod · disk full",
		"preventable yes", "follow-up", "rotate the logs",
		"step 2 of runbooks/checkout.md: roll back · exit 0 after 12s", "kubectl rollout undo deploy/checkout", "unreviewed change", "exit 7 after 1s",
		"«masked»", "the disk of ",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it lacks %q:\n%s", want, got)
		}
	}
	for _, bad := range []string{"s3cr3t", "t0ken", "\x1b", "What is missing"} {
		if strings.Contains(got, bad) {
			t.Errorf("it has %q:\n%s", bad, got)
		}
	}
	if draft := d.must("", "timeline", "QOPEN", "--postmortem"); !strings.Contains(draft, "# Postmortem (draft): disk full") {
		t.Errorf("the draft:\n%s", draft)
	}
	var line story.Timeline
	if err := json.Unmarshal([]byte(d.must("", "timeline", "QOPEN", "--json")), &line); err != nil || line.Version != story.Version || len(line.Moments) < 6 {
		t.Errorf("as JSON it is %+v, %v", line, err)
	}
}

// TestTimelineWithWhatTheLogsBeganToSay reads a log store and a file around a page
// that is long over, and keeps nothing of them.
func TestTimelineWithWhatTheLogsBeganToSay(t *testing.T) {
	began := time.Now().UTC().Truncate(time.Second).Add(-38 * day)
	spl := splunktest.New(splunktest.Options{})
	say := func(after time.Duration, raw string) {
		spl.Add(splunktest.Event{Time: began.Add(after), Host: "web-1", Source: "/var/log/app.log", Sourcetype: "app", Raw: raw})
	}
	for i := range 4 {
		say(time.Duration(i-3)*time.Minute, fmt.Sprintf("checkout-prod order placed n=%d", i))
		say(time.Duration(i+1)*time.Minute, fmt.Sprintf("checkout-prod pool exhausted after %d ms \x1b[2J Authorization: Bearer secret-of-a-shop", i))
	}
	say(50*time.Minute, "checkout-prod much later a new one")
	store := httptest.NewServer(spl)
	t.Cleanup(store.Close)
	file := write(t, "app.log", began.Add(-time.Minute).Format(time.RFC3339)+" level=info msg=started\n"+
		began.Add(time.Minute).Format(time.RFC3339)+" level=warn msg=\"disk almost full\"\n")
	pager := httptest.NewServer(account(t))
	t.Cleanup(pager.Close)
	parts := []string{
		"services: {checkout: {owner: payments, pagerduty: [PCHK], labels: {service: checkout-prod}}}",
		fmt.Sprintf("pages: [{type: pagerduty, name: pd, scope: all, url: %q, token: {file: %q}}]", pager.URL, write(t, "token", "t0ken-of-the-pager")),
	}
	logs := fmt.Sprintf("logs: [{type: splunk, name: spl, url: %q, token: {file: %q}, query: 'search {{service}}'}, {type: file, name: app, paths: [%q]}]",
		store.URL, write(t, "token", "t0ken-of-the-store"), file)
	d := atDesk(t, parts[0], parts[1], logs)
	d.must("", "tag", "QPAST2", "preventable")
	if got := d.must("", "timeline", "QPAST2"); strings.Contains(got, "log pattern") {
		t.Errorf("the logs are read without being asked for:\n%s", got)
	}
	for _, args := range [][]string{{}, {"--postmortem"}} {
		got := d.must("", append([]string{"timeline", "QPAST2", "--logs"}, args...)...)
		for _, want := range []string{"log pattern · checkout-prod pool exhausted after &lt;\\*> ms", "Authorization: «masked» · 4 lines", "log pattern · disk almost full · 1 line"} {
			if !strings.Contains(got, want) {
				t.Errorf("%v: it lacks %q:\n%s", args, want, got)
			}
		}
		for _, bad := range []string{"secret-of-a-shop", "\x1b", "order placed", "much later"} {
			if strings.Contains(got, bad) {
				t.Errorf("%v: it has %q:\n%s", args, bad, got)
			}
		}
	}
	if out := d.must("", "ledger", "export", "--all"); strings.Contains(out, "exhausted") || strings.Contains(out, "disk almost") {
		t.Errorf("the ledger holds what the log said:\n%s", out)
	}
	bare := atDesk(t, parts...)
	bare.must("", "tag", "QPAST2", "preventable")
	if got := bare.run("", "timeline", "QPAST2", "--logs"); got.code != exitPartly || !strings.Contains(got.stdout, "the logs could not be read: no source of logs is configured") {
		t.Errorf("without any log: exit %d\n%s", got.code, got.stdout)
	}
	store.Close()
	if got := d.run("", "timeline", "QPAST2", "--logs"); got.code != exitPartly || !strings.Contains(got.stdout, "the log of spl could not be read") || !strings.Contains(got.stdout, "disk almost full") {
		t.Errorf("without the store: exit %d\n%s", got.code, got.stdout)
	}
}

// TestTimelineWithEverythingDown tells what the ledger has, and what it lacks.
func TestTimelineWithEverythingDown(t *testing.T) {
	pd := account(t)
	srv := httptest.NewServer(pd)
	d := atDesk(t, "me: {email: ana@example.com, time_zone: Europe/Berlin}", "services: {checkout: {owner: payments, pagerduty: [PCHK]}}",
		fmt.Sprintf("pages: [{type: pagerduty, name: pd, scope: all, url: %q, token: {file: %q}}]", srv.URL, write(t, "token", "t0ken-of-the-pager")))
	d.must("", "ledger", "sync")
	srv.Close()
	got := d.run("", "timeline", "pd/QPAST1", "--wait", "5s")
	if got.code != exitPartly {
		t.Errorf("exit %d: %s", got.code, got.err)
	}
	for _, want := range []string{
		"# error ratio 1 on host-1", "- ended: ", "notify · you · notified by push", "resolve · resolved", "## What is missing here",
		"how the page stands, from the pager, could not be read", "the ledger's records stand in",
	} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("it lacks %q:\n%s", want, got.stdout)
		}
	}
	if strings.Contains(got.stdout+got.err, "t0ken") {
		t.Errorf("the credential is told:\n%s", got.stdout)
	}
	if got := d.run("", "timeline", "pd/QNONE"); got.code != exitFailed || !strings.Contains(got.err, "nothing is known of pd/QNONE") {
		t.Errorf("of an unknown page: exit %d, %s", got.code, got.err)
	}
}
