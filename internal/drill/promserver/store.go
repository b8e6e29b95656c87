package promserver

import (
	"cmp"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// maxSeries and maxSamples bound the store to about 64 MiB. A drill holds
	// some dozens of series over some hours.
	maxSeries  = 512
	maxSamples = 8192
	// lookback is how long a sample counts after its time, Prometheus's default
	// --query.lookback-delta.
	lookback = 5 * time.Minute
	// nameLabel is the label that holds a metric's name.
	nameLabel = "__name__"
	// staleNaN is the bit pattern that ends a series, a NaN that no arithmetic
	// produces (prometheus/prometheus model/value).
	staleNaN = 0x7ff0000000000002
)

// ErrFull reports a sample of a new series that the store has no room for.
var ErrFull = errors.New("the store is full: it holds 512 series")

// sample is one value; at is in milliseconds since the epoch, Prometheus's own
// resolution.
type sample struct {
	at int64
	v  float64
}

func (s sample) stale() bool { return math.Float64bits(s.v) == staleNaN }

type series struct {
	// labels include the name.
	labels  map[string]string
	samples []sample
}

// Store holds samples in memory. It may be used from any goroutine. A series
// keeps its newest 8192 samples.
type Store struct {
	mu     sync.RWMutex
	series map[string]*series
}

// NewStore returns an empty store.
func NewStore() *Store { return &Store{series: make(map[string]*series)} }

// Add puts in one sample. Samples may come in any order; one with the time of
// another of its series replaces it. It returns ErrFull when there is no room
// for a further series.
func (s *Store) Add(name string, labels map[string]string, at time.Time, v float64) error {
	all := maps.Clone(labels)
	if all == nil {
		all = make(map[string]string, 1)
	}
	// A label without a value is the same as no label.
	maps.DeleteFunc(all, func(_, v string) bool { return v == "" })
	all[nameLabel] = name
	id := identity(all)
	s.mu.Lock()
	defer s.mu.Unlock()
	sr := s.series[id]
	if sr == nil {
		if len(s.series) >= maxSeries {
			return ErrFull
		}
		sr = &series{labels: all}
		s.series[id] = sr
	}
	sr.add(sample{at.UnixMilli(), v})
	return nil
}

// Stale ends a series at a moment, as Prometheus does when a scrape fails or a
// target goes away: an instant query after it finds nothing until a new sample.
func (s *Store) Stale(name string, labels map[string]string, at time.Time) error {
	return s.Add(name, labels, at, math.Float64frombits(staleNaN))
}

func (s *series) add(x sample) {
	i, found := slices.BinarySearchFunc(s.samples, x.at, func(y sample, at int64) int { return cmp.Compare(y.at, at) })
	if found {
		s.samples[i] = x
		return
	}
	s.samples = slices.Insert(s.samples, i, x)
	if extra := len(s.samples) - maxSamples; extra > 0 {
		s.samples = slices.Delete(s.samples, 0, extra)
	}
}

// at returns the sample that counts at t: the newest in (t-lookback, t], unless
// it is a staleness marker.
func (s *series) at(t int64) (sample, bool) {
	i, found := slices.BinarySearchFunc(s.samples, t, func(y sample, at int64) int { return cmp.Compare(y.at, at) })
	if !found {
		i--
	}
	if i < 0 {
		return sample{}, false
	}
	x := s.samples[i]
	return x, !x.stale() && x.at > t-lookback.Milliseconds()
}

// average returns the mean of the samples after from and up to to.
func (s *series) average(from, to int64) (float64, bool) {
	sum, n := 0.0, 0
	for _, x := range s.samples {
		if x.at > from && x.at <= to && !x.stale() {
			sum += x.v
			n++
		}
	}
	return sum / float64(max(n, 1)), n > 0
}

// within reports whether the series has a sample in [start, end].
func (s *series) within(start, end int64) bool {
	i, _ := slices.BinarySearchFunc(s.samples, start, func(y sample, at int64) int { return cmp.Compare(y.at, at) })
	return i < len(s.samples) && s.samples[i].at <= end
}

// find calls f for each series that all matchers match, in the order of their
// labels, while the store is locked.
func (s *Store) find(ms []matcher, f func(*series)) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, id := range slices.Sorted(maps.Keys(s.series)) {
		sr := s.series[id]
		if matchesAll(ms, sr.labels) {
			f(sr)
		}
	}
}

func identity(labels map[string]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		b.WriteString(k)
		b.WriteByte(0xff)
		b.WriteString(labels[k])
		b.WriteByte(0xff)
	}
	return b.String()
}
