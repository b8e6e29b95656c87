package ui

import (
	tea "charm.land/bubbletea/v2"

	"conway/internal/ui/logs"
	"conway/internal/ui/pane"
)

// foundMsg is what one step of a search through the held lines has found.
type foundMsg struct{ logs.Found }

// search takes the next step of a search through the held log lines, beside the
// screen: keys are read and frames drawn meanwhile. There is one step at a time,
// and the next one begins at what is searched for then.
func (m *Model) search() tea.Cmd {
	p, ok := m.panes[pane.Logs].(*logs.Pane)
	if !ok || m.searching {
		return nil
	}
	step, ok := p.Search(m.tileFrame(pane.Logs), m.board)
	if !ok {
		return nil
	}
	m.searching = true
	return func() tea.Msg { return foundMsg{step()} }
}

func (m *Model) found(f foundMsg) {
	m.searching = false
	if p, ok := m.panes[pane.Logs].(*logs.Pane); ok {
		p.Found(f.Found)
	}
}
