package board

import (
	"cmp"
	"slices"
)

const (
	// foundRoom is how much of a text is looked at for what was found in it: far
	// more than a screen shows of a line.
	foundRoom = 16 << 10
	// foundMost bounds the places that are told of one text.
	foundMost = 256
)

// Finds reports whether the query looks for a text or an expression, which Found
// can point at.
func (q Query) Finds() bool {
	return slices.ContainsFunc(q.terms, func(t term) bool { return !t.not && t.test == nil })
}

// Found returns where a text holds what the query looks for, from start to end in
// bytes, in order and none touching another. What must not be there, and levels,
// have no place.
func (q Query) Found(s string) [][2]int {
	s = s[:min(len(s), foundRoom)]
	var out [][2]int
	for i := range q.terms {
		if t := &q.terms[i]; !t.not && t.test == nil {
			out = append(out, t.places(s)...)
		}
	}
	slices.SortFunc(out, func(a, b [2]int) int { return cmp.Compare(a[0], b[0]) })
	joined := out[:0]
	for _, p := range out {
		if n := len(joined); n > 0 && p[0] <= joined[n-1][1] {
			joined[n-1][1] = max(joined[n-1][1], p[1])
			continue
		}
		joined = append(joined, p)
	}
	return joined
}

func (t *term) places(s string) [][2]int {
	var out [][2]int
	if t.re != nil {
		if t.text != nil && t.text.index(s, 0) < 0 {
			return nil
		}
		for _, p := range t.re.FindAllStringIndex(s, foundMost) {
			if p[0] < p[1] {
				out = append(out, [2]int{p[0], p[1]})
			}
		}
		return out
	}
	n := t.text
	if t.key != "" {
		n = newNeedle(t.key+"="+t.value, false)
	}
	if n == nil || n.text == "" {
		return nil
	}
	for from := 0; len(out) < foundMost; {
		i := n.index(s, from)
		if i < 0 {
			break
		}
		from = i + len(n.text)
		out = append(out, [2]int{i, from})
	}
	return out
}
