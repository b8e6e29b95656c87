// Package timeline draws what happened around the selected page, merged from
// the pager, the deploys, our own actions, the steps we ran and the kinds of log
// lines that began then.
package timeline

import (
	"slices"

	"conway/internal/board"
	"conway/internal/follow"
	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// Pane is the timeline.
type Pane struct {
	services follow.Map
	scroll   pane.Scroll
	of       oncall.Ref
	// moved is true once a person scrolled; before, the newest moment is in sight.
	moved bool
}

// New returns the pane. The map says which deploys belong to a page's story.
func New(services follow.Map) *Pane { return &Pane{services: services} }

// Title names the page.
func (p *Pane) Title(f pane.Frame, b board.Board) pane.Line {
	l := pane.L(pane.S(style.Heading, text.Const("TIMELINE")))
	if r, ok := b.Page(f.Scene.Page); ok {
		l = append(l, pane.S(style.Text, text.Sprintf("%s %s", pane.Number(r.Page), r.Page.Title)))
	}
	return l
}

// View draws one moment after another, oldest first.
func (p *Pane) View(f pane.Frame, b board.Board) pane.Block {
	all := p.lines(f, b)
	top := p.scroll
	if !p.moved || p.of != f.Scene.Page {
		top.Top = len(all)
	}
	from, to := top.Visible(len(all), f.Height, -1)
	return all[from:to]
}

const indent = 9 // a time of day with seconds and a space

func (p *Pane) lines(f pane.Frame, b board.Board) pane.Block {
	moments := b.TimelineOf(f.Scene.Page, func(d oncall.Deploy) bool {
		points, _ := p.services.Concerns(d, f.Scene.Service)
		return points > 0
	})
	if len(f.Scene.Patterns) > 0 {
		moments = slices.Concat(moments, f.Scene.Patterns)
		slices.SortStableFunc(moments, func(x, y board.Moment) int { return x.At.Compare(y.At) })
	}
	if len(moments) == 0 {
		return pane.Block{pane.L(pane.S(style.Dim, text.Const("nothing has happened yet, or no page is selected")))}
	}
	var out pane.Block
	day := -1
	for _, m := range moments {
		if d := m.At.In(f.In()).YearDay(); d != day {
			day = d
			out = append(out, pane.L(pane.S(style.Dim, text.Decode(m.At.In(f.In()).Format("Mon Jan 2")))))
		}
		out = append(out, moment(m, f)...)
	}
	return out
}

func moment(m board.Moment, f pane.Frame) pane.Block {
	role := style.Text
	switch m.Kind {
	case board.MomentOpened:
		role = style.Error
	case board.MomentAck, board.MomentAction:
		role = style.OK
	case board.MomentDeploy:
		role = style.Deploy
	case board.MomentNote:
		role = style.Accent
	case board.MomentRun, board.MomentPattern:
		role = style.Warn
	case board.MomentLog:
		role = style.Dim
	}
	what := text.Join([]text.Safe{
		text.Decode(string(m.Kind)), text.Decode(m.Who), text.Join(text.Lines(m.Text), text.Const(" ")), text.Decode(m.State),
	}, text.Const(" · "))
	var out pane.Block
	for i, l := range what.Wrap(max(8, f.Width-indent)) {
		at := f.Seconds(m.At).Pad(indent)
		if i > 0 {
			at = text.Safe{}.Pad(indent)
		}
		out = append(out, pane.L(pane.S(style.Dim, at), pane.S(role, l)))
	}
	return out
}

// Handle scrolls.
func (p *Pane) Handle(a keymap.Action, f pane.Frame, b board.Board) (pane.Intent, bool) {
	n := len(p.lines(f, b))
	by, ok := pane.Step(a, f.Height, n)
	if !ok {
		return nil, false
	}
	if !p.moved || p.of != f.Scene.Page {
		p.of, p.moved, p.scroll.Top = f.Scene.Page, true, max(0, n-f.Height)
	}
	p.scroll.Top += by
	p.scroll.Window(n, f.Height, -1)
	return nil, true
}

// Reason never objects.
func (p *Pane) Reason(keymap.Action, pane.Frame, board.Board) text.Safe { return text.Safe{} }

// Place returns the first line in sight plus one, 0 while the newest is in sight.
func (p *Pane) Place(f pane.Frame) int {
	if !p.moved || p.of != f.Scene.Page {
		return 0
	}
	return p.scroll.Top + 1
}

// Put puts line n-1 of the selected page first.
func (p *Pane) Put(f pane.Frame, n int) {
	if n > 0 {
		p.of, p.moved, p.scroll.Top = f.Scene.Page, true, n-1
	}
}
