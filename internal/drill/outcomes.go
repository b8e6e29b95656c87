package drill

import (
	"slices"
	"sync"
	"time"
)

// maxOutcomes bounds what is remembered of requests: the fastest load over the
// longest window is below it.
const maxOutcomes = 1 << 14

// outcome is how one request ended, as the caller saw it.
type outcome struct {
	at      time.Time
	latency time.Duration
	failed  bool
}

// outcomes remembers the requests of a short window and counts all there were.
type outcomes struct {
	window time.Duration

	mu     sync.Mutex
	recent []outcome
	total  int
	failed int
}

// summary is what the requests of a window tell. Rate is per second, Errors 0 to
// 1; the latter and P99 mean nothing when there were no requests.
type summary struct {
	count  int
	rate   float64
	errors float64
	p99    time.Duration
}

func (o *outcomes) add(x outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.total++
	if x.failed {
		o.failed++
	}
	if len(o.recent) >= maxOutcomes {
		o.recent = slices.Delete(o.recent, 0, maxOutcomes/4)
	}
	o.recent = append(o.recent, x)
}

// counts returns how many requests there ever were and how many of them failed.
func (o *outcomes) counts() (total, failed int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.total, o.failed
}

// summary returns what the window that ends now tells. Age is how long the load
// has been running, which may be shorter than the window.
func (o *outcomes) summary(now time.Time, age time.Duration) summary {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.recent = slices.DeleteFunc(o.recent, func(x outcome) bool { return now.Sub(x.at) > o.window })
	var s summary
	s.count = len(o.recent)
	span := min(o.window, max(age, 100*time.Millisecond))
	s.rate = float64(s.count) / span.Seconds()
	if s.count == 0 {
		return s
	}
	latencies := make([]time.Duration, 0, s.count)
	failed := 0
	for _, x := range o.recent {
		latencies = append(latencies, x.latency)
		if x.failed {
			failed++
		}
	}
	slices.Sort(latencies)
	s.errors = float64(failed) / float64(s.count)
	s.p99 = latencies[min(s.count-1, s.count*99/100)]
	return s
}
