// Package steps draws the page's runbook: the document as it was written, each
// fenced shell block a step with its state, and what the steps printed.
package steps

import (
	"math"
	"slices"

	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/runbook"
	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// Pane is the runbook of the selected page.
type Pane struct {
	scroll pane.Scroll
	// of is the runbook that step and scroll belong to.
	of   string
	step int
	// free is true after a person scrolled away from the selected step.
	free bool
}

// New returns the pane.
func New() *Pane { return &Pane{} }

// Title names the runbook and how it was found.
func (p *Pane) Title(f pane.Frame, _ board.Board) pane.Line {
	l := pane.L(pane.S(style.Heading, text.Const("RUNBOOK")))
	if e := f.Scene.Runbook; e != nil {
		l = append(l, pane.S(style.Text, text.Sprintf(" %s", e.Runbook.Title)),
			pane.S(style.Dim, text.Sprintf(" · %s", f.Scene.RunbookWhy)))
	}
	return l
}

// page is the drawn document, and where each step stands in it.
type page struct {
	lines pane.Block
	// from and to are the lines of each step, output included.
	from, to []int
}

// View draws the part of the document around the selected step.
func (p *Pane) View(f pane.Frame, b board.Board) pane.Block {
	pg := p.document(f, b)
	if ran := p.ran(pg, f, b); ran != nil {
		return ran
	}
	from, to := p.visible(pg, f)
	return pg.lines[from:to]
}

func (p *Pane) none(f pane.Frame) pane.Block {
	why := f.Scene.RunbookWhy
	if why == "" {
		why = "no page is selected"
	}
	return pane.Paragraph(style.Dim, text.Decode(why), f.Width)
}

func (p *Pane) visible(pg page, f pane.Frame) (from, to int) {
	s := p.scroll
	sel := p.selected(f, len(pg.from))
	if (!p.free || p.of != path(f)) && sel < len(pg.from) {
		// The end of the selected step first, then its start: when both do not fit
		// the start wins.
		s.Window(len(pg.lines), f.Height, max(0, pg.to[sel]-1))
		s.Window(len(pg.lines), f.Height, pg.from[sel])
	}
	return s.Visible(len(pg.lines), f.Height, -1)
}

// path is the runbook's path, empty for none.
func path(f pane.Frame) string {
	if f.Scene.Runbook == nil {
		return ""
	}
	return f.Scene.Runbook.Path
}

// stepsOf returns the runbook's steps, none without a runbook.
func stepsOf(f pane.Frame) []runbook.Step {
	if f.Scene.Runbook == nil {
		return nil
	}
	return f.Scene.Runbook.Runbook.Steps
}

// selected returns which of n parts is selected: a step, or behind the last one
// an ad-hoc command. It is the first one of another runbook.
func (p *Pane) selected(f pane.Frame, n int) int {
	if p.of != path(f) {
		return 0
	}
	return max(0, min(p.step, n-1))
}

// document draws the runbook, and below it what was run ad hoc for this page.
func (p *Pane) document(f pane.Frame, b board.Board) page {
	adhoc := adHoc(b, f.Scene)
	sel := p.selected(f, len(stepsOf(f))+len(adhoc))
	var pg page
	if f.Scene.Runbook == nil {
		pg.lines = p.none(f)
	} else {
		pg.book(f, b, sel)
	}
	if len(adhoc) > 0 {
		pg.lines = append(pg.lines, nil, pane.L(pane.S(style.Heading, text.Const("Ad hoc, kept as unreviewed"))))
	}
	for _, r := range adhoc {
		selected := len(pg.from) == sel
		pg.part(adHocStep(r, selected, f))
	}
	return pg
}

// part adds the lines of something that can be selected.
func (pg *page) part(lines pane.Block) {
	pg.from = append(pg.from, len(pg.lines))
	pg.lines = append(pg.lines, lines...)
	pg.to = append(pg.to, len(pg.lines))
}

func (pg *page) book(f pane.Frame, b board.Board, sel int) {
	rb := f.Scene.Runbook.Runbook
	if err := f.Scene.Runbook.Err; err != nil {
		pg.lines = append(pg.lines, pane.Paragraph(style.Error, text.Decode(err.Error()), f.Width)...)
	}
	for _, pr := range rb.Problems {
		pg.lines = append(pg.lines, pane.Paragraph(style.Warn, text.Decode(pr.In(rb.Name)), f.Width)...)
	}
	heading := ""
	for _, bl := range rb.Blocks {
		if isStep := bl.Step != runbook.NoStep; isStep || bl.Kind == runbook.Heading {
			if n := len(pg.lines); n > 0 && pg.lines[n-1].Width() > 0 {
				pg.lines = append(pg.lines, nil)
			}
		}
		if bl.Step == runbook.NoStep || bl.Step >= len(rb.Steps) {
			if bl.Kind == runbook.Heading {
				heading = bl.Text
			}
			pg.lines = append(pg.lines, block(bl, f.Width)...)
			continue
		}
		pg.part(step(rb.Steps[bl.Step], heading, bl.Step == sel, f, b))
	}
}

// adHoc returns the commands that were typed for the scene's page, oldest first.
func adHoc(b board.Board, sc pane.Scene) []board.Run {
	var out []board.Run
	for _, r := range b.Runs() {
		if r.Page == sc.Page && r.Runbook == pane.AdHoc {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b board.Run) int { return a.Started.Compare(b.Started) })
	return out
}

func adHocStep(r board.Run, selected bool, f pane.Frame) pane.Block {
	lead := pane.L(pointer(selected), pane.S(headRole(selected, f), f.Seconds(r.Started)), pane.S(style.Text, text.Const(" ")), Outcome(r, f))
	out := append(pane.Block{lead}, scriptLines(r.Script, f)...)
	return append(out, output(r, f)...)
}

func pointer(selected bool) pane.Span {
	if selected {
		return pane.S(style.Key, text.Const("▶ "))
	}
	return pane.S(style.Key, text.Const("  "))
}

func headRole(selected bool, f pane.Frame) style.Role {
	if selected && f.Focused {
		return style.Selected
	}
	return style.Title
}

func scriptLines(script string, f pane.Frame) pane.Block {
	var out pane.Block
	for _, l := range text.Lines(script) {
		for _, w := range l.Wrap(max(1, f.Width-4)) {
			out = append(out, pane.L(pane.S(style.Border, text.Const("  │ ")), pane.S(style.Accent, w)))
		}
	}
	return out
}

func block(bl runbook.Block, w int) pane.Block {
	role, prefix := style.Text, text.Safe{}
	switch bl.Kind {
	case runbook.Heading:
		role = style.Heading
	case runbook.List:
		prefix = text.Concat(text.Safe{}.Pad(2*max(0, bl.Level-1)), text.Decode(bl.Marker).Pad(1), text.Const(" "))
	case runbook.Quote:
		role, prefix = style.Accent, text.Const("│ ")
	case runbook.Code:
		if bl.Info == frontMatter {
			return nil // for conway, not for the person
		}
		role, prefix = style.Dim, text.Const("  ")
	case runbook.HTML:
		role = style.Dim
	case runbook.Rule:
		return pane.Block{pane.L(pane.S(style.Border, text.Const("──────")))}
	case runbook.Text:
	}
	lines := text.Lines(bl.Text)
	if bl.Kind == runbook.Text || bl.Kind == runbook.List || bl.Kind == runbook.Quote {
		// A line break inside a paragraph is only where its author's editor broke it.
		lines = []text.Safe{text.Join(lines, text.Const(" "))}
	}
	var out pane.Block
	for i, raw := range lines {
		for j, l := range raw.Wrap(max(1, w-prefix.Width())) {
			lead := prefix
			if bl.Kind == runbook.List && i+j > 0 {
				lead = text.Safe{}.Pad(prefix.Width())
			}
			out = append(out, pane.L(pane.S(role, lead), pane.S(role, l)))
		}
	}
	return out
}

// frontMatter is how the parser marks a document's front matter.
const frontMatter = "front matter"

func step(s runbook.Step, heading string, selected bool, f pane.Frame, b board.Board) pane.Block {
	title := text.Sprintf("step %d ", s.Index+1)
	if s.Title != heading { // otherwise it stands just above
		title = text.Sprintf("step %d %s ", s.Index+1, s.Title)
	}
	head := pane.L(pointer(selected), pane.S(headRole(selected, f), title), effect(s))
	r, ran := Last(b, f.Scene, s)
	if ran {
		head = append(head, pane.S(style.Text, text.Const(" ")), Outcome(r, f))
	}
	out := append(pane.Block{head}, scriptLines(string(s.Script), f)...)
	for _, pr := range s.Problems {
		for _, l := range text.Sprintf("cannot run, line %d: %s; %s", pr.Line, pr.Text, pr.Fix).Wrap(max(1, f.Width-4)) {
			out = append(out, pane.L(pane.S(style.Text, text.Const("    ")), pane.S(style.Warn, l)))
		}
	}
	if ran {
		out = append(out, output(r, f)...)
	}
	return out
}

func effect(s runbook.Step) pane.Span {
	switch s.Effect {
	case runbook.Observe:
		return pane.S(style.OK, text.Const("[observe]"))
	case runbook.Dangerous:
		return pane.S(style.Critical, text.Const("[DANGEROUS]"))
	case runbook.Change:
	}
	return pane.S(style.Warn, text.Const("[change]"))
}

// Last returns the newest run of a step for the scene's page.
func Last(b board.Board, sc pane.Scene, s runbook.Step) (board.Run, bool) {
	for _, r := range b.Runs() {
		if r.Page == sc.Page && sc.Runbook != nil && r.Runbook == sc.Runbook.Path && r.Step == s.Index {
			return r, true
		}
	}
	return board.Run{}, false
}

// Outcome tells how a run is going, or how it ended and how long it took.
func Outcome(r board.Run, f pane.Frame) pane.Span {
	took := pane.Took(r.Duration(f.Now))
	switch {
	case r.State == oncall.RunExited && r.Exit == 0:
		return pane.S(style.OK, text.Sprintf("✓ exit 0 after %s", took))
	case r.State == oncall.RunExited:
		return pane.S(style.Error, text.Sprintf("✗ exit %d after %s", r.Exit, took))
	case r.State == oncall.RunFailed:
		return pane.S(style.Error, text.Sprintf("✗ %s", r.Reason))
	case r.State == oncall.RunCancelled:
		return pane.S(style.Warn, text.Sprintf("cancelled after %s", took))
	}
	return pane.S(style.Pending, text.Sprintf("%s, %s", r.State, took))
}

// shownOutput is how many of a step's last lines stand below it.
const shownOutput = 200

func output(r board.Run, f pane.Frame) pane.Block {
	var out pane.Block
	if r.Dropped.Count > 0 {
		out = append(out, pane.L(pane.S(style.Warn, text.Sprintf("    %d lines of output left out: %s", r.Dropped.Count, r.Dropped.Reason))))
	}
	lines := r.Output
	if n := len(lines); n > shownOutput {
		out = append(out, pane.L(pane.S(style.Dim, text.Sprintf("    … %d earlier lines", n-shownOutput))))
		lines = lines[n-shownOutput:]
	}
	for _, o := range lines {
		role := style.Text
		if o.Stderr {
			role = style.Error
		}
		for _, l := range text.Decode(o.Text).Wrap(max(1, f.Width-4)) {
			out = append(out, pane.L(pane.S(style.Border, text.Const("  ┊ ")), pane.S(role, l)))
		}
	}
	if len(r.Survivors) > 0 {
		out = append(out, pane.L(pane.S(style.Error, text.Sprintf("    still running: process %s", r.Survivors))))
	}
	return out
}

// ShowLast selects the newest ad-hoc command, so that its output is in sight.
func (p *Pane) ShowLast(f pane.Frame) {
	p.of, p.free, p.step = path(f), false, math.MaxInt
}

// Handle moves between steps, and asks to confirm the selected one.
func (p *Pane) Handle(a keymap.Action, f pane.Frame, b board.Board) (pane.Intent, bool) {
	if p.of != path(f) {
		p.of, p.step, p.free, p.scroll = path(f), 0, false, pane.Scroll{}
	}
	steps := stepsOf(f)
	n := len(steps) + len(adHoc(b, f.Scene))
	sel := p.selected(f, n)
	switch a {
	case keymap.Down, keymap.Up:
		by := 1
		if a == keymap.Up {
			by = -1
		}
		p.step, p.free = max(0, min(n-1, sel+by)), false
		return nil, true
	case keymap.PageUp, keymap.PageDown, keymap.Top, keymap.Bottom:
		pg := p.document(f, b)
		p.scroll.Top, _ = p.visible(pg, f)
		by, _ := pane.Step(a, f.Height, len(pg.lines))
		p.free = true
		p.scroll.Top += by
		p.scroll.Window(len(pg.lines), f.Height, -1)
		return nil, true
	case keymap.Detail:
		if sel < len(steps) {
			return pane.ConfirmStep{Runbook: path(f), Step: steps[sel]}, true
		}
		return pane.Say{Reason: noStep(f, n)}, true
	case keymap.Copy:
		if sel < len(steps) {
			return pane.Copy{What: "the step", Raw: string(steps[sel].Script)}, true
		}
		if n > 0 {
			return pane.Copy{What: "the command", Raw: adHoc(b, f.Scene)[sel-len(steps)].Script}, true
		}
	}
	return nil, false
}

func noStep(f pane.Frame, n int) string {
	switch {
	case n > 0:
		return "an ad-hoc command is not run again from here; type it anew"
	case f.Scene.Runbook == nil:
		return "there is no runbook to run a step of"
	}
	return "this runbook has no step that can be run"
}

// Reason says why a step cannot be run.
func (p *Pane) Reason(a keymap.Action, f pane.Frame, _ board.Board) text.Safe {
	if a != keymap.Detail || len(stepsOf(f)) == 0 {
		return text.Safe{}
	}
	s := stepsOf(f)
	if i := p.selected(f, len(s)+1); i < len(s) && !s[i].Runnable() {
		pr := s[i].Problems[0]
		return text.Sprintf("this step cannot run as it is written: line %d: %s; %s", pr.Line, pr.Text, pr.Fix)
	}
	return text.Safe{}
}

// Place returns the selected step of the page's runbook.
func (p *Pane) Place(f pane.Frame) int {
	if p.of != path(f) {
		return 0
	}
	return p.step
}

// Put selects step n, if there still is one.
func (p *Pane) Put(f pane.Frame, n int) { p.of, p.step, p.free = path(f), n, false }
