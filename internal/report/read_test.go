package report_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/report"
)

func people(tb testing.TB) []report.Person {
	tb.Helper()
	f, _ := worked(tb)
	return f.People
}

// recorder writes the worked example as the ledger holds it.
type recorder struct {
	tb  testing.TB
	all []report.Record
}

func (r *recorder) add(at time.Time, kind string, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		r.tb.Fatal(err)
	}
	r.all = append(r.all, report.Record{ID: fmt.Sprintf("%026d", len(r.all)+1), At: at, Kind: kind, Body: b})
}

func id(s string) string { return "pd/" + s }

func ref(s string) oncall.Ref { return oncall.Ref{Source: "pd", ID: s} }

func recorded(tb testing.TB) []report.Record {
	tb.Helper()
	f, _ := worked(tb)
	r := &recorder{tb: tb}
	for _, i := range f.Incidents {
		r.add(at(tb, "03-01 00:00"), report.KindIncident, report.IncidentBody{ID: id(i.ID), Service: i.Service, Fingerprint: i.Fingerprint, Title: i.Title, Owner: i.Owner})
	}
	for _, n := range f.Notifications {
		r.add(n.At, report.KindNotify, report.MomentBody{Incident: id(n.Incident), Person: n.Person, Channel: n.Channel})
	}
	ends := map[string]time.Time{}
	for _, a := range f.Acks {
		r.add(a.At, report.KindAck, report.MomentBody{Incident: id(a.Incident), Person: a.Person})
	}
	for _, e := range f.Releases {
		ends[e.Incident] = e.At
		kind := map[report.Reason]string{report.Resolved: report.KindResolve, report.Handoff: report.KindHandoff, report.Snoozed: report.KindSnooze}[e.Reason]
		r.add(e.At, kind, report.MomentBody{Incident: id(e.Incident), Person: e.Person, Auto: e.Auto})
	}
	for _, m := range f.Merges {
		r.add(m.At, report.KindMerge, report.MergeBody{Incident: id(m.Incident), Into: id(m.Into)})
	}
	for _, d := range f.Deploys {
		r.add(d.At, report.KindDeploy, report.DeployBody{ID: d.ID, Service: d.Service, Team: d.Team, Kind: d.Kind, Checks: d.Checks})
	}
	for _, a := range f.Attributions {
		r.add(ends[a.Incident].Add(-time.Minute), report.KindAttrib, report.AttribBody{Incident: id(a.Incident), Deploy: a.Deploy, Likely: a.Likely})
		r.add(ends[a.Incident], report.KindTag, oncall.Tag{Page: ref(a.Incident), Name: "deploy", Value: "confirmed"})
	}
	for _, v := range f.Verdicts {
		r.add(ends[v.Incident], report.KindTag, oncall.Tag{Page: ref(v.Incident), Name: "verdict", Value: string(v.Worth)})
		if v.Preventable {
			r.add(ends[v.Incident], report.KindTag, oncall.Tag{Page: ref(v.Incident), Name: "preventable", Value: "yes"})
		}
	}
	for _, u := range f.FollowUps {
		r.add(u.Opened, report.KindFollowUp, report.FollowUpBody{ID: u.ID, Incident: id(u.Incident), Team: u.Team})
		if !u.Closed.IsZero() {
			r.add(u.Closed, report.KindFollowUp, report.FollowUpBody{ID: u.ID, Closed: true})
		}
	}
	for _, a := range f.Recommends {
		r.add(a.Sent, report.KindRecommend, report.RecommendBody{ID: a.ID, Service: a.Service, Team: a.Team})
	}
	for _, b := range f.Budgets {
		r.add(ends[b.Incident], report.KindSLO, report.SLOBody{Incident: id(b.Incident), SLO: b.SLO, Share: b.Share})
	}
	for _, n := range f.Runs {
		r.add(n.At, report.KindRun, oncall.StepRun{Page: ref(n.Incident), Runbook: n.Runbook, Started: n.At, Ended: n.At.Add(n.Spent)})
	}
	return r.all
}

// TestRecordsGiveTheSameNumbers reads the worked example from its records.
func TestRecordsGiveTheSameNumbers(t *testing.T) {
	f, err := report.Read(recorded(t))
	if err != nil {
		t.Fatal(err)
	}
	f.People = people(t)
	byHand, o := worked(t)
	got, want := report.Count(f, o), report.Count(byHand, o)
	for i := range want.Budgets.Incidents {
		want.Budgets.Incidents[i].Incident = id(want.Budgets.Incidents[i].Incident)
	}
	want.Foreseen.Leads, got.Foreseen.Leads = nil, nil // they name incidents in sentences
	if !reflect.DeepEqual(got, want) {
		t.Errorf("from records:\n%+v\nby hand:\n%+v", got, want)
	}
}

func TestUnreadableRecordIsNamed(t *testing.T) {
	records := recorded(t)
	records[3].Body = json.RawMessage(`{"id": 7}`)
	f, err := report.Read(records)
	if err == nil || !strings.Contains(err.Error(), "read incident record "+records[3].ID) {
		t.Errorf("the error is %v", err)
	}
	if len(f.Incidents) != 9 {
		t.Errorf("%d incidents are left, want the other 9", len(f.Incidents))
	}
}

func TestTagCanBeCorrectedAndTakenBack(t *testing.T) {
	r := &recorder{tb: t}
	say := func(minute int, name oncall.TagName, value string) {
		r.add(at(t, "03-24 04:00").Add(time.Duration(minute)*time.Minute), report.KindTag, oncall.Tag{Page: ref("I1"), Name: name, Value: value})
	}
	say(1, "verdict", "noise")
	say(2, "verdict", "needed")
	say(3, "preventable", "yes")
	say(4, "preventable", "")
	f, err := report.Read(r.all)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Verdicts) != 1 || f.Verdicts[0].Worth != report.Needed || f.Verdicts[0].Preventable {
		t.Errorf("verdicts: %+v", f.Verdicts)
	}
}

func TestFollowUpOfATagIsAskedOfTheRowTeam(t *testing.T) {
	r := &recorder{tb: t}
	say := func(minute int, incident, value string) {
		r.add(at(t, "03-24 04:00").Add(time.Duration(minute)*time.Minute), report.KindTag, oncall.Tag{Page: ref(incident), Name: oncall.TagFollowUp, Value: value})
	}
	r.add(at(t, "03-24 03:00"), report.KindIncident, report.IncidentBody{ID: ref("I1").String(), Service: "checkout", Owner: "payments"})
	say(1, "I1", "raise the quota")
	say(2, "I1", "raise the quota for good")
	say(3, "I2", "a slip of the hand")
	say(4, "I2", "")
	f, err := report.Read(r.all)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.FollowUps) != 1 {
		t.Fatalf("follow-ups: %+v", f.FollowUps)
	}
	if got := f.FollowUps[0]; got.Team != "payments" || got.Incident != ref("I1").String() || !got.Opened.Equal(at(t, "03-24 04:01")) || !got.Closed.IsZero() {
		t.Errorf("the follow-up is %+v", got)
	}
}

// BenchmarkMillion reads and counts a million records: the worked fortnight, and
// the same again and again for each one before it, with other incidents.
func BenchmarkMillion(b *testing.B) {
	const total = 1_000_000
	records := recorded(b)
	byHand, o := worked(b)
	all := make([]report.Record, 0, total)
	for i := range total / len(records) {
		for _, r := range records {
			r.ID = fmt.Sprintf("%d-%s", i, r.ID)
			r.At = r.At.Add(-time.Duration(i%26) * 14 * 24 * time.Hour)
			r.Body = json.RawMessage(strings.ReplaceAll(strings.ReplaceAll(string(r.Body), "pd/I", fmt.Sprintf("pd/%d-I", i)), `"I`, fmt.Sprintf(`"%d-I`, i)))
			all = append(all, r)
		}
	}
	b.ResetTimer()
	for range b.N {
		f, err := report.Read(all)
		if err != nil {
			b.Fatal(err)
		}
		f.People = byHand.People
		report.Count(f, o)
	}
	b.ReportMetric(float64(len(all)), "records")
}

// TestFollowUpsThatATagAskedFor counts a tag as a follow-up, under the page's name,
// and not twice when it is filed.
func TestFollowUpsThatATagAskedFor(t *testing.T) {
	at := time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	tag := func(hour int, page, value string) report.Record {
		body := fmt.Sprintf(`{"page":{"source":"pd","id":%q},"name":"followup","value":%q}`, page, value)
		return report.Record{ID: fmt.Sprintf("%02d%s", hour, page), At: at.Add(time.Duration(hour) * time.Hour), Kind: report.KindTag, Body: []byte(body)}
	}
	facts, err := report.Read([]report.Record{
		tag(0, "A", "rotate the logs"), tag(1, "A", "rotate the logs daily"), tag(2, "B", "x"), tag(3, "B", ""), tag(4, "C", ""), tag(5, "D", "y"),
		{ID: "f1", At: at.Add(6 * time.Hour), Kind: report.KindFollowUp, Body: []byte(`{"id":"pd/A#followup","incident":"pd/A","team":"payments","url":"https://x/1"}`)},
		{ID: "f2", At: at.Add(7 * time.Hour), Kind: report.KindFollowUp, Body: []byte(`{"id":"pd/A#followup","closed":true}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []report.FollowUp{
		{ID: "pd/A#followup", Incident: "pd/A", Team: "payments", Text: "rotate the logs daily", URL: "https://x/1", Opened: at, Closed: at.Add(7 * time.Hour)},
		{ID: "pd/D#followup", Incident: "pd/D", Team: report.Unowned, Text: "y", Opened: at.Add(5 * time.Hour)},
	}
	if !slices.Equal(facts.FollowUps, want) {
		t.Errorf("the follow-ups are\n%+v, want\n%+v", facts.FollowUps, want)
	}
}
