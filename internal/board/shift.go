package board

import (
	"slices"
	"time"

	"conway/internal/oncall"
)

// Shift returns a board on which everything came d later, or earlier when d is
// negative. It is for a wall clock that was set: told by how much, ages go on as
// if it had not been, those of the pages too, until their source is heard of
// again. What else the sources and people wrote keeps its times.
func (b Board) Shift(d time.Duration) Board {
	if d == 0 {
		return b
	}
	b.now = moved(b.now, d)
	b.firstGone = moved(b.firstGone, d)
	b.shiftSources(d)
	entries := make(map[oncall.Ref]*entry, len(b.entries))
	for ref, en := range b.entries {
		e := *en
		e.received, e.gone = moved(e.received, d), moved(e.gone, d)
		e.page = movedPage(e.page, d)
		entries[ref] = &e
	}
	b.entries = entries
	claims := make(map[oncall.Ref]claim, len(b.claims))
	for ref, c := range b.claims {
		c.st = shifted(c.st, d)
		claims[ref] = c
	}
	b.claims = claims
	actions := make([]*ActionStatus, len(b.actions))
	for i, a := range b.actions {
		st := shifted(*a, d)
		actions[i] = &st
	}
	b.actions = actions
	details := make(map[oncall.Ref]oncall.Reading[oncall.PageDetail], len(b.details))
	for ref, r := range b.details {
		r.Received = moved(r.Received, d)
		details[ref] = r
	}
	b.details = details
	b.redoActions()
	b.redoRows()
	return b
}

func (b *base) shiftSources(d time.Duration) {
	sources := make([]source, len(b.sources))
	for i, s := range b.sources {
		for j := range s.ages {
			s.ages[j].Received = moved(s.ages[j].Received, d)
		}
		s.firstPages, s.healthAt, s.nextTry = moved(s.firstPages, d), moved(s.healthAt, d), moved(s.nextTry, d)
		if s.answer != nil {
			a := *s.answer
			a.received = moved(a.received, d)
			s.answer = &a
		}
		sources[i] = s
	}
	b.sources = sources
}

func shifted(s ActionStatus, d time.Duration) ActionStatus {
	s.At, s.NextTry = moved(s.At, d), moved(s.NextTry, d)
	// The outbox counts the hold by a clock that nobody sets.
	s.Action.NotBefore = moved(s.Action.NotBefore, d)
	return s
}

func movedPage(p oncall.Page, d time.Duration) oncall.Page {
	p.CreatedAt = moved(p.CreatedAt, d)
	p.Acks = slices.Clone(p.Acks)
	for i := range p.Acks {
		p.Acks[i].At = moved(p.Acks[i].At, d)
	}
	p.Pending = slices.Clone(p.Pending)
	for i := range p.Pending {
		p.Pending[i].At = moved(p.Pending[i].At, d)
	}
	return p
}

// moved moves a moment, but not the absence of one.
func moved(t time.Time, d time.Duration) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Round(0).Add(d)
}
