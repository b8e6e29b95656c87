package pagerduty

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"conway/internal/oncall"
)

const (
	// maxChroniclePages bounds the history of one incident: each call of each
	// person is an entry of it.
	maxChroniclePages = 20
	// maxUserPages and maxOpenedPages are what offset and limit can reach.
	maxUserPages   = maxReach / pageLimit
	maxOpenedPages = maxReach / pageLimit
	// openedSpan is how much time one list is asked for, within PagerDuty's six
	// months, and leastSpan from where on one that is cut off is taken as it is.
	openedSpan = 30 * 24 * time.Hour
	leastSpan  = time.Minute
)

// Chronicle implements sources.Chronicler.
func (s *Source) Chronicle(ctx context.Context, page oncall.Page) ([]oncall.Moment, error) {
	const op = "read the history"
	out, err := s.chronicle(ctx, op, page.Ref.ID)
	if err != nil {
		return nil, s.asFault(err, op+" of "+page.Ref.ID, false)
	}
	return out, nil
}

func (s *Source) chronicle(ctx context.Context, op, id string) ([]oncall.Moment, error) {
	path, err := s.incidentPath(op, id, "/log_entries")
	if err != nil {
		return nil, err
	}
	found, err := s.list(ctx, op, path, "log_entries", url.Values{}, maxChroniclePages)
	if err != nil {
		return nil, err
	}
	addresses, err := s.directory(ctx)
	if err != nil {
		return nil, err
	}
	var out []oncall.Moment
	// The newest come first, many in the same second: turning the list round
	// keeps their order.
	for _, o := range slices.Backward(found.objects) {
		m, ok := moment(o, addresses)
		if !ok {
			continue
		}
		out = append(out, m)
		if m.Kind == oncall.MomentResolved {
			into, err := s.mergedInto(ctx, op, id)
			if err != nil {
				return nil, err
			}
			if into != "" {
				out = append(out, oncall.Moment{
					ID: m.ID + "-merge", Kind: oncall.MomentMerged, At: m.At, Into: oncall.Ref{Source: s.opts.Name, ID: into},
				})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b oncall.Moment) int { return a.At.Compare(b.At) })
	return out, nil
}

// moment reads one log entry; false when it says nothing about who was called.
func moment(o *object, addresses map[string]string) (oncall.Moment, bool) {
	who := func(o *object) oncall.Person {
		p := person(o)
		p.Email = addresses[p.ID]
		return p
	}
	// The clock is not set to this machine's: every cockpit must read the same.
	at, err := time.Parse(time.RFC3339, o.str("created_at"))
	m := oncall.Moment{ID: o.text("id", maxID), At: at.UTC(), Kind: oncall.MomentKind(strings.TrimSuffix(o.str("type"), "_log_entry"))}
	if err != nil || m.ID == "" {
		return m, false
	}
	agent := o.child("agent")
	byPerson := strings.HasPrefix(agent.str("type"), "user")
	switch m.Kind {
	case oncall.MomentTriggered:
	case oncall.MomentNotified:
		m.Person = who(o.child("user"))
		m.Channel = strings.TrimSuffix(o.child("channel").child("notification").str("type"), "_notification")
	case oncall.MomentAcknowledged, oncall.MomentSnoozed:
		if !byPerson {
			return m, false
		}
		m.Person = who(agent)
	case oncall.MomentAssigned, oncall.MomentEscalated:
		for _, a := range o.children("assignees") {
			m.Assigned = append(m.Assigned, who(a))
		}
	case oncall.MomentResolved:
		m.Auto = !byPerson
	default:
		return m, false
	}
	return m, true
}

// mergedInto returns the incident that one which is over became a part of.
func (s *Source) mergedInto(ctx context.Context, op, id string) (string, error) {
	path, err := s.incidentPath(op, id, "")
	if err != nil {
		return "", err
	}
	o, err := s.get(ctx, op, path, nil)
	if err != nil {
		return "", err
	}
	reason := o.child("incident").child("resolve_reason")
	if reason.str("type") != "merge_resolve_reason" {
		return "", nil
	}
	return reason.child("incident").text("id", maxID), nil
}

// directory returns the addresses of the account's people, which references to
// them lack. They are read once.
func (s *Source) directory(ctx context.Context) (map[string]string, error) {
	s.mu.Lock()
	known := s.addresses
	s.mu.Unlock()
	if known != nil {
		return known, nil
	}
	found, err := s.list(ctx, "list the people", "/users", "users", url.Values{}, maxUserPages)
	var f *oncall.Fault
	if err != nil && (!errors.As(err, &f) || f.Status != http.StatusForbidden) {
		return nil, err // a token that may not know them knows their ids
	}
	out := make(map[string]string, len(found.objects))
	for _, o := range found.objects {
		u := user(o).person
		out[u.ID] = u.Email
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addresses = out
	return out, nil
}

// Opened implements sources.Chronicler. Of scope mine it returns the pages of the
// person's teams: an incident that is over is assigned to nobody.
func (s *Source) Opened(ctx context.Context, from, to time.Time) ([]oncall.Page, error) {
	const op = "list earlier incidents"
	teams := s.opts.TeamIDs
	if len(teams) == 0 && s.opts.Scope != All {
		me, err := s.whoami(ctx)
		if err != nil {
			return nil, s.asFault(err, op, false)
		}
		teams = me.teams
	}
	var out []oncall.Page
	for start := from; start.Before(to); {
		end := start.Add(openedSpan)
		if end.After(to) {
			end = to
		}
		some, err := s.opened(ctx, op, teams, start, end)
		if err != nil {
			return nil, s.asFault(err, op, false)
		}
		out, start = append(out, some...), end
	}
	return out, nil
}

// opened lists one span, in halves when it has more than a list can reach.
func (s *Source) opened(ctx context.Context, op string, teams []string, from, to time.Time) ([]oncall.Page, error) {
	q := url.Values{
		"since": {from.UTC().Format(time.RFC3339)}, "until": {to.UTC().Format(time.RFC3339)}, "sort_by": {"created_at:asc"},
	}
	if len(teams) > 0 {
		q["team_ids[]"] = teams
	}
	found, err := s.list(ctx, op, "/incidents", "incidents", q, maxOpenedPages)
	if err != nil {
		return nil, err
	}
	if span := to.Sub(from); !found.complete && len(found.objects) >= maxReach-pageLimit && span > leastSpan {
		middle := from.Add(span / 2).Truncate(time.Second)
		first, err := s.opened(ctx, op, teams, from, middle)
		if err != nil {
			return nil, err
		}
		second, err := s.opened(ctx, op, teams, middle, to)
		return append(first, second...), err
	}
	var out []oncall.Page
	for _, o := range found.objects {
		if in, ok := s.incident(o, ""); ok {
			out = append(out, in.page)
		}
	}
	return out, nil
}
