package board

import "time"

// MomentKind says what a Moment is.
type MomentKind string

// The kinds of Moment.
const (
	MomentOpened MomentKind = "opened"
	MomentAck    MomentKind = "ack"
	MomentLog    MomentKind = "log"
	MomentNote   MomentKind = "note"
	MomentDeploy MomentKind = "deploy"
	MomentAction MomentKind = "action"
	MomentRun    MomentKind = "run"
)

// Moment is one thing that happened around a page. Its strings are untrusted.
type Moment struct {
	At   time.Time
	Kind MomentKind
	// Who is the person, team or source, empty if unknown.
	Who  string
	Text string
	// State is how far it came, in a word or two such as "confirmed", "exit 1" or
	// "running"; empty where there is nothing to say.
	State string
}
