package pdserver

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// due is something that will happen by itself.
type due struct {
	kind string
	at   time.Time
}

// pending lists what will happen by itself, soonest first.
func (i *incident) pending() []due {
	var out []due
	for _, d := range []due{{"escalate", i.escalateAt}, {"unacknowledge", i.unackAt}, {"resolve", i.resolveAt}} {
		if !d.at.IsZero() {
			out = append(out, d)
		}
	}
	slices.SortStableFunc(out, func(a, b due) int { return a.at.Compare(b.at) })
	return out
}

// advance does everything that is due by now, in the order in which it was due.
func (s *Server) advance(now time.Time) {
	for _, i := range s.incidents {
		for i.open() {
			p := i.pending()
			if len(p) == 0 || p[0].at.After(now) {
				break
			}
			switch p[0].kind {
			case "escalate":
				s.escalate(i, p[0].at)
			case "unacknowledge":
				s.retrigger(i, serviceAgent(i.service), p[0].at)
			case "resolve":
				s.resolve(i, serviceAgent(i.service), p[0].at)
			}
		}
	}
}

// delay is how long the incident's level has.
func (i *incident) delay() time.Duration {
	if i.level < 1 || i.level > len(i.policy.Rules) {
		return 0
	}
	// A delay below a second could be due again at once, for ever.
	return max(i.policy.Rules[i.level-1].Delay, time.Second)
}

// escalate calls the next level, or the first again while loops are left.
func (s *Server) escalate(i *incident, at time.Time) {
	next := i.level + 1
	if next > len(i.policy.Rules) {
		if i.loops >= i.policy.Loops {
			i.escalateAt = time.Time{}
			s.note(i, at, "exhaust_escalation_path", serviceAgent(i.service), "Nobody is left to escalate to.")
			return
		}
		i.loops++
		next = 1
		s.note(i, at, "repeat_escalation_path", serviceAgent(i.service), "The escalation policy starts again.")
	}
	s.callLevel(i, next, at)
}

// callLevel assigns the incident to whoever is on call at a level, or at the
// first level after it that has anybody.
func (s *Server) callLevel(i *incident, level int, at time.Time) {
	for ; level <= len(i.policy.Rules); level++ {
		users := s.onCall(i.policy, level, at)
		if len(users) == 0 {
			continue
		}
		i.level, i.direct = level, false
		s.giveTo(i, users, at)
		i.escalateAt = time.Time{}
		if level < len(i.policy.Rules) || i.loops < i.policy.Loops {
			i.escalateAt = at.Add(i.delay())
		}
		kind, words := "assign", "Assigned to "
		if level > 1 || i.loops > 0 {
			kind, words = "escalate", fmt.Sprintf("Escalated to level %d: ", level)
		}
		s.noteAssignees(i, at, kind, serviceAgent(i.service), words)
		for _, u := range users {
			s.note(i, at, "notify", userAgent(s.user(u)), "Notified "+s.user(u).Name+" by push.").User = u
		}
		return
	}
	i.escalateAt = time.Time{}
	s.note(i, at, "exhaust_escalation_path", serviceAgent(i.service), "Nobody is on call.")
}

// onCall returns who is called at a level of a policy at a moment.
func (s *Server) onCall(p Policy, level int, at time.Time) []string {
	users := slices.Clone(p.Rules[level-1].Users)
	for _, sh := range s.shifts {
		if sh.Policy == p.ID && sh.Level == level && sh.overlaps(at, at) && !slices.Contains(users, sh.User) {
			users = append(users, sh.User)
		}
	}
	return users
}

// overlaps reports whether the shift has a part in [since, until].
func (s Shift) overlaps(since, until time.Time) bool {
	return (s.End.IsZero() || s.End.After(since)) && !s.Start.After(until)
}

func (s *Server) sortedShifts() []Shift {
	out := slices.Clone(s.shifts)
	slices.SortStableFunc(out, func(a, b Shift) int {
		return cmp.Or(cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Level, b.Level), a.Start.Compare(b.Start))
	})
	return out
}
