package ui

import (
	"maps"
	"time"

	"conway/internal/follow"
	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/deploys"
	"conway/internal/ui/keymap"
	"conway/internal/ui/layout"
	"conway/internal/ui/pane"
)

// place is where a person was before a jump.
type place struct {
	page    oncall.Ref
	choice  layout.Choice
	pinned  map[pane.Kind]bool
	filters map[pane.Kind]string
	window  follow.Frame
	cursor  time.Time
	panned  bool
}

// maxJumps is how many jumps can be taken back.
const maxJumps = 20

// jump goes to something that the palette found.
func (m *Model) jump(j pane.Jump) {
	from := m.here()
	switch {
	case !j.Page.IsZero():
		m.jumpToPage(j.Page)
	case !j.Deploy.IsZero():
		if !m.jumpToDeploy(j.Deploy) {
			m.say(text.Const("this deploy is listed no more"), false)
			return
		}
	default:
		m.jumpToService(j.Service)
	}
	m.jumps = append(m.jumps, from)
	m.jumps = m.jumps[max(0, len(m.jumps)-maxJumps):]
	m.say(text.Concat(m.toast.text, text.Sprintf("; %s goes back", m.opts.Keys.Way(keymap.JumpBack))), false)
}

func (m *Model) jumpToPage(ref oncall.Ref) {
	m.choose(ref)
	m.jumpTo(pane.Pages)
	row, _ := m.board.Page(ref)
	m.say(text.Sprintf("page %s", row.Page.Title), false)
}

// jumpToDeploy puts the cursor of the deploys, and that of the time, on a deploy.
func (m *Model) jumpToDeploy(ref oncall.Ref) bool {
	for _, d := range m.board.Deploys() {
		if d.Ref != ref {
			continue
		}
		m.jumpTo(pane.Deploys)
		p, ok := m.panes[pane.Deploys].(*deploys.Pane)
		if !ok {
			return false
		}
		if !p.Select(ref, m.tileFrame(pane.Deploys), m.board) {
			// It is no deploy of the page that is followed: show those of all.
			m.pinned[pane.Deploys] = true
			m.scene.Pinned = m.pinned
			p.Select(ref, m.tileFrame(pane.Deploys), m.board)
		}
		m.cursor = d.When()
		m.say(text.Sprintf("deploy %s", deploys.Name(d)), false)
		return true
	}
	return false
}

// jumpToService goes to the most urgent page of a service; where it has none, to
// its deploys.
func (m *Model) jumpToService(name string) {
	for _, r := range m.board.Pages() {
		if s, _, ok := m.opts.Services.Resolve(r.Page, nil); ok && s.Name == name {
			m.jumpToPage(r.Page.Ref)
			return
		}
	}
	m.jumpTo(pane.Deploys)
	m.pinned[pane.Deploys] = true
	if f, ok := m.panes[pane.Deploys].(pane.Filterable); ok {
		f.Filter(name)
	}
	m.say(text.Sprintf("%s has no page; these are its deploys", name), false)
}

// jumpTo focuses a pane and takes off the filter that could hide what is jumped to.
func (m *Model) jumpTo(k pane.Kind) {
	if m.choice.Drawer != pane.None && m.choice.Drawer != k {
		m.choice.Drawer = pane.None
	}
	m.focus(k)
	m.screen = layout.Divide(m.w, m.h, m.choice)
	if f, ok := m.panes[k].(pane.Filterable); ok {
		f.Filter("")
	}
}

// here is the place to come back to.
func (m *Model) here() place {
	p := place{
		page: m.selected, choice: m.choice, pinned: maps.Clone(m.pinned), filters: map[pane.Kind]string{},
		window: m.window, cursor: m.cursor, panned: m.past.panned,
	}
	for k, one := range m.panes {
		if f, ok := one.(pane.Filterable); ok {
			p.filters[k] = f.Filtered()
		}
	}
	return p
}

// jumpBack takes the last jump back.
func (m *Model) jumpBack() {
	n := len(m.jumps)
	if n == 0 {
		m.say(text.Sprintf("no jump to go back from; %s finds pages, services and deploys", m.opts.Keys.Way(keymap.Palette)), false)
		return
	}
	p := m.jumps[n-1]
	m.jumps = m.jumps[:n-1]
	if r, ok := m.board.Page(p.page); ok && !r.Gone {
		m.choose(p.page)
		m.window, m.cursor, m.past.panned = p.window, p.cursor, p.panned
	}
	sizes := m.choice.Sizes
	m.choice, m.pinned = p.choice, p.pinned
	m.choice.Sizes = sizes
	for k, v := range p.filters {
		// Setting a filter anew makes a paused log follow again.
		if f, ok := m.panes[k].(pane.Filterable); ok && f.Filtered() != v {
			f.Filter(v)
		}
	}
	m.say(text.Const("back where you were"), false)
}
