package pages

import (
	"slices"
	"strings"

	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// Detail is everything known about the selected page.
type Detail struct {
	scroll pane.Scroll
	of     oncall.Ref
}

// NewDetail returns the pane.
func NewDetail() *Detail { return &Detail{} }

// Title names the page.
func (d *Detail) Title(f pane.Frame, b board.Board) pane.Line {
	l := pane.L(pane.S(style.Heading, text.Const("DETAIL")))
	r, ok := b.Page(f.Scene.Page)
	if !ok {
		return l // nothing is asked
	}
	if s := pane.Freshness(b.Detail(f.Scene.Page), f.Now); !s.Text.Empty() {
		l = append(l, pane.S(style.Text, text.Const(" ")), s)
	}
	return append(l, pane.S(style.Text, pane.Number(r.Page)))
}

// View draws the page's facts, alerts, notes and history.
func (d *Detail) View(f pane.Frame, b board.Board) pane.Block {
	all := d.lines(f, b)
	from, to := (&pane.Scroll{Top: d.Place(f)}).Visible(len(all), f.Height, -1)
	return all[from:to]
}

func (d *Detail) lines(f pane.Frame, b board.Board) pane.Block {
	r, ok := b.Page(f.Scene.Page)
	if !ok {
		return pane.Block{pane.L(pane.S(style.Dim, text.Const("no page is selected")))}
	}
	out := append(facts(r, f), left(r.Page.Ref, f, b)...)
	det := b.Detail(r.Page.Ref)
	if det.Received.IsZero() {
		if det.Fault != nil {
			return append(out, pane.FaultLines(det.Fault, f.Width)...)
		}
		return append(out, pane.L(pane.S(style.Dim, text.Const("asking the pager for alerts and notes …"))))
	}
	out = append(out, pane.FaultLines(det.Fault, f.Width)...)
	out = append(out, labels(det.Value, f)...)
	out = append(out, notes(det.Value, f)...)
	out = append(out, alerts(det.Value, f)...)
	return append(out, history(det.Value, f)...)
}

// left is all of what somebody left for this alert.
func left(ref oncall.Ref, f pane.Frame, b board.Board) pane.Block {
	l := b.Recall().Pages[ref].Left
	if l == nil {
		return nil
	}
	out := field(text.Const("left"), text.Sprintf("%s, for next time: “%s”", f.Day(l.At), l.Line), f.Width)
	for i, line := range text.Lines(strings.TrimSpace(l.Command)) {
		name := text.Const("worked")
		if i > 0 {
			name = text.Safe{}
		}
		if !line.Empty() {
			out = append(out, field(name, line, f.Width)...)
		}
	}
	return out
}

func facts(r board.PageRow, f pane.Frame) pane.Block {
	out := pane.Paragraph(style.Title, text.Decode(r.Page.Title), f.Width)
	for _, l := range listed(r, f) {
		if l.value.Empty() {
			continue
		}
		rows := field(l.name, l.value, f.Width)
		if l.link {
			rows = linked(rows, r.Page.URL)
		}
		out = append(out, rows...)
	}
	if r.Last != nil && r.Last.By == "" && r.Last.Fault != nil {
		out = append(out, pane.FaultLines(r.Last.Fault, f.Width)...)
	}
	for _, o := range r.Page.Odd {
		out = append(out, pane.L(pane.S(style.Warn, text.Sprintf("? the answer's field %s could not be read", o))))
	}
	return out
}

// fact is one name and value of a page; link says that the value is its address.
type fact struct {
	name, value text.Safe
	link        bool
}

func listed(r board.PageRow, f pane.Frame) []fact {
	p := r.Page
	who := make([]text.Safe, 0, len(p.Assignees))
	for _, a := range p.Assignees {
		who = append(who, text.Decode(a.Name))
	}
	out := []fact{
		{name: text.Const("state"), value: text.Sprintf("%s · %s · since %s (%s)", statusOf(r), p.Urgency, f.Date(p.CreatedAt), pane.Ago(f.Now.Sub(p.CreatedAt)))},
		{name: text.Const("service"), value: text.Join([]text.Safe{text.Decode(p.Service.Name), text.Decode(p.Policy)}, text.Const(" · "))},
		{name: text.Const("panes"), value: text.Sprintf("follow %s: %s", f.Scene.Service.Name, f.Scene.Why)},
		{name: text.Const("calls"), value: text.Join(who, text.Const(", "))},
		{name: text.Const("priority"), value: text.Decode(p.Priority)},
		{name: text.Const("url"), value: text.Decode(p.URL), link: true},
	}
	for _, a := range p.Acks {
		words := text.Sprintf("by %s at %s", a.By.Name, f.Clock(a.At))
		if p.NoAck {
			words = text.Sprintf("%s, here only: %s has no acknowledgements and goes on calling", words, p.Ref.Source)
		}
		out = append(out, fact{name: text.Const("acked"), value: words})
	}
	for _, o := range r.Others {
		out = append(out, fact{name: text.Const("under way"), value: text.Sprintf("%s by %s since %s, not confirmed yet", o.Action.Kind, o.By, f.Clock(o.Action.At))})
	}
	if l := r.Last; l != nil && l.By != "" && l.State == oncall.Confirmed {
		out = append(out, fact{name: text.Const("ledger"), value: text.Sprintf("%s by %s, confirmed %s", l.Action.Kind, l.By, f.Clock(l.At))})
	}
	return out
}

// linked has the terminal open an address for what is drawn of it.
func linked(rows pane.Block, url string) pane.Block {
	for _, l := range rows {
		if len(l) > 0 {
			l[len(l)-1].Link = url
		}
	}
	return rows
}

// statusOf is the page's state, the last one known when it is listed no more.
func statusOf(r board.PageRow) text.Safe {
	switch {
	case r.Left:
		return text.Sprintf("%s when it was no longer yours", r.Page.Status)
	case r.Gone:
		return text.Sprintf("was %s, now not known", r.Page.Status)
	}
	return text.Decode(r.Page.Status.String())
}

const nameWidth = 9

// field draws a name and a value that wraps under itself.
func field(name, value text.Safe, w int) pane.Block {
	var out pane.Block
	for i, v := range value.Wrap(max(8, w-nameWidth)) {
		n := name
		if i > 0 {
			n = text.Safe{}
		}
		out = append(out, pane.L(pane.S(style.Dim, n.Fit(nameWidth)), pane.S(style.Text, v)))
	}
	return out
}

func heading(t text.Safe) pane.Line { return pane.L(pane.S(style.Heading, t)) }

func labels(d oncall.PageDetail, f pane.Frame) pane.Block {
	var out pane.Block
	if d.Runbook != "" {
		out = append(out, field(text.Const("runbook"), text.Decode(d.Runbook), f.Width)...)
	}
	if len(d.Labels) == 0 {
		return out
	}
	keys := make([]string, 0, len(d.Labels))
	for k := range d.Labels {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	parts := make([]text.Safe, 0, len(keys))
	for _, k := range keys {
		parts = append(parts, text.Sprintf("%s=%s", k, d.Labels[k]))
	}
	return append(out, field(text.Const("labels"), text.Join(parts, text.Const("  ")), f.Width)...)
}

func notes(d oncall.PageDetail, f pane.Frame) pane.Block {
	out := pane.Block{heading(text.Sprintf("NOTES %d", len(d.Notes)))}
	for _, n := range d.Notes {
		out = append(out, pane.L(pane.S(style.Dim, text.Sprintf("%s %s", f.Date(n.At), n.By.Name))))
		out = append(out, prose(n.Text, f)...)
	}
	return out
}

// prose draws what somebody wrote, line by line, below what it is about.
func prose(raw string, f pane.Frame) pane.Block {
	if raw == "" {
		return nil
	}
	var out pane.Block
	for _, l := range text.Lines(raw) {
		for _, w := range l.Wrap(max(1, f.Width-2)) {
			out = append(out, pane.L(pane.S(style.Text, text.Const("  ")), pane.S(style.Text, w)))
		}
	}
	return out
}

func alerts(d oncall.PageDetail, f pane.Frame) pane.Block {
	out := pane.Block{heading(text.Sprintf("ALERTS %d", len(d.Alerts)))}
	for _, a := range d.Alerts {
		l := text.Join([]text.Safe{f.Clock(a.At), text.Decode(a.Status), text.Decode(a.Severity), text.Decode(a.Title)}, text.Const(" "))
		out = append(out, pane.Paragraph(style.Text, l, f.Width)...)
		out = append(out, prose(a.Description, f)...)
		for _, k := range a.Links {
			out = append(out, pane.Paragraph(style.Dim, text.Sprintf("  %s %s", k.Text, k.URL), f.Width)...)
		}
	}
	return out
}

func history(d oncall.PageDetail, f pane.Frame) pane.Block {
	out := pane.Block{heading(text.Const("HISTORY"))}
	h := d.History
	switch {
	case h == nil:
		return append(out, pane.L(pane.S(style.Dim, text.Const("not known whether it fired before"))))
	case h.Count == 0:
		return append(out, pane.L(pane.S(style.Text, text.Sprintf("has not fired in the last %s", pane.Ago(h.Window)))))
	}
	times := text.Sprintf("%d times", h.Count)
	if h.Count == 1 {
		times = text.Const("once")
	}
	out = append(out, pane.Paragraph(style.Text, text.Sprintf("fired %s in %s, last %s", times, pane.Ago(h.Window), f.Date(h.Last)), f.Width)...)
	if h.Fix != "" {
		out = append(out, pane.Paragraph(style.OK, text.Sprintf("last note: %s", h.Fix), f.Width)...)
	}
	return out
}

// Handle scrolls.
func (d *Detail) Handle(a keymap.Action, f pane.Frame, b board.Board) (pane.Intent, bool) {
	if d.of != f.Scene.Page {
		d.of, d.scroll = f.Scene.Page, pane.Scroll{}
	}
	n := len(d.lines(f, b))
	by, ok := pane.Step(a, f.Height, n)
	if !ok {
		return nil, false
	}
	d.scroll.Top += by
	d.scroll.Window(n, f.Height, -1)
	return nil, true
}

// Reason never objects.
func (d *Detail) Reason(keymap.Action, pane.Frame, board.Board) text.Safe { return text.Safe{} }

// Place returns the first line in sight of the selected page, 0 when it was another
// one that was scrolled.
func (d *Detail) Place(f pane.Frame) int {
	if d.of != f.Scene.Page {
		return 0
	}
	return d.scroll.Top
}

// Put puts line n of the selected page first.
func (d *Detail) Put(f pane.Frame, n int) { d.of, d.scroll.Top = f.Scene.Page, n }
