package pagerduty

import (
	"cmp"
	"context"
	"slices"
	"time"

	"conway/internal/oncall"
)

const (
	// keepResolved is how long a page that has ended is still shown, so that
	// nobody wonders where it went.
	keepResolved = 15 * time.Minute
	// keepLeft is how long it is told of a page that is somebody else's now.
	keepLeft = 10 * time.Minute
	// maxLooks bounds how many pages are looked up in one round, and lookFor how
	// long that may hold up the rest.
	maxLooks = 20
	lookFor  = 3 * time.Second
	// lookAgain is how long a page that could not be read is left alone.
	lookAgain = time.Minute
)

// ghost is a page of the last snapshot, and what is to be done once it is not in
// the list any more.
type ghost struct {
	page oncall.Page
	// until is when a resolved page is forgotten, or one that left; zero for one that
	// is open and shown.
	until time.Time
	// left is true for one that is open and somebody else's.
	left bool
	// lookAt is when a page that could not be read may be asked for again.
	lookAt time.Time
}

// withGone adds to the open pages those that were known and are not listed any
// more, and returns apart those of them that are open and somebody else's. When the
// list is whole they are looked up, once each; otherwise nothing can be concluded
// from their absence and they are kept.
func (s *Source) withGone(ctx context.Context, open []oncall.Page, whole bool, me identity) (all, left []oncall.Page) {
	now := time.Now()
	next := make(map[string]ghost, len(open))
	for _, p := range open {
		next[p.Ref.ID] = ghost{page: p}
	}
	var gone []ghost
	for id, g := range s.known {
		if _, still := next[id]; !still && (g.until.IsZero() || now.Before(g.until)) {
			gone = append(gone, g)
		}
	}
	slices.SortFunc(gone, func(a, b ghost) int {
		return cmp.Or(a.page.CreatedAt.Compare(b.page.CreatedAt), cmp.Compare(a.page.Ref.ID, b.page.Ref.ID))
	})
	looking, stop := context.WithTimeout(ctx, lookFor)
	defer stop()
	looks := 0
	for _, g := range gone {
		switch {
		case !g.until.IsZero() || !whole || now.Before(g.lookAt):
		case looks == maxLooks || looking.Err() != nil:
			s.look() // the rest follow at once, after this round is shown
		default:
			looks++
			g = s.lookUp(looking, g, me)
		}
		next[g.page.Ref.ID] = g
		if g.left {
			left = append(left, g.page)
		} else {
			open = append(open, g.page)
		}
	}
	s.known = next
	return open, left
}

// lookUp reads a page that is not listed any more.
func (s *Source) lookUp(ctx context.Context, g ghost, me identity) ghost {
	in, err := s.read(ctx, "look up "+g.page.Ref.ID, g.page.Ref.ID)
	if err != nil || in.page.Status == oncall.StatusUnknown {
		g.lookAt = time.Now().Add(lookAgain)
		if !slices.Contains(g.page.Odd, "status") {
			g.page.Odd = append(slices.Clone(g.page.Odd), "status")
		}
		return g
	}
	// The incident keeps the id under which it is known.
	in.page.Ref = g.page.Ref
	g.page = in.page
	switch {
	case !in.page.Open():
		g.until = time.Now().Add(keepResolved)
	case !s.inScope(in, me):
		g.until, g.left = time.Now().Add(keepLeft), true
	}
	return g
}

// inScope reports whether an open incident belongs to what is shown.
func (s *Source) inScope(in incident, me identity) bool {
	teams := s.opts.TeamIDs
	if s.opts.Scope == Teams && len(teams) == 0 {
		teams = me.teams
	}
	if len(teams) > 0 && !slices.ContainsFunc(in.teamIDs, func(id string) bool { return slices.Contains(teams, id) }) {
		return false
	}
	return s.opts.Scope != Mine || in.page.Mine
}

// read reads one incident.
func (s *Source) read(ctx context.Context, op, id string) (incident, error) {
	path, err := s.incidentPath(op, id, "")
	if err != nil {
		return incident{}, err
	}
	o, err := s.get(ctx, op, path, nil)
	if err != nil {
		return incident{}, err
	}
	child := o.child("incident")
	if child == nil {
		return incident{}, s.malformed(op, "incident")
	}
	// Odd fields are named as they are in a list.
	child.path = ""
	in, ok := s.incident(child, s.cached().person.ID)
	if !ok {
		return incident{}, s.malformed(op, "incident with an id")
	}
	return in, nil
}
