package prometheus

import (
	"context"
	"fmt"
	"math"
	"time"

	"conway/internal/oncall"
)

// budgetEvery is how often an error budget is asked for. What is left of thirty
// days changes slowly, and the question makes the server read all thirty.
const budgetEvery = time.Minute

// asked is a budget's answer, and when it was asked for.
type asked struct {
	budget oncall.Budget
	at     time.Time
}

// key is what makes a budget's answer good for another round.
type key struct {
	oncall.BudgetQuery

	end time.Time
}

func keyFor(q oncall.Question, b oncall.BudgetQuery) key {
	b.Spends = false
	return key{b, q.End}
}

// known puts the budgets that were answered lately into an event, and reports
// whether each of them is there.
func (s *Source) known(e *oncall.SeriesEvent, now time.Time) bool {
	all := true
	e.Budgets = nil
	for _, b := range e.Question.Budgets {
		if b.Unasked != "" {
			e.Budgets = append(e.Budgets, oncall.Budget{BudgetQuery: b})
			continue
		}
		was, ok := s.budgets[keyFor(e.Question, b)]
		if ok {
			// Its period may have been learnt by asking.
			was.budget.Spends = b.Spends
			e.Budgets = append(e.Budgets, was.budget)
		}
		all = all && ok && now.Sub(was.at) < budgetEvery
	}
	return all
}

// askBudgets asks for the budgets of an event that are not known, or were not
// asked for lately. They come after the panels, which must not wait for them.
func (s *Source) askBudgets(ctx context.Context, e *oncall.SeriesEvent) error {
	kept := make(map[key]asked, len(e.Question.Budgets))
	for _, b := range e.Question.Budgets {
		if b.Unasked != "" {
			continue
		}
		k := keyFor(e.Question, b)
		was, ok := s.budgets[k]
		if now := time.Now(); !ok || now.Sub(was.at) >= budgetEvery {
			was = asked{s.budget(ctx, b, e.Question.End, e.Skew), now}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		kept[k] = was
	}
	s.budgets = kept
	return nil
}

// budget asks for one budget, by the server's clock. A failure is its own: the
// panels beside it are there, or the source has failed already.
func (s *Source) budget(ctx context.Context, q oncall.BudgetQuery, end time.Time, ahead time.Duration) oncall.Budget {
	at := time.Now()
	if !end.IsZero() {
		at = end
	}
	b := oncall.Budget{BudgetQuery: q}
	var days *oncall.Point
	for _, one := range []struct {
		query string
		into  **oncall.Point
	}{{q.BurnQuery, &b.Burn}, {q.LeftQuery, &b.Left}, {q.DaysQuery, &days}} {
		if one.query == "" {
			continue
		}
		v, err := s.number(ctx, one.query, at.Add(ahead))
		if err != nil {
			b.Left, b.Burn = nil, nil
			b.Fault = oncall.AsFault(err, s.Name(), opQuery)
			return b
		}
		if v != nil {
			v.At = v.At.Add(-ahead)
		}
		*one.into = v
	}
	if days != nil && b.Period == 0 {
		b.Period = time.Duration(days.V * float64(24*time.Hour))
	}
	return b
}

// number asks for one number, and returns nil where there is none, which is an answer too.
func (s *Source) number(ctx context.Context, query string, at time.Time) (*oncall.Point, error) {
	r, err := s.instant(ctx, query, at)
	switch {
	case err != nil:
		return nil, err
	case len(r.samples) == 0 || r.samples[0] == nil:
		return nil, nil
	case len(r.samples) > 1:
		return nil, &oncall.Fault{
			Kind: oncall.Rejected, Source: s.Name(), Op: opQuery,
			Detail: fmt.Sprintf("the answer has %d series where one number is needed", len(r.samples)),
			Fix:    "put sum(…) around the queries in the SLO's file",
		}
	}
	v := float64(r.samples[0].Value)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil, nil
	}
	return &oncall.Point{At: r.samples[0].Timestamp.Time(), V: v}, nil
}

// Evaluate returns the one number that a query had at a moment, and whether it had
// one. The moment is by the server's own clock.
func (s *Source) Evaluate(ctx context.Context, query string, at time.Time) (float64, bool, error) {
	v, err := s.number(ctx, query, at)
	switch {
	case err != nil:
		return 0, false, oncall.AsFault(err, s.Name(), opQuery)
	case v == nil:
		return 0, false, nil
	}
	return v.V, true, nil
}
