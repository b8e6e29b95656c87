package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// Version is the version of the report's JSON shape.
const Version = 1

// Report is the one page, ready to be written in any form.
type Report struct {
	Version int `json:"version"`
	// Unit is the part of the organisation that it is about.
	Unit string `json:"unit"`
	// K is how many people a team needs to be named.
	K        int     `json:"smallest_team"`
	Headline string  `json:"headline"`
	Five     []Row   `json:"five_numbers"`
	Now      Numbers `json:"now"`
	// Before is the period of the same length before, nil when nothing is known of
	// it.
	Before *Numbers `json:"before,omitempty"`
	// Story tells one incident by weeks: finer times would say who was woken.
	Story []Told `json:"story"`
	// Decided is what was decided since the period before began, empty when
	// nothing was.
	Decided []Dated `json:"decided"`
	// MTTR is there only for readers who insist.
	MTTR *MTTR `json:"mttr,omitempty"`
}

// Row is one of the five numbers with its counterweight: what would move the
// other way if somebody gamed it.
type Row struct {
	Name    string `json:"name"`
	Now     string `json:"now"`
	Before  string `json:"before"`
	Change  Change `json:"change"`
	Against string `json:"counterweight"`
}

// Dated is a decision with its day.
type Dated struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// Told is a sentence with the week in which it happened.
type Told struct {
	Week Week   `json:"week"`
	Text string `json:"text"`
}

// Week is the Monday, by UTC, with which a week begins: no report holds a finer
// time of an incident, because a rota would make a name of it.
type Week string

// weekOf returns the week of a moment.
func weekOf(t time.Time) Week {
	t = t.UTC()
	return Week(t.AddDate(0, 0, -(int(t.Weekday())+6)%7).Format(time.DateOnly))
}

// Compose counts the facts of the period and of the one before it, and words
// them. Teams that privacy does not allow to be named are put together first.
func Compose(f Facts, o Options, p Privacy, unit string) Report {
	f = p.Anonymous(f)
	h := newHistory(f)
	earlier := o
	earlier.Start, earlier.End = o.Start.Add(-o.End.Sub(o.Start)), o.Start
	current := h.counter(o)
	var now, before Numbers
	both(func() { now = current.count() }, func() { before = h.counter(earlier).count() })
	r := Report{Version: Version, Unit: unit, K: p.least(), Now: now, Headline: headline(now)}
	if before.Pages > 0 {
		r.Before = &before
	}
	r.Five = five(now, r.Before)
	r.Story = current.story(now)
	for _, d := range f.Decisions {
		if !d.At.Before(earlier.Start) && d.At.Before(o.End) {
			r.Decided = append(r.Decided, Dated{d.At, fmt.Sprintf("%s (%s)", d.Text, cmp.Or(d.By, "nobody named"))})
		}
	}
	return r
}

func headline(n Numbers) string {
	sleep := n.Bands[Sleep]
	if sleep == 0 {
		return fmt.Sprintf("%s, none of them in anybody's sleep hours.", plural(n.Pages, "page"))
	}
	s := n.Conway.Sleep
	return fmt.Sprintf("%d of %s came in someone's sleep hours, on %s. %d of those %d woke the team whose code paged.",
		sleep, plural(n.Pages, "page"), plural(n.Nights, "night"), int(s.Own), int(s.All))
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// of writes a share as people say it.
func of(s Share) string {
	if s.N == 0 {
		return "–"
	}
	return fmt.Sprintf("%d of %d", s.K, s.N)
}

// interval writes a share's interval in whole percent.
func interval(s Share) string {
	return fmt.Sprintf("%.0f–%.0f%%", 100*s.Low, 100*s.High)
}

func five(now Numbers, before *Numbers) []Row {
	row := func(name string, get func(Numbers) Share, against string) Row {
		r := Row{Name: name, Now: ofShare(get(now)), Before: "–", Against: against}
		if before != nil {
			r.Before, r.Change = ofShare(get(*before)), ShareChange(get(*before), get(now))
		} else if s := get(now); !s.Enough() {
			r.Change = TooFew
		}
		return r
	}
	coverage := fmt.Sprintf("coverage %s incidents tagged", of(now.Verdicts.Coverage))
	rows := []Row{
		row("congruence (sleep)", func(n Numbers) Share { return *n.Conway.Sleep.Share }, fmt.Sprintf(
			"disrupted sleep-window time %.0f min (%.0f without resettling)", now.Disrupted.Minutes, now.Disrupted.Bare)),
		row("preventable", func(n Numbers) Share { return n.Preventable.Incidents }, coverage),
		row("repeats, no fix", unfixed, fmt.Sprintf("%d with no follow-up, %d with it still open", now.Repeats.None, now.Repeats.Open)),
		row("foreseen", func(n Numbers) Share { return n.Foreseen.Share }, lead(now)),
		budgetRow(now, before),
	}
	if quieter(now, before) {
		rows[4].Against += "; quieter, not better"
	}
	return rows
}

func ofShare(s Share) string {
	if s.N == 0 {
		return "–"
	}
	return of(s) + " (" + interval(s) + ")"
}

// unfixed is the repeats whose cause nobody had mended, out of all repeats.
func unfixed(n Numbers) Share { return shareOf(n.Repeats.None+n.Repeats.Open, n.Repeats.All()) }

func lead(n Numbers) string {
	var longest time.Duration
	for _, l := range n.Foreseen.Leads {
		longest = max(longest, l.Page.Sub(l.First))
	}
	if longest == 0 {
		return "no signal was there a day before"
	}
	return "first signal " + days(longest) + " before"
}

func days(d time.Duration) string {
	return fmt.Sprintf("%d d %d h", int(d/day), int(d%day/time.Hour))
}

func budgetRow(now Numbers, before *Numbers) Row {
	r := Row{Name: "error budget", Now: fmt.Sprintf("%.0f%%", 100*now.Budgets.Sum), Before: "–", Against: "no incident had an SLO"}
	if len(now.Budgets.Incidents) == 0 {
		r.Now = "–"
	} else {
		worst := now.Budgets.Incidents[0]
		r.Against = fmt.Sprintf("one incident took %.0f%% (policy limit %.0f%%)", 100*worst.Share, 100*overBudget)
	}
	if before != nil && len(before.Budgets.Incidents) > 0 {
		r.Before = fmt.Sprintf("%.0f%%", 100*before.Budgets.Sum)
	}
	return r
}

// quieter reports whether fewer pages came while more of the budgets burnt.
func quieter(now Numbers, before *Numbers) bool {
	return before != nil && CountChange(before.Pages, now.Pages) == Down && now.Budgets.Sum > before.Budgets.Sum
}

// story tells one incident in four dated lines: what was known first, the page,
// its end, and what was not done.
func (c *counter) story(n Numbers) []Told {
	root := worst(n, c)
	if root == "" {
		return nil
	}
	var out []Told
	for _, l := range n.Foreseen.Leads {
		if l.Incident == root {
			out = append(out, Told{weekOf(l.First), "first signal: " + l.Signals[0]})
		}
	}
	in := c.incidents[root]
	what := cmp.Or(in.Title, root)
	end := c.first[root]
	for _, p := range c.all {
		if p.Root == root {
			end = later(end, p.released(c.o.End))
		}
	}
	out = append(
		out,
		Told{weekOf(c.first[root]), fmt.Sprintf("page: %s, %s (%s)", what, in.Service, c.row(root))},
		Told{weekOf(end), "it was over"},
	)
	var open []string
	for _, u := range c.f.FollowUps {
		if o := c.incidents[c.root(u.Incident)]; o.Fingerprint == in.Fingerprint && u.open(n.End) {
			open = append(open, u.ID)
		}
	}
	if len(open) > 0 {
		return append(out, Told{weekOf(n.End.Add(-1)), "not done: follow-up " + strings.Join(open, ", ") + " is still open"})
	}
	return append(out, Told{weekOf(n.End.Add(-1)), "nobody was asked to change anything"})
}

// worst returns the incident that took most of a budget, else the longest sleep.
func worst(n Numbers, c *counter) string {
	if len(n.Budgets.Incidents) > 0 {
		return n.Budgets.Incidents[0].Incident
	}
	taken := map[string]time.Duration{}
	for _, p := range c.pages {
		taken[p.Root] += p.minutes
	}
	root := ""
	for _, r := range c.roots {
		if taken[r] > taken[root] {
			root = r
		}
	}
	return root
}
