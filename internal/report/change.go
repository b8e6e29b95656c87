package report

import (
	"cmp"
	"slices"
	"time"
)

// Changes are the deploys of the period and how many of them paged.
type Changes struct {
	// Failed is distinct deploys with a page that a person confirmed, out of all
	// deploys; by the team that wrote them too.
	Failed Share            `json:"failed"`
	Teams  map[string]Share `json:"by_team"`
	// Rework is hotfixes and rollbacks out of all deploys, Unchecked those of them
	// that went out without checks that passed.
	Rework    Share `json:"rework"`
	Unchecked Share `json:"unchecked"`
	// Judged is how many of the likely suspects that a person judged were confirmed.
	Judged Share `json:"suspects_confirmed"`
}

func (c *counter) changes() Changes {
	paged := map[string]bool{}
	judged, right := 0, 0
	for _, a := range c.f.Attributions {
		root := c.root(a.Incident)
		if !c.in(c.first[root]) || c.contested[root] {
			continue
		}
		if a.Confirmed {
			paged[a.Deploy] = true
		}
		if a.Likely {
			judged++
			if a.Confirmed {
				right++
			}
		}
	}
	out := Changes{Teams: map[string]Share{}, Judged: shareOf(right, judged)}
	all, failed, rework, unchecked := 0, 0, 0, 0
	by := map[string][2]int{}
	for _, d := range c.f.Deploys {
		if !c.in(d.At) {
			continue
		}
		all++
		n := by[d.Team]
		n[1]++
		if paged[d.ID] {
			failed++
			n[0]++
		}
		by[d.Team] = n
		if d.rework() {
			rework++
			if d.unchecked() {
				unchecked++
			}
		}
	}
	for team, n := range by {
		out.Teams[team] = shareOf(n[0], n[1])
	}
	out.Failed, out.Rework, out.Unchecked = shareOf(failed, all), shareOf(rework, all), shareOf(unchecked, rework)
	return out
}

// Budgets is what incidents took of error budgets.
type Budgets struct {
	// Sum is the shares added up, 0.51 for 51 %, and Rows by the team whose code it
	// was.
	Sum       float64            `json:"sum"`
	Rows      map[string]float64 `json:"by_row"`
	Incidents []Spent            `json:"incidents"`
	// Backed is how many incidents had an SLO at all.
	Backed Share `json:"slo_backed"`
}

// Spent is what one incident took of one SLO's budget.
type Spent struct {
	Incident string  `json:"incident"`
	SLO      string  `json:"slo"`
	Share    float64 `json:"share"`
	// Over is true from the limit on at which a policy asks for a review.
	Over      bool `json:"over"`
	Estimated bool `json:"estimated,omitempty"`
}

// overBudget is the share of a budget from which one incident needs a review: the
// SRE workbook's example policy.
const overBudget = 0.20

func (c *counter) budgets() Budgets {
	b := Budgets{Rows: map[string]float64{}}
	backed := map[string]bool{}
	used := map[string]time.Time{}
	all := slices.SortedStableFunc(slices.Values(c.f.Budgets), func(x, y Budget) int { return x.From.Compare(y.From) })
	for _, s := range all {
		root := c.root(s.Incident)
		share := s.Share * s.alone(used[s.SLO])
		used[s.SLO] = later(used[s.SLO], s.To)
		if !c.in(c.first[root]) {
			continue
		}
		backed[root] = true
		b.Sum += share
		b.Rows[c.row(root)] += share
		b.Incidents = append(b.Incidents, Spent{root, s.SLO, share, share > overBudget, s.Estimated})
	}
	slices.SortStableFunc(b.Incidents, func(x, y Spent) int { return cmp.Compare(y.Share, x.Share) })
	b.Backed = shareOf(len(backed), len(c.roots))
	return b
}

// alone returns the part of the incident's time on the SLO that no earlier one
// has: what overlaps belongs to the earlier.
func (b Budget) alone(until time.Time) float64 {
	s := span{b.From, b.To}
	if s.length() == 0 {
		return 1
	}
	return float64(s.cut(span{until, b.To}).length()) / float64(s.length())
}

// Engaged is the time that people were at it.
type Engaged struct {
	Minutes float64            `json:"minutes"`
	Teams   map[string]float64 `json:"by_team"`
	// Cost is at the organisation's own rate, 0 when it did not say one.
	Cost float64 `json:"cost,omitempty"`
	// Toil is the time in runbooks from their third run in 90 days on.
	Toil float64 `json:"toil_minutes"`
}

func (c *counter) engaged() Engaged {
	e := Engaged{Teams: map[string]float64{}}
	for _, p := range c.pages {
		m := p.engaged(c.o.End).Minutes()
		e.Minutes += m
		e.Teams[p.Woken] += m
	}
	e.Cost = e.Minutes / 60 * c.o.Rate
	e.Toil = c.toil().Minutes()
	return e
}

const (
	// toilSpan and toilFrom say when doing something by hand is toil.
	toilSpan = 90 * day
	toilFrom = 3
)

func (c *counter) toil() time.Duration {
	var sum time.Duration
	runs := map[string][]Run{}
	for _, r := range c.f.Runs {
		runs[r.Runbook] = append(runs[r.Runbook], r)
	}
	for _, all := range runs {
		slices.SortStableFunc(all, func(a, b Run) int { return a.At.Compare(b.At) })
		oldest := 0
		for i, r := range all {
			for r.At.Sub(all[oldest].At) > toilSpan {
				oldest++
			}
			if c.in(r.At) && i-oldest+1 >= toilFrom {
				sum += r.Spent
			}
		}
	}
	return sum
}

// Fix is an alert and when mending it pays.
type Fix struct {
	Fingerprint string `json:"fingerprint"`
	Title       string `json:"title"`
	Team        string `json:"team"`
	Incidents   int    `json:"incidents"`
	// Mean is the engaged minutes an incident of it took.
	Mean float64 `json:"mean_engaged_minutes"`
	// Pays is after how many incidents the fix has paid, 0 where no estimate is
	// known, and Handbook the same at the SRE book's six hours an incident.
	Pays     int `json:"pays_after,omitempty"`
	Handbook int `json:"pays_after_at_six_hours,omitempty"`
	// Oldest is the age in days of the oldest open follow-up, negative for none.
	Oldest Days `json:"oldest_follow_up_days"`
}

// handbookHours is what an incident costs by the SRE book.
const handbookHours = 6

// fixes returns the alerts that woke more than once or have an estimate, the
// cheapest to pay first.
func (c *counter) fixes() []Fix {
	by := map[string]*Fix{}
	for _, root := range c.roots {
		in := c.incidents[root]
		if in.Fingerprint == "" {
			continue
		}
		if by[in.Fingerprint] == nil {
			by[in.Fingerprint] = &Fix{Fingerprint: in.Fingerprint, Title: in.Title, Team: cmp.Or(in.Owner, Unowned), Oldest: -1}
		}
		by[in.Fingerprint].Incidents++
	}
	for _, p := range c.pages {
		if f := by[c.incidents[p.Root].Fingerprint]; f != nil {
			f.Mean += p.engaged(c.o.End).Minutes()
		}
	}
	for _, u := range c.f.FollowUps {
		if f := by[c.incidents[c.root(u.Incident)].Fingerprint]; f != nil && u.open(c.o.End) {
			f.Oldest = max(f.Oldest, Days(c.o.End.Sub(u.Opened))/Days(day))
		}
	}
	var out []Fix
	for print, f := range by {
		f.Mean /= float64(f.Incidents)
		f.Pays, f.Handbook = pays(c.o.FixHours[print], f.Mean)
		if f.Incidents > 1 || f.Pays > 0 {
			out = append(out, *f)
		}
	}
	slices.SortFunc(out, func(a, b Fix) int {
		unknown := func(f Fix) int { return min(1, f.Pays) }
		return cmp.Or(cmp.Compare(unknown(b), unknown(a)), cmp.Compare(a.Pays, b.Pays),
			cmp.Compare(b.Incidents, a.Incidents), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
	return out
}

// pays returns after how many incidents a fix of so many hours has paid, at the
// mean of its own incidents in minutes and at the handbook's; 0 for not known.
func pays(hours, mean float64) (own, handbook int) {
	if hours <= 0 {
		return 0, 0
	}
	if mean > 0 {
		own = ceil(hours * 60 / mean)
	}
	return own, ceil(hours / handbookHours)
}

func ceil(x float64) int {
	n := int(x)
	if float64(n) < x {
		n++
	}
	return n
}
