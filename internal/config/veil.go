package config

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// veil hides what may be a secret from the lines and messages that are shown.
// A fault is often right beside a token that was pasted into the file.
type veil struct {
	spans []span
	// values are the hidden texts, in case that one turns up elsewhere.
	values []string
	// blind is true while the file's structure is unknown, so that every word that
	// is not one of the file's own may be a secret.
	blind bool
}

// span is a stretch of the file, half-open; a zero end means the end of it.
type span struct{ from, to mark }

// start returns the index of the first character of a line that is in the span.
func (s span) start(line int) int {
	switch {
	case line < s.from.line:
		return math.MaxInt
	case line == s.from.line:
		return s.from.col - 1
	}
	return 0
}

// end returns the index after the last character of a line that is in the span.
func (s span) end(line int) int {
	switch {
	case s.to.line == 0 || line < s.to.line:
		return math.MaxInt
	case line == s.to.line:
		return s.to.col - 1
	}
	return 0
}

const (
	// longLine is the length in bytes from which a line is not shown.
	longLine = 4 << 10
	// manyValues is the number of hidden texts from which no line is shown:
	// looking for all of them would take longer than anybody waits.
	manyValues = 1000
)

// minValue is the length from which a hidden text is looked for elsewhere:
// shorter ones would blot out ordinary words.
const minValue = 6

// hide hides a subtree of the file.
func (v *veil) hide(n ast.Node) {
	switch n := n.(type) {
	case nil:
	case *ast.MappingNode:
		for _, e := range n.Values {
			v.hide(e.Key)
			v.hide(e.Value)
		}
	case *ast.MappingKeyNode:
		v.hide(n.Value)
	case *ast.MappingValueNode:
		v.hide(n.Key)
		v.hide(n.Value)
	case *ast.SequenceNode:
		for _, e := range n.Values {
			v.hide(e)
		}
	case *ast.AnchorNode:
		v.cover(n.Start, n.Name.GetToken())
		v.hide(n.Value)
	case *ast.AliasNode:
		v.cover(n.Start, n.Value.GetToken())
	case *ast.TagNode:
		v.cover(n.Start, n.Start)
		v.hide(n.Value)
	case *ast.LiteralNode:
		v.cover(n.Start, n.Value.Token)
	case *ast.NullNode, *ast.MergeKeyNode:
	default:
		v.cover(n.GetToken(), n.GetToken())
	}
}

// hideReference hides what stands in the place of a reference to a secret, but
// not the words that every reference has.
func (v *veil) hideReference(n ast.Node) {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		v.hide(n)
		return
	}
	for _, e := range m.Values {
		if !slices.Contains([]string{"env", "file", "command"}, keyText(e.Key)) {
			v.hide(e.Key)
		}
		v.hide(e.Value)
	}
}

// hideValues hides the values of a subtree whose meaning is not known, but not
// its structure, nor what is too plain to be a secret.
func (v *veil) hideValues(n ast.Node) {
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, e := range n.Values {
			v.hideValues(e)
		}
	case *ast.MappingValueNode:
		// {secret} and {key:secret} are keys without a value to YAML.
		if isNull(n.Value) || strings.Contains(keyText(n.Key), ":") {
			v.hide(n.Key)
		}
		v.hideValues(n.Value)
	case *ast.SequenceNode:
		for _, e := range n.Values {
			v.hideValues(e)
		}
	case *ast.AnchorNode:
		v.hideValues(n.Value)
	case *ast.TagNode:
		v.hideValues(n.Value)
	case *ast.BoolNode:
	case *ast.StringNode:
		if _, err := time.ParseDuration(n.Value); err != nil {
			v.hide(n)
		}
	default:
		v.hide(n)
	}
}

// cover hides from the start of one token to the start of the one after last,
// and what the last one says wherever else it turns up.
func (v *veil) cover(first, last *token.Token) {
	v.blot(first, last)
	for text := range strings.Lines(last.Value) {
		if text = strings.TrimSpace(text); len(text) >= minValue && !isWord(text) {
			v.values = append(v.values, text)
		}
	}
}

// blot hides from the start of one token to the start of the one after last.
func (v *veil) blot(first, last *token.Token) {
	s := span{from: tokenMark(first)}
	if next := last.Next; next != nil {
		s.to = tokenMark(next)
		if s.to.before(s.from) <= 0 { // never trust a place that cannot be
			s.to = mark{line: s.from.line + strings.Count(last.Origin, "\n") + 1, col: 1}
		}
	}
	v.spans = append(v.spans, s)
}

// isWord reports whether a hidden text is a plain word. Those are hidden where
// they stand but not looked for elsewhere: they would blot out our own words.
func isWord(s string) bool {
	return regexp.MustCompile(`^[A-Z]?[a-z]{0,9}$`).MatchString(s)
}

// scrub hides secrets in a message.
func (v *veil) scrub(s string) string {
	for _, text := range v.values {
		s = strings.ReplaceAll(s, text, mask)
	}
	return userinfo().ReplaceAllString(s, "://"+mask+"@")
}

// userinfo matches the user and password of a URL, also where a stray slash or
// at sign in the password makes it no URL.
func userinfo() *regexp.Regexp { return regexp.MustCompile(`://[^\s"']*@`) }

// excerpt returns a line as it can be shown, and where in it a place then is.
func (v *veil) excerpt(line string, at mark) (text string, caret, width int) {
	if len(line) > longLine || len(v.values) > manyValues {
		return "", 0, 0
	}
	runes := []rune(line)
	hidden := v.hidden(line, runes, at.line)
	out := make([]rune, 0, len(runes))
	for i, r := range runes {
		if i == at.col-1 {
			caret = len(out)
			if i > 0 && hidden[i] && hidden[i-1] { // it is within what is hidden
				caret -= len(mask)
			}
		}
		switch {
		case !hidden[i]:
			out = append(out, r)
		case i == 0 || !hidden[i-1]:
			out = append(out, []rune(mask)...)
		}
		if i >= at.col-1 && i < at.col-1+at.width {
			width = len(out) - caret
		}
	}
	if at.col > len(runes) {
		caret = len(out)
	}
	return crop([]rune(printable(string(out))), caret, width)
}

// hidden says of each character of a line whether it is hidden.
func (v *veil) hidden(line string, runes []rune, number int) []bool {
	out := make([]bool, len(runes))
	veilBytes := func(from, to int) {
		start := utf8.RuneCountInString(line[:from])
		for i := range utf8.RuneCountInString(line[from:to]) {
			out[start+i] = true
		}
	}
	for _, m := range userinfo().FindAllStringIndex(line, -1) {
		veilBytes(m[0]+len("://"), m[1]-1)
	}
	for _, text := range v.values {
		for from := 0; ; {
			i := strings.Index(line[from:], text)
			if i < 0 {
				break
			}
			veilBytes(from+i, from+i+len(text))
			from += i + len(text)
		}
	}
	if v.blind {
		for _, s := range strangers(line) {
			veilBytes(s[0], s[1])
		}
	}
	for _, s := range v.spans {
		for i := s.start(number); i < min(s.end(number), len(runes)); i++ {
			out[i] = true
		}
	}
	// The blanks between a value and what comes after it are no part of it.
	for i := len(runes) - 1; i >= 0; i-- {
		if out[i] && (runes[i] == ' ' || runes[i] == '\t') && (i == len(runes)-1 || !out[i+1]) {
			out[i] = false
		}
	}
	return out
}

// crop shortens a line around a caret.
func crop(line []rune, caret, width int) (text string, at, wide int) {
	if len(line) > excerptWidth {
		from := max(0, min(caret-excerptWidth/2, len(line)-excerptWidth))
		to := from + excerptWidth
		cut := slices.Clone(line[from:to])
		if from > 0 {
			cut[0] = '…'
		}
		if to < len(line) {
			cut[len(cut)-1] = '…'
		}
		line, caret = cut, caret-from
	}
	return string(line), caret, max(1, min(width, len(line)-caret))
}

// tokenMark returns the place of a token and its width within its line.
func tokenMark(t *token.Token) mark {
	width, _, _ := strings.Cut(strings.TrimSpace(t.Origin), "\n")
	return mark{line: t.Position.Line, col: max(1, t.Position.Column), width: utf8.RuneCountInString(strings.TrimSpace(width))}
}
