package pagerduty

import (
	"context"
	"net/url"
	"slices"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

const listIncidents = "list incidents"

// allPages is every page of a list that may reach as far as PagerDuty lets it.
const allPages = maxReach / pageLimit

// fetchPages lists the open incidents and emits them as one snapshot.
func (s *Source) fetchPages(ctx context.Context, emit sources.Emit) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = s.crash(listIncidents, p)
		}
	}()
	me, err := s.viewer(ctx)
	if err != nil {
		return err
	}
	q, err := s.openQuery(me)
	if err != nil {
		return err
	}
	found, err := s.list(ctx, listIncidents, "/incidents", "incidents", q, allPages)
	if err != nil {
		return err
	}
	open, whole := s.rows(found, me.person.ID)
	pages, left := s.withGone(ctx, open, whole, me)
	if err := ctx.Err(); err != nil {
		return err
	}
	s.watchPolicies(pages)
	every := s.quota.interval(s.opts.Every)
	if every > s.opts.Every {
		// Half an interval is left for the poll's own jitter.
		s.quietUntil = time.Now().Add(every - s.opts.Every/2)
	}
	emit(oncall.PagesEvent{Stamp: s.stamp(), Pages: pages, Left: left, Complete: whole, Every: every})
	return nil
}

// viewer returns who is at this screen. Only a scope that depends on it fails
// without.
func (s *Source) viewer(ctx context.Context) (identity, error) {
	needed := s.opts.Scope == Mine || (s.opts.Scope == Teams && len(s.opts.TeamIDs) == 0)
	if !needed && time.Now().Before(s.askMeAt) {
		return s.cached(), nil
	}
	me, err := s.whoami(ctx)
	if err == nil || needed || ctx.Err() != nil {
		return me, err
	}
	s.askMeAt = time.Now().Add(s.opts.RosterEvery)
	return s.cached(), nil
}

// openQuery asks for everything that is open now. Without date_range=all, an
// incident that has been open for more than a month would be left out.
func (s *Source) openQuery(me identity) (url.Values, error) {
	q := url.Values{
		"date_range": {"all"},
		"statuses[]": {"triggered", "acknowledged"},
		// In this order news come last, so that they do not shift pages that are
		// still to be read.
		"sort_by": {"created_at:asc"},
	}
	if len(s.opts.TeamIDs) > 0 {
		q["team_ids[]"] = slices.Clone(s.opts.TeamIDs)
	}
	switch s.opts.Scope {
	case Mine:
		q.Set("user_ids[]", me.person.ID)
	case Teams:
		if len(s.opts.TeamIDs) == 0 {
			if len(me.teams) == 0 {
				return nil, s.fault(oncall.Rejected, listIncidents, "you are in no team, so scope teams has no pages",
					"name the teams, or use scope: mine or scope: all")
			}
			q["team_ids[]"] = slices.Clone(me.teams)
		}
	case All:
	}
	return q, nil
}

// rows maps a list to pages, each once, and reports whether it was whole. An
// incident that moved while pages were read may be listed twice; the later word
// is the newer.
func (s *Source) rows(found items, me string) ([]oncall.Page, bool) {
	pages := make([]oncall.Page, 0, len(found.objects))
	at := make(map[string]int, len(found.objects))
	whole := found.complete
	for _, o := range found.objects {
		in, ok := s.incident(o, me)
		if !ok {
			whole = false
			continue
		}
		if i, twice := at[in.page.Ref.ID]; twice {
			pages[i] = in.page
			continue
		}
		at[in.page.Ref.ID] = len(pages)
		pages = append(pages, in.page)
	}
	return pages, whole
}

// watchPolicies has the roster ask for the escalation policies of these pages.
func (s *Source) watchPolicies(pages []oncall.Page) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := make(map[string]bool)
	fresh := false
	for _, p := range pages {
		if isID(p.PolicyID) && p.Open() {
			now[p.PolicyID] = true
			fresh = fresh || !s.policies[p.PolicyID]
		}
	}
	s.policies = now
	if fresh {
		s.rosterNudge.Poke()
	}
}
