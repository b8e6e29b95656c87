package overlay

import (
	"unicode"

	"charm.land/bubbles/v2/textinput"

	"conway/internal/text"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// atCursor is how many spans of a line with a cursor reach to its end: what stands
// before it, and the cursor itself.
const atCursor = 2

// withCursor draws one line of input with a block cursor over rune col and the
// marks on it.
func withCursor(line string, col int) pane.Line {
	r := []rune(line)
	col = max(0, min(col, len(r)))
	under, end := " ", col
	if col < len(r) {
		end++
		for end < len(r) && unicode.Is(unicode.M, r[end]) {
			end++
		}
		under = string(r[col:end])
	}
	return pane.L(
		pane.S(style.Input, text.Decode(string(r[:col]))),
		pane.S(style.Cursor, text.Decode(under)),
		pane.S(style.Input, text.Decode(string(r[end:]))),
	)
}

// typed draws what stands in a field in at most w cells, those around the cursor
// when there are more.
func typed(field textinput.Model, w int) pane.Line {
	l := withCursor(field.Value(), field.Position())
	over := l.Width() - w
	if over <= 0 {
		return l
	}
	from := max(0, min(l[:atCursor].Width()-max(1, w/2), over))
	return l.Slice(from, from+w)
}
