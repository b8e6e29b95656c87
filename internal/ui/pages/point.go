package pages

import (
	"conway/internal/board"
	"conway/internal/ui/pane"
)

// Row returns the intent of pointing at a row of the view: to select its page.
func (p *Pane) Row(y int, f pane.Frame, b board.Board) pane.Intent {
	rows := p.Rows(b)
	from, to := p.scroll.Visible(len(rows), f.Height, indexOf(rows, f.Scene.Page))
	if y += from; y < from || y >= to {
		return nil
	}
	p.scroll.Window(len(rows), f.Height, y)
	return pane.Select{Ref: rows[y].Page.Ref}
}
