package ui

import (
	"slices"
	"strings"

	"conway/internal/text"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// dress draws the screen in another theme: for a look, or for good.
func (m *Model) dress(d pane.Dress) {
	name := d.Theme
	if d.Try && name == "" {
		name = m.theme
	}
	sheet, err := m.themed(name)
	switch {
	case err != nil && d.Try:
		return // the palette says why beside its name
	case err != nil:
		m.say(text.Decode(err.Error()), true)
		return
	}
	m.opts.Sheet = sheet
	if d.Try {
		return
	}
	m.theme = name
	m.say(text.Sprintf("theme %s", name), false)
	m.warnFaint()
}

// themed returns a theme, for a terminal of this kind.
func (m *Model) themed(name string) (style.Sheet, error) {
	i := slices.IndexFunc(m.opts.Themes, func(t Theme) bool { return t.Name == name })
	if i < 0 {
		return m.opts.Sheet, nil // there is no other
	}
	s, err := m.opts.Themes[i].Sheet()
	s.ASCII = m.opts.Sheet.ASCII
	return s, err
}

// warnFaint says what can hardly be read in the theme in force. It is drawn all
// the same: whoever made it may have a reason.
func (m *Model) warnFaint() {
	if f := m.opts.Sheet.Faint(); len(f) > 0 {
		m.say(text.Sprintf("theme %s is hard to read: %s", m.theme, strings.Join(f, "; ")), true)
	}
}
