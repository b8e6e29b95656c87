package report

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"
)

// Verdicts are what responders said that incidents were worth.
type Verdicts struct {
	// Coverage is how many of the incidents have a verdict.
	Coverage Share `json:"coverage"`
	Needed   Share `json:"needed"`
	Wait     Share `json:"wait"`
	Noise    Share `json:"noise"`
	// NoiseLow and NoiseHigh bound the share of noise whatever the untagged were.
	NoiseLow  float64 `json:"noise_low"`
	NoiseHigh float64 `json:"noise_high"`
	// NothingUrgent is how many of the tagged sleep pages could have waited or were
	// for nobody.
	NothingUrgent Share `json:"woke_for_nothing_urgent"`
}

func (c *counter) verdicts() Verdicts {
	worth := map[Worth]int{}
	tagged, all := 0, 0
	for _, root := range c.roots {
		if c.contested[root] {
			continue
		}
		all++
		if v := c.index.verdicts[root]; v.Worth != "" {
			tagged++
			worth[v.Worth]++
		}
	}
	v := Verdicts{
		Coverage: shareOf(tagged, all), Needed: shareOf(worth[Needed], tagged),
		Wait: shareOf(worth[Wait], tagged), Noise: shareOf(worth[Noise], tagged),
	}
	if all > 0 {
		v.NoiseLow = float64(worth[Noise]) / float64(all)
		v.NoiseHigh = float64(worth[Noise]+all-tagged) / float64(all)
	}
	idle, sleep := 0, 0
	for _, p := range c.pages {
		w := c.index.verdicts[p.Root].Worth
		if p.Band != Sleep || w == "" || c.contested[p.Root] {
			continue
		}
		sleep++
		if w != Needed {
			idle++
		}
	}
	v.NothingUrgent = shareOf(idle, sleep)
	return v
}

// Preventable is what ordinary care or a known fix would have stopped.
type Preventable struct {
	// Incidents are out of those with a verdict.
	Incidents Share `json:"incidents"`
	// Minutes are the disrupted minutes of such incidents, out of all of them.
	Minutes float64 `json:"minutes"`
	Of      float64 `json:"of_minutes"`
}

func (c *counter) preventable() Preventable {
	k, n := 0, 0
	for _, root := range c.roots {
		if v := c.index.verdicts[root]; v.Worth != "" && !c.contested[root] {
			n++
			if v.Preventable {
				k++
			}
		}
	}
	out := Preventable{Incidents: shareOf(k, n)}
	for _, p := range c.pages {
		out.Of += p.minutes.Minutes()
		if v := c.index.verdicts[p.Root]; v.Worth != "" && v.Preventable && !c.contested[p.Root] {
			out.Minutes += p.minutes.Minutes()
		}
	}
	return out
}

// Repeats are incidents whose alert had fired in the 30 days before, by the state
// of the follow-ups just before them.
type Repeats struct {
	None   int `json:"none"`
	Open   int `json:"open"`
	Closed int `json:"closed"`
}

// All returns how many repeats there were.
func (r Repeats) All() int { return r.None + r.Open + r.Closed }

// repeatSpan is how far back the same alert makes an incident a repeat.
const repeatSpan = 30 * 24 * time.Hour

func (c *counter) repeats() Repeats {
	var r Repeats
	for _, root := range c.roots {
		if !c.repeated(root) {
			continue
		}
		switch c.followUpState(root) {
		case followUpOpen:
			r.Open++
		case followUpClosed:
			r.Closed++
		default:
			r.None++
		}
	}
	return r
}

// repeated reports whether the incident's alert had woken somebody shortly
// before, in another incident.
func (c *counter) repeated(root string) bool {
	print, at := c.incidents[root].Fingerprint, c.first[root]
	if print == "" {
		return false
	}
	all := c.fired[print]
	i, _ := slices.BinarySearchFunc(all, at, time.Time.Compare)
	return i > 0 && at.Sub(all[i-1]) <= repeatSpan
}

type followUpState uint8

const (
	followUpNone followUpState = iota
	followUpOpen
	followUpClosed
)

// followUpState returns how the work stood that earlier incidents of the same
// alert had asked for, just before this one.
func (c *counter) followUpState(root string) followUpState {
	at, state := c.first[root], followUpNone
	for _, f := range c.asked[c.incidents[root].Fingerprint] {
		if c.root(f.Incident) == root || !f.Opened.Before(at) {
			continue
		}
		if f.open(at) {
			return followUpOpen
		}
		state = followUpClosed
	}
	return state
}

// Answers is how asked-for work was answered.
type Answers struct {
	// Answered is out of what was asked.
	Answered Share            `json:"answered"`
	Teams    map[string]Share `json:"by_team"`
	// Open is what is still unanswered at the end, oldest first.
	Open []Age `json:"open"`
}

// Age is how old an unanswered question is.
type Age struct {
	ID   string `json:"id"`
	Team string `json:"team"`
	Days Days   `json:"days"`
}

// Days is an age in days. It is written in whole ones: a fraction would say at
// which hour somebody was awake.
type Days float64

// MarshalJSON writes the whole days.
func (d Days) MarshalJSON() ([]byte, error) {
	return strconv.AppendInt(nil, int64(math.Floor(float64(d))), 10), nil
}

// answerSpan is how soon a follow-up has to be closed to count as answered.
const answerSpan = 30 * 24 * time.Hour

const day = 24 * time.Hour

// asked is one question to a team.
type asked struct {
	id, team string
	at       time.Time
	answered bool
	open     bool
}

func (c *counter) followUps() Answers {
	var all []asked
	for _, f := range c.f.FollowUps {
		if c.in(f.Opened) {
			done := !f.Closed.IsZero() && !f.Closed.After(c.o.End) && f.Closed.Sub(f.Opened) <= answerSpan
			all = append(all, asked{f.ID, cmp.Or(f.Team, c.row(c.root(f.Incident))), f.Opened, done, f.open(c.o.End)})
		}
	}
	return answersOf(all, c.o.End)
}

// recommendations are those that waited for an answer in the period, whenever
// they were sent.
func (c *counter) recommendations() Answers {
	var all []asked
	for _, r := range c.f.Recommends {
		if r.Sent.Before(c.o.End) && (c.in(r.Sent) || r.open(c.o.Start)) {
			all = append(all, asked{r.ID, r.Team, r.Sent, !r.open(c.o.End), r.open(c.o.End)})
		}
	}
	return answersOf(all, c.o.End)
}

func answersOf(all []asked, end time.Time) Answers {
	a := Answers{Teams: map[string]Share{}}
	k, by := 0, map[string][2]int{}
	for _, q := range all {
		n := by[q.team]
		n[1]++
		if q.answered {
			k++
			n[0]++
		}
		by[q.team] = n
		if q.open {
			a.Open = append(a.Open, Age{q.id, q.team, Days(end.Sub(q.at)) / Days(day)})
		}
	}
	for team, n := range by {
		a.Teams[team] = shareOf(n[0], n[1])
	}
	slices.SortFunc(a.Open, func(x, y Age) int { return cmp.Or(cmp.Compare(y.Days, x.Days), cmp.Compare(x.ID, y.ID)) })
	a.Answered = shareOf(k, len(all))
	return a
}
