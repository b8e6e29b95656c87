package pdserver

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// pageSize and maxPage are PagerDuty's default and largest page.
	pageSize = 25
	maxPage  = 100
	// maxReach is how far limit and offset together may go.
	maxReach = 10_000
	// listMonths is how far back a list of incidents goes by default.
	listMonths = 1
	// maxListMonths is how much time a list of incidents may span.
	maxListMonths = 6
)

// paged cuts a list into the page that was asked for.
func paged[T any](q url.Values, name string, all []T) answer {
	limit, offset := pageSize, 0
	for key, into := range map[string]*int{"limit": &limit, "offset": &offset} {
		if v := q.Get(key); v != "" {
			n, err := strconv.Atoi(v)
			if err != nil || n < 0 {
				return invalid(key + " must be a number that is not negative.")
			}
			*into = n
		}
	}
	limit = min(max(limit, 1), maxPage)
	if limit+offset > maxReach {
		return invalid(fmt.Sprintf("Offset must be less than %d.", maxReach-limit))
	}
	from := min(offset, len(all))
	to := min(from+limit, len(all))
	page := append([]T{}, all[from:to]...)
	var total any
	if q.Get("total") == "true" {
		total = len(all)
	}
	return answer{http.StatusOK, map[string]any{
		name: page, "limit": limit, "offset": offset, "more": to < len(all), "total": total,
	}}
}

// span is a part of time; zero ends are open.
type span struct{ since, until time.Time }

func (p span) contains(t time.Time) bool {
	return (p.since.IsZero() || !t.Before(p.since)) && (p.until.IsZero() || t.Before(p.until))
}

func spanOf(q url.Values) (span, error) {
	var p span
	for key, into := range map[string]*time.Time{"since": &p.since, "until": &p.until} {
		v := q.Get(key)
		if v == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, v)
		if err != nil {
			return p, fmt.Errorf("%s is not a valid ISO 8601 date: %w", key, err)
		}
		*into = t
	}
	return p, nil
}

// incidentSpan applies the rules that hold for GET /incidents alone.
func (s *Server) incidentSpan(q url.Values) (span, *answer) {
	if q.Get("date_range") == "all" {
		return span{}, nil
	}
	p, err := spanOf(q)
	if err != nil {
		a := invalid(err.Error())
		return p, &a
	}
	if p.until.IsZero() {
		p.until = s.now().Add(time.Second)
	}
	if p.since.IsZero() {
		p.since = p.until.AddDate(0, -listMonths, 0)
	}
	switch {
	case p.until.Before(p.since):
		a := invalid("Until must be later than since.")
		return p, &a
	case p.since.AddDate(0, maxListMonths, 0).Before(p.until):
		a := invalid("The time range must be at most 6 months.")
		return p, &a
	}
	return p, nil
}

func (s *Server) listIncidents(r *http.Request) answer {
	q := r.URL.Query()
	p, bad := s.incidentSpan(q)
	if bad != nil {
		return *bad
	}
	for _, st := range q["statuses[]"] {
		if st != triggered && st != acknowledged && st != resolved {
			return invalid("Status must be triggered, acknowledged or resolved.")
		}
	}
	var out []*incident
	for _, i := range s.incidents {
		if p.contains(i.created) && i.matches(q) {
			out = append(out, i)
		}
	}
	less, ok := order(q.Get("sort_by"))
	if !ok {
		return invalid("Sort by is invalid.")
	}
	slices.SortStableFunc(out, less)
	a := paged(q, "incidents", out)
	if body, ok := a.body.(map[string]any); ok {
		if page, ok := body["incidents"].([]*incident); ok {
			objects := make([]incidentObject, 0, len(page))
			for _, i := range page {
				objects = append(objects, s.incidentObject(i))
			}
			body["incidents"] = objects
		}
	}
	return a
}

func (i *incident) matches(q url.Values) bool {
	if users := q["user_ids[]"]; len(users) > 0 {
		// Being assigned ends with the incident, so resolved ones never match.
		if !i.open() || !slices.ContainsFunc(i.assigned, func(a stamp) bool { return slices.Contains(users, a.user) }) {
			return false
		}
	}
	key := q.Get("incident_key")
	return within(q["statuses[]"], []string{i.status}) &&
		within(q["team_ids[]"], i.service.Teams) &&
		within(q["service_ids[]"], []string{i.service.ID}) &&
		within(q["urgencies[]"], []string{i.urgency}) &&
		(key == "" || key == i.key)
}

// order reads sort_by: up to two fields, each with :asc or :desc.
func order(sortBy string) (func(a, b *incident) int, bool) {
	var keys []func(a, b *incident) int
	for f := range strings.SplitSeq(cmp.Or(sortBy, "incident_number:asc"), ",") {
		field, dir, _ := strings.Cut(f, ":")
		sign := 1
		switch dir {
		case "desc":
			sign = -1
		case "", "asc":
		default:
			return nil, false
		}
		var by func(a, b *incident) int
		switch field {
		case "incident_number":
			by = func(a, b *incident) int { return cmp.Compare(a.number, b.number) }
		case "created_at":
			by = func(a, b *incident) int { return a.created.Compare(b.created) }
		case "resolved_at":
			by = func(a, b *incident) int { return a.resolvedAt.Compare(b.resolvedAt) }
		case "urgency":
			by = func(a, b *incident) int { return cmp.Compare(a.urgency, b.urgency) }
		default:
			return nil, false
		}
		keys = append(keys, func(a, b *incident) int { return sign * by(a, b) })
	}
	if len(keys) > 2 {
		return nil, false
	}
	return func(a, b *incident) int {
		for _, k := range keys {
			if c := k(a, b); c != 0 {
				return c
			}
		}
		return 0
	}, true
}
