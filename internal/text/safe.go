package text

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
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
	s := fmt.Sprintf(string(format), vals...)
	return Safe{s, cellsOf(s)}
}

// Int returns n in decimal.
func Int(n int) Safe {
	s := strconv.Itoa(n)
	return Safe{s, len(s)}
}

// Concat returns the parts one after another.
func Concat(parts ...Safe) Safe {
	var b strings.Builder
	w := 0
	for _, p := range parts {
		b.WriteString(p.s)
		w += p.w
	}
	return Safe{b.String(), w}
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

// Slice returns the cells from (inclusive) to to (exclusive). A wide cluster cut
// in half by either end is replaced by a space, so that the width is exact.
func (s Safe) Slice(from, to int) Safe {
	from, to = max(0, from), min(to, s.w)
	if from >= to {
		return Safe{}
	}
	if len(s.s) == s.w { // ASCII: a cell is a byte
		return Safe{s.s[from:to], to - from}
	}
	var b strings.Builder
	x := 0
	kept := false
	for i := 0; i < len(s.s) && x <= to; {
		r, n := utf8.DecodeRuneInString(s.s[i:])
		w := runeCells(r)
		switch {
		case w == 0: // a mark belongs to the cluster before it
			if kept {
				b.WriteString(s.s[i : i+n])
			}
		case x >= from && x+w <= to:
			b.WriteString(s.s[i : i+n])
			kept = true
		case x < to && x+w > from:
			b.WriteByte(' ')
			kept = false
		default:
			kept = false
		}
		x += w
		i += n
	}
	return Safe{b.String(), to - from}
}

// Wrap breaks the text into lines of at most w cells, at spaces where it can.
func (s Safe) Wrap(w int) []Safe {
	if w <= 0 {
		return nil
	}
	var out []Safe
	rest := s
	for rest.w > w {
		cut := w
		head := rest.Slice(0, w+1).s
		if i := strings.LastIndexByte(head, ' '); i > 0 {
			if c := cellsOf(head[:i]); c > w/3 {
				cut = c
			}
		}
		out = append(out, rest.Slice(0, cut))
		rest = rest.Slice(cut, rest.w)
		rest = rest.trimLeft()
	}
	return append(out, rest)
}

func (s Safe) trimLeft() Safe {
	t := strings.TrimLeft(s.s, " ")
	return Safe{t, s.w - (len(s.s) - len(t))}
}

// cellsOf returns the width of text that is known to be safe.
func cellsOf(s string) int {
	w := 0
	for _, r := range s {
		w += runeCells(r)
	}
	return w
}
