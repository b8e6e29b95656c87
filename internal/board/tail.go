package board

import "conway/internal/oncall"

// Tail is the log lines that are kept, oldest first. It is a value: a Tail that
// was taken earlier still holds what it held.
type Tail struct{}

// Len returns how many lines are kept.
func (t Tail) Len() int { return 0 }

// At returns line i, 0 being the oldest one kept. Times are in UTC.
func (t Tail) At(i int) oncall.LogLine { _ = i; return oncall.LogLine{} }

// Received returns how many lines ever came: Len plus Evicted.
func (t Tail) Received() uint64 { return 0 }

// Dropped returns how many lines were left out before they came here, and
// whether that is exact or a lower bound.
func (t Tail) Dropped() (n uint64, exact bool) { return 0, true }

// Evicted returns how many lines made room for newer ones.
func (t Tail) Evicted() uint64 { return 0 }

// FirstSeq returns the sequence number of line 0. A line keeps its number for
// ever, so a view that is paused at a number stays put while lines are evicted.
func (t Tail) FirstSeq() uint64 { return 0 }

// Gaps returns where lines are missing among those kept, oldest first.
func (t Tail) Gaps() []Gap { return nil }

// Gap says that lines are missing before the line with number Seq.
type Gap struct {
	Seq     uint64
	Source  string
	Dropped oncall.Dropped
}
