// Package metrics draws the panels of the followed service over the shared time
// window, with the deploys on the same axis.
package metrics

import (
	"slices"
	"time"

	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

const (
	titleWidth = 16
	valueWidth = 10
	limitWidth = 12
	// limitFrom is the width from which a row has room for the threshold.
	limitFrom = 50
	// maxTall is how many rows a panel's plot takes where there is room.
	maxTall = 4
	// minPlot is the least width at which a plot tells anything.
	minPlot = 8
)

// Pane is the list of panels.
type Pane struct {
	filter pane.Needle
	scroll pane.Scroll
}

// New returns the pane.
func New() *Pane { return &Pane{} }

// Title names the service and the window.
func (p *Pane) Title(f pane.Frame, b board.Board) pane.Line {
	l := append(pane.L(pane.S(style.Heading, text.Const("METRICS"))), pane.Heard(b, board.KindMetrics, b.Metrics(), f)...)
	if !pane.Configured(b, board.KindMetrics) {
		return l // there is no service and no window that nothing is asked about
	}
	if f.Scene.Service.Name != "" {
		l = append(l, pane.S(style.Text, text.Sprintf(" %s", f.Scene.Service.Name)))
	}
	l = append(l, pane.S(style.Dim, text.Concat(text.Const(" · "), Window(f))))
	if p.filter.String() != "" {
		l = append(l, pane.S(style.Pending, text.Sprintf(" /%s", p.filter.String())))
	}
	return l
}

// Window writes the shared window: -60m…now, or its two ends.
func Window(f pane.Frame) text.Safe {
	w := f.Scene.Window
	if f.Scene.Live {
		if m := w.Span().Minutes(); m <= 180 {
			return text.Sprintf("-%.0fm…now", m)
		}
		return text.Sprintf("-%s…now", pane.Age(w.Span()))
	}
	return text.Sprintf("%s…%s", f.Date(w.Start), f.Date(w.End))
}

// View draws a row a panel and the axis.
func (p *Pane) View(f pane.Frame, b board.Board) pane.Block {
	r := b.Metrics()
	if !pane.Configured(b, board.KindMetrics) {
		return pane.Unconfigured(board.KindMetrics, f.Width)
	}
	if r.Received.IsZero() {
		if r.Fault != nil {
			return pane.FaultLines(r.Fault, f.Width)
		}
		return pane.Block{pane.L(pane.S(style.Dim, text.Const("asking the metrics sources …")))}
	}
	panels := p.panels(r.Value)
	stale := r.Quality(f.Now)
	budgets := p.budgets(r.Value, f, stale, max(1, f.Height/budgetShare))
	if len(panels) == 0 && len(budgets) > 0 {
		return budgets
	}
	if len(panels) == 0 && len(r.Value.Panels) > 0 {
		return pane.Paragraph(style.Dim, pane.NoMatch(f, len(r.Value.Panels), "panel", p.filter), f.Width)
	}
	if len(panels) == 0 {
		return pane.Block{pane.L(pane.S(style.Dim, text.Const("no panels: name some under panels: in the config")))}
	}
	if waiting := unselected(panels, f); waiting != nil {
		return waiting
	}
	marks := Marks(f)
	room := f.Height
	if room > len(budgets)+1 {
		f.Height -= len(budgets)
	} else {
		budgets = nil
	}
	from, to := p.scroll.Visible(len(panels), max(1, f.Height-1), -1)
	var out pane.Block
	tall := max(1, min(maxTall, (f.Height-1)/max(1, to-from)))
	for _, pn := range panels[from:to] {
		out = append(out, row(pn, f, marks, stale, tall)...)
	}
	out = append(out, budgets...)
	if room > len(out) {
		out = append(out, axis(f))
	}
	return out
}

// unselected says what the panels wait for while no page is selected and each of them
// is about one's service, nil otherwise.
func unselected(panels []oncall.Panel, f pane.Frame) pane.Block {
	names := make([]text.Safe, 0, len(panels))
	for _, pn := range panels {
		if pn.Unfilled == "" {
			return nil
		}
		names = append(names, text.Decode(pn.Panel))
	}
	if !f.Scene.Page.IsZero() {
		return nil
	}
	words := text.Sprintf("no page is selected; these follow the service of the one that is: %s", text.Join(names, text.Const(", ")))
	return pane.Paragraph(style.Dim, words, f.Width)
}

func (p *Pane) panels(m board.Metrics) []oncall.Panel {
	var out []oncall.Panel
	for _, pn := range m.Panels {
		if p.filter.Match(pn.Panel, pn.Query) {
			out = append(out, pn)
		}
	}
	return out
}

// Marks returns the moments to draw: the followed service's deploys and the
// time cursor.
func Marks(f pane.Frame) []pane.Mark {
	var out []pane.Mark
	for _, s := range f.Scene.Suspects {
		out = append(out, pane.Mark{At: s.Deploy.When()})
	}
	if !f.Scene.Cursor.IsZero() {
		out = append(out, pane.Mark{At: f.Scene.Cursor, Cursor: true})
	}
	return out
}

func row(pn oncall.Panel, f pane.Frame, marks []pane.Mark, q oncall.Quality, tall int) pane.Block {
	name := pane.S(style.Text, text.Decode(pn.Panel).Fit(min(titleWidth, max(6, f.Width/3))))
	switch {
	case pn.Unfilled != "":
		return pane.Block{pane.L(name, pane.S(style.Dim, text.Sprintf(" %s", pn.Unfilled)))}
	case pn.Fault != nil:
		return pane.Block{pane.L(name, pane.S(style.Error, text.Sprintf(" %s", pn.Fault)))}
	case pn.Latest == nil && worst(pn) == nil:
		return pane.Block{pane.L(name, pane.S(style.Dim, text.Const(" NO DATA")))}
	}
	left := pane.L(name, pane.S(style.Text, text.Const(" ")), value(pn, f, q))
	if f.Width >= limitFrom {
		left = append(left, pane.S(style.Dim, text.Concat(text.Const(" "), limit(pn)).Fit(limitWidth)))
	}
	left = append(left, pane.S(style.Text, text.Const(" ")))
	out := pane.Block{left}
	if plot := f.Width - left.Width(); plot >= minPlot {
		out = beside(left, pane.Chart(plotted(pn, f), f.Scene.Window, plot, tall, reach(pn), marks))
	}
	for _, w := range pn.Warnings {
		out = append(out, pane.L(pane.S(style.Warn, text.Sprintf("  partial: %s", w))))
	}
	return out
}

// beside puts a chart at the right of a row's words; the words stand in its
// first row.
func beside(left pane.Line, chart pane.Block) pane.Block {
	pad := pane.L(pane.S(style.Text, text.Safe{}.Pad(left.Width())))
	out := make(pane.Block, 0, len(chart))
	for i, c := range chart {
		lead := pad
		if i == 0 {
			lead = left
		}
		out = append(out, append(append(pane.Line{}, lead...), c...))
	}
	return out
}

// plotted is the worst series up to its newest value: the last step of a range
// may be a minute old, and what broke since then is what the plot is for.
func plotted(pn oncall.Panel, f pane.Frame) []oncall.Point {
	pts := worst(pn)
	if n := len(pts); n > 0 && f.Scene.Live && pn.Latest != nil && pn.Latest.At.After(pts[n-1].At) {
		return append(slices.Clone(pts), *pn.Latest)
	}
	return pts
}

// reach is the value that a plot reaches up to at least: below its threshold a
// wobble is no cliff.
func reach(pn oncall.Panel) float64 {
	switch {
	case pn.Warn != nil:
		return *pn.Warn
	case pn.Critical != nil:
		return *pn.Critical
	}
	return 0
}

// worst returns the points of the series whose latest value is the highest.
func worst(pn oncall.Panel) []oncall.Point {
	var best []oncall.Point
	for _, s := range pn.Series {
		if len(s.Points) == 0 {
			continue
		}
		if best == nil || s.Points[len(s.Points)-1].V > best[len(best)-1].V {
			best = s.Points
		}
	}
	return best
}

// value writes the newest value, or the word for there being none. A real 0 is
// the only thing that is drawn as a 0.
func value(pn oncall.Panel, f pane.Frame, q oncall.Quality) pane.Span {
	if q == oncall.Lost {
		return pane.S(style.Stale, text.Const("LOST").Fit(valueWidth))
	}
	if pn.Latest == nil {
		return pane.S(style.Stale, text.Const("gone").Fit(valueWidth))
	}
	v := pane.Value(pn.Latest.V, pn.Unit)
	age := f.Now.Round(0).Sub(pn.Latest.At)
	switch {
	case q == oncall.Stale:
		return pane.S(style.Stale, text.Sprintf("%s?", v).Fit(valueWidth))
	case f.Scene.Live && age > oncall.OldSample:
		// The sample's own time, because a dead target's last value is served for
		// minutes.
		return pane.S(style.Stale, text.Sprintf("%s? %s", v, pane.Age(age)).Fit(valueWidth))
	case pn.Critical != nil && pn.Latest.V >= *pn.Critical:
		return pane.S(style.Error, text.Sprintf("%s !!", v).Fit(valueWidth))
	case pn.Warn != nil && pn.Latest.V >= *pn.Warn:
		return pane.S(style.Warn, text.Sprintf("%s !", v).Fit(valueWidth))
	}
	return pane.S(style.Text, v.Fit(valueWidth))
}

func limit(pn oncall.Panel) text.Safe {
	switch {
	case pn.Critical != nil && pn.Latest != nil && (pn.Warn == nil || pn.Latest.V >= *pn.Warn):
		return text.Sprintf("crit %s", pane.Value(*pn.Critical, pn.Unit))
	case pn.Warn != nil:
		return text.Sprintf("warn %s", pane.Value(*pn.Warn, pn.Unit))
	case pn.Critical != nil:
		return text.Sprintf("crit %s", pane.Value(*pn.Critical, pn.Unit))
	}
	return text.Safe{}
}

// axis writes the window's ends, and the cursor's time when there is one.
func axis(f pane.Frame) pane.Line {
	w := f.Scene.Window
	right := pane.L(pane.S(style.Dim, f.Clock(w.End)))
	if f.Scene.Live {
		right = pane.L(pane.S(style.Dim, text.Const("now")))
	}
	left := pane.L(pane.S(style.Dim, f.Date(w.Start)))
	if !f.Scene.Cursor.IsZero() {
		left = append(left, pane.S(style.Cursor, text.Sprintf(" cursor %s ", f.Seconds(f.Scene.Cursor))))
	}
	return pane.Split(left, right, f.Width)
}

// Handle scrolls, and moves the time cursor.
func (p *Pane) Handle(a keymap.Action, f pane.Frame, b board.Board) (pane.Intent, bool) {
	switch a {
	case keymap.Left, keymap.Right:
		return pane.CursorAt{At: p.moved(a, f)}, true
	}
	panels := p.panels(b.Metrics().Value)
	by, ok := pane.Step(a, f.Height, len(panels))
	if ok {
		p.scroll.Top += by
		p.scroll.Window(len(panels), max(1, f.Height-1), -1)
	}
	return nil, ok
}

// cursorSteps is how many steps the time cursor makes across the window.
const cursorSteps = 60

func (p *Pane) moved(a keymap.Action, f pane.Frame) time.Time {
	w := f.Scene.Window
	at := f.Scene.Cursor
	if !w.Contains(at) {
		return w.Start.Add(w.Span() / 2)
	}
	step := w.Span() / cursorSteps
	if a == keymap.Left {
		step = -step
	}
	at = at.Add(step)
	if at.Before(w.Start) {
		at = w.Start
	}
	if !at.Before(w.End) {
		at = w.End.Add(-time.Second)
	}
	return at
}

// Reason never objects.
func (p *Pane) Reason(keymap.Action, pane.Frame, board.Board) text.Safe { return text.Safe{} }

// Filter shows only panels that match.
func (p *Pane) Filter(s string) { p.filter = pane.NewNeedle(s) }

// Filtered returns the filter in force.
func (p *Pane) Filtered() string { return p.filter.String() }

// Place returns the first row in sight.
func (p *Pane) Place(pane.Frame) int { return p.scroll.Top }

// Put puts row n first.
func (p *Pane) Put(_ pane.Frame, n int) { p.scroll.Top = n }
