package board

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"

	"conway/internal/oncall"
)

// Query is what log lines are searched for: terms of which all must hold. The
// zero value matches every line.
type Query struct {
	raw   string
	terms []term
	// seek is the text that lets most lines be passed over, nil for none.
	seek *needle
	// slow is true when a regular expression must be tried on every line.
	slow bool
}

// term is one condition.
type term struct {
	not  bool
	text *needle
	// re is a regular expression, and text what a match must hold, if anything.
	re *regexp.Regexp
	// key and value are a field; text is then the value where a line can only hold
	// the field if it holds that.
	key, value string
	// test compares a level.
	test func(oncall.Level) bool
}

// ParseQuery reads what a person typed. Every term must hold:
//
//	word "exact words"   the text occurs; without quotes in any case
//	re:PATTERN /PATTERN/ the regular expression matches
//	level>=warn          also = > < <=
//	field=value          the field of a structured line has the value
//	!TERM                the term does not hold
//
// The error says what is wrong with a term.
func ParseQuery(s string) (Query, error) {
	q := Query{raw: s}
	for rest := strings.TrimSpace(s); rest != ""; rest = strings.TrimSpace(rest) {
		var t term
		if len(rest) > 1 && rest[0] == '!' && rest[1] != ' ' {
			t.not, rest = true, rest[1:]
		}
		word, after := cutTerm(rest)
		rest = after
		if err := t.read(word); err != nil {
			return Query{raw: s}, err
		}
		q.terms = append(q.terms, t)
	}
	for i := range q.terms {
		t := &q.terms[i]
		q.slow = q.slow || t.re != nil
		if t.not || t.text == nil {
			continue
		}
		if q.seek == nil || t.text.better(q.seek) {
			q.seek = t.text
		}
	}
	q.slow = q.slow && q.seek == nil
	return q, nil
}

// String returns the query as it was typed.
func (q Query) String() string { return q.raw }

// All reports whether every line matches.
func (q Query) All() bool { return len(q.terms) == 0 }

// cutTerm returns the first term of s and what follows it. Quotes and slashes
// hold spaces together.
func cutTerm(s string) (word, rest string) {
	end := byte(' ')
	from := 0
	switch s[0] {
	case '/':
		end, from = '/', 1
	case '"':
		end, from = '"', 1
	default:
		if i := strings.IndexAny(s, "= "); i >= 0 && s[i] == '=' && i+1 < len(s) && s[i+1] == '"' && isKey(s[:i]) {
			end, from = '"', i+2
		}
	}
	for i := from; i < len(s); i++ {
		switch {
		case s[i] == '\\' && end != ' ':
			i++
		case s[i] == end && end == ' ':
			return s[:i], s[i:]
		case s[i] == end && (i+1 == len(s) || s[i+1] == ' '):
			return s[:i+1], s[i+1:]
		}
	}
	return s, ""
}

// read fills the term from a word.
func (t *term) read(word string) error {
	switch {
	case strings.HasPrefix(word, "re:"):
		return t.regex(word[len("re:"):])
	case len(word) > 2 && word[0] == '/' && word[len(word)-1] == '/':
		return t.regex(word[1 : len(word)-1])
	case strings.HasPrefix(word, "level") && strings.IndexByte("=<>", append([]byte(word), 0)[len("level")]) >= 0:
		return t.level(word[len("level"):])
	case len(word) > 2 && word[0] == '"' && word[len(word)-1] == '"':
		t.text = newNeedle(unquoted(word), true)
		return nil
	}
	if key, value, ok := strings.Cut(word, "="); ok && isKey(key) && value != "" {
		t.key, t.value = key, unquoted(value)
		// A structured line may write the value with escapes; this one has none.
		if strings.IndexFunc(t.value, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' || r == '/' }) < 0 {
			t.text = newNeedle(t.value, false)
		}
		return nil
	}
	t.text = newNeedle(word, false)
	return nil
}

func unquoted(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	s = strings.ReplaceAll(s[1:len(s)-1], `\"`, `"`)
	return strings.ReplaceAll(s, `\\`, `\`)
}

// isKey reports whether s can name a field.
func isKey(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '@'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '.' && c != '-') {
			return false
		}
	}
	return s != ""
}

func (t *term) regex(pattern string) error {
	if pattern == "" {
		return errors.New("re: needs an expression after it")
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		if se, ok := errors.AsType[*syntax.Error](err); ok {
			return fmt.Errorf("%s in the expression: %s", se.Code, se.Expr)
		}
		return err
	}
	t.re = re
	if parsed, err := syntax.Parse(pattern, syntax.Perl); err == nil {
		if lit, fold := required(parsed.Simplify()); len(lit) > 1 {
			t.text = newNeedle(lit, !fold)
		}
	}
	return nil
}

// required returns the longest text that every match of the expression holds,
// and whether its case is open.
func required(re *syntax.Regexp) (lit string, fold bool) {
	switch re.Op {
	case syntax.OpLiteral:
		fold = re.Flags&syntax.FoldCase != 0
		for _, r := range re.Rune {
			// Beyond ASCII, what counts as the same letter is another matter.
			if fold && r > '~' {
				return "", false
			}
		}
		return string(re.Rune), fold
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0])
		}
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			if l, f := required(sub); len(l) > len(lit) {
				lit, fold = l, f
			}
		}
	default:
	}
	return lit, fold
}

func (t *term) level(s string) error {
	op := strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	want := oncall.ParseLevel(s[len(op):])
	if want == oncall.LevelNone {
		return fmt.Errorf("level%s needs one of trace, debug, info, warn, error, fatal", op)
	}
	switch op {
	case "=":
		t.test = func(l oncall.Level) bool { return l == want }
	case ">=":
		t.test = func(l oncall.Level) bool { return l >= want }
	case ">":
		t.test = func(l oncall.Level) bool { return l > want }
	case "<=":
		t.test = func(l oncall.Level) bool { return l <= want }
	case "<":
		t.test = func(l oncall.Level) bool { return l < want }
	default:
		return fmt.Errorf("level%s is no comparison; write level>=warn", op)
	}
	return nil
}

// Match reports whether a line matches.
func (q Query) Match(l oncall.LogLine) bool { return q.match(l.Raw, l.Level) }

func (q Query) match(raw string, level oncall.Level) bool {
	for i := range q.terms {
		if t := &q.terms[i]; t.holds(raw, level) == t.not {
			return false
		}
	}
	return true
}

func (t *term) holds(raw string, level oncall.Level) bool {
	if t.test != nil {
		return t.test(level)
	}
	if t.text != nil && t.text.index(raw, 0) < 0 {
		return false
	}
	switch {
	case t.re != nil:
		return t.re.MatchString(raw)
	case t.key != "":
		return t.field(raw)
	}
	return true
}

// field reports whether a structured line has the field with the value. In one
// that is not structured, the two stand as they were typed.
func (t *term) field(raw string) bool {
	fields := oncall.LogLine{Raw: raw}.Fields()
	for _, f := range fields {
		if f.Key == t.key && strings.EqualFold(f.Value, t.value) {
			return true
		}
	}
	return fields == nil && strings.Contains(raw, t.key+"="+t.value)
}
