package steps

import (
	"conway/internal/board"
	"conway/internal/ui/pane"
)

// ran draws a selected step that was run and does not fit: how it went, and the
// end of what it printed. What it would do was read before it ran, and scrolling
// shows it again. It returns nil for every other step.
func (p *Pane) ran(pg page, f pane.Frame, b board.Board) pane.Block {
	sel := p.selected(f, len(pg.from))
	if p.free && p.of == path(f) || sel >= len(pg.from) || f.Height < 2 {
		return nil
	}
	from, to := pg.from[sel], pg.to[sel]
	if to-from <= f.Height {
		return nil
	}
	// What was typed by hand was run, or it would not be listed.
	if steps := stepsOf(f); sel < len(steps) {
		if r, ok := Last(b, f.Scene, steps[sel]); !ok || len(output(r, f)) == 0 {
			return nil
		}
	}
	return append(pane.Block{pg.lines[from]}, pg.lines[to-f.Height+1:to]...)
}
