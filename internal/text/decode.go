package text

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxBytes bounds the text made of one line, and with it the work; what
	// follows is cut. A screen shows a few hundred cells of it.
	maxBytes = 48 << 10
	// maxMarks is how many marks a letter may carry. Vietnamese needs two, Hebrew
	// with cantillation three, Burmese four; tmux keeps no more than fit 21 bytes.
	maxMarks = 4
	// tabWidth is how many spaces a tab becomes.
	tabWidth = 4
)

// The signs that only the decoder writes.
const (
	markOpen  = '⟪' // opens a marker
	markClose = '⟫'
	// pictures are the Unicode Control Pictures: U+2400 stands for U+0000.
	pictures    = 0x2400
	picturesEnd = 0x243f
	deletion    = '␡'
	// hardSpace is a space at which no line may break.
	hardSpace = '␣'
	// emojiStyle is a selector that asks for a symbol's emoji form.
	emojiStyle = '␢'
)

// Decode returns the raw bytes of one line as safe text. A newline in it becomes
// a marker, so one call never makes two lines. Invalid UTF-8, control, format,
// private and unassigned code points, and whatever terminals disagree about the
// width of, become markers.
func Decode(raw string) Safe {
	if len(raw) <= maxBytes && plainPrefix(raw) == len(raw) {
		return Safe{raw, len(raw)}
	}
	d := decoder{marks: -1}
	d.b.Grow(min(len(raw), maxBytes) + 16)
	rest := d.line(raw)
	if rest > 0 {
		d.put(' ', 1)
		d.marker("cut")
	}
	s := d.b.String()
	if d.b.Cap() > 2*len(s) {
		s = strings.Clone(s)
	}
	return Safe{s, d.w}
}

// Bare decodes a line that somebody is about to run: nothing is drawn as it is
// but printable ASCII, so that no letter can pass for another. A tab is a marker
// too. No two different lines look alike.
func Bare(raw string) Safe {
	if len(raw) <= maxBytes && plainPrefix(raw) == len(raw) {
		return Safe{raw, len(raw)}
	}
	d := decoder{marks: -1, bare: true}
	if d.line(raw) > 0 {
		d.put(' ', 1)
		d.marker("cut")
	}
	return Safe{d.b.String(), d.w}
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

// plainPrefix returns how many leading bytes are printable ASCII. It looks at
// eight bytes at a time: most lines of most logs are nothing else.
func plainPrefix(s string) int {
	const (
		high  = 0x8080808080808080
		ones  = 0x0101010101010101
		space = 0x2020202020202020
	)
	i := 0
	for ; i+8 <= len(s); i += 8 {
		c := s[i : i+8]
		x := uint64(c[0]) | uint64(c[1])<<8 | uint64(c[2])<<16 | uint64(c[3])<<24 |
			uint64(c[4])<<32 | uint64(c[5])<<40 | uint64(c[6])<<48 | uint64(c[7])<<56
		// The high bit of a byte is set in the first when it is beyond ASCII, in
		// the second when it is DEL, and clear in the third when it is a control.
		if (x|(x+ones)|^((x|high)-space))&high != 0 {
			break
		}
	}
	for ; i < len(s); i++ {
		if s[i]-0x20 > 0x7e-0x20 {
			break
		}
	}
	return i
}

type decoder struct {
	b strings.Builder
	w int
	// last is the code point before, drawn or not.
	last rune
	// marks counts the marks on the letter before; negative when there is none to
	// carry one.
	marks int
	// bare draws nothing beyond ASCII as it is.
	bare bool
}

// line decodes raw until it ends or there is no more room, and returns how many
// bytes are left.
func (d *decoder) line(raw string) int {
	for raw != "" {
		room := maxBytes - d.b.Len()
		if room <= 0 {
			return len(raw)
		}
		if n := plainPrefix(raw[:min(len(raw), room)]); n > 0 {
			d.plain(raw[:n])
			raw = raw[n:]
			continue
		}
		r, n := utf8.DecodeRuneInString(raw)
		if r == utf8.RuneError && n == 1 {
			d.marker(string("0123456789ABCDEF"[raw[0]>>4]) + string("0123456789ABCDEF"[raw[0]&15]))
		} else {
			d.rune(r)
		}
		d.last = r
		raw = raw[n:]
	}
	return 0
}

func (d *decoder) plain(s string) {
	d.b.WriteString(s)
	d.w += len(s)
	d.last, d.marks = rune(s[len(s)-1]), -1
	if carries(d.last) {
		d.marks = 0
	}
}

func (d *decoder) put(r rune, w int) {
	d.b.WriteRune(r)
	d.w += w
	d.marks = -1
}

func (d *decoder) marker(name string) {
	d.b.WriteRune(markOpen)
	d.b.WriteString(name)
	d.b.WriteRune(markClose)
	d.w += len(name) + 2
	d.marks = -1
}

// rune writes one code point beyond printable ASCII.
func (d *decoder) rune(r rune) {
	switch {
	case d.bare && r >= 0x80:
		d.marker(codePoint(r))
		return
	case r == '\t' && !d.bare:
		d.b.WriteString("    ")
		d.w += tabWidth
		d.marks = -1
		return
	case r < 0x20:
		d.put(pictures+r, 1)
		return
	case r == 0x7f:
		d.put(deletion, 1)
		return
	case r == 0xa0:
		d.put(hardSpace, 1)
		return
	case r == 0xfe0f && hasEmojiStyle(d.last):
		d.put(emojiStyle, 1)
		return
	}
	c := classOf(r)
	switch {
	case c == narrow, c == wide:
		d.put(r, int(c-'0'))
		if carries(r) {
			d.marks = 0
		}
	case c != uncertain && d.marks >= 0 && d.marks < maxMarks:
		d.b.WriteRune(r)
		d.marks++
		if c == spacing {
			d.w++
		}
	default:
		d.marker(codePoint(r))
	}
}

// hasEmojiStyle reports whether r is a symbol that a variation selector turns
// into an emoji in ordinary text. A warning sign is written so in half of all
// alerts; the selector is then one sign and not eight.
func hasEmojiStyle(r rune) bool {
	return r > 0xa8 && r < 0x1f900 && unicode.In(r, unicode.S, unicode.P) && classOf(r) == narrow
}

func codePoint(r rune) string {
	h := strings.ToUpper(strconv.FormatInt(int64(r), 16))
	return "U+" + strings.Repeat("0", max(0, 4-len(h))) + h
}

// own reports whether r is a sign that the decoder draws with and lets nobody
// else draw.
func own(r rune) bool {
	return r == markOpen || r == markClose || r >= pictures && r <= picturesEnd
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
	return own(r), false
}
