package logs

import (
	"regexp"
	"strings"

	"conway/internal/board"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// marked returns the line with what is searched for in a role of its own.
func (p *Pane) marked(l pane.Line) pane.Line {
	if !p.filter.Finds() && !p.store.terms.Finds() {
		return l
	}
	find := func(s string) [][2]int {
		if places := p.filter.Found(s); len(places) > 0 || p.store.asked == "" {
			return places
		}
		return p.store.terms.Found(s)
	}
	out := make(pane.Line, 0, len(l))
	for _, s := range l {
		for run, found := range s.Text.Found(find) {
			role := s.Role
			if found {
				role = style.Found
			}
			out = append(out, pane.S(role, run))
		}
	}
	return out
}

// chosen returns the line as that of the selected row, in which what is searched
// for stays as it is.
func chosen(l pane.Line) pane.Line {
	out := l.As(style.Selected)
	for i, s := range l {
		if s.Role == style.Found {
			out[i].Role = style.Found
		}
	}
	// The rest of the row takes the look of what comes last.
	return append(out, pane.Span{Role: style.Selected})
}

// termsOf returns what a query in a store's own language looks for, as far as
// that can be told without knowing the language: what stands in quotes, or the
// words of a query that is nothing but words.
func termsOf(query string) board.Query {
	var terms []string
	for _, m := range regexp.MustCompile("\"([^\"\\\\]{2,})\"|`([^`]{2,})`|'([^'\\\\]{2,})'").FindAllStringSubmatch(query, -1) {
		terms = append(terms, m[1]+m[2]+m[3])
	}
	if len(terms) == 0 && !strings.ContainsAny(query, "=|{}()<>:*\"'`~!,%") {
		for w := range strings.FieldsSeq(query) {
			switch strings.ToLower(w) {
			case "and", "or", "not", "search":
			default:
				terms = append(terms, w)
			}
		}
	}
	for i, t := range terms {
		// An expression, because in a word the language of the filter may see a term
		// of its own.
		terms[i] = "(?i:" + regexp.QuoteMeta(t) + ")"
	}
	if len(terms) == 0 {
		return board.Query{}
	}
	q, err := board.ParseQuery("/" + strings.ReplaceAll(strings.Join(terms, "|"), "/", `\/`) + "/")
	if err != nil {
		return board.Query{}
	}
	return q
}
