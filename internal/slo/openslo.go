package slo

import (
	"fmt"
	"strings"
)

type openFile struct {
	Spec struct {
		Service      string         `yaml:"service"`
		Indicator    *openIndicator `yaml:"indicator"`
		IndicatorRef string         `yaml:"indicatorRef"`
		TimeWindow   []struct {
			Duration  string `yaml:"duration"`
			IsRolling bool   `yaml:"isRolling"`
			Calendar  any    `yaml:"calendar"`
		} `yaml:"timeWindow"`
		BudgetingMethod string          `yaml:"budgetingMethod"`
		Objectives      []openObjective `yaml:"objectives"`
	} `yaml:"spec"`
}

type openObjective struct {
	DisplayName   string `yaml:"displayName"`
	Target        any    `yaml:"target"`
	TargetPercent any    `yaml:"targetPercent"`
	Indicator     any    `yaml:"indicator"`
	IndicatorRef  string `yaml:"indicatorRef"`
	Op            string `yaml:"op"`
}

// openIndicator is an SLI, in an SLO or by itself.
type openIndicator struct {
	Spec struct {
		Threshold any `yaml:"thresholdMetric"`
		Ratio     *struct {
			Counter bool        `yaml:"counter"`
			Good    *openMetric `yaml:"good"`
			Bad     *openMetric `yaml:"bad"`
			Total   *openMetric `yaml:"total"`
			Raw     *openMetric `yaml:"raw"`
			RawType string      `yaml:"rawType"`
		} `yaml:"ratioMetric"`
	} `yaml:"spec"`

	// in and field are where it stands.
	in    *document
	field string
}

type openMetric struct {
	Source struct {
		Ref  string `yaml:"metricSourceRef"`
		Type string `yaml:"type"`
		Spec struct {
			Query string `yaml:"query"`
		} `yaml:"spec"`
	} `yaml:"metricSource"`
}

// index keeps what references name.
func (r *reader) index(d *document) {
	if d.head.APIVersion != "openslo/v1" {
		return
	}
	switch d.head.Kind {
	case "SLI":
		i := openIndicator{in: d, field: "spec"}
		if r.decode(d, &i) {
			r.indicators[d.head.Metadata.Name] = i
		}
	case "DataSource":
		var s struct {
			Spec struct {
				Type string `yaml:"type"`
			} `yaml:"spec"`
		}
		if r.decode(d, &s) {
			r.stores[d.head.Metadata.Name] = s.Spec.Type
		}
	}
}

// openSLO reads a document of OpenSLO v1.
func (r *reader) openSLO(d *document) {
	switch d.head.Kind {
	case "SLO":
	case "SLI", "DataSource", "Service", "AlertPolicy", "AlertCondition", "AlertNotificationTarget":
		return // what they say is used where it is referred to, or by an alerting tool
	default:
		r.refuse(d, "kind", "OpenSLO has no kind "+quote(d.head.Kind), "it is SLO, SLI, DataSource or Service")
		return
	}
	var f openFile
	if !r.decode(d, &f) {
		return
	}
	o := Objective{Name: d.head.Metadata.Name, Service: f.Spec.Service, Labels: d.head.Metadata.labels(), Format: OpenSLO}
	ok := o.Name != ""
	if !ok {
		r.refuse(d, "metadata.name", "the SLO has no name", "add metadata.name")
	}
	ok = r.openPeriod(d, f, &o) && ok
	in := f.Spec.Indicator
	if in != nil {
		in.in, in.field = d, "spec.indicator.spec"
	} else if ref, known := r.indicators[f.Spec.IndicatorRef]; known {
		in = &ref
	}
	switch {
	case in != nil:
		var fine bool
		o.indicator, fine = r.openIndicator(in)
		ok = fine && ok
	case f.Spec.IndicatorRef != "":
		r.refuse(d, "spec.indicatorRef", "no SLI is named "+quote(f.Spec.IndicatorRef), "name the file that it is in under slos.files too")
		ok = false
	default:
		r.refuse(d, "spec.indicator", "it does not say how events are counted", "add an indicator with a ratioMetric")
		ok = false
	}
	r.openObjectives(d, f.Spec.Objectives, o, ok)
}

// openPeriod reads the period and how events are weighted.
func (r *reader) openPeriod(d *document, f openFile, o *Objective) bool {
	ok := true
	refuse := func(field, message, fix string) { r.refuse(d, field, message, fix); ok = false }
	switch m := f.Spec.BudgetingMethod; m {
	case "Occurrences":
	default:
		refuse("spec.budgetingMethod", quote(m)+" counts spans of time, and only events are counted here", "write Occurrences")
	}
	if len(f.Spec.TimeWindow) != 1 {
		refuse("spec.timeWindow", "there is not exactly one period", "write one, such as {duration: 30d, isRolling: true}")
		return ok
	}
	w := f.Spec.TimeWindow[0]
	if w.Calendar != nil || !w.IsRolling {
		refuse("spec.timeWindow[0].isRolling", "the period is one of the calendar, and only moving ones are counted here", "write isRolling: true and no calendar")
	}
	period, good := span(w.Duration)
	if !good {
		refuse("spec.timeWindow[0].duration", quote(w.Duration)+" is no fixed span of time", "write days or weeks, such as 30d or 4w")
	}
	o.Period = period
	return ok
}

// openObjectives adds an objective for each target.
func (r *reader) openObjectives(d *document, all []openObjective, o Objective, ok bool) {
	if len(all) == 0 {
		r.refuse(d, "spec.objectives", "there is no target", "add one, such as {target: 0.999}")
	}
	for i, t := range all {
		field := fmt.Sprintf("spec.objectives[%d]", i)
		if t.Indicator != nil || t.IndicatorRef != "" {
			r.refuse(d, field, "it has an indicator of its own, of which the SLO is composed", "write an SLO for each indicator")
			continue
		}
		one := o
		var good bool
		if t.TargetPercent != nil {
			one.Target, good = r.target(d, field+".targetPercent", t.TargetPercent, 100)
		} else {
			one.Target, good = r.target(d, field+".target", t.Target, 1)
		}
		if len(all) > 1 {
			one.Name = strings.TrimSpace(o.Name + " " + t.DisplayName)
		}
		if good && ok {
			r.add(d, field, one)
		}
	}
}

// openIndicator reads what counts events.
func (r *reader) openIndicator(in *openIndicator) (indicator, bool) {
	ratio := in.Spec.Ratio
	field := in.field + ".ratioMetric"
	switch {
	case ratio == nil && in.Spec.Threshold != nil:
		r.refuse(in.in, in.field+".thresholdMetric", "a threshold counts spans of time, and only events are counted here", "write a ratioMetric with good or bad and total")
		return indicator{}, false
	case ratio == nil:
		r.refuse(in.in, field, "it does not say how events are counted", "write good or bad, and total")
		return indicator{}, false
	case ratio.Raw != nil:
		return r.openRaw(in, field)
	case ratio.Total == nil:
		r.refuse(in.in, field+".total", "it does not say how all events are counted", "add total")
		return indicator{}, false
	case (ratio.Good == nil) == (ratio.Bad == nil):
		r.refuse(in.in, field, "it has not exactly one of good and bad", "write the one that is measured")
		return indicator{}, false
	}
	var out indicator
	var part bool
	if ratio.Bad != nil {
		out.wrong, part = r.openQuery(in.in, field+".bad", *ratio.Bad, ratio.Counter)
	} else {
		out.good, part = r.openQuery(in.in, field+".good", *ratio.Good, ratio.Counter)
	}
	var all bool
	out.total, all = r.openQuery(in.in, field+".total", *ratio.Total, ratio.Counter)
	return out, part && all
}

// openRaw reads a ratio that is a query by itself.
func (r *reader) openRaw(in *openIndicator, field string) (indicator, bool) {
	ratio := in.Spec.Ratio
	t, ok := r.openQuery(in.in, field+".raw", *ratio.Raw, false)
	switch ratio.RawType {
	case "failure":
	case "success":
		t.query = "1 - (" + t.query + ")"
	default:
		r.refuse(in.in, field+".rawType", quote(ratio.RawType)+" does not say what the ratio is of", "write success or failure")
		ok = false
	}
	return indicator{ratio: t}, ok
}

// openQuery reads one query. What it means is not standardised: it is used where
// it says its window itself, or where it is a counter and nothing else.
func (r *reader) openQuery(d *document, field string, m openMetric, isCounter bool) (term, bool) {
	field += ".metricSource"
	kind := m.Source.Type
	if kind == "" {
		kind = r.stores[m.Source.Ref]
	}
	if kind != "" && !strings.EqualFold(kind, "prometheus") {
		r.refuse(d, field+".type", quote(kind)+" is asked in another language", "only sources of type Prometheus are read")
		return term{}, false
	}
	if t, ok := windowed(m.Source.Spec.Query); ok {
		return t, true
	}
	t, plain := counter(m.Source.Spec.Query)
	switch {
	case plain && isCounter:
		return t, true
	case plain:
		r.refuse(d, field+".spec.query", "it is a selector, and nothing says that it is a counter", "add counter: true to the ratioMetric if it is one")
	default:
		r.refuse(d, field+".spec.query", "the query has no place for the window, and is no plain selector", "write {{.window}} where the span of time belongs, or only a counter's selector")
	}
	return term{}, false
}
