package drill

import (
	"fmt"
	"math/rand/v2"
	"time"

	"conway/internal/drill/promserver"
)

// The measured series, named as recording rules name what they make.
const (
	seriesErrors    = "job:errors:ratio5m"
	seriesLatency   = "job:latency_p99:5m"
	seriesRate      = "job:requests:rate"
	seriesVolume    = "volume:usage:ratio"
	seriesHeartbeat = "job:heartbeat:missed"
)

func seriesNames() []string {
	return []string{seriesErrors, seriesLatency, seriesRate, seriesVolume, seriesHeartbeat}
}

const (
	// sampleEvery is the scenario time between two measurements, measureWindow
	// what one looks back over: short, so that a person sees a change come and go.
	sampleEvery   = Span(time.Second)
	measureWindow = Span(30 * time.Second)
	// However fast the drill, a measurement has some requests to look at, and the
	// machine has something else to do.
	minSampleEvery   = 100 * time.Millisecond
	minMeasureWindow = time.Second

	// The past that is written before the start.
	historySpan = 2 * time.Hour
	historyStep = 15 * time.Second
)

// reading is one measured value.
type reading struct {
	series string
	v      float64
}

// meter measures one service.
type meter struct {
	spec  Service
	seen  *outcomes
	vol   *volume
	job   *job
	start time.Time
	// promises are the objectives of its requests.
	promises []*promise
}

// read returns what is known of the service now.
func (m *meter) read(now time.Time) ([]reading, error) {
	var out []reading
	if m.seen != nil {
		s := m.seen.summary(now, now.Sub(m.start))
		out = append(out, reading{seriesRate, s.rate})
		if s.count > 0 {
			out = append(out, reading{seriesErrors, s.errors}, reading{seriesLatency, s.p99.Seconds()})
		}
	}
	if m.vol != nil {
		r, err := m.vol.ratio()
		if err != nil {
			return nil, err
		}
		out = append(out, reading{seriesVolume, r})
	}
	if m.job != nil {
		v, ok, err := m.job.missed(now)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, reading{seriesHeartbeat, v})
		}
	}
	return out, nil
}

// store writes what was read.
func (m *meter) store(to *promserver.Store, now time.Time, values []reading) error {
	for _, r := range values {
		if err := to.Add(r.series, map[string]string{"service": m.spec.Name}, now, r.v); err != nil {
			return fmt.Errorf("store %s of %s: %w", r.series, m.spec.Name, err)
		}
		if r.series != seriesErrors {
			continue
		}
		for _, o := range m.promises {
			if err := o.store(to, now, r.v); err != nil {
				return err
			}
		}
	}
	return nil
}

// backfill writes two quiet hours before the start, the same ones in every run.
func (m *meter) backfill(to *promserver.Store, start time.Time) error {
	rnd := rand.New(rand.NewPCG(1, uint64(luckOf(m.spec.Name)*(1<<53)))) //nolint:gosec // noise for a plot, and the same each time
	wave := 1.0
	for at := start.Add(-historySpan); at.Before(start); at = at.Add(historyStep) {
		// A slow wander and a quick jitter look like traffic; either alone does not.
		wave = min(1.15, max(0.85, wave+0.02*rnd.NormFloat64()))
		jitter := 1 + 0.03*rnd.NormFloat64()
		if err := m.store(to, at, m.quiet(wave, jitter, rnd.Float64(), start.Sub(at))); err != nil {
			return err
		}
	}
	return nil
}

// quiet is what a service would have measured on a quiet night.
func (m *meter) quiet(wave, jitter, luck float64, before time.Duration) []reading {
	var out []reading
	if m.seen != nil {
		work := time.Duration(m.spec.Work).Seconds()
		out = append(out,
			reading{seriesRate, m.spec.Rate * wave * jitter},
			reading{seriesErrors, m.spec.Declines * (0.4 + 1.2*luck)},
			reading{seriesLatency, 1.3 * work * (1 + 0.08*luck) * jitter})
	}
	if m.vol != nil {
		out = append(out, reading{seriesVolume, max(0, m.spec.Volume.Used*(1-0.05*before.Hours()))})
	}
	if m.job != nil {
		out = append(out, reading{seriesHeartbeat, luck})
	}
	return out
}
