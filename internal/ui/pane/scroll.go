package pane

import "conway/internal/ui/keymap"

// Scroll is the position of a view in a list of rows. The zero value is at the
// top.
type Scroll struct{ Top int }

// Window returns the rows [from, to) that are shown of n in h rows, keeping the
// cursor row in sight; a negative cursor leaves the position alone.
func (s *Scroll) Window(n, h, cursor int) (from, to int) {
	s.Top = clamp(s.Top, n, h, cursor)
	return s.Top, min(n, s.Top+h)
}

// Visible is Window without remembering, for pure views.
func (s *Scroll) Visible(n, h, cursor int) (from, to int) {
	top := clamp(s.Top, n, h, cursor)
	return top, min(n, top+h)
}

func clamp(top, n, h, cursor int) int {
	if cursor >= 0 {
		if cursor < top {
			top = cursor
		}
		if h > 0 && cursor >= top+h {
			top = cursor - h + 1
		}
	}
	return max(0, min(top, n-h))
}

// Step returns how many rows an action moves by, and whether it is one that
// moves. Top and bottom move by more rows than there are.
func Step(a keymap.Action, h, n int) (by int, ok bool) {
	switch a {
	case keymap.Up:
		return -1, true
	case keymap.Down:
		return 1, true
	case keymap.PageUp:
		return -max(1, h-1), true
	case keymap.PageDown:
		return max(1, h-1), true
	case keymap.Top:
		return -n, true
	case keymap.Bottom:
		return n, true
	}
	return 0, false
}
