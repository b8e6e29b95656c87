package metrics_test

import (
	"strings"
	"testing"
	"time"

	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/ui/metrics"
	"conway/internal/ui/pane"
	"conway/internal/ui/uitest"
)

// budgeted is the sample incident with error budgets.
func budgeted(budgets ...oncall.Budget) board.Board {
	e := uitest.Series().(oncall.SeriesEvent)
	for _, b := range budgets {
		e.Question.Budgets = append(e.Question.Budgets, b.BudgetQuery)
		if b.Left != nil || b.Fault != nil || b.Unasked != "" || b.SLO == "quiet" {
			e.Budgets = append(e.Budgets, b)
		}
	}
	return uitest.Fold(uitest.Empty().Follow(e.Question.Scope), e)
}

func TestBudgetsInWords(t *testing.T) {
	at := uitest.Now().Add(-20 * time.Second)
	num := func(v float64) *oncall.Point { return &oncall.Point{At: at, V: v} }
	old := &oncall.Point{At: at.Add(-10 * time.Minute), V: 0.61}
	q := func(name string) oncall.BudgetQuery {
		return oncall.BudgetQuery{SLO: name, LeftQuery: "left of " + name, Period: 720 * time.Hour}
	}
	spends := q("checkout-avail")
	spends.Spends = true
	unasked := q("gone")
	unasked.Unasked = "no file under slos describes it"
	for _, tt := range []struct {
		what   string
		budget oncall.Budget
		want   string
	}{
		{"burning", oncall.Budget{BudgetQuery: spends, Left: num(0.61), Burn: num(48.8)}, "SLO checkout-avail  budget 61%, gone in 9 h !!  ◀ this page spends it"},
		{"slowly", oncall.Budget{BudgetQuery: q("a"), Left: num(0.5), Burn: num(2)}, "SLO a  budget 50%, gone in 7 d !"},
		{"not at all", oncall.Budget{BudgetQuery: q("a"), Left: num(0.996), Burn: num(0)}, "SLO a  budget 100%, nothing is spent now"},
		{"as it comes back", oncall.Budget{BudgetQuery: q("a"), Left: num(0.002), Burn: num(1)}, "SLO a  budget under 1%, lasts at this rate"},
		{"overspent", oncall.Budget{BudgetQuery: q("a"), Left: num(-0.12), Burn: num(48)}, "SLO a  budget spent, 12% over !!"},
		{"no traffic now", oncall.Budget{BudgetQuery: q("a"), Left: num(0.61)}, "SLO a  budget 61%, no traffic now"},
		{"no data", oncall.Budget{BudgetQuery: q("quiet")}, "SLO quiet  budget NO DATA"},
		{"not answered", oncall.Budget{BudgetQuery: q("a")}, "SLO a  asking …"},
		{"old", oncall.Budget{BudgetQuery: q("a"), Left: old, Burn: num(48)}, "SLO a  budget 61%? 10 min ago"},
		{"unasked", oncall.Budget{BudgetQuery: unasked}, "SLO gone  budget not known: no file under slos describes it"},
		{"fault", oncall.Budget{BudgetQuery: q("a"), Fault: &oncall.Fault{Kind: oncall.Rejected, Source: "prom", Op: "query", Detail: "parse error"}}, "parse error"},
	} {
		f := pane.Frame{Width: 100, Height: 12, Now: uitest.Now(), Zone: uitest.Zone()}
		f.Scene.Window = oncall.Window{Start: uitest.Now().Add(-time.Hour), End: uitest.Now()}
		f.Scene.Live = true
		var all []string
		for _, l := range metrics.New().View(f, budgeted(tt.budget)) {
			row := ""
			for _, s := range l {
				row += s.Text.String()
			}
			all = append(all, strings.TrimRight(row, " "))
		}
		text := strings.Join(all, "\n")
		found := strings.Contains(text+"\n", tt.want+"\n")
		if tt.what == "fault" { // its sentence goes on
			found = strings.Contains(text, tt.want)
		}
		if !found {
			t.Errorf("%s: want %q in:\n%s", tt.what, tt.want, text)
		}
	}
}

// TestBudgetGivesWayFromItsName draws a budget in less and less room: what is left of
// it, and for how long, is whole while that can be.
func TestBudgetGivesWayFromItsName(t *testing.T) {
	at := uitest.Now().Add(-20 * time.Second)
	b := oncall.Budget{
		BudgetQuery: oncall.BudgetQuery{SLO: "checkout-availability", LeftQuery: "left", Period: 720 * time.Hour, Spends: true},
		Left:        &oncall.Point{At: at, V: 0.61}, Burn: &oncall.Point{At: at, V: 48.8},
	}
	for w, want := range map[int]string{
		100: "SLO checkout-availability  budget 61%, gone in 9 h !!  ◀ this page spends it",
		70:  "SLO checkout-availability  budget 61%, gone in 9 h !!  ◀ this page",
		57:  "SLO checkout-availability  budget 61%, gone in 9 h !!  ◀",
		44:  "SLO checkout…  budget 61%, gone in 9 h !!  ◀",
	} {
		f := pane.Frame{Width: w, Height: 12, Now: uitest.Now(), Zone: uitest.Zone()}
		if got := uitest.Plain(metrics.New().View(f, budgeted(b)).Fit(w, 12)); !strings.Contains(got, want) {
			t.Errorf("%d cells wide, %q is not in:\n%s", w, want, got)
		}
	}
}
