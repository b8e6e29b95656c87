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
	// LogQL is Loki's.
	LogQL
	// SPL is Splunk's.
	SPL
	// Sumo is Sumo Logic's.
	Sumo
	// Lucene is the query string of Elasticsearch and OpenSearch.
	Lucene
	// LogsQL is VictoriaLogs'.
	LogsQL
	// SQL is Trino's, and Athena's, which is the same.
	SQL
	// CloudWatch is the filter pattern of CloudWatch Logs.
	CloudWatch
	// Parquet is conway's own small filter for a log lake:
	// service=checkout level>=error text~"x".
	Parquet
	// Label is a place that knows no quotes, such as Kubernetes' label selectors: it
	// takes what a label's value can be.
	// See https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/.
	Label
	// Grep is the journal's: matches of fields and an expression, which take the same.
	Grep
	// Literal is no language: a text that lines hold.
	Literal
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
	d, ok := dialectOf(lang)
	if !ok {
		return "", fmt.Errorf("fill query: language %d is not known", lang)
	}
	f := filler{dialect: d, rest: template, vars: vars}
	return f.all()
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
	// like is a string that LIKE takes.
	like
	// named is a quoted name, such as that of a field.
	named
)

// filler reads a template and writes a query.
type filler struct {
	dialect

	rest string
	vars map[string]string
	out  strings.Builder
	// quote is the quote that is open, 0 for none.
	quote byte
	place place
}

// all fills the whole template.
func (f *filler) all() (string, error) {
	for f.rest != "" {
		c := f.rest[0]
		switch {
		case strings.HasPrefix(f.rest, "{{"):
			if err := f.fill(); err != nil {
				return "", err
			}
			continue
		case f.quote == 0 && f.comment():
			continue
		case f.quote == 0 && f.opening(c):
			f.quote, f.place = c, f.opens(f.out.String(), c)
		case f.quote == c && f.doubled && strings.HasPrefix(f.rest[1:], string(c)):
			f.take(2)
			continue
		case f.quote == c:
			f.quote, f.place = 0, bare
		case c == '\\' && f.escapes(f.quote) && len(f.rest) > 1 && f.rest[1] != '{':
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

// opening reports whether c begins a string here.
func (f *filler) opening(c byte) bool {
	return strings.IndexByte(f.quotes, c) >= 0 && (f.opensAt == nil || f.opensAt(f.out.String(), c))
}

// escapes reports whether a backslash means something where this quote is open.
func (f *filler) escapes(quote byte) bool {
	if f.doubled {
		return false
	}
	return quote == 0 && f.bare == asToken || quote != 0 && strings.IndexByte(f.raw, quote) < 0
}

func (f *filler) take(n int) {
	f.out.WriteString(f.rest[:n])
	f.rest = f.rest[n:]
}

// comment copies a comment as it is, and reports whether there was one.
func (f *filler) comment() bool {
	for _, m := range f.comments {
		if !strings.HasPrefix(f.rest, m[0]) {
			continue
		}
		n := strings.Index(f.rest[len(m[0]):], m[1])
		if n < 0 {
			f.take(len(f.rest))
			return true
		}
		// The mark at the end stays to be read: a line break is one too.
		f.take(len(m[0]) + n)
		if m[1] != "\n" {
			f.take(len(m[1]))
		}
		return true
	}
	return false
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
	if f.place != bare && strings.HasSuffix(f.out.String(), `\`) && !f.doubled {
		return "", errors.New("it must not follow a backslash")
	}
	if f.never != "" && strings.ContainsAny(v, f.never) {
		return "", fmt.Errorf("the value has one of %s, which this language cannot take as a character", f.never)
	}
	switch f.place {
	case bare:
		return f.unquoted(v)
	case regex:
		v = regexp.QuoteMeta(v)
	case other:
		if regexp.QuoteMeta(v) != v || strings.ContainsAny(v, "$%<>") {
			return "", errors.New("the value has characters that mean something in a function's text")
		}
	case like:
		if strings.ContainsAny(v, "%_\\") {
			return "", errors.New("the value has a %, _ or backslash, which mean something to LIKE; compare with = or use strpos")
		}
	case named:
		if !isToken(v) {
			return "", errors.New("the value is not a plain name, and stands for one")
		}
	case matched:
		if f.wild != "" && strings.ContainsAny(v, f.wild) {
			return "", fmt.Errorf("the value has one of %s, which matches any text and cannot be escaped", f.wild)
		}
	}
	return f.quoted(v)
}

// quoted returns the value as the open quote takes it.
func (f *filler) quoted(v string) (string, error) {
	q := string(f.quote)
	switch {
	case f.doubled:
		return strings.ReplaceAll(v, q, q+q), nil
	case strings.Contains(f.raw, q):
		if strings.Contains(v, q) {
			return "", fmt.Errorf("the value has a %s, which cannot be written in such quotes", quoteName(f.quote))
		}
		return v, nil
	}
	v = strings.ReplaceAll(v, `\`, `\\`)
	return strings.ReplaceAll(v, q, `\`+q), nil
}

func quoteName(c byte) string {
	switch c {
	case '`':
		return "backquote"
	case '\'':
		return "single quote"
	case '"':
		return "double quote"
	}
	return string(c)
}

// unquoted returns the value as it must be written outside of quotes.
func (f *filler) unquoted(v string) (string, error) {
	switch f.bare {
	case asName:
		if !f.isName(v) {
			return "", errors.New("the value is not a plain name; put the place in quotes")
		}
		return v, nil
	case asToken:
		if f.regexAt != nil && f.regexAt(f.out.String()) && !isToken(v) {
			return "", errors.New("the value has characters that mean something in a regular expression")
		}
		before, after := f.neighbours()
		if isToken(v) && (!f.word(v) || !before || !after) {
			return v, nil
		}
		if !before || !after {
			return "", errors.New("the value is not a plain word, and stands beside others; put the place in quotes")
		}
		f.quote, f.place = '"', matched
		defer func() { f.quote, f.place = 0, bare }()
		s, err := f.escape(v)
		return `"` + s + `"`, err
	case asText:
		return v, nil
	case asLabel:
		if strings.TrimFunc(v, labelRune) != "" {
			return "", errors.New("the value is not a plain label: letters, digits, dots, dashes and underscores")
		}
		return v, nil
	case asNumber:
	}
	for i := range len(v) {
		if v[i] < '0' || v[i] > '9' {
			return "", errors.New("the value is not a whole number; put the place in quotes")
		}
	}
	return v, nil
}

// labelRune reports whether r may be in a label's value.
func labelRune(r rune) bool {
	return r == '.' || r == '-' || r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// neighbours reports whether the place begins a word, and whether it ends one.
func (f *filler) neighbours() (begins, ends bool) {
	out := f.out.String()
	begins = out == "" || strings.IndexByte(" \t\n=:<>(,~!|[{", out[len(out)-1]) >= 0
	_, rest, _ := strings.Cut(f.rest, "}}")
	ends = rest == "" || strings.IndexByte(" \t\n),|]}", rest[0]) >= 0
	return begins, ends
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
	return inside || !f.word(v)
}

// isToken reports whether v is a word in every language: letters, digits, "_",
// and within it "." and "-".
func isToken(v string) bool {
	for i := range len(v) {
		if c := v[i]; (!nameByte(c) || c == ':') && (i == 0 || c != '-' && c != '.') {
			return false
		}
	}
	return v != ""
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
