package board

import (
	"time"

	"conway/internal/oncall"
)

// Brief answers, for one page, what is broken, since when, whether it happened
// before and who is woken next. What changed just before is package follow's to
// say.
type Brief struct {
	// Known is false when there is no such page; the rest is then empty.
	Known bool
	Row   PageRow
	// Quality is the row's at the time asked for.
	Quality oncall.Quality
	// Since is when the page began, Age how long ago that was, never negative.
	Since time.Time
	Age   time.Duration
	// Alerts is how many alerts the page groups.
	Alerts int
	// History is nil until the source has answered.
	History *oncall.History
	// Next is who is woken if nobody acts, nil when the pager has nothing planned.
	Next *NextCall
}

// NextCall is the pager's next step if nobody acts.
type NextCall struct {
	// Who are the people who will be called, empty when the roster does not say.
	Who []oncall.Person
	// Level is the escalation level that Who are on, 0 when unknown.
	Level int
	At    time.Time
	// In is how long until At, 0 when it is past.
	In time.Duration
}
