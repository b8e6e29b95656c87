package report

import (
	"cmp"
	"slices"
	"time"

	"conway/internal/oncall"
)

// nightWeeks is how far back a person looks at their own nights: a quarter, as a
// report does.
const nightWeeks = 13

// Quarter is the period that Nights counts.
func Quarter(now time.Time) Options { return Options{Start: now.Add(-nightWeeks * 7 * day), End: now} }

// Nights counts the quarter before now for one person. Their own numbers are from
// the facts as they are, all others from what privacy leaves of them.
func Nights(f Facts, me string, p Privacy, now time.Time) oncall.Nights {
	o := Quarter(now)
	out := oncall.Nights{From: o.Start, To: o.End, Weeks: make([]int, nightWeeks)}
	own := f
	own.Notifications = slices.DeleteFunc(slices.Clone(f.Notifications), func(n Notification) bool { return me == "" || n.Person != me })
	mine := newHistory(own).counter(o)
	for _, page := range mine.pages {
		if page.Band == Sleep {
			out.SleepPages++
			out.Weeks[int(page.Notified.Sub(o.Start)/(7*day))]++
		}
		out.Lost += page.minutes
	}
	out.Spoilt, _ = mine.nights()

	anonymous := p.Anonymous(f)
	all := newHistory(anonymous).counter(o)
	m := all.conway().Sleep.Matrix
	out.Rows, out.Columns = m.Rows, m.Columns
	for _, cells := range m.Cells {
		row := make([]int, len(cells))
		for i, v := range cells {
			row[i] = int(v)
		}
		out.Cells = append(out.Cells, row)
	}
	for _, fix := range all.fixes() {
		if fix.Incidents > 1 {
			r := oncall.Repeat{Title: fix.Title, Team: fix.Team, Times: fix.Incidents, Asked: time.Duration(fix.Oldest * Days(day))}
			out.Repeats = append(out.Repeats, r)
		}
	}
	slices.SortStableFunc(out.Repeats, func(a, b oncall.Repeat) int { return cmp.Compare(b.Times, a.Times) })
	for _, u := range anonymous.FollowUps {
		if u.open(now) {
			out.Asked = append(out.Asked, oncall.Asked{About: all.incidents[all.root(u.Incident)].Title, Team: u.Team, At: u.Opened})
		}
	}
	slices.SortStableFunc(out.Asked, func(a, b oncall.Asked) int { return a.At.Compare(b.At) })
	return out
}
