package oncall

import (
	"encoding/json"
	"math"
	"strconv"
	"time"
)

// Window is the span of time that all panes share, half-open: [Start, End).
type Window struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Span returns the window's length.
func (w Window) Span() time.Duration { return w.End.Sub(w.Start) }

// Contains reports whether t lies in the window.
func (w Window) Contains(t time.Time) bool { return !t.Before(w.Start) && t.Before(w.End) }

// Unit says how a panel's numbers are written.
type Unit string

// The units that panels know. A ratio is 0 to 1, a percent 0 to 100.
const (
	UnitNone    Unit = ""
	UnitPercent Unit = "percent"
	UnitRatio   Unit = "ratio"
	UnitSeconds Unit = "seconds"
	UnitBytes   Unit = "bytes"
	UnitPerSec  Unit = "per_second"
)

// PanelQuery is one question to a metrics source, ready to send.
type PanelQuery struct {
	// Panel is the panel's title, unique within the source's set.
	Panel string `json:"panel"`
	Query string `json:"query"`
	Unit  Unit   `json:"unit,omitempty"`
	// Warn and Critical are thresholds, nil for none. The worse value is the
	// higher one.
	Warn     *float64 `json:"warn,omitempty"`
	Critical *float64 `json:"critical,omitempty"`
	// Unfilled says why the query cannot be asked for the followed page, such as
	// "this page has no label cluster"; empty when it can.
	Unfilled string `json:"unfilled,omitempty"`
}

// Question is what a metrics source is to answer until told otherwise.
type Question struct {
	// Scope names what is followed, such as a service; answers carry it so that
	// a late one cannot land under another page.
	Scope   string       `json:"scope"`
	Queries []PanelQuery `json:"queries"`
	// Budgets are the error budgets to look at besides, by their newest value only.
	Budgets []BudgetQuery `json:"budgets,omitempty"`
	// Span is how much time to show. End is the window's end, zero for now.
	Span time.Duration `json:"span"`
	End  time.Time     `json:"end,omitzero"`
	// Columns is about how many points a plot can show.
	Columns int `json:"columns"`
}

// Point is one sample of a series.
type Point struct {
	At time.Time `json:"at"`
	V  float64   `json:"v"`
}

// MarshalJSON writes a value that JSON has no number for as Prometheus does, as
// the string "NaN", "+Inf" or "-Inf".
func (p Point) MarshalJSON() ([]byte, error) {
	var v any = p.V
	if math.IsNaN(p.V) || math.IsInf(p.V, 0) {
		v = strconv.FormatFloat(p.V, 'f', -1, 64)
	}
	return json.Marshal(struct {
		At time.Time `json:"at"`
		V  any       `json:"v"`
	}{p.At, v})
}

// Series is one line of a panel. Missing points are absent: they are gaps, not
// zeros.
type Series struct {
	Labels map[string]string `json:"labels,omitempty"`
	Points []Point           `json:"points"`
}

// Panel is a metrics source's answer to one query.
type Panel struct {
	PanelQuery
	Step   time.Duration `json:"step"`
	Series []Series      `json:"series"`
	// Latest is the newest instant value and its own sample time, nil for no
	// data. With several series it is the worst of them.
	Latest *Point `json:"latest,omitempty"`
	// Warnings are the source's own words about a partial answer.
	Warnings []string `json:"warnings,omitempty"`
	// Fault is this query's own failure; the other panels are unaffected.
	Fault *Fault `json:"-"`
}
