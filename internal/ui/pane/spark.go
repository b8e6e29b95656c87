package pane

import (
	"math"
	"time"

	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/style"
)

// Mark is a moment drawn on a time axis.
type Mark struct {
	At time.Time
	// Cursor is true for the shared time cursor, false for a deploy.
	Cursor bool
}

// Chart draws points over the window in w by h cells, highest row first, with
// marks on the same axis. Its top is the highest point, or reach when that is
// higher. A column without a point stays empty: a gap is a gap.
func Chart(points []oncall.Point, win oncall.Window, w, h int, reach float64, marks []Mark) Block {
	if w <= 0 || h <= 0 || win.Span() <= 0 {
		return nil
	}
	return plot(columns(points, win, w), win, h, reach, marks)
}

// Bars draws one count a column, one row high; a column without any stays empty.
func Bars(counts []float64, win oncall.Window, marks []Mark) Line {
	cols := make([]float64, len(counts))
	for i, n := range counts {
		cols[i] = n
		if n == 0 {
			cols[i] = math.NaN()
		}
	}
	return plot(cols, win, 1, 0, marks)[0]
}

// plot draws one value a column, NaN for none.
func plot(cols []float64, win oncall.Window, h int, reach float64, marks []Mark) Block {
	low, high := bounds(cols)
	high = max(high, reach)
	w := len(cols)
	out := make(Block, 0, h)
	at := make([]Span, w)
	for row := h - 1; row >= 0; row-- {
		for i, v := range cols {
			at[i] = S(style.Bar, bar(level(v, low, high, h)-row*barLevels))
		}
		mark(at, win, marks)
		out = append(out, merge(at))
	}
	return out
}

func mark(at []Span, win oncall.Window, marks []Mark) {
	for _, m := range marks {
		i, ok := Column(m.At, win, len(at))
		if !ok {
			continue
		}
		if m.Cursor {
			at[i] = S(style.Cursor, at[i].Text)
			continue
		}
		// What followed a deploy of this minute is in the newest column, which is
		// never covered.
		if i == len(at)-1 && i > 0 {
			i--
		}
		at[i] = S(style.Deploy, text.Const("┊"))
	}
}

// Column returns the column of a window w cells wide that t falls into.
func Column(t time.Time, win oncall.Window, w int) (int, bool) {
	if t.Before(win.Start) || t.After(win.End) || win.Span() <= 0 {
		return 0, false
	}
	return min(w-1, int(int64(w)*int64(t.Sub(win.Start))/int64(win.Span()))), true
}

// columns returns the highest point of each column, NaN for none.
func columns(points []oncall.Point, win oncall.Window, w int) []float64 {
	cols := make([]float64, w)
	for i := range cols {
		cols[i] = math.NaN()
	}
	last := -1
	for _, p := range points {
		i, ok := Column(p.At, win, w)
		if !ok || math.IsNaN(p.V) || math.IsInf(p.V, 0) {
			continue
		}
		if math.IsNaN(cols[i]) || p.V > cols[i] {
			cols[i] = p.V
		}
		last = max(last, i)
	}
	return bridge(cols, points, win, w)
}

// bridge fills the columns between two neighbouring points when there are more
// columns than points, but never across a gap of more than two usual steps.
func bridge(cols []float64, points []oncall.Point, win oncall.Window, w int) []float64 {
	if len(points) < 2 {
		return cols
	}
	step := points[1].At.Sub(points[0].At)
	for i := 2; i < len(points); i++ {
		step = min(step, points[i].At.Sub(points[i-1].At))
	}
	for i := 1; i < len(points); i++ {
		if points[i].At.Sub(points[i-1].At) > 2*step {
			continue
		}
		a, ok1 := Column(points[i-1].At, win, w)
		b, ok2 := Column(points[i].At, win, w)
		if !ok1 || !ok2 {
			continue
		}
		for c := a + 1; c < b; c++ {
			if math.IsNaN(cols[c]) {
				cols[c] = points[i-1].V
			}
		}
	}
	return cols
}

func bounds(cols []float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, v := range cols {
		if !math.IsNaN(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	// A quantity that is never negative is drawn from zero, so that a small
	// wobble does not look like a cliff.
	if low > 0 {
		low = 0
	}
	return low, high
}

// barLevels is how many heights one cell can show.
const barLevels = 8

// level returns how high a value stands in a chart of h rows, in eighths of a
// row; at least one for a value that is there, and negative for none.
func level(v, low, high float64, h int) int {
	switch {
	case math.IsNaN(v):
		return -1
	case high <= low:
		return 1
	}
	return 1 + int(math.Round((v-low)/(high-low)*float64(h*barLevels-1)))
}

// bar draws what of a column falls into one cell: nothing to the full eight.
func bar(n int) text.Safe {
	switch {
	case n <= 0:
		return text.Const(" ")
	case n >= barLevels:
		return text.Const("█")
	}
	return [...]text.Safe{
		text.Const("▁"), text.Const("▂"), text.Const("▃"), text.Const("▄"), text.Const("▅"), text.Const("▆"), text.Const("▇"),
	}[n-1]
}

// merge joins neighbouring spans of one role.
func merge(spans []Span) Line {
	var out Line
	parts := make([]text.Safe, len(spans))
	for i, s := range spans {
		parts[i] = s.Text
	}
	for i := 0; i < len(spans); {
		j := i + 1
		for j < len(spans) && spans[j].Role == spans[i].Role {
			j++
		}
		out = append(out, S(spans[i].Role, text.Concat(parts[i:j]...)))
		i = j
	}
	return out
}
