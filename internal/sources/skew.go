package sources

import (
	"net/http"
	"sync"
	"time"
)

const (
	// agreeing is how far two clocks may be measured apart and count as one: two
	// seconds matter to nobody, and an answer's Date is told in whole ones.
	agreeing = 2500 * time.Millisecond
	// sameSkew is within what a newer measure is the same as the older one, so that
	// times do not dance by the rounding.
	sameSkew = 2 * time.Second
)

// Skew is how far the other side's clock is ahead of this machine's, measured by
// the Date of its answers (RFC 9110, section 6.6.1). The zero value knows nothing
// yet. It is safe for concurrent use.
type Skew struct {
	mu sync.Mutex
	by time.Duration
}

// Ahead returns how far the other side's clock is ahead, 0 while they agree to
// about two seconds or it is not known. It is a multiple of a second. A nil Skew
// always returns 0.
func (s *Skew) Ahead() time.Duration {
	if s == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.by
}

// Here puts a time of the other side's clock on this machine's. A zero time
// stays zero.
func (s *Skew) Here(t time.Time) time.Time {
	if by := s.Ahead(); by != 0 && !t.IsZero() {
		return t.Add(-by)
	}
	return t
}

// observe takes one answer, to a request that was sent and answered at these
// moments of the wall clock. One that a cache gave out says nothing of now.
func (s *Skew) observe(h http.Header, sent, answered time.Time) {
	date, err := http.ParseTime(h.Get("Date"))
	if s == nil || err != nil || h.Get("Age") != "" || answered.Before(sent) {
		return
	}
	// The Date is cut to the second, and was written at some moment in between.
	travelled := answered.Sub(sent) / 2
	by := date.Add(time.Second / 2).Sub(sent.Add(travelled))
	if by.Abs() <= agreeing+travelled {
		by = 0
	}
	by = by.Round(time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	if by == 0 || (by-s.by).Abs() > sameSkew+travelled {
		s.by = by
	}
}
