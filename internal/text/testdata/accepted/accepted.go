// Package accepted is what views write. It compiles.
package accepted

import (
	"conway/internal/text"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

const word = "word"

// Line is drawn from outside text in the ways that are allowed.
func Line(outside string) pane.Line {
	return pane.L(
		pane.S(style.Text, text.Const("literal")),
		pane.S(style.Text, text.Const(word)),
		pane.S(style.Text, text.Decode(outside)),
		pane.S(style.Text, text.Sprintf("%s", outside)),
		pane.Span{Role: style.Text, Text: text.Decode(outside)},
	)
}
