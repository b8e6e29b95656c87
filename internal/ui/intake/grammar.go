package intake

import "bytes"

// verdict is what a whole CSI sequence is.
type verdict uint8

const (
	foreign    verdict = iota
	pressed            // a key, or the answer to what was asked
	protocol           // the keyboard protocol's answer
	pasteStart         // the mark before a paste
	linuxKey           // the beginning of one of the Linux console's function keys
	click              // the mouse
	wheel
)

// trailing returns how many bare bytes follow a sequence of an old mouse
// protocol: a report, and the start and the end of a tracked selection.
func trailing(body []byte) int {
	switch string(body) {
	case "M":
		return 3
	case "T":
		return 6
	case "t":
		return 2
	}
	return 0
}

// judge says what a CSI sequence is, given without its introducer.
func judge(body []byte) verdict {
	final := body[len(body)-1]
	params := body[:len(body)-1]
	if len(params) > 0 && params[0] >= '<' {
		return private(params, final)
	}
	switch final {
	case 'A', 'B', 'C', 'D', 'E', 'F', 'H', 'P', 'Q', 'S', 'Z':
		// The modified F3 is left out: it cannot be told from where the cursor is.
		if len(params) == 0 || modified(params, isOne) {
			return pressed
		}
	case '[':
		if len(params) == 0 {
			return linuxKey
		}
	case '~':
		return tilde(params)
	case 'u':
		if coded(params) {
			return pressed
		}
	}
	return foreign
}

// private judges a sequence whose parameters begin with one of < = > ?.
func private(params []byte, final byte) verdict {
	rest := params[1:]
	switch {
	case params[0] == '?' && final == 'u' && len(rest) > 0 && len(rest) <= 3 && digits(rest):
		return protocol
	case params[0] == '?' && final == 'y' && bytes.HasPrefix(rest, []byte("2026;")) && len(rest) == 7:
		return pressed // whether output is synchronised
	case params[0] == '<' && final == 'M':
		return mouse(rest)
	}
	return foreign
}

// mouse judges a report; those of a button let go or of a move are nobody's.
func mouse(params []byte) verdict {
	fields := bytes.Split(params, []byte(";"))
	if len(fields) != 3 || !digits(fields[1]) || !digits(fields[2]) || len(fields[1]) > 4 || len(fields[2]) > 4 {
		return foreign
	}
	switch string(fields[0]) {
	case "0":
		return click
	case "64", "65":
		return wheel
	}
	return foreign
}

// tilde judges the keys that are numbered.
func tilde(params []byte) verdict {
	switch {
	case string(params) == "200":
		return pasteStart
	case bytes.HasPrefix(params, []byte("27;")):
		// modifyOtherKeys: 27, the modifiers, the character.
		fields := bytes.Split(params, []byte(";"))
		if len(fields) == 3 && digits(fields[1]) && digits(fields[2]) && len(fields[1]) <= 3 && len(fields[2]) <= 7 {
			return pressed
		}
	case digits(params) && isKey(params), modified(params, isKey):
		return pressed
	}
	return foreign
}

// isOne reports whether a number is 1.
func isOne(n []byte) bool { return string(n) == "1" }

// isKey reports whether a number is that of a key.
func isKey(n []byte) bool {
	v, ok := number(n)
	return ok && (v >= 1 && v <= 8 || v >= 11 && v <= 15 || v >= 17 && v <= 21 || v >= 23 && v <= 34 && v != 27 && v != 30)
}

// modified reports whether the parameters are a number and modifiers, which may
// have a kind of event: 1;5 or 1;5:3.
func modified(params []byte, first func([]byte) bool) bool {
	n, mods, ok := bytes.Cut(params, []byte(";"))
	return ok && first(n) && modifiers(mods)
}

func modifiers(b []byte) bool {
	mods, kind, has := bytes.Cut(b, []byte(":"))
	return digits(mods) && len(mods) <= 3 && (!has || len(kind) == 1 && digits(kind))
}

// coded reports whether the parameters are those of the keyboard protocol, as
// far as it is asked for: a code point with its variants, and modifiers.
func coded(params []byte) bool {
	code, mods, has := bytes.Cut(params, []byte(";"))
	if has && !modifiers(mods) {
		return false
	}
	for i, c := range bytes.Split(code, []byte(":")) {
		if len(c) == 0 && i > 0 {
			continue
		}
		if v, ok := number(c); !ok || v > 0x10ffff || v >= 0x80 && v < 0xa0 {
			return false
		}
	}
	return true
}

func digits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

// number reads a number of at most seven digits.
func number(b []byte) (v int, ok bool) {
	if !digits(b) || len(b) > 7 {
		return 0, false
	}
	for _, c := range b {
		v = v*10 + int(c-'0')
	}
	return v, true
}
