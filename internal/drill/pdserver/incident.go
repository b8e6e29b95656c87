package pdserver

import (
	"fmt"
	"slices"
	"time"
)

// The states of an incident.
const (
	triggered    = "triggered"
	acknowledged = "acknowledged"
	resolved     = "resolved"
)

// maxNotes is how many notes an incident may have.
const maxNotes = 2000

type stamp struct {
	user string
	at   time.Time
}

type alert struct {
	Alert

	at       time.Time
	resolved bool
}

// incident is one incident and everything that will happen to it by itself.
type incident struct {
	id, title, key, urgency, priority string
	number                            int
	service                           Service
	policy                            Policy
	status                            string
	created, updated, changed         time.Time
	resolvedAt                        time.Time
	// changedBy made the last change of status.
	changedBy agent
	// direct is true once somebody was assigned by hand: no more escalation.
	direct bool
	// level counts from 1; loops is how often the policy was begun again.
	level, loops int
	assigned     []stamp
	acks         []stamp
	// escalateAt, unackAt and resolveAt are what is due, zero for nothing.
	escalateAt, unackAt, resolveAt time.Time
	alerts                         []*alert
	notes                          []Note
	log                            []*entry
	// mergedInto is the id of the incident that it became a part of.
	mergedInto string
}

func (i *incident) open() bool { return i.status != resolved }

func (s *Server) find(id string) *incident {
	for _, i := range s.incidents {
		if i.id == id || fmt.Sprint(i.number) == id {
			return i
		}
	}
	return nil
}

// begin opens an incident as of its own time and calls the first level.
func (s *Server) begin(spec Incident) *incident {
	service := s.service(spec.Service)
	i := &incident{
		id: spec.ID, title: spec.Title, key: spec.Key, urgency: spec.Urgency, priority: spec.Priority,
		service: service, policy: s.policy(service.Policy), number: firstNumber + len(s.incidents),
		created: spec.At.UTC().Truncate(time.Second), status: triggered,
	}
	if i.id == "" {
		i.id = s.nextID("Q1")
	}
	if i.key == "" {
		i.key = "key-" + i.id
	}
	if i.urgency == "" {
		i.urgency = "high"
	}
	i.changed, i.changedBy = i.created, serviceAgent(service)
	s.note(i, i.created, "trigger", i.changedBy, "Triggered through the API.")
	if service.AutoResolve > 0 {
		i.resolveAt = i.created.Add(service.AutoResolve)
	}
	s.addAlerts(i, spec.Alerts, i.created)
	s.incidents = append(s.incidents, i)
	s.callLevel(i, 1, i.created)
	return i
}

func (s *Server) addAlerts(i *incident, alerts []Alert, at time.Time) {
	for _, a := range alerts {
		if a.ID == "" {
			a.ID = s.nextID("QA")
		}
		if a.Key == "" {
			a.Key = i.key
		}
		if a.Title == "" {
			a.Title = i.title
		}
		i.alerts = append(i.alerts, &alert{Alert: a, at: at})
		i.updated = at
	}
}

// acknowledge sets the incident to acknowledged by a user. As with PagerDuty, a
// resolved one is reopened by it.
func (s *Server) acknowledge(i *incident, by agent, at time.Time) {
	if i.status == resolved {
		i.resolvedAt, i.mergedInto = time.Time{}, ""
		i.assigned = []stamp{{by.id, at}}
		i.direct = true
	}
	i.acks = slices.DeleteFunc(i.acks, func(a stamp) bool { return a.user == by.id })
	i.acks = append(i.acks, stamp{by.id, at})
	i.escalateAt, i.unackAt = time.Time{}, time.Time{}
	if d := i.service.AckTimeout; d > 0 {
		i.unackAt = at.Add(d)
	}
	s.setStatus(i, acknowledged, by, at)
	s.note(i, at, "acknowledge", by, "Acknowledged by "+by.name+".")
}

func (s *Server) resolve(i *incident, by agent, at time.Time) {
	if !i.open() {
		return
	}
	i.assigned, i.acks = nil, nil
	i.escalateAt, i.unackAt, i.resolveAt = time.Time{}, time.Time{}, time.Time{}
	i.resolvedAt = at
	for _, a := range i.alerts {
		a.resolved = true
	}
	s.setStatus(i, resolved, by, at)
	s.note(i, at, "resolve", by, "Resolved by "+by.name+".")
}

// merge makes one incident a part of another: its alerts move, and it is resolved
// with that as the reason.
func (s *Server) merge(from, into *incident, by agent, at time.Time) {
	into.alerts = append(into.alerts, from.alerts...)
	from.alerts = nil
	into.updated = at
	from.mergedInto = into.id
	s.resolve(from, by, at)
}

// retrigger ends an acknowledgement and calls the level again.
func (s *Server) retrigger(i *incident, by agent, at time.Time) {
	reopened := !i.open()
	i.acks, i.unackAt, i.resolvedAt, i.mergedInto = nil, time.Time{}, time.Time{}, ""
	s.setStatus(i, triggered, by, at)
	s.note(i, at, "unacknowledge", by, "Unacknowledged.")
	switch {
	case reopened:
		s.callLevel(i, 1, at)
	case !i.direct:
		i.escalateAt = at.Add(i.delay())
	}
}

func (s *Server) setStatus(i *incident, status string, by agent, at time.Time) {
	i.status, i.changed, i.changedBy, i.updated = status, at, by, at
}

func (s *Server) addNote(i *incident, user User, text string, at time.Time) Note {
	n := Note{ID: s.nextID("QN"), User: user.ID, Text: text, At: at}
	i.notes = append(i.notes, n)
	i.updated = at
	e := s.note(i, at, "annotate", userAgent(user), "Note added by "+user.Name+".")
	e.Channel = map[string]any{"type": "note", "summary": text}
	return n
}

// assign gives the incident to people by hand.
func (s *Server) assign(i *incident, users []string, by agent, at time.Time) {
	i.direct, i.escalateAt = true, time.Time{}
	s.giveTo(i, users, at)
	s.noteAssignees(i, at, "assign", by, "Reassigned to ")
}

func (s *Server) giveTo(i *incident, users []string, at time.Time) {
	i.assigned = i.assigned[:0]
	for _, u := range users {
		i.assigned = append(i.assigned, stamp{u, at})
	}
	i.updated = at
}
