package pane

import (
	"iter"
	"time"

	"conway/internal/oncall"
	"conway/internal/runbook"
	"conway/internal/ui/memo"
)

// Intent is what a person wants, on which target. It does nothing by itself.
// The set is sealed. Every intent that acts on something names it: there is no
// "current one" in an effect.
type Intent interface{ intent() }

// The intents that change the world outside the screen. One function in the
// whole program carries them out.
type (
	// Act asks for an ack, a resolve, a note and the like. The action's ID is filled in by
	// whoever carries it out.
	Act struct{ Action oncall.Action }
	// Tag records what a person thinks of pages: one tag of one name and value each.
	Tag struct{ Tags []oncall.Tag }
	// Recommend records what a team is advised to do: a text, or an objective to set or
	// to change.
	Recommend struct {
		Team, Service, Text string
		// SLO is the objective that there is, empty to set one; Target is the percentage
		// that is proposed, 0 where none is.
		SLO    string
		Target float64
	}
	// CountNights asks the ledger for what the person may want to see by day.
	CountNights struct{}
	// CancelAct takes back an action that is still held.
	CancelAct struct{ ID string }
	// RunStep runs exactly these approved bytes.
	RunStep struct {
		Page oncall.Page
		// Detail holds the labels that the step gets as variables; it may be nil.
		Detail  *oncall.PageDetail
		Service string
		// Runbook is the file's path, or AdHoc.
		Runbook string
		Step    runbook.Step
		// Digest is runbook.Digest of what was shown.
		Digest string
	}
	// CancelRun ends a running step and all its children.
	CancelRun struct{ ID string }
	// LoadDetail asks a pager for everything about one page.
	LoadDetail struct{ Page oncall.Page }
	// LoadChoices asks a pager what actions of a kind can be aimed at.
	LoadChoices struct {
		Source string
		Kind   oncall.ActionKind
	}
	// LoadSheet asks the ledger what whoever is on call next has to know.
	LoadSheet struct{}
	// Ask puts questions to the metrics sources, by source name.
	Ask struct{ Questions map[string]oncall.Question }
	// Tail points log stores at what they are to show, by source name.
	Tail struct{ Queries map[string]oncall.LogQuery }
	// Refresh looks again now, at every source.
	Refresh struct {
		// Woken is true when nobody asked for it but the screen was away: others may
		// have been woken with it, so the sources are asked spread over a moment.
		Woken bool
	}
	// Copy puts text on the clipboard of the person's own terminal.
	Copy struct {
		What string
		Raw  string
	}
	// SearchStore searches a log store. The answer comes in parts that carry the ID.
	SearchStore struct {
		ID     int
		Source string
		Query  oncall.LogQuery
		// Sure is true once a person has seen what a wide search would cost.
		Sure bool
	}
	// CancelSearch ends a search, on the store's side too.
	CancelSearch struct{ ID int }
	// Save writes lines to a private file of this name, and says where that is. The
	// lines are taken one by one while it is written.
	Save struct {
		Name  string
		What  string
		Lines iter.Seq[string]
	}
	// OpenURL opens an address, or shows it where nothing can open it.
	OpenURL struct{ URL string }
	// EditNote opens the person's editor on a note that has been begun.
	EditNote struct {
		Target oncall.Ref
		Title  string
		Text   string
	}
	// Remember keeps what the screen is to look like at the next start.
	Remember struct{ Memory memo.Memory }
	// Alert calls a person who is not looking: with a bell, and with what the
	// terminal shows on the desktop, as the config says.
	Alert struct {
		// Words are the page's title as it came; Pages is how many there are.
		Words string
		Pages int
	}
	// Quit ends the program, after everything undelivered is delivered when Flush
	// is set.
	Quit struct{ Flush bool }
)

// The intents that change only what the screen shows.
type (
	// Select makes a page the one that the other panes follow.
	Select struct{ Ref oncall.Ref }
	// Show opens an on-demand pane, or closes it when it is open.
	Show struct{ Kind Kind }
	// ConfirmStep opens the screen that shows a step's exact bytes.
	ConfirmStep struct {
		Runbook string
		Step    runbook.Step
	}
	// CursorAt moves the time cursor that runs through every pane; zero hides it.
	CursorAt struct{ At time.Time }
	// Jump goes to a page, else to a deploy, else to what there is of a service.
	Jump struct {
		Page, Deploy oncall.Ref
		Service      string
	}
	// Trace is a request of which the held lines are shown now. Held says how many
	// those are; with Again they are not enough, and the log stores are asked.
	Trace struct {
		Key, ID string
		Held    int
		Again   bool
	}
	// Arrange divides the screen by a preset.
	Arrange struct{ Preset string }
	// Dress draws the screen in a theme. With Try it is only looked at; an empty
	// name then brings back the one in force.
	Dress struct {
		Theme string
		Try   bool
	}
	// AskTarget asks what is advised for an objective, or for the one that the service
	// is to get.
	AskTarget struct{ SLO string }
	// Several carries out one intent after another, such as one action a page.
	Several struct{ Intents []Intent }
	// Say shows a sentence, such as why a key cannot act.
	Say struct{ Reason string }
)

func (Act) intent()          {}
func (Tag) intent()          {}
func (Recommend) intent()    {}
func (CountNights) intent()  {}
func (CancelAct) intent()    {}
func (RunStep) intent()      {}
func (CancelRun) intent()    {}
func (LoadDetail) intent()   {}
func (LoadChoices) intent()  {}
func (LoadSheet) intent()    {}
func (Ask) intent()          {}
func (Refresh) intent()      {}
func (Copy) intent()         {}
func (OpenURL) intent()      {}
func (EditNote) intent()     {}
func (Remember) intent()     {}
func (Alert) intent()        {}
func (Quit) intent()         {}
func (Select) intent()       {}
func (Show) intent()         {}
func (ConfirmStep) intent()  {}
func (CursorAt) intent()     {}
func (Jump) intent()         {}
func (Trace) intent()        {}
func (Arrange) intent()      {}
func (Dress) intent()        {}
func (AskTarget) intent()    {}
func (Several) intent()      {}
func (Say) intent()          {}
func (Tail) intent()         {}
func (SearchStore) intent()  {}
func (CancelSearch) intent() {}
func (Save) intent()         {}

// AdHoc is the Runbook of a command that somebody typed.
const AdHoc = "ad hoc"

// Kind names a pane.
type Kind uint8

// The panes. The first four are tiled; the others open on demand.
const (
	None Kind = iota
	Pages
	Deploys
	Metrics
	Logs
	Detail
	Runbook
	Timeline
	Health
	Handoff
	Ledger
)

// String returns the pane's name in a config file.
func (k Kind) String() string {
	return [...]string{"", "pages", "deploys", "metrics", "logs", "detail", "runbook", "timeline", "health", "handoff", "ledger"}[k]
}

// Kinds returns every pane, for checking a config.
func Kinds() []Kind {
	return []Kind{Pages, Deploys, Metrics, Logs, Detail, Runbook, Timeline, Health, Handoff, Ledger}
}
