package alertmanager

import (
	"strings"
	"time"

	"conway/internal/sources"
)

// startedAs is how the moment at which an alert began is written into a page's id.
const startedAs = "20060102T150405Z"

// firing is one alert from when it began to fire until it stops. It is what a page
// is: an alert that fires again has the same fingerprint and is another page.
type firing struct {
	id      string
	started time.Time
}

// firingOf names an alert's firing so that every cockpit gives it the same name.
func firingOf(a alert) firing {
	started := a.StartsAt.UTC().Truncate(time.Second)
	return firing{sources.Printable(a.Fingerprint, maxTitle) + "-" + started.Format(startedAs), started}
}

// parted takes a page's id apart again.
func parted(id string) (fingerprint string, started time.Time, ok bool) {
	i := strings.LastIndexByte(id, '-')
	if i < 0 {
		return "", time.Time{}, false
	}
	started, err := time.Parse(startedAs, id[i+1:])
	return id[:i], started, err == nil
}

// is reports whether a is the firing that a page's id names. Replicas of a
// Prometheus notice an alert some seconds apart and Alertmanager keeps the earliest
// start that it hears of, so that one that lies before is the same firing still.
func (a alert) is(id string) bool {
	fingerprint, started, ok := parted(id)
	return ok && sources.Printable(a.Fingerprint, maxTitle) == fingerprint && !a.StartsAt.Truncate(time.Second).After(started)
}

// firing names what an alert is now, by the name that it was first given here.
func (s *Source) firing(a alert) firing {
	if was, known := s.firings[a.Fingerprint]; known && a.is(was.id) {
		return was
	}
	return firingOf(a)
}
