package ui

import (
	"time"

	"conway/internal/text"
	"conway/internal/ui/pane"
)

// grain is how coarse times are on a slow link.
const grain = 10 * time.Second

// age writes how old a source's word is. On a slow link it says what it is less
// than, so that it is never less than the truth.
func (m *Model) age(d time.Duration) text.Safe {
	if !m.opts.Slow || d < 0 || d >= time.Minute {
		return pane.Age(d)
	}
	return text.Sprintf("<%s", pane.Age(d.Truncate(grain)+grain))
}

// plotted is the time at the right edge of the plots. On a slow link it moves in
// steps, ahead of the time, so that nothing that has happened is beyond it.
func (m *Model) plotted() time.Time {
	if !m.opts.Slow {
		return m.now
	}
	return m.now.Truncate(grain).Add(grain)
}
