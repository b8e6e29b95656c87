package drill

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

const (
	// maxInFlight bounds the requests that wait for an answer; more than that are
	// not sent, as a caller with a pool of its own would do.
	maxInFlight = 128
	// patience is how long a caller waits.
	patience = 3 * time.Second
	// maxLate is how much of a load is made up for after the machine stood still.
	maxLate = time.Second
)

// traffic is the callers of one service: real requests at about its rate, whose
// answers are what is measured.
type traffic struct {
	url  string
	rate float64
	seen *outcomes
	now  func() time.Time
	rnd  *rand.Rand
}

// run sends requests until the context ends, then waits for those under way.
func (t *traffic) run(ctx context.Context, c *crew) error {
	transport := &http.Transport{MaxIdleConnsPerHost: maxInFlight, IdleConnTimeout: 10 * time.Second}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: patience}
	slots := make(chan struct{}, maxInFlight)
	// Keeping all slots means that nothing is under way any more.
	defer func() {
		for range maxInFlight {
			slots <- struct{}{}
		}
	}()
	next := time.Now()
	for n := 1; ; n++ {
		// Callers come independently of each other, but not in absurd bunches. They
		// do not wait for a machine that is busy: what is late is sent at once, so
		// that the load stays what it is, up to what was late for too long.
		gap := min(t.rnd.ExpFloat64(), 4) / t.rate
		next = next.Add(time.Duration(gap * float64(time.Second)))
		late := time.Since(next)
		if late > maxLate {
			next = next.Add(late - maxLate)
		}
		if !pause(ctx, max(0, -late)) {
			return ctx.Err()
		}
		order, trace := fmt.Sprintf("A%06d", n), fmt.Sprintf("%016x", t.rnd.Uint64())
		select {
		case slots <- struct{}{}:
		default:
			continue
		}
		c.goes(ctx, "a request", func(ctx context.Context) error {
			defer func() { <-slots }()
			t.send(ctx, client, order, trace)
			return nil
		})
	}
}

// send makes one request and notes how it went. One that the drill's end cut off
// is not noted.
func (t *traffic) send(ctx context.Context, client *http.Client, order, trace string) {
	start := t.now()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, http.NoBody)
	if err != nil {
		return
	}
	req.Header.Set(orderHeader, order)
	req.Header.Set(traceHeader, trace)
	res, err := client.Do(req)
	failed := err != nil
	if err == nil {
		failed = res.StatusCode >= http.StatusInternalServerError
		if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, 4<<10)); err != nil {
			failed = true
		}
		if err := res.Body.Close(); err != nil {
			failed = true
		}
	}
	if ctx.Err() != nil {
		return
	}
	end := t.now()
	t.seen.add(outcome{at: end, latency: end.Sub(start), failed: failed})
}
