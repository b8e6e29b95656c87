package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Sight is the page that somebody looks at.
type Sight struct {
	// Incident is its oncall.Ref as a string.
	Incident    string
	Fingerprint string
	Title       string
	At          time.Time
	// Mine is true when the person was called for it. The ledger may not say so yet.
	Mine bool
	// Suspect is the deploy that it was preceded by when that is likely, nil for
	// none.
	Suspect *Precedent
}

// Precedent is a deploy that a page was preceded by.
type Precedent struct {
	Service, Version, Team string
	Before                 time.Duration
	// Chance is how likely that is at a random moment, in words.
	Chance string
}

const (
	// lineClauses bounds what is said at four in the morning.
	lineClauses = 3
	// recent is how far back the person's own pages are counted.
	recent = 7 * day
	// quiet is how long without a sleep page is worth a word.
	quiet = 30 * day
	// longestName is how much of an alert's name fits beside what is said of it.
	longestName = 24
)

// Line returns the few clauses worth saying to somebody who has just acknowledged
// a page, the most telling first, and none when nothing is: their own sleep pages,
// where those come from, what became of the same alert before, and the deploy when
// it is likely.
func (r *Recall) Line(s Sight, now time.Time) []string {
	out := r.own(s, now)
	out = append(out, r.history(s, now)...)
	if d := s.Suspect; d != nil {
		name := strings.Join(strings.Fields(d.Service+" "+d.Version), " ")
		if d.Team != "" {
			name += " (" + d.Team + ")"
		}
		out = append(out, fmt.Sprintf("likely: %s %s before", name, ago(d.Before)), d.Chance)
	}
	return out[:min(len(out), lineClauses)]
}

// own counts the person's sleep pages, and says which team most of them came from.
func (r *Recall) own(s Sight, now time.Time) []string {
	if !s.Mine {
		return nil
	}
	root := r.root(s.Incident)
	var more []Notification
	since, _ := slices.BinarySearchFunc(r.calls, s.At, byCall)
	if !slices.ContainsFunc(r.calls[since:], func(c call) bool { return r.root(c.incident) == root }) {
		more = append(more, Notification{Incident: s.Incident, Person: r.me.ID, At: s.At})
	}
	from := now.Add(-recent)
	// A call before the span may be the beginning of an interruption within it.
	pages := slices.DeleteFunc(r.pages(span{from.Add(-day), now.Add(1)}, more...), func(p Page) bool {
		return p.Band != Sleep || p.Notified.Before(from)
	})
	i := slices.IndexFunc(pages, func(p Page) bool { return p.Root == root.id })
	if i < 0 {
		return nil // it woke nobody out of their sleep
	}
	switch n := len(pages); {
	case n == 1:
		return r.rare(pages[0].Notified)
	case r.nightOf(pages[0]) == r.nightOf(pages[n-1]):
		return append([]string{ordinal(n) + " sleep page tonight"}, mostFrom(pages)...)
	default:
		return append([]string{ordinal(n) + " sleep page in 7 days"}, mostFrom(pages)...)
	}
}

// nightOf names the night of a sleep page.
func (r *Recall) nightOf(p Page) string {
	for n := range r.me.nights(span{p.Notified, p.Notified.Add(1)}) {
		return n.date
	}
	return ""
}

// rare says so when the last sleep page before one was long ago.
func (r *Recall) rare(at time.Time) []string {
	for _, c := range slices.Backward(r.calls) {
		if !c.at.Before(at) || r.me.Band(c.at) != Sleep || r.root(c.incident).test {
			continue
		}
		if gap := at.Sub(c.at); gap >= quiet {
			return []string{fmt.Sprintf("first sleep page in %d days", gap/day)}
		}
		return nil
	}
	return nil // nothing is known of the time before
}

// mostFrom names the team whose code most of the pages came from, if it was twice.
func mostFrom(pages []Page) []string {
	by := map[string]int{}
	for _, p := range pages {
		if p.Row != Unowned && !p.Guessed {
			by[p.Row]++
		}
	}
	most := ""
	for _, team := range slices.Sorted(maps.Keys(by)) {
		if by[team] > by[most] {
			most = team
		}
	}
	if by[most] < 2 {
		return nil
	}
	return []string{fmt.Sprintf("%d from %s", by[most], most)}
}

// history says that the same alert was there before, and what became of it.
func (r *Recall) history(s Sight, now time.Time) []string {
	a := r.alerts[s.Fingerprint]
	if a == nil {
		return nil
	}
	root := r.root(s.Incident)
	before := r.before(a, root, s.At)
	if before == nil {
		return nil
	}
	name := s.Title
	if len([]rune(name)) > longestName || name == "" {
		name = "same alert"
	}
	f, asked := r.answer(a, root, s.At)
	if !asked {
		return []string{name + " again, no follow-up"}
	}
	local := before.first.In(r.me.zone(before.first))
	when := local.Format("Mon 15:04")
	if now.Sub(before.first) >= recent {
		when = local.Format("2 Jan")
	}
	label := "follow-up"
	if len(f.ID) <= longestName/2 && f.ID != StubID(f.Incident) {
		label += " " + f.ID
	}
	state := fmt.Sprintf("%s open %s", label, ago(now.Sub(f.Opened)))
	if !f.open(s.At) {
		state = fmt.Sprintf("%s closed %s ago", label, ago(now.Sub(f.Closed)))
	}
	return []string{"same alert as " + when, state}
}

// before returns the last other incident of an alert shortly before a moment, nil
// for none.
func (r *Recall) before(a *alert, root *past, at time.Time) *past {
	i, _ := slices.BinarySearchFunc(a.fired, at, byFirst)
	for i--; i >= 0 && at.Sub(a.fired[i].first) <= repeatSpan; i-- {
		if other := r.root(a.fired[i].id); other != root && other.alert == a {
			return a.fired[i]
		}
	}
	return nil
}

// answer returns the work that earlier incidents of an alert asked for: the oldest
// that is open at a moment, else the last one that was closed.
func (r *Recall) answer(a *alert, root *past, at time.Time) (FollowUp, bool) {
	var open, closed FollowUp
	for _, p := range a.asked {
		if r.root(p.id) == root {
			continue
		}
		for _, id := range p.asked {
			f := r.followUps[id]
			switch {
			case !f.Opened.Before(at):
			case f.open(at) && (open.ID == "" || f.Opened.Before(open.Opened)):
				open = f
			case !f.open(at) && f.Closed.After(closed.Closed):
				closed = f
			}
		}
	}
	if open.ID != "" {
		return open, true
	}
	return closed, closed.ID != ""
}

// ago is a span in one unit.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(0, d/time.Second))
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < day:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d d", d/day)
}

// ordinal is a number as it is counted.
func ordinal(n int) string {
	end := "th"
	if n%100/10 != 1 {
		switch n % 10 {
		case 1:
			end = "st"
		case 2:
			end = "nd"
		case 3:
			end = "rd"
		}
	}
	return fmt.Sprintf("%d%s", n, end)
}
