package oncall

import "time"

// BurnPage is the burn rate at which somebody is to be called: the SRE workbook's,
// by which an hour takes 2% of a budget of 30 days.
const BurnPage = 14.4

// BudgetQuery is one question to a metrics source about an SLO's error budget,
// ready to send. Each of its queries is answered with one number.
type BudgetQuery struct {
	// SLO is its name.
	SLO string `json:"slo"`
	// LeftQuery asks for the part of the budget that is left: 1 is untouched, 0
	// spent, and below 0 more than spent.
	LeftQuery string `json:"left_query,omitempty"`
	// BurnQuery asks how fast it is spent now: at 1 it lasts exactly its period.
	BurnQuery string `json:"burn_query,omitempty"`
	// Period is what the budget is for. Where it is not known, DaysQuery asks for it
	// in days.
	Period    time.Duration `json:"period,omitempty"`
	DaysQuery string        `json:"days_query,omitempty"`
	// Spends is true for the SLO that the followed page's own alert is of.
	Spends bool `json:"spends,omitempty"`
	// Unasked says why there is nothing to ask, empty when there is.
	Unasked string `json:"unasked,omitempty"`
}

// Budget is a metrics source's answer to one BudgetQuery.
type Budget struct {
	BudgetQuery
	// Left and Burn are nil for no data, such as without traffic.
	Left *Point `json:"left,omitempty"`
	Burn *Point `json:"burn,omitempty"`
	// Fault is this query's own failure; the others are unaffected.
	Fault *Fault `json:"-"`
}

// Gone returns how long the budget lasts if it goes on being spent as now, and
// whether it will be gone at all: what is spent no faster than it comes back in a
// moving period never is.
func (b Budget) Gone() (time.Duration, bool) {
	if b.Left == nil || b.Burn == nil || b.Period <= 0 || b.Left.V <= 0 || b.Burn.V <= 1 {
		return 0, false
	}
	return time.Duration(float64(b.Period) * b.Left.V / b.Burn.V), true
}
