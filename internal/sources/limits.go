package sources

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"conway/internal/oncall"
)

const (
	// limitSlack is added to a reset, so as not to ask a moment too early.
	limitSlack = time.Second
	// unknownLimit is how long a system is left alone that says only that it was asked
	// too much.
	unknownLimit = time.Minute
)

// EpochLimits reads rate limit headers, by their common prefix, whose reset is epoch
// seconds by the other side's clock: it is compared with the Date of the same answer.
// What is not there is -1.
func EpochLimits(prefix string) func(http.Header) (limit, remaining int, reset time.Duration) {
	return func(h http.Header) (limit, remaining int, reset time.Duration) {
		number := func(name string) int {
			if n, err := strconv.Atoi(h.Get(prefix + name)); err == nil {
				return n
			}
			return -1
		}
		limit, remaining, reset = number("Limit"), number("Remaining"), -1
		if at := number("Reset"); at > 0 {
			now, err := http.ParseTime(h.Get("Date"))
			if err != nil {
				now = time.Now()
			}
			reset = max(0, time.Unix(int64(at), 0).Sub(now))
		}
		return limit, remaining, reset
	}
}

// MendLimited makes a rate limit of a refusal that is one in truth: some systems say
// 403 to it. It reports whether it was, and has the fault say how long to wait: what
// the answer asks for, else until the reset when nothing remains, else a minute.
func (h HTTP) MendLimited(f *oncall.Fault, header http.Header) bool {
	if f.Status != http.StatusForbidden && f.Status != http.StatusTooManyRequests {
		return false
	}
	wait := RetryAfter(header, time.Now())
	if wait <= 0 && h.Limits != nil {
		if _, remaining, reset := h.Limits(header); remaining == 0 && reset >= 0 {
			wait = reset + limitSlack
		}
	}
	if wait <= 0 && (f.Status == http.StatusTooManyRequests || strings.Contains(strings.ToLower(f.Detail), "rate limit")) {
		wait = unknownLimit
	}
	if wait > 0 {
		f.Kind, f.Fix, f.RetryAfter = oncall.RateLimited, "", wait
	}
	return wait > 0
}
