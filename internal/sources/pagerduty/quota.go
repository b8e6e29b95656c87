package pagerduty

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	// scarce is the share of the rate limit below which polling slows down, as
	// PagerDuty advises.
	scarce = 0.2
	// slowdown is how much slower polling then is.
	slowdown = 3
	// maxReset bounds what a rate limit header can ask for.
	maxReset = time.Hour
)

// limits reads PagerDuty's rate limit headers. Their reset is seconds from now,
// not a time of day. Source: PagerDuty's knowledge base, "REST API Rate Limits".
func limits(h http.Header) (limit, remaining int, reset time.Duration) {
	limit, remaining, reset = number(h, "Ratelimit-Limit"), number(h, "Ratelimit-Remaining"), -1
	if n := number(h, "Ratelimit-Reset"); n >= 0 {
		reset = time.Duration(min(n, int(maxReset/time.Second))) * time.Second
	}
	return limit, remaining, reset
}

// number reads a header that holds a number, -1 when it does not.
func number(h http.Header, key string) int {
	n, err := strconv.Atoi(h.Get(key))
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// quota is what the last answer said is left. Whoever else uses the token is in
// it too, which a budget of this program cannot know.
type quota struct {
	mu               sync.Mutex
	limit, remaining int
}

func (q *quota) observe(h http.Header) {
	limit, remaining, _ := limits(h)
	if limit <= 0 || remaining < 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.limit, q.remaining = limit, remaining
}

// interval is every, or more of it while requests are scarce.
func (q *quota) interval(every time.Duration) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.limit > 0 && float64(q.remaining) < scarce*float64(q.limit) {
		return slowdown * every
	}
	return every
}
