package pdserver

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// maxAhead is how far ahead on-calls can be asked for.
const maxAhead = 90 * 24 * time.Hour

func (s *Server) getIncident(r *http.Request) answer {
	i := s.find(r.PathValue("id"))
	if i == nil {
		return notFound()
	}
	return answer{http.StatusOK, map[string]any{"incident": s.incidentObject(i)}}
}

func (s *Server) listAlerts(r *http.Request) answer {
	i := s.find(r.PathValue("id"))
	if i == nil {
		return notFound()
	}
	q := r.URL.Query()
	out := []any{}
	for _, a := range i.alerts {
		status := triggered
		if a.resolved {
			status = resolved
		}
		if within(q["statuses[]"], []string{status}) && (q.Get("alert_key") == "" || q.Get("alert_key") == a.Key) {
			out = append(out, s.alertObject(i, a))
		}
	}
	if q.Get("sort_by") == "created_at:desc" {
		slices.Reverse(out)
	}
	return paged(q, "alerts", out)
}

// listNotes answers all notes, newest first: this list is not paged.
func (s *Server) listNotes(r *http.Request) answer {
	i := s.find(r.PathValue("id"))
	if i == nil {
		return notFound()
	}
	out := []any{}
	for _, n := range slices.Backward(i.notes) {
		out = append(out, s.noteObject(n))
	}
	return answer{http.StatusOK, map[string]any{"notes": out}}
}

// listLogEntries answers newest first.
func (s *Server) listLogEntries(r *http.Request) answer {
	i := s.find(r.PathValue("id"))
	if i == nil {
		return notFound()
	}
	q := r.URL.Query()
	p, err := spanOf(q)
	if err != nil {
		return invalid(err.Error())
	}
	out := []any{}
	for _, e := range slices.Backward(i.log) {
		if p.contains(e.at) && (e.overview() || q.Get("is_overview") != "true") {
			out = append(out, s.entryObject(i, e))
		}
	}
	return paged(q, "log_entries", out)
}

// turn is one line of /oncalls before it is written. A permanent one has no
// schedule and no times.
type turn struct {
	policy     Policy
	level      int
	user       string
	schedule   string
	start, end time.Time
}

func (s *Server) listOnCalls(r *http.Request) answer {
	q := r.URL.Query()
	p, err := spanOf(q)
	if err != nil {
		return invalid(err.Error())
	}
	if p.since.IsZero() {
		p.since = s.now()
	}
	if p.until.IsZero() {
		p.until = p.since
	}
	switch {
	case p.until.Before(p.since):
		return invalid("Until must be later than since.")
	case p.until.Sub(s.now()) > maxAhead:
		return invalid("Until must be at most 90 days in the future.")
	}
	var out []any
	for _, t := range s.turns(q, p) {
		o := map[string]any{
			"escalation_policy": s.policyRef(t.policy.ID), "user": s.userRef(t.user), "escalation_level": t.level,
			"schedule": nil, "start": rfc(t.start), "end": rfc(t.end),
		}
		if t.schedule != "" {
			o["schedule"] = s.scheduleRef(t.schedule)
		}
		out = append(out, o)
	}
	return paged(q, "oncalls", out)
}

func (s *Server) turns(q url.Values, p span) []turn {
	var all []turn
	for _, pol := range s.opts.Policies {
		for n, rule := range pol.Rules {
			for _, u := range rule.Users {
				all = append(all, turn{policy: pol, level: n + 1, user: u})
			}
			for _, sh := range s.sortedShifts() {
				if sh.Policy == pol.ID && sh.Level == n+1 && sh.overlaps(p.since, p.until) {
					all = append(all, turn{pol, n + 1, sh.User, cmp.Or(sh.Schedule, "On call"), sh.Start, sh.End})
				}
			}
		}
	}
	type who struct {
		policy, user string
		level        int
	}
	seen := map[who]bool{}
	var out []turn
	for _, t := range all {
		key := who{t.policy.ID, t.user, t.level}
		if (q.Get("earliest") == "true" && seen[key]) ||
			!within(q["user_ids[]"], []string{t.user}) ||
			!within(q["escalation_policy_ids[]"], []string{t.policy.ID}) ||
			!within(q["schedule_ids[]"], []string{scheduleID(t.schedule)}) {
			continue
		}
		seen[key] = true
		out = append(out, t)
	}
	return out
}

func (s *Server) listChanges(r *http.Request) answer { return s.changesOf(r, "") }

func (s *Server) listServiceChanges(r *http.Request) answer {
	id := r.PathValue("id")
	if !slices.ContainsFunc(s.opts.Services, func(v Service) bool { return v.ID == id }) {
		return notFound()
	}
	return s.changesOf(r, id)
}

// changesOf answers newest first.
func (s *Server) changesOf(r *http.Request, service string) answer {
	q := r.URL.Query()
	p, err := spanOf(q)
	if err != nil {
		return invalid(err.Error())
	}
	for _, t := range []time.Time{p.since, p.until} {
		if _, offset := t.Zone(); offset != 0 {
			return invalid("The time must be in UTC.")
		}
	}
	changes := slices.Clone(s.changes)
	slices.SortStableFunc(changes, func(a, b Change) int { return b.At.Compare(a.At) })
	var out []any
	for _, c := range changes {
		var teams []string
		for _, id := range c.Services {
			teams = append(teams, s.service(id).Teams...)
		}
		if p.contains(c.At) && within(q["team_ids[]"], teams) && (service == "" || slices.Contains(c.Services, service)) {
			out = append(out, s.changeObject(c))
		}
	}
	return paged(q, "change_events", out)
}
