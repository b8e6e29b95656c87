package slo

import (
	"fmt"
	"strconv"
	"time"

	"conway/internal/oncall"
)

// Format says in whose words an objective was written.
type Format string

// The formats that are read. Recorded is an objective of which only the labels of
// an alert are known; it is asked for through the rules that Sloth records.
const (
	Sloth    Format = "Sloth"
	OpenSLO  Format = "OpenSLO"
	Pyrra    Format = "Pyrra"
	Recorded Format = "Sloth's rules"
)

const (
	// current is the window of the burn rate that is called the present one, as in
	// Sloth's slo:current_burn_rate:ratio.
	current = 5 * time.Minute
	// resolution is how often a ratio is looked at where only its mean over time can
	// be had.
	resolution = time.Minute
)

// Objective is a promise about a service: of all events in a period, no more than
// a small part goes wrong.
type Objective struct {
	// Name is unique within its service.
	Name string
	// Service is the service as the file calls it, empty where the format has none.
	Service string
	// Labels are the objective's own.
	Labels map[string]string
	// Target is the part of events that must go well, above 0 and below 1; 0 for
	// Recorded.
	Target float64
	// Period is the moving time that the budget is for; 0 for Recorded.
	Period time.Duration
	Format Format
	// File and Line are where it was read.
	File string
	Line int

	indicator indicator
}

// ErrorRatio asks for the part of events in the last w that went wrong. There is
// no answer without traffic.
func (o Objective) ErrorRatio(w time.Duration) string { return o.indicator.errorRatio(w) }

// BurnRate asks how fast the budget was spent in the last w: at 1 it lasts exactly
// its period.
func (o Objective) BurnRate(w time.Duration) string {
	if o.Format == Recorded {
		return fmt.Sprintf("max(slo:sli_error:ratio_rate%s%s) / max(slo:error_budget:ratio%s)", duration(w), o.selector(), o.selector())
	}
	return fmt.Sprintf("(%s) / %s", o.ErrorRatio(w), o.allowed())
}

// BudgetLeft asks for the part of the period's budget that is left, weighted by
// events: 1 is untouched, 0 spent, below 0 more than spent. Sloth's own rule, which
// is all there is for Recorded, weighs each five minutes alike instead.
func (o Objective) BudgetLeft() string {
	if o.Format == Recorded {
		return "slo:period_error_budget_remaining:ratio" + o.selector()
	}
	return fmt.Sprintf("(%s - %s) / %s", o.allowed(), o.indicator.spent(o.Period), o.allowed())
}

// BudgetShare asks what part of the whole budget went in the last d. It is
// estimated where it has to be weighted by time and not by events.
func (o Objective) BudgetShare(d time.Duration) (query string, estimated bool) {
	if o.Format == Recorded {
		return fmt.Sprintf("max(avg_over_time(slo:sli_error:ratio_rate5m%s[%s])) * %s / (max(slo:error_budget:ratio%s) * max(slo:time_period:days%s) * 86400)",
			o.selector(), duration(d), seconds(d), o.selector(), o.selector()), true
	}
	return o.indicator.share(o.allowed(), d, o.Period)
}

// Query is the question about the budget that is asked while its service's page
// is followed.
func (o Objective) Query() oncall.BudgetQuery {
	q := oncall.BudgetQuery{SLO: o.ID(), LeftQuery: o.BudgetLeft(), Period: o.Period, BurnQuery: o.BurnRate(current)}
	if o.Format == Recorded {
		q.BurnQuery = "slo:current_burn_rate:ratio" + o.selector()
		q.DaysQuery = "slo:time_period:days" + o.selector()
	}
	return q
}

// allowed is the part of events that may go wrong.
func (o Objective) allowed() string {
	return "(1 - " + strconv.FormatFloat(o.Target, 'g', -1, 64) + ")"
}

// selector picks what Sloth recorded of the objective.
func (o Objective) selector() string {
	return fmt.Sprintf("{sloth_service=%s, sloth_slo=%s}", strconv.Quote(o.Service), strconv.Quote(o.Name))
}
