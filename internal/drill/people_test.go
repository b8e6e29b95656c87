package drill

import (
	"testing"
	"time"
)

// TestSomebodyIsOnCallAtEveryHour begins a drill at each quarter of an hour: Ana
// is woken by it, and for an hour at least.
func TestSomebodyIsOnCallAtEveryHour(t *testing.T) {
	t.Parallel()
	midnight := time.Date(2026, time.November, 27, 0, 0, 0, 0, time.UTC)
	for quarter := range 24 * 4 {
		start := midnight.Add(time.Duration(quarter) * 15 * time.Minute)
		for _, at := range []time.Time{start, start.Add(59 * time.Minute)} {
			on := map[int]string{}
			for _, s := range shifts(start) {
				if !at.Before(s.Start) && at.Before(s.End) {
					on[s.Level] += s.User
				}
			}
			if on[1] != meID || on[2] != secondID {
				t.Errorf("a drill that begins at %s has on call at %s: %v", start.Format("15:04"), at.Format("15:04"), on)
			}
		}
	}
}
