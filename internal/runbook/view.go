package runbook

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// view is a script by lines with parts blanked, so that each check looks only
// where its findings mean something. Positions stay the same.
type view struct {
	// code has no comments: nothing in them is run.
	code []string
	// bare has no quoted text and no here-documents either.
	bare []string
}

// newView blanks by the syntax tree, or, without one, whole comment lines.
func newView(script string, file *syntax.File) view {
	if file == nil {
		lines := strings.Split(script, "\n")
		for i, line := range lines {
			if s := strings.TrimSpace(line); strings.HasPrefix(s, "#") {
				lines[i] = ""
			}
		}
		return view{code: lines, bare: lines}
	}
	code, bare := []byte(script), []byte(script)
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Comment:
			blank(code, n.Pos(), n.End(), 0)
			blank(bare, n.Pos(), n.End(), 0)
		case *syntax.SglQuoted:
			blank(bare, n.Pos(), n.End(), 1)
		case *syntax.DblQuoted:
			blank(bare, n.Pos(), n.End(), 1)
		case *syntax.Redirect:
			if n.Hdoc != nil {
				blank(bare, n.Hdoc.Pos(), n.Hdoc.End(), 0)
			}
		}
		return true
	})
	return view{code: strings.Split(string(code), "\n"), bare: strings.Split(string(bare), "\n")}
}

// blank writes spaces over a range, except over line ends and over margin bytes
// on each side.
func blank(b []byte, from, to syntax.Pos, margin int) {
	start, end := int(from.Offset())+margin, min(int(to.Offset())-margin, len(b))
	for i := start; i < end; i++ {
		if b[i] != '\n' {
			b[i] = ' '
		}
	}
}
