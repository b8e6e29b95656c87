package prometheus

import (
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"conway/internal/oncall"
)

const (
	// minStep is the usual scrape interval: between two scrapes nothing is known.
	minStep = 15 * time.Second
	// maxPoints is Prometheus's own limit per series; more is answered with 400.
	maxPoints = 11000
	// defaultSpan and defaultColumns serve a question that does not say.
	defaultSpan    = time.Hour
	defaultColumns = 120
)

// plan is the time of one round of queries: the range of the plot and the
// moment of the newest value.
type plan struct {
	v1.Range

	at time.Time
}

// newPlan fits a question's span to its columns. Start and End are whole steps
// of the epoch, so that the points of two rounds are the same ones. End is the
// last step that has begun.
func newPlan(q oncall.Question, now time.Time) plan {
	span, columns := q.Span, q.Columns
	if span <= 0 {
		span = defaultSpan
	}
	if columns <= 0 {
		columns = defaultColumns
	}
	p := plan{at: now}
	if !q.End.IsZero() {
		p.at = q.End
	}
	p.Step = max(minStep, ceil(span/time.Duration(min(columns, maxPoints)), time.Second))
	p.End = time.Unix(0, p.at.UnixNano()-p.at.UnixNano()%int64(p.Step))
	p.Start = p.End.Add(p.Step - ceil(span, p.Step))
	return p
}

func ceil(d, unit time.Duration) time.Duration { return (d + unit - 1) / unit * unit }

// window returns the time that the points stand for: each one the step after it.
func (p plan) window() oncall.Window {
	return oncall.Window{Start: p.Start, End: p.End.Add(p.Step)}
}
