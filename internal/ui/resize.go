package ui

import (
	"maps"

	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/layout"
)

// resize makes the focused pane larger or smaller by a step that can be seen. The
// sizes are kept for this preset alone.
func (m *Model) resize(a keymap.Action) {
	way := map[keymap.Action]layout.Way{
		keymap.Narrower: layout.Narrower, keymap.Wider: layout.Wider, keymap.Shorter: layout.Shorter, keymap.Taller: layout.Taller,
	}[a]
	sizes, ok := m.choice.Resize(m.w, m.h, way)
	switch {
	case ok:
		all := maps.Clone(m.choice.Sizes)
		if all == nil {
			all = map[string]layout.Sizes{}
		}
		all[m.choice.Arrangement(m.w, m.h)] = sizes
		m.choice.Sizes = all
	case m.screen.Line:
		m.say(text.Const("there is room for no pane to resize"), false)
	case m.choice.Zoom:
		m.say(text.Sprintf("%s has the whole screen; %s brings the other panes back", m.choice.Focus, m.opts.Keys.Way(keymap.Zoom)), false)
	case m.screen.Stacked && (way == layout.Wider || way == layout.Narrower):
		m.say(text.Const("panes that stand above each other are as wide as the screen"), false)
	default:
		m.say(text.Sprintf("%s cannot be any %s here", m.choice.Focus, string(a)), false)
	}
}

// usualSizes forgets what was resized in this preset.
func (m *Model) usualSizes() {
	name := m.choice.Arrangement(m.w, m.h)
	if m.choice.Sizes[name].IsZero() {
		m.say(text.Const("no pane of this layout was resized"), false)
		return
	}
	m.choice.Sizes = maps.Clone(m.choice.Sizes)
	delete(m.choice.Sizes, name)
	m.say(text.Sprintf("layout %s: every pane is as large as it comes", string(m.choice.Preset)), false)
}
