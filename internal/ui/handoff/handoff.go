// Package handoff draws the sheet for whoever is on call next: the open pages and
// what will call again, from the board; what was typed and not looked at, what is
// still to be done and what to watch, from the ledger.
package handoff

import (
	"cmp"
	"strings"

	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// Pane is the sheet.
type Pane struct{ scroll pane.Scroll }

// New returns the pane.
func New() *Pane { return &Pane{} }

// Title says how old what the ledger holds is.
func (p *Pane) Title(f pane.Frame, b board.Board) pane.Line {
	l := pane.L(pane.S(style.Heading, text.Const("HANDOFF ")))
	switch r := b.Sheet(); {
	case r.Fault != nil:
		l = append(l, pane.S(style.Error, text.Const("the ledger could not be read ")))
	case r.Received.IsZero():
		l = append(l, pane.S(style.Dim, text.Const("reading the ledger")))
	default:
		l = append(l, pane.S(style.Dim, text.Sprintf("read %s ago", pane.Ago(f.Now.Sub(r.Received)))))
	}
	return l
}

// View draws one section after another.
func (p *Pane) View(f pane.Frame, b board.Board) pane.Block {
	all := p.lines(f, b)
	from, to := p.scroll.Visible(len(all), f.Height, -1)
	return all[from:to]
}

// sheet collects the rows.
type sheet struct {
	f   pane.Frame
	out pane.Block
}

func (s *sheet) head(title text.Safe, n int) {
	s.out = append(s.out, pane.L(pane.S(style.Heading, text.Sprintf("%s %d", title, n))))
}

func (s *sheet) row(role style.Role, t text.Safe) {
	const indent = 2
	for i, l := range t.Wrap(max(8, s.f.Width-indent)) {
		mark := text.Const("- ")
		if i > 0 {
			mark = text.Const("  ")
		}
		s.out = append(s.out, pane.L(pane.S(style.Dim, mark), pane.S(role, l)))
	}
}

func (p *Pane) lines(f pane.Frame, b board.Board) pane.Block {
	s := &sheet{f: f}
	var open []oncall.Page
	for _, r := range b.Pages() {
		if !r.Gone && r.Page.Open() {
			open = append(open, r.Page)
		}
	}
	s.head(text.Const("OPEN PAGES"), len(open))
	for _, o := range open {
		s.row(style.Text, text.Sprintf("%s · %s · %s", o.Title, o.Status, pane.Age(f.Now.Sub(o.CreatedAt))))
	}
	lapses := oncall.Lapses(open)
	s.head(text.Const("CALL AGAIN BY THEMSELVES"), len(lapses))
	for _, l := range lapses {
		s.row(style.Warn, text.Sprintf("%s at %s, in %s", l.Page.Title, f.Date(l.At), pane.Age(l.At.Sub(f.Now))))
	}
	if r := b.Sheet(); r.Fault != nil {
		s.row(style.Error, text.Decode(r.Fault.Error()))
	} else if r.Received.IsZero() {
		return s.out // what is not known is not drawn as none
	}
	s.ledger(b.Sheet().Value)
	return s.out
}

// ledger draws what the ledger holds.
func (s *sheet) ledger(v oncall.Sheet) {
	s.head(text.Const("UNREVIEWED CHANGES"), len(v.Unreviewed))
	for _, r := range v.Unreviewed {
		s.row(style.Warn, text.Sprintf("%s · %s · conway handoff --reviewed %s", s.f.Date(r.Started), strings.TrimSpace(r.Script), r.ID))
	}
	s.head(text.Const("FOLLOW-UPS OPEN"), len(v.FollowUps))
	for _, o := range v.FollowUps {
		s.row(style.Text, text.Sprintf("%s · %s · open %s", cmp.Or(o.Text, o.ID), cmp.Or(o.URL, o.Team, o.Page.String()), pane.Age(s.f.Now.Sub(o.Opened))))
	}
	s.head(text.Const("WHAT TO WATCH"), len(v.Watch))
	for _, w := range v.Watch {
		s.row(style.Text, text.Sprintf("%s · %s · fired %d times · ended %s", w.Title, w.Service, w.Fired, s.f.Date(w.Ended)))
		for _, d := range w.Deploys {
			s.row(style.Deploy, text.Sprintf("  deployed %s: %s", s.f.Date(d.When()), cmp.Or(d.Version, d.Commit, d.Ref.ID)))
		}
	}
	if len(v.Silences) > 0 {
		s.head(text.Const("SILENCES"), len(v.Silences))
	}
	for _, o := range v.Silences {
		s.row(style.Text, text.Sprintf("%s until %s · %s · %s", o.What, s.f.Date(o.Until), o.By, o.Why))
	}
	for _, m := range v.Missing {
		s.row(style.Warn, text.Decode(m))
	}
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
