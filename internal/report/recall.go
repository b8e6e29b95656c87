package report

import (
	"fmt"
	"slices"
	"time"

	"conway/internal/oncall"
)

// Recall is what a ledger knows that helps one person while they are at a page.
// It takes records one by one, in the order in which they were written, and is
// asked in between: what is asked costs as much as one person's last week, however
// much the ledger holds. It is for one goroutine.
type Recall struct {
	plain
	me        Person
	incidents map[string]*past
	alerts    map[string]*alert
	// calls are when the person was called, oldest first.
	calls     []call
	into      map[string]string
	deploys   map[string]string
	followUps map[string]FollowUp
}

// past is one incident.
type past struct {
	id, title, owner string
	guessed, test    bool
	alert            *alert
	// word is when its record was made.
	word time.Time
	// first is when anybody was called for it first.
	first time.Time
	// acks are the person's, ends those for the person or for everybody.
	acks    []time.Time
	ends    []end
	suspect string
	said    map[oncall.TagName]said
	asked   []string
	// worked is the last command that ended well, at a moment.
	worked   string
	workedAt time.Time
}

// end is when an incident ended for somebody, and why.
type end struct {
	at     time.Time
	reason Reason
}

// said is a tag's newest value.
type said struct {
	at    time.Time
	value string
}

// call is one notification of the person.
type call struct {
	at       time.Time
	incident string
}

// alert is all incidents of one fingerprint.
type alert struct {
	// fired are those that anybody was called for, oldest first, asked those that
	// asked for work, left those at whose end a line was left.
	fired []*past
	asked []*past
	left  []*past
}

// NewRecall returns an empty one for a person, who is known to the ledger by their
// pseudonym.
func NewRecall(me Person) *Recall {
	return &Recall{
		plain: plain{words: newWords(0)}, me: me, incidents: map[string]*past{}, alerts: map[string]*alert{}, into: map[string]string{},
		deploys: map[string]string{}, followUps: map[string]FollowUp{},
	}
}

// Anew returns an empty one for the same person.
func (r *Recall) Anew() *Recall { return NewRecall(r.me) }

// Person returns the pseudonym of the person whom it is for.
func (r *Recall) Person() string { return r.me.ID }

// Takes reports whether records of a kind say anything to it.
func (r *Recall) Takes(kind []byte) bool {
	switch kindOf(kind) {
	case entryOther, entryContest:
		return false
	case entryRecord:
		return string(kind) == KindFollowUp
	}
	return true
}

// Take takes one record in, and keeps nothing of its body's bytes. A record that
// cannot be read changes nothing.
func (r *Recall) Take(rec Record) error {
	if err := r.take(rec); err != nil {
		return fmt.Errorf("read %s record %s: %w", rec.Kind, rec.ID, err)
	}
	return nil
}

func (r *Recall) take(rec Record) error {
	switch rec.Kind {
	case KindNotify, KindAck, KindRelease, KindSnooze, KindHandoff, KindResolve:
		w, err := r.momentBody(rec.Body)
		if err == nil {
			is := r.words.all
			r.moment(rec, MomentBody{Incident: is[w.incident], Person: is[w.person], Channel: Channel(is[w.channel]), Reason: Reason(is[w.reason])})
		}
		return err
	case KindRun:
		return with(rec, r.run)
	case KindFollowUp:
		return with(rec, func(b FollowUpBody) { r.followUp(rec.At, b) })
	}
	return r.takeWords(rec)
}

// takeWords is take of what is mostly names.
func (r *Recall) takeWords(rec Record) error {
	switch rec.Kind {
	case KindIncident:
		w, err := r.incidentBody(rec.Body)
		if err == nil {
			r.incident(rec.At, w)
		}
		return err
	case KindMerge:
		incident, into, err := r.mergeBody(rec.Body)
		if err == nil {
			r.into[r.words.all[incident]] = r.words.all[into]
		}
		return err
	case KindDeploy:
		w, err := r.deployBody(rec.Body)
		if err == nil {
			r.deploys[r.words.all[w.id]] = r.words.all[w.team]
		}
		return err
	case KindAttrib:
		incident, deploy, _, err := r.attribBody(rec.Body)
		if err == nil {
			r.of(r.words.all[incident]).suspect = r.words.all[deploy]
		}
		return err
	case KindTag:
		incident, name, value, err := r.tagBody(rec.Body)
		if err == nil {
			is := r.words.all
			r.tag(rec.At, is[incident], oncall.TagName(is[name]), is[value])
		}
		return err
	}
	return nil
}

// of returns what is known of an incident.
func (r *Recall) of(id string) *past {
	p, ok := r.incidents[id]
	if !ok {
		p = &past{id: id}
		r.incidents[id] = p
	}
	return p
}

func (r *Recall) incident(at time.Time, b incidentWords) {
	is := r.words.all
	p := r.of(is[b.id])
	if at.Before(p.word) {
		return // a later record has corrected it
	}
	p.word = at
	p.title, p.owner, p.guessed, p.test = is[b.title], is[b.owner], b.guessed, b.test
	r.lift(p)
	p.alert = nil
	if print := is[b.print]; print != "" && !b.test {
		if r.alerts[print] == nil {
			r.alerts[print] = &alert{}
		}
		p.alert = r.alerts[print]
	}
	r.lay(p)
}

// lift takes an incident out of its alert's lists, and lay puts it back where its
// times now belong.
func (r *Recall) lift(p *past) {
	if p.alert == nil {
		return
	}
	if i, ok := slices.BinarySearchFunc(p.alert.fired, p.first, byFirst); ok {
		for ; i < len(p.alert.fired) && p.alert.fired[i].first.Equal(p.first); i++ {
			if p.alert.fired[i] == p {
				p.alert.fired = slices.Delete(p.alert.fired, i, i+1)
				break
			}
		}
	}
	is := func(q *past) bool { return q == p }
	p.alert.asked, p.alert.left = slices.DeleteFunc(p.alert.asked, is), slices.DeleteFunc(p.alert.left, is)
}

func (r *Recall) lay(p *past) {
	if p.alert == nil {
		return
	}
	if !p.first.IsZero() {
		i, _ := slices.BinarySearchFunc(p.alert.fired, p.first, byFirst)
		p.alert.fired = slices.Insert(p.alert.fired, i, p)
	}
	if len(p.asked) > 0 {
		p.alert.asked = append(p.alert.asked, p)
	}
	if p.said[oncall.TagMemory].value != "" {
		p.alert.left = append(p.alert.left, p)
	}
}

func byCall(c call, at time.Time) int { return c.at.Compare(at) }

func byFirst(p *past, at time.Time) int { return p.first.Compare(at) }

func (r *Recall) moment(rec Record, b MomentBody) {
	p := r.of(b.Incident)
	mine := r.me.ID != "" && b.Person == r.me.ID
	switch rec.Kind {
	case KindNotify:
		if !b.Channel.wakes() {
			return
		}
		if p.first.IsZero() || rec.At.Before(p.first) {
			r.lift(p)
			p.first = rec.At
			r.lay(p)
		}
		if mine {
			i, _ := slices.BinarySearchFunc(r.calls, rec.At, byCall)
			r.calls = slices.Insert(r.calls, i, call{rec.At, p.id})
		}
	case KindAck:
		if mine {
			p.acks = append(p.acks, rec.At)
		}
	case KindResolve:
		p.ends = append(p.ends, end{rec.At, Resolved})
	default:
		if mine {
			reasons := map[string]Reason{KindSnooze: Snoozed, KindHandoff: Handoff, KindRelease: b.Reason}
			p.ends = append(p.ends, end{rec.At, reasons[rec.Kind]})
		}
	}
}

func (r *Recall) tag(at time.Time, incident string, name oncall.TagName, value string) {
	p := r.of(incident)
	if p.said == nil {
		p.said = map[oncall.TagName]said{}
	}
	if at.Before(p.said[name].at) {
		return
	}
	r.lift(p)
	p.said[name] = said{at, value}
	r.lay(p)
	if name != oncall.TagFollowUp {
		return
	}
	id := StubID(p.id)
	if value == "" {
		r.lift(p)
		delete(r.followUps, id)
		p.asked = slices.DeleteFunc(p.asked, func(f string) bool { return f == id })
		r.lay(p)
		return
	}
	r.followUp(at, FollowUpBody{ID: id, Incident: p.id})
}

func (r *Recall) followUp(at time.Time, b FollowUpBody) {
	f, known := r.followUps[b.ID]
	if !known {
		f = FollowUp{ID: b.ID, Incident: b.Incident, Team: b.Team, Opened: at}
		p := r.of(b.Incident)
		r.lift(p)
		p.asked = append(p.asked, b.ID)
		r.lay(p)
	}
	if b.Closed {
		f.Closed = at
	}
	r.followUps[b.ID] = f
}

// run remembers a command that ended well.
func (r *Recall) run(b oncall.StepRun) {
	p := r.of(b.Page.String())
	if b.State == oncall.RunExited && b.Exit == 0 && !b.Ended.Before(p.workedAt) {
		p.worked, p.workedAt = r.words.all[r.words.keep(b.Script)], b.Ended
	}
}

// Left returns the newest line that was left in another incident of an alert, and
// the last command that ended well in that one; nil for none.
func (r *Recall) Left(incident, fingerprint string) *oncall.Left {
	a := r.alerts[fingerprint]
	if a == nil {
		return nil
	}
	root := r.root(incident)
	var out *oncall.Left
	for _, p := range a.left {
		m := p.said[oncall.TagMemory]
		if r.root(p.id) != root && (out == nil || m.at.After(out.At)) {
			out = &oncall.Left{At: m.at, Line: m.value, Command: p.worked}
		}
	}
	return out
}

// root follows merges to the incident that is left.
func (r *Recall) root(id string) *past {
	for range len(r.into) + 1 {
		next, merged := r.into[id]
		if !merged {
			break
		}
		id = next
	}
	return r.of(id)
}

// pages returns the person's interruptions in a stretch of time, by the same rules
// as a report's.
func (r *Recall) pages(s span, more ...Notification) []Page {
	f := Facts{People: []Person{r.me}, Notifications: slices.Clone(more)}
	i, _ := slices.BinarySearchFunc(r.calls, s.from, byCall)
	known := map[string]bool{}
	for ; i < len(r.calls) && r.calls[i].at.Before(s.to); i++ {
		c := r.calls[i]
		f.Notifications = append(f.Notifications, Notification{Incident: c.incident, Person: r.me.ID, At: c.at})
	}
	for _, n := range f.Notifications {
		r.facts(&f, n.Incident, known)
	}
	return Interruptions(f)
}

// facts adds what is known of an incident and of those that it was merged into.
func (r *Recall) facts(f *Facts, id string, known map[string]bool) {
	for !known[id] {
		known[id] = true
		p := r.of(id)
		f.Incidents = append(f.Incidents, Incident{ID: id, Owner: p.owner, OwnerGuessed: p.guessed, Test: p.test})
		for _, at := range p.acks {
			f.Acks = append(f.Acks, Ack{Incident: id, Person: r.me.ID, At: at})
		}
		for _, e := range p.ends {
			whom := r.me.ID
			if e.reason == Resolved {
				whom = "" // of a child that was merged it releases nobody
			}
			f.Releases = append(f.Releases, Release{Incident: id, Person: whom, At: e.at, Reason: e.reason})
		}
		if p.said[oncall.TagDeploy].value == oncall.TagConfirmed && p.suspect != "" {
			f.Attributions = append(f.Attributions, Attribution{Incident: id, Deploy: p.suspect, Confirmed: true})
			f.Deploys = append(f.Deploys, Deploy{ID: p.suspect, Team: r.deploys[p.suspect]})
		}
		if next, merged := r.into[id]; merged {
			f.Merges = append(f.Merges, Merge{Incident: id, Into: next})
			id = next
		}
	}
}
