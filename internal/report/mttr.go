package report

import (
	"math"
	"time"
)

// MTTR is the mean time to resolve, for readers who insist, with the interval
// that shows what it is worth.
type MTTR struct {
	Incidents int     `json:"incidents"`
	Minutes   float64 `json:"minutes"`
	// Low and High are the 90 % interval of the mean, by the normal approximation.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// MeanTimeToResolve returns it for the incidents of the period that were
// resolved; ok is false for fewer than two, of which there is no interval.
func MeanTimeToResolve(f Facts, o Options) (m MTTR, ok bool) {
	c := newHistory(f).counter(o)
	var all []float64
	for _, root := range c.roots {
		var end time.Time
		for _, r := range c.releases[root] {
			if r.Reason == Resolved {
				end = later(end, r.At)
			}
		}
		if !end.IsZero() {
			all = append(all, end.Sub(c.first[root]).Minutes())
			m.Minutes += end.Sub(c.first[root]).Minutes()
		}
	}
	m.Incidents = len(all)
	if m.Incidents < 2 {
		return m, false
	}
	m.Minutes /= float64(m.Incidents)
	squares := 0.0
	for _, v := range all {
		squares += (v - m.Minutes) * (v - m.Minutes)
	}
	half := z90 * math.Sqrt(squares/float64(m.Incidents-1)/float64(m.Incidents))
	m.Low, m.High = max(0, m.Minutes-half), m.Minutes+half
	return m, true
}

// WhyNoMTTR stands in the footer of every report.
const WhyNoMTTR = "Mean time to resolve is not shown. At this volume it moves by tens of percent by chance, " +
	"it can improve while pages double, and it rewards the people woken for typing faster instead of asking why " +
	"they were woken. Shown instead: who carries it, how much was preventable, what was known beforehand, what was done."
