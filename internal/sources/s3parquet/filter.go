package s3parquet

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// op is how a column is compared.
type op uint8

const (
	equal op = iota
	notEqual
	less
	lessEqual
	greater
	greaterEqual
	contains
	lacks
)

// ops are how they are written, longer ones before those they begin with.
func ops() []struct {
	text string
	op   op
} {
	return []struct {
		text string
		op   op
	}{
		{"!=", notEqual},
		{"!~", lacks},
		{"<=", lessEqual},
		{">=", greaterEqual},
		{"==", equal},
		{"=", equal},
		{"<", less},
		{">", greater},
		{"~", contains},
	}
}

// String returns how the comparison is written.
func (o op) String() string {
	for _, x := range ops() {
		if x.op == o && x.text != "==" {
			return x.text
		}
	}
	return "?"
}

// negative reports whether a row without the column fulfils the comparison.
func (o op) negative() bool { return o == notEqual || o == lacks }

// holds reports whether the comparison holds of values that compare so.
func (o op) holds(compared int) bool {
	switch o {
	case equal:
		return compared == 0
	case notEqual:
		return compared != 0
	case less:
		return compared < 0
	case lessEqual:
		return compared <= 0
	case greater:
		return compared > 0
	case greaterEqual:
		return compared >= 0
	case contains, lacks:
	}
	return false
}

// textColumn is what a word without a column is looked for in.
const textColumn = "text"

// term is one comparison of a query.
type term struct {
	column string
	op     op
	value  string
	// level is the value as a level, if it is one.
	level oncall.Level
	// number is the value as a number, if numeric, and at as a time, if timed.
	number  float64
	numeric bool
	at      time.Time
	timed   bool
	// id is the value as the raw bytes of a trace's or a span's id, if it is one that
	// is written out.
	id string
}

// filter is a query: all of its terms have to hold.
type filter []term

// parseFilter reads a query. The error says what is wrong, and how to write it.
func parseFilter(s string) (filter, error) {
	var f filter
	for {
		s = strings.TrimLeft(s, " \t\r\n")
		if s == "" {
			return f, nil
		}
		t, rest, err := parseTerm(s)
		if err != nil {
			return nil, err
		}
		f, s = append(f, t), rest
	}
}

func parseTerm(s string) (t term, rest string, err error) {
	if s[0] == '"' {
		t.column, t.op = textColumn, contains
		t.value, rest, err = quoted(s)
		return t.typed(), rest, err
	}
	n := strings.IndexAny(s, " \t\r\n\"=!<>~")
	if n < 0 {
		n = len(s)
	}
	word := s[:n]
	rest = s[n:]
	o, after, found := cutOp(rest)
	switch {
	case found && word == "":
		return t, "", fmt.Errorf("the query has %s without a column before it; write it as in service=checkout", o)
	case !found && rest != "" && rest[0] == '!':
		return t, "", fmt.Errorf("the query has a ! after %s; write != or !~", quote(word))
	case !found && rest != "" && rest[0] == '"':
		return t, "", fmt.Errorf("the query has no comparison between %s and a quote; write %s=\"…\" or leave a space", quote(word), sources.Printable(word, 40))
	case !found:
		switch strings.ToLower(word) {
		case "and", "or", "not":
			return t, "", fmt.Errorf("the query has the word %s; terms after each other all have to hold, there is nothing else (quote the word to look for it)", quote(word))
		}
		t.column, t.op, t.value = textColumn, contains, word
		return t.typed(), rest, nil
	}
	t.column, t.op = word, o
	if after == "" || strings.IndexByte(" \t\r\n", after[0]) >= 0 {
		return t, "", fmt.Errorf("the query compares %s with nothing; write a value after %s, \"\" for an empty one", quote(word), o)
	}
	if after[0] == '"' {
		t.value, rest, err = quoted(after)
		return t.typed(), rest, err
	}
	n = strings.IndexAny(after, " \t\r\n")
	if n < 0 {
		n = len(after)
	}
	t.value, rest = after[:n], after[n:]
	if strings.ContainsAny(t.value, `"=<>~`) {
		return t, "", fmt.Errorf("the value of %s holds a sign of the query language; write it in quotes", quote(word))
	}
	return t.typed(), rest, nil
}

func cutOp(s string) (o op, rest string, found bool) {
	for _, x := range ops() {
		if rest, ok := strings.CutPrefix(s, x.text); ok {
			return x.op, rest, true
		}
	}
	return 0, s, false
}

// quoted reads a quoted value. Only \" and \\ are escapes.
func quoted(s string) (value, rest string, err error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return b.String(), s[i+1:], nil
		case c == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", fmt.Errorf("the query has a quote that is not closed: %s", quote(s[1:]))
}

func quote(s string) string { return strconv.Quote(sources.Printable(s, 40)) }

// typed reads the value as whatever else it may be.
func (t term) typed() term {
	t.level = oncall.ParseLevel(t.value)
	if n, err := strconv.ParseFloat(t.value, 64); err == nil {
		t.number, t.numeric = n, true
	}
	t.at, t.timed = oncall.ParseTime(t.value, time.Unix(0, 0).UTC())
	if b, err := hex.DecodeString(t.value); err == nil && (len(b) == rawTrace || len(b) == rawSpan) {
		t.id = string(b)
	}
	return t
}

// matchText reports whether the term holds of a text.
func (t term) matchText(s string) bool {
	switch t.op {
	case contains:
		return strings.Contains(s, t.value)
	case lacks:
		return !strings.Contains(s, t.value)
	default:
		return t.op.holds(strings.Compare(s, t.value))
	}
}
