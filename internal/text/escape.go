package text

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Escape returns raw as printable ASCII from which [Unescape] gets the same
// bytes back: a backslash is doubled, \n, \r and \t are as in Go, other bytes
// that are no UTF-8 and other control characters are \xNN, and code points
// beyond ASCII \u{N}. No two different strings have the same form, so it is how
// bytes are shown that somebody is about to run, and how they are copied.
func Escape(raw string) string {
	if i := plainPrefix(raw); i == len(raw) && strings.IndexByte(raw, '\\') < 0 {
		return raw
	}
	var b strings.Builder
	b.Grow(len(raw) + len(raw)/4)
	for raw != "" {
		r, n := utf8.DecodeRuneInString(raw)
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r >= 0x20 && r < 0x7f:
			b.WriteByte(byte(r))
		case r < 0x80, r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02X`, raw[0])
		default:
			fmt.Fprintf(&b, `\u{%X}`, r)
		}
		raw = raw[n:]
	}
	return b.String()
}

// Unescape returns the bytes that [Escape] was given. The error names the place
// of an escape that it never writes.
func Unescape(s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			i++
			continue
		}
		n := unescapeOne(&b, s[i+1:])
		if n == 0 {
			return "", fmt.Errorf("unescape text: byte %d: %q is no escape", i, s[i:min(len(s), i+6)])
		}
		i += 1 + n
	}
	return b.String(), nil
}

// unescapeOne writes what one escape stands for and returns its length without
// the backslash, 0 if there is none.
func unescapeOne(b *strings.Builder, s string) int {
	if s == "" {
		return 0
	}
	switch s[0] {
	case '\\':
		b.WriteByte('\\')
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case 'x':
		v, err := strconv.ParseUint(s[1:min(len(s), 3)], 16, 8)
		if err != nil || len(s) < 3 {
			return 0
		}
		b.WriteByte(byte(v))
		return 3
	case 'u':
		end := strings.IndexByte(s, '}')
		if end < 3 || end > 8 || s[1] != '{' {
			return 0
		}
		v, err := strconv.ParseUint(s[2:end], 16, 32)
		if err != nil || !utf8.ValidRune(rune(v)) {
			return 0
		}
		b.WriteRune(rune(v))
		return end + 1
	default:
		return 0
	}
	return 1
}
