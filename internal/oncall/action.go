package oncall

import (
	"math"
	"time"
)

// ActionKind is what a person asked a source to do.
type ActionKind uint8

// The kinds of Action.
const (
	Acknowledge ActionKind = iota
	Resolve
	Annotate
	// Snooze silences a page until a moment; it then calls again.
	Snooze
	// Escalate calls a later level of the page's escalation policy.
	Escalate
	// Reassign gives a page to a person or to another policy.
	Reassign
	// Merge makes a page a part of another, which stays; the page itself ends.
	Merge
	// Prioritise sets how much a page matters.
	Prioritise
	// File opens an issue about work that a page asked for; the target's ID names
	// that work, and Title and Text are the issue's.
	File
)

// Once reports whether doing it twice would do it two times: then it is looked for
// by its marker before it is sent again.
func (k ActionKind) Once() bool { return k == Annotate || k == File }

// String returns the verb as a person would say it.
func (k ActionKind) String() string {
	switch k {
	case Acknowledge:
		return "ack"
	case Resolve:
		return "resolve"
	case Annotate:
		return "note"
	case Snooze:
		return "snooze"
	case Escalate:
		return "escalate"
	case Reassign:
		return "reassign"
	case Merge:
		return "merge"
	case Prioritise:
		return "priority"
	case File:
		return "file"
	}
	return "action"
}

// MarshalText makes kinds words in JSON.
func (k ActionKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads what MarshalText wrote. A word of a later version becomes
// a kind that nothing can carry out, so that its action is refused and not lost.
func (k *ActionKind) UnmarshalText(b []byte) error {
	for *k = 0; k.String() != ActionKind(math.MaxUint8).String(); *k++ {
		if k.String() == string(b) {
			return nil
		}
	}
	*k = math.MaxUint8
	return nil
}

// Action is one thing a person asked for. It always names its target.
type Action struct {
	// ID is unique; it makes two presses of one key two actions and a retry one.
	ID     string     `json:"id"`
	Kind   ActionKind `json:"kind"`
	Target Ref        `json:"target"`
	// Title is the target's title when it was asked, for messages.
	Title string `json:"title,omitempty"`
	// Text is the text of a note or an issue, empty for other kinds.
	Text string `json:"text,omitempty"`
	// Until is the end of a snooze, zero for other kinds.
	Until time.Time `json:"until,omitzero"`
	// Aim is what the page is escalated, given or set to, or merged into; zero for
	// other kinds.
	Aim Aim       `json:"aim,omitzero"`
	At  time.Time `json:"at"`
	// NotBefore is the end of the time in which it can be cancelled.
	NotBefore time.Time `json:"not_before,omitzero"`
	// Unrecorded asks for it to be sent although it cannot be recorded: the
	// explicit override of a full disk. It does not outlive the process.
	Unrecorded bool `json:"unrecorded,omitempty"`
}

// AimKind is what an Aim names.
type AimKind string

// The kinds of Aim.
const (
	AimLevel    AimKind = "level"
	AimPerson   AimKind = "person"
	AimPolicy   AimKind = "policy"
	AimPage     AimKind = "page"
	AimPriority AimKind = "priority"
)

// Aim is what an action is about besides its target.
type Aim struct {
	Kind AimKind `json:"kind"`
	// ID is the source's own identifier, and of a level its number, which counts
	// from 1.
	ID string `json:"id"`
	// Name is what it was called when it was chosen, for messages.
	Name string `json:"name,omitempty"`
}

// Choices are what actions of one kind can be aimed at.
type Choices struct {
	Aims []Choice
	// Complete is false when there are more than were read.
	Complete bool
	// Why says why there are none, where the source knows.
	Why string
}

// Choice is one of them.
type Choice struct {
	Aim
	// Words say more about it, such as an address or a description.
	Words string
}

// ActionState is how far an Action has come.
type ActionState uint8

// The states of an Action. Only Confirmed says that the other side has it. Where
// there is a journal, Held, Sending and Unconfirmed say that the action is
// recorded, unless it is an Unrecorded one; Recording says that it is not yet.
const (
	// Held waits for NotBefore; it can be cancelled.
	Held ActionState = iota
	// Sending is on its way, or waits to be tried again.
	Sending
	// Confirmed means that the source's own answer said so.
	Confirmed
	// Unconfirmed means that it may or may not have arrived.
	Unconfirmed
	// Refused means that the source said no; see the event's fault.
	Refused
	// Cancelled means that it was taken back in time.
	Cancelled
	// Recording means that it was heard and is not safe yet: it would not survive
	// a power cut, and nothing of it has been sent.
	Recording
)

// String returns the state in the word shown on screen.
func (s ActionState) String() string {
	switch s {
	case Held:
		return "held"
	case Sending:
		return "sending"
	case Confirmed:
		return "confirmed"
	case Unconfirmed:
		return "unconfirmed"
	case Refused:
		return "refused"
	case Cancelled:
		return "cancelled"
	case Recording:
		return "recording"
	}
	return "unknown"
}

// MarshalText makes states words in JSON.
func (s ActionState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote. A word of a later version becomes
// Unconfirmed: it is not known here that the action is done.
func (s *ActionState) UnmarshalText(b []byte) error {
	for *s = 0; s.String() != ActionState(math.MaxUint8).String(); *s++ {
		if s.String() == string(b) {
			return nil
		}
	}
	*s = Unconfirmed
	return nil
}

// Done reports whether nothing more will happen to the action by itself. An
// unconfirmed one is looked for or tried again until it is known.
func (s ActionState) Done() bool {
	return s == Confirmed || s == Refused || s == Cancelled
}
