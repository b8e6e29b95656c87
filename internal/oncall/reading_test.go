package oncall_test

import (
	"testing"
	"time"

	"conway/internal/oncall"
)

// TestQuality walks one reading through its ages.
func TestQuality(t *testing.T) {
	at := time.Date(2026, 3, 2, 3, 0, 0, 0, time.UTC)
	fault := &oncall.Fault{Kind: oncall.Unavailable}
	type r = oncall.Reading[int]
	const every = 10 * time.Second
	for name, c := range map[string]struct {
		r    r
		age  time.Duration
		want oncall.Quality
	}{
		"never asked":                         {r{Every: every}, time.Hour, oncall.Never},
		"never answered, failing":             {r{Every: every, Fault: fault}, time.Hour, oncall.Never},
		"fresh":                               {r{Received: at, Every: every}, 17 * time.Second, oncall.Live},
		"a real zero is as live as any":       {r{Received: at, Every: every, Value: 0}, time.Second, oncall.Live},
		"answered with nothing":               {r{Received: at, Every: every, Empty: true}, 17 * time.Second, oncall.NoData},
		"one update missed":                   {r{Received: at, Every: every}, 18 * time.Second, oncall.Late},
		"nothing, and one update missed":      {r{Received: at, Every: every, Empty: true}, 18 * time.Second, oncall.Late},
		"failing, whatever its age":           {r{Received: at, Every: every, Fault: fault}, 0, oncall.Late},
		"three missed":                        {r{Received: at, Every: every}, 33 * time.Second, oncall.Stale},
		"withdrawn":                           {r{Received: at, Every: every}, 601 * time.Second, oncall.Lost},
		"forty intervals of a slow source":    {r{Received: at, Every: time.Minute}, 41 * time.Minute, oncall.Lost},
		"nothing is expected":                 {r{Received: at}, 1000 * time.Hour, oncall.Live},
		"within the grace of another's clock": {r{Received: at, Every: every}, -2 * time.Second, oncall.Live},
		"from after now":                      {r{Received: at, Every: every}, -time.Hour, oncall.Late},
	} {
		now := at.Add(c.age)
		if got := c.r.Quality(now); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		if age := c.r.Age(now); age < 0 {
			t.Errorf("%s: the age is %v", name, age)
		}
	}
}
