// Package nights draws, for the daytime, what the ledger counts: the person's own
// nights, whose code woke whom, what pages again and again, and what was asked for
// and never done.
package nights

import (
	"strings"

	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// Pane is what the ledger counts.
type Pane struct{ scroll pane.Scroll }

// New returns the pane.
func New() *Pane { return &Pane{} }

// Title says what time is counted.
func (p *Pane) Title(f pane.Frame, b board.Board) pane.Line {
	l := pane.L(pane.S(style.Heading, text.Const("LEDGER")))
	if n := b.Nights(); !n.Received.IsZero() {
		l = append(l, pane.S(style.Text, text.Sprintf(" 13 weeks to %s", f.Day(n.Value.To))))
	}
	return l
}

// View draws one part after another.
func (p *Pane) View(f pane.Frame, b board.Board) pane.Block {
	all := p.lines(f, b)
	from, to := p.scroll.Visible(len(all), f.Height, -1)
	return all[from:to]
}

func (p *Pane) lines(f pane.Frame, b board.Board) pane.Block {
	r := b.Nights()
	var out pane.Block
	if r.Fault != nil {
		out = append(out, pane.FaultLines(r.Fault, f.Width)...)
	}
	if r.Received.IsZero() {
		if r.Fault == nil {
			out = append(out, pane.L(pane.S(style.Dim, text.Const("reading the ledger …"))))
		}
		return out
	}
	n := r.Value
	out = append(out, own(n, f)...)
	out = append(out, untagged(b.Recall().Untagged, f)...)
	out = append(out, matrix(n)...)
	out = append(out, repeats(n)...)
	return append(out, asked(n, f)...)
}

// heading begins a part.
func heading(words, dim text.Safe) pane.Line {
	return pane.L(pane.S(style.Heading, words), pane.S(style.Dim, dim))
}

// most is how many rows a list shows: what comes after is not what is worst.
const most = 12

func own(n oncall.Nights, f pane.Frame) pane.Block {
	out := pane.Block{heading(text.Const("YOUR NIGHTS"), text.Const("  on this screen only"))}
	if n.SleepPages == 0 {
		return append(out, pane.L(pane.S(style.OK, text.Const("no page woke you"))))
	}
	words := text.Sprintf("%s in %s · %s of your sleep", pane.Count(n.SleepPages, "sleep page"), pane.Count(n.Spoilt, "night"), pane.Ago(n.Lost))
	out = append(out, pane.Paragraph(style.Text, words, f.Width)...)
	weeks := make([]text.Safe, len(n.Weeks))
	for i, v := range n.Weeks {
		weeks[i] = text.Sprintf("%d", v)
	}
	return append(out, pane.L(pane.S(style.Dim, text.Const("by week ")), pane.S(style.Text, text.Join(weeks, text.Const(" ")))))
}

func untagged(all []oncall.Untagged, f pane.Frame) pane.Block {
	if len(all) == 0 {
		return nil
	}
	out := pane.Block{nil, heading(text.Const("LAST NIGHT, WITHOUT A TAG"), text.Const("  :tag goes through them"))}
	for _, u := range all {
		out = append(out, pane.L(pane.S(style.Dim, text.Sprintf("%s ", f.Clock(u.At))), pane.S(style.Text, text.Decode(u.Title))))
	}
	return out
}

// teamWidth is how much of a team's name a column shows.
const teamWidth = 12

// team names a team; people of whom the config does not say it are in none.
func team(name string) text.Safe {
	if name == "" {
		return text.Const("(no team)")
	}
	return text.Decode(name)
}

func matrix(n oncall.Nights) pane.Block {
	if len(n.Columns) == 0 {
		return nil
	}
	head := pane.L(pane.S(style.Dim, text.Const("code ↓ sleep →").Fit(teamWidth+4)))
	for _, c := range n.Columns {
		head = append(head, pane.S(style.Dim, team(c).Fit(teamWidth)), pane.S(style.Dim, text.Const(" ")))
	}
	out := pane.Block{nil, heading(text.Const("WHOSE CODE, WHOSE SLEEP"), text.Const("  sleep pages")), head}
	for i, cells := range n.Cells {
		l := pane.L(pane.S(style.Text, team(n.Rows[i]).Fit(teamWidth+4)))
		for j, v := range cells {
			role := style.Text
			switch {
			case v == 0:
				role = style.Dim
			case n.Rows[i] != n.Columns[j]:
				role = style.Warn // somebody else's sleep
			}
			l = append(l, pane.S(role, text.Sprintf("%d", v).Fit(teamWidth)), pane.S(style.Text, text.Const(" ")))
		}
		out = append(out, l)
	}
	return out
}

func repeats(n oncall.Nights) pane.Block {
	if len(n.Repeats) == 0 {
		return nil
	}
	out := pane.Block{nil, heading(text.Const("AGAIN AND AGAIN"), text.Const("  pages of the same alert"))}
	for _, r := range n.Repeats[:min(len(n.Repeats), most)] {
		state := pane.S(style.Warn, text.Const("no follow-up"))
		if r.Asked >= 0 {
			state = pane.S(style.Dim, text.Sprintf("follow-up open %s", pane.Ago(r.Asked)))
		}
		out = append(out, pane.L(
			pane.S(style.Title, text.Sprintf("%3d× ", r.Times)), state,
			pane.S(style.Text, text.Sprintf(" · %s", r.Title)), pane.S(style.Dim, text.Sprintf(" (%s)", r.Team)),
		))
	}
	return out
}

func asked(n oncall.Nights, f pane.Frame) pane.Block {
	if len(n.Asked) == 0 {
		return nil
	}
	out := pane.Block{nil, heading(text.Const("FOLLOW-UPS"), text.Sprintf("  %d open", len(n.Asked)))}
	for _, a := range n.Asked[:min(len(n.Asked), most)] {
		out = append(out, pane.L(
			pane.S(style.Title, pane.Ago(f.Now.Sub(a.At)).Fit(5)), pane.S(style.Text, text.Sprintf(" %s", strings.TrimSpace(a.Team))),
			pane.S(style.Dim, text.Sprintf(" · %s", a.About)),
		))
	}
	return out
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
