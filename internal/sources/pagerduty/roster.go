package pagerduty

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"

	"conway/internal/oncall"
	"conway/internal/sources"
)

const (
	listOnCalls = "list who is on call"
	// rosterAhead is how far ahead is asked, so that who comes next is known.
	rosterAhead = 7 * 24 * time.Hour
	// maxRosterPages bounds the roster of an account with very many policies.
	maxRosterPages = 10
	// policiesPerQuery keeps addresses at a length that every proxy takes.
	policiesPerQuery = 50
)

// watchRoster emits who is on call at its interval until ctx ends. A failure is
// emitted too; it never ends the watch.
func (s *Source) watchRoster(ctx context.Context, emit sources.Emit) {
	var quiet time.Time
	// The only error is ctx's own, which Run reports.
	_ = sources.Poll(ctx, s.opts.RosterEvery, s.rosterNudge, func(ctx context.Context) error {
		if time.Now().Before(quiet) {
			return nil
		}
		roster, err := s.roster(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		e := oncall.RosterEvent{Stamp: s.stamp(), Roster: roster, Every: s.opts.RosterEvery}
		if e.Err = oncall.AsFault(err, s.opts.Name, listOnCalls); e.Err != nil {
			quiet = time.Now().Add(e.Err.RetryAfter)
		}
		emit(e)
		return nil
	})
}

func (s *Source) roster(ctx context.Context) (out oncall.Roster, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = s.crash(listOnCalls, p)
		}
	}()
	me, err := s.whoami(ctx)
	if err != nil {
		if s.opts.Scope != All || ctx.Err() != nil {
			return oncall.Roster{}, err
		}
		me = s.cached()
	}
	out.Me = me.person
	if s.opts.Scope == All {
		out.Shifts, err = s.shifts(ctx, url.Values{})
		return out, err
	}
	// A large account has hundreds of policies. Those that matter here are the
	// person's own and those of the pages on screen.
	mine, err := s.shifts(ctx, url.Values{"user_ids[]": {me.person.ID}})
	if err != nil {
		return out, err
	}
	policies := s.openPolicies()
	for _, sh := range mine {
		if isID(sh.PolicyID) {
			policies[sh.PolicyID] = true
		}
	}
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(policies)), policiesPerQuery) {
		more, err := s.shifts(ctx, url.Values{"escalation_policy_ids[]": ids})
		if err != nil {
			return out, err
		}
		out.Shifts = append(out.Shifts, more...)
	}
	sortShifts(out.Shifts)
	return out, nil
}

func (s *Source) openPolicies() map[string]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.policies)
}

// shifts asks for current and coming turns. With earliest, each person is listed
// once for each level of each policy: the turn they have now, or their next.
func (s *Source) shifts(ctx context.Context, q url.Values) ([]oncall.Shift, error) {
	now := s.there()
	q.Set("since", now.Format(time.RFC3339))
	q.Set("until", now.Add(rosterAhead).Format(time.RFC3339))
	q.Set("earliest", "true")
	found, err := s.list(ctx, listOnCalls, "/oncalls", "oncalls", q, maxRosterPages)
	if err != nil {
		return nil, err
	}
	type turn struct {
		policy, person string
		level          int
	}
	at := map[turn]int{}
	var out []oncall.Shift
	for _, o := range found.objects {
		sh, ok := shift(o)
		if !ok {
			continue
		}
		key := turn{sh.PolicyID, sh.Person.ID, sh.Level}
		if i, twice := at[key]; twice {
			if sh.Start.Before(out[i].Start) {
				out[i] = sh
			}
			continue
		}
		at[key] = len(out)
		out = append(out, sh)
	}
	sortShifts(out)
	return out, nil
}

// shift reads one turn; false when it does not say whose or where.
func shift(o *object) (oncall.Shift, bool) {
	var entry pd.OnCall
	// A field of another type is left out; the rest is read all the same.
	var odd *json.UnmarshalTypeError
	if err := json.Unmarshal(o.whole, &entry); err != nil && !errors.As(err, &odd) {
		return oncall.Shift{}, false
	}
	u, p := entry.User, entry.EscalationPolicy
	if u.ID == "" || p.ID == "" {
		return oncall.Shift{}, false
	}
	return oncall.Shift{
		PolicyID: cut(p.ID, maxID), Policy: cut(cmp.Or(p.Summary, p.Name, p.ID), maxText),
		Level: max(1, int(min(entry.EscalationLevel, maxReach))),
		Person: oncall.Person{
			ID: cut(u.ID, maxID), Name: cut(cmp.Or(u.Summary, u.Name, u.ID), maxText), Email: cut(u.Email, maxText),
		},
		Start: o.time("start"), End: o.time("end"),
	}, true
}

func sortShifts(all []oncall.Shift) {
	slices.SortStableFunc(all, func(a, b oncall.Shift) int {
		return cmp.Or(cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.PolicyID, b.PolicyID),
			cmp.Compare(a.Level, b.Level), a.Start.Compare(b.Start))
	})
}
