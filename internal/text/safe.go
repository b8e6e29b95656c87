package text

import (
	"fmt"
	"strconv"
	"strings"
)

// Safe is one line of text that cannot move the cursor, change a mode or take
// other than Width cells. The zero value is empty.
type Safe struct {
	s string
	w int
}

// constant is a string known when the program was compiled. It is unexported so
// that no other package can convert to it: only an untyped constant fits.
type constant string

// Const returns the program's own words as they are.
func Const(c constant) Safe { return Safe{string(c), cellsOf(string(c))} }

// Sprintf formats the program's own words around values. Arguments of type Safe
// go in as they are, strings, errors and Stringers are decoded like any other
// outside text, numbers and booleans as fmt would write them. %s, %d, %v, %q
// and their flags work; widths count bytes, so pad with [Safe.Pad] instead.
func Sprintf(format constant, args ...any) Safe {
	vals := make([]any, len(args))
	for i, a := range args {
		switch a := a.(type) {
		case Safe:
			vals[i] = a.s
		case string:
			vals[i] = Decode(a).s
		case []byte:
			vals[i] = Decode(string(a)).s
		case bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64:
			vals[i] = a
		case error:
			vals[i] = Decode(a.Error()).s
		case fmt.Stringer:
			vals[i] = Decode(a.String()).s
		default:
			vals[i] = Decode(fmt.Sprint(a)).s
		}
	}
	return scrub(fmt.Sprintf(string(format), vals...))
}

// scrub returns formatted text as safe text. Whatever a verb such as %c let
// through becomes a marker.
func scrub(s string) Safe {
	d := decoder{marks: -1}
	for i, r := range s {
		if Drawn(r) {
			d.w += runeCells(r)
			continue
		}
		d.b.WriteString(s[:i])
		for _, r := range s[i:] {
			if Drawn(r) {
				d.put(r, runeCells(r))
			} else {
				d.marker(codePoint(r))
			}
		}
		return Safe{d.b.String(), d.w}
	}
	return Safe{s, d.w}
}

// Int returns n in decimal.
func Int(n int) Safe {
	s := strconv.Itoa(n)
	return Safe{s, len(s)}
}

// Concat returns the parts one after another.
func Concat(parts ...Safe) Safe {
	var b strings.Builder
	w, size := 0, 0
	for _, p := range parts {
		size += len(p.s)
	}
	b.Grow(size)
	for _, p := range parts {
		b.WriteString(p.s)
		w += p.w
	}
	return Safe{b.String(), w}
}

// Repeat returns the text n times, one after another.
func (s Safe) Repeat(n int) Safe {
	n = max(0, n)
	return Safe{strings.Repeat(s.s, n), s.w * n}
}

// Join returns the parts with sep between them, leaving empty parts out.
func Join(parts []Safe, sep Safe) Safe {
	var out []Safe
	for _, p := range parts {
		if p.w == 0 {
			continue
		}
		if len(out) > 0 {
			out = append(out, sep)
		}
		out = append(out, p)
	}
	return Concat(out...)
}

// Width returns how many cells the text takes.
func (s Safe) Width() int { return s.w }

// Empty reports whether there is nothing to draw.
func (s Safe) Empty() bool { return s.w == 0 }

// String returns the text for a terminal, markers included.
func (s Safe) String() string { return s.s }

// ellipsis ends a text that was cut.
const ellipsis = "…"

// Fit returns the text in exactly w cells, cut with an ellipsis or padded with
// spaces on the right.
func (s Safe) Fit(w int) Safe { return s.Truncate(w).Pad(w) }

// Pad returns the text with spaces on the right up to w cells.
func (s Safe) Pad(w int) Safe {
	if s.w >= w {
		return s
	}
	return Safe{s.s + strings.Repeat(" ", w-s.w), w}
}

// PadLeft returns the text with spaces on the left up to w cells.
func (s Safe) PadLeft(w int) Safe {
	if s.w >= w {
		return s
	}
	return Safe{strings.Repeat(" ", w-s.w) + s.s, w}
}

// Truncate returns the text in at most w cells, with an ellipsis in the last one
// if anything was cut.
func (s Safe) Truncate(w int) Safe {
	if s.w <= w {
		return s
	}
	if w <= 0 {
		return Safe{}
	}
	head := s.Slice(0, w-1)
	return Safe{head.s + ellipsis, head.w + 1}
}

// cellsOf returns the width of text that is known to be safe.
func cellsOf(s string) int {
	w := 0
	for _, r := range s {
		w += runeCells(r)
	}
	return w
}
