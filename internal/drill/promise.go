package drill

import (
	"fmt"
	"maps"
	"time"

	"conway/internal/drill/promserver"
)

// What Sloth's rules record of an objective, and the labels by which its alerts and
// its series name it.
const (
	sloErrors  = "slo:sli_error:ratio_rate5m"
	sloAllowed = "slo:error_budget:ratio"
	sloDays    = "slo:time_period:days"
	sloBurning = "slo:current_burn_rate:ratio"
	sloLeft    = "slo:period_error_budget_remaining:ratio"

	sloServiceLabel = "sloth_service"
	sloNameLabel    = "sloth_slo"
)

// labels are those of the objective's series, and of an alert about its budget.
func (o SLO) labels() map[string]string {
	return map[string]string{sloServiceLabel: o.Service, sloNameLabel: o.Name}
}

// promise is an objective whose budget burns by what is measured.
type promise struct {
	SLO
	pace pace
	// left is the share of the budget that is left, and last when that was so.
	left float64
	last time.Time
}

// promises are the objectives of a service.
func promises(s *Scenario, service string, p pace) []*promise {
	var out []*promise
	for _, o := range s.SLOs {
		if o.Service == service {
			out = append(out, &promise{SLO: o, pace: p, left: o.Left})
		}
	}
	return out
}

// store writes what is recorded of the objective, given the share of requests that
// went wrong. Before the start its budget stands still: what it is then is the
// scenario's to say.
func (o *promise) store(to *promserver.Store, now time.Time, errors float64) error {
	allowed := 1 - o.Objective/100
	if !o.last.IsZero() && !now.Before(o.pace.start) {
		passed := time.Duration(o.pace.scenario(now.Sub(o.last)))
		o.left -= errors / allowed * passed.Hours() / float64(24*o.Days)
	}
	o.last = now
	for name, v := range map[string]float64{
		sloErrors: errors, sloAllowed: allowed, sloDays: float64(o.Days), sloBurning: errors / allowed, sloLeft: o.left,
	} {
		if err := to.Add(name, o.labels(), now, v); err != nil {
			return fmt.Errorf("store %s of %s: %w", name, o.Name, err)
		}
	}
	return nil
}

// labels are those of an alert, with the objective's that it is about.
func (a Alert) labels(labels map[string]string) {
	maps.Copy(labels, a.Labels)
	if a.SLO != "" {
		maps.Copy(labels, SLO{Service: a.Service, Name: a.SLO}.labels())
	}
}
