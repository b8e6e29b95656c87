package gate

import (
	"strconv"

	"github.com/charmbracelet/x/ansi"
)

// colour is a colour as SGR names it: its kind in the highest byte, and below a
// number of the palette or red, green and blue. 0 is the terminal's own. The same
// colour named in two ways is two, because terminals let a person change one.
type colour uint32

const (
	// named are the sixteen by which SGR has codes of their own, indexed are those
	// of the palette of 256, mixed those of three parts.
	named colour = (iota + 1) << 24
	indexed
	mixed

	kindOf colour = 0xff << 24
)

// attrs are the attributes that looks lets pass.
type attrs uint8

const (
	bold attrs = 1 << iota
	faint
	italic
	underline
	reverse
)

// pen is all that SGR sets here: looks lets nothing else pass.
type pen struct {
	fg, bg colour
	attrs  attrs
}

// The codes of SGR that are looked at as the beginnings of ranges.
const (
	sgrForeground       = 30
	sgrBackground       = 40
	sgrBrightForeground = 90
	sgrBrightBackground = 100
	// sgrMore is what, added to the first of a range, means that the colour
	// follows, and sgrOwn that it is the terminal's own.
	sgrMore = 8
	sgrOwn  = 9
)

// apply returns what SGR with these parameters makes of the pen. They have passed
// looks.
func (p pen) apply(v *params) pen {
	if v.n == 0 {
		return pen{}
	}
	for i := 0; i < v.n; i++ {
		used := 0
		switch c := v.v[i]; {
		case c == 0:
			p = pen{}
		case c < sgrForeground:
			p.attrs = p.attrs.apply(c)
		case c >= sgrBrightBackground:
			p.bg = named | colour(c-sgrBrightBackground+8)
		case c >= sgrBrightForeground:
			p.fg = named | colour(c-sgrBrightForeground+8)
		case c >= sgrBackground:
			p.bg, used = colourOf(c-sgrBackground, v.v[i+1:])
		default:
			p.fg, used = colourOf(c-sgrForeground, v.v[i+1:])
		}
		i += used
	}
	return p
}

// colourOf takes a code from the first of its range on and what follows it, and
// returns the colour and how many parameters of those it used.
func colourOf(code int, more []int) (c colour, used int) {
	switch {
	case code == sgrOwn:
		return 0, 0
	case code != sgrMore:
		return named | colour(code), 0
	case more[0] == 5:
		return indexed | colour(more[1]), 2
	}
	return mixed | colour(more[1])<<16 | colour(more[2])<<8 | colour(more[3]), 4
}

func (a attrs) apply(code int) attrs {
	switch code {
	case 1:
		return a | bold
	case 2:
		return a | faint
	case 3:
		return a | italic
	case 4:
		return a | underline
	case 7:
		return a | reverse
	case 22:
		return a &^ (bold | faint)
	case 23:
		return a &^ italic
	case 24:
		return a &^ underline
	default: // 27
		return a &^ reverse
	}
}

// code appends a parameter.
func code(b []byte, n int) []byte {
	return append(strconv.AppendInt(b, int64(n), 10), ';')
}

// append appends the parameters that set the colour, in the range that begins
// with first.
func (c colour) append(b []byte, first int) []byte {
	low := int(c &^ kindOf)
	switch c & kindOf {
	case named:
		if low >= 8 {
			return code(b, low-8+first+sgrBrightForeground-sgrForeground)
		}
		return code(b, low+first)
	case indexed:
		return code(code(code(b, first+sgrMore), 5), low)
	case mixed:
		b = code(code(b, first+sgrMore), 2)
		return code(code(code(b, low>>16), low>>8&0xff), low&0xff)
	default:
		return code(b, first+sgrOwn)
	}
}

// append appends the parameters that put the attributes on.
func (a attrs) append(b []byte) []byte {
	for i, c := range [...]int{1, 2, 3, 4, 7} {
		if a&(1<<i) != 0 {
			b = code(b, c)
		}
	}
	return b
}

// appendAnew appends the sequence that makes any pen this one.
func (p pen) appendAnew(b []byte) []byte {
	if p == (pen{}) {
		return append(b, ansi.ResetStyle...)
	}
	return end(p.append(code(append(b, "\x1b["...), 0), pen{}))
}

// append appends the parameters that make from, of which nothing has to be put
// off, this pen.
func (p pen) append(b []byte, from pen) []byte {
	b = (p.attrs &^ from.attrs).append(b)
	if p.fg != from.fg {
		b = p.fg.append(b, sgrForeground)
	}
	if p.bg != from.bg {
		b = p.bg.append(b, sgrBackground)
	}
	return b
}

// end makes parameters of which each has its semicolon SGR.
func end(b []byte) []byte {
	b[len(b)-1] = 'm'
	return b
}

// appendFrom appends the shortest sequence that makes from this pen.
func (p pen) appendFrom(b []byte, from pen) []byte {
	if p == from {
		return b
	}
	at := len(b)
	b = append(b, "\x1b["...)
	if off := from.attrs &^ p.attrs; off != 0 {
		for i, c := range [...]attrs{bold | faint, italic, underline, reverse} {
			if off&c != 0 {
				b = code(b, [...]int{22, 23, 24, 27}[i])
				from.attrs &^= c
			}
		}
	}
	b = end(p.append(b, from))
	step := len(b) - at
	b = p.appendAnew(b)
	if anew := len(b) - at - step; anew < step {
		copy(b[at:], b[at+step:])
		return b[:at+anew]
	}
	return b[:at+step]
}

// fills reports whether cells that are erased, or that come in by scrolling, look
// with one pen as with the other. They have the background only; of a pen that
// underlines or reverses, terminals differ about it.
func (p pen) fills(as pen) bool {
	return p.bg == as.bg && (p.attrs|as.attrs)&(underline|reverse) == 0
}

// ink is the pen that was asked for and the one that the terminal has. They are
// made the same when something is drawn: what only moves needs no pen, and the
// library puts its own down before nearly every move and takes it up again.
type ink struct {
	asked, has pen
	// known is true when the terminal has the pen has, and due when the next to be
	// drawn needs it set from nothing.
	known, due bool
}

// ask takes SGR instead of writing it.
func (k *ink) ask(v *params) {
	k.asked = k.asked.apply(v)
	k.due = k.due || !k.known
}

// lose forgets what the terminal has.
func (k *ink) lose() { k.known, k.due = false, true }

// wet appends what gives the terminal the pen that was asked for.
func (k *ink) wet(out []byte) []byte {
	switch {
	case k.due:
		out = k.asked.appendAnew(out)
		k.known, k.due = true, false
	case k.asked != k.has:
		out = k.asked.appendFrom(out, k.has)
	}
	k.has = k.asked
	return out
}

// fill is wet for what leaves blank cells behind, for which much of a pen is the
// same.
func (k *ink) fill(out []byte) []byte {
	if !k.due && k.asked.fills(k.has) {
		return out
	}
	return k.wet(out)
}

// need is what of the pen a sequence needs.
type need uint8

const (
	// all is for what draws, and for what is not known well enough.
	all need = iota
	// blank is for what leaves blank cells behind.
	blank
	// none is for what only moves, and for the title.
	none
)

// needOf says what of the pen a sequence needs that passes.
func needOf(seq []byte) need {
	if seq[1] == ']' {
		return none // the title and links
	}
	if string(seq) == ansi.ReverseIndex {
		return blank // it may scroll
	}
	if seq[1] != '[' {
		return all
	}
	switch seq[len(seq)-1] {
	case 'A', 'B', 'C', 'D', 'G', 'd', '`', 'I', 'Z', 'H', 'r':
		return none
	case 'J', 'K', 'X', '@', 'P', 'L', 'M', 'S', 'T':
		return blank
	case 'h', 'l':
		switch string(seq[2 : len(seq)-1]) {
		case "?7", "?25", "?2026": // autowrap, the cursor, and the ends of a frame
			return none
		}
	}
	return all
}
