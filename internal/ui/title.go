package ui

import (
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// titleLine says where this is, whose turn it is, what time it is, and how old
// every source's word is. What matters less is left out first as room shrinks.
func (m *Model) titleLine(w int) pane.Line {
	left := pane.L(pane.S(style.Title, text.Const(" conway ")))
	left = append(left, m.environment()...)
	if m.opts.ReadOnly {
		left = append(left, pane.S(style.Warn, text.Const(" READ-ONLY")))
	}
	duty := m.duty()
	clock := m.clock()
	ages := m.ages(w - left.Width() - clock.Width() - 4)
	right := append(clock, ages...)
	if left.Width()+duty.Width()+right.Width()+2 <= w {
		left = append(left, duty...)
	}
	return pane.Split(left, append(right, pane.S(style.Text, text.Const(" "))), w)
}

func (m *Model) environment() pane.Line {
	name := m.opts.Place.Environment
	if name == "" {
		return nil
	}
	role := style.Heading
	if m.opts.Place.Production {
		role = style.Production
	}
	return pane.L(pane.S(role, text.Sprintf(" %s ", strings.ToUpper(name))))
}

// clock writes the local time and UTC, once when they are the same.
func (m *Model) clock() pane.Line {
	utc := text.Decode(m.now.UTC().Format("15:04Z"))
	f := m.frame(0, 0, pane.None)
	local := m.now.In(f.In())
	if _, off := local.Zone(); off == 0 {
		return pane.L(pane.S(style.Text, utc))
	}
	return pane.L(pane.S(style.Text, text.Decode(local.Format("15:04 MST"))), pane.S(style.Dim, text.Sprintf("  %s", utc)))
}

// duty says whose turn it is: "you are primary until 09:00, then Ana".
func (m *Model) duty() pane.Line {
	r := m.board.Roster()
	if r.Received.IsZero() {
		return nil
	}
	f := m.frame(0, 0, pane.None)
	s, ok := current(r.Value, m.now)
	if !ok {
		if r.Value.Me.Name == "" {
			return nil
		}
		return append(pane.L(pane.S(style.Dim, text.Const(" you are not on call"))), m.doubt(r)...)
	}
	who := text.Sprintf(" you are %s", level(s.Level))
	if r.Value.Me.ID == "" || s.Person.ID != r.Value.Me.ID {
		who = text.Sprintf(" %s is %s", s.Person.Name, level(s.Level))
	}
	if !s.End.IsZero() {
		who = text.Sprintf("%s until %s", who, f.Date(s.End))
		if next, ok := after(r.Value, s); ok {
			who = text.Sprintf("%s, then %s", who, next.Person.Name)
		}
	}
	return append(pane.L(pane.S(style.Text, who)), m.doubt(r)...)
}

// doubt says that the turns on call are not fresh, if they are not.
func (m *Model) doubt(r oncall.Reading[oncall.Roster]) pane.Line {
	if q := r.Quality(m.now); q != oncall.Stale && q != oncall.Lost {
		return nil
	}
	return pane.L(pane.S(style.Stale, text.Sprintf(" (known %s ago)", pane.Ago(r.Age(m.now)))))
}

// current returns my shift that runs now, the lowest level first; without one,
// whoever is called first.
func current(r oncall.Roster, now time.Time) (oncall.Shift, bool) {
	var best oncall.Shift
	found := false
	for _, s := range r.Shifts {
		if !s.Covers(now) {
			continue
		}
		mine := r.Me.ID != "" && s.Person.ID == r.Me.ID
		bestMine := found && best.Person.ID == r.Me.ID
		if !found || mine && !bestMine || mine == bestMine && s.Level < best.Level {
			best, found = s, true
		}
	}
	return best, found
}

// after returns who takes over the same place when a shift ends.
func after(r oncall.Roster, s oncall.Shift) (oncall.Shift, bool) {
	for _, n := range r.Shifts {
		if n.PolicyID == s.PolicyID && n.Level == s.Level && n.Start.Equal(s.End) {
			return n, true
		}
	}
	return oncall.Shift{}, false
}

// level writes an escalation level in the words people use.
func level(n int) text.Safe {
	switch n {
	case 1:
		return text.Const("primary")
	case 2:
		return text.Const("secondary")
	}
	return text.Sprintf("on level %d", n)
}
