package slo

import (
	"fmt"
	"maps"
	"time"
)

// slothPeriod is the period of Sloth's budgets unless its generator is told
// another (--default-slo-period); the file does not say one.
const slothPeriod = 30 * 24 * time.Hour

type slothFile struct {
	Service string            `yaml:"service"`
	Labels  map[string]string `yaml:"labels"`
	SLOs    []slothSLO        `yaml:"slos"`
}

type slothSLO struct {
	Name      string            `yaml:"name"`
	Objective any               `yaml:"objective"`
	Labels    map[string]string `yaml:"labels"`
	SLI       struct {
		Events *struct {
			Error string `yaml:"error_query"`
			Total string `yaml:"total_query"`
		} `yaml:"events"`
		Raw *struct {
			Ratio string `yaml:"error_ratio_query"`
		} `yaml:"raw"`
		Plugin any `yaml:"plugin"`
	} `yaml:"sli"`
}

// sloth reads a file of Sloth's prometheus/v1.
func (r *reader) sloth(d *document) {
	var f slothFile
	if !r.decode(d, &f) {
		return
	}
	if f.Service == "" {
		r.refuse(d, "service", "it names no service", "add service: and the name")
		return
	}
	if len(f.SLOs) == 0 {
		r.refuse(d, "slos", "there are no SLOs in it", "add some under slos")
	}
	for i, s := range f.SLOs {
		field := fmt.Sprintf("slos[%d]", i)
		if s.Name == "" {
			r.refuse(d, field+".name", "the SLO has no name", "add name:")
			continue
		}
		in, good := r.slothIndicator(d, field+".sli", s)
		target, ok := r.target(d, field+".objective", s.Objective, 100)
		if !good || !ok {
			continue
		}
		labels := maps.Clone(f.Labels)
		if labels == nil {
			labels = map[string]string{}
		}
		maps.Copy(labels, s.Labels)
		r.add(d, field+".name", Objective{
			Name: s.Name, Service: f.Service, Labels: labels, Target: target, Period: slothPeriod, Format: Sloth, indicator: in,
		})
	}
}

// slothIndicator reads what counts events.
func (r *reader) slothIndicator(d *document, field string, s slothSLO) (indicator, bool) {
	switch {
	case s.SLI.Plugin != nil:
		r.refuse(d, field+".plugin", "a plugin is code of Sloth's, not a query", "write the queries under sli.events")
	case s.SLI.Events != nil:
		wrong, ok := r.slothQuery(d, field+".events.error_query", s.SLI.Events.Error)
		total, fine := r.slothQuery(d, field+".events.total_query", s.SLI.Events.Total)
		return indicator{wrong: wrong, total: total}, ok && fine
	case s.SLI.Raw != nil:
		ratio, ok := r.slothQuery(d, field+".raw.error_ratio_query", s.SLI.Raw.Ratio)
		return indicator{ratio: ratio}, ok
	default:
		r.refuse(d, field, "it does not say how events are counted", "write error_query and total_query under sli.events")
	}
	return indicator{}, false
}

func (r *reader) slothQuery(d *document, field, query string) (term, bool) {
	t, ok := windowed(query)
	if !ok {
		r.refuse(d, field, "the query has no place for the window, or another one", "write {{.window}} where the span of time belongs, and no other {{…}}")
	}
	return t, ok
}
