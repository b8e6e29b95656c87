package oncall

import (
	"math"
	"time"
)

// RunState is how far a runbook step has come.
type RunState uint8

// The states of a StepRun.
const (
	RunStarting RunState = iota
	RunRunning
	// RunCancelling means that it was asked to end and has not yet.
	RunCancelling
	RunExited
	RunCancelled
	// RunFailed means that it could not be started or its end is not known.
	RunFailed
)

// String returns the state in a word.
func (s RunState) String() string {
	switch s {
	case RunStarting:
		return "starting"
	case RunRunning:
		return "running"
	case RunCancelling:
		return "cancelling"
	case RunExited:
		return "exited"
	case RunCancelled:
		return "cancelled"
	case RunFailed:
		return "failed"
	}
	return "unknown"
}

// MarshalText makes states words in JSON.
func (s RunState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote. A word of a later version becomes
// RunFailed: how the step ended is not known here.
func (s *RunState) UnmarshalText(b []byte) error {
	for *s = 0; s.String() != RunState(math.MaxUint8).String(); *s++ {
		if s.String() == string(b) {
			return nil
		}
	}
	*s = RunFailed
	return nil
}

// Done reports whether the step's processes are gone.
func (s RunState) Done() bool { return s >= RunExited }

// StepRun is one execution of one runbook step for one page.
type StepRun struct {
	ID string `json:"id"`
	// Page is the page it was run for, zero for none.
	Page Ref `json:"page"`
	// Runbook and Step name what was run; Step counts from 0.
	Runbook string `json:"runbook"`
	Step    int    `json:"step"`
	Title   string `json:"title"`
	// Script is exactly the bytes that were shown, approved and run.
	Script string   `json:"script"`
	State  RunState `json:"state"`
	// Exit is the exit status, valid when State is RunExited; 128+n for a
	// process ended by signal n, as a shell would report it.
	Exit    int       `json:"exit"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero"`
	// Survivors are process ids that outlived a cancel, or that a step which
	// ended by itself left running.
	Survivors []int `json:"survivors,omitempty"`
	// Reason says why a RunFailed step failed, or what else a person has to know
	// of how it ended.
	Reason string `json:"reason,omitempty"`
}

// Duration returns how long it ran, up to now while it still does.
func (r StepRun) Duration(now time.Time) time.Duration {
	end := r.Ended
	if end.IsZero() {
		end = now
	}
	return max(0, end.Sub(r.Started))
}

// OutputLine is one line that a step printed.
type OutputLine struct {
	At time.Time `json:"at"`
	// Stderr is true for the step's standard error.
	Stderr bool   `json:"stderr,omitempty"`
	Text   string `json:"text"`
	// Partial is true for a line that has no newline yet; the next line of the
	// same stream replaces it.
	Partial bool `json:"partial,omitempty"`
	// Cut is how many bytes more the line had.
	Cut int `json:"cut,omitempty"`
}
