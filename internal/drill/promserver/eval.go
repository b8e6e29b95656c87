package promserver

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
)

// point is [seconds, "value"].
type point [2]any

func newPoint(at int64, v float64) point { return point{float64(at) / 1000, formatValue(v)} }

type vectorRow struct {
	Metric map[string]string `json:"metric"`
	Value  point             `json:"value"`
}

type matrixRow struct {
	Metric map[string]string `json:"metric"`
	Values []point           `json:"values"`
}

type result struct {
	Type   string `json:"resultType"`
	Result any    `json:"result"`
}

// evaluate returns the expression's value for one series at t; the series is nil
// for what is one value without labels.
func (s *Server) evaluate(e expr, sr *series, t int64) (float64, bool) {
	switch e.kind {
	case vectorExpr, numberExpr:
		return e.number, true
	case maxExpr:
		most, any := math.NaN(), false
		s.each(e.of[0], func(sr *series) {
			if v, ok := s.evaluate(e.of[0], sr, t); ok {
				if !any || v > most || math.IsNaN(most) {
					most = v
				}
				any = true
			}
		})
		return most, any
	case productExpr:
		x, okX := s.evaluate(e.of[0], nil, t)
		y, okY := s.evaluate(e.of[1], nil, t)
		if e.divide {
			return x / y, okX && okY
		}
		return x * y, okX && okY
	case averageExpr:
		return sr.average(t-e.span.Milliseconds(), t)
	case timestampExpr:
		x, ok := sr.at(t)
		return float64(x.at) / 1000, ok
	case selectorExpr:
	}
	x, ok := sr.at(t)
	return x.v, ok
}

// metric returns the labels that the expression's result carries: a function's
// result is no longer the metric it was made of.
func (e expr) metric(s *series) map[string]string {
	if s == nil {
		return map[string]string{}
	}
	labels := maps.Clone(s.labels)
	if e.kind == timestampExpr || e.kind == averageExpr {
		delete(labels, nameLabel)
	}
	return labels
}

func (s *Server) each(e expr, f func(*series)) {
	if e.single() {
		f(nil)
		return
	}
	s.store.find(e.matchers, f)
}

func (s *Server) query(r *http.Request) (any, []string, error) {
	t, err := timeParam(r.Form, "time", s.now().UnixMilli())
	if err != nil {
		return nil, nil, err
	}
	limit, err := limitParam(r.Form)
	if err != nil {
		return nil, nil, err
	}
	e, err := parse(r.Form.Get("query"))
	if err != nil {
		return nil, nil, invalid("query", err)
	}
	if e.scalar() {
		v, _ := s.evaluate(e, nil, t)
		return result{"scalar", newPoint(t, v)}, nil, nil
	}
	rows := []vectorRow{}
	s.each(e, func(sr *series) {
		if v, ok := s.evaluate(e, sr, t); ok {
			rows = append(rows, vectorRow{e.metric(sr), newPoint(t, v)})
		}
	})
	rows, warnings := truncate(rows, limit)
	return result{"vector", rows}, warnings, nil
}

func (s *Server) queryRange(r *http.Request) (any, []string, error) {
	start, step, end, err := rangeParams(r)
	if err != nil {
		return nil, nil, err
	}
	limit, err := limitParam(r.Form)
	if err != nil {
		return nil, nil, err
	}
	e, err := parse(r.Form.Get("query"))
	if err != nil {
		return nil, nil, invalid("query", err)
	}
	rows := []matrixRow{}
	s.each(e, func(sr *series) {
		var points []point
		for t := start; t <= end; t += step {
			if v, ok := s.evaluate(e, sr, t); ok {
				points = append(points, newPoint(t, v))
			}
		}
		if len(points) > 0 {
			rows = append(rows, matrixRow{e.metric(sr), points})
		}
	})
	rows, warnings := truncate(rows, limit)
	return result{"matrix", rows}, warnings, nil
}

func rangeParams(r *http.Request) (start, step, end int64, err error) {
	for _, p := range []struct {
		name string
		to   *int64
	}{{"start", &start}, {"end", &end}} {
		if r.Form.Get(p.name) == "" {
			return 0, 0, 0, invalid(p.name, errors.New(`cannot parse "" to a valid timestamp`))
		}
		if *p.to, err = timeParam(r.Form, p.name, 0); err != nil {
			return 0, 0, 0, err
		}
	}
	if end < start {
		return 0, 0, 0, invalid("end", errors.New("end timestamp must not be before start time"))
	}
	if step, err = stepParam(r.Form); err != nil {
		return 0, 0, 0, err
	}
	if (end-start)/step > maxPoints {
		return 0, 0, 0, errors.New("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)")
	}
	return start, step, end, nil
}

// matched calls f for each series that a match[] of the request selects and
// that has samples in its time range, once each.
func (s *Server) matched(r *http.Request, required bool, f func(*series)) error {
	start, err := timeParam(r.Form, "start", math.MinInt64)
	if err != nil {
		return err
	}
	end, err := timeParam(r.Form, "end", math.MaxInt64)
	if err != nil {
		return err
	}
	selectors := [][]matcher{}
	for _, m := range r.Form["match[]"] {
		ms, err := parseSelector(m)
		if err != nil {
			return invalid("match[]", err)
		}
		selectors = append(selectors, ms)
	}
	if len(selectors) == 0 {
		if required {
			return errors.New("no match[] parameter provided")
		}
		selectors = append(selectors, nil)
	}
	seen := map[*series]bool{}
	for _, ms := range selectors {
		s.store.find(ms, func(sr *series) {
			if !seen[sr] && sr.within(start, end) {
				seen[sr] = true
				f(sr)
			}
		})
	}
	return nil
}

func (s *Server) listSeries(r *http.Request) (any, []string, error) {
	limit, err := limitParam(r.Form)
	if err != nil {
		return nil, nil, err
	}
	out := []map[string]string{}
	err = s.matched(r, true, func(sr *series) { out = append(out, maps.Clone(sr.labels)) })
	out, warnings := truncate(out, limit)
	return out, warnings, err
}

func (s *Server) listLabels(r *http.Request) (any, []string, error) {
	return s.names(r, func(sr *series, found map[string]bool) {
		for k := range sr.labels {
			found[k] = true
		}
	})
}

func (s *Server) labelValues(r *http.Request) (any, []string, error) {
	name := r.PathValue("name")
	if p := (&parser{in: name}); p.word(false) != name || name == "" {
		return nil, nil, fmt.Errorf("invalid label name: %q", name)
	}
	return s.names(r, func(sr *series, found map[string]bool) {
		if v := sr.labels[name]; v != "" {
			found[v] = true
		}
	})
}

// names collects a sorted set of strings from the matched series.
func (s *Server) names(r *http.Request, collect func(*series, map[string]bool)) (any, []string, error) {
	limit, err := limitParam(r.Form)
	if err != nil {
		return nil, nil, err
	}
	found := map[string]bool{}
	if err := s.matched(r, false, func(sr *series) { collect(sr, found) }); err != nil {
		return nil, nil, err
	}
	list := slices.AppendSeq([]string{}, maps.Keys(found))
	slices.Sort(list)
	list, warnings := truncate(list, limit)
	return list, warnings, nil
}
