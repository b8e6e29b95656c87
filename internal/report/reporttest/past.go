// Package reporttest makes ledgers to measure with: years of a busy organisation, the
// same each time.
package reporttest

import (
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/report"
)

const (
	teams    = 8
	perTeam  = 6
	services = 40
	// alerts is how many of them a service has.
	alerts = 6
	// stride is the usual time from one page to the next, by which a million records
	// are some three years.
	stride = 14 * time.Minute
)

// Past makes n records that end at a moment, in the order in which a cockpit would
// have written them. They have no ids. The same seed makes the same records.
func Past(seed uint64, n int, end time.Time) iter.Seq[report.Record] {
	return func(yield func(report.Record) bool) {
		p := past{Rand: rand.New(rand.NewPCG(seed, 1))} //nolint:gosec // a ledger to measure with is no secret
		at := end.Add(-time.Duration(n/recordsAPage+1) * stride)
		for i := 0; n > 0; i++ {
			p.page(i, at)
			slices.SortStableFunc(p.out, func(a, b report.Record) int { return a.At.Compare(b.At) })
			// What happens later is written later.
			for len(p.out) > 0 && p.out[0].At.Before(at) {
				r := p.out[0]
				p.out = p.out[1:]
				if n--; n < 0 || !yield(r) {
					return
				}
			}
			at = at.Add(stride/2 + time.Duration(p.Int64N(int64(stride))))
		}
	}
}

// recordsAPage is how many records a page makes, about.
const recordsAPage = 9

// Person returns the pseudonym of somebody, and Team whose team they are in.
func Person(i int) string { return fmt.Sprintf("%016x", 0xc0ffee0000+i%(teams*perTeam)) }

// Team returns the team of a person, by the same number.
func Team(i int) string { return fmt.Sprintf("team-%d", i%(teams*perTeam)/perTeam) }

// People returns how many there are.
func People() int { return teams * perTeam }

// Teams returns how many there are.
func Teams() int { return teams }

// Alerts returns how many there are, and Fingerprint the name of one.
func Alerts() int { return services * alerts }

// Fingerprint returns the name of an alert.
func Fingerprint(i int) string { return fmt.Sprintf("%064x", i%Alerts()) }

type past struct {
	*rand.Rand
	out []report.Record
}

func (p *past) chance(percent int) bool { return p.IntN(100) < percent }

func (p *past) add(at time.Time, kind string, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		panic(err) // the bodies are made here
	}
	p.out = append(p.out, report.Record{At: at, Kind: kind, Body: b})
}

// page makes all that is recorded of one page.
func (p *past) page(i int, at time.Time) {
	service, alert := p.IntN(services), min(p.IntN(alerts), p.IntN(alerts))
	ref := oncall.Ref{Source: "pd", ID: fmt.Sprintf("Q%013X", uint64(i)*0x9E3779B1)}
	id := ref.String()
	who := p.IntN(teams * perTeam)
	title := fmt.Sprintf("%s on service-%d is above its limit", []string{"HighErrorRate", "QueueDepth", "DiskFull", "LatencyHigh", "PodRestart", "CertExpiry"}[alert], service)
	body := report.IncidentBody{
		ID: id, Service: fmt.Sprintf("service-%d", service), Fingerprint: Fingerprint(service*alerts + alert), Title: title,
		OwnerSource: "config", OwnerConfidence: 1, URL: "https://example.pagerduty.com/incidents/" + ref.ID, Major: p.IntN(400) == 0,
	}
	if service%9 != 0 {
		body.Owner = Team(service % teams * perTeam)
	}
	p.add(at, report.KindIncident, body)
	ack := p.called(at, id, who)
	end := ack.Add(time.Duration(2+p.IntN(90)) * time.Minute)
	p.asked(ref, title, who, ack, end)
	if p.chance(2) {
		p.add(end, report.KindMerge, report.MergeBody{Incident: id, Into: fmt.Sprintf("pd/Q%013X", uint64(max(0, i-1))*0x9E3779B1)})
	}
	p.add(end, report.KindResolve, report.MomentBody{Incident: id, Auto: p.chance(20)})
	if p.chance(6) {
		p.add(end, report.KindSLO, report.SLOBody{Incident: id, SLO: body.Service + "-availability", Share: float64(p.IntN(31)*p.IntN(31)) / 4000, From: at, To: end})
	}
	p.changed(body, ref, at)
	p.judged(ref, i, end)
}

// called makes the notifications, up to the acknowledgement.
func (p *past) called(at time.Time, id string, who int) (ack time.Time) {
	at = at.Add(time.Second)
	p.add(at, report.KindNotify, report.MomentBody{Incident: id, Person: Person(who), Channel: report.Push})
	if p.chance(40) {
		at = at.Add(5 * time.Minute)
		p.add(at, report.KindNotify, report.MomentBody{Incident: id, Person: Person(who), Channel: report.Phone})
	}
	if p.chance(8) {
		at = at.Add(10 * time.Minute)
		p.add(at, report.KindRelease, report.MomentBody{Incident: id, Person: Person(who), Reason: report.Unacked})
		p.add(at, report.KindNotify, report.MomentBody{Incident: id, Person: Person(who + 1), Channel: report.Phone})
		who++
	}
	ack = at.Add(time.Duration(20+p.IntN(200)) * time.Second)
	p.add(ack, report.KindAck, report.MomentBody{Incident: id, Person: Person(who)})
	if p.chance(5) {
		p.add(ack.Add(time.Minute), report.KindSnooze, report.MomentBody{Incident: id, Person: Person(who)})
		p.add(ack.Add(time.Hour), report.KindNotify, report.MomentBody{Incident: id, Person: Person(who), Channel: report.Push})
	}
	if p.chance(5) {
		p.add(ack.Add(90*time.Second), report.KindHandoff, report.MomentBody{Incident: id, Person: Person(who)})
		p.add(ack.Add(91*time.Second), report.KindNotify, report.MomentBody{Incident: id, Person: Person(who + 2), Channel: report.Push})
	}
	return ack
}

// asked makes what a person did in the cockpit.
func (p *past) asked(ref oncall.Ref, title string, who int, ack, end time.Time) {
	action := map[string]any{
		"id": fmt.Sprintf("%s-%d", ref.ID, who), "kind": "acknowledge", "target": ref, "title": title, "at": ack, "not_before": ack,
	}
	p.add(ack, "action", action)
	p.add(ack.Add(time.Second), "action.state", map[string]any{"id": action["id"], "state": "confirmed"})
	if !p.chance(25) {
		return
	}
	began := ack.Add(time.Minute)
	run := oncall.StepRun{
		ID: ref.ID + "-1", Page: ref, Runbook: fmt.Sprintf("runbook-%d", who%12), Step: 1, Title: "look at the queue",
		Script: "kubectl -n prod get pods -l app=checkout --sort-by=.status.startTime | tail -n 20\n", State: oncall.RunExited, Started: began,
	}
	p.add(began, "step", run)
	run.Ended = began.Add(time.Duration(p.IntN(600)) * time.Second)
	p.add(earlier(run.Ended, end), report.KindRun, run)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// changed makes the deploys around a page.
func (p *past) changed(in report.IncidentBody, ref oncall.Ref, at time.Time) {
	if !p.chance(60) {
		return
	}
	deploy := report.DeployBody{
		ID: "gh/" + strings.ToLower(ref.ID), Service: in.Service, Team: Team(p.IntN(teams * perTeam)),
		Kind: []string{"deploy", "config", "hotfix", "rollback"}[min(p.IntN(4), p.IntN(4))], Checks: []string{"passed", "none"}[p.IntN(2)],
	}
	p.add(at.Add(-20*time.Minute), report.KindDeploy, deploy)
	if p.chance(50) {
		p.add(at, report.KindAttrib, report.AttribBody{Incident: in.ID, Deploy: deploy.ID, Score: 79.7, Chance: 0.00692, Likely: p.chance(50)})
	}
}

// judged makes what people said of a page when it was over, some of it days later.
func (p *past) judged(ref oncall.Ref, i int, end time.Time) {
	say := func(name oncall.TagName, value string) {
		p.add(end.Add(time.Duration(p.IntN(300))*time.Second), report.KindTag, oncall.Tag{Page: ref, Name: name, Value: value})
	}
	if p.chance(70) {
		say(oncall.TagVerdict, []string{oncall.TagNeeded, oncall.TagWait, oncall.TagNoise}[p.IntN(3)])
	}
	if p.chance(15) {
		say(oncall.TagPreventable, oncall.TagYes)
	}
	if p.chance(15) {
		say(oncall.TagDeploy, []string{oncall.TagConfirmed, oncall.TagRejected}[p.IntN(2)])
	}
	if p.chance(3) {
		say(oncall.TagMemory, "purge the queue before anything is started again")
	}
	if p.chance(3) {
		say(oncall.TagFollowUp, "make the queue bounded")
		if p.chance(70) {
			p.add(end.Add(time.Duration(1+p.IntN(40))*24*time.Hour), report.KindFollowUp, report.FollowUpBody{ID: report.StubID(ref.String()), Closed: true})
		}
	}
	if i%500 == 7 {
		p.add(end, report.KindRecommend, report.RecommendBody{ID: fmt.Sprintf("R%d", i), Service: fmt.Sprintf("service-%d", i%services), Team: Team(i)})
		if p.chance(50) {
			p.add(end.Add(20*24*time.Hour), report.KindRecommend, report.RecommendBody{ID: fmt.Sprintf("R%d", i), Answer: "accepted"})
		}
	}
	if i%300 == 11 {
		p.add(end.Add(time.Hour), report.KindContest, report.ContestBody{Incident: ref.String()})
	}
}
