package text

import (
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// class is how a code point may be drawn.
type class byte

// The classes as they are written in the table.
const (
	// uncertain is drawn as a marker: what terminals disagree about, what cannot
	// be seen, and what nobody has assigned.
	uncertain class = 0
	// narrow and wide take one and two cells wherever they are.
	narrow class = '1'
	wide   class = '2'
	// mark takes no cell: it is drawn on the letter before it.
	mark class = '0'
	// spacing is a mark that terminals give a cell of its own or none, such as
	// the vowel signs of Devanagari. It is given one, and is anchored.
	spacing class = 'm'
)

// entry is the length of a range in the table: first and last code point in
// three bytes each, and the class.
const entry = 7

// classOf looks r up in the table. What tiles are framed with is most of what is
// looked up, and is known.
func classOf(r rune) class {
	if r >= '─' && r <= '▟' {
		return narrow
	}
	lo, hi := 0, len(ranges)/entry
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if e := ranges[mid*entry : mid*entry+entry]; r > runeAt(e[3:]) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo*entry == len(ranges) {
		return uncertain
	}
	e := ranges[lo*entry : lo*entry+entry]
	if r < runeAt(e) {
		return uncertain
	}
	return class(e[6])
}

func runeAt(e string) rune { return rune(e[0])<<16 | rune(e[1])<<8 | rune(e[2]) }

// runeCells returns the width of a rune that is known to be safe.
func runeCells(r rune) int {
	if r < 0x300 {
		return 1
	}
	switch classOf(r) {
	case mark:
		return 0
	case wide:
		return 2
	case narrow, spacing, uncertain: // the decoder's own signs are one cell each
	}
	return 1
}

// attached reports whether r is drawn together with what is before it.
func attached(r rune) bool {
	if r < 0x300 {
		return false
	}
	c := classOf(r)
	return c == mark || c == spacing
}

// carries reports whether a mark may be drawn on r.
func carries(r rune) bool { return unicode.IsLetter(r) }

// Drawn reports whether r may be sent to a terminal: it is on the decoder's
// allow-list, or one of the signs that the decoder itself draws with.
func Drawn(r rune) bool {
	cells, _ := Place(0, r)
	return cells >= 0
}

// Cells returns how many cells a rune that may be drawn takes.
func Cells(r rune) int { return runeCells(r) }

// Place says how r is drawn after prev: in how many cells, negative for not at
// all, and whether it is to be anchored, because it was given those cells
// although terminals disagree about them. Whoever writes it to a terminal puts
// the cursor behind them afterwards. Anchored are the marks that some terminals
// join to the letter before (Mc, Thai and Lao AM, halfwidth voiced sound marks),
// and the letter after a virama, which some join to a conjunct of one cell (rule
// GB9c of Unicode annex 29).
func Place(prev, r rune) (cells int, anchored bool) {
	if r < 0x7f {
		if r < 0x20 {
			return -1, false
		}
		return 1, false
	}
	switch classOf(r) {
	case narrow:
		return 1, joined(prev, r)
	case wide:
		return 2, joined(prev, r)
	case spacing:
		return 1, true
	case mark:
		return 0, false
	case uncertain:
	}
	if own(r) {
		return 1, false
	}
	return -1, false
}

// joined reports whether a terminal may draw r as part of the cluster of prev.
func joined(prev, r rune) bool { return attached(prev) && carries(r) && Virama(prev) }

// Virama reports whether a mark kills the vowel of the letter before it. The
// letter behind it, also behind further marks, may be drawn as part of the same
// cluster (UAX #29, GB9c): for Place it is still what comes before.
func Virama(r rune) bool {
	const combiningClass = 9 // of all viramas, and of nothing else
	return norm.NFC.PropertiesString(string(r)).CCC() == combiningClass
}
