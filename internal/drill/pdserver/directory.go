package pdserver

import (
	"net/http"
	"slices"
	"strings"
)

// The look-ups below make up a thing with the id as its name when it is not in
// the account, so that a half described one can still be used.

func (s *Server) user(id string) User {
	for _, u := range s.opts.Users {
		if u.ID == id {
			return u
		}
	}
	return User{ID: id, Name: id, Email: strings.ToLower(id) + "@example.com"}
}

func (s *Server) userByEmail(email string) (User, bool) {
	for _, u := range s.opts.Users {
		if email != "" && strings.EqualFold(u.Email, email) {
			return u, true
		}
	}
	return User{}, false
}

func (s *Server) team(id string) Team {
	for _, t := range s.opts.Teams {
		if t.ID == id {
			return t
		}
	}
	return Team{ID: id, Name: id}
}

func (s *Server) service(id string) Service {
	for _, v := range s.opts.Services {
		if v.ID == id {
			return v
		}
	}
	return Service{ID: id, Name: id}
}

func (s *Server) policy(id string) Policy {
	for _, p := range s.opts.Policies {
		if p.ID == id {
			return p
		}
	}
	return Policy{ID: id, Name: id}
}

// priority finds one by its id or its name.
func (s *Server) priority(key string) Priority {
	for _, p := range s.opts.Priorities {
		if p.ID == key || p.Name == key {
			return p
		}
	}
	return Priority{ID: "PPRIO" + key, Name: key}
}

func (s *Server) listPriorities(r *http.Request) answer {
	out := []any{}
	for _, p := range s.opts.Priorities {
		out = append(out, s.priorityObject(p))
	}
	return paged(r.URL.Query(), "priorities", out)
}

func (s *Server) currentUser(*http.Request) answer {
	if s.opts.Me == "" {
		return invalid("The \"me\" endpoint is not usable with an account-level access token.")
	}
	return answer{http.StatusOK, map[string]any{"user": s.userObject(s.user(s.opts.Me))}}
}

// matches reports whether a name contains the query, as the lists' query does.
func matches(query string, fields ...string) bool {
	return query == "" || slices.ContainsFunc(fields, func(f string) bool {
		return strings.Contains(strings.ToLower(f), strings.ToLower(query))
	})
}

// within reports whether any id is asked for; no ids asked for means all are.
func within(asked, ids []string) bool {
	return len(asked) == 0 || slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(asked, id) })
}

func (s *Server) listUsers(r *http.Request) answer {
	q := r.URL.Query()
	var out []any
	for _, u := range s.opts.Users {
		if matches(q.Get("query"), u.Name, u.Email) && within(q["team_ids[]"], u.Teams) {
			out = append(out, s.userObject(u))
		}
	}
	return paged(q, "users", out)
}

func (s *Server) listTeams(r *http.Request) answer {
	q := r.URL.Query()
	var out []any
	for _, t := range s.opts.Teams {
		if matches(q.Get("query"), t.Name) {
			out = append(out, s.teamObject(t))
		}
	}
	return paged(q, "teams", out)
}

func (s *Server) listServices(r *http.Request) answer {
	q := r.URL.Query()
	var out []any
	for _, v := range s.opts.Services {
		if name := q.Get("name"); name != "" && name != v.Name {
			continue
		}
		if matches(q.Get("query"), v.Name) && within(q["team_ids[]"], v.Teams) {
			out = append(out, s.serviceObject(v))
		}
	}
	return paged(q, "services", out)
}

func (s *Server) listPolicies(r *http.Request) answer {
	q := r.URL.Query()
	var out []any
	for _, p := range s.opts.Policies {
		var users []string
		for level := range p.Rules {
			users = append(users, s.everAt(p, level+1)...)
		}
		if matches(q.Get("query"), p.Name) && within(q["team_ids[]"], p.Teams) && within(q["user_ids[]"], users) {
			out = append(out, s.policyObject(p))
		}
	}
	return paged(q, "escalation_policies", out)
}

// everAt returns everybody who has or had a turn at a level.
func (s *Server) everAt(p Policy, level int) []string {
	users := slices.Clone(p.Rules[level-1].Users)
	for _, sh := range s.shifts {
		if sh.Policy == p.ID && sh.Level == level && !slices.Contains(users, sh.User) {
			users = append(users, sh.User)
		}
	}
	return users
}
