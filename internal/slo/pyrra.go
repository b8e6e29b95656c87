package slo

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

type pyrraFile struct {
	Spec struct {
		Target    any            `yaml:"target"`
		Window    string         `yaml:"window"`
		Indicator pyrraIndicator `yaml:"indicator"`
	} `yaml:"spec"`
}

type pyrraIndicator struct {
	Ratio *struct {
		Errors   pyrraMetric `yaml:"errors"`
		Total    pyrraMetric `yaml:"total"`
		Grouping []string    `yaml:"grouping"`
	} `yaml:"ratio"`
	Latency *struct {
		Success  pyrraMetric `yaml:"success"`
		Total    pyrraMetric `yaml:"total"`
		Grouping []string    `yaml:"grouping"`
	} `yaml:"latency"`
	LatencyNative any `yaml:"latencyNative"`
	BoolGauge     any `yaml:"bool_gauge"`
}

type pyrraMetric struct {
	Metric string `yaml:"metric"`
}

// pyrraPrefix is what Pyrra takes off a label before it puts it on its alerts.
const pyrraPrefix = "pyrra.dev/"

// pyrra reads a ServiceLevelObjective of Pyrra's.
func (r *reader) pyrra(d *document) {
	if d.head.Kind != "ServiceLevelObjective" {
		r.refuse(d, "kind", "Pyrra has no kind "+quote(d.head.Kind), "it is ServiceLevelObjective")
		return
	}
	var f pyrraFile
	if !r.decode(d, &f) {
		return
	}
	o := Objective{Name: d.head.Metadata.Name, Labels: map[string]string{}, Format: Pyrra}
	for k, v := range d.head.Metadata.labels() {
		o.Labels[strings.TrimPrefix(k, pyrraPrefix)] = v
	}
	o.Service = o.Labels["service"]
	ok := o.Name != ""
	if !ok {
		r.refuse(d, "metadata.name", "the SLO has no name", "add metadata.name")
	}
	var good bool
	if o.Target, good = r.target(d, "spec.target", f.Spec.Target, 100); !good {
		ok = false
	}
	if o.Period, good = span(f.Spec.Window); !good {
		r.refuse(d, "spec.window", quote(f.Spec.Window)+" is no fixed span of time", "write days or weeks, such as 30d or 4w")
		ok = false
	}
	if o.indicator, good = r.pyrraIndicator(d, f.Spec.Indicator); good && ok {
		r.add(d, "metadata.name", o)
	}
}

// pyrraIndicator reads what counts events.
func (r *reader) pyrraIndicator(d *document, in pyrraIndicator) (indicator, bool) {
	const field = "spec.indicator"
	var out indicator
	var grouping []string
	var part, all bool
	kind := ".ratio"
	switch {
	case in.Ratio != nil:
		grouping = in.Ratio.Grouping
		out.wrong, part = r.pyrraCounter(d, field+".ratio.errors.metric", in.Ratio.Errors)
		out.total, all = r.pyrraCounter(d, field+".ratio.total.metric", in.Ratio.Total)
	case in.Latency != nil:
		kind, grouping = ".latency", in.Latency.Grouping
		out.good, part = r.pyrraCounter(d, field+".latency.success.metric", in.Latency.Success)
		out.total, all = r.pyrraCounter(d, field+".latency.total.metric", in.Latency.Total)
	case in.LatencyNative != nil:
		r.refuse(d, field+".latencyNative", "native histograms are not read", "write a latency of a classic histogram's buckets")
		return out, false
	case in.BoolGauge != nil:
		r.refuse(d, field+".bool_gauge", "a gauge counts spans of time, and only events are counted here", "write a ratio of counters")
		return out, false
	default:
		r.refuse(d, field, "it does not say how events are counted", "write ratio or latency")
		return out, false
	}
	if len(grouping) > 0 {
		r.refuse(d, field+kind+".grouping", "it makes an SLO of each group, and each would have a budget of its own", "write an SLO for the group that matters, and no grouping")
		return out, false
	}
	return out, part && all
}

func (r *reader) pyrraCounter(d *document, field string, m pyrraMetric) (term, bool) {
	t, ok := counter(m.Metric)
	if !ok {
		r.refuse(d, field, quote(m.Metric)+" is no plain selector", "write a counter and its labels only")
	}
	return t, ok
}

// span reads a fixed span of time as Prometheus writes one, such as 4w or 1d12h.
// A month is none: it differs.
func span(s string) (time.Duration, bool) {
	units := map[string]time.Duration{"w": 7 * 24 * time.Hour, "d": 24 * time.Hour, "h": time.Hour, "m": time.Minute}
	var out time.Duration
	if !regexp.MustCompile(`^([0-9]{1,4}[wdhm])+$`).MatchString(s) {
		return 0, false
	}
	for _, m := range regexp.MustCompile(`([0-9]+)([wdhm])`).FindAllStringSubmatch(s, -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return 0, false
		}
		out += time.Duration(n) * units[m[2]]
	}
	return out, out > 0
}
