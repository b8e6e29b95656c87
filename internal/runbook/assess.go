package runbook

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// How far a look goes: shells within shells (ssh, sh -c), words of one command,
// and scripts within one script. What lies beyond counts as a change.
const (
	maxNestedShell   = 3
	maxWords         = 100
	maxNestedScripts = 50
)

// finding is the gravest thing that a look at a script has found.
type finding struct {
	effect Effect
	line   int
	why    string
	// scripts counts the scripts within the script that were looked into.
	scripts int
}

func (f *finding) raise(effect Effect, pos syntax.Pos, why string) {
	if effect > f.effect {
		f.effect, f.line, f.why = effect, int(pos.Line()), why
	}
}

// assess looks for what obviously destroys or changes something. It can miss:
// a script can hide anything from it. So it only ever raises an effect, and a
// script that it finds nothing in is not thereby harmless.
func assess(file *syntax.File, depth int) finding {
	f := finding{effect: Observe}
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CallExpr:
			f.call(n, depth)
		case *syntax.Redirect:
			f.redirect(n, depth)
		case *syntax.BinaryCmd:
			if n.Op == syntax.Pipe || n.Op == syntax.PipeAll {
				f.pipe(n)
			}
		case *syntax.FuncDecl:
			if n.Name != nil && n.Name.Value == ":" {
				f.raise(Dangerous, n.Pos(), "a function named : is how a fork bomb is written")
			}
		}
		return true
	})
	return f
}

// call looks at one simple command, and at each of its words as the start of
// another one, as in "sudo rm", "xargs rm" or "kubectl exec pod -- rm".
func (f *finding) call(n *syntax.CallExpr, depth int) {
	args := n.Args
	if len(args) > maxWords {
		args = args[:maxWords]
		f.raise(Change, n.Pos(), "the command has more words than are looked at")
	}
	words := make([]string, len(args))
	for i, w := range args {
		words[i] = wordText(w)
	}
	for i := range words {
		if why := dangerous(words[i:]); why != "" {
			f.raise(Dangerous, n.Args[i].Pos(), why)
		}
		if why := changing(words[i:]); why != "" {
			f.raise(Change, n.Args[i].Pos(), why)
		}
		f.nested(words[i], n.Args[i].Pos(), depth)
	}
	if len(words) > 0 && strings.HasPrefix(words[0], "$") {
		f.raise(Change, n.Pos(), "the command's name is only known when it runs")
	}
}

// nested looks at a word that may be a script or a query in its own right.
func (f *finding) nested(word string, pos syntax.Pos, depth int) {
	if why := query(word); why != "" {
		f.raise(Dangerous, pos, why)
	}
	if !strings.ContainsAny(word, " \n;|") {
		return
	}
	if f.scripts >= maxNestedScripts || depth >= maxNestedShell {
		f.raise(Change, pos, "it holds more scripts within scripts than are looked at")
		return
	}
	f.scripts++
	inner, err := parseShell(word, syntax.LangBash)
	if err != nil {
		return
	}
	if found := assess(inner, depth+1); found.why != "" {
		f.raise(found.effect, pos, found.why)
	}
}

// redirect looks at where output goes and at what a here-document holds.
func (f *finding) redirect(n *syntax.Redirect, depth int) {
	if n.Hdoc != nil {
		f.nested(wordText(n.Hdoc), n.OpPos, depth)
		return
	}
	switch n.Op {
	case syntax.RdrOut, syntax.RdrClob, syntax.AppOut, syntax.RdrAll, syntax.AppAll, syntax.RdrInOut:
	default:
		return
	}
	to := wordText(n.Word)
	switch {
	case to == "/dev/null" || to == "/dev/stdout" || to == "/dev/stderr" || strings.HasPrefix(to, "/tmp/"):
	case device(to):
		f.raise(Dangerous, n.OpPos, "it writes to the device "+to)
	default:
		f.raise(Change, n.OpPos, "it writes to a file")
	}
}

// pipe refuses to call harmless what pipes a download into a shell.
func (f *finding) pipe(n *syntax.BinaryCmd) {
	last, ok := n.Y.Cmd.(*syntax.CallExpr)
	if !ok || len(last.Args) == 0 {
		return
	}
	for _, w := range last.Args {
		switch name := base(wordText(w)); name {
		case "sudo", "env":
			continue
		case "sh", "bash", "zsh", "dash", "python", "python3", "perl", "ruby":
			f.raise(Dangerous, last.Pos(), "it pipes text into "+name)
		}
		return
	}
}

// wordText returns a word as the shell would see it, with "$" for whatever is
// only known when it runs.
func wordText(w *syntax.Word) string {
	if w == nil {
		return ""
	}
	var b strings.Builder
	writeParts(&b, w.Parts)
	return b.String()
}

func writeParts(b *strings.Builder, parts []syntax.WordPart) {
	for _, p := range parts {
		switch p := p.(type) {
		case *syntax.Lit:
			b.WriteString(strings.ReplaceAll(p.Value, `\`, ""))
		case *syntax.SglQuoted:
			b.WriteString(p.Value)
		case *syntax.DblQuoted:
			writeParts(b, p.Parts)
		default:
			b.WriteByte('$')
		}
	}
}

// device reports whether a path is a disk.
func device(path string) bool {
	for _, p := range []string{"/dev/sd", "/dev/hd", "/dev/vd", "/dev/xvd", "/dev/nvme", "/dev/mmcblk", "/dev/disk", "/dev/mapper", "/dev/md", "/dev/dm-", "/dev/mem"} {
		if strings.HasPrefix(path, p) {
			return true
		}
	}
	return false
}

func base(word string) string { return word[strings.LastIndexByte(word, '/')+1:] }
