package drill

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// heartbeatFile is touched by a job each time it gives a sign of life.
const heartbeatFile = "heartbeat"

// job is a service without callers: it touches a file at an interval, and says so
// in its log.
type job struct {
	spec Service
	path string
	log  *logFile
	now  func() time.Time
	// interval is how long a beat takes here, late the spans in which it is not
	// given, as times after the start.
	interval time.Duration
	start    time.Time
	late     []span
}

// span is a stretch of time after the start, end excluded.
type span struct{ from, to time.Duration }

// beat gives one sign of life, unless it is late.
func (j *job) beat() error {
	now := j.now()
	for _, l := range j.late {
		if since := now.Sub(j.start); since >= l.from && since < l.to {
			j.log.line(now, "WARN", "batch still running, the heartbeat waits", pair{"job", j.spec.Name})
			return nil
		}
	}
	if err := os.WriteFile(j.path, []byte(now.UTC().Format(time.RFC3339Nano)+"\n"), 0o600); err != nil {
		return fmt.Errorf("give heartbeat: %w", err)
	}
	j.log.line(now, "INFO", "heartbeat", pair{"job", j.spec.Name})
	return nil
}

func (j *job) run(ctx context.Context) error {
	if err := j.beat(); err != nil {
		return err
	}
	return every(ctx, j.interval, func(context.Context) error { return j.beat() })
}

// missed returns how many intervals ago the last heartbeat was, and whether
// there ever was one.
func (j *job) missed(now time.Time) (float64, bool, error) {
	text, err := os.ReadFile(j.path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("read heartbeat: %w", err)
	}
	at, err := time.Parse(time.RFC3339Nano+"\n", string(text))
	if err != nil {
		// It is being written at this moment.
		return 0, false, nil //nolint:nilerr // the next look will find it whole
	}
	return max(0, now.Sub(at).Seconds()) / j.interval.Seconds(), true, nil
}

// jobFor returns the job of a service that has a heartbeat.
func jobFor(spec Service, dir string, log *logFile, p pace, faults []Fault) *job {
	j := &job{
		spec: spec, path: filepath.Join(dir, heartbeatFile), log: log, now: p.now,
		interval: p.wall(spec.Heartbeat), start: p.start,
	}
	for _, f := range faults {
		if f.Kind == FaultLate && f.Service == spec.Name {
			j.late = append(j.late, span{p.wall(f.At), p.wall(f.At + f.Lasts)})
		}
	}
	return j
}
