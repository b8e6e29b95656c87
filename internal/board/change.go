package board

import "conway/internal/oncall"

// Change is something a person may want to hear about. The set is sealed: the
// types in this file are all there are.
type Change interface{ change() }

// PageOpened is a page that was not known before.
type PageOpened struct {
	Ref oncall.Ref
	// First is true for a page of the source's first answer: it was there before
	// we looked and must not ring.
	First bool
}

// PageChanged is a page whose status changed to anything but resolved.
type PageChanged struct {
	Ref      oncall.Ref
	From, To oncall.Status
}

// PageResolved is a page that was seen to resolve.
type PageResolved struct{ Ref oncall.Ref }

// ActionSettled is an action to which nothing more will happen by itself.
type ActionSettled struct{ ActionStatus }

// RunEnded is a runbook step whose processes are gone.
type RunEnded struct{ ID string }

// SourceFailed is a source that worked, or had not been heard of, and failed.
type SourceFailed struct{ Name string }

// SourceRecovered is a source that failed and works again.
type SourceRecovered struct{ Name string }

// LinesDropped are log lines that were left out before they came here.
type LinesDropped struct {
	Source string
	N      int
	// Exact is false when N is a lower bound.
	Exact bool
}

func (PageOpened) change()      {}
func (PageChanged) change()     {}
func (PageResolved) change()    {}
func (ActionSettled) change()   {}
func (RunEnded) change()        {}
func (SourceFailed) change()    {}
func (SourceRecovered) change() {}
func (LinesDropped) change()    {}
