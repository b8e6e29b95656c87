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

// Frame is the stretch of time that all panes share.
type Frame struct {
	Span time.Duration
	// End is the right edge, zero for now: such a frame moves with the clock.
	End time.Time
}

// Window returns the frame to show for a page that began at onset: from 45
// minutes before it until now, at least 60 minutes, at most MaxSpan. A zero
// onset gives the last 60 minutes.
func Window(onset, now time.Time) Frame { _, _ = onset, now; return Frame{} }

// At returns the frame as a window with both ends, at now.
func (f Frame) At(now time.Time) oncall.Window { _ = now; return oncall.Window{} }

// Pan moves the frame by steps of a quarter of its span, back in time for
// negative steps. It never shows the future: a frame that reaches now follows it.
func (f Frame) Pan(steps int, now time.Time) Frame { _, _ = steps, now; return f }

// Zoom doubles the span for each step, halves it for each negative one, within
// the bounds. A frame that follows now keeps doing so; another keeps its middle.
func (f Frame) Zoom(steps int, now time.Time) Frame { _, _ = steps, now; return f }

// Now returns the frame with its right edge at now.
func (f Frame) Now() Frame { f.End = time.Time{}; return f }
