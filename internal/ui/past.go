package ui

import (
	"maps"
	"reflect"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"conway/internal/follow"
	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/layout"
	"conway/internal/ui/memo"
	"conway/internal/ui/pane"
)

// past is what the screen knows of its earlier self, and keeps for its later one.
type past struct {
	// saved is what was there at the start, kept what was written down last.
	saved, kept memo.Memory
	// wanted is the page that was selected then, until it is known whether it is
	// still listed or a person says where to be.
	wanted oncall.Ref
	// back is true from when that page is found until the panes are put where they
	// were.
	back bool
	// reading is the time at which the logs were read then, zero once they are back
	// there or a person says where to be.
	reading time.Time
	// panned is true once a person moved the shared window.
	panned bool
	// earlier are the filters of each pane; found and asked are the palette's. The
	// newest is first.
	earlier      map[pane.Kind][]string
	found, asked []string
}

// recall arranges the screen as it was. What the config says now and did not say
// then is the newer word.
func (m *Model) recall(was memo.Memory) {
	m.reminded = was.Reminded
	m.past = past{
		saved: was, wanted: oncall.Ref{Source: was.Page.Source, ID: was.Page.ID}, reading: was.Reading,
		earlier: map[pane.Kind][]string{}, found: was.Found, asked: was.Asked,
	}
	p := layout.Preset(was.Preset)
	if was.PresetOf == string(m.opts.Preset) && slices.Contains(m.presets(), p) {
		m.choice.Preset = p
	}
	if was.ThemeOf == m.opts.Theme && was.Theme != "" {
		if s, err := m.themed(was.Theme); err == nil && m.hasTheme(was.Theme) {
			m.theme, m.opts.Sheet = was.Theme, s
		}
	}
	m.warnFaint()
	m.utc = was.UTC
	m.choice.Drawer = drawer(kindOf(was.Drawer))
	m.choice.Zoom = was.Zoom
	if k := kindOf(was.Focus); k != pane.None && (k == m.choice.Drawer || k <= pane.Logs || slices.Contains(m.choice.Panes(), k)) {
		m.choice.Focus = k
	}
	for _, name := range was.Pinned {
		if k := kindOf(name); k == pane.Deploys || k == pane.Metrics || k == pane.Logs {
			m.pinned[k] = true
		}
	}
	m.choice.Sizes = sizesOf(was.Sizes)
	for name, all := range was.Earlier {
		m.past.earlier[kindOf(name)] = all
	}
	for k, p := range m.panes {
		if f, ok := p.(pane.Filterable); ok && was.Filters[k.String()] != "" {
			f.Filter(was.Filters[k.String()])
		}
	}
	m.past.kept = m.memory()
}

func (m *Model) hasTheme(name string) bool {
	return slices.ContainsFunc(m.opts.Themes, func(t Theme) bool { return t.Name == name })
}

// drawer returns a pane that can be opened on demand, or none.
func drawer(k pane.Kind) pane.Kind {
	if k > pane.Logs {
		return k
	}
	return pane.None
}

func kindOf(name string) pane.Kind {
	for _, k := range pane.Kinds() {
		if k.String() == name {
			return k
		}
	}
	return pane.None
}

func sizesOf(all map[string]memo.Sizes) map[string]layout.Sizes {
	out := map[string]layout.Sizes{}
	for name, s := range all {
		clamp := func(n int) int { return max(-layout.MaxSteps, min(layout.MaxSteps, n)) }
		one := layout.Sizes{Left: clamp(s.Left), Bottom: clamp(s.Bottom)}
		for k, n := range s.Grown {
			if one.Grown == nil {
				one.Grown = map[pane.Kind]int{}
			}
			one.Grown[kindOf(k)] = clamp(n)
		}
		out[name] = one
	}
	return out
}

// land selects the page that was selected before, once it is listed, else the
// first. Nothing is moved under a person who has pressed a key.
func (m *Model) land() {
	if want := m.past.wanted; !want.IsZero() {
		row, ok := m.board.Page(want)
		there := ok && !row.Gone && row.Page.Status != oncall.Resolved
		known := m.board.Counts().Known && fresh(m.board.PagesReading().Quality(m.now))
		if there && m.selected != want {
			m.choose(want)
			if w := m.past.saved.Window; w.Span > 0 {
				m.window, m.past.panned = follow.Frame{Span: max(follow.MinSpan, min(w.Span, follow.MaxSpan)), End: w.End}, true
			}
			m.cursor = m.past.saved.Cursor
			m.past.back = true
		}
		if known {
			m.past.wanted = oncall.Ref{}
		}
		if known && !there {
			m.past.reading = time.Time{} // it was read for that page
			if m.selected == want {
				m.selected = oncall.Ref{}
			}
			m.say(text.Const("the page you were on is not open any more"), false)
		}
	}
	if m.selected.IsZero() {
		if rows := m.board.Pages(); len(rows) > 0 {
			m.choose(rows[0].Page.Ref)
		}
	}
}

// putBack puts the panes where they were, when the page is the one they were about.
func (m *Model) putBack() {
	m.readOn()
	if !m.past.back {
		return
	}
	m.past.back = false
	for k, p := range m.panes {
		if n := m.past.saved.Places[k.String()]; n > 0 {
			if placed, ok := p.(pane.Placed); ok {
				placed.Put(m.tileFrame(k), n)
			}
		}
	}
}

// readOn goes back to where the logs were read, as soon as the lines of then are
// here. Sources send them after the page.
func (m *Model) readOn() {
	at, was := m.past.reading, m.past.saved.Page
	if at.IsZero() || m.selected != (oncall.Ref{Source: was.Source, ID: was.ID}) {
		return
	}
	if d, ok := m.panes[pane.Logs].(pane.Dated); ok && d.Return(m.tileFrame(pane.Logs), m.board, at) {
		m.past.reading = time.Time{}
	}
}

// reads returns the time at which the logs are read, or were and will be again.
func (m *Model) reads() time.Time {
	if d, ok := m.panes[pane.Logs].(pane.Dated); ok && m.past.reading.IsZero() {
		return d.Reading()
	}
	return m.past.reading
}

// remember keeps what has changed about the screen since the last time.
func (m *Model) remember() tea.Cmd {
	is := m.memory()
	if reflect.DeepEqual(is, m.past.kept) {
		return nil
	}
	m.past.kept = is
	return m.opts.World(pane.Remember{Memory: is})
}

// memory is the screen as it is to be found again.
func (m *Model) memory() memo.Memory {
	out := memo.Memory{
		Version: memo.Version, Page: memo.Ref{Source: m.selected.Source, ID: m.selected.ID},
		Preset: string(m.choice.Preset), PresetOf: string(m.opts.Preset), Theme: m.theme, ThemeOf: m.opts.Theme,
		Focus: m.choice.Focus.String(), Drawer: m.choice.Drawer.String(), Zoom: m.choice.Zoom, UTC: m.utc, Cursor: m.cursor,
		Sizes: map[string]memo.Sizes{}, Filters: map[string]string{}, Places: map[string]int{}, Earlier: map[string][]string{},
		Found: m.past.found, Asked: m.past.asked, Reminded: m.reminded,
	}
	if m.past.panned {
		out.Window = memo.Window{Span: m.window.Span, End: m.window.End}
	}
	for _, k := range pane.Kinds() {
		if m.pinned[k] {
			out.Pinned = append(out.Pinned, k.String())
		}
		if f, ok := m.panes[k].(pane.Filterable); ok && f.Filtered() != "" {
			out.Filters[k.String()] = f.Filtered()
		}
		if p, ok := m.panes[k].(pane.Placed); ok {
			if n := p.Place(m.tileFrame(k)); n > 0 {
				out.Places[k.String()] = n
			}
		}
		if all := m.past.earlier[k]; len(all) > 0 {
			out.Earlier[k.String()] = all
		}
	}
	for name, s := range m.choice.Sizes {
		one := memo.Sizes{Left: s.Left, Bottom: s.Bottom}
		for _, k := range slices.Sorted(maps.Keys(s.Grown)) {
			if one.Grown == nil {
				one.Grown = map[string]int{}
			}
			one.Grown[k.String()] = s.Grown[k]
		}
		out.Sizes[name] = one
	}
	out.Reading = m.reads()
	if !m.past.wanted.IsZero() {
		// Not yet known whether it is there: what is shown meanwhile is no choice.
		was := m.past.saved
		out.Page, out.Window, out.Cursor, out.Places = was.Page, was.Window, was.Cursor, was.Places
	}
	return out
}
