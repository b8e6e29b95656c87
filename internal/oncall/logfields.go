package oncall

import (
	"strings"
	"time"
)

// Fields returns all top-level fields of a structured line, in the order they
// came: those of the JSON object, its nested values as compact JSON text, or of
// a logfmt line. It looks inside the same wrappers as ParseLine. It returns nil
// for other lines. It reads Raw anew at each call, because most lines are never
// asked.
func (l LogLine) Fields() []Field { return fieldsOf(trimLine(l.Raw), maxWrappers) }

func fieldsOf(s string, wrappers int) []Field {
	if s == "" {
		return nil
	}
	if s[0] == '{' {
		return jsonFields(s, wrappers)
	}
	s, _ = cutPriority(s)
	// The zone and the year do not matter here: only the end of the time does.
	if _, n := leadingTime(s, time.Unix(0, 0).UTC()); n > 0 {
		rest := s[n:]
		if inner, ok := cutCRI(rest); ok {
			if wrappers == 0 {
				return nil
			}
			return fieldsOf(trimLine(inner), wrappers-1)
		}
		s = cutSeparator(rest)
	}
	switch {
	case s == "":
		return nil
	case s[0] == '{':
		return jsonFields(s, wrappers)
	case !isLogfmt(s):
		return nil
	}
	var out []Field
	c := logfmtCursor{s: s}
	for m := (member{}); c.next(&m); {
		out = append(out, Field{Key: m.key, Value: m.text()})
	}
	return out
}

func jsonFields(s string, wrappers int) []Field {
	var out []Field
	var wrapped string
	message := false
	c := jsonCursor{s: s}
	for m := (member{}); c.next(&m); {
		f := Field{Key: m.key, Value: m.text()}
		if m.keyEscaped {
			f.Key = unescape(m.key)
		}
		if m.kind == kindNested {
			f.Value = compact(m.val)
		}
		message = message || roleOf(m.key) == roleMessage
		if m.key == "log" && m.kind == kindString {
			wrapped = f.Value
		}
		out = append(out, f)
	}
	if c.bad {
		return nil
	}
	// Of Docker's wrapper only the line inside is of interest.
	if wrapped != "" && !message && wrappers > 0 {
		if inner := fieldsOf(trimLine(wrapped), wrappers-1); inner != nil {
			return inner
		}
	}
	return out
}

// isLogfmt reports whether s begins with key=, which is all that tells logfmt
// from prose.
func isLogfmt(s string) bool {
	if s == "" || (!isLetter(s[0]) && s[0] != '_' && s[0] != '@') {
		return false
	}
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '=':
			// "a == b" and "a=>b" are code.
			return i+1 == len(s) || (s[i+1] != '=' && s[i+1] != '>')
		case !isKeyByte(c):
			return false
		}
	}
	return false
}

func isKeyByte(c byte) bool {
	return isLetter(c) || isDigit(c) || strings.IndexByte("_.@/-", c) >= 0
}

// logfmtCursor walks the pairs of a logfmt line. A word without = is a key
// without a value.
type logfmtCursor struct {
	s string
	i int
}

// next reads the next pair into m; false at the end.
func (c *logfmtCursor) next(m *member) bool {
	for c.i < len(c.s) && isBlank(c.s[c.i]) {
		c.i++
	}
	if c.i >= len(c.s) {
		return false
	}
	*m = member{}
	start := c.i
	for c.i < len(c.s) && c.s[c.i] != '=' && !isBlank(c.s[c.i]) {
		c.i++
	}
	m.key = c.s[start:c.i]
	if c.i >= len(c.s) || c.s[c.i] != '=' {
		return true
	}
	c.i++
	if c.i < len(c.s) && c.s[c.i] == '"' {
		if end, escaped := scanString(c.s, c.i+1); end >= 0 {
			m.val, m.valEscaped = c.s[c.i+1:end], escaped
			c.i = end + 1
			return true
		}
	}
	start = c.i
	for c.i < len(c.s) && !isBlank(c.s[c.i]) {
		c.i++
	}
	m.val = c.s[start:c.i]
	return true
}
