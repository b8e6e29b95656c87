package board

import (
	"time"

	"conway/internal/oncall"
)

// ActionStatus is how far one action has come.
type ActionStatus struct {
	Action oncall.Action
	State  oncall.ActionState
	// Attempt counts deliveries from 1, 0 before the first.
	Attempt int
	// NextTry is when a Sending action will be tried again, zero for now.
	NextTry time.Time
	// Fault is why it was refused or did not arrive yet, nil for none.
	Fault *oncall.Fault
	// At is when it came into this state.
	At time.Time
	// By is who asked for it at another cockpit, empty for an action of this one.
	By string
}

// SourceState is how one source fares.
type SourceState struct {
	// Name and Kind are as in SourceInfo; Kind is empty for a source that was not
	// configured and has not said anything that tells.
	Name string
	Kind string
	// Reading has the age of its last good answer and its latest fault.
	Reading oncall.Reading[struct{}]
	// Up is the supervisor's word, or true after a good answer.
	Up bool
	// NextTry is when a failed source will be tried again, zero for unknown.
	NextTry time.Time
	// Attempt counts failures in a row.
	Attempt int
	// Skew is how far its clock is ahead of this machine's, 0 when they agree or
	// it is not known.
	Skew time.Duration
}
