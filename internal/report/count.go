package report

import (
	"cmp"
	"slices"
	"time"
)

// Options are what the numbers depend on besides the facts.
type Options struct {
	// Start and End bound the period, end exclusive: pages by their notification,
	// incidents by their first.
	Start, End time.Time
	// Resettle is how long a person who was woken lies awake after the release: an
	// assumption, 30 minutes by default, so the number without it is given too.
	Resettle time.Duration
	// Rate is what an engaged hour costs the organisation, 0 for not said.
	Rate float64
	// FixHours is what a fix is estimated to take, by fingerprint.
	FixHours map[string]float64
	// Engagements are agreements by which a team carries another's pager.
	Engagements []Engagement
}

// Engagement says that a team carries a service's pager by agreement.
type Engagement struct {
	Service, By string
	Until       time.Time
	// SLO is the budget whose exhaustion ends the agreement, and Spent whether it
	// is exhausted.
	SLO   string
	Spent bool
}

// usualResettle is the assumption of Options.Resettle.
const usualResettle = 30 * time.Minute

// Numbers are everything that was counted in one period.
type Numbers struct {
	Rules int       `json:"rules"`
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`

	Pages     int          `json:"pages"`
	Incidents int          `json:"incidents"`
	Bands     map[Band]int `json:"bands"`
	// Nights counts person-nights with a sleep page, in all and by team.
	Nights    int            `json:"nights"`
	NightsOf  map[string]int `json:"nights_by_team"`
	Disrupted Disrupted      `json:"disrupted"`

	Verdicts    Verdicts    `json:"verdicts"`
	Preventable Preventable `json:"preventable"`
	Repeats     Repeats     `json:"repeats"`
	FollowUps   Answers     `json:"follow_ups"`
	Recommends  Answers     `json:"recommendations"`
	Changes     Changes     `json:"changes"`
	Budgets     Budgets     `json:"budgets"`
	Engaged     Engaged     `json:"engaged"`
	Fixes       []Fix       `json:"fixes"`
	Conway      Conway      `json:"conway"`
	Anchors     Anchors     `json:"anchors"`
	Foreseen    Foreseen    `json:"foreseen"`
	Disputed    int         `json:"disputed"`
}

// Count counts the facts of one period.
func Count(f Facts, o Options) Numbers { return newHistory(f).counter(o).count() }

func (c *counter) count() Numbers {
	n := Numbers{
		Rules: Rules, Start: c.o.Start, End: c.o.End, Pages: len(c.pages), Incidents: len(c.roots),
		Bands: map[Band]int{}, Disputed: c.disputed(),
	}
	for _, p := range c.pages {
		n.Bands[p.Band]++
	}
	n.Nights, n.NightsOf = c.nights()
	n.Disrupted = c.disrupted()
	n.Verdicts = c.verdicts()
	n.Preventable = c.preventable()
	n.Repeats = c.repeats()
	n.FollowUps, n.Recommends = c.followUps(), c.recommendations()
	n.Changes = c.changes()
	n.Budgets = c.budgets()
	n.Engaged = c.engaged()
	n.Fixes = c.fixes()
	n.Conway = c.conway()
	n.Anchors = c.anchors()
	n.Foreseen = c.foreseen()
	return n
}

// history is what is the same for every period.
type history struct {
	f Facts
	*index
	// all are the pages of all time, and opens says which of them are the first of
	// their incident.
	all   []Page
	opens []bool
	// first is when each incident of all time was first notified, fired the same
	// by alert and in order.
	first map[string]time.Time
	fired map[string][]time.Time
	// ofService and ofPrint are all incidents by service and by alert, in order.
	ofService, ofPrint map[string][]string
	// asked is the follow-ups by the alert that they are about, sought by incident.
	asked, sought map[string][]FollowUp
}

// counter holds the pages of one period and what is needed to count them.
type counter struct {
	*history
	o     Options
	pages []timed
	// roots are the incidents of the period in the order of their first page.
	roots []string
}

// timed is a page with the minutes of sleep that it took, with and without the
// time to fall asleep again. Minutes that two pages share belong to the earlier.
type timed struct {
	Page
	minutes, bare time.Duration
}

func newHistory(f Facts) *history {
	x := newIndex(f)
	h := &history{
		f: f, index: x, all: x.pages(f), first: map[string]time.Time{},
		fired: map[string][]time.Time{}, ofService: map[string][]string{}, ofPrint: map[string][]string{},
		asked: map[string][]FollowUp{}, sought: map[string][]FollowUp{},
	}
	h.opens = make([]bool, len(h.all))
	for i, p := range h.all {
		if _, seen := h.first[p.Root]; seen {
			continue
		}
		h.opens[i] = true
		h.first[p.Root] = p.Notified
		in := h.incidents[p.Root]
		h.fired[in.Fingerprint] = append(h.fired[in.Fingerprint], p.Notified)
		h.ofPrint[in.Fingerprint] = append(h.ofPrint[in.Fingerprint], p.Root)
		h.ofService[in.Service] = append(h.ofService[in.Service], p.Root)
	}
	for _, f := range f.FollowUps {
		root := h.root(f.Incident)
		print := h.incidents[root].Fingerprint
		h.asked[print], h.sought[root] = append(h.asked[print], f), append(h.sought[root], f)
	}
	return h
}

// counter returns what counts one period.
func (h *history) counter(o Options) *counter {
	if o.Resettle == 0 {
		o.Resettle = usualResettle
	}
	c := &counter{history: h, o: o}
	n := 0
	for _, p := range h.all {
		if c.in(p.Notified) {
			n++
		}
	}
	c.pages = make([]timed, 0, n)
	long, bare := c.minutes(o.Resettle), c.minutes(0)
	for i, p := range h.all {
		if !c.in(p.Notified) {
			continue
		}
		c.pages = append(c.pages, timed{p, long[i], bare[i]})
		if h.opens[i] {
			c.roots = append(c.roots, p.Root)
		}
	}
	return c
}

func (c *counter) in(t time.Time) bool { return !t.Before(c.o.Start) && t.Before(c.o.End) }

// minutes returns for each page, in their order, how much of the person's sleep
// windows it took: from the notification until the release and a while after. For
// a page of another period it is not said.
func (c *counter) minutes(after time.Duration) []time.Duration {
	out := make([]time.Duration, len(c.all))
	taken := map[string]time.Time{}
	for i, p := range c.all {
		s := span{p.Notified, p.released(c.o.End).Add(after)}
		s.from = later(s.from, taken[p.Person])
		taken[p.Person] = later(taken[p.Person], s.to)
		if !c.in(p.Notified) {
			continue
		}
		who := c.people[p.Person]
		for _, w := range who.spans(s, who.sleep()) {
			out[i] += s.cut(w).length()
		}
	}
	return out
}

func (c *counter) disputed() int {
	n := 0
	for _, root := range c.roots {
		if c.contested[root] {
			n++
		}
	}
	return n
}

// Disrupted is the time that sleep windows lost to pages.
type Disrupted struct {
	Minutes float64 `json:"minutes"`
	// Bare is the same without the time to fall asleep again.
	Bare float64 `json:"minutes_without_resettling"`
	// Borne is by the team woken, Caused by the team whose code it was; Net is the
	// one less the other, and sums to 0.
	Borne  map[string]float64 `json:"borne"`
	Caused map[string]float64 `json:"caused"`
	Net    map[string]float64 `json:"net"`
}

func (c *counter) disrupted() Disrupted {
	d := Disrupted{Borne: map[string]float64{}, Caused: map[string]float64{}, Net: map[string]float64{}}
	for _, p := range c.pages {
		m := p.minutes.Minutes()
		d.Minutes += m
		d.Bare += p.bare.Minutes()
		d.Borne[p.Woken] += m
		d.Caused[p.Row] += m
		d.Net[p.Woken] += m
		d.Net[p.Row] -= m
	}
	return d
}

// nights counts the distinct nights of persons with at least one sleep page.
func (c *counter) nights() (all int, of map[string]int) {
	of = map[string]int{}
	seen := map[night]bool{}
	for _, p := range c.pages {
		if p.Band != Sleep {
			continue
		}
		for n := range c.people[p.Person].nights(span{p.Notified, p.Notified.Add(1)}) {
			if !seen[n] {
				seen[n] = true
				of[p.Woken]++
			}
		}
	}
	return len(seen), of
}

// Anchors are three bounds that other fields keep.
type Anchors struct {
	// Shifts are the shifts of twelve hours, from 08:00 and from 20:00, in which
	// anybody was paged; Crowded those of them with more than two incidents, and
	// Most the incidents of the fullest.
	Shifts  int `json:"shifts"`
	Crowded int `json:"shifts_over_two"`
	Most    int `json:"most_incidents_in_a_shift"`
	// Floods counts the times that one person got more than ten notifications
	// within ten minutes.
	Floods int `json:"floods"`
	// ShortRest counts the nights whose longest uninterrupted stretch between 18:00
	// and 08:00 was under eleven hours.
	ShortRest int `json:"short_rest_nights"`
}

// The bounds of Anchors: two incidents a shift is Google's, ten alarms in ten
// minutes ISA-18.2's, eleven hours of rest the working time directive's
// (2003/88/EC, article 3).
const (
	shiftIncidents = 2
	floodCalls     = 10
	floodSpan      = 10 * time.Minute
	restSpan       = 11 * time.Hour
)

// evening is the span in which rest is looked for.
func evening() Hours { return Hours{18 * 60, 8 * 60} }

func (c *counter) anchors() Anchors {
	a := Anchors{Floods: c.floods(), ShortRest: c.shortRests()}
	for _, roots := range c.shifts() {
		a.Shifts++
		a.Most = max(a.Most, len(roots))
		if len(roots) > shiftIncidents {
			a.Crowded++
		}
	}
	return a
}

// shifts returns the incidents of each shift that had any.
func (c *counter) shifts() map[night]map[string]bool {
	out := map[night]map[string]bool{}
	for _, p := range c.pages {
		who := c.people[p.Person]
		for _, h := range []Hours{{8 * 60, 20 * 60}, {20 * 60, 8 * 60}} {
			for n := range who.windows(span{p.Notified, p.Notified.Add(1)}, h) {
				if h.From > h.To {
					n.date += " night"
				}
				if out[n] == nil {
					out[n] = map[string]bool{}
				}
				out[n][p.Root] = true
			}
		}
	}
	return out
}

func (c *counter) floods() int {
	calls := map[string][]time.Time{}
	for _, n := range c.f.Notifications {
		if n.Channel.wakes() && c.in(n.At) && !c.incidents[c.root(n.Incident)].Test {
			calls[n.Person] = append(calls[n.Person], n.At)
		}
	}
	floods := 0
	for _, at := range calls {
		slices.SortFunc(at, time.Time.Compare)
		for i := 0; i+floodCalls < len(at); i++ {
			if at[i+floodCalls].Sub(at[i]) < floodSpan {
				floods++
				i += floodCalls // the next flood begins after this one
			}
		}
	}
	return floods
}

func (c *counter) shortRests() int {
	type stretch struct {
		window span
		pages  []timed
	}
	nights := map[night]*stretch{}
	for _, p := range c.pages {
		for n, w := range c.people[p.Person].windows(span{p.Notified, later(p.released(c.o.End), p.Notified.Add(1))}, evening()) {
			if nights[n] == nil {
				nights[n] = &stretch{window: w}
			}
			nights[n].pages = append(nights[n].pages, p)
		}
	}
	short := 0
	for _, s := range nights {
		slices.SortFunc(s.pages, func(a, b timed) int { return cmp.Compare(a.Notified.UnixNano(), b.Notified.UnixNano()) })
		at, rest := s.window.from, time.Duration(0)
		for _, p := range s.pages {
			rest = max(rest, p.Notified.Sub(at))
			at = later(at, p.released(c.o.End))
		}
		if max(rest, s.window.to.Sub(at)) < restSpan {
			short++
		}
	}
	return short
}
