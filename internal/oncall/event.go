package oncall

import "time"

// Stamp is what every event carries: who says so, when, and what went wrong.
type Stamp struct {
	// Source is the configured name of the source.
	Source string
	// At is when the event was made here, by the wall clock.
	At time.Time
	// Err is the failure that this event reports, or nil.
	Err *Fault
	// Skew is how far the source's own clock is ahead of this machine's, 0 when
	// they agree or it is not known. The times in the event have been put on this
	// machine's clock.
	Skew time.Duration
}

// Meta returns the stamp.
func (s Stamp) Meta() Stamp { return s }

// Event is one thing that became known. The set is sealed: the types in this
// file are all there are.
type Event interface {
	Meta() Stamp
	event()
}

// Dropped counts what was left out of an ordered batch.
type Dropped struct {
	// Count is how many; a lower bound when Exact is false.
	Count int
	// Exact is false when only a bound is known.
	Exact bool
	// Reason says why, for a person.
	Reason string
}

// PagesEvent is the whole set of open pages of one source, or, when Err is set,
// the news that it could not be fetched.
type PagesEvent struct {
	Stamp
	Pages []Page
	// Left are pages that were in the list and are somebody else's now, open, by the
	// source's word on each. They stay here for some minutes.
	Left []Page
	// Complete is false when the source stopped before the end of its list.
	Complete bool
	Every    time.Duration
}

// DetailEvent is what one pager knows about one page.
type DetailEvent struct {
	Stamp
	Page   Ref
	Detail PageDetail
}

// RosterEvent is who is on call.
type RosterEvent struct {
	Stamp
	Roster Roster
	Every  time.Duration
}

// DeploysEvent is the whole set of recent deploys of one source.
type DeploysEvent struct {
	Stamp
	Deploys []Deploy
	Every   time.Duration
}

// SeriesEvent is a metrics source's answer to a whole Question.
type SeriesEvent struct {
	Stamp
	Question Question
	Window   Window
	Panels   []Panel
	Budgets  []Budget
	Every    time.Duration
}

// LinesEvent is an ordered batch of log lines.
type LinesEvent struct {
	Stamp
	// Scope is that of the LogQuery which the lines answer, empty for a source that
	// follows nothing.
	Scope   string
	Lines   []LogLine
	Dropped Dropped
	// Texts are what runs of the lines are parts of, in order, with a newline between
	// two lines. Whoever keeps many lines may keep a text instead of a copy. There
	// may be none.
	Texts []string
	// Free, unless it is nil, gives the list of Lines back to whom it came from, who
	// fills it anew. Whoever took the event may call it, once, when nobody holds the
	// list any more; its lines' texts stay. Nothing is lost if nobody does.
	Free func()
}

// ActionEvent is how far an action has come.
type ActionEvent struct {
	Stamp
	Action  Action
	State   ActionState
	Attempt int
	// NextTry is when a Sending action will be tried again, zero for now.
	NextTry time.Time
	// By is who asked for it at another cockpit, as the ledger that both share names
	// them; empty for an action of this one. It cannot be cancelled here, and
	// nothing here delivers it.
	By string
}

// RunEvent is how far a runbook step has come, with what it printed since the
// last such event.
type RunEvent struct {
	Stamp
	Run     StepRun
	Output  []OutputLine
	Dropped Dropped
}

// ChoicesEvent is what actions of one kind can be aimed at in one source.
type ChoicesEvent struct {
	Stamp
	Kind    ActionKind
	Choices Choices
}

// SheetEvent is what the ledger holds for whoever is on call next.
type SheetEvent struct {
	Stamp
	Sheet Sheet
}

// HealthEvent is the supervisor's word on one source.
type HealthEvent struct {
	Stamp
	// Up is true once the source runs, false after it failed.
	Up bool
	// NextTry is when a failed source will be tried again.
	NextTry time.Time
	// Attempt counts failures in a row.
	Attempt int
}

// RecallEvent is all that the ledger has to say of the pages that are open now.
type RecallEvent struct {
	Stamp
	Recall Recall
}

// NightsEvent is what the ledger counts for the person at this screen, or why it
// cannot be counted.
type NightsEvent struct {
	Stamp
	Nights Nights
}

func (PagesEvent) event()   {}
func (DetailEvent) event()  {}
func (RosterEvent) event()  {}
func (DeploysEvent) event() {}
func (SeriesEvent) event()  {}
func (LinesEvent) event()   {}
func (ActionEvent) event()  {}
func (RunEvent) event()     {}
func (ChoicesEvent) event() {}
func (SheetEvent) event()   {}
func (HealthEvent) event()  {}
func (RecallEvent) event()  {}
func (NightsEvent) event()  {}
