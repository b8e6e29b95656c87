package pdserver

import (
	"slices"
	"time"
)

// Trigger opens an incident, or adds the alerts to the open one with the same
// key on the same service, and returns its id.
func (s *Server) Trigger(spec Incident) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance(s.now())
	if spec.At.IsZero() {
		spec.At = s.now()
	}
	for _, i := range s.incidents {
		if spec.Key != "" && i.key == spec.Key && i.service.ID == spec.Service && i.open() {
			s.addAlerts(i, spec.Alerts, s.now())
			return i.id
		}
	}
	id := s.begin(spec).id
	s.advance(s.now())
	return id
}

// Past records an incident that is over: opened at spec.At, acknowledged and
// resolved by a user, who may have left a note. It returns its id.
func (s *Server) Past(spec Incident, resolvedAt time.Time, by, note string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.begin(spec)
	at := resolvedAt.UTC().Truncate(time.Second)
	u := s.user(by)
	if note != "" {
		s.addNote(i, u, note, at)
	}
	s.resolve(i, userAgent(u), at)
	return i.id
}

// Acknowledge acknowledges an incident as a user and reports whether it exists.
func (s *Server) Acknowledge(id, user string) bool {
	return s.with(id, func(i *incident) { s.acknowledge(i, userAgent(s.user(user)), s.now()) })
}

// Resolve resolves an incident as a user and reports whether it exists.
func (s *Server) Resolve(id, user string) bool {
	return s.with(id, func(i *incident) { s.resolve(i, userAgent(s.user(user)), s.now()) })
}

// ResolveByService resolves every open incident of a service, as its monitor
// does when all is well again, and returns how many there were.
func (s *Server) ResolveByService(service string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance(s.now())
	n := 0
	for _, i := range s.incidents {
		if i.service.ID == service && i.open() {
			s.resolve(i, serviceAgent(i.service), s.now())
			n++
		}
	}
	return n
}

// Reassign gives an incident to users by hand, which ends its escalation.
func (s *Server) Reassign(id string, users ...string) bool {
	return s.with(id, func(i *incident) { s.assign(i, users, serviceAgent(i.service), s.now()) })
}

// Annotate writes a note as a user and reports whether the incident exists.
func (s *Server) Annotate(id, user, text string) bool {
	return s.with(id, func(i *incident) { s.addNote(i, s.user(user), text, s.now()) })
}

// AddChange records a change event and returns its id.
func (s *Server) AddChange(c Change) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.ID == "" {
		c.ID = s.nextID("01")
	}
	if c.At.IsZero() {
		c.At = s.now()
	}
	s.changes = append(s.changes, c)
	return c.ID
}

// SetShifts replaces who is on call.
func (s *Server) SetShifts(shifts ...Shift) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance(s.now())
	s.shifts = slices.Clone(shifts)
}

// Tick does what is due by now, as any request would.
func (s *Server) Tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance(s.now())
}

// State returns an incident by id or number as it stands.
func (s *Server) State(id string) (State, bool) {
	var out State
	ok := s.with(id, func(i *incident) { out = i.state() })
	return out, ok
}

// States returns all incidents, oldest first.
func (s *Server) States() []State {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance(s.now())
	out := make([]State, 0, len(s.incidents))
	for _, i := range s.incidents {
		out = append(out, i.state())
	}
	return out
}

func (s *Server) with(id string, do func(*incident)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance(s.now())
	i := s.find(id)
	if i == nil {
		return false
	}
	do(i)
	return true
}

func (i *incident) state() State {
	out := State{
		ID: i.id, Number: i.number, Title: i.title, Service: i.service.ID, Status: i.status, Urgency: i.urgency,
		CreatedAt: i.created, ResolvedAt: i.resolvedAt, Level: i.level, Notes: slices.Clone(i.notes),
		Priority: i.priority, MergedInto: i.mergedInto,
	}
	for _, a := range i.assigned {
		out.Assignees = append(out.Assignees, a.user)
	}
	for _, a := range i.acks {
		out.AckedBy = append(out.AckedBy, a.user)
	}
	for _, e := range i.log {
		out.Log = append(out.Log, Happened{e.kind, e.at, e.by.id, e.summary})
	}
	return out
}
