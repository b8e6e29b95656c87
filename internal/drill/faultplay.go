package drill

import (
	"context"
	"fmt"
	"time"
)

// fillEvery is how often a fill writes a piece.
const fillEvery = 100 * time.Millisecond

// fill writes rotated segments into a volume until it is full, as an export does
// that nobody gave a limit, and then stops. It stops as well when its segments
// are taken away, so that a person who is early is not punished.
func (d *Drill) fill(ctx context.Context, f Fault) error {
	if !pause(ctx, d.pace.until(f.At)) {
		return ctx.Err()
	}
	vol := d.volumes[f.Service]
	d.chronicle.add(d.pace.now(), fmt.Sprintf("an export began to fill the spool of %s", f.Service))
	piece := int64(float64(f.PerSecond) * d.pace.scenario(fillEvery).seconds())
	t := time.NewTicker(fillEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
		}
		if vol.robbed() {
			d.chronicle.add(d.pace.now(), fmt.Sprintf("the export of %s missed its segments and gave up", f.Service))
			return nil
		}
		full, err := vol.fill(max(1, piece))
		if err != nil {
			return err
		}
		if full {
			d.chronicle.add(d.pace.now(), fmt.Sprintf("the spool of %s was full, and the export died of it", f.Service))
			return nil
		}
	}
}

// tellLate writes into the chronicle when a job begins and ends to be late.
func (d *Drill) tellLate(ctx context.Context, f Fault) error {
	if !pause(ctx, d.pace.until(f.At)) {
		return ctx.Err()
	}
	d.chronicle.add(d.pace.now(), fmt.Sprintf("%s had a long batch, its heartbeat waited", f.Service))
	if !pause(ctx, d.pace.until(f.At+f.Lasts)) {
		return ctx.Err()
	}
	d.chronicle.add(d.pace.now(), fmt.Sprintf("%s was done with the batch by itself", f.Service))
	return nil
}

func (s Span) seconds() float64 { return time.Duration(s).Seconds() }

const (
	// rememberSpan is how far back a service's log goes at the start,
	// rememberEvery how far apart its lines are.
	rememberSpan  = 5 * time.Minute
	rememberEvery = 500 * time.Millisecond
)

// remember writes the last quiet minutes into the service's log, so that the log
// does not begin with the incident.
func (s *server) remember(start time.Time) {
	p := s.pool.Load()
	n := int(rememberSpan / rememberEvery)
	for i := range n {
		order := fmt.Sprintf("Z%06d", i)
		luck := luckOf(order)
		at := start.Add(-time.Duration(n-i) * rememberEvery).Add(time.Duration(luck * float64(rememberEvery)))
		level, msg, status := "INFO", s.spec.Says.Served, 200
		if luckOf(order+"/declined") < s.spec.Declines {
			level, msg, status = "ERROR", s.spec.Says.Refused, 502
		}
		s.log.line(at, level, msg, pair{"upstream", s.spec.Says.Upstream}, pair{"order", order},
			pair{"trace_id", fmt.Sprintf("%016x", uint64(luck*(1<<53)))},
			pair{"latency_ms", time.Duration(float64(s.spec.Work) * (0.7 + 0.6*luck)).Milliseconds()},
			pair{"status", status}, pair{"release", p.version})
	}
}
