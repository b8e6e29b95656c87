package text

import (
	"strings"
	"unicode/utf8"
)

// Slice returns the cells from (inclusive) to to (exclusive). A wide cluster cut
// in half by either end is replaced by spaces, so that the width is exact.
func (s Safe) Slice(from, to int) Safe {
	from, to = max(0, from), min(to, s.w)
	if from >= to {
		return Safe{}
	}
	if len(s.s) == s.w { // ASCII: a cell is a byte
		return Safe{s.s[from:to], to - from}
	}
	start, x := s.seek(from)
	head := 0
	if x > from { // a cluster reaches across the start
		head = min(x, to) - from
	}
	end, y := start, x
	for y < to {
		n, w := cluster(s.s[end:])
		if y+w > to {
			break
		}
		end, y = end+n, y+w
	}
	tail := max(0, to-max(y, from+head))
	if head == 0 && tail == 0 {
		return Safe{s.s[start:end], to - from}
	}
	return Safe{strings.Repeat(" ", head) + s.s[start:end] + strings.Repeat(" ", tail), to - from}
}

// Cut returns the text in two: as many whole clusters as fit into w cells, and
// what follows them. The first cluster is taken even when it does not fit, so
// that cutting again and again comes to an end.
func (s Safe) Cut(w int) (head, tail Safe) {
	if s.w <= w || s.s == "" {
		return s, Safe{}
	}
	if len(s.s) == s.w {
		w = max(1, w)
		return Safe{s.s[:w], w}, Safe{s.s[w:], s.w - w}
	}
	end, x := 0, 0
	for end < len(s.s) {
		n, c := cluster(s.s[end:])
		if x+c > w && x > 0 {
			break
		}
		end, x = end+n, x+c
	}
	return Safe{s.s[:end], x}, Safe{s.s[end:], s.w - x}
}

// seek returns the first cluster that starts at cell x or behind, and its cell.
func (s Safe) seek(x int) (offset, cell int) {
	for offset < len(s.s) && cell < x {
		n, w := cluster(s.s[offset:])
		offset, cell = offset+n, cell+w
	}
	return offset, cell
}

// cluster returns the bytes and cells of the first cluster of safe text: a code
// point with the marks on it.
func cluster(s string) (bytes, cells int) {
	r, n := utf8.DecodeRuneInString(s)
	cells = runeCells(r)
	for n < len(s) && s[n] >= utf8.RuneSelf {
		r, size := utf8.DecodeRuneInString(s[n:])
		if !attached(r) {
			break
		}
		n, cells = n+size, cells+runeCells(r)
	}
	return n, cells
}

// Wrap breaks the text into lines of at most w cells, at spaces where it can.
// Nothing is lost but the spaces at which a line was broken.
func (s Safe) Wrap(w int) []Safe {
	if w <= 0 {
		return nil
	}
	var out []Safe
	rest := s
	for rest.w > w {
		head, tail := rest.Cut(w)
		if !strings.HasPrefix(tail.s, " ") {
			if i := strings.LastIndexByte(head.s, ' '); i > 0 {
				if c := cellsOf(head.s[:i]); c > w/3 {
					head, tail = Safe{head.s[:i], c}, Safe{rest.s[i:], rest.w - c}
				}
			}
		}
		out = append(out, head)
		rest = tail.trimLeft()
	}
	return append(out, rest)
}

func (s Safe) trimLeft() Safe {
	t := strings.TrimLeft(s.s, " ")
	return Safe{t, s.w - (len(s.s) - len(t))}
}
