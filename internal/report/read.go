package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"conway/internal/oncall"
)

// Record is one entry of the ledger. Its body's shape depends on its kind.
type Record struct {
	ID   string
	At   time.Time
	Kind string
	Body json.RawMessage
}

// The kinds of record that are counted. Others say nothing here.
const (
	KindIncident  = "incident"
	KindNotify    = "notify"
	KindAck       = "ack"
	KindRelease   = "release"
	KindSnooze    = "snooze"
	KindHandoff   = "handoff"
	KindResolve   = "resolve"
	KindMerge     = "merge"
	KindDeploy    = "deploy"
	KindAttrib    = "attrib"
	KindTag       = "tag"
	KindRun       = "run"
	KindFollowUp  = "followup"
	KindRecommend = "recommend"
	KindSLO       = "slo"
	KindContest   = "contest"
	KindDecision  = "decision"
)

// The bodies of the records that the cockpit and a sync write. An incident is
// named by its oncall.Ref as a string.
type (
	// IncidentBody is KindIncident; a later one of the same ID corrects it.
	IncidentBody struct {
		ID          string `json:"id"`
		Service     string `json:"service"`
		Fingerprint string `json:"fingerprint"`
		Title       string `json:"title,omitempty"`
		Owner       string `json:"owner,omitempty"`
		OwnerSource string `json:"owner_source,omitempty"`
		// OwnerConfidence is how far that can be believed, from 0 to 1.
		OwnerConfidence float64 `json:"owner_confidence,omitempty"`
		OwnerGuessed    bool    `json:"owner_guessed,omitempty"`
		Test            bool    `json:"test,omitempty"`
		Major           bool    `json:"major,omitempty"`
		URL             string  `json:"url,omitempty"`
	}
	// MomentBody is KindNotify, KindAck, KindRelease, KindSnooze, KindHandoff and
	// KindResolve: something that happened to one person, or to all for a resolve,
	// at the record's time.
	MomentBody struct {
		Incident string  `json:"incident"`
		Person   string  `json:"person,omitempty"`
		Channel  Channel `json:"channel,omitempty"`
		Reason   Reason  `json:"reason,omitempty"`
		Auto     bool    `json:"auto,omitempty"`
	}
	// MergeBody is KindMerge.
	MergeBody struct {
		Incident string `json:"incident"`
		Into     string `json:"into"`
	}
	// DeployBody is KindDeploy; the record's time is when it was finished.
	DeployBody struct {
		ID      string `json:"id"`
		Service string `json:"service"`
		Team    string `json:"team,omitempty"`
		// TeamSource says how it is known whose change it was.
		TeamSource string `json:"team_source,omitempty"`
		Kind       string `json:"kind,omitempty"`
		Checks     string `json:"checks,omitempty"`
	}
	// AttribBody is KindAttrib: the deploy that a page was preceded by, as it was
	// shown. It becomes an attribution when a person judges it with a tag.
	AttribBody struct {
		Incident string  `json:"incident"`
		Deploy   string  `json:"deploy"`
		Score    float64 `json:"score"`
		Chance   float64 `json:"chance"`
		Likely   bool    `json:"likely,omitempty"`
	}
	// FollowUpBody is KindFollowUp: opened at the record's time, or closed.
	FollowUpBody struct {
		ID       string `json:"id"`
		Incident string `json:"incident,omitempty"`
		Team     string `json:"team,omitempty"`
		URL      string `json:"url,omitempty"`
		Closed   bool   `json:"closed,omitempty"`
	}
	// RecommendBody is KindRecommend: sent at the record's time, or answered.
	RecommendBody struct {
		ID      string `json:"id"`
		Service string `json:"service,omitempty"`
		Team    string `json:"team,omitempty"`
		Text    string `json:"text,omitempty"`
		// Answer is accepted, declined or closed; Reason is why.
		Answer string `json:"answer,omitempty"`
		Reason string `json:"reason,omitempty"`
		// URL is where it is tracked, and File asks for that.
		URL  string `json:"url,omitempty"`
		File bool   `json:"file,omitempty"`
		// SLO is the objective that it is about, and Target the percentage proposed.
		SLO    string  `json:"slo,omitempty"`
		Target float64 `json:"target,omitempty"`
	}
	// SLOBody is KindSLO: what an incident took of a budget.
	SLOBody struct {
		Incident  string    `json:"incident"`
		SLO       string    `json:"slo"`
		Share     float64   `json:"share"`
		Estimated bool      `json:"estimated,omitempty"`
		From      time.Time `json:"from,omitzero"`
		To        time.Time `json:"to,omitzero"`
	}
	// DecisionBody is KindDecision: what was decided upon a report, by whom.
	DecisionBody struct {
		Text string `json:"text"`
		By   string `json:"by"`
	}
	// ContestBody is KindContest: a row team disputes an incident, or no longer.
	ContestBody struct {
		Incident  string `json:"incident"`
		Withdrawn bool   `json:"withdrawn,omitempty"`
	}
)

// Read makes facts of records, in whatever order they come: two exports that
// were merged either way give the same. A record that cannot be read is named in
// the error, and the facts hold all the others.
func Read(records []Record) (Facts, error) {
	records = slices.Clone(records)
	slices.SortStableFunc(records, func(a, b Record) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	r := newReader()
	seen := map[string]bool{}
	for _, rec := range records {
		if rec.ID != "" {
			if seen[rec.ID] {
				continue
			}
			seen[rec.ID] = true
		}
		r.hear(rec)
	}
	return r.end()
}

func newReader() *reader {
	return &reader{
		incidents: map[string]int{}, deploys: map[string]int{}, followUps: map[string]int{}, recommends: map[string]int{},
		verdicts: map[string]int{}, suspects: map[string]AttribBody{}, judged: map[string]int{}, contested: map[string]bool{},
	}
}

// hear takes one record, and keeps what is wrong with the first that cannot be read.
func (r *reader) hear(rec Record) {
	if err := r.take(rec); err != nil && r.err == nil {
		r.err = fmt.Errorf("read %s record %s: %w", rec.Kind, rec.ID, err)
	}
}

// end returns the facts when all is read.
func (r *reader) end() (Facts, error) {
	r.address()
	for id, yes := range r.contested {
		if yes {
			r.facts.Contested = append(r.facts.Contested, id)
		}
	}
	slices.Sort(r.facts.Contested)
	r.facts.Known = len(r.facts.Incidents)
	return r.facts, r.err
}

// reader folds records, oldest first. The maps lead to a place in the facts.
type reader struct {
	facts      Facts
	incidents  map[string]int
	deploys    map[string]int
	followUps  map[string]int
	recommends map[string]int
	verdicts   map[string]int
	suspects   map[string]AttribBody
	judged     map[string]int
	contested  map[string]bool
	err        error
}

// put replaces the fact of that key or adds it.
func put[T any](all *[]T, at map[string]int, key string, v T) {
	if i, known := at[key]; known {
		(*all)[i] = v
		return
	}
	at[key] = len(*all)
	*all = append(*all, v)
}

func (r *reader) take(rec Record) error {
	switch rec.Kind {
	case KindNotify, KindAck, KindRelease, KindSnooze, KindHandoff, KindResolve:
		return with(rec, func(b MomentBody) { r.moment(rec.Kind, rec.At, b) })
	case KindIncident:
		return with(rec, func(b IncidentBody) { r.incident(b.incident()) })
	case KindMerge:
		return with(rec, func(b MergeBody) {
			r.facts.Merges = append(r.facts.Merges, Merge{Incident: b.Incident, Into: b.Into, At: rec.At})
		})
	case KindDeploy:
		return with(rec, func(b DeployBody) { r.deploy(b.deploy(rec.At)) })
	case KindAttrib:
		return with(rec, func(b AttribBody) { r.suspects[b.Incident] = b })
	case KindTag:
		return with(rec, func(b oncall.Tag) { r.tag(rec.At, b.Page.String(), b.Name, b.Value) })
	case KindRun:
		return with(rec, func(b oncall.StepRun) { r.facts.Runs = append(r.facts.Runs, runOf(b)) })
	case KindFollowUp:
		return with(rec, func(b FollowUpBody) { r.followUp(rec.At, b) })
	case KindRecommend:
		return with(rec, func(b RecommendBody) { r.recommend(rec.At, b) })
	case KindSLO:
		return with(rec, func(b SLOBody) {
			r.facts.Budgets = append(r.facts.Budgets, Budget(b))
		})
	case KindDecision:
		return with(rec, func(b DecisionBody) {
			r.facts.Decisions = append(r.facts.Decisions, Decision{Text: b.Text, By: b.By, At: rec.At})
		})
	case KindContest:
		return with(rec, func(b ContestBody) { r.contested[b.Incident] = !b.Withdrawn })
	case KindConsent, KindForget:
		return r.facts.Wishes.Take(rec)
	}
	return nil
}

// with hands over a record's body.
func with[T any](rec Record, use func(T)) error {
	var body T
	if err := json.Unmarshal(rec.Body, &body); err != nil {
		return err
	}
	use(body)
	return nil
}

func (b IncidentBody) incident() Incident {
	return Incident{
		ID: b.ID, Service: b.Service, Fingerprint: b.Fingerprint, Title: b.Title,
		Owner: b.Owner, OwnerGuessed: b.OwnerGuessed, Test: b.Test, Major: b.Major,
	}
}

func (b DeployBody) deploy(at time.Time) Deploy {
	return Deploy{ID: b.ID, Service: b.Service, Team: b.Team, Kind: b.Kind, Checks: b.Checks, At: at}
}

func runOf(b oncall.StepRun) Run {
	return Run{Runbook: b.Runbook, Incident: b.Page.String(), At: b.Started, Spent: b.Duration(b.Started)}
}

func (r *reader) incident(i Incident) { put(&r.facts.Incidents, r.incidents, i.ID, i) }

func (r *reader) deploy(d Deploy) { put(&r.facts.Deploys, r.deploys, d.ID, d) }

func (r *reader) moment(kind string, at time.Time, b MomentBody) {
	switch kind {
	case KindNotify:
		r.facts.Notifications = append(r.facts.Notifications, Notification{Incident: b.Incident, Person: b.Person, Channel: b.Channel, At: at})
		return
	case KindAck:
		r.facts.Acks = append(r.facts.Acks, Ack{Incident: b.Incident, Person: b.Person, At: at})
		return
	case KindSnooze:
		b.Reason = Snoozed
	case KindHandoff:
		b.Reason = Handoff
	case KindResolve:
		b.Reason, b.Person = Resolved, ""
	}
	r.facts.Releases = append(r.facts.Releases, Release{Incident: b.Incident, Person: b.Person, At: at, Reason: b.Reason, Auto: b.Auto})
}

// tag takes one judgement in; a later one of the same name corrects it, and an
// empty one takes it back.
func (r *reader) tag(at time.Time, incident string, name oncall.TagName, value string) {
	i, known := r.verdicts[incident]
	if !known && (name == oncall.TagVerdict || name == oncall.TagPreventable) {
		i = len(r.facts.Verdicts)
		r.verdicts[incident] = i
		r.facts.Verdicts = append(r.facts.Verdicts, Verdict{Incident: incident})
	}
	switch name {
	case oncall.TagVerdict:
		r.facts.Verdicts[i].Worth, r.facts.Verdicts[i].At = Worth(value), at
	case oncall.TagPreventable:
		r.facts.Verdicts[i].Preventable, r.facts.Verdicts[i].At = value == oncall.TagYes, at
	case oncall.TagDeploy:
		r.judge(incident, value)
	case oncall.TagFollowUp:
		r.stub(at, incident, value)
	case oncall.TagMemory, oncall.TagDropped: // for people, not for counting
	}
}

// StubID names the follow-up that a tag opened: one for each incident.
func StubID(incident string) string { return incident + "#followup" }

// stub opens the follow-up that a tag asks for; other words for it leave it as old
// as it is. Whose it is follows when all is read.
func (r *reader) stub(at time.Time, incident, words string) {
	id := StubID(incident)
	i, known := r.followUps[id]
	switch {
	case words == "" && known:
		r.facts.FollowUps[i] = FollowUp{} // taken back: nobody was asked
		delete(r.followUps, id)
	case words != "" && !known:
		put(&r.facts.FollowUps, r.followUps, id, FollowUp{ID: id, Incident: incident, Text: words, Opened: at})
	case words != "":
		r.facts.FollowUps[i].Text = words
	}
}

// address gives the follow-ups of tags to the teams whose code paged.
func (r *reader) address() {
	r.facts.FollowUps = slices.DeleteFunc(r.facts.FollowUps, func(f FollowUp) bool { return f.ID == "" })
	var x *index
	for i, f := range r.facts.FollowUps {
		if f.Team != "" || f.ID != StubID(f.Incident) {
			continue
		}
		if x == nil {
			f := r.facts
			x = newIndex(Facts{Merges: f.Merges, Incidents: f.Incidents, Deploys: f.Deploys, Attributions: f.Attributions})
		}
		r.facts.FollowUps[i].Team = x.row(x.root(f.Incident))
	}
}

// judge makes an attribution of the suspect that was shown with an incident.
func (r *reader) judge(incident, value string) {
	suspect, shown := r.suspects[incident]
	if !shown {
		return // a judgement of nothing that was shown
	}
	a := Attribution{Incident: incident, Deploy: suspect.Deploy, Likely: suspect.Likely, Confirmed: value == oncall.TagConfirmed}
	if value == "" {
		a = Attribution{} // taken back: it judges no deploy and no incident
	}
	put(&r.facts.Attributions, r.judged, incident, a)
}

func (r *reader) followUp(at time.Time, b FollowUpBody) {
	i, known := r.followUps[b.ID]
	if !known {
		put(&r.facts.FollowUps, r.followUps, b.ID, FollowUp{ID: b.ID, Incident: b.Incident, Opened: at})
		i = r.followUps[b.ID]
	}
	f := &r.facts.FollowUps[i]
	f.Team, f.URL = cmp.Or(b.Team, f.Team), cmp.Or(b.URL, f.URL)
	if b.Closed {
		r.facts.FollowUps[i].Closed = at
	}
}

func (r *reader) recommend(at time.Time, b RecommendBody) {
	i, known := r.recommends[b.ID]
	if !known {
		put(&r.facts.Recommends, r.recommends, b.ID, Recommendation{ID: b.ID, Service: b.Service, Team: b.Team, Sent: at})
		i = r.recommends[b.ID]
	}
	if b.Answer != "" && b.Answer != "none" {
		r.facts.Recommends[i].Answered = at
	}
}
