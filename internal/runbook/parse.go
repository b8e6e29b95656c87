package runbook

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// The limits of a runbook. Far beyond them a file is something else, and
// Markdown allows inputs whose cost grows with the square of their size.
const (
	maxSource = 512 << 10
	maxNest   = 64
)

// Parse reads one Markdown file. Name is the path that messages show. An error
// means that there is nothing to show: an empty, huge or binary file. A document
// that can be read but not run, or only in part, comes back with Problems.
func Parse(name string, src []byte) (Runbook, error) {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	if p, ok := unreadable(src); !ok {
		return Runbook{Name: name}, errors.New(p.In(name))
	}
	if src[len(src)-1] != '\n' {
		// The last line is a line like the others.
		src = append(bytes.Clone(src), '\n')
	}
	front, skip := splitFront(src)
	w := walker{book: Runbook{Name: name, Front: front}, src: src, nl: newlines(src)}
	if skip > 0 {
		w.book.Blocks = append(w.book.Blocks, Block{
			Kind: Code, Text: trimEOL(string(src[:skip])), Info: "front matter", Line: 1, Step: NoStep,
		})
	}
	// Blanking keeps every position in the body the same as in the file.
	body := bytes.Clone(src)
	for i := range skip {
		if body[i] != '\n' {
			body[i] = ' '
		}
	}
	tree, err := parseMarkdown(body)
	if err != nil {
		return Runbook{Name: name}, fmt.Errorf("%s: %w; take it out of runbooks.paths", name, err)
	}
	w.children(tree, place{})
	w.finish()
	return w.book, nil
}

// parseMarkdown returns the tree of blocks. No inline parsers: their work is to
// take markup away, and here every byte is shown. No paragraph transformers:
// they remove link definitions. The parser is not ours and its input is
// anybody's, so a panic in it is an error.
func parseMarkdown(body []byte) (n ast.Node, err error) {
	defer func() {
		if p := recover(); p != nil {
			n, err = nil, fmt.Errorf("parse Markdown: %v", p)
		}
	}()
	p := parser.NewParser(parser.WithBlockParsers(parser.DefaultBlockParsers()...))
	return p.Parse(text.NewReader(body)), nil
}

// unreadable returns why src cannot be a runbook.
func unreadable(src []byte) (Problem, bool) {
	switch i := bytes.IndexByte(src, 0); {
	case len(bytes.TrimSpace(src)) == 0:
		return Problem{Text: "the file is empty", Fix: "write the steps as ```sh blocks"}, false
	case len(src) > maxSource:
		return Problem{
			Text: fmt.Sprintf("the file has %d bytes, a runbook has at most %d", len(src), maxSource),
			Fix:  "split it, or take it out of runbooks.paths",
		}, false
	case i >= 0:
		return Problem{
			Line: 1 + bytes.Count(src[:i], []byte("\n")),
			Text: "the file is not text: it holds a zero byte",
			Fix:  "take it out of runbooks.paths",
		}, false
	}
	for i, line := range bytes.Split(src, []byte("\n")) {
		if nesting(line) > maxNest {
			return Problem{
				Line: i + 1,
				Text: fmt.Sprintf("quotes and lists are nested more than %d deep", maxNest),
				Fix:  "take the markers off the start of the line",
			}, false
		}
	}
	return Problem{}, true
}

// nesting counts the quote and list markers that a line starts with.
func nesting(line []byte) int {
	n := 0
	for i, c := range line {
		last := i+1 == len(line)
		switch {
		case c == ' ' || c == '\t' || c == '\r':
		case c == '>':
			n++
		case (c == '-' || c == '+' || c == '*' || c == '.' || c == ')') &&
			(last || line[i+1] == ' ' || line[i+1] == '\t'):
			n++
		case c >= '0' && c <= '9':
		default:
			return n
		}
	}
	return n
}

// newlines returns the offset of every line's end.
func newlines(src []byte) []int {
	var at []int
	for i, c := range src {
		if c == '\n' {
			at = append(at, i)
		}
	}
	return at
}

// line returns the 1-based line that holds the byte at pos, the last one for a
// position behind the end, as an empty block may have.
func (w *walker) line(pos int) int { return min(1+sort.SearchInts(w.nl, pos), len(w.nl)) }

// lineText returns the 1-based line n, without its end.
func (w *walker) lineText(n int) (string, bool) {
	if n < 1 || n > len(w.nl)+1 {
		return "", false
	}
	from, to := 0, len(w.src)
	if n > 1 {
		from = w.nl[n-2] + 1
	}
	if n <= len(w.nl) {
		to = w.nl[n-1]
	}
	return string(w.src[from:to]), from < len(w.src)
}

// finish settles what only the whole document tells.
func (w *walker) finish() {
	b := &w.book
	b.Title = cmp.Or(b.Front.Title, w.title, strings.TrimSuffix(path.Base(b.Name), path.Ext(b.Name)))
	if len(b.Steps) == 0 {
		b.Problems = append(b.Problems, Problem{
			Text: "the runbook has no steps", Fix: "write each one as a ```sh or ```bash block",
		})
	}
}

// sortProblems orders by line and keeps the order within one.
func sortProblems(all []Problem) {
	slices.SortStableFunc(all, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
}

func trimEOL(s string) string { return strings.TrimRight(s, "\r\n") }

// source returns the source text of a block's lines.
func (w *walker) source(n ast.Node) string {
	var b strings.Builder
	lines := n.Lines()
	for i := range lines.Len() {
		seg := lines.At(i)
		b.Write(seg.Value(w.src))
	}
	return b.String()
}
