package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"conway/internal/follow"
	"conway/internal/ledger"
	"conway/internal/oncall"
	"conway/internal/owners"
	"conway/internal/report"
)

// recorder is the actor of records that say what another system says. It names
// nobody, and is the same in every cockpit.
const recorder = "conway"

// records makes records of what sources say.
type records struct {
	services  follow.Map
	ownership ownership
	names     pseudonyms
	// shared is true where others read the ledger.
	shared bool
}

// derived returns a record whose id follows from what it is about. Two cockpits
// may call a service differently: of incidents, deploys and suspects each keeps
// its word, and those of one id are counted as one.
func derived(at time.Time, kind, src string, body any, parts ...string) (ledger.Record, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return ledger.Record{}, fmt.Errorf("write %s record: %w", kind, err)
	}
	if kind == report.KindIncident || kind == report.KindDeploy || kind == report.KindAttrib {
		parts = append(parts, string(b))
	}
	return ledger.Record{
		ID: ledger.DerivedID(at, append([]string{kind, src}, parts...)...), At: at, Kind: kind, Src: src, Actor: recorder, Body: b,
	}, nil
}

// person returns the pseudonym that somebody had at a moment: by the address, or by
// the pager's id where there is none.
func (r records) person(p oncall.Person, at time.Time) string {
	return r.names.at(cmp.Or(p.Email, p.ID), at)
}

// page makes the records of a page's whole history, the page itself first. A
// page without any history yet has none. The labels are those of its alerts, nil
// where nobody looked at them.
func (r records) page(p oncall.Page, labels map[string]string, moments []oncall.Moment) ([]ledger.Record, error) {
	if len(moments) == 0 {
		return nil, nil
	}
	var out []ledger.Record
	add := func(at time.Time, kind string, body any, parts ...string) error {
		rec, err := derived(at, kind, p.Ref.Source, body, append([]string{p.Ref.ID}, parts...)...)
		out = append(out, rec)
		return err
	}
	body, began := r.incident(p, labels), moments[0].At
	if body.OwnerSource == ownerSourceLabels {
		// A cockpit that has not seen the labels says less; of two words the later counts.
		began = began.Add(time.Millisecond)
	}
	if err := add(began, report.KindIncident, body); err != nil {
		return nil, err
	}
	id := p.Ref.String()
	var called []string
	for _, m := range moments {
		who := r.person(m.Person, m.At)
		err := error(nil)
		switch m.Kind {
		case oncall.MomentNotified:
			err = add(m.At, report.KindNotify, report.MomentBody{Incident: id, Person: who, Channel: report.Channel(m.Channel)}, m.ID)
		case oncall.MomentAcknowledged:
			err = add(m.At, report.KindAck, report.MomentBody{Incident: id, Person: who}, m.ID)
		case oncall.MomentSnoozed:
			err = add(m.At, report.KindSnooze, report.MomentBody{Incident: id, Person: who}, m.ID)
		case oncall.MomentResolved:
			err = add(m.At, report.KindResolve, report.MomentBody{Incident: id, Auto: m.Auto}, m.ID)
		case oncall.MomentMerged:
			err = add(m.At, report.KindMerge, report.MergeBody{Incident: id, Into: m.Into.String()}, m.ID)
		case oncall.MomentAssigned, oncall.MomentEscalated:
			now := make([]string, 0, len(m.Assigned))
			for _, a := range m.Assigned {
				now = append(now, r.person(a, m.At))
			}
			err = release(m, id, called, now, add)
			called = now
		case oncall.MomentTriggered:
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// release records the end for those whom a page calls no more.
func release(m oncall.Moment, id string, before, now []string, add func(time.Time, string, any, ...string) error) error {
	for _, who := range before {
		if slices.Contains(now, who) {
			continue
		}
		kind, body := report.KindHandoff, report.MomentBody{Incident: id, Person: who}
		if m.Kind == oncall.MomentEscalated {
			kind, body.Reason = report.KindRelease, report.Unacked
		}
		if err := add(m.At, kind, body, m.ID, who); err != nil {
			return err
		}
	}
	return nil
}

// incident says which service a page is of, and whose that is.
func (r records) incident(p oncall.Page, labels map[string]string) report.IncidentBody {
	body := report.IncidentBody{ID: p.Ref.String(), Service: cmp.Or(p.Service.Name, p.Service.ID), Title: p.Title, URL: p.URL}
	s, _, ok := r.services.Resolve(p, nil)
	if ok {
		body.Service = s.Name
	}
	o := r.ownership.of(s, p, labels)
	body.Owner, body.OwnerSource, body.OwnerConfidence, body.OwnerGuessed = o.team, o.source, o.confidence, o.guessed
	body.Fingerprint = fingerprint(body.Service, p.Title)
	return body
}

// fingerprint names the same alert over all its pages.
func fingerprint(service, title string) string {
	sum := sha256.Sum256([]byte(service + "\x1f" + alertName(title)))
	return hex.EncodeToString(sum[:])
}

// alertName is a title without what differs from one time to the next: words
// with a digit in them are counts, hosts and ids.
func alertName(title string) string {
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, w := range words {
		if strings.ContainsFunc(w, unicode.IsDigit) {
			words[i] = "#"
		}
	}
	return strings.Join(slices.Compact(words), " ")
}

// deploys makes records of what was deployed to production of services that are
// in the config.
func (r records) deploys(e oncall.DeploysEvent) ([]ledger.Record, error) {
	var out []ledger.Record
	for _, d := range e.Deploys {
		if d.Status != oncall.DeploySucceeded || d.FinishedAt.IsZero() || !follow.Production(d.Environment) {
			continue
		}
		s, ok := r.services.Deployed(d)
		if !ok {
			continue
		}
		body := report.DeployBody{
			ID: d.Ref.String(), Service: s.Name, Kind: cmp.Or(d.Kind, "deploy"), Checks: cmp.Or(d.Checks, "unknown"),
		}
		body.Team, body.TeamSource = deployedBy(d, s)
		// By the other side's clock, so that every cockpit writes the same.
		finished := d.FinishedAt.Add(e.Skew)
		if d.Team != "" && d.TeamSource != "" {
			// A cockpit that does not know yet what was changed says less; of two words the
			// later counts.
			finished = finished.Add(time.Millisecond)
		}
		rec, err := derived(finished, report.KindDeploy, d.Ref.Source, body, d.Ref.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, rec)
	}
	return out, nil
}

// deployedBy returns the team whose change a deploy was and who says so: the sender,
// CODEOWNERS of most of the changed files, else the owner of the service, with the
// reason why the files decide nothing.
func deployedBy(d oncall.Deploy, s follow.Service) (team, source string) {
	switch {
	case d.Team != "" && d.TeamSource != "":
		return d.Team, string(owners.CodeOwners) + ", " + d.TeamSource
	case d.Team != "":
		return d.Team, d.Ref.Source
	case s.OwnerSource == "":
		return "", d.TeamSource
	}
	source = "the service's owner by " + s.OwnerSource
	if d.TeamSource != "" {
		source += "; " + d.TeamSource
	}
	return s.Owner, source
}

// suspect makes the record of the deploy that a page was preceded by when it was
// looked at, so that a person's judgement of it can be read later. It has none
// where there is no such deploy, or several that nothing tells apart.
func (r records) suspect(l look) ([]ledger.Record, error) {
	p := l.page
	s, _, _ := r.services.Resolve(p.Page, &l.detail)
	all := follow.Suspects(l.deploys, s, r.services, p.CreatedAt, l.now, l.detail.Labels)
	if len(all) == 0 || all[0].Ambiguous > 0 {
		return nil, nil
	}
	body := report.AttribBody{
		Incident: p.Ref.String(), Deploy: all[0].Deploy.Ref.String(), Score: all[0].Score, Chance: all[0].P0, Likely: all[0].Band == follow.Likely,
	}
	rec, err := derived(p.CreatedAt.Add(p.skew), report.KindAttrib, p.Ref.Source, body, p.Ref.ID)
	return []ledger.Record{rec}, err
}
