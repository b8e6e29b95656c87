package drill

import (
	"testing"
	"time"
)

func TestRuleWaitsInBothDirections(t *testing.T) {
	start := time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	r := &rule{Alert: Alert{Above: 5}, hold: 10 * time.Second}
	steps := []struct {
		at   int
		v    float64
		want verdict
	}{
		{0, 5, same}, // the threshold itself is not above it
		{1, 6, broke},
		{5, 6, same},
		{6, 1, calm},
		{7, 9, broke},
		{16, 9, same},
		{17, 9, fired},
		{18, 9, same},
		{20, 1, same},
		{25, 9, same}, // still firing: one good stretch was too short
		{30, 1, same},
		{39, 1, same},
		{40, 1, cleared},
		{41, 1, same},
		{42, 7, broke},
		{52, 7, fired},
	}
	for _, s := range steps {
		if got := r.step(start.Add(time.Duration(s.at)*time.Second), s.v); got != s.want {
			t.Fatalf("at %d s with %g: got %d, want %d", s.at, s.v, got, s.want)
		}
	}
}
