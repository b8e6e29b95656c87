package follow

import (
	"time"

	"conway/internal/oncall"
)

// The bounds of a Frame's span.
const (
	MinSpan = 5 * time.Minute
	MaxSpan = 7 * 24 * time.Hour
)

const (
	// usualSpan is what is shown of a page that is young or of none.
	usualSpan = time.Hour
	// leadSpan is how much is shown from before a page: what led to it.
	leadSpan = 45 * time.Minute
	// panSteps is how many steps a pan by a whole frame takes.
	panSteps = 4
)

// Frame is the stretch of time that all panes share.
type Frame struct {
	Span time.Duration
	// End is the right edge, zero for now: such a frame moves with the clock.
	End time.Time
}

// Window returns the frame to show for a page that began at onset: from 45
// minutes before it until now, at least 60 minutes, at most MaxSpan. A zero
// onset gives the last 60 minutes.
func Window(onset, now time.Time) Frame {
	f := Frame{Span: usualSpan}
	if !onset.IsZero() && onset.Before(now) {
		// Whole minutes, or each look at the clock would be another question.
		lead := now.Sub(onset) + leadSpan + time.Minute - 1
		f.Span = min(max(f.Span, lead.Truncate(time.Minute)), MaxSpan)
	}
	return f
}

// At returns the frame as a window with both ends, at now.
func (f Frame) At(now time.Time) oncall.Window {
	end := f.end(now)
	return oncall.Window{Start: end.Add(-f.Span), End: end}
}

// end returns the right edge at now.
func (f Frame) end(now time.Time) time.Time {
	if f.End.IsZero() {
		return now
	}
	return f.End
}

// Pan moves the frame by steps of a quarter of its span, back in time for
// negative steps. It never shows the future: a frame that reaches now follows it.
func (f Frame) Pan(steps int, now time.Time) Frame {
	return f.until(f.end(now).Add(time.Duration(steps)*f.Span/panSteps), now)
}

// Zoom doubles the span for each step, halves it for each negative one, within
// the bounds. A frame that follows now keeps doing so; another keeps its middle.
func (f Frame) Zoom(steps int, now time.Time) Frame {
	middle := f.end(now).Add(-f.Span / 2)
	f.Span = min(max(f.Span, MinSpan), MaxSpan)
	for ; steps > 0 && f.Span < MaxSpan; steps-- {
		f.Span *= 2
	}
	for ; steps < 0 && f.Span > MinSpan; steps++ {
		f.Span /= 2
	}
	f.Span = min(max(f.Span, MinSpan), MaxSpan)
	if f.End.IsZero() {
		return f
	}
	return f.until(middle.Add(f.Span/2), now)
}

// Now returns the frame with its right edge at now.
func (f Frame) Now() Frame {
	f.End = time.Time{}
	return f
}

// until returns the frame with its right edge at end, or at now if that is past.
func (f Frame) until(end, now time.Time) Frame {
	f.End = end
	if !end.Before(now) {
		f.End = time.Time{}
	}
	return f
}
