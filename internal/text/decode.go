package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

const (
	// maxInput bounds the work on one line, in bytes; what follows is cut. A
	// screen shows a few hundred cells of it.
	maxInput = 64 << 10
	// maxMarks is how many combining marks a letter may carry. Real text needs
	// at most three (Vietnamese two, Hebrew with cantillation three).
	maxMarks = 3
	// tabWidth is how many spaces a tab becomes.
	tabWidth = 4

	markOpen  = '⟪' // opens a marker; the decoder lets no other one through
	markClose = '⟫'
	// pictures are the Unicode Control Pictures: U+2400 stands for U+0000.
	pictures = 0x2400
)

// Decode returns the raw bytes of one line as safe text. A newline in it becomes
// a marker, so one call never makes two lines. Invalid UTF-8, control, format,
// private and unassigned code points, and whatever terminals disagree about the
// width of, become markers.
func Decode(raw string) Safe {
	if n := asciiPrefix(raw); n == len(raw) && n <= maxInput {
		return Safe{raw, n}
	}
	return decodeSlow(raw)
}

// Lines splits raw at its newlines and decodes each line. A trailing newline
// ends the last line and starts none.
func Lines(raw string) []Safe {
	raw = strings.TrimSuffix(raw, "\n")
	var out []Safe
	for l := range strings.SplitSeq(raw, "\n") {
		out = append(out, Decode(strings.TrimSuffix(l, "\r")))
	}
	return out
}

// asciiPrefix returns how many leading bytes are printable ASCII.
func asciiPrefix(s string) int {
	for i := range len(s) {
		if s[i]-0x20 > 0x7e-0x20 {
			return i
		}
	}
	return len(s)
}

func decodeSlow(raw string) Safe {
	cut := len(raw) > maxInput
	if cut {
		raw = raw[:maxInput]
		// A rune cut in half at the cap is the cap's doing, not the sender's.
		for i := 0; i < utf8.UTFMax-1 && len(raw) > 0 && !utf8.RuneStart(raw[len(raw)-1]); i++ {
			raw = raw[:len(raw)-1]
		}
		if r, _ := utf8.DecodeLastRuneInString(raw); r == utf8.RuneError && len(raw) > 0 {
			raw = raw[:len(raw)-1]
		}
	}
	d := decoder{marks: -1}
	d.b.Grow(len(raw) + 16)
	for i := 0; i < len(raw); {
		r, n := utf8.DecodeRuneInString(raw[i:])
		if r == utf8.RuneError && n <= 1 {
			d.mark(fmt.Sprintf("%02X", raw[i]))
			i++
			continue
		}
		d.rune(r)
		i += n
	}
	if cut {
		d.put(' ', 1)
		d.mark("cut")
	}
	return Safe{d.b.String(), d.w}
}

type decoder struct {
	b strings.Builder
	w int
	// marks counts combining marks on the letter before; negative when there is
	// none to carry one.
	marks int
}

func (d *decoder) put(r rune, w int) {
	d.b.WriteRune(r)
	d.w += w
	d.marks = -1
}

func (d *decoder) mark(name string) {
	d.b.WriteRune(markOpen)
	d.b.WriteString(name)
	d.b.WriteRune(markClose)
	d.w += len(name) + 2
	d.marks = -1
}

func (d *decoder) rune(r rune) {
	switch {
	case r >= 0x20 && r < 0x7f:
		d.put(r, 1)
		if unicode.IsLetter(r) {
			d.marks = 0
		}
	case r == '\t':
		for range tabWidth {
			d.put(' ', 1)
		}
	case r < 0x20:
		d.put(pictures+r, 1)
	case r == 0x7f:
		d.put(pictures+0x21, 1)
	case r == 0xa0: // a no-break space looks like a space
		d.put(' ', 1)
	case unicode.Is(unicode.Mn, r) && combines(r):
		if d.marks < 0 || d.marks >= maxMarks {
			d.mark(fmt.Sprintf("U+%04X", r))
			return
		}
		d.b.WriteRune(r)
		d.marks++
	case certain(r):
		d.put(r, runeCells(r))
		if unicode.IsLetter(r) {
			d.marks = 0
		}
	default:
		d.mark(fmt.Sprintf("U+%04X", r))
	}
}

// combines reports whether a nonspacing mark takes no cell of its own wherever
// it is drawn. Variation selectors change the width of what they follow.
func combines(r rune) bool {
	switch {
	case r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0100 && r <= 0xe01ef, // variation selectors
		r >= 0x180b && r <= 0x180f, // Mongolian variation selectors
		r == 0x034f:                // combining grapheme joiner, invisible
		return false
	}
	return r < 0x3000 // beyond are marks that terminals give a cell
}

// certain reports whether r is drawn, and in the same number of cells by every
// terminal: letters, numbers, punctuation and symbols of one code point each.
func certain(r rune) bool {
	switch {
	case r == markOpen, r == markClose, r >= pictures && r < pictures+0x40:
		return false // ours: data must not look like a marker
	case r >= 0x1160 && r <= 0x11ff, r >= 0xd7b0 && r <= 0xd7ff: // conjoining jamo
		return false
	case r == 0x115f, r == 0x3164, r == 0xffa0, r == 0x2800, r == 0x16fe4: // letters and symbols that are blank
		return false
	case r >= 0x1f1e6 && r <= 0x1f1ff, r >= 0x1f3fb && r <= 0x1f3ff: // halves of flags, skin tones
		return false
	case r == 0x3000:
		return true
	case r > 0x1faff && r < 0x20000: // newer than many terminals' tables
		return false
	case r == 0xfdfd || r >= 0x12000 && r <= 0x1254f: // far wider than their cell
		return false
	}
	return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S)
}

// runeCells returns the width of a rune that is known to be safe.
func runeCells(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.Is(unicode.Mn, r):
		return 0
	}
	if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
		return 2
	}
	return 1
}

// IsMarker reports whether r can only have been written by the decoder, so that
// a renderer can draw it in a colour that data never has. inside says whether
// the rune before was part of a bracketed marker.
func IsMarker(r rune, inside bool) (marker, stillInside bool) {
	switch {
	case r == markOpen:
		return true, true
	case r == markClose:
		return true, false
	case inside:
		return true, true
	}
	return r >= pictures && r < pictures+0x40, false
}
