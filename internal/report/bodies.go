package report

import (
	"time"

	"conway/internal/oncall"
)

// The bodies of records, in words.
type (
	momentWords struct {
		incident, person, channel, reason word
		auto                              bool
	}
	incidentWords struct {
		id, service, print, title, owner word
		guessed, test, major             bool
	}
	deployWords struct{ id, service, team, kind, checks word }
	runWords    struct {
		runbook, incident word
		at                time.Time
		spent             time.Duration
	}
)

// slow reads a body that is not plain.
func slow[T any](body []byte, use func(T)) error { return with(Record{Body: body}, use) }

func (p *plain) momentBody(body []byte) (w momentWords, err error) {
	if !p.body(body, member{name: "incident", text: &w.incident}, member{name: "person", text: &w.person}, member{name: "channel", text: &w.channel},
		member{name: "reason", text: &w.reason}, member{name: "auto", flag: &w.auto}) {
		keep := p.words.keep
		err = slow(body, func(b MomentBody) {
			w = momentWords{keep(b.Incident), keep(b.Person), keep(string(b.Channel)), keep(string(b.Reason)), b.Auto}
		})
	}
	return w, err
}

func (p *plain) incidentBody(body []byte) (w incidentWords, err error) {
	if !p.body(body, member{name: "id", text: &w.id}, member{name: "service", text: &w.service}, member{name: "fingerprint", text: &w.print},
		member{name: "title", text: &w.title}, member{name: "owner", text: &w.owner}, member{name: "owner_source"},
		member{name: "owner_confidence", number: true}, member{name: "owner_guessed", flag: &w.guessed}, member{name: "test", flag: &w.test},
		member{name: "major", flag: &w.major}, member{name: "url"}) {
		keep := p.words.keep
		err = slow(body, func(b IncidentBody) {
			w = incidentWords{keep(b.ID), keep(b.Service), keep(b.Fingerprint), keep(b.Title), keep(b.Owner), b.OwnerGuessed, b.Test, b.Major}
		})
	}
	return w, err
}

func (p *plain) mergeBody(body []byte) (incident, into word, err error) {
	if !p.body(body, member{name: "incident", text: &incident}, member{name: "into", text: &into}) {
		err = slow(body, func(b MergeBody) { incident, into = p.words.keep(b.Incident), p.words.keep(b.Into) })
	}
	return incident, into, err
}

func (p *plain) deployBody(body []byte) (w deployWords, err error) {
	if !p.body(body, member{name: "id", text: &w.id}, member{name: "service", text: &w.service}, member{name: "team", text: &w.team},
		member{name: "kind", text: &w.kind}, member{name: "checks", text: &w.checks}) {
		keep := p.words.keep
		err = slow(body, func(b DeployBody) {
			w = deployWords{keep(b.ID), keep(b.Service), keep(b.Team), keep(b.Kind), keep(b.Checks)}
		})
	}
	return w, err
}

func (p *plain) attribBody(body []byte) (incident, deploy word, likely bool, err error) {
	if !p.body(body, member{name: "incident", text: &incident}, member{name: "deploy", text: &deploy}, member{name: "score", number: true},
		member{name: "chance", number: true}, member{name: "likely", flag: &likely}) {
		err = slow(body, func(b AttribBody) {
			incident, deploy, likely = p.words.keep(b.Incident), p.words.keep(b.Deploy), b.Likely
		})
	}
	return incident, deploy, likely, err
}

func (p *plain) tagBody(body []byte) (incident, name, value word, err error) {
	incident = p.words.keep(oncall.Ref{}.String())
	if !p.body(body, member{name: "page", ref: &incident}, member{name: "name", text: &name}, member{name: "value", text: &value}) {
		err = slow(body, func(b oncall.Tag) {
			incident, name, value = p.words.keep(b.Page.String()), p.words.keep(string(b.Name)), p.words.keep(b.Value)
		})
	}
	return incident, name, value, err
}

func (p *plain) contestBody(body []byte) (incident word, withdrawn bool, err error) {
	if !p.body(body, member{name: "incident", text: &incident}, member{name: "withdrawn", flag: &withdrawn}) {
		err = slow(body, func(b ContestBody) { incident, withdrawn = p.words.keep(b.Incident), b.Withdrawn })
	}
	return incident, withdrawn, err
}

func (p *plain) runBody(body []byte) (w runWords, err error) {
	var b oncall.StepRun
	w.incident = p.words.keep(b.Page.String())
	if !p.body(body, member{name: "id"}, member{name: "page", ref: &w.incident}, member{name: "runbook", text: &w.runbook},
		member{name: "step", whole: true}, member{name: "title"}, member{name: "script"}, member{name: "state", check: b.State.UnmarshalText},
		member{name: "exit", whole: true}, member{name: "started", check: b.Started.UnmarshalText},
		member{name: "ended", check: b.Ended.UnmarshalText}, member{name: "reason"}) {
		return w, slow(body, func(b oncall.StepRun) {
			r := runOf(b)
			w = runWords{p.words.keep(r.Runbook), p.words.keep(r.Incident), r.At, r.Spent}
		})
	}
	w.at, w.spent = b.Started, b.Duration(b.Started)
	return w, nil
}
