package pagerduty

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"conway/internal/oncall"
)

// identity is the person at this screen, as PagerDuty knows them.
type identity struct {
	person oncall.Person
	teams  []string
}

const askMe = "find out who you are"

// cached returns who is at this screen if that is known already, or a person of
// whom only the configured address is.
func (s *Source) cached() identity {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.me == nil {
		return identity{person: oncall.Person{Name: s.opts.From, Email: s.opts.From}}
	}
	return *s.me
}

// whoami finds out, once, who is at this screen.
func (s *Source) whoami(ctx context.Context) (identity, error) {
	select {
	case s.asking <- struct{}{}:
	case <-ctx.Done():
		return identity{}, ctx.Err()
	}
	defer func() { <-s.asking }()
	s.mu.Lock()
	known := s.me
	s.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	me, err := s.askMe(ctx)
	if err != nil {
		return identity{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.me = &me
	return me, nil
}

func (s *Source) askMe(ctx context.Context) (identity, error) {
	o, err := s.get(ctx, askMe, "/users/me", url.Values{"include[]": {"teams"}})
	var f *oncall.Fault
	if errors.As(err, &f) && f.Status == http.StatusBadRequest {
		// An account's key acts as nobody.
		return s.askByAddress(ctx)
	}
	if err != nil {
		return identity{}, err
	}
	me := user(o.child("user"))
	if me.person.ID == "" {
		return identity{}, s.malformed(askMe, "user")
	}
	return me, nil
}

// askByAddress finds the person whose address is configured.
func (s *Source) askByAddress(ctx context.Context) (identity, error) {
	if s.opts.From == "" {
		return identity{}, s.fault(oncall.Rejected, askMe,
			"the token is the account's, so it does not say who you are", "set me.email")
	}
	found, err := s.list(ctx, askMe, "/users", "users", url.Values{"query": {s.opts.From}, "include[]": {"teams"}}, 1)
	if err != nil {
		return identity{}, err
	}
	for _, o := range found.objects {
		if u := user(o); u.person.ID != "" && strings.EqualFold(u.person.Email, s.opts.From) {
			return u, nil
		}
	}
	return identity{}, s.fault(oncall.Rejected, askMe, "nobody in this account has the address "+s.opts.From, "correct me.email")
}

func user(o *object) identity {
	out := identity{person: oncall.Person{
		ID: o.text("id", maxID), Name: cmp.Or(o.str("name"), o.str("summary")), Email: o.str("email"),
	}}
	for _, t := range o.children("teams") {
		if id := t.text("id", maxID); id != "" {
			out.teams = append(out.teams, id)
		}
	}
	return out
}

// actor returns the address to act as, and who that is as far as is known. An
// address that is configured is enough to act, whatever else fails.
func (s *Source) actor(ctx context.Context, op string) (from string, me oncall.Person, err error) {
	id, err := s.whoami(ctx)
	if err != nil {
		if s.opts.From != "" && ctx.Err() == nil {
			return s.opts.From, oncall.Person{Email: s.opts.From}, nil
		}
		return "", oncall.Person{}, err
	}
	from = cmp.Or(s.opts.From, id.person.Email)
	if !isAddress(from) {
		return "", oncall.Person{}, s.fault(oncall.Rejected, op, "PagerDuty does not say what your address is", "set me.email")
	}
	return from, id.person, nil
}
