package logs

import (
	"time"

	"conway/internal/board"
	"conway/internal/text"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// chartFrom is the height from which the last row counts errors.
const chartFrom = 6

// room returns how many of h rows are for lines: the last row counts errors, and
// one above it says where all lines are when some were left out.
func room(h int, t board.Tail) int {
	if h < chartFrom {
		return max(1, h)
	}
	h--
	if n, _ := t.Dropped(); n > 0 {
		h--
	}
	return h
}

// account says where all lines are, in numbers that add up. What was not searched
// yet is not shown yet, and is said beside the filter.
func (p *Pane) account(t board.Tail, dropped uint64, exact bool) pane.Line {
	least := text.Const("")
	if !exact {
		least = text.Const("at least ")
	}
	shown := uint64(p.index.rows(t).len())
	filtered := uint64(t.Len()) - shown
	words := text.Sprintf(" %s%d received = %d shown", least, uint64(t.Len())+t.Evicted()+t.Elsewhere()+dropped, shown)
	for _, part := range []struct {
		n    uint64
		what text.Safe
	}{{filtered, text.Const("filtered")}, {t.Evicted(), text.Const("let go for newer ones")}, {t.Elsewhere(), text.Const("of other pages")}} {
		if part.n > 0 {
			words = text.Sprintf("%s + %d %s", words, part.n, part.what)
		}
	}
	return pane.L(pane.S(style.Error, text.Sprintf("%s + %s%d left out", words, least, dropped)))
}

// chart is the last row: how many errors there were when, or lines if there were
// none, with the deploys.
func (p *Pane) chart(f pane.Frame, b board.Board, t board.Tail) pane.Line {
	w := f.Scene.Window
	at := func(edge time.Time) uint64 { return t.FirstSeq() + uint64(t.Since(edge)) }
	counted := rows{tail: t, seqs: p.index.shownErrors()}
	last := counted.find(at(w.Start))
	n := counted.len() - last
	label := text.Concat(text.Const(" "), pane.Count(n, "error"))
	if n == 0 {
		counted = p.index.rows(t)
		last = counted.find(at(w.Start))
		if n = counted.len() - last; n > 0 {
			label = text.Concat(text.Const(" 0 errors, "), pane.Count(n, "line"))
		}
	}
	label = text.Concat(label, text.Const(" in window"), p.freshWords(f, b))
	plot := f.Width - label.Width() - 1
	if plot < 8 {
		return pane.L(pane.S(style.Dim, label))
	}
	counts := make([]float64, plot)
	// Counted between the edges of the columns: there may be a million.
	for c := range plot {
		next := counted.len()
		if c < plot-1 {
			next = counted.find(at(w.Start.Add(w.Span() * time.Duration(c+1) / time.Duration(plot))))
		}
		counts[c], last = float64(next-last), next
	}
	marks := make([]pane.Mark, 0, len(f.Scene.Suspects)+1)
	for _, s := range f.Scene.Suspects {
		marks = append(marks, pane.Mark{At: s.Deploy.When()})
	}
	if !f.Scene.Cursor.IsZero() {
		marks = append(marks, pane.Mark{At: f.Scene.Cursor, Cursor: true})
	}
	return append(pane.Bars(counts, w, marks), pane.S(style.Dim, label))
}
