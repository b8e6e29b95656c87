package ui

import (
	"maps"
	"slices"
	"time"

	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/layout"
	"conway/internal/ui/memo"
	"conway/internal/ui/overlay"
	"conway/internal/ui/pane"
)

func focusOf(a keymap.Action) (pane.Kind, bool) {
	switch a {
	case keymap.FocusPages:
		return pane.Pages, true
	case keymap.FocusDeploy:
		return pane.Deploys, true
	case keymap.FocusMetric:
		return pane.Metrics, true
	case keymap.FocusLogs:
		return pane.Logs, true
	}
	return pane.None, false
}

// focus moves the focus; a pane that the drawer hides closes the drawer.
func (m *Model) focus(k pane.Kind) {
	m.choice.Focus = k
	if !layout.Divide(m.w, m.h, m.choice).Visible(k) {
		m.choice.Drawer = pane.None
	}
	if k != m.choice.Drawer && !layout.Divide(m.w, m.h, m.choice).Visible(k) {
		m.choice.Preset = layout.Watch
	}
}

// cycle moves the focus among the panes that are on the screen, or, where not
// all fit, through all of the preset, of which the focused one is always shown.
func (m *Model) cycle(by int) {
	kinds := m.choice.Panes()
	if m.choice.Drawer != pane.None {
		kinds = []pane.Kind{pane.Pages, m.choice.Drawer}
	} else if !m.screen.Stacked && !m.choice.Zoom {
		kinds = kinds[:0]
		for _, t := range m.screen.Tiles {
			kinds = append(kinds, t.Kind)
		}
	}
	if len(kinds) == 0 {
		return // one line is all there is
	}
	i := max(0, slices.Index(kinds, m.choice.Focus))
	m.choice.Focus = kinds[(i+by+len(kinds))%len(kinds)]
}

// moveWindow moves the shared window; it reports whether the action is about it.
func (m *Model) moveWindow(a keymap.Action) bool {
	switch a {
	case keymap.PanBack:
		m.window = m.window.Pan(-1, m.now)
	case keymap.PanForward:
		m.window = m.window.Pan(1, m.now)
	case keymap.ZoomOut:
		m.window = m.window.Zoom(1, m.now)
	case keymap.ZoomIn:
		m.window = m.window.Zoom(-1, m.now)
	case keymap.Now:
		m.window, m.cursor = m.window.Now(), time.Time{}
	default:
		return false
	}
	m.past.panned = true
	return true
}

// arrange changes how the screen is divided.
func (m *Model) arrange(a keymap.Action) {
	switch a {
	case keymap.Zoom:
		m.choice.Zoom = !m.choice.Zoom
	case keymap.Layout:
		all := m.presets()
		i := slices.Index(all, m.choice.Preset)
		m.take(all[(i+1)%len(all)])
	case keymap.Narrower, keymap.Wider, keymap.Shorter, keymap.Taller:
		m.resize(a)
	case keymap.UsualSizes:
		m.usualSizes()
	case keymap.Next:
		m.cycle(1)
	case keymap.Prev:
		m.cycle(-1)
	case keymap.Zone:
		m.utc = !m.utc
	case keymap.Follow:
		m.pin(m.choice.Focus)
	case keymap.Back:
		m.back()
	}
}

// take divides the screen by another preset.
func (m *Model) take(p layout.Preset) {
	m.choice.Preset = p
	m.choice.Drawer, m.choice.Zoom = pane.None, false
	screen := layout.Divide(m.w, m.h, m.choice)
	if !slices.Contains(m.choice.Panes(), m.choice.Focus) || !screen.Visible(m.choice.Focus) {
		m.choice.Focus = pane.Pages
		if panes := m.choice.Panes(); !slices.Contains(panes, pane.Pages) {
			m.choice.Focus = panes[0]
		}
	}
	words := text.Sprintf("layout %s", string(p))
	if screen.Stacked {
		words = text.Sprintf("%s; too small for its tiles, panes are stacked", words)
	}
	m.say(words, false)
}

// pin lets a pane stay at what it shows, or follow the page again.
func (m *Model) pin(k pane.Kind) {
	switch k {
	case pane.Deploys, pane.Metrics, pane.Logs:
	case pane.Pages:
		m.say(text.Const("the pages are what the other panes follow"), false)
		return
	default:
		m.say(text.Sprintf("%s cannot be pinned; deploys, metrics and logs can", k), false)
		return
	}
	m.pinned[k] = !m.pinned[k]
	if !m.pinned[k] {
		m.say(text.Sprintf("%s: follows the page again", k), false)
		return
	}
	stays := text.Const("all services")
	switch {
	case k == pane.Metrics:
		stays = text.Decode(m.subject.service.Name)
	case k == pane.Logs && len(m.opts.Logs) > 0:
		stays = text.Sprintf("%s in the log stores, to all services elsewhere", m.tailed.subject.service.Name)
	}
	m.say(text.Sprintf("%s: pinned to %s, the page is not followed", k, stays), false)
}

// presets are the built-in ones and then the person's own, by name.
func (m *Model) presets() []layout.Preset {
	return append(layout.Presets(), slices.Sorted(maps.Keys(m.opts.Custom))...)
}

// back undoes the last thing that narrows the view.
func (m *Model) back() {
	f, ok := m.panes[m.choice.Focus].(pane.Filterable)
	switch {
	case ok && f.Filtered() != "":
		f.Filter("")
	case len(m.marked) > 0:
		m.marked = nil
	case !m.cursor.IsZero():
		m.cursor = time.Time{}
	case m.choice.Drawer != pane.None:
		m.choice.Drawer = pane.None
		m.choice.Focus = pane.Pages
	case m.choice.Zoom:
		m.choice.Zoom = false
	default:
		m.toast = toast{}
	}
}

func (m *Model) filter() {
	f, ok := m.panes[m.choice.Focus].(pane.Filterable)
	if !ok {
		m.say(text.Sprintf("there is nothing to filter in %s", m.choice.Focus), false)
		return
	}
	kind, was := m.choice.Focus, f.Filtered()
	in := overlay.NewInput(
		text.Sprintf("FILTER %s", kind), filterHint(kind), was,
		f.Filter,
		func(v string, keep bool) pane.Intent {
			if !keep {
				v = ""
			}
			f.Filter(v)
			m.past.earlier[kind] = memo.Push(m.past.earlier[kind], v)
			return nil
		})
	in.Earlier(m.past.earlier[kind])
	m.open(in, false)
}

// filterHint says what a filter can be.
func filterHint(k pane.Kind) text.Safe {
	if k == pane.Logs {
		return text.Const(`words · "exact" · re:a.*b · level>=warn · field=value · !not · enter keeps, esc drops, ↑ earlier`)
	}
	return text.Const("every word must occur · enter keeps it · esc drops it · ↑ earlier ones")
}

func (m *Model) show(k pane.Kind) {
	if m.choice.Drawer == k {
		m.choice.Drawer, m.choice.Focus = pane.None, pane.Pages
		return
	}
	m.choice.Drawer, m.choice.Focus = k, k
}
