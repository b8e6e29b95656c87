package oncall

import (
	"slices"
	"time"
)

// Rung is one level of an escalation policy: whom it calls at a moment.
type Rung struct {
	// Number counts from 1, who is called first.
	Number int
	People []Person
}

// Levels returns the steps of a policy that call somebody at a moment, the first
// to be called first.
func Levels(shifts []Shift, policy string, at time.Time) []Rung {
	var out []Rung
	for _, s := range shifts {
		if s.PolicyID != policy || !s.Covers(at) {
			continue
		}
		i := slices.IndexFunc(out, func(l Rung) bool { return l.Number == s.Level })
		if i < 0 {
			i = len(out)
			out = append(out, Rung{Number: s.Level})
		}
		if !slices.ContainsFunc(out[i].People, func(p Person) bool { return p.ID == s.Person.ID }) {
			out[i].People = append(out[i].People, s.Person)
		}
	}
	slices.SortStableFunc(out, func(a, b Rung) int { return a.Number - b.Number })
	return out
}

// Reached returns the lowest level that calls everybody whom a page calls now, or
// 0 when there is none: it was given to somebody by hand, or a turn has ended
// since.
func Reached(p Page, levels []Rung) int {
	if len(p.Assignees) == 0 {
		return 0
	}
	for _, l := range levels {
		all := true
		for _, who := range p.Assignees {
			all = all && slices.ContainsFunc(l.People, func(p Person) bool { return p.ID != "" && p.ID == who.ID })
		}
		if all {
			return l.Number
		}
	}
	return 0
}
