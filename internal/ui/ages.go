package ui

import (
	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// sourceAge is how the title line shows one source.
type sourceAge struct {
	pane.Span

	// live is false for every source that a person has to know of.
	live bool
}

// sourceAges lists every source with its age; each that is not live is marked
// by a sign as well as a role.
func (m *Model) sourceAges() []sourceAge {
	var out []sourceAge
	for _, s := range m.board.Sources() {
		out = append(out, m.ageOf(s))
	}
	return out
}

func (m *Model) ageOf(s board.SourceState) sourceAge {
	out := sourceAge{live: true}
	role, sign := style.Dim, text.Safe{}
	age := m.age(s.Reading.Age(m.now))
	switch s.Reading.Quality(m.now) {
	case oncall.Never:
		age, out.live = text.Const("–"), false
		if s.Reading.Fault != nil {
			role, age = style.Error, text.Const("✗")
		}
	case oncall.Late:
		role, sign, out.live = style.Warn, text.Const("!"), false
	case oncall.Stale:
		role, sign, out.live = style.Error, text.Const("!!"), false
	case oncall.Lost:
		role, sign, out.live = style.Error, text.Const(" LOST"), false
	case oncall.Live, oncall.NoData:
	}
	if s.Skew != 0 {
		role, out.live = style.Warn, false
		sign = text.Sprintf("%s clock%s", sign, pane.Offset(s.Skew))
	}
	out.Span = pane.S(role, text.Sprintf("%s %s%s", s.Name, age, sign))
	return out
}

// ages lists the sources in room cells; when they do not all fit, those that
// are not live come first and the others are counted.
func (m *Model) ages(room int) pane.Line {
	all := m.sourceAges()
	var l, marked pane.Line
	live := 0
	gap := pane.S(style.Text, text.Const("  "))
	for _, s := range all {
		l = append(l, gap, s.Span)
		if s.live {
			live++
		} else {
			marked = append(marked, gap, s.Span)
		}
	}
	if l.Width() <= room {
		return l
	}
	if live > 0 {
		marked = append(marked, pane.S(style.Dim, text.Sprintf("  %d live", live)))
	}
	if marked.Width() <= room {
		return marked
	}
	return pane.L(gap, pane.S(style.Error, text.Sprintf("%d of %d sources not live", len(all)-live, len(all))))
}
