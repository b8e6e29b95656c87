package pane

import (
	"time"

	"conway/internal/board"
	"conway/internal/follow"
	"conway/internal/oncall"
	"conway/internal/runbook"
	"conway/internal/text"
	"conway/internal/ui/keymap"
)

// Frame is all that a view depends on besides the board: the room it has, the
// time, and what the panes follow.
type Frame struct {
	// Width and Height are the room inside the borders, in cells.
	Width, Height int
	Focused       bool
	Now           time.Time
	Zone          *time.Location
	// Keys are the keys in force: whatever names one takes it from here.
	Keys  keymap.Map
	Scene Scene
	// Urgent is true while a person waits to see what a key did, and another frame
	// follows soon: what the key has no part in, and what nobody looks at yet, can be
	// left for that one.
	Urgent bool
}

// Scene is what all panes follow.
type Scene struct {
	// Page is the selected page, zero for none.
	Page oncall.Ref
	// Me is the person at this screen, zero when the pager does not say.
	Me oncall.Person
	// Service is what the page resolved to, and Why says how.
	Service follow.Service
	Why     string
	// Window is the shared window of time; Live is true while its end is now.
	Window oncall.Window
	Live   bool
	// Cursor is the shared time cursor, zero for none.
	Cursor time.Time
	// Marked are the pages that the next bulk action is for.
	Marked []oncall.Ref
	// Suspects are the deploys that preceded the page, best first.
	Suspects []follow.Suspect
	// Runbook is the page's runbook, and RunbookWhy says how it was found or why
	// there is none.
	Runbook    *runbook.Entry
	RunbookWhy string
	// Patterns are the kinds of log lines that began around the page, as moments of its
	// story. Only the timeline has them.
	Patterns []board.Moment
	// Pinned says which panes do not follow.
	Pinned map[Kind]bool
}

// Pane is one tile. A pane keeps only what concerns looking: scroll position,
// filter, cursor. Its view is pure.
type Pane interface {
	// Title is drawn in the pane's border.
	Title(Frame, board.Board) Line
	// View draws the pane; the caller fits the block to the frame.
	View(Frame, board.Board) Block
	// Handle answers an action of the keymap, and reports whether the pane knows
	// it. The intent may be nil.
	Handle(keymap.Action, Frame, board.Board) (intent Intent, known bool)
	// Reason returns why the action cannot act now, or an empty text.
	Reason(keymap.Action, Frame, board.Board) text.Safe
}

// Filterable is a pane that `/` works on.
type Filterable interface {
	// Filter shows only what matches; an empty string shows everything.
	Filter(string)
	// Filtered returns the filter in force.
	Filtered() string
}

// Placed is a pane whose position in what it shows is kept from one start to the
// next.
type Placed interface {
	// Place returns the position, 0 for where it begins by itself.
	Place(Frame) int
	// Put goes there, or to the nearest there is.
	Put(Frame, int)
}

// Dated is a pane whose position is kept as a time, since its rows are other ones
// at the next start.
type Dated interface {
	// Reading returns the time of what is read, zero while the newest is followed.
	Reading() time.Time
	// Return goes to what is of that time, and reports whether the pane holds what
	// was then and after it.
	Return(Frame, board.Board, time.Time) bool
}
