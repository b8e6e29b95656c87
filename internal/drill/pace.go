package drill

import "time"

// pace turns scenario time into the time that passes here.
type pace struct {
	start time.Time
	speed float64
	now   func() time.Time
}

// wall returns how long a span of scenario time takes.
func (p pace) wall(s Span) time.Duration { return time.Duration(float64(s) / p.speed) }

// scenario returns how much scenario time a stretch of real time is.
func (p pace) scenario(d time.Duration) Span { return Span(float64(d) * p.speed) }

// until returns how long it is from now to an offset of the scenario; 0 when it
// has passed.
func (p pace) until(offset Span) time.Duration {
	return max(0, p.wall(offset)-p.now().Sub(p.start))
}
