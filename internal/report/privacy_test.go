package report_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"conway/internal/report"
)

// renamed gives every team of the facts another name.
func renamed(f report.Facts, name func(string) string) report.Facts {
	f.People, f.Incidents, f.Deploys = slices.Clone(f.People), slices.Clone(f.Incidents), slices.Clone(f.Deploys)
	f.FollowUps, f.Recommends = slices.Clone(f.FollowUps), slices.Clone(f.Recommends)
	for i := range f.People {
		f.People[i].Team = name(f.People[i].Team)
	}
	for i := range f.Incidents {
		f.Incidents[i].Owner = name(f.Incidents[i].Owner)
	}
	for i := range f.Deploys {
		f.Deploys[i].Team = name(f.Deploys[i].Team)
	}
	for i := range f.FollowUps {
		f.FollowUps[i].Team = name(f.FollowUps[i].Team)
	}
	for i := range f.Recommends {
		f.Recommends[i].Team = name(f.Recommends[i].Team)
	}
	return f
}

// TestHiddenTeamsCannotBeFoundBySubtraction deals the worked example's people and
// code out to teams of random sizes. Whoever reads every number of the report and
// knows how large each team is must not learn which of the hidden teams a page was
// of: with any two of them exchanged, the report is the same. And no hidden team is
// alone, nor are all of them together fewer than a team that may be named.
func TestHiddenTeamsCannotBeFoundBySubtraction(t *testing.T) {
	f, o := worked(t)
	exchanged := 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 7))
		sizes, teams := map[string]int{}, []string{}
		for i := range 2 + r.IntN(6) {
			teams = append(teams, fmt.Sprintf("team-%c", 'a'+i))
			sizes[teams[i]] = 1 + r.IntN(9)
		}
		pick := func(had string) string {
			if had == "" {
				return ""
			}
			return teams[r.IntN(len(teams))]
		}
		p := report.Privacy{Sizes: sizes, K: r.IntN(8)}
		dealt := renamed(f, pick)
		want, err := json.Marshal(report.Compose(dealt, o, p, ""))
		if err != nil {
			t.Fatal(err)
		}
		var hidden []string
		people := 0
		for _, team := range teams {
			if !strings.Contains(string(want), `"`+team+`"`) && has(dealt, team) {
				hidden, people = append(hidden, team), people+sizes[team]
			} else if k := max(p.K, report.MinTeam); sizes[team] < k && has(dealt, team) {
				t.Fatalf("seed %d: %s has %d people of %d and is named", seed, team, sizes[team], k)
			}
		}
		named := slices.ContainsFunc(teams, func(team string) bool { return has(dealt, team) && !slices.Contains(hidden, team) })
		if named && len(hidden) > 0 && (len(hidden) < 2 || people < max(p.K, report.MinTeam)) {
			t.Errorf("seed %d: the rest of the whole is %v with %d people", seed, hidden, people)
		}
		for i := 1; i < len(hidden); i++ {
			a, b := hidden[i-1], hidden[i]
			other := renamed(dealt, func(team string) string {
				switch team {
				case a:
					return b
				case b:
					return a
				}
				return team
			})
			got, err := json.Marshal(report.Compose(other, o, p, ""))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Errorf("seed %d: the report tells %s from %s", seed, a, b)
			}
			exchanged++
		}
	}
	if exchanged < 300 {
		t.Errorf("only %d pairs were exchanged", exchanged)
	}
}

// has reports whether a team is in the facts at all.
func has(f report.Facts, team string) bool {
	found := false
	renamed(f, func(t string) string {
		found = found || t == team
		return t
	})
	return found
}
