// Package health draws how every source fares: its age, its fault, and when it
// is asked next.
package health

import (
	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// Pane is the list of sources.
type Pane struct{ scroll pane.Scroll }

// New returns the pane.
func New() *Pane { return &Pane{} }

// Title is constant.
func (p *Pane) Title(pane.Frame, board.Board) pane.Line {
	return pane.L(pane.S(style.Heading, text.Const("SOURCES")))
}

// View draws one source after another, each with its whole fault.
func (p *Pane) View(f pane.Frame, b board.Board) pane.Block {
	all := p.lines(f, b)
	from, to := p.scroll.Visible(len(all), f.Height, -1)
	return all[from:to]
}

func (p *Pane) lines(f pane.Frame, b board.Board) pane.Block {
	var out pane.Block
	names := minName
	for _, s := range b.Sources() {
		names = min(max(names, text.Decode(s.Name).Width()), maxName)
	}
	for _, s := range b.Sources() {
		out = append(out, row(s, names, f))
		if s.Reading.Fault == nil {
			continue
		}
		for _, l := range text.Decode(s.Reading.Fault.Error()).Wrap(max(1, f.Width-2)) {
			out = append(out, pane.L(pane.S(style.Text, text.Const("  ")), pane.S(style.Error, l)))
		}
	}
	out = append(out, lines(b.Logs(), f.Width)...)
	if len(out) == 0 {
		return pane.Block{pane.L(pane.S(style.Dim, text.Const("no sources: run conway config init, or try conway drill")))}
	}
	return out
}

// lines says where all log lines are that came, in numbers that add up; nothing
// before the first one.
func lines(t board.Tail, w int) pane.Block {
	dropped, exact := t.Dropped()
	came := t.Received() + dropped + t.Elsewhere()
	if came == 0 {
		return nil
	}
	least := text.Const("")
	if !exact {
		least = text.Const("at least ")
	}
	words := text.Sprintf("%s%d lines came: %d held, %d let go for newer ones, %s%d left out", least, came, t.Len(), t.Evicted(), least, dropped)
	if n := t.Elsewhere(); n > 0 {
		words = text.Sprintf("%s, %d of other pages", words, n)
	}
	return pane.Paragraph(style.Dim, words, w)
}

// A column of names is as wide as the longest one, within these bounds.
const (
	minName = 9
	maxName = 24
)

func row(s board.SourceState, names int, f pane.Frame) pane.Line {
	q := s.Reading.Quality(f.Now)
	role := style.OK
	switch q {
	case oncall.Late:
		role = style.Warn
	case oncall.Stale, oncall.Lost:
		role = style.Error
	case oncall.Never:
		role = style.Dim
		if s.Reading.Fault != nil {
			role = style.Error
		}
	case oncall.Live, oncall.NoData:
	}
	age := text.Const("never answered")
	if !s.Reading.Received.IsZero() {
		age = text.Sprintf("answered %s ago", pane.Ago(s.Reading.Age(f.Now)))
	}
	l := pane.L(
		pane.S(style.Title, text.Concat(text.Decode(s.Name).Fit(names), text.Const(" "))),
		pane.S(style.Dim, text.Decode(s.Kind).Fit(9)),
		pane.S(role, text.Decode(q.String()).Fit(8)),
		pane.S(style.Text, age),
	)
	if s.Skew != 0 {
		l = append(l, pane.S(style.Warn, text.Sprintf(" · its clock is %s, times are put right", pane.Offset(s.Skew))))
	}
	if s.NextTry.After(f.Now) {
		l = append(l, pane.S(style.Warn, text.Sprintf(" · try %d in %s", s.Attempt+1, pane.Age(s.NextTry.Sub(f.Now)))))
	}
	return l
}

// Handle scrolls.
func (p *Pane) Handle(a keymap.Action, f pane.Frame, b board.Board) (pane.Intent, bool) {
	n := len(p.lines(f, b))
	by, ok := pane.Step(a, f.Height, n)
	if ok {
		p.scroll.Top += by
		p.scroll.Window(n, f.Height, -1)
	}
	return nil, ok
}

// Reason never objects.
func (p *Pane) Reason(keymap.Action, pane.Frame, board.Board) text.Safe { return text.Safe{} }

// Place returns the first row in sight.
func (p *Pane) Place(pane.Frame) int { return p.scroll.Top }

// Put puts row n first.
func (p *Pane) Put(_ pane.Frame, n int) { p.scroll.Top = n }
