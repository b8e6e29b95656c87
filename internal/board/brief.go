package board

import (
	"slices"
	"time"

	"conway/internal/oncall"
)

// Brief answers, for one page, what is broken, since when, whether it happened
// before and who is woken next. What changed just before is package follow's to
// say.
type Brief struct {
	// Known is false when there is no such page; the rest is then empty.
	Known bool
	Row   PageRow
	// Quality is the row's at the time asked for.
	Quality oncall.Quality
	// Since is when the page began, Age how long ago that was, never negative.
	Since time.Time
	Age   time.Duration
	// Alerts is how many alerts the page groups.
	Alerts int
	// History is nil until the source has answered.
	History *oncall.History
	// Next is who is woken if nobody acts, nil when the pager has nothing planned.
	Next *NextCall
}

// NextCall is the pager's next step if nobody acts.
type NextCall struct {
	// Who are the people who will be called, empty when the roster does not say.
	Who []oncall.Person
	// Level is the escalation level that Who are on, 0 when unknown.
	Level int
	At    time.Time
	// In is how long until At, 0 when it is past.
	In time.Duration
}

// Brief answers the first questions about one page.
func (b Board) Brief(ref oncall.Ref, now time.Time) Brief {
	row, ok := b.Page(ref)
	if !ok {
		return Brief{}
	}
	p, d := row.Page, b.Detail(ref).Value
	br := Brief{
		Known: true, Row: row, Quality: row.Quality(now),
		Since: p.CreatedAt, Alerts: max(p.Alerts, len(d.Alerts)), History: d.History,
	}
	if !p.CreatedAt.IsZero() {
		br.Age = max(0, now.Round(0).Sub(p.CreatedAt.Round(0)))
	}
	// Whoever has taken the page stops it from going on; the list may still hold
	// the plan that was made before.
	if at, ok := p.NextEscalation(); ok && p.Status != oncall.Acknowledged && p.Status != oncall.Resolved {
		who, level := b.nextLevel(p, at)
		br.Next = &NextCall{Who: who, Level: level, At: at, In: max(0, at.Round(0).Sub(now.Round(0)))}
	}
	return br
}

// nextLevel returns who is on the escalation level after the highest one that
// the page's assignees are on, at the given time. Level is 0 when the roster
// does not tell, for instance because the policy starts over.
func (b Board) nextLevel(p oncall.Page, at time.Time) (who []oncall.Person, level int) {
	var shifts []oncall.Shift
	current := 0
	for _, s := range b.Roster().Value.Shifts {
		if p.PolicyID == "" || s.PolicyID != p.PolicyID {
			continue
		}
		shifts = append(shifts, s)
		if s.Covers(b.now) && slices.ContainsFunc(p.Assignees, func(a oncall.Person) bool { return samePerson(a, s.Person) }) {
			current = max(current, s.Level)
		}
	}
	if current == 0 {
		return nil, 0
	}
	for _, s := range shifts {
		if s.Level == current+1 && s.Covers(at) && !slices.Contains(who, s.Person) {
			who = append(who, s.Person)
		}
	}
	if len(who) == 0 {
		return nil, 0
	}
	return who, current + 1
}
