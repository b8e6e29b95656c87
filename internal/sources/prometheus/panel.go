package prometheus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"conway/internal/oncall"
	"conway/internal/sources"
)

const (
	// limitFactor times MaxSeries is how many series the server is asked for, so
	// that the highest of them can be picked here. Old servers know no limit.
	limitFactor = 10
	// maxWarnings bounds the words of a partial answer.
	maxWarnings = 8
)

// ask fills a panel with the answer to its query.
func (s *Source) ask(ctx context.Context, p *oncall.Panel, t plan) error {
	limit := v1.WithLimit(uint64(limitFactor * s.maxSeries))
	v, warnings, infos, err := s.api.QueryRange(ctx, p.Query, t.Range, limit, v1.WithTimeout(s.timeout()))
	if err != nil {
		return s.fault(ctx, err)
	}
	m, ok := v.(model.Matrix)
	if !ok {
		return s.noAnswer(v)
	}
	for _, w := range slices.Concat([]string(warnings), []string(infos)) {
		warn(p, w)
	}
	s.plot(p, m)
	now, err := s.instant(ctx, p.Query, t.at)
	if err != nil {
		return err
	}
	for _, w := range now.warnings {
		warn(p, w)
	}
	x := now.worst()
	if x != nil {
		p.Latest = &oncall.Point{At: x.Timestamp.Time(), V: float64(x.Value)}
	}
	if !isSelector(p.Query) || len(p.Series) == 0 && x == nil {
		return nil
	}
	taken, err := s.sampleTimes(ctx, p.Query, t.at)
	if err != nil {
		return err
	}
	if x != nil {
		if at, ok := taken[keyOf(x.Metric)]; ok {
			p.Latest.At = at
		}
	}
	fresh := func(line oncall.Series) bool {
		at, ok := taken[keyOf(metricOf(line.Labels))]
		return ok && t.at.Sub(at) <= oncall.OldSample
	}
	if taken == nil || !slices.ContainsFunc(p.Series, func(line oncall.Series) bool { return !fresh(line) }) {
		return nil
	}
	return s.cutEchoes(ctx, p, t)
}

// warn adds the server's own words once.
func warn(p *oncall.Panel, words string) {
	words = sources.Printable(words, maxDetail)
	if words != "" && len(p.Warnings) < maxWarnings && !slices.Contains(p.Warnings, words) {
		p.Warnings = append(p.Warnings, words)
	}
}

// plot takes over the series, at most MaxSeries: those that ended highest,
// because the worse value is the higher one. Their order is that of their
// labels, so that a line keeps its place from round to round.
func (s *Source) plot(p *oncall.Panel, m model.Matrix) {
	histograms, infinite := 0, 0
	for _, stream := range m {
		if stream == nil {
			continue
		}
		if len(stream.Values) == 0 && len(stream.Histograms) > 0 {
			histograms++
			continue
		}
		series := oncall.Series{Labels: labels(stream.Metric), Points: make([]oncall.Point, 0, len(stream.Values))}
		for _, x := range stream.Values {
			switch v := float64(x.Value); {
			case math.IsNaN(v): // no value, such as 0/0 without traffic: a gap
			case math.IsInf(v, 0):
				infinite++
			default:
				series.Points = append(series.Points, oncall.Point{At: x.Timestamp.Time(), V: v})
			}
		}
		p.Series = append(p.Series, series)
	}
	if extra := len(p.Series) - s.maxSeries; extra > 0 {
		slices.SortStableFunc(p.Series, func(a, b oncall.Series) int { return cmp.Compare(last(b), last(a)) })
		p.Series = slices.Delete(p.Series, s.maxSeries, len(p.Series))
		warn(p, fmt.Sprintf("%d more series are not drawn, those that ended lowest; aggregate the query to fewer", extra))
	}
	slices.SortStableFunc(p.Series, func(a, b oncall.Series) int {
		return cmp.Compare(fmt.Sprint(a.Labels), fmt.Sprint(b.Labels))
	})
	if histograms > 0 {
		warn(p, fmt.Sprintf("%d native histograms are not drawn; ask for a histogram_quantile of them", histograms))
	}
	if infinite > 0 {
		warn(p, fmt.Sprintf("%d infinite values are not drawn", infinite))
	}
}

func last(s oncall.Series) float64 {
	if len(s.Points) == 0 {
		return math.Inf(-1)
	}
	return s.Points[len(s.Points)-1].V
}

func labels(m model.Metric) map[string]string {
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[string(k)] = string(v)
	}
	return out
}

// reading is the answer to an instant query.
type reading struct {
	samples  model.Vector
	warnings []string
}

// instant asks for the values at a moment.
func (s *Source) instant(ctx context.Context, query string, at time.Time) (reading, error) {
	v, warnings, infos, err := s.api.Query(ctx, query, at, v1.WithTimeout(s.timeout()))
	if err != nil {
		return reading{}, s.fault(ctx, err)
	}
	r := reading{warnings: slices.Concat([]string(warnings), []string(infos))}
	switch v := v.(type) {
	case model.Vector:
		r.samples = v
	case *model.Scalar:
		r.samples = model.Vector{{Value: v.Value, Timestamp: v.Timestamp}}
	default:
		return reading{}, s.noAnswer(v)
	}
	return r, nil
}

// worst returns the highest number, or nil when there is none.
func (r reading) worst() *model.Sample {
	var out *model.Sample
	for _, x := range r.samples {
		if x == nil || x.Histogram != nil || math.IsNaN(float64(x.Value)) {
			continue
		}
		if out == nil || x.Value > out.Value {
			out = x
		}
	}
	return out
}

// sampleTimes returns when the samples were taken that a selector finds, by their
// series, as far as the server says.
func (s *Source) sampleTimes(ctx context.Context, selector string, at time.Time) (map[model.Fingerprint]time.Time, error) {
	times, err := s.instant(ctx, "timestamp("+selector+")", at)
	if f, ok := errors.AsType[*oncall.Fault](err); ok && ofQuery(f) {
		return nil, nil // not every server knows the function
	}
	if err != nil {
		return nil, err
	}
	out := make(map[model.Fingerprint]time.Time, len(times.samples))
	for _, x := range times.samples {
		if x != nil && x.Histogram == nil {
			out[keyOf(x.Metric)] = time.UnixMilli(int64(float64(x.Value) * 1000))
		}
	}
	return out, nil
}

// cutEchoes takes the points out of a panel's lines that are an older sample again.
// The server repeats the newest sample of a series for five minutes after it ended:
// drawn, that looks like a value that does not change.
func (s *Source) cutEchoes(ctx context.Context, p *oncall.Panel, t plan) error {
	limit := v1.WithLimit(uint64(limitFactor * s.maxSeries))
	v, _, _, err := s.api.QueryRange(ctx, "timestamp("+p.Query+")", t.Range, limit, v1.WithTimeout(s.timeout()))
	if err != nil {
		return s.fault(ctx, err)
	}
	m, ok := v.(model.Matrix)
	if !ok {
		return s.noAnswer(v)
	}
	taken := make(map[model.Fingerprint]map[int64]time.Time, len(m))
	for _, stream := range m {
		if stream == nil {
			continue
		}
		at := make(map[int64]time.Time, len(stream.Values))
		for _, x := range stream.Values {
			at[int64(x.Timestamp)] = time.UnixMilli(int64(float64(x.Value) * 1000))
		}
		taken[keyOf(stream.Metric)] = at
	}
	for i, line := range p.Series {
		times := taken[keyOf(metricOf(line.Labels))]
		p.Series[i].Points = slices.DeleteFunc(line.Points, func(x oncall.Point) bool {
			at, ok := times[x.At.UnixMilli()]
			return ok && x.At.Sub(at) > oncall.OldSample
		})
	}
	return nil
}

// keyOf names a series without its metric's name, which timestamp() leaves out.
func keyOf(m model.Metric) model.Fingerprint {
	unnamed := m.Clone()
	delete(unnamed, model.MetricNameLabel)
	return unnamed.Fingerprint()
}

func metricOf(labels map[string]string) model.Metric {
	out := make(model.Metric, len(labels))
	for k, v := range labels {
		out[model.LabelName(k)] = model.LabelValue(v)
	}
	return out
}

func (s *Source) timeout() time.Duration {
	if s.http.Timeout > 0 {
		return s.http.Timeout
	}
	return sources.RequestTimeout
}

// noAnswer reports an answer that has no result, as from something that is not
// Prometheus. An empty result is one.
func (s *Source) noAnswer(v model.Value) error {
	detail := "the answer holds no result"
	if v != nil {
		detail = "the answer is a " + v.Type().String() + ", which was not asked for"
	}
	return &oncall.Fault{
		Kind: oncall.Malformed, Source: s.Name(), Op: opQuery, Detail: detail,
		Fix: "check that url points at Prometheus itself, with its prefix if it has one, and not at a login page",
	}
}
