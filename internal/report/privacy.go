package report

import (
	"maps"
	"slices"
)

// MinTeam is the smallest team whose numbers stand by themselves. It can be
// raised and not lowered.
const MinTeam = 5

// Others is the row and the column of the teams that are too small to be named.
const Others = "other teams"

// Privacy says which teams may be named.
type Privacy struct {
	// Sizes are how many people are in each team's rotation; a team without one is
	// taken as too small.
	Sizes map[string]int
	// Consented are the small teams all of whose members agreed to be named.
	Consented map[string]bool
	// K is the least size; MinTeam when smaller.
	K int
}

// least is how many people a team needs to be named.
func (p Privacy) least() int { return max(p.K, MinTeam) }

// hidden returns the teams that must not be named. One alone would be found out
// by subtracting the rest from the whole, so that it takes the smallest of the
// others along.
func (p Privacy) hidden(teams []string) map[string]bool {
	k := p.least()
	out := map[string]bool{}
	people := 0
	var named []string
	for _, t := range teams {
		if t == "" || p.Sizes[t] < k && !p.Consented[t] {
			out[t] = true
			people += p.Sizes[t]
		} else {
			named = append(named, t)
		}
	}
	slices.SortStableFunc(named, func(a, b string) int { return p.Sizes[a] - p.Sizes[b] })
	for _, t := range named {
		if len(out) != 1 && (len(out) == 0 || people >= k) {
			break
		}
		out[t] = true
		people += p.Sizes[t]
	}
	return out
}

// Anonymous returns the facts with the small teams put together as Others, so
// that nothing that is counted from them can be undone by subtraction: all of
// the numbers are made from what is named.
func (p Privacy) Anonymous(f Facts) Facts {
	teams := map[string]bool{}
	for _, w := range f.People {
		teams[w.Team] = true
	}
	for _, i := range f.Incidents {
		teams[i.Owner] = true
	}
	for _, d := range f.Deploys {
		teams[d.Team] = true
	}
	for _, u := range f.FollowUps {
		teams[u.Team] = true
	}
	for _, r := range f.Recommends {
		teams[r.Team] = true
	}
	for _, t := range f.Teams {
		teams[t] = true
	}
	delete(teams, "")
	hidden := p.hidden(slices.Sorted(maps.Keys(teams)))
	name := func(t string) string {
		if hidden[t] {
			return Others
		}
		return t
	}
	f.People = slices.Clone(f.People)
	for i := range f.People {
		f.People[i].Team = name(f.People[i].Team)
	}
	f.Incidents = slices.Clone(f.Incidents)
	for i := range f.Incidents {
		f.Incidents[i].Owner = name(f.Incidents[i].Owner)
	}
	f.Deploys = slices.Clone(f.Deploys)
	for i := range f.Deploys {
		f.Deploys[i].Team = name(f.Deploys[i].Team)
	}
	f.FollowUps = slices.Clone(f.FollowUps)
	for i := range f.FollowUps {
		f.FollowUps[i].Team = name(f.FollowUps[i].Team)
	}
	f.Recommends = slices.Clone(f.Recommends)
	for i := range f.Recommends {
		f.Recommends[i].Team = name(f.Recommends[i].Team)
	}
	return f
}
