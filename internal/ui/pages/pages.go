// Package pages draws the list of pages, and everything known about one.
package pages

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

const (
	// serviceFrom and urgencyFrom are the widths from which a row has room for
	// these columns.
	serviceFrom  = 60
	urgencyFrom  = 44
	serviceWidth = 14
	ageWidth     = 5
)

// Pane is the list of pages.
type Pane struct {
	filter pane.Needle
	scroll pane.Scroll
}

// New returns the pane.
func New() *Pane { return &Pane{} }

// Rows returns the rows that pass the filter, in the board's order.
func (p *Pane) Rows(b board.Board) []board.PageRow {
	var out []board.PageRow
	for _, r := range b.Pages() {
		if p.filter.Match(r.Page.Title, r.Page.Service.Name, r.Page.Status.String()) {
			out = append(out, r)
		}
	}
	return out
}

// Title counts what is open.
func (p *Pane) Title(f pane.Frame, b board.Board) pane.Line {
	c, q := b.Counts(), b.PagesReading().Quality(f.Now)
	l := pane.L(pane.S(style.Heading, text.Const("PAGES")))
	fresh := q == oncall.Live || q == oncall.NoData
	// A count that is not fresh is told while it helps, but never as a 0.
	if c.Known && (fresh || q != oncall.Lost && c.Open > 0) {
		l = append(l, pane.S(style.Text, text.Sprintf(" %d open", c.Open)))
		if c.Acked > 0 {
			l = append(l, pane.S(style.Dim, text.Sprintf(" · %d acked", c.Acked)))
		}
	}
	if n := len(f.Scene.Marked); n > 0 {
		l = append(l, pane.S(style.Pending, text.Sprintf(" · %d marked", n)))
	}
	l = append(l, pane.Heard(b, board.KindPages, b.PagesReading(), f)...)
	return append(l, filterSpans(p.filter)...)
}

func filterSpans(n pane.Needle) pane.Line {
	if n.String() == "" {
		return nil
	}
	return pane.L(pane.S(style.Pending, text.Sprintf(" /%s", n.String())))
}

// View draws a row a page, or says why there is none.
func (p *Pane) View(f pane.Frame, b board.Board) pane.Block {
	rows := p.Rows(b)
	if len(rows) == 0 {
		return p.empty(f, b)
	}
	cursor := indexOf(rows, f.Scene.Page)
	from, to := p.scroll.Visible(len(rows), f.Height, cursor)
	out := make(pane.Block, 0, to-from)
	for i := from; i < to; i++ {
		l := row(rows[i], f)
		if i == cursor {
			l = l.As(style.Selected)
		}
		out = append(out, l)
	}
	return append(out, p.why(f, b, f.Height-len(out))...)
}

// why explains, below the rows and where there is room, why they are not fresh.
func (p *Pane) why(f pane.Frame, b board.Board, room int) pane.Block {
	r := b.PagesReading()
	lines := pane.FaultLines(r.Fault, f.Width)
	if len(lines) == 0 || len(lines) > room {
		return nil
	}
	return lines
}

// empty never says "no pages" unless every source said so, freshly and in full.
func (p *Pane) empty(f pane.Frame, b board.Board) pane.Block {
	r := b.PagesReading()
	if p.filter.String() != "" && len(b.Pages()) > 0 {
		return pane.Paragraph(style.Dim, pane.NoMatch(f, len(b.Pages()), "page", p.filter), f.Width)
	}
	if !pane.Configured(b, board.KindPages) {
		return pane.Unconfigured(board.KindPages, f.Width)
	}
	switch r.Quality(f.Now) {
	case oncall.Live, oncall.NoData:
		if !b.Counts().Known {
			return pane.Block{pane.L(pane.S(style.Dim, text.Const("waiting for every pager to answer")))}
		}
		return pane.Block{pane.L(pane.S(style.OK, text.Const("✓ nothing open")))}
	case oncall.Never:
		if r.Fault == nil {
			return pane.Block{pane.L(pane.S(style.Dim, text.Const("asking the pager …")))}
		}
	case oncall.Late, oncall.Stale, oncall.Lost:
	}
	unknown := pane.L(pane.S(style.Error, text.Const("? not known whether anything is open")))
	return append(pane.Block{unknown}, pane.FaultLines(r.Fault, f.Width)...)
}

func indexOf(rows []board.PageRow, ref oncall.Ref) int {
	for i, r := range rows {
		if r.Page.Ref == ref {
			return i
		}
	}
	return -1
}

func row(r board.PageRow, f pane.Frame) pane.Line {
	at, mark := text.Const(" "), text.Const(" ")
	if r.Page.Ref == f.Scene.Page {
		at = text.Const("▶")
	}
	if slices.Contains(f.Scene.Marked, r.Page.Ref) {
		mark = text.Const("+")
	}
	pointer := text.Concat(at, mark)
	sign, role := Sign(r, f.Now)
	l := pane.L(pane.S(style.Key, pointer), pane.S(role, sign), pane.S(role, doubt(r, f.Now)))
	if f.Width >= urgencyFrom {
		u := pane.S(style.Text, text.Const("high "))
		if r.Page.Urgency == oncall.Low {
			u = pane.S(style.Dim, text.Const("low  "))
		}
		l = append(l, u)
	}
	tail := rowTail(r, f, f.Width-l.Width()-minTitle)
	title := text.Decode(r.Page.Title)
	if title.Empty() {
		title = text.Sprintf("(no title) %s", r.Page.Ref.ID)
	}
	if r.New {
		title = text.Concat(text.Const("NEW "), title)
	}
	room := f.Width - l.Width() - tail.Width()
	titleRole := style.Text
	if r.Page.Status == oncall.Resolved || r.Gone {
		titleRole = style.Dim
	}
	l = append(l, pane.S(titleRole, title.Fit(max(0, room))))
	return append(l, tail...)
}

// doubt marks a row that its source has not spoken of for long.
func doubt(r board.PageRow, now time.Time) text.Safe {
	if q := r.Quality(now); !r.Gone && (q == oncall.Stale || q == oncall.Lost) {
		return text.Const("?")
	}
	return text.Const(" ")
}

// minTitle is how much of a title a row keeps whatever stands behind it: a row
// that does not say which page it is says nothing.
const minTitle = 12

// minProgress is the least of a progress that can be understood.
const minProgress = 6

// rowTail is what stands at the right of a row: our own action if one is under
// way, else the service; then the age. It takes at most room cells.
func rowTail(r board.PageRow, f pane.Frame, room int) pane.Line {
	age := pane.S(style.Dim, pane.Age(f.Now.Sub(r.Page.CreatedAt)).PadLeft(ageWidth))
	space := pane.S(style.Text, text.Const(" "))
	if s, ok := Progress(r, f); ok {
		if left := room - 1 - ageWidth; left < minProgress {
			return pane.L(space, age)
		} else if s.Text.Width() > left {
			s.Text = s.Text.Truncate(left)
		}
		return pane.L(space, s, age)
	}
	if len(r.Page.Odd) > 0 {
		return pane.L(space, pane.S(style.Warn, text.Const("? odd answer")), age)
	}
	if f.Width < serviceFrom {
		return pane.L(space, age)
	}
	return pane.L(space, pane.S(style.Accent, text.Decode(r.Page.Service.Name).Fit(serviceWidth)), age)
}

// Sign returns the one cell that tells a page's state without colour, and its
// role.
func Sign(r board.PageRow, now time.Time) (text.Safe, style.Role) {
	if r.Gone {
		return text.Const("?"), style.Stale
	}
	switch r.Page.Status {
	case oncall.Triggered:
		role := style.Error
		if r.Page.Urgency == oncall.Low {
			role = style.Warn
		}
		if q := r.Quality(now); q == oncall.Stale || q == oncall.Lost {
			role = style.Stale
		}
		return text.Const("●"), role
	case oncall.Acknowledged:
		return text.Const("◐"), style.Warn
	case oncall.Resolved:
		return text.Const("✓"), style.OK
	case oncall.StatusUnknown:
	}
	return text.Const("?"), style.Warn
}

// Progress tells how far our own action on a page is, if there is news of one.
func Progress(r board.PageRow, f pane.Frame) (pane.Span, bool) {
	if n := len(r.Pending); n > 0 {
		// The oldest is under way, and the others wait for it.
		s := pending(r.Pending[0], f.Now)
		if n > 1 {
			s.Text = text.Sprintf("%s +%d", s.Text, n-1)
		}
		return s, true
	}
	if r.Gone {
		return pane.S(style.Stale, lost(r)), true
	}
	if n := len(r.Others); n > 0 {
		o := r.Others[n-1]
		return pane.S(style.Pending, text.Sprintf("%s by %s, not confirmed yet", o.Action.Kind, shortName(o.By))), true
	}
	if r.Disputed != nil {
		return pane.S(style.Error, text.Sprintf("%s was confirmed, but the list disagrees", r.Disputed.Action.Kind)), true
	}
	if r.Last != nil && r.Last.By == "" && r.Last.State == oncall.Refused {
		return pane.S(style.Error, text.Sprintf("%s refused", r.Last.Action.Kind)), true
	}
	return acked(r, f)
}

// lost says why a page is listed no more, as far as that is known.
func lost(r board.PageRow) text.Safe {
	switch who := r.Page.Assignees; {
	case !r.Left:
		return text.Const("lapsed, not seen to resolve")
	case len(who) == 0:
		return text.Const("no longer yours")
	case len(who) == 1:
		return text.Sprintf("now with %s", shortName(cmp.Or(who[0].Name, who[0].Email)))
	default:
		return text.Sprintf("now with %s +%d", shortName(cmp.Or(who[0].Name, who[0].Email)), len(who)-1)
	}
}

// acked names who is on it, by the pager's own word where it has one.
func acked(r board.PageRow, f pane.Frame) (pane.Span, bool) {
	if r.Page.Status != oncall.Acknowledged {
		return pane.Span{}, false
	}
	if r.Page.NoAck {
		return ackedHere(r, f), true
	}
	if l := r.Last; l != nil && l.Action.Kind == oncall.Acknowledge && l.State == oncall.Confirmed {
		if l.By != "" {
			return pane.S(style.OK, text.Sprintf("acked by %s, confirmed %s", shortName(l.By), f.Clock(l.At))), true
		}
		return pane.S(style.OK, text.Const("acked by you")), true
	}
	n := len(r.Page.Acks)
	if n == 0 {
		return pane.Span{}, false
	}
	by := r.Page.Acks[n-1].By
	if f.Scene.Me.ID != "" && by.ID == f.Scene.Me.ID {
		return pane.S(style.OK, text.Const("acked by you")), true
	}
	return pane.S(style.OK, text.Sprintf("acked by %s", by.Name)), true
}

// ackedHere names who is on a page whose pager has not been told, because it has no
// acknowledgements. It is not drawn as what a pager has confirmed.
func ackedHere(r board.PageRow, f pane.Frame) pane.Span {
	n := len(r.Page.Acks)
	if n == 0 {
		return pane.S(style.Warn, text.Const("acked here only"))
	}
	by, l := r.Page.Acks[n-1].By, r.Last
	mine := l != nil && l.By == "" && l.Action.Kind == oncall.Acknowledge && l.State == oncall.Confirmed
	if mine || by.Email != "" && strings.EqualFold(by.Email, f.Scene.Me.Email) {
		return pane.S(style.Warn, text.Const("acked here only, by you"))
	}
	return pane.S(style.Warn, text.Sprintf("acked here only, by %s", shortName(by.Name)))
}

// shortName is the part of an address before the @, as colleagues say it.
func shortName(by string) string {
	name, _, _ := strings.Cut(by, "@")
	return cmp.Or(name, by)
}

func pending(s board.ActionStatus, now time.Time) pane.Span {
	verb := s.Action.Kind
	if s.State == oncall.Held {
		left := int((s.Action.NotBefore.Sub(now) + time.Second - 1) / time.Second)
		return pane.S(style.Pending, text.Sprintf("%s in %d s", verb, max(0, left)))
	}
	if s.State == oncall.Recording {
		return pane.S(style.Pending, text.Sprintf("%s: recording", verb))
	}
	if s.State == oncall.Unconfirmed {
		return pane.S(style.Warn, text.Sprintf("%s unconfirmed", verb))
	}
	if s.Fault != nil {
		if s.NextTry.After(now) {
			return pane.S(style.Warn, text.Sprintf("%s waits, next try in %s", verb, pane.Age(s.NextTry.Sub(now))))
		}
		return pane.S(style.Warn, text.Sprintf("%s: trying again", verb))
	}
	return pane.S(style.Pending, text.Sprintf("%s: sending", verb))
}

// Handle moves the selection; everything else is for the root.
func (p *Pane) Handle(a keymap.Action, f pane.Frame, b board.Board) (pane.Intent, bool) {
	rows := p.Rows(b)
	by, ok := pane.Step(a, f.Height, len(rows))
	if !ok {
		return nil, false
	}
	if len(rows) == 0 {
		return nil, true
	}
	i := max(0, min(len(rows)-1, max(0, indexOf(rows, f.Scene.Page))+by))
	if indexOf(rows, f.Scene.Page) < 0 && by > 0 {
		i = 0 // nothing was selected: the first press selects the first row
	}
	p.scroll.Window(len(rows), f.Height, i)
	return pane.Select{Ref: rows[i].Page.Ref}, true
}

// Reason never objects: the list can always be moved in.
func (p *Pane) Reason(keymap.Action, pane.Frame, board.Board) text.Safe { return text.Safe{} }

// Filter shows only pages that match.
func (p *Pane) Filter(s string) { p.filter = pane.NewNeedle(s) }

// Filtered returns the filter in force.
func (p *Pane) Filtered() string { return p.filter.String() }

// Place returns the first row in sight.
func (p *Pane) Place(pane.Frame) int { return p.scroll.Top }

// Put puts row n first.
func (p *Pane) Put(_ pane.Frame, n int) { p.scroll.Top = n }
