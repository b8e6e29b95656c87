package oncall

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// valueKind is the shape of a member's value.
type valueKind uint8

const (
	kindString valueKind = iota
	// kindScalar is a number or a boolean.
	kindScalar
	kindNull
	// kindNested is an object or an array.
	kindNested
)

// member is one key and value of a structured line. Both are substrings of the
// line, strings without their quotes.
type member struct {
	key, val               string
	kind                   valueKind
	keyEscaped, valEscaped bool
}

// text returns the value decoded.
func (m *member) text() string {
	if m.valEscaped {
		return unescape(m.val)
	}
	return m.val
}

// lineText is text for a value that ends in an escaped newline and has no other
// escape, as Docker writes: such a value needs no decoding.
func (m *member) lineText() string {
	if s, ok := strings.CutSuffix(m.val, `\n`); ok && strings.IndexByte(s, '\\') < 0 {
		return s
	}
	return m.text()
}

// jsonCursor walks the top-level members of a JSON object. It is a scanner, not
// a validator: it finds where values begin and end, whatever is in them.
type jsonCursor struct {
	s string
	i int
	// bad is set when s is not an object, cut when it ends within one.
	bad, cut, begun bool
}

// next reads the next member into m; false at the end.
func (c *jsonCursor) next(m *member) bool {
	if !c.begun {
		c.begun = true
		if c.s == "" || c.s[0] != '{' {
			c.bad = true
			return false
		}
		c.i = 1
		c.skipBlank()
		if c.i < len(c.s) && c.s[c.i] == '}' {
			return c.end()
		}
	} else {
		c.skipBlank()
		if c.i < len(c.s) && c.s[c.i] == '}' {
			return c.end()
		}
		if !c.expect(',') {
			return false
		}
	}
	c.skipBlank()
	if !c.expect('"') {
		return false
	}
	end, escaped := scanString(c.s, c.i)
	if end < 0 {
		c.cut = true
		return false
	}
	m.key, m.keyEscaped = c.s[c.i:end], escaped
	c.i = end + 1
	c.skipBlank()
	if !c.expect(':') {
		return false
	}
	c.skipBlank()
	return c.value(m)
}

// end is at the closing brace, which nothing but white space may follow.
func (c *jsonCursor) end() bool {
	c.i++
	c.skipBlank()
	c.bad = c.i < len(c.s)
	return false
}

func (c *jsonCursor) skipBlank() {
	for c.i < len(c.s) && isBlank(c.s[c.i]) {
		c.i++
	}
}

func (c *jsonCursor) expect(b byte) bool {
	if c.i >= len(c.s) {
		c.cut = true
		return false
	}
	if c.s[c.i] != b {
		c.bad = true
		return false
	}
	c.i++
	return true
}

func (c *jsonCursor) value(m *member) bool {
	if c.i >= len(c.s) {
		c.cut = true
		return false
	}
	m.valEscaped = false
	start := c.i
	switch c.s[start] {
	case '"':
		end, escaped := scanString(c.s, start+1)
		if end < 0 {
			c.cut = true
			return false
		}
		m.kind, m.valEscaped, m.val = kindString, escaped, c.s[start+1:end]
		c.i = end + 1
	case '{', '[':
		end := scanNested(c.s, start)
		if end < 0 {
			c.cut = true
			return false
		}
		m.kind, m.val = kindNested, c.s[start:end]
		c.i = end
	default:
		end := start
		for end < len(c.s) && isScalarByte(c.s[end]) {
			end++
		}
		switch {
		case end == start:
			c.bad = true
			return false
		case end == len(c.s):
			c.cut = true
			return false
		}
		m.kind, m.val = kindScalar, c.s[start:end]
		if m.val == "null" {
			m.kind = kindNull
		}
		c.i = end
	}
	return true
}

// isScalarByte reports whether c may stand in a number, true, false or null.
// Some encoders write NaN and Infinity bare, so all letters may.
func isScalarByte(c byte) bool {
	return isDigit(c) || isLetter(c) || c == '-' || c == '+' || c == '.'
}

// scanString returns where the string that begins at i, after its quote, ends,
// and whether it holds an escape; -1 when it does not end.
func scanString(s string, i int) (end int, escaped bool) {
	for {
		n := strings.IndexByte(s[i:], '"')
		if n < 0 {
			return -1, escaped
		}
		esc := strings.IndexByte(s[i:i+n], '\\')
		if esc < 0 {
			return i + n, escaped
		}
		escaped = true
		if i += esc + 2; i > len(s) {
			return -1, true
		}
	}
}

// scanNested returns the end of the object or array that begins at i; -1 when
// it does not end. It counts brackets instead of recursing, so depth costs
// nothing.
func scanNested(s string, i int) int {
	depth := 0
	for i < len(s) {
		switch s[i] {
		case '"':
			end, _ := scanString(s, i+1)
			if end < 0 {
				return -1
			}
			i = end
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return -1
}

// compact returns nested JSON text without the white space between its tokens.
func compact(s string) string {
	if !strings.ContainsAny(s, " \t\r\n") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			end, _ := scanString(s, i+1)
			if end < 0 {
				end = len(s) - 1
			}
			b = append(b, s[i:end+1]...)
			i = end
		case !isBlank(c):
			b = append(b, c)
		}
	}
	return string(b)
}

// unescape decodes the inside of a JSON string. An escape that JSON does not
// know is kept as it stands.
func unescape(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		if s[i] != '\\' || i+1 == len(s) {
			b = append(b, s[i])
			i++
			continue
		}
		switch c := s[i+1]; c {
		case '"', '\\', '/':
			b = append(b, c)
		case 'b':
			b = append(b, '\b')
		case 'f':
			b = append(b, '\f')
		case 'n':
			b = append(b, '\n')
		case 'r':
			b = append(b, '\r')
		case 't':
			b = append(b, '\t')
		case 'u':
			r, n := unicodeEscape(s[i:])
			b = utf8.AppendRune(b, r)
			i += n
			continue
		default:
			b = append(b, '\\', c)
		}
		i += 2
	}
	return string(b)
}

// unicodeEscape decodes a \uXXXX, or two that make a surrogate pair, at the
// beginning of s, and returns how many bytes it took.
func unicodeEscape(s string) (rune, int) {
	hi, ok := hex4(s)
	if !ok {
		return utf8.RuneError, 2
	}
	if !utf16.IsSurrogate(hi) {
		return hi, 6
	}
	if lo, ok := hex4(s[6:]); ok {
		if r := utf16.DecodeRune(hi, lo); r != utf8.RuneError {
			return r, 12
		}
	}
	return utf8.RuneError, 6
}

func hex4(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s[2:6]) {
		switch {
		case isDigit(c):
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
