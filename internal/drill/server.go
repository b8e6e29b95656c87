package drill

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// followEvery is how often a service looks whether its settings have changed.
const followEvery = 100 * time.Millisecond

// gaveUpEvery is on every how many refusals the log has a second line.
const gaveUpEvery = 4

// Headers by which the load names its requests.
const (
	orderHeader = "X-Order"
	traceHeader = "X-Trace-Id"
)

// server is one simulated service under load. It is as good as the release that
// its current link leads to: a request takes a slot of that release's pool for
// as long as the work takes, and is refused when it gets none in time.
type server struct {
	spec Service
	dir  string
	log  *logFile
	vol  *volume
	now  func() time.Time
	// changed is told of a release that was not running before.
	changed func(from, to string)

	pool    atomic.Pointer[pool]
	refused atomic.Int64
	// entry is how many bytes a request spools.
	entry int
}

// pool is the slots of one release.
type pool struct {
	conf
	slots chan struct{}
}

func newPool(c conf) *pool { return &pool{conf: c, slots: make(chan struct{}, c.pool)} }

// entrySize is what a request leaves on a volume: a real entry, small enough
// that only old segments can fill it.
const entrySize = 256

func newServer(spec Service, dir string, log *logFile, vol *volume, now func() time.Time) (*server, error) {
	c, err := readConf(dir)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.Name, err)
	}
	s := &server{spec: spec, dir: dir, log: log, vol: vol, now: now, changed: func(string, string) {}, entry: entrySize}
	s.pool.Store(newPool(c))
	return s, nil
}

// take waits for a slot and reports whether there was one in time.
func (p *pool) take(ctx context.Context) bool {
	t := time.NewTimer(p.timeout)
	defer t.Stop()
	select {
	case p.slots <- struct{}{}:
		return true
	case <-t.C:
	case <-ctx.Done():
	}
	return false
}

func (p *pool) give() { <-p.slots }

// ServeHTTP works on one request.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := s.now()
	order, trace := clip(r.Header.Get(orderHeader)), clip(r.Header.Get(traceHeader))
	p := s.pool.Load()
	status, reason := s.work(r.Context(), p, order)
	w.Header().Set("X-Release", p.version)
	took := s.now().Sub(start)
	fields := make([]pair, 0, 7)
	fields = append(fields, pair{"upstream", s.spec.Says.Upstream}, pair{"order", order}, pair{"trace_id", trace},
		pair{"latency_ms", took.Milliseconds()}, pair{"status", status}, pair{"release", p.version})
	if status == http.StatusOK {
		s.log.line(s.now(), "INFO", s.spec.Says.Served, fields...)
		_, _ = w.Write([]byte("ok\n"))
		return
	}
	s.log.line(s.now(), "ERROR", s.spec.Says.Refused, append(fields, pair{"reason", reason})...)
	if s.refused.Add(1)%gaveUpEvery == 0 && s.spec.Says.GaveUp != "" {
		s.log.line(s.now(), "ERROR", s.spec.Says.GaveUp, pair{"order", order}, pair{"trace_id", trace}, pair{"attempts", 3})
	}
	http.Error(w, reason, status)
}

// work does what the request asks for and returns the status of its answer, with
// the reason when that is not 200.
func (s *server) work(ctx context.Context, p *pool, order string) (status int, reason string) {
	if !p.take(ctx) {
		return http.StatusServiceUnavailable, fmt.Sprintf("no free connection within %s, pool_size=%d", p.timeout, p.pool)
	}
	defer p.give()
	// The same order is always as much work, and always has the same luck.
	luck := luckOf(order)
	if !pause(ctx, time.Duration(float64(s.spec.Work)*(0.7+0.6*luck))) {
		return http.StatusServiceUnavailable, "the caller went away"
	}
	if luckOf(order+"/declined") < s.spec.Declines {
		return http.StatusBadGateway, "issuer unavailable"
	}
	if s.vol == nil {
		return http.StatusOK, ""
	}
	entry := []byte(strings.Repeat(".", s.entry-1) + "\n")
	switch err := s.vol.append(entry); {
	case errors.Is(err, syscall.ENOSPC):
		return http.StatusInsufficientStorage, "write " + spoolDir + "/" + activeFile + ": " + syscall.ENOSPC.Error()
	case err != nil:
		return http.StatusInternalServerError, "the spool cannot be written"
	}
	return http.StatusOK, ""
}

// follow takes up the settings of the current release whenever they change.
// Settings that cannot be read are logged, and those that run stay.
func (s *server) follow(ctx context.Context) error {
	bad := 0
	return every(ctx, followEvery, func(context.Context) error {
		c, err := readConf(s.dir)
		if err != nil {
			// A link that is being replaced is away for a moment.
			if bad++; bad == 3 {
				s.log.line(s.now(), "WARN", "settings not read, the old ones stay", pair{"reason", err.Error()})
			}
			return nil
		}
		bad = 0
		old := s.pool.Load()
		if c == old.conf {
			return nil
		}
		s.pool.Store(newPool(c))
		s.log.line(s.now(), "INFO", "settings changed", pair{"from", old.version}, pair{"to", c.version},
			pair{"pool_size", c.pool}, pair{"acquirer_timeout", c.timeout.String()})
		if c.version != old.version {
			s.changed(old.version, c.version)
		}
		return nil
	})
}

// luckOf is a number in [0, 1) that only depends on the word.
func luckOf(word string) float64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(word))
	return float64(h.Sum64()>>11) / (1 << 53)
}

// clip bounds what a caller can put into the log.
func clip(s string) string { return s[:min(len(s), 64)] }
