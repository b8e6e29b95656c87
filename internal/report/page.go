package report

import (
	"cmp"
	"slices"
	"time"
)

// Page is one interruption: one person, one root incident, one waking.
type Page struct {
	// Root is the incident after merges.
	Root   string
	Person string
	// Woken is the person's team: the column. Row is the team whose code it was,
	// or Unowned.
	Woken, Row string
	// Guessed is true when only the pager's own team names the owner.
	Guessed  bool
	Notified time.Time
	// Acked is zero when the person never acknowledged. Released is zero while
	// they are at it.
	Acked, Released time.Time
	Reason          Reason
	// Calls is how many notifications this interruption was.
	Calls int
	Band  Band
}

// Unowned is the row of code that no team answers for.
const Unowned = "unowned"

// disengaged is how long a person must have been left alone before the same
// incident interrupts them anew.
const disengaged = 30 * time.Minute

// Interruptions returns the pages of the facts, ordered by time. Nothing is left
// out but tests and channels that wake nobody.
func Interruptions(f Facts) []Page { return newIndex(f).pages(f) }

func (x *index) pages(f Facts) []Page {
	type calling struct {
		root, person string
		at           time.Time
	}
	all := make([]calling, 0, len(f.Notifications))
	for _, n := range f.Notifications {
		root := x.root(n.Incident)
		if n.Channel.wakes() && !x.incidents[root].Test && !x.incidents[n.Incident].Test {
			all = append(all, calling{root, n.Person, n.At})
		}
	}
	slices.SortFunc(all, func(a, b calling) int {
		return cmp.Or(cmp.Compare(a.root, b.root), cmp.Compare(a.person, b.person), a.at.Compare(b.at))
	})
	out := make([]Page, 0, len(all))
	var calls []time.Time
	for i, c := range all {
		calls = append(calls, c.at)
		if i+1 == len(all) || all[i+1].root != c.root || all[i+1].person != c.person {
			out = x.interruptions(out, c.person, c.root, calls)
			calls = calls[:0]
		}
	}
	slices.SortFunc(out, func(a, b Page) int {
		return cmp.Or(a.Notified.Compare(b.Notified), cmp.Compare(a.Root, b.Root), cmp.Compare(a.Person, b.Person))
	})
	return out
}

// interruptions adds the pages of one person's calls for one root incident, given
// in order. A further one is the same interruption while the person is at it, and
// until they were left alone for long enough. A snooze that lapses wakes anew.
func (x *index) interruptions(out []Page, person, root string, calls []time.Time) []Page {
	var last time.Time
	none := len(out)
	for _, at := range calls {
		if i := len(out) - 1; i >= none {
			p := x.until(out[i], at)
			engaged := !p.Acked.IsZero() && p.Released.IsZero()
			snoozed := p.Reason == Snoozed
			if engaged || !snoozed && at.Sub(later(last, p.Released)) < disengaged {
				out[i].Calls++
				last = at
				continue
			}
			out[i] = p.superseded(last)
		}
		who := x.people[person]
		out = append(out, Page{
			Root: root, Person: person, Woken: who.Team, Row: x.row(root), Guessed: x.incidents[root].OwnerGuessed,
			Notified: at, Calls: 1, Band: who.Band(at),
		})
		last = at
	}
	if i := len(out) - 1; i >= none {
		out[i] = x.until(out[i], time.Time{})
	}
	return out
}

// until fills in when the person acknowledged and was released, as far as that
// was before the limit; a zero limit means ever.
func (x *index) until(p Page, limit time.Time) Page {
	before := func(t time.Time) bool { return limit.IsZero() || !t.After(limit) }
	for _, a := range x.acks[p.Root] {
		if a.Person == p.Person && !a.At.Before(p.Notified) && before(a.At) {
			p.Acked = a.At
			break
		}
	}
	for _, r := range x.releases[p.Root] {
		mine := r.Person == p.Person || r.Person == ""
		if mine && !r.At.Before(p.Notified) && before(r.At) {
			p.Released, p.Reason = r.At, r.Reason
			break
		}
	}
	if !p.Released.IsZero() && p.Acked.After(p.Released) {
		p.Acked = time.Time{} // of the next interruption
	}
	return p
}

// superseded returns the page as it is when the person was called anew after last:
// one that nobody answered or ended held them no longer than its last call.
func (p Page) superseded(last time.Time) Page {
	if p.Released.IsZero() {
		p.Released, p.Reason = last, Unacked
	}
	return p
}

// engaged returns how long the person was at it; still so at the end counts
// until then.
func (p Page) engaged(end time.Time) time.Duration {
	if p.Acked.IsZero() {
		return 0
	}
	return span{p.Acked, p.released(end)}.length()
}

// released returns when the person was released, and for one that still is at it
// the end. A page that was never acknowledged holds nobody.
func (p Page) released(end time.Time) time.Time {
	switch {
	case !p.Released.IsZero():
		return p.Released
	case p.Acked.IsZero():
		return p.Notified
	}
	return later(end, p.Notified)
}

// index finds what belongs to an incident.
type index struct {
	people    map[string]Person
	incidents map[string]Incident
	into      map[string]string
	acks      map[string][]Ack
	releases  map[string][]Release
	deploys   map[string]Deploy
	confirmed map[string]string
	verdicts  map[string]Verdict
	contested map[string]bool
}

func newIndex(f Facts) *index {
	x := &index{
		people: map[string]Person{}, incidents: make(map[string]Incident, len(f.Incidents)), into: map[string]string{},
		acks: make(map[string][]Ack, len(f.Acks)), releases: make(map[string][]Release, len(f.Incidents)),
		deploys:   make(map[string]Deploy, len(f.Deploys)),
		confirmed: map[string]string{}, verdicts: make(map[string]Verdict, len(f.Verdicts)), contested: map[string]bool{},
	}
	for _, m := range f.Merges {
		x.into[m.Incident] = m.Into
	}
	both(func() { x.name(f) }, func() { x.time(f) })
	return x
}

// name takes in what things are and what was said of them.
func (x *index) name(f Facts) {
	for _, p := range f.People {
		x.people[p.ID] = p
	}
	for _, i := range f.Incidents {
		x.incidents[i.ID] = i
	}
	for _, d := range f.Deploys {
		x.deploys[d.ID] = d
	}
	for _, a := range f.Attributions {
		if a.Confirmed {
			x.confirmed[x.root(a.Incident)] = a.Deploy
		}
	}
	x.judge(f)
}

// time takes in when people were at it.
func (x *index) time(f Facts) {
	for _, a := range f.Acks {
		root := x.root(a.Incident)
		x.acks[root] = append(x.acks[root], a)
	}
	for _, r := range f.Releases {
		// A child that ends when it is merged releases nobody: its parent goes on.
		root := x.root(r.Incident)
		if root != r.Incident && r.Person == "" {
			continue
		}
		x.releases[root] = append(x.releases[root], r)
	}
	for _, all := range x.acks {
		slices.SortStableFunc(all, func(a, b Ack) int { return a.At.Compare(b.At) })
	}
	for _, all := range x.releases {
		slices.SortStableFunc(all, func(a, b Release) int { return a.At.Compare(b.At) })
	}
}

// judge keeps the verdict of each root incident: its own before one of a child,
// and of several the newest.
func (x *index) judge(f Facts) {
	own := map[string]bool{}
	for _, v := range slices.SortedStableFunc(slices.Values(f.Verdicts), func(a, b Verdict) int { return a.At.Compare(b.At) }) {
		root := x.root(v.Incident)
		if own[root] && root != v.Incident {
			continue
		}
		own[root] = own[root] || root == v.Incident
		x.verdicts[root] = v
	}
	for _, id := range f.Contested {
		x.contested[x.root(id)] = true
	}
}

// root follows merges to the incident that is left. A ring of merges, which no
// pager makes but an import might hold, ends where it began.
func (x *index) root(id string) string {
	if _, merged := x.into[id]; !merged {
		return id
	}
	seen := map[string]bool{}
	for !seen[id] {
		seen[id] = true
		next, merged := x.into[id]
		if !merged {
			return id
		}
		id = next
	}
	return id
}

// row returns the team whose code an incident was: the author of the deploy that
// a person confirmed, else the owner, else Unowned.
func (x *index) row(root string) string {
	if d, ok := x.deploys[x.confirmed[root]]; ok && d.Team != "" {
		return d.Team
	}
	return cmp.Or(x.incidents[root].Owner, Unowned)
}
