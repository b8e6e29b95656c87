package gate

// maxDigits bounds a parameter: no screen is larger than four digits say, a repeat
// or an insert by billions is not ours, and nor are zeros before a number.
const maxDigits = 4

// verdict is what becomes of a complete sequence.
type verdict uint8

const (
	foreign verdict = iota // dropped and counted
	ours                   // passes
	unasked                // dropped: the library sends it, and the program does not want it
)

// when is a verdict on what is ours only if a condition holds.
func when(ok bool) verdict {
	if ok {
		return ours
	}
	return foreign
}

// params are the numbers of a sequence; one that is left out is 0.
type params struct {
	v [20]int
	n int
}

// read reads numbers separated by semicolons.
func (p *params) read(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	p.n = 1
	digits := 0
	for _, c := range b {
		switch {
		case c == ';':
			if p.n == len(p.v) {
				return false
			}
			p.n++
			digits = 0
		case c >= '0' && c <= '9' && digits < maxDigits:
			digits++
			v := &p.v[p.n-1]
			*v = *v*10 + int(c-'0')
		default:
			return false
		}
	}
	return true
}

// judge says what becomes of a CSI sequence, given without its introducer.
func judge(body []byte) verdict {
	final := body[len(body)-1]
	body = body[:len(body)-1]
	if len(body) > 0 && body[0] >= '<' && body[0] <= '?' {
		return private(body, final)
	}
	if final == 'q' { // the cursor's shape
		return when(string(body) == " " || len(body) == 2 && body[1] == ' ' && body[0] >= '0' && body[0] <= '6')
	}
	var p params
	if !p.read(body) {
		return foreign
	}
	switch final {
	case 'm':
		return when(looks(&p))
	case 'A', 'B', 'C', 'D', 'G', 'd', '`', 'I', 'Z', // cursor
		'X', '@', 'P', 'L', 'M', 'S', 'T', 'b': // erase, insert, delete, scroll, repeat
		return when(p.n <= 1)
	case 'H', 'r': // cursor, scroll region
		return when(p.n <= 2)
	case 'J', 'K': // erase; never the scrollback
		return when(p.n <= 1 && p.v[0] <= 2)
	case 'h', 'l': // insert mode, where a terminal cannot insert cells
		return when(string(body) == "4")
	}
	return foreign
}

// private judges a sequence whose parameters begin with one of < = > ?.
func private(body []byte, final byte) verdict {
	switch string(body) + string(final) {
	case "?u", "?2026$p", // which keyboard protocol; whether output is synchronised
		"?5W",          // tab stops every 8 columns
		">4;2m", ">4m", // modifyOtherKeys
		">1u", "<u", "<1u", "=1;1u": // the keyboard protocol's first level pushed, popped and set
		return ours
	case "?2027$p", "?2027h", "?2027l":
		return unasked // whether the terminal measures by clusters: see Filter
	}
	if final != 'h' && final != 'l' {
		return foreign
	}
	switch string(body) {
	case "?7", "?25", "?2004", "?2026", "?1049": // autowrap, cursor, bracketed paste, synchronised output, alternate screen
		return ours
	}
	return foreign
}

// looks reports whether the parameters of SGR are attributes that themes have:
// bold, faint, italic, underline, reverse and colours. Blinking and concealing
// are nobody's here.
func looks(p *params) bool {
	for i := 0; i < p.n; i++ {
		switch v := p.v[i]; {
		case v <= 4, v == 7, v >= 22 && v <= 24, v == 27:
		case v >= 30 && v <= 37, v == 39, v >= 40 && v <= 47, v == 49, v >= 90 && v <= 97, v >= 100 && v <= 107:
		case (v == 38 || v == 48) && i+2 < p.n && p.v[i+1] == 5 && p.v[i+2] < 256:
			i += 2
		case (v == 38 || v == 48) && i+4 < p.n && p.v[i+1] == 2 && max(p.v[i+2], p.v[i+3], p.v[i+4]) < 256:
			i += 4
		default:
			return false
		}
	}
	return true
}
