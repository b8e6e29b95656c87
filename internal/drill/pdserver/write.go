package pdserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

const (
	// maxBulk is how many incidents one request may change.
	maxBulk = 250
	// maxSnooze is the longest snooze, in seconds.
	maxSnooze = 604800
	// maxAlerts is how many alerts an incident may have once others are merged
	// into it.
	maxAlerts = 1000
)

// change is what a PUT asks of one incident. Absent parts stay as they are.
type change struct {
	ID              string          `json:"id"`
	Type            string          `json:"type"`
	Status          string          `json:"status"`
	Resolution      string          `json:"resolution"`
	Title           string          `json:"title"`
	Urgency         string          `json:"urgency"`
	Priority        json.RawMessage `json:"priority"`
	EscalationLevel int             `json:"escalation_level"`
	Policy          *idOnly         `json:"escalation_policy"`
	Assignments     []struct {
		Assignee idOnly `json:"assignee"`
	} `json:"assignments"`
}

type idOnly struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// actor returns who is acting: From is asked for whatever the token.
func (s *Server) actor(r *http.Request) (User, *answer) {
	u, ok := s.userByEmail(r.Header.Get("From"))
	if !ok {
		a := fault(http.StatusBadRequest, 2016, "You must specify a user's email address in the \"From\" header")
		return u, &a
	}
	if s.opts.Me != "" {
		u = s.user(s.opts.Me)
	}
	return u, nil
}

func decode(r *http.Request, into any) *answer {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		a := invalid("The request body is not the JSON that was expected: " + err.Error())
		return &a
	}
	return nil
}

func (s *Server) manageIncidents(r *http.Request) answer {
	by, bad := s.actor(r)
	if bad != nil {
		return *bad
	}
	var body struct {
		Incidents []change `json:"incidents"`
	}
	if bad := decode(r, &body); bad != nil {
		return *bad
	}
	if len(body.Incidents) > maxBulk {
		return fault(http.StatusRequestEntityTooLarge, 2001, "Too many incidents", fmt.Sprintf("At most %d incidents can be updated at once.", maxBulk))
	}
	for _, c := range body.Incidents {
		i := s.find(c.ID)
		if i == nil {
			return notFound()
		}
		if errs := s.faults(c, i); len(errs) > 0 {
			return invalid(errs...)
		}
	}
	out := make([]incidentObject, 0, len(body.Incidents))
	for _, c := range body.Incidents {
		i := s.find(c.ID)
		s.apply(i, c, by)
		out = append(out, s.incidentObject(i))
	}
	return answer{http.StatusOK, map[string]any{"incidents": out}}
}

func (s *Server) updateIncident(r *http.Request) answer {
	by, bad := s.actor(r)
	if bad != nil {
		return *bad
	}
	var body struct {
		Incident change `json:"incident"`
	}
	if bad := decode(r, &body); bad != nil {
		return *bad
	}
	i := s.find(r.PathValue("id"))
	if i == nil {
		return notFound()
	}
	if errs := s.faults(body.Incident, i); len(errs) > 0 {
		return invalid(errs...)
	}
	s.apply(i, body.Incident, by)
	return answer{http.StatusOK, map[string]any{"incident": s.incidentObject(i)}}
}

// faults says what is wrong with a change of an incident.
func (s *Server) faults(c change, i *incident) []string {
	var out []string
	if c.Type != "incident" && c.Type != "incident_reference" {
		out = append(out, "Type must be incident or incident_reference.")
	}
	switch c.Status {
	case "", triggered, acknowledged, resolved:
	default:
		out = append(out, "Status must be triggered, acknowledged or resolved.")
	}
	if c.Resolution != "" && c.Status != resolved {
		out = append(out, "Resolution can only be set when resolving.")
	}
	if c.Urgency != "" && c.Urgency != "high" && c.Urgency != "low" {
		out = append(out, "Urgency must be high or low.")
	}
	if c.EscalationLevel < 0 || c.EscalationLevel > len(i.policy.Rules) {
		out = append(out, "Escalation level is not part of the escalation policy.")
	}
	if c.EscalationLevel > 0 && !i.open() {
		out = append(out, "A resolved incident cannot be escalated.")
	}
	if p, ok := priorityName(c.Priority); ok && p != "" && len(s.opts.Priorities) > 0 && s.priority(p).ID == "PPRIO"+p {
		out = append(out, "Priority not found.")
	}
	if c.Policy != nil && len(s.opts.Policies) > 0 && len(s.policy(c.Policy.ID).Rules) == 0 {
		out = append(out, "Escalation policy not found.")
	}
	return out
}

// apply does what a change without faults asks for.
func (s *Server) apply(i *incident, c change, by User) {
	now, who := s.now(), userAgent(by)
	if c.Title != "" {
		i.title, i.updated = c.Title, now
	}
	if c.Urgency != "" && c.Urgency != i.urgency {
		i.urgency = c.Urgency
		s.note(i, now, "urgency_change", who, "Urgency changed to "+c.Urgency+".")
	}
	if p, ok := priorityName(c.Priority); ok {
		if p != "" {
			p = s.priority(p).Name
		}
		i.priority, i.updated = p, now
	}
	if c.Policy != nil {
		i.policy, i.level, i.loops = s.policy(c.Policy.ID), 0, 0
		s.callLevel(i, 1, now)
	}
	if c.EscalationLevel > 0 {
		s.callLevel(i, c.EscalationLevel, now)
	}
	if len(c.Assignments) > 0 {
		users := make([]string, 0, len(c.Assignments))
		for _, a := range c.Assignments {
			users = append(users, a.Assignee.ID)
		}
		s.assign(i, users, who, now)
	}
	switch c.Status {
	case acknowledged:
		s.acknowledge(i, who, now)
	case resolved:
		s.resolve(i, who, now)
		if c.Resolution != "" {
			s.addNote(i, by, "Resolution: "+c.Resolution, now)
		}
	case triggered:
		if i.status != triggered {
			s.retrigger(i, who, now)
		}
	}
}

// priorityName reads a priority, which may be an object, a string or null. It
// reports false when nothing was said.
func priorityName(raw json.RawMessage) (string, bool) {
	if len(raw) == 0 {
		return "", false
	}
	if bytes.Equal(raw, []byte("null")) {
		return "", true
	}
	var name string
	if json.Unmarshal(raw, &name) == nil {
		return name, true
	}
	var ref idOnly
	if json.Unmarshal(raw, &ref) != nil {
		return "", false
	}
	if ref.Name == "" {
		ref.Name = ref.ID
	}
	return ref.Name, true
}

// mergeIncident moves the alerts of other incidents into one that is open, and
// resolves those.
func (s *Server) mergeIncident(r *http.Request) answer {
	by, bad := s.actor(r)
	if bad != nil {
		return *bad
	}
	var body struct {
		Sources []idOnly `json:"source_incidents"`
	}
	if bad := decode(r, &body); bad != nil {
		return *bad
	}
	into := s.find(r.PathValue("id"))
	switch {
	case into == nil:
		return notFound()
	case !into.open():
		return invalid("The target incident must be open.")
	case len(body.Sources) == 0:
		return invalid("Source incidents cannot be empty.")
	}
	alerts := len(into.alerts)
	for _, ref := range body.Sources {
		from := s.find(ref.ID)
		if from == nil {
			return notFound()
		}
		if from == into || !from.open() {
			return invalid("Only open incidents can be merged into another.")
		}
		alerts += len(from.alerts)
	}
	if alerts > maxAlerts {
		return invalid(fmt.Sprintf("An incident can have at most %d alerts.", maxAlerts))
	}
	now := s.now()
	for _, ref := range body.Sources {
		s.merge(s.find(ref.ID), into, userAgent(by), now)
	}
	return answer{http.StatusOK, map[string]any{"incident": s.incidentRef(into)}}
}

func (s *Server) createNote(r *http.Request) answer {
	by, bad := s.actor(r)
	if bad != nil {
		return *bad
	}
	var body struct {
		Note struct {
			Content string `json:"content"`
		} `json:"note"`
	}
	if bad := decode(r, &body); bad != nil {
		return *bad
	}
	i := s.find(r.PathValue("id"))
	switch {
	case i == nil:
		return notFound()
	case body.Note.Content == "":
		return invalid("Content cannot be empty.")
	case len(i.notes) >= maxNotes:
		return invalid(fmt.Sprintf("An incident can have at most %d notes.", maxNotes))
	}
	return answer{http.StatusOK, map[string]any{"note": s.noteObject(s.addNote(i, by, body.Note.Content, s.now()))}}
}

// snoozeIncident acknowledges until the duration is over; then it is triggered
// again.
func (s *Server) snoozeIncident(r *http.Request) answer {
	by, bad := s.actor(r)
	if bad != nil {
		return *bad
	}
	var body struct {
		Duration int `json:"duration"`
	}
	if bad := decode(r, &body); bad != nil {
		return *bad
	}
	i := s.find(r.PathValue("id"))
	switch {
	case i == nil:
		return notFound()
	case body.Duration < 1 || body.Duration > maxSnooze:
		return invalid(fmt.Sprintf("Duration must be between 1 and %d.", maxSnooze))
	case !i.open():
		return invalid("A resolved incident cannot be snoozed.")
	}
	now := s.now()
	s.acknowledge(i, userAgent(by), now)
	i.unackAt = now.Add(time.Duration(body.Duration) * time.Second)
	s.note(i, now, "snooze", userAgent(by), "Snoozed until "+i.unackAt.Format(time.RFC3339)+".")
	return answer{http.StatusCreated, map[string]any{"incident": s.incidentObject(i)}}
}
