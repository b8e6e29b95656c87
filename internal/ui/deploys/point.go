package deploys

import (
	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/ui/pane"
)

// Row returns the intent of pointing at a row of the view: to put the time cursor
// on its deploy.
func (p *Pane) Row(y int, f pane.Frame, b board.Board) pane.Intent {
	rows := p.Rows(f, b)
	from, to := p.scroll.Visible(len(rows), f.Height, indexOf(rows, p.cursor))
	if y += from; y < from || y >= to {
		return nil
	}
	p.cursor = rows[y].Ref
	p.scroll.Window(len(rows), f.Height, y)
	return pane.CursorAt{At: rows[y].When()}
}

// Pointed returns the deploy under the cursor.
func (p *Pane) Pointed(f pane.Frame, b board.Board) (oncall.Deploy, bool) {
	rows := p.Rows(f, b)
	i := indexOf(rows, p.cursor)
	if i < 0 {
		return oncall.Deploy{}, false
	}
	return rows[i], true
}
