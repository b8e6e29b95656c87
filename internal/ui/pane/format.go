package pane

import (
	"math"
	"time"

	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/style"
)

// Age writes a span of time in the few cells a row has: 45s, 4m, 2h05, 3d.
func Age(d time.Duration) text.Safe {
	d = max(0, d)
	switch {
	case d < time.Minute:
		return text.Sprintf("%ds", int(d/time.Second))
	case d < time.Hour:
		return text.Sprintf("%dm", int(d/time.Minute))
	case d < 24*time.Hour:
		return text.Sprintf("%dh%02d", int(d/time.Hour), int(d/time.Minute)%60)
	}
	return text.Sprintf("%dd", int(d/(24*time.Hour)))
}

// Ago writes a span of time in words: 45 s, 4 min, 2 h 5 min, 3 d.
func Ago(d time.Duration) text.Safe {
	d = max(0, d)
	switch {
	case d < time.Minute:
		return text.Sprintf("%d s", int(d/time.Second))
	case d < time.Hour:
		return text.Sprintf("%d min", int(d/time.Minute))
	case d < 24*time.Hour:
		if m := int(d/time.Minute) % 60; m > 0 {
			return text.Sprintf("%d h %d min", int(d/time.Hour), m)
		}
		return text.Sprintf("%d h", int(d/time.Hour))
	}
	return text.Sprintf("%d d", int(d/(24*time.Hour)))
}

// Took writes how long something ran, with the tenths that tell a quick success
// from a quick failure: 0.1 s, 12 s, 4 min.
func Took(d time.Duration) text.Safe {
	if d < 50*time.Millisecond {
		return text.Const("under 0.1 s")
	}
	if d < 10*time.Second {
		return text.Sprintf("%.1f s", max(0, d).Seconds())
	}
	return Ago(d)
}

// Offset writes how far another clock is ahead of ours: +10m, -3d.
func Offset(d time.Duration) text.Safe {
	if d < 0 {
		return text.Sprintf("-%s", Age(-d))
	}
	return text.Sprintf("+%s", Age(d))
}

// Countdown writes what is left as minutes and seconds: 11:02.
func Countdown(d time.Duration) text.Safe {
	d = max(0, d)
	if d >= time.Hour {
		return text.Sprintf("%d:%02d:%02d", int(d/time.Hour), int(d/time.Minute)%60, int(d/time.Second)%60)
	}
	return text.Sprintf("%d:%02d", int(d/time.Minute), int(d/time.Second)%60)
}

// Clock writes a time of day in the frame's zone: 04:12.
func (f Frame) Clock(t time.Time) text.Safe { return f.format(t, "15:04") }

// Seconds writes a time of day with seconds: 04:12:03.
func (f Frame) Seconds(t time.Time) text.Safe { return f.format(t, "15:04:05") }

// Millis writes a time of day with milliseconds: 04:12:03.120.
func (f Frame) Millis(t time.Time) text.Safe { return f.format(t, "15:04:05.000") }

// Date writes a day and time when t is not on the frame's day, else the time.
func (f Frame) Date(t time.Time) text.Safe {
	if t.IsZero() {
		return text.Const("–")
	}
	a, b := t.In(f.In()), f.Now.In(f.In())
	if a.YearDay() == b.YearDay() && a.Year() == b.Year() {
		return f.Clock(t)
	}
	return f.format(t, "Jan 2 15:04")
}

// Day writes a day: Jan 2.
func (f Frame) Day(t time.Time) text.Safe { return f.format(t, "Jan 2") }

// In returns the frame's zone, UTC when none was set.
func (f Frame) In() *time.Location {
	if f.Zone == nil {
		return time.UTC
	}
	return f.Zone
}

func (f Frame) format(t time.Time, layout string) text.Safe {
	if t.IsZero() {
		return text.Const("–")
	}
	return text.Decode(t.In(f.In()).Format(layout))
}

// Value writes a number in its unit, in at most seven cells for ordinary ones.
func Value(v float64, u oncall.Unit) text.Safe {
	switch {
	case math.IsNaN(v):
		return text.Const("NaN")
	case math.IsInf(v, 1):
		return text.Const("+Inf")
	case math.IsInf(v, -1):
		return text.Const("-Inf")
	}
	switch u {
	case oncall.UnitPercent:
		return text.Sprintf("%s%%", number(v))
	case oncall.UnitRatio:
		return text.Sprintf("%s%%", number(v*100))
	case oncall.UnitSeconds:
		if math.Abs(v) < 1 {
			return text.Sprintf("%s ms", number(v*1000))
		}
		return text.Sprintf("%s s", number(v))
	case oncall.UnitBytes:
		return bytes(v)
	case oncall.UnitPerSec:
		return text.Sprintf("%s/s", number(v))
	case oncall.UnitNone:
	}
	return number(v)
}

// number writes three significant digits, with k, M or G beyond a thousand.
func number(v float64) text.Safe {
	a := math.Abs(v)
	switch {
	case a >= 1e9:
		return text.Sprintf("%.1fG", v/1e9)
	case a >= 1e6:
		return text.Sprintf("%.1fM", v/1e6)
	case a >= 1e4:
		return text.Sprintf("%.1fk", v/1e3)
	case a >= 100, a == math.Trunc(a):
		return text.Sprintf("%.0f", v)
	case a >= 1:
		return text.Sprintf("%.1f", v)
	}
	return text.Sprintf("%.2g", v)
}

func bytes(v float64) text.Safe {
	for _, u := range []struct {
		size float64
		name text.Safe
	}{{1 << 40, text.Const("TiB")}, {1 << 30, text.Const("GiB")}, {1 << 20, text.Const("MiB")}, {1 << 10, text.Const("KiB")}} {
		if math.Abs(v) >= u.size {
			return text.Sprintf("%.1f %s", v/u.size, u.name)
		}
	}
	return text.Sprintf("%s B", number(v))
}

// Freshness writes what a person must know about a reading's age before
// believing it: nothing for a live one.
func Freshness[T any](r oncall.Reading[T], now time.Time) Span {
	switch r.Quality(now) {
	case oncall.Never:
		if r.Fault != nil {
			return S(style.Error, text.Const("no answer yet"))
		}
		return S(style.Dim, text.Const("not answered yet"))
	case oncall.Late:
		return S(style.Warn, text.Sprintf("LATE %s", Age(r.Age(now))))
	case oncall.Stale:
		return S(style.Error, text.Sprintf("STALE %s", Age(r.Age(now))))
	case oncall.Lost:
		return S(style.Error, text.Sprintf("LOST %s", Age(r.Age(now))))
	case oncall.Live, oncall.NoData:
	}
	return Span{}
}

// Number writes the number by which people call a page behind a title, nothing
// for a pager that gives none.
func Number(p oncall.Page) text.Safe {
	if p.Number == 0 {
		return text.Safe{}
	}
	return text.Sprintf(" #%d", p.Number)
}

// Count writes how many there are of something, whose plural ends in s.
func Count(n int, what string) text.Safe {
	if n == 1 {
		return text.Sprintf("1 %s", what)
	}
	return text.Sprintf("%d %ss", n, what)
}

// FaultLines explains a reading's failure in the room there is.
func FaultLines(f *oncall.Fault, w int) Block {
	if f == nil {
		return nil
	}
	return Paragraph(style.Error, text.Decode(f.Error()), w)
}
