package sources_test

import (
	"testing"
	"time"

	"conway/internal/sources"
)

func TestBeat(t *testing.T) {
	at := func(ms int) time.Time { return time.Date(2026, 3, 29, 4, 0, 7, ms*1e6, time.UTC) }
	for _, c := range []struct {
		now  time.Time
		want time.Duration
	}{
		{at(0), time.Second},
		{at(1), 999 * time.Millisecond},
		{at(900), 100 * time.Millisecond},
		{at(901), 1099 * time.Millisecond},
		{at(999), 1001 * time.Millisecond},
	} {
		if got := sources.Beat(c.now, time.Second); got != c.want {
			t.Errorf("from %s the next beat is in %s, not %s", c.now.Format("05.000"), got, c.want)
		}
	}
}

// TestBeatIsOne has two jobs, begun at any moments, come together.
func TestBeatIsOne(t *testing.T) {
	for ms := range 900 {
		a := time.UnixMilli(1_774_749_600_000 + int64(ms))
		b := a.Add(50 * time.Millisecond)
		if x, y := a.Add(sources.Beat(a, time.Second)), b.Add(sources.Beat(b, time.Second)); ms < 850 && !x.Equal(y) {
			t.Fatalf("%s and %s wake at %s and %s", a, b, x, y)
		}
	}
}
