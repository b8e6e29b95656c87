package runbook

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"mvdan.cc/sh/v3/syntax"
)

// The limits of a step. What is larger than this nobody reads before it runs,
// and the shell's grammar, too, can make a parser's cost grow with the square.
const (
	maxScript     = 32 << 10
	maxLine       = 4 << 10
	maxShellDepth = 50
)

// maxProblems bounds what one step reports; the first ones are what an author
// mends first.
const maxProblems = 20

// inspector looks at one step and writes down what it finds.
type inspector struct{ *Step }

// inspect fills in the step's problems and raises its effect by what the script
// shows. It looks; it never runs, expands or changes the script.
func (s inspector) inspect(in info) {
	if in.unknown != "" {
		s.problem(s.Line, fmt.Sprintf("effect %q is unknown", in.unknown), "write observe, change or dangerous")
	}
	if len(bytes.TrimSpace(s.Script)) == 0 {
		s.problem(s.Line, "the block is empty", "write the command, or remove the block")
		return
	}
	s.checkRunes()
	if !s.checkSize() {
		return
	}
	file, err := parseShell(string(s.Script), variant(s.Interpreter))
	if err != nil {
		s.syntaxProblem(err)
	}
	v := newView(string(s.Script), file)
	s.checkShebang()
	for i, line := range v.code {
		for _, found := range placeholders(line) {
			s.problem(s.Line+1+i, "the placeholder "+found+" is not filled in",
				`use an environment variable, such as "${CONWAY_SERVICE:?}"`)
		}
	}
	for i, line := range v.bare {
		s.checkPasted(s.Line+1+i, line)
	}
	if file != nil {
		if err == nil && len(file.Stmts) == 0 {
			s.problem(s.Line, "there is nothing to run: every line is a comment or a root prompt",
				"take the \"# \" off the commands")
		}
		s.checkQuotes(file)
		found := assess(file, 0)
		if found.effect > s.Effect {
			s.Effect, s.Why = found.effect, fmt.Sprintf("line %d: %s", s.Line+found.line, found.why)
		}
	}
	sortProblems(s.Problems)
}

// checkSize reports whether the script is small enough to be looked into.
func (s inspector) checkSize() bool {
	if len(s.Script) > maxScript {
		s.problem(s.Line, fmt.Sprintf("the block has %d bytes, a step at most %d", len(s.Script), maxScript),
			"put it into a script of its own and call that")
		return false
	}
	open, n := 0, s.Line
	for line := range bytes.SplitSeq(s.Script, []byte("\n")) {
		n++
		if len(line) > maxLine {
			s.problem(n, fmt.Sprintf("the line has %d bytes, more than anybody reads", len(line)), "break it into several")
			return false
		}
		for _, c := range line {
			switch c {
			case '(', '{', '`':
				open++
			case ')', '}':
				open--
			}
			if open > maxShellDepth {
				s.problem(n, fmt.Sprintf("brackets are nested more than %d deep", maxShellDepth), "write it more simply")
				return false
			}
		}
	}
	return true
}

// problem adds a problem unless it says what another already says.
func (s inspector) problem(line int, text, fix string) {
	if len(s.Problems) >= maxProblems {
		return
	}
	for _, p := range s.Problems {
		if p.Text == text {
			return
		}
	}
	s.Problems = append(s.Problems, Problem{Line: line, Text: text, Fix: fix})
}

func variant(interpreter string) syntax.LangVariant {
	switch interpreter {
	case "bash":
		return syntax.LangBash
	case "zsh":
		return syntax.LangZsh
	}
	return syntax.LangPOSIX
}

// parseShell parses a script. The parser is not ours and its input is anybody's,
// so a panic in it is one more syntax error.
func parseShell(src string, lang syntax.LangVariant) (f *syntax.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			f, err = nil, fmt.Errorf("parse shell: %v", p)
		}
	}()
	return syntax.NewParser(syntax.Variant(lang), syntax.KeepComments(true)).Parse(strings.NewReader(src), "")
}

func (s inspector) syntaxProblem(err error) {
	fix := "correct it, or label the block with the language it is in"
	var parse syntax.ParseError
	var lang syntax.LangError
	switch {
	case errors.As(err, &parse):
		s.problem(s.Line+int(parse.Pos.Line()), "shell syntax: "+parse.Text, fix)
	case errors.As(err, &lang):
		s.problem(s.Line+int(lang.Pos.Line()),
			fmt.Sprintf("shell syntax: %s does not know %s", s.Interpreter, lang.Feature), "label the block bash")
	default:
		s.problem(s.Line, "shell syntax: "+err.Error(), fix)
	}
}

// checkRunes refuses what a reader cannot see or would misread.
func (s inspector) checkRunes() {
	line := s.Line + 1
	for i := 0; i < len(s.Script); {
		r, n := utf8.DecodeRune(s.Script[i:])
		switch {
		case r == '\n':
			line++
		case r == '\r':
			s.problem(line, "the line holds a carriage return, which the shell would take as part of a word",
				"save the file with LF line ends")
		case r == utf8.RuneError && n == 1:
			s.problem(line, fmt.Sprintf("the byte 0x%02x is not UTF-8", s.Script[i]), "save the file as UTF-8")
		case unseen(r):
			s.problem(line, fmt.Sprintf("the character U+%04X cannot be seen", r), "remove it, or write an ordinary space")
		}
		i += n
	}
}

// checkShebang refuses a block that names another interpreter than its label.
func (s inspector) checkShebang() {
	first, _, _ := strings.Cut(string(s.Script), "\n")
	rest, ok := strings.CutPrefix(first, "#!")
	if !ok {
		return
	}
	for word := range strings.FieldsSeq(rest) {
		word = word[strings.LastIndexByte(word, '/')+1:]
		if word == "env" || strings.HasPrefix(word, "-") {
			continue
		}
		if word != s.Interpreter {
			s.problem(s.Line+1, fmt.Sprintf("the first line asks for %s but the block is run by %s", word, s.Interpreter),
				"label the block with the language it is in")
		}
		return
	}
}

// checkQuotes refuses typographic quotes and dashes where the shell would take
// them as part of a word; a word processor puts them there.
func (s inspector) checkQuotes(file *syntax.File) {
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.DblQuoted, *syntax.SglQuoted:
			return false
		case *syntax.Redirect:
			return n.Hdoc == nil
		case *syntax.Lit:
			if i := strings.IndexAny(n.Value, "“”„‘’‚«»–—−"); i >= 0 {
				r, _ := utf8.DecodeRuneInString(n.Value[i:])
				s.problem(s.Line+int(n.Pos().Line()), fmt.Sprintf("%c (U+%04X) is no quote or dash to the shell", r, r),
					"type it as \", ' or -")
			}
		}
		return true
	})
}
