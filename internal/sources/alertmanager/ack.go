package alertmanager

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// here is an acknowledgement that conway's cockpits alone know of.
type here struct {
	oncall.Acknowledgement

	// kept is true once the ledger has it: only then is it the same in every cockpit.
	kept bool
}

// Acknowledge implements sources.Acknowledger. Alertmanager is asked whether the
// alert still fires, and told nothing: it has nothing to be told.
func (s *Source) Acknowledge(ctx context.Context, id string) error {
	ctx = sources.ForAction(ctx)
	if _, err := s.find(ctx, "acknowledge "+sources.Printable(id, maxTitle), id); err != nil {
		return unsent(err)
	}
	s.acknowledged(id, here{Acknowledgement: oncall.Acknowledgement{By: author(s.opts.From), At: time.Now()}})
	return nil
}

// Acknowledged implements sources.Ackless.
func (s *Source) Acknowledged(id string, ack oncall.Acknowledgement) {
	s.acknowledged(id, here{ack, true})
}

// acknowledged remembers that somebody is on a page. Of one person the first word
// that the ledger has counts, and before any the last.
func (s *Source) acknowledged(id string, ack here) {
	s.mu.Lock()
	all := s.acks[id]
	i := slices.IndexFunc(all, func(h here) bool { return sameAuthor(h.By, ack.By) })
	news := i < 0 || !all[i].kept
	switch {
	case i < 0:
		s.acks[id] = append(slices.Clip(all), ack)
	case news:
		all = slices.Clone(all)
		all[i] = ack
		s.acks[id] = all
	}
	s.mu.Unlock()
	if news {
		s.nudge.Poke()
	}
}

func sameAuthor(a, b oncall.Person) bool {
	return strings.EqualFold(cmp.Or(a.Email, a.Name), cmp.Or(b.Email, b.Name))
}

// author is the person of a name that Alertmanager or the ledger has.
func author(who string) oncall.Person {
	who = sources.Printable(who, maxTitle)
	p := oncall.Person{Name: who}
	if strings.Contains(who, "@") {
		p.Email = who
	}
	return p
}

// WereOpen implements sources.Ackless: what does not fire any more ended while
// nobody here looked, and no later than is known.
func (s *Source) WereOpen(pages []oncall.Page, seen time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range pages {
		if _, _, ok := parted(p.Ref.ID); ok && p.Open() && p.Ref.Source == s.opts.Name {
			p.UpdatedAt = seen
			s.earlier = append(s.earlier, p)
		}
	}
	s.nudge.Poke()
}

// remembered adds to what is known the pages of an earlier start that fire no more.
// They are told of once, as over since they were last seen.
func (s *Source) remembered(listed map[string]bool, whole bool) []oncall.Page {
	if !whole {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []oncall.Page
	for _, p := range s.earlier {
		_, known := s.known[p.Ref.ID]
		still := func(id string) bool {
			fingerprint, started, _ := parted(id)
			theirs, since, _ := parted(p.Ref.ID)
			return fingerprint == theirs && !started.After(since)
		}
		if known || anyKey(listed, still) {
			continue
		}
		p.Status, p.Pending = oncall.Resolved, nil
		out = append(out, p)
	}
	s.earlier = nil
	return out
}

func anyKey(m map[string]bool, holds func(string) bool) bool {
	for k := range m {
		if holds(k) {
			return true
		}
	}
	return false
}

// Chronicle implements sources.Chronicler with what there is to know: when the
// alert began, who took it, and when it was seen to have ended. Alertmanager does
// not say who was called. That somebody took it is the only proof that they were,
// and the earliest moment at which it is certain.
func (s *Source) Chronicle(_ context.Context, page oncall.Page) ([]oncall.Moment, error) {
	_, started, ok := parted(page.Ref.ID)
	if !ok {
		return nil, s.fault(oncall.Rejected, "read the history of "+sources.Printable(page.Ref.ID, maxTitle), "that is no page of Alertmanager", "")
	}
	out := []oncall.Moment{{ID: "start", Kind: oncall.MomentTriggered, At: started}}
	s.mu.Lock()
	acks, answer := s.acks[page.Ref.ID], s.answers[page.Ref.ID]
	s.mu.Unlock()
	for _, a := range acks {
		if a.kept {
			out = append(out, taken(a.By, a.At)...)
		}
	}
	if by := author(answer.CreatedBy); by.Email != "" && page.Open() {
		out = append(out, taken(by, answer.StartsAt)...)
		out = append(out, oncall.Moment{ID: "silence " + answer.ID, Kind: oncall.MomentSnoozed, At: answer.StartsAt.UTC(), Person: by})
	}
	if !page.Open() {
		ended := page.UpdatedAt.Add(s.http.Skew.Ahead()).UTC().Truncate(time.Second)
		out = append(out, oncall.Moment{ID: "end", Kind: oncall.MomentResolved, At: ended, Auto: true})
	}
	slices.SortStableFunc(out, func(a, b oncall.Moment) int { return a.At.Compare(b.At) })
	return out, nil
}

// cockpit is the channel by which a person is certain to have been reached: they
// answered at a screen.
const cockpit = "cockpit"

// taken is that a person was called and is on it.
func taken(by oncall.Person, at time.Time) []oncall.Moment {
	at = at.UTC()
	return []oncall.Moment{
		{ID: "called", Kind: oncall.MomentNotified, At: at, Person: by, Channel: cockpit},
		{ID: "ack", Kind: oncall.MomentAcknowledged, At: at, Person: by},
	}
}

// Opened implements sources.Chronicler with the alerts that fire now; there are no
// others to be had.
func (s *Source) Opened(ctx context.Context, from, to time.Time) ([]oncall.Page, error) {
	all, silences, whole, err := s.look(ctx, opList)
	if err != nil {
		return nil, err
	}
	if !whole {
		return nil, s.fault(oncall.Malformed, opList, "a part of the list could not be read", "try again")
	}
	there := time.Now().Add(s.http.Skew.Ahead())
	var out []oncall.Page
	for _, a := range all {
		if a.firing(there) && !a.planned(silences) && !a.StartsAt.Before(from) && a.StartsAt.Before(to) {
			out = append(out, s.page(a, firingOf(a), silences))
		}
	}
	slices.SortStableFunc(out, func(a, b oncall.Page) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return out, nil
}

// Forgets implements sources.Forgetful.
func (s *Source) Forgets() string {
	return "Alertmanager keeps no history: only what fires now could be added, without who was called; what the cockpit sees from now on is recorded"
}
