package envelope

import "encoding/json"

// The environment variable that tells a child of its parent: the descriptor of
// its Link, the parent's process id, and whether a shell could continue both.
const variable = "CONWAY_ENVELOPE"

// linkFD is the descriptor under which a child finds its Link, the first after
// the three that every process has.
const linkFD = 3

// Crashed is the exit code after a crash; sysexits.h calls it EX_SOFTWARE.
const Crashed = 70

// signalBase is what a shell adds to a signal's number.
const signalBase = 128

// kind says what a message is about.
type kind string

const (
	// taken and released say who has the terminal.
	taken    kind = "taken"
	released kind = "released"
	// learn holds a secret that must never be written.
	learn kind = "learn"
	// logged holds a line of the log.
	logged kind = "log"
	// began and ended tell of something that must not outlive the program.
	began kind = "began"
	ended kind = "ended"
	// bye is the last message of a child that ends in order.
	bye kind = "bye"
	// retake, to the child, says that somebody else had the terminal meanwhile,
	// and undone that the parent had put it back for that.
	retake kind = "retake"
	undone kind = "undone"
)

// message is a line of JSON on a Link.
type message struct {
	Kind    kind     `json:"k"`
	Text    string   `json:"t,omitempty"`
	Code    int      `json:"c,omitempty"`
	Crashed bool     `json:"x,omitempty"`
	Process *Process `json:"p,omitempty"`
	// Terminal is the terminal as it is when it is taken.
	Terminal settings `json:"s,omitempty"`
}

// Process is something that the child runs and that must not outlive it.
type Process struct {
	// ID is unique within one run of the program.
	ID string `json:"id"`
	// Title names it for a person.
	Title string `json:"title"`
	// Detail is what Options.End needs to end it.
	Detail json.RawMessage `json:"detail,omitempty"`
}
