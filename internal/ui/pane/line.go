package pane

import (
	"slices"

	"conway/internal/text"
	"conway/internal/ui/style"
)

// Span is a run of cells of one role.
type Span struct {
	Role style.Role
	Text text.Safe
	// Link is the address that the terminal may open for the text, as it came from
	// outside, empty for none. It is drawn only for the hosts of the config.
	Link string
}

// S makes a Span.
func S(role style.Role, t text.Safe) Span { return Span{Role: role, Text: t} }

// with returns the span with another text.
func (s Span) with(t text.Safe) Span {
	s.Text = t
	return s
}

// Line is one row of spans.
type Line []Span

// L makes a Line.
func L(spans ...Span) Line { return spans }

// Width returns how many cells the line takes.
func (l Line) Width() int {
	w := 0
	for _, s := range l {
		w += s.Text.Width()
	}
	return w
}

// Fit returns the line in exactly w cells: cut with an ellipsis, or padded with
// the role of its last span.
func (l Line) Fit(w int) Line {
	if l.Width() == w {
		return slices.Clip(l) // whoever appends to it gets another
	}
	out := make(Line, 0, len(l)+1)
	left := w
	for i, s := range l {
		sw := s.Text.Width()
		if sw > left || (sw == left && left > 0 && l[i+1:].Width() > 0) {
			if left > 0 {
				// One cell beyond the room makes Truncate draw its ellipsis even when
				// this span alone would fit and a later one is lost.
				t := text.Concat(s.Text, text.Const("  ")).Truncate(left)
				out = append(out, s.with(t))
			}
			return out
		}
		out = append(out, s)
		left -= sw
	}
	if left > 0 {
		role := style.Text
		if n := len(l); n > 0 && l[n-1].Role == style.Selected {
			role = style.Selected
		}
		out = append(out, S(role, text.Safe{}.Pad(left)))
	}
	return out
}

// As returns the line with every span in the role, for a selected row.
func (l Line) As(role style.Role) Line {
	out := make(Line, len(l))
	for i, s := range l {
		s.Role = role
		out[i] = s
	}
	return out
}

// Split returns a line of width w with left at its start and right at its end.
// When both do not fit, right is kept whole and left is cut.
func Split(left, right Line, w int) Line {
	rw := right.Width()
	if rw == 0 {
		return left.Fit(w)
	}
	if rw+2 > w {
		return left.Fit(w)
	}
	if left.Width() > w-rw {
		left = append(left.Fit(w-rw-1), S(style.Text, text.Const(" ")))
	}
	return append(left.Fit(w-rw), right...)
}

// Block is a rectangle of lines.
type Block []Line

// Fit returns the block in exactly w by h cells. Lines beyond h are left out.
func (b Block) Fit(w, h int) Block {
	out := make(Block, 0, h)
	for _, l := range b {
		if len(out) == h {
			break
		}
		out = append(out, l.Fit(w))
	}
	for len(out) < h {
		out = append(out, Line(nil).Fit(w))
	}
	return out
}

// Wrap breaks the line into lines of at most w cells, wherever they end but
// within what is drawn as one.
func (l Line) Wrap(w int) []Line {
	if w <= 0 {
		return nil
	}
	out := []Line{nil}
	left := w
	for _, s := range l {
		for s.Text.Width() > left {
			head, tail := s.Text.Cut(left)
			last := len(out) - 1
			switch {
			case head.Width() <= left:
				out[last] = append(out[last], s.with(head))
				s.Text = tail
			case left == w: // it fits into no line
				out[last] = append(out[last], s.with(head.Truncate(w)))
				s.Text = tail
			}
			out, left = append(out, nil), w
		}
		if !s.Text.Empty() {
			last := len(out) - 1
			out[last] = append(out[last], s)
			left -= s.Text.Width()
		}
	}
	return out
}

// Paragraph breaks a text at its spaces into lines of at most w cells, all of one
// role.
func Paragraph(role style.Role, t text.Safe, w int) Block {
	lines := t.Wrap(max(1, w))
	out := make(Block, len(lines))
	for i, l := range lines {
		out[i] = L(S(role, l))
	}
	return out
}

// Slice returns the cells from (inclusive) to to (exclusive).
func (l Line) Slice(from, to int) Line {
	var out Line
	x := 0
	for _, s := range l {
		w := s.Text.Width()
		if a, b := max(from-x, 0), min(to-x, w); a < b {
			out = append(out, s.with(s.Text.Slice(a, b)))
		}
		x += w
	}
	return out
}
