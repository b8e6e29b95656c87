package report

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Conway is whose code woke whom, by three weights. The headline is Sleep.
type Conway struct {
	Sleep   Congruence `json:"sleep"`
	Pages   Congruence `json:"pages"`
	Minutes Congruence `json:"minutes"`
}

// Congruence is a matrix and what it comes to.
type Congruence struct {
	Matrix Matrix `json:"matrix"`
	// Own is the weight borne by those whose code it is, All the whole.
	Own float64 `json:"own"`
	All float64 `json:"all"`
	// C is Own out of All, E what the sizes alone would give, Kappa C beyond that.
	C     float64 `json:"congruence"`
	E     float64 `json:"chance"`
	Kappa float64 `json:"corrected"`
	// Agreed is C with what is carried under a live agreement.
	Agreed float64 `json:"congruence_agreed"`
	// Share has the interval, for a weight that is a count.
	Share *Share `json:"share,omitempty"`
}

func (c *counter) conway() Conway {
	teams := map[string]bool{}
	for _, p := range c.pages {
		if !p.Guessed {
			teams[p.Woken], teams[p.Row] = true, true
		}
	}
	for _, d := range c.f.Deploys {
		if c.in(d.At) && d.Team != "" {
			teams[d.Team] = true
		}
	}
	delete(teams, Unowned)
	names := slices.Sorted(maps.Keys(teams))
	count := func(timed) float64 { return 1 }
	return Conway{
		Sleep: c.congruence(names, true, func(p timed) float64 {
			if p.Band != Sleep {
				return 0
			}
			return 1
		}),
		Pages:   c.congruence(names, true, count),
		Minutes: c.congruence(names, false, func(p timed) float64 { return p.minutes.Minutes() }),
	}
}

func (c *counter) congruence(teams []string, counts bool, weight func(timed) float64) Congruence {
	cells, by, unknown, agreed := cellOf{}, cellOf{}, 0.0, 0.0
	for _, p := range c.pages {
		w := weight(p)
		if c.contested[p.Root] {
			continue // whose code it was is in dispute
		}
		if p.Guessed {
			unknown += w
			continue
		}
		cells.add(p.Row, p.Woken, w)
		if p.Row != p.Woken && w > 0 && c.agreed(p) {
			agreed += w
			by.add(p.Row, p.Woken, w)
		}
	}
	m := cells.matrix(teams, unknown)
	if agreed > 0 {
		m.Agreed = by.over(m.Rows, m.Columns)
	}
	out := Congruence{Matrix: m, E: m.Chance(), Kappa: m.Corrected()}
	out.Own, out.All = m.Own()
	out.C, _ = m.Congruence()
	if out.All > 0 {
		out.Agreed = (out.Own + agreed) / out.All
	}
	if counts {
		s := shareOf(int(out.Own), int(out.All))
		out.Share = &s
	}
	return out
}

// agreed reports whether the woken team carries the service's pager by an
// agreement that is live: one ends with its date or with its budget.
func (c *counter) agreed(p timed) bool {
	for _, e := range c.o.Engagements {
		if e.Service == c.incidents[p.Root].Service && e.By == p.Woken && !e.Spent && p.Notified.Before(e.Until) {
			return true
		}
	}
	return false
}

// Foreseen is how much of the worst was known before.
type Foreseen struct {
	// Share is high-impact incidents with a signal, out of all of those.
	Share Share `json:"share"`
	// Leads are those that had one.
	Leads []Lead `json:"leads"`
}

// Lead is what was known before one incident.
type Lead struct {
	Incident string `json:"incident"`
	// First and Page are exact, and stay here; Week and Days are what is written.
	First time.Time `json:"-"`
	Page  time.Time `json:"-"`
	Week  Week      `json:"week"`
	Days  int       `json:"days_before"`
	// Signals are sentences for a reader, oldest first.
	Signals []string `json:"signals"`
}

// leadSpan is how long before an incident a signal has to be there to have been
// of use.
const leadSpan = day

// signal is one thing that was known before an incident.
type signal struct {
	at    time.Time
	words string
}

func (c *counter) foreseen() Foreseen {
	var out Foreseen
	high := c.high()
	for _, root := range high {
		all := c.signals(root)
		if len(all) == 0 {
			continue
		}
		slices.SortFunc(all, func(a, b signal) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.words, b.words)) })
		l := Lead{Incident: root, First: all[0].at, Page: c.first[root], Week: weekOf(c.first[root])}
		l.Signals = make([]string, 0, len(all))
		l.Days = int(l.Page.Sub(l.First) / day)
		for _, s := range all {
			l.Signals = append(l.Signals, s.words)
		}
		out.Leads = append(out.Leads, l)
	}
	out.Share = shareOf(len(out.Leads), len(high))
	return out
}

// high returns the incidents that took much of a budget or were declared major.
func (c *counter) high() []string {
	spent := map[string]bool{}
	for _, b := range c.f.Budgets {
		if b.Share >= overBudget {
			spent[c.root(b.Incident)] = true
		}
	}
	var out []string
	for _, root := range c.roots {
		if spent[root] || c.incidents[root].Major {
			out = append(out, root)
		}
	}
	return out
}

// signals returns what was known of an incident's alert or service early enough.
func (c *counter) signals(root string) []signal {
	limit := c.first[root].Add(-leadSpan)
	others := c.near(root)
	out := make([]signal, 0, len(others))
	add := func(at time.Time, before, what, after string) {
		if !at.IsZero() && !at.After(limit) {
			out = append(out, signal{at, before + what + after})
		}
	}
	for _, other := range others {
		if v := c.index.verdicts[other]; v.Preventable {
			add(later(v.At, c.first[other]), other, " was tagged preventable", "")
		}
		if c.repeated(other) && c.followUpState(other) == followUpNone {
			add(c.first[other], other, " repeated without a follow-up", "")
		}
		for _, f := range c.sought[other] {
			if f.open(c.first[root]) {
				add(f.Opened, "follow-up ", f.ID, " was open")
			}
		}
	}
	for _, r := range c.f.Recommends {
		if r.Service == c.incidents[root].Service && r.open(c.first[root]) {
			add(r.Sent, "recommendation ", r.ID, " was unanswered")
		}
	}
	return out
}

// signalSpan is how far back a signal is looked for: what was known longer ago is
// another story, and a busy service has thousands of those.
const signalSpan = 180 * day

// near returns the other incidents of the same service or alert that came before,
// as far back as signals are looked for.
func (c *counter) near(root string) []string {
	in := c.incidents[root]
	seen := map[string]bool{root: true}
	var out []string
	for _, all := range [][]string{c.ofService[in.Service], c.ofPrint[in.Fingerprint]} {
		i, _ := slices.BinarySearchFunc(all, c.first[root], func(id string, t time.Time) int { return c.first[id].Compare(t) })
		for _, id := range slices.Backward(all[:i]) {
			if c.first[root].Sub(c.first[id]) > signalSpan {
				break
			}
			if !seen[id] {
				seen[id] = true
				out = append(out, id)
			}
		}
	}
	return out
}
