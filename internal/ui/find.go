package ui

import (
	"slices"
	"strings"

	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/memo"
	"conway/internal/ui/overlay"
	"conway/internal/ui/pane"
)

// find opens the palette.
func (m *Model) find() {
	p := overlay.NewPalette(m.items(), m.past.found, m.past.asked)
	p.Chosen = func(key, asked string) {
		m.past.found = memo.Push(m.past.found, key)
		m.past.asked = memo.Push(m.past.asked, asked)
	}
	m.open(p, false)
}

// items is what the palette can find: every action, page, service, deploy, layout
// and theme.
func (m *Model) items() []overlay.Item {
	var out []overlay.Item
	for _, e := range m.opts.Keys.Entries() {
		out = append(out, overlay.Item{
			Key: "action " + string(e.Action), Name: string(e.Action), Words: e.Does,
			Hint: text.Decode(m.opts.Keys.Key(e.Action)), Reason: m.reason(e.Action), Action: e.Action,
		})
	}
	paged := map[string]bool{}
	for _, r := range m.board.Pages() {
		out = append(out, overlay.Item{
			Key: "page " + key(r.Page.Ref), Name: "page " + r.Page.Title, Hint: text.Decode(r.Page.Status.String()), Intent: pane.Jump{Page: r.Page.Ref},
		})
		if s, _, ok := m.opts.Services.Resolve(r.Page, nil); ok {
			paged[s.Name] = true
		}
	}
	for _, s := range m.opts.Services.Services() {
		hint := text.Const("its deploys")
		if paged[s.Name] {
			hint = text.Const("its page")
		}
		out = append(out, overlay.Item{Key: "service " + s.Name, Name: "service " + s.Name, Hint: hint, Intent: pane.Jump{Service: s.Name}})
	}
	for _, d := range m.board.Deploys() {
		out = append(out, overlay.Item{
			Key: "deploy " + key(d.Ref), Name: strings.Join(strings.Fields("deploy "+d.Service+" "+d.Version+" "+d.Author), " "),
			Hint: m.frame(0, 0, pane.None).Date(d.When()), Intent: pane.Jump{Deploy: d.Ref},
		})
	}
	for _, p := range m.presets() {
		it := overlay.Item{Key: "layout " + string(p), Name: "layout " + string(p), Intent: pane.Arrange{Preset: string(p)}}
		if p == m.choice.Preset {
			it.Hint = text.Const("in force")
		}
		out = append(out, it)
	}
	return append(out, m.themeItems()...)
}

// themeItems are the themes, the one in force first: so nothing changes colour
// before a person moves on from it.
func (m *Model) themeItems() []overlay.Item {
	out := make([]overlay.Item, 0, len(m.opts.Themes))
	for _, t := range m.opts.Themes {
		it := overlay.Item{Key: "theme " + t.Name, Name: "theme " + t.Name, Intent: pane.Dress{Theme: t.Name}, Try: pane.Dress{Theme: t.Name, Try: true}}
		if _, err := t.Sheet(); err != nil {
			first, _, _ := strings.Cut(err.Error(), "\n")
			it.Reason, it.Try = text.Decode(first), nil
		}
		if t.Name == m.theme {
			it.Hint, it.First = text.Const("in force"), true
			out = slices.Insert(out, 0, it)
			continue
		}
		out = append(out, it)
	}
	return out
}

// key names something for the list of what was chosen last.
func key(r oncall.Ref) string { return r.Source + "/" + r.ID }
