package ui

import (
	tea "charm.land/bubbletea/v2"

	"conway/internal/board"
	"conway/internal/ui/keymap"
	"conway/internal/ui/layout"
	"conway/internal/ui/pane"
)

// wheelRows is how many rows one notch of the wheel moves.
const wheelRows = 3

// rowed is a pane whose rows can be pointed at.
type rowed interface {
	// Row returns the intent of pointing at a row of the view, nil where none is.
	Row(y int, f pane.Frame, b board.Board) pane.Intent
}

// under returns the tile at a cell.
func (m *Model) under(x, y int) (layout.Tile, bool) {
	if len(m.stack) > 0 || m.screen.Line {
		return layout.Tile{}, false // a question is answered by a key
	}
	for _, t := range m.screen.Tiles {
		if x >= t.X && x < t.X+t.W && y >= t.Y && y < t.Y+t.H {
			return t, true
		}
	}
	return layout.Tile{}, false
}

// click focuses the pane under the pointer, and selects the row there.
func (m *Model) click(x, y int) tea.Cmd {
	t, ok := m.under(x, y)
	if !ok {
		return nil
	}
	m.focus(t.Kind)
	in := t.Inner()
	p, ok := m.panes[t.Kind].(rowed)
	if !ok || y < in.Y || y >= in.Y+in.H {
		return nil
	}
	return m.pointed(p.Row(y-in.Y, m.frame(in.W, in.H, t.Kind), m.board))
}

// wheel moves in the pane under the pointer.
func (m *Model) wheel(w tea.MouseWheelMsg) tea.Cmd {
	t, ok := m.under(w.X, w.Y)
	if !ok {
		return nil
	}
	a := keymap.Down
	if w.Button == tea.MouseWheelUp {
		a = keymap.Up
	}
	rows := wheelRows
	if t.Kind == pane.Pages {
		rows = 1 // each is another page that everything follows
	}
	in := t.Inner()
	var cmds []tea.Cmd
	for range rows {
		i, _ := m.panes[t.Kind].Handle(a, m.frame(in.W, in.H, t.Kind), m.board)
		cmds = append(cmds, m.pointed(i))
	}
	return tea.Batch(cmds...)
}

// pointed carries out what only changes what is looked at. A hand that brushes
// the mouse must do nothing else.
func (m *Model) pointed(i pane.Intent) tea.Cmd {
	switch i.(type) {
	case pane.Select, pane.CursorAt:
		return m.carryOut(i)
	}
	return nil
}
