package pagerduty

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"conway/internal/oncall"
)

// incident is an incident as it was read: its row, and what decisions need.
type incident struct {
	page oncall.Page
	// teamIDs are its teams.
	teamIDs []string
	// changedAt and changedBy are of its last change of status.
	changedAt time.Time
	changedBy oncall.Person
	// direct is true once it was given to somebody by hand.
	direct bool
	// priorityID is the id of its priority, and mergedInto the incident that it
	// became a part of; empty for none.
	priorityID, mergedInto string
}

// incident reads one incident; false when nothing in it says which it is. me is
// the id of the person at this screen, empty when it is not known.
func (s *Source) incident(o *object, me string) (incident, bool) {
	id := identify(o)
	if id == "" {
		return incident{}, false
	}
	p := oncall.Page{
		Ref:       oncall.Ref{Source: s.opts.Name, ID: id},
		Number:    o.integer("incident_number"),
		Title:     cmp.Or(o.str("title"), o.str("summary"), o.str("description")),
		Status:    status(o),
		Urgency:   urgency(o),
		CreatedAt: o.time("created_at"),
		UpdatedAt: o.time("updated_at"),
		Alerts:    o.child("alert_counts").integer("all"),
		URL:       o.link("html_url"),
		Key:       o.str("incident_key"),
	}
	in := incident{
		changedAt: o.time("last_status_change_at"), changedBy: person(o.child("last_status_change_by")),
		direct: o.str("assigned_via") == "direct_assignment",
	}
	if pr := o.child("priority"); pr != nil {
		p.Priority = cmp.Or(pr.str("summary"), pr.str("name"))
		in.priorityID = pr.text("id", maxID)
	}
	if reason := o.child("resolve_reason"); reason.str("type") == "merge_resolve_reason" {
		in.mergedInto = reason.child("incident").text("id", maxID)
	}
	service, policy := person(o.child("service")), person(o.child("escalation_policy"))
	p.Service = oncall.Service{ID: service.ID, Name: service.Name}
	p.PolicyID, p.Policy = policy.ID, policy.Name
	for _, t := range o.children("teams") {
		team := person(t)
		p.Teams = append(p.Teams, team.Name)
		in.teamIDs = append(in.teamIDs, team.ID)
	}
	for _, a := range o.children("assignments") {
		who := person(a.child("assignee"))
		p.Assignees = append(p.Assignees, who)
		p.Mine = p.Mine || (me != "" && who.ID == me)
	}
	for _, a := range o.children("acknowledgements") {
		p.Acks = append(p.Acks, oncall.Acknowledgement{By: person(a.child("acknowledger")), At: a.time("at")})
	}
	p.Pending = pending(o)
	p.Odd = *o.odd
	in.page = p
	return in, true
}

// identify returns the id by which an incident can be asked for: its own, or its
// number, which PagerDuty takes as well, or the end of its address.
func identify(o *object) string {
	if id, _ := read[string](o, "id"); id != "" && len(id) <= maxID {
		return id
	}
	o.strange("id")
	if n := o.integer("incident_number"); n > 0 {
		return strconv.Itoa(n)
	}
	self := o.str("self")
	if id := self[strings.LastIndexByte(self, '/')+1:]; isID(id) {
		return id
	}
	return ""
}

func status(o *object) oncall.Status {
	switch o.str("status") {
	case "triggered":
		return oncall.Triggered
	case "acknowledged":
		return oncall.Acknowledged
	case "resolved":
		return oncall.Resolved
	}
	o.strange("status")
	return oncall.StatusUnknown
}

// urgency takes whatever is not known to be low for high.
func urgency(o *object) oncall.Urgency {
	switch o.str("urgency") {
	case "low":
		return oncall.Low
	case "high", "":
	default:
		o.strange("urgency")
	}
	return oncall.High
}

// person reads a reference to anything that has an id and a name.
func person(o *object) oncall.Person {
	id := o.text("id", maxID)
	return oncall.Person{ID: id, Name: cmp.Or(o.str("summary"), o.str("name"), id), Email: o.str("email")}
}

// pending reads what PagerDuty will do by itself, soonest first.
func pending(o *object) []oncall.Escalation {
	var out []oncall.Escalation
	for _, a := range o.children("pending_actions") {
		at := a.time("at")
		if at.IsZero() {
			o.strange("pending_actions")
			continue
		}
		out = append(out, oncall.Escalation{Kind: a.str("type"), At: at})
	}
	slices.SortStableFunc(out, func(a, b oncall.Escalation) int { return a.At.Compare(b.At) })
	return out
}
