package report

import (
	"iter"
	"slices"
	"time"
)

// Band is the part of a person's own day.
type Band string

// The bands.
const (
	Sleep    Band = "sleep"
	Off      Band = "off"
	Business Band = "business"
)

// Hours is a span of the local day in minutes since midnight, from inclusive, to
// exclusive; one that ends before it begins goes over midnight.
type Hours struct{ From, To int }

const dayMinutes = 24 * 60

// usualSleep and usualWork hold where a person says nothing else.
func usualSleep() Hours { return Hours{22 * 60, 8 * 60} }
func usualWork() Hours  { return Hours{8 * 60, 18 * 60} }

// has reports whether a minute of the day lies in the hours.
func (h Hours) has(minute int) bool {
	if h.From <= h.To {
		return minute >= h.From && minute < h.To
	}
	return minute >= h.From || minute < h.To
}

func (p Person) sleep() Hours {
	if p.Sleep == (Hours{}) {
		return usualSleep()
	}
	return p.Sleep
}

func (p Person) work() Hours {
	if p.Work == (Hours{}) {
		return usualWork()
	}
	return p.Work
}

// zone returns where the person lived at t; UTC when nothing is known.
func (p Person) zone(t time.Time) *time.Location {
	if len(p.Stays) == 1 && p.Stays[0].Zone != nil {
		return p.Stays[0].Zone // as of most people
	}
	loc := time.UTC
	for i, s := range slices.SortedFunc(slices.Values(p.Stays), func(a, b Stay) int { return a.From.Compare(b.From) }) {
		if s.Zone != nil && (i == 0 || !s.From.After(t)) {
			loc = s.Zone
		}
	}
	return loc
}

// Band returns the part of the person's own day at t, by the wall clock where
// they were.
func (p Person) Band(t time.Time) Band {
	local := t.In(p.zone(t))
	minute := local.Hour()*60 + local.Minute()
	workday := local.Weekday() != time.Saturday && local.Weekday() != time.Sunday
	switch {
	case p.sleep().has(minute):
		return Sleep
	case workday && p.work().has(minute):
		return Business
	}
	return Off
}

// span is a stretch of time, end exclusive.
type span struct{ from, to time.Time }

func (s span) length() time.Duration { return max(0, s.to.Sub(s.from)) }

// cut returns the part of s that lies in t.
func (s span) cut(t span) span {
	return span{later(s.from, t.from), earlier(s.to, t.to)}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// night is one sleep window of one person, named by the local date on which it
// began.
type night struct {
	person string
	date   string
}

// window returns hours as a stretch of real time, on the local date of day: nine
// or eleven hours long in the nights in which the clocks are set.
func window(day time.Time, h Hours, zone *time.Location) span {
	y, m, d := day.Date()
	last := d
	if h.To <= h.From {
		last++
	}
	return span{
		moment(y, m, d, h.From, zone),
		moment(y, m, last, h.To, zone),
	}
}

// moment returns the instant of a local time. One that does not exist, because
// the clocks were set forward over it, resolves forward, and one that exists
// twice is the first: time.Date promises neither.
func moment(y int, m time.Month, d, minute int, zone *time.Location) time.Time {
	wall := time.Date(y, m, d, 0, minute, 0, 0, time.UTC)
	before, after := offset(wall.Add(-dayMinutes*time.Minute), zone), offset(wall.Add(dayMinutes*time.Minute), zone)
	first, second := wall.Add(-before), wall.Add(-after)
	if second.Before(first) {
		first, second = second, first
	}
	for _, t := range []time.Time{first, second} {
		if offset(t, zone) == wall.Sub(t) {
			return t
		}
	}
	return wall.Add(-before)
}

func offset(t time.Time, zone *time.Location) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

// nights returns the person's sleep windows that a stretch of time touches.
func (p Person) nights(s span) iter.Seq2[night, span] { return p.windows(s, p.sleep()) }

// windows returns the windows of these hours that a stretch of time touches, each by
// the local day on which it begins.
func (p Person) windows(s span, h Hours) iter.Seq2[night, span] {
	return func(yield func(night, span) bool) {
		for day, w := range p.spans(s, h) {
			if !yield(night{p.ID, day.Format(time.DateOnly)}, w) {
				return
			}
		}
	}
}

// spans is windows without names.
func (p Person) spans(s span, h Hours) iter.Seq2[time.Time, span] {
	return func(yield func(time.Time, span) bool) {
		zone := p.zone(s.from)
		// The window that holds its start may have begun the day before.
		for day := s.from.In(zone).AddDate(0, 0, -1); ; day = day.AddDate(0, 0, 1) {
			w := window(day, h, zone)
			if !w.from.Before(s.to) {
				return
			}
			if w.to.After(s.from) && !yield(day, w) {
				return
			}
		}
	}
}
