package pdserver

import (
	"fmt"
	"strings"
	"time"
)

// rfc writes a time the way the API does. A zero time is null.
func rfc(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// reference is PagerDuty's way to mention one thing in another.
type reference struct {
	ID      string  `json:"id"`
	Type    string  `json:"type"`
	Summary *string `json:"summary"`
	Self    *string `json:"self"`
	HTMLURL *string `json:"html_url"`
}

// refer mentions a thing of a collection, such as "users".
func (s *Server) refer(kind, collection, id, name string) reference {
	self, html := s.opts.URL+"/"+collection+"/"+id, s.opts.WebURL+"/"+collection+"/"+id
	return reference{ID: id, Type: kind, Summary: &name, Self: &self, HTMLURL: &html}
}

func (s *Server) userRef(id string) reference {
	return s.refer("user_reference", "users", id, s.user(id).Name)
}

func (s *Server) serviceRef(id string) reference {
	return s.refer("service_reference", "services", id, s.service(id).Name)
}

func (s *Server) policyRef(id string) reference {
	return s.refer("escalation_policy_reference", "escalation_policies", id, s.policy(id).Name)
}

func (s *Server) teamRefs(ids []string) []reference {
	out := make([]reference, 0, len(ids))
	for _, id := range ids {
		out = append(out, s.refer("team_reference", "teams", id, s.team(id).Name))
	}
	return out
}

func (s *Server) agentRef(a agent) reference {
	return s.refer(a.kind+"_reference", a.kind+"s", a.id, a.name)
}

func (s *Server) incidentRef(i *incident) reference {
	return s.refer("incident_reference", "incidents", i.id, i.summary())
}

func (i *incident) summary() string { return fmt.Sprintf("[#%d] %s", i.number, i.title) }

// incidentObject is GET /incidents/{id}'s "incident".
type incidentObject struct {
	reference

	Number               int         `json:"incident_number"`
	Title                string      `json:"title"`
	Description          string      `json:"description"`
	CreatedAt            any         `json:"created_at"`
	UpdatedAt            any         `json:"updated_at"`
	ResolvedAt           any         `json:"resolved_at"`
	Status               string      `json:"status"`
	Urgency              string      `json:"urgency"`
	IncidentKey          string      `json:"incident_key"`
	Service              reference   `json:"service"`
	Assignments          []any       `json:"assignments"`
	AssignedVia          string      `json:"assigned_via"`
	Acknowledgements     []any       `json:"acknowledgements"`
	PendingActions       []any       `json:"pending_actions"`
	LastStatusChangeAt   any         `json:"last_status_change_at"`
	LastStatusChangeBy   reference   `json:"last_status_change_by"`
	EscalationPolicy     reference   `json:"escalation_policy"`
	Teams                []reference `json:"teams"`
	Priority             any         `json:"priority"`
	FirstTriggerLogEntry reference   `json:"first_trigger_log_entry"`
	AlertCounts          any         `json:"alert_counts"`
	IsMergeable          bool        `json:"is_mergeable"`
	IncidentType         any         `json:"incident_type"`
	AlertGrouping        any         `json:"alert_grouping"`
	ResolveReason        any         `json:"resolve_reason"`
	ConferenceBridge     any         `json:"conference_bridge"`
	IncidentsResponders  []any       `json:"incidents_responders"`
	ResponderRequests    []any       `json:"responder_requests"`
}

func (s *Server) incidentObject(i *incident) incidentObject {
	o := incidentObject{
		reference: s.refer("incident", "incidents", i.id, i.summary()),
		Number:    i.number, Title: i.title, Description: i.title,
		CreatedAt: rfc(i.created), UpdatedAt: rfc(i.updated), ResolvedAt: rfc(i.resolvedAt),
		Status: i.status, Urgency: i.urgency, IncidentKey: i.key,
		Service: s.serviceRef(i.service.ID), Assignments: []any{}, AssignedVia: "escalation_policy",
		Acknowledgements: []any{}, PendingActions: []any{},
		LastStatusChangeAt: rfc(i.changed), LastStatusChangeBy: s.agentRef(i.changedBy),
		EscalationPolicy: s.policyRef(i.policy.ID), Teams: s.teamRefs(i.service.Teams),
		FirstTriggerLogEntry: s.refer("trigger_log_entry_reference", "log_entries", i.log[0].id, i.log[0].summary),
		AlertCounts:          i.alertCounts(), IsMergeable: true,
		IncidentType:        map[string]any{"name": "incident_default"},
		IncidentsResponders: []any{}, ResponderRequests: []any{},
	}
	if i.direct {
		o.AssignedVia = "direct_assignment"
	}
	if i.mergedInto != "" {
		o.ResolveReason = map[string]any{"type": "merge_resolve_reason", "incident": s.incidentRef(s.find(i.mergedInto))}
	}
	if i.priority != "" {
		o.Priority = s.priorityObject(s.priority(i.priority))
	}
	for _, a := range i.assigned {
		o.Assignments = append(o.Assignments, map[string]any{"at": rfc(a.at), "assignee": s.userRef(a.user)})
	}
	for _, a := range i.acks {
		o.Acknowledgements = append(o.Acknowledgements, map[string]any{"at": rfc(a.at), "acknowledger": s.userRef(a.user)})
	}
	for _, d := range i.pending() {
		o.PendingActions = append(o.PendingActions, map[string]any{"type": d.kind, "at": rfc(d.at)})
	}
	return o
}

func (s *Server) priorityObject(p Priority) any {
	return struct {
		reference

		Name        string `json:"name"`
		Description string `json:"description"`
	}{s.refer("priority", "priorities", p.ID, p.Name), p.Name, p.Description}
}

func (i *incident) alertCounts() any {
	open := 0
	for _, a := range i.alerts {
		if !a.resolved {
			open++
		}
	}
	return map[string]int{"all": len(i.alerts), "triggered": open, "resolved": len(i.alerts) - open}
}

func (s *Server) noteObject(n Note) any {
	return map[string]any{
		"id": n.ID, "user": s.userRef(n.User), "content": n.Text,
		"channel":    map[string]any{"summary": "The PagerDuty website or APIs"},
		"created_at": rfc(n.At), "updated_at": rfc(n.At),
	}
}

func (s *Server) entryObject(i *incident, e *entry) any {
	ref := s.refer(e.kind+"_log_entry", "log_entries", e.id, e.summary)
	out := map[string]any{
		"id": ref.ID, "type": ref.Type, "summary": ref.Summary, "self": ref.Self, "html_url": ref.HTMLURL,
		"created_at": rfc(e.at), "agent": s.agentRef(e.by), "channel": e.Channel,
		"service": s.serviceRef(i.service.ID), "incident": s.incidentRef(i),
		"teams": s.teamRefs(i.service.Teams), "contexts": []any{},
	}
	switch e.kind {
	case "assign", "escalate":
		refs := make([]reference, 0, len(e.Assignees))
		for _, id := range e.Assignees {
			refs = append(refs, s.userRef(id))
		}
		out["assignees"] = refs
	case "notify":
		out["user"] = s.userRef(e.User)
	case "trigger":
		out["event_details"] = map[string]any{"description": i.title}
	}
	return out
}

func (s *Server) userObject(u User) any {
	r := s.refer("user", "users", u.ID, u.Name)
	zone := u.TimeZone
	if zone == "" {
		zone = "UTC"
	}
	return map[string]any{
		"id": r.ID, "type": r.Type, "summary": r.Summary, "self": r.Self, "html_url": r.HTMLURL,
		"name": u.Name, "email": u.Email, "time_zone": zone, "color": "green", "role": "user",
		"description": nil, "invitation_sent": false, "job_title": "Engineer", "teams": s.teamRefs(u.Teams),
		"contact_methods": []any{}, "notification_rules": []any{},
	}
}

func (s *Server) teamObject(t Team) any {
	r := s.refer("team", "teams", t.ID, t.Name)
	return map[string]any{
		"id": r.ID, "type": r.Type, "summary": r.Summary, "self": r.Self, "html_url": r.HTMLURL,
		"name": t.Name, "description": "",
	}
}

func (s *Server) serviceObject(v Service) any {
	r := s.refer("service", "services", v.ID, v.Name)
	out := map[string]any{
		"id": r.ID, "type": r.Type, "summary": r.Summary, "self": r.Self, "html_url": r.HTMLURL,
		"name": v.Name, "description": "", "status": "active", "escalation_policy": s.policyRef(v.Policy),
		"teams": s.teamRefs(v.Teams), "integrations": []any{}, "alert_creation": "create_alerts_and_incidents",
	}
	if v.AutoResolve > 0 {
		out["auto_resolve_timeout"] = int(v.AutoResolve / time.Second)
	}
	if v.AckTimeout > 0 {
		out["acknowledgement_timeout"] = int(v.AckTimeout / time.Second)
	}
	return out
}

func (s *Server) policyObject(p Policy) any {
	r := s.refer("escalation_policy", "escalation_policies", p.ID, p.Name)
	rules := make([]any, 0, len(p.Rules))
	for n, rule := range p.Rules {
		targets := make([]reference, 0, len(rule.Users))
		for _, u := range rule.Users {
			targets = append(targets, s.userRef(u))
		}
		for _, name := range s.schedules(p.ID, n+1) {
			targets = append(targets, s.scheduleRef(name))
		}
		rules = append(rules, map[string]any{
			"id": fmt.Sprintf("%sR%d", p.ID, n+1), "targets": targets,
			"escalation_delay_in_minutes": int(rule.Delay.Round(time.Minute) / time.Minute),
		})
	}
	services := []reference{}
	for _, v := range s.opts.Services {
		if v.Policy == p.ID {
			services = append(services, s.serviceRef(v.ID))
		}
	}
	return map[string]any{
		"id": r.ID, "type": r.Type, "summary": r.Summary, "self": r.Self, "html_url": r.HTMLURL,
		"name": p.Name, "description": "", "num_loops": p.Loops, "on_call_handoff_notifications": "if_has_services",
		"escalation_rules": rules, "services": services, "teams": s.teamRefs(p.Teams),
	}
}

// scheduleRef mentions a schedule; its id is made of its name.
func (s *Server) scheduleRef(name string) reference {
	return s.refer("schedule_reference", "schedules", scheduleID(name), name)
}

func scheduleID(name string) string {
	return "P" + strings.ToUpper(strings.Map(func(r rune) rune {
		if (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') || (r >= '0' && r <= '9') {
			return r
		}
		return -1
	}, name))
}

// schedules are the names of a level's schedules.
func (s *Server) schedules(policy string, level int) []string {
	var out []string
	seen := map[string]bool{}
	for _, sh := range s.sortedShifts() {
		if sh.Policy == policy && sh.Level == level && !seen[sh.Schedule] {
			seen[sh.Schedule] = true
			out = append(out, sh.Schedule)
		}
	}
	return out
}

func (s *Server) changeObject(c Change) any {
	services := make([]reference, 0, len(c.Services))
	for _, id := range c.Services {
		services = append(services, s.serviceRef(id))
	}
	links, details := c.Links, c.Details
	if links == nil {
		links = []Link{}
	}
	if details == nil {
		details = map[string]any{}
	}
	return map[string]any{
		"id": c.ID, "type": "change_event", "timestamp": rfc(c.At), "summary": c.Summary, "source": c.Source,
		"services": services, "links": links, "images": []any{}, "custom_details": details,
		"integration": s.refer("inbound_integration_reference", "integrations", "PINTEG1", "Change events"),
	}
}
