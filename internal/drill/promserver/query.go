package promserver

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// exprKind is one of the few expressions that this server evaluates.
type exprKind uint8

const (
	selectorExpr exprKind = iota
	timestampExpr
	vectorExpr
	numberExpr
	averageExpr
	maxExpr
	productExpr
)

type expr struct {
	kind     exprKind
	matchers []matcher
	number   float64
	// span is what an average looks back over.
	span time.Duration
	// of is what the maximum is of, or the two that a product or quotient is of.
	of []expr
	// divide is true for a quotient.
	divide bool
}

// single reports whether the expression is one value without labels.
func (e expr) single() bool { return e.kind >= vectorExpr && e.kind != averageExpr }

// scalar reports whether it is a number and no vector.
func (e expr) scalar() bool {
	return e.kind == numberExpr || e.kind == productExpr && e.of[0].scalar() && e.of[1].scalar()
}

type matcher struct {
	label, op, value string
	re               *regexp.Regexp
}

func (m matcher) matches(v string) bool {
	switch m.op {
	case "=":
		return v == m.value
	case "!=":
		return v != m.value
	case "=~":
		return m.re.MatchString(v)
	default: // !~
		return !m.re.MatchString(v)
	}
}

func matchesAll(ms []matcher, labels map[string]string) bool {
	for _, m := range ms {
		if !m.matches(labels[m.label]) {
			return false
		}
	}
	return true
}

// parser reads one query. Its errors are in the form of Prometheus's own:
// line:column: parse error: words.
type parser struct {
	in    string
	pos   int
	depth int
}

// maxDepth bounds how deep a query is nested.
const maxDepth = 30

func (p *parser) errorf(format string, args ...any) error {
	before := p.in[:min(p.pos, len(p.in))]
	line := 1 + strings.Count(before, "\n")
	column := 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return fmt.Errorf("%d:%d: parse error: %s", line, column, fmt.Sprintf(format, args...))
}

func parse(query string) (expr, error) {
	p := &parser{in: query}
	p.space()
	if p.end() {
		return expr{}, p.errorf("no expression found in input")
	}
	e, err := p.product()
	if err != nil {
		return expr{}, err
	}
	p.space()
	if !p.end() {
		return expr{}, p.unexpected("")
	}
	return e, nil
}

// parseSelector reads a match[] parameter.
func parseSelector(s string) ([]matcher, error) {
	e, err := parse(s)
	if err == nil && e.kind != selectorExpr {
		err = fmt.Errorf("1:1: parse error: expected a vector selector")
	}
	return e.matchers, err
}

func (p *parser) end() bool { return p.pos >= len(p.in) }

func (p *parser) space() {
	for !p.end() && strings.IndexByte(" \t\r\n", p.in[p.pos]) >= 0 {
		p.pos++
	}
}

func (p *parser) unexpected(where string) error {
	if p.end() {
		return p.errorf("unexpected end of input%s", where)
	}
	r, _ := utf8.DecodeRuneInString(p.in[p.pos:])
	return p.errorf("unexpected %q%s: this server evaluates vector selectors, timestamp, avg_over_time, max, vector, numbers, and products of single values", r, where)
}

func (p *parser) accept(s string) bool {
	p.space()
	if strings.HasPrefix(p.in[p.pos:], s) {
		p.pos += len(s)
		return true
	}
	return false
}

// product reads what is multiplied and divided, from the left. Only single values
// are: of others it would depend on their labels which belong together.
func (p *parser) product() (expr, error) {
	if p.depth++; p.depth > maxDepth {
		return expr{}, p.errorf("the query is nested too deep")
	}
	defer func() { p.depth-- }()
	e, err := p.expr()
	for err == nil {
		divide := p.accept("/")
		if !divide && !p.accept("*") {
			return e, nil
		}
		p.space()
		var right expr
		if right, err = p.expr(); err == nil && (!e.single() || !right.single()) {
			err = p.errorf("this server multiplies single values only: max of a vector, or a number")
		}
		e = expr{kind: productExpr, of: []expr{e, right}, divide: divide}
	}
	return expr{}, err
}

func (p *parser) expr() (expr, error) {
	if p.accept("(") {
		e, err := p.product()
		if err == nil && !p.accept(")") {
			err = p.unexpected(" in parentheses")
		}
		return e, err
	}
	start := p.pos
	name := p.word(true)
	switch {
	case name == "" && p.accept("{"):
		p.pos--
		return p.selector("")
	case name == "" || isNumber(name):
		p.pos = start
		n, err := p.number()
		return expr{kind: numberExpr, number: n}, err
	}
	if !p.accept("(") {
		return p.selector(name)
	}
	var e expr
	var err error
	switch name {
	case "timestamp":
		p.space()
		e, err = p.selector(p.word(true))
		e.kind = timestampExpr
	case "avg_over_time":
		p.space()
		if e, err = p.selector(p.word(true)); err == nil {
			e.kind = averageExpr
			e.span, err = p.span()
		}
	case "max":
		e.kind, e.of = maxExpr, make([]expr, 1)
		p.space()
		if e.of[0], err = p.product(); err == nil && e.of[0].scalar() {
			err = p.errorf("expected type instant vector in aggregation expression, got scalar")
		}
	case "vector":
		e.kind = vectorExpr
		e.number, err = p.number()
	default:
		p.pos = start
		return expr{}, p.errorf("unknown function with name %q: this server evaluates timestamp, avg_over_time, max and vector", name)
	}
	if err != nil {
		return expr{}, err
	}
	if !p.accept(")") {
		return expr{}, p.unexpected(" in function call")
	}
	return e, nil
}

// span reads a range such as [5m] or [1h30m].
func (p *parser) span() (time.Duration, error) {
	if !p.accept("[") {
		return 0, p.unexpected(" in function call, expected a range")
	}
	start := p.pos
	for !p.end() && p.in[p.pos] != ']' {
		p.pos++
	}
	word := p.in[start:p.pos]
	d, err := time.ParseDuration(word)
	if days, ok := strings.CutSuffix(word, "d"); ok {
		var n int
		n, err = strconv.Atoi(days)
		d = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || d <= 0 {
		p.pos = start
		return 0, p.errorf("not a valid duration string: %q", word)
	}
	if !p.accept("]") {
		return 0, p.unexpected(" in range")
	}
	return d, nil
}

// isNumber reports whether a word is one of the numbers that look like a name.
func isNumber(word string) bool {
	w := strings.ToLower(word)
	return w == "nan" || w == "inf"
}

func (p *parser) number() (float64, error) {
	p.space()
	start := p.pos
	for !p.end() && (strings.IndexByte("+-.", p.in[p.pos]) >= 0 || wordByte(p.in[p.pos], false)) {
		p.pos++
	}
	n, err := strconv.ParseFloat(p.in[start:p.pos], 64)
	if err != nil {
		p.pos = start
		return 0, p.unexpected("")
	}
	return n, nil
}

// word reads a label name, or a metric name, which may hold colons too.
func (p *parser) word(colon bool) string {
	start := p.pos
	for !p.end() && wordByte(p.in[p.pos], colon) && (p.pos > start || p.in[p.pos] < '0' || p.in[p.pos] > '9') {
		p.pos++
	}
	return p.in[start:p.pos]
}

func wordByte(c byte, colon bool) bool {
	return c == '_' || (colon && c == ':') || (c >= '0' && c <= '9') || (c|0x20 >= 'a' && c|0x20 <= 'z')
}

func (p *parser) selector(name string) (expr, error) {
	e := expr{kind: selectorExpr}
	if name != "" {
		e.matchers = append(e.matchers, matcher{label: nameLabel, op: "=", value: name})
	}
	start := p.pos
	if !p.accept("{") {
		if name == "" {
			return expr{}, p.unexpected("")
		}
		return e, nil
	}
	for !p.accept("}") {
		m, err := p.matcher()
		if err != nil {
			return expr{}, err
		}
		e.matchers = append(e.matchers, m)
		if !p.accept(",") && !strings.HasPrefix(p.in[p.pos:], "}") {
			return expr{}, p.unexpected(" in label matching, expected \",\" or \"}\"")
		}
	}
	for _, m := range e.matchers {
		if !m.matches("") {
			return e, nil
		}
	}
	p.pos = start
	return expr{}, p.errorf("vector selector must contain at least one non-empty matcher")
}

func (p *parser) matcher() (matcher, error) {
	p.space()
	m := matcher{label: p.word(false)}
	if m.label == "" {
		return m, p.unexpected(" in label matching, expected identifier or \"}\"")
	}
	p.space()
	for _, op := range []string{"=~", "!~", "!=", "="} {
		if p.accept(op) {
			m.op = op
			break
		}
	}
	if m.op == "" {
		return m, p.unexpected(" in label matching, expected label matching operator")
	}
	p.space()
	start := p.pos
	var err error
	if m.value, err = p.quoted(); err != nil {
		return m, err
	}
	if strings.HasSuffix(m.op, "~") {
		if m.re, err = regexp.Compile("^(?s:" + m.value + ")$"); err != nil {
			p.pos = start
			return m, p.errorf("%v", err)
		}
	}
	return m, nil
}

// quoted reads a string in double or single quotes, with escapes, or in
// backticks, without.
func (p *parser) quoted() (string, error) {
	if p.end() || strings.IndexByte("\"'`", p.in[p.pos]) < 0 {
		return "", p.unexpected(" in label matching, expected string")
	}
	quote, start := p.in[p.pos], p.pos
	p.pos++
	if quote == '`' {
		n := strings.IndexByte(p.in[p.pos:], '`')
		if n < 0 {
			p.pos = start
			return "", p.errorf("unterminated raw string")
		}
		s := p.in[p.pos : p.pos+n]
		p.pos += n + 1
		return s, nil
	}
	var b strings.Builder
	for !p.end() && p.in[p.pos] != quote && p.in[p.pos] != '\n' {
		r, multibyte, rest, err := strconv.UnquoteChar(p.in[p.pos:], quote)
		if err != nil {
			return "", p.errorf("unknown escape sequence in string")
		}
		if multibyte {
			b.WriteRune(r)
		} else {
			b.WriteByte(byte(r))
		}
		p.pos = len(p.in) - len(rest)
	}
	if p.end() || p.in[p.pos] != quote {
		p.pos = start
		return "", p.errorf("unterminated quoted string")
	}
	p.pos++
	return b.String(), nil
}
