package runbook

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// walker turns the blocks of a Markdown tree into a Runbook, in order.
type walker struct {
	book Runbook
	src  []byte
	nl   []int
	// title is the first heading, of level 1 if there is one.
	title      string
	titleLevel int
	// heading is the nearest one so far; named is true once a step has its name.
	heading string
	named   bool
	// prose is the text since the last step or heading.
	prose []string
}

// place is where in the nesting of lists and quotes a block stands.
type place struct {
	lists, quotes int
	// marker is the bullet of the list item whose first block comes next.
	marker *string
}

func (w *walker) children(n ast.Node, at place) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		w.block(c, at)
	}
}

func (w *walker) block(n ast.Node, at place) {
	switch n := n.(type) {
	case *ast.List:
		at.lists++
		number := n.Start
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			marker := string(n.Marker)
			if n.IsOrdered() {
				marker = fmt.Sprint(number) + marker
				number++
			}
			at.marker = &marker
			if !c.HasChildren() {
				w.add(at, Block{Kind: Text, Line: w.line(max(0, c.Pos()))})
			}
			w.children(c, at)
		}
	case *ast.Blockquote:
		at.quotes++
		w.children(n, at)
	case *ast.Heading:
		w.headingBlock(n, at)
	case *ast.FencedCodeBlock:
		w.fence(n, at)
	case *ast.CodeBlock:
		w.text(n, at, Code)
	case *ast.HTMLBlock:
		w.html(n, at)
	case *ast.ThematicBreak:
		w.add(at, Block{Kind: Rule, Line: w.line(max(0, n.Pos()))})
	default:
		// A paragraph. What is below it are words, which its lines hold already.
		if n.Type() == ast.TypeBlock {
			w.text(n, at, Text)
		}
	}
}

// add appends a block as it shows inside its lists and quotes.
func (w *walker) add(at place, b Block) {
	if at.marker != nil {
		b.Marker, *at.marker = *at.marker, ""
	}
	if b.Kind == Text && at.lists > 0 {
		b.Kind = List
	}
	if b.Kind == Text && at.quotes > 0 {
		b.Kind = Quote
	}
	if b.Kind != Heading {
		b.Level = at.lists + at.quotes
	}
	if b.Kind != Code || b.Step < 0 || b.Info == "" {
		b.Step = NoStep
	}
	w.book.Blocks = append(w.book.Blocks, b)
}

// text adds a block that is just its lines.
func (w *walker) text(n ast.Node, at place, kind Kind) {
	if n.Lines() == nil || n.Lines().Len() == 0 {
		return
	}
	s := trimEOL(w.source(n))
	w.prose = append(w.prose, s)
	w.add(at, Block{Kind: kind, Text: s, Line: w.line(n.Lines().At(0).Start), Step: NoStep})
}

func (w *walker) html(n *ast.HTMLBlock, at place) {
	s := w.source(n)
	line := max(0, n.Pos())
	if n.Lines().Len() > 0 {
		line = n.Lines().At(0).Start
	}
	if n.HasClosure() {
		s += string(n.ClosureLine.Value(w.src))
	}
	s = trimEOL(s)
	w.prose = append(w.prose, s)
	w.add(at, Block{Kind: HTML, Text: s, Line: w.line(line)})
}

func (w *walker) headingBlock(n *ast.Heading, at place) {
	s := strings.TrimSpace(w.source(n))
	pos := max(0, n.Pos())
	if n.Lines().Len() > 0 {
		pos = n.Lines().At(0).Start
	}
	w.add(at, Block{Kind: Heading, Level: n.Level, Text: s, Line: w.line(pos)})
	w.heading, w.named, w.prose = s, false, nil
	if s != "" && (w.title == "" || (n.Level == 1 && w.titleLevel != 1)) {
		w.title, w.titleLevel = s, n.Level
	}
}

// fence adds a fenced block, as a step when its language is a shell.
func (w *walker) fence(n *ast.FencedCodeBlock, at place) {
	var about string
	if n.Info != nil {
		about = string(n.Info.Segment.Value(w.src))
	}
	script := w.source(n)
	line := w.fenceLine(n)
	b := Block{Kind: Code, Text: trimEOL(script), Info: about, Line: line, Step: NoStep}
	open := w.unterminated(n, line)
	if open {
		w.book.Problems = append(w.book.Problems, Problem{
			Line: line, Text: "the code block does not end", Fix: "close it with a line of ``` like the one that opens it",
		})
	}
	in := readInfo(about)
	interpreter, transcript, ok := interpreterOf(in.lang)
	if !ok {
		w.prose = append(w.prose, b.Text)
		w.add(at, b)
		return
	}
	s := Step{
		Index: len(w.book.Steps), Prose: strings.Join(w.prose, "\n"), Script: []byte(script),
		Lang: in.lang, Interpreter: interpreter, Line: line, Effect: in.effect,
	}
	s.Title = w.stepTitle(in, s.Index)
	switch {
	case transcript:
		s.Problems = []Problem{{
			Line: line, Text: fmt.Sprintf("a %q block is a transcript and is only shown", in.lang),
			Fix: "put the commands alone into a ```sh block",
		}}
	case open:
		s.Problems = []Problem{{Line: line, Text: "the block's end is missing, so it may hold too much", Fix: "close it with ```"}}
	default:
		inspector{&s}.inspect(in)
	}
	w.book.Steps = append(w.book.Steps, s)
	b.Step = s.Index
	w.add(at, b)
	w.prose, w.named = nil, true
}

// stepTitle names a step: the author's title, a fresh heading, the last line of
// the text before it, or the heading once more.
func (w *walker) stepTitle(in info, index int) string {
	last := ""
	if len(w.prose) > 0 {
		lines := strings.Split(strings.TrimSpace(w.prose[len(w.prose)-1]), "\n")
		last = strings.TrimRight(strings.TrimSpace(lines[len(lines)-1]), ":")
	}
	fresh := w.heading
	if w.named {
		fresh = ""
	}
	return cmp.Or(in.title, fresh, last, w.heading, fmt.Sprintf("step %d", index+1))
}

// fenceLine returns the line of the opening fence.
func (w *walker) fenceLine(n *ast.FencedCodeBlock) int {
	switch {
	case n.Lines().Len() > 0:
		return w.line(n.Lines().At(0).Start) - 1
	case n.Info != nil:
		return w.line(n.Info.Segment.Start)
	}
	return w.line(max(0, n.Pos()))
}

// unterminated reports whether a fence ends only because its container or the
// file does: the line after its content closes nothing.
func (w *walker) unterminated(n *ast.FencedCodeBlock, line int) bool {
	opening, _ := w.lineText(line)
	i := strings.Index(opening, "```")
	if j := strings.Index(opening, "~~~"); i < 0 || (j >= 0 && j < i) {
		i = j
	}
	if i < 0 {
		return true
	}
	size := len(opening[i:]) - len(strings.TrimLeft(opening[i:], opening[i:i+1]))
	closing, ok := w.lineText(line + n.Lines().Len() + 1)
	closing = strings.TrimRight(strings.TrimLeft(closing, " \t>"), " \t\r")
	return !ok || len(closing) < size || strings.Trim(closing, opening[i:i+1]) != ""
}
