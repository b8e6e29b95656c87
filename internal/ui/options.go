package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"conway/internal/board"
	"conway/internal/follow"
	"conway/internal/oncall"
	"conway/internal/runbook"
	"conway/internal/ui/keymap"
	"conway/internal/ui/layout"
	"conway/internal/ui/memo"
	"conway/internal/ui/overlay"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// Options are all that the screen needs to know.
type Options struct {
	Board board.Board
	Keys  keymap.Map
	Sheet style.Sheet
	// Theme is the theme that the config names, and Themes are all there are.
	Theme  string
	Themes []Theme
	Preset layout.Preset
	// Custom are a person's own presets.
	Custom   map[layout.Preset][]pane.Kind
	Services follow.Map
	Panels   []follow.Panel
	// Budgets says which error budgets to look at beside the metrics of a service,
	// and which of them a page spends; nil for none. Budgeter is the metrics source
	// that is asked for them. The detail may be nil.
	Budgets  func(follow.Service, *oncall.PageDetail) []oncall.BudgetQuery
	Budgeter string
	// Logs are what the log stores are asked for about the followed page, and Texts the
	// sources of logs that follow no page and can be searched for a text.
	Logs, Texts []follow.LogTemplate
	Library     runbook.Library
	// Place is where runbook steps would run.
	Place    overlay.Place
	ReadOnly bool
	// Able reports whether a pager can carry out actions of a kind; nil means that
	// all can.
	Able func(source string, kind oncall.ActionKind) bool
	// Zone is the person's own time zone.
	Zone *time.Location
	// Hold is how long what a slip of the hand can start can be cancelled.
	Hold time.Duration
	// Now is the wall clock.
	Now func() time.Time
	// Boot is the clock that counts since the machine was started, time asleep
	// included, and false where that cannot be told; nil means that there is none.
	// By it the screen notices that the wall clock was set.
	Boot func() (time.Duration, bool)
	// Listen waits for events and returns them as one message. It is
	// called again after each.
	Listen tea.Cmd
	// World carries out intents that reach outside the screen.
	World func(pane.Intent) tea.Cmd
	// Recalled is what the sources said before this start, each with its age.
	Recalled []oncall.Event
	// Later waits for something that is not an event and says it, or nil.
	Later tea.Cmd
	// Memory is what the screen looked like when it was last seen, empty for none.
	Memory memo.Memory
	// Mouse has clicks focus and select, and the wheel scroll.
	Mouse bool
	// Calls says for which pages a person is called who is not looking.
	Calls Calls
	// Slow writes ages coarser and moves plots less often, for a link on which
	// each byte counts.
	Slow bool
	// Silent leaves out what the ledger says of an acknowledged page.
	Silent bool
	// Notice is shown at the start, such as what was found without a config.
	Notice string
}

// Theme is a theme that can be chosen.
type Theme struct {
	Name string
	// Sheet makes it ready, or says why it cannot be used.
	Sheet func() (style.Sheet, error)
}

// Events are what happened. Listen returns everything since the last time, as Events or
// as a board.Together.
type Events []oncall.Event

// Said is the outcome of an intent, in a sentence for the footer.
type Said struct {
	Text  string
	Fault bool
	// Whole is for what has to be read off the screen, such as an address: none of
	// it is cut off, and it stays for a minute.
	Whole bool
}

// NoteEdited is a note as $EDITOR left it.
type NoteEdited struct {
	Target oncall.Ref
	Text   string
	Err    error
}

// StorePart is what a log store has answered to a search since the last part.
type StorePart struct {
	ID     int
	Source string
	Query  oncall.LogQuery
	Lines  []oncall.LogLine
	// Cost is set when nothing was searched yet, because it would be a wide search.
	Cost *oncall.LogCost
	// Ended is set with the last part, and Err when the search failed.
	Ended *oncall.LogFound
	Err   error
	// Next waits for the next part; nil after the last one.
	Next tea.Cmd
}
