package metrics

import (
	"slices"
	"time"

	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

const (
	// sloWidth is how much of an SLO's name a row has room for, and minSLO what is
	// kept of it however narrow the row is: what is left comes first.
	sloWidth = 32
	minSLO   = 8
	// budgetShare is the part of the pane, one in so many rows, that budgets take.
	budgetShare = 3
	// oldBudget is how old a budget may be before it is no longer taken for the
	// present one: it is asked for once a minute, and that may take a while.
	oldBudget = 3 * time.Minute
)

// budgets draws a row for each error budget, in no more rows than that.
func (p *Pane) budgets(m board.Metrics, f pane.Frame, q oncall.Quality, rows int) pane.Block {
	var out pane.Block
	for _, asked := range m.Question.Budgets {
		if len(out) == rows {
			break
		}
		if !p.filter.Match(asked.SLO, asked.LeftQuery) {
			continue
		}
		i := slices.IndexFunc(m.Budgets, func(b oncall.Budget) bool { return b.SLO == asked.SLO && b.LeftQuery == asked.LeftQuery })
		left := pane.S(style.Dim, text.Const("asking …"))
		if i >= 0 {
			left = Budget(m.Budgets[i], f, q)
		}
		spends := text.Safe{}
		if i >= 0 && asked.Spends {
			spends = text.Const("  ◀")
		}
		room := f.Width - len("SLO   ") - left.Text.Width() - spends.Width()
		name := text.Decode(asked.SLO).Truncate(max(minSLO, min(sloWidth, room)))
		l := pane.L(pane.S(style.Text, text.Sprintf("SLO %s  ", name)), left)
		if !spends.Empty() {
			l = append(l, pane.S(style.Dim, spending(spends, f.Width-l.Width())))
		}
		out = append(out, l)
	}
	return out
}

// spending says that the selected page spends a budget: by its sign, and in words that
// room has room for.
func spending(sign text.Safe, room int) text.Safe {
	for _, words := range []text.Safe{text.Const(" this page spends it"), text.Const(" this page")} {
		if sign.Width()+words.Width() <= room {
			return text.Concat(sign, words)
		}
	}
	return sign
}

// Budget writes what is left of an error budget and how long that lasts, or the
// words for not knowing.
func Budget(b oncall.Budget, f pane.Frame, q oncall.Quality) pane.Span {
	switch {
	case b.Unasked != "":
		return pane.S(style.Dim, text.Sprintf("budget not known: %s", b.Unasked))
	case b.Fault != nil:
		return pane.S(style.Error, text.Sprintf("%s", b.Fault))
	case b.Left == nil:
		return pane.S(style.Dim, text.Const("budget NO DATA"))
	case q == oncall.Lost:
		return pane.S(style.Stale, text.Const("budget LOST"))
	}
	age := f.Now.Round(0).Sub(b.Left.At)
	if old := f.Scene.Live && age > oldBudget; old || q == oncall.Stale {
		return pane.S(style.Stale, text.Sprintf("budget %s? %s ago", Left(b), pane.Ago(age)))
	}
	gone, runsOut := b.Gone()
	switch {
	case b.Left.V <= 0:
		return pane.S(style.Error, text.Sprintf("budget spent, %.0f%% over !!", -100*b.Left.V))
	case b.Burn == nil:
		return pane.S(style.Text, text.Sprintf("budget %s, no traffic now", Left(b)))
	case runsOut && b.Burn.V >= oncall.BurnPage:
		return pane.S(style.Error, text.Sprintf("budget %s, gone in %s !!", Left(b), pane.Ago(gone)))
	case runsOut:
		return pane.S(style.Warn, text.Sprintf("budget %s, gone in %s !", Left(b), pane.Ago(gone)))
	case b.Burn.V > 0:
		return pane.S(style.Text, text.Sprintf("budget %s, lasts at this rate", Left(b)))
	}
	return pane.S(style.Text, text.Sprintf("budget %s, nothing is spent now", Left(b)))
}

// Left writes the part of a budget that is left.
func Left(b oncall.Budget) text.Safe {
	v := 100 * b.Left.V
	if v > 0 && v < 1 {
		return text.Const("under 1%")
	}
	return text.Sprintf("%.0f%%", v)
}
