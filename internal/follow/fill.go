package follow

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lang is a query language that values are escaped for.
type Lang uint8

// The query languages.
const (
	// PromQL is Prometheus' language.
	PromQL Lang = iota
)

// MissingError is a variable that a template needs and nobody has.
type MissingError struct{ Name string }

// Error names the variable.
func (e *MissingError) Error() string { return "fill query: no value for {{" + e.Name + "}}" }

// Fill puts values into the {{name}} places of a template, escaped for the
// language and for the place they stand in. It returns a *MissingError for a
// variable that is missing or empty, and an error for a value that cannot be
// escaped there. No error holds a value.
func Fill(template string, vars map[string]string, lang Lang) (string, error) {
	if lang != PromQL {
		return "", fmt.Errorf("fill query: language %d is not known", lang)
	}
	f := filler{rest: template, vars: vars}
	return f.promQL()
}

// place is where in a query a value stands.
type place uint8

const (
	// bare is outside of quotes: a name.
	bare place = iota
	// matched is a string that a label is compared with.
	matched
	// regex is a string that a label is matched against.
	regex
	// other is a string that a function takes; it may be a regular expression.
	other
)

// filler reads a template and writes a query.
type filler struct {
	rest string
	vars map[string]string
	out  strings.Builder
	// quote is the quote that is open, 0 for none.
	quote byte
	place place
}

// promQL fills a template in PromQL, whose strings are in double or single
// quotes with Go's escapes or in backquotes without any.
// See https://prometheus.io/docs/prometheus/latest/querying/basics/#string-literals.
func (f *filler) promQL() (string, error) {
	for f.rest != "" {
		c := f.rest[0]
		switch {
		case strings.HasPrefix(f.rest, "{{"):
			if err := f.fill(); err != nil {
				return "", err
			}
			continue
		case f.quote == 0 && c == '#':
			f.comment()
			continue
		case f.quote == 0 && (c == '"' || c == '\'' || c == '`'):
			f.quote, f.place = c, f.opens()
		case f.quote == c:
			f.quote, f.place = 0, bare
		case c == '\\' && f.quote != 0 && f.quote != '`' && len(f.rest) > 1 && f.rest[1] != '{':
			f.take(2)
			continue
		}
		f.take(1)
	}
	if f.quote != 0 {
		return "", errors.New("fill query: a quote is not closed")
	}
	return f.out.String(), nil
}

func (f *filler) take(n int) {
	f.out.WriteString(f.rest[:n])
	f.rest = f.rest[n:]
}

// comment copies the rest of the line as it is.
func (f *filler) comment() {
	n := strings.IndexByte(f.rest, '\n')
	if n < 0 {
		n = len(f.rest)
	}
	f.take(n)
}

// opens says what the string is for that begins here.
func (f *filler) opens() place {
	before := strings.TrimRightFunc(f.out.String(), unicode.IsSpace)
	switch {
	case strings.HasSuffix(before, "=~"), strings.HasSuffix(before, "!~"):
		return regex
	case strings.HasSuffix(before, "="):
		return matched
	}
	return other
}

// fill reads one {{name}} and writes its value.
func (f *filler) fill() error {
	inner, rest, ok := strings.Cut(f.rest[2:], "}}")
	name := strings.TrimSpace(inner)
	if !ok || !isVariable(name) {
		return errors.New("fill query: {{ is not followed by a name and }}")
	}
	value := f.vars[name]
	if value == "" {
		return &MissingError{Name: name}
	}
	escaped, err := f.escape(value)
	if err != nil {
		return fmt.Errorf("fill query: {{%s}}: %w", name, err)
	}
	f.out.WriteString(escaped)
	f.rest = rest
	return nil
}

// escape returns the value as it must be written where f stands.
func (f *filler) escape(v string) (string, error) {
	if !utf8.ValidString(v) {
		return "", errors.New("the value is not valid UTF-8")
	}
	if strings.ContainsFunc(v, unicode.IsControl) {
		return "", errors.New("the value has a line break or another control character")
	}
	if f.place != bare && strings.HasSuffix(f.out.String(), `\`) {
		return "", errors.New("it must not follow a backslash")
	}
	switch f.place {
	case bare:
		if !f.isName(v) {
			return "", errors.New("the value is not a plain name; put the place in quotes")
		}
		return v, nil
	case regex:
		v = regexp.QuoteMeta(v)
	case other:
		if regexp.QuoteMeta(v) != v || strings.Contains(v, "$") {
			return "", errors.New("the value has characters that mean something in a function's text")
		}
	case matched:
	}
	if f.quote == '`' {
		if strings.Contains(v, "`") {
			return "", errors.New("the value has a backquote, which cannot be written in backquotes")
		}
		return v, nil
	}
	v = strings.ReplaceAll(v, `\`, `\\`)
	return strings.ReplaceAll(v, string(f.quote), `\`+string(f.quote)), nil
}

// isName reports whether v can stand outside of quotes at this place: as a whole
// name, or as a part of one that the template began. Words of the language
// cannot.
func (f *filler) isName(v string) bool {
	before := f.out.String()
	inside := before != "" && nameByte(before[len(before)-1])
	for i := range len(v) {
		if !nameByte(v[i]) || i == 0 && !inside && v[i] >= '0' && v[i] <= '9' {
			return false
		}
	}
	switch strings.ToLower(v) {
	case "and", "or", "unless", "atan2", "by", "without", "on", "ignoring", "group_left", "group_right",
		"offset", "bool", "start", "end", "inf", "nan":
		return inside
	}
	return true
}

// nameByte reports whether c may be in a PromQL metric name.
func nameByte(c byte) bool {
	return c == '_' || c == ':' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// isVariable reports whether s can name a variable: letters, digits, "_", "."
// and "-", as label names have them.
func isVariable(s string) bool {
	for i := range len(s) {
		if c := s[i]; !nameByte(c) && c != '.' && c != '-' && c != '/' {
			return false
		}
	}
	return s != ""
}
