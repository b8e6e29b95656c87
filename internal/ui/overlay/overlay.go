// Package overlay holds what opens above the panes and takes the keys while it
// is there: the help, the palette, the editor of a note, the screen that shows a
// step's exact bytes, and the questions. An overlay does nothing itself; it
// answers a key with a [Result], and the root decides.
package overlay

import (
	tea "charm.land/bubbletea/v2"

	"conway/internal/board"
	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// Result is what an overlay wants after a key.
type Result struct {
	// Close takes the overlay off the stack.
	Close bool
	// Intent is carried out, nil for none.
	Intent pane.Intent
	// Action is done as if its key had been pressed, empty for none.
	Action keymap.Action
}

// Overlay is one layer of the stack.
type Overlay interface {
	// Title is drawn in the border.
	Title(pane.Frame, board.Board) pane.Line
	// View draws the inside; the root fits it to the frame.
	View(pane.Frame, board.Board) pane.Block
	// Size returns the room it would like inside its border, of what there is.
	Size(w, h int) (int, int)
	// Key takes a key press. It is never called with a key that was pressed
	// before the overlay was drawn.
	Key(tea.KeyPressMsg, pane.Frame, board.Board) Result
	// Paste takes pasted text. It is never taken for keys.
	Paste(string)
}

// titled writes a title and behind it the keys, in the first of these words that the
// border has room for beside its corners.
func titled(title text.Safe, w int, keys ...text.Safe) pane.Line {
	l := pane.L(pane.S(style.Heading, title))
	for _, k := range keys {
		if title.Width()+k.Width() <= w-2 {
			return append(l, pane.S(style.Dim, k))
		}
	}
	return l
}
