package pagerduty

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// wish is a change of one incident: what is asked for, and how it is told that it
// is so.
type wish struct {
	op, id string
	// change is what the incident is to have.
	change map[string]any
	// met reports whether an incident has it.
	met func(incident) bool
}

// Escalate implements sources.Escalator. PagerDuty does not say at which level an
// incident is: that follows from whom it calls and who is on call.
func (s *Source) Escalate(ctx context.Context, id string, level int) error {
	ctx = sources.ForAction(ctx)
	op := fmt.Sprintf("escalate %s to level %d", sources.Printable(id, maxTitle), level)
	if level < 1 {
		return s.fault(oncall.Rejected, op, "levels count from 1", "choose another level")
	}
	in, err := s.stillOpen(ctx, op, id)
	if err != nil {
		return err
	}
	shifts, err := s.shifts(ctx, url.Values{"escalation_policy_ids[]": {in.page.PolicyID}})
	if err != nil {
		return s.asFault(err, op, false)
	}
	levels := oncall.Levels(shifts, in.page.PolicyID, time.Now())
	at := func(in incident) int {
		if in.direct {
			return 0
		}
		return oncall.Reached(in.page, levels)
	}
	if now := at(in); now > level {
		s.look()
		return s.fault(oncall.Rejected, op, fmt.Sprintf("it is at level %d already, with %s", now, people(in.page.Assignees)), "it was left there")
	}
	return s.grant(ctx, in, wish{
		op: op, id: id, change: map[string]any{"escalation_level": level},
		met: func(in incident) bool { return at(in) == level },
	})
}

// Reassign implements sources.Reassigner. An incident that is given to a person
// escalates no further.
func (s *Source) Reassign(ctx context.Context, id string, to oncall.Aim) error {
	ctx = sources.ForAction(ctx)
	op := fmt.Sprintf("reassign %s to %s", sources.Printable(id, maxTitle), sources.Printable(to.ID, maxTitle))
	w := wish{op: op, id: id}
	switch {
	case !isID(to.ID):
		return s.fault(oncall.Rejected, op, "that is not the id of a person or policy", "choose again")
	case to.Kind == oncall.AimPerson:
		w.change = map[string]any{"assignments": []any{map[string]any{"assignee": refer(to.ID, "user_reference")}}}
		w.met = func(in incident) bool {
			return in.direct && len(in.page.Assignees) == 1 && in.page.Assignees[0].ID == to.ID
		}
	case to.Kind == oncall.AimPolicy:
		w.change = map[string]any{"escalation_policy": refer(to.ID, "escalation_policy_reference")}
		w.met = func(in incident) bool { return !in.direct && in.page.PolicyID == to.ID }
	default:
		return s.fault(oncall.Rejected, op, fmt.Sprintf("a page cannot be given to a %.20s", to.Kind), "choose a person or a policy")
	}
	in, err := s.stillOpen(ctx, op, id)
	if err != nil {
		return err
	}
	return s.grant(ctx, in, w)
}

// Prioritise implements sources.Prioritiser.
func (s *Source) Prioritise(ctx context.Context, id, priority string) error {
	ctx = sources.ForAction(ctx)
	op := "set the priority of " + sources.Printable(id, maxTitle)
	if !isID(priority) {
		return s.fault(oncall.Rejected, op, fmt.Sprintf("%.40q is not the id of a priority", priority), "choose again")
	}
	in, err := s.stillOpen(ctx, op, id)
	if err != nil {
		return err
	}
	return s.grant(ctx, in, wish{
		op: op, id: id, change: map[string]any{"priority": refer(priority, "priority_reference")},
		met: func(in incident) bool { return in.priorityID == priority },
	})
}

// Merge implements sources.Merger. The other incident is read too: PagerDuty says
// only that it cannot be merged into, and not why.
func (s *Source) Merge(ctx context.Context, id, into string) error {
	ctx = sources.ForAction(ctx)
	op := fmt.Sprintf("merge %s into %s", sources.Printable(id, maxTitle), sources.Printable(into, maxTitle))
	path, err := s.incidentPath(op, into, "/merge")
	switch {
	case err != nil:
		return err
	case id == into:
		return s.fault(oncall.Rejected, op, "a page cannot be merged into itself", "choose another page")
	}
	in, err := s.read(ctx, op, id)
	switch {
	case err != nil:
		return s.asFault(err, op, false)
	case in.mergedInto == into:
		s.look()
		return nil
	case !in.page.Open():
		return s.resolvedMeanwhile(op, in)
	}
	if _, err := s.stillOpen(ctx, op, into); err != nil {
		return err
	}
	from, _, err := s.actor(ctx, op)
	if err != nil {
		return s.asFault(err, op, false)
	}
	body := map[string]any{"source_incidents": []any{refer(id, "incident_reference")}}
	o, err := s.call(ctx, op, http.MethodPut, path, nil, from, body)
	f := s.asFault(err, op, true)
	if err == nil {
		if o.child("incident").text("id", maxID) != "" {
			s.look()
			return nil
		}
		f = s.malformed(op, "incident")
		f.Ambiguous = true
	}
	return s.unless(ctx, f, wish{op: op, id: id, met: func(in incident) bool { return in.mergedInto == into }})
}

// stillOpen reads an incident that has to be open.
func (s *Source) stillOpen(ctx context.Context, op, id string) (incident, error) {
	in, err := s.read(ctx, op, id)
	switch {
	case err != nil:
		return in, s.asFault(err, op, false)
	case !in.page.Open():
		return in, s.resolvedMeanwhile(op, in)
	}
	return in, nil
}

// grant makes a change of an incident that was just read, unless it is so already.
func (s *Source) grant(ctx context.Context, in incident, w wish) error {
	if w.met(in) {
		s.look()
		return nil
	}
	from, _, err := s.actor(ctx, w.op)
	if err != nil {
		return s.asFault(err, w.op, false)
	}
	w.change["id"], w.change["type"] = w.id, "incident_reference"
	o, err := s.call(ctx, w.op, http.MethodPut, "/incidents", nil, from, map[string]any{"incidents": []any{w.change}})
	if err != nil {
		return s.unless(ctx, s.asFault(err, w.op, true), w)
	}
	for _, got := range o.children("incidents") {
		if got, ok := s.incident(got, ""); ok && got.page.Ref.ID == in.page.Ref.ID {
			s.look()
			return nil // PagerDuty answers only with what it has changed
		}
	}
	f := s.malformed(w.op, "incident")
	f.Ambiguous = true
	return s.unless(ctx, f, w)
}

// unless looks what became of a change whose answer was lost, and returns the
// fault if it did not happen.
func (s *Source) unless(ctx context.Context, f *oncall.Fault, w wish) error {
	if !f.Ambiguous {
		return f
	}
	if in, err := s.read(ctx, w.op, w.id); err == nil && w.met(in) {
		s.look()
		return nil
	}
	return f
}

// refer mentions something in a request.
func refer(id, kind string) map[string]string { return map[string]string{"id": id, "type": kind} }

// people names several persons in a sentence.
func people(all []oncall.Person) string {
	names := make([]string, 0, len(all))
	for _, p := range all {
		names = append(names, sources.Printable(p.Name, maxTitle))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

var (
	_ sources.Escalator   = (*Source)(nil)
	_ sources.Reassigner  = (*Source)(nil)
	_ sources.Merger      = (*Source)(nil)
	_ sources.Prioritiser = (*Source)(nil)
	_ sources.Chooser     = (*Source)(nil)
)
