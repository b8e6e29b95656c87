package board

import (
	"time"

	"conway/internal/oncall"
)

// defaultLineCap is how many log lines are kept: some minutes of a busy service
// and, with the text, a few tens of megabytes.
const defaultLineCap = 100_000

// The kinds of source, as SourceInfo and SourceState name them.
const (
	KindPages   = "pages"
	KindDeploys = "deploys"
	KindMetrics = "metrics"
	KindLogs    = "logs"
)

// SourceInfo is a source that is configured, whether or not it ever answers.
type SourceInfo struct {
	// Name is the configured name, unique.
	Name string
	// Kind is one of KindPages, KindDeploys, KindMetrics, KindLogs.
	Kind string
}

// Options are what a Board must know before the first event.
type Options struct {
	// Me is the email address of the person at this screen, empty if unknown.
	Me string
	// LineCap is how many log lines are kept, 0 for 100,000.
	LineCap int
	// Sources are shown as never having answered until they do.
	Sources []SourceInfo
}

// Board is what is known now. The zero value is an empty board without sources.
type Board struct {
	opts  Options
	scope string
	now   time.Time
}

// New returns a board on which nobody has answered yet.
func New(opts Options) Board { return Board{opts: opts} }

// Apply folds one event in. It returns the new board and what a person may want
// to hear about, in the order in which it happened.
func (b Board) Apply(e oncall.Event) (Board, []Change) { _ = e; return b, nil }

// Follow returns a board that takes metrics answers of this scope only; answers
// to an earlier scope are forgotten.
func (b Board) Follow(scope string) Board { b.scope = scope; return b }

// MarkSeen takes the New mark off the named pages, or off all when none is named.
func (b Board) MarkSeen(refs ...oncall.Ref) Board { _ = refs; return b }

// Pages returns the rows: triggered before acknowledged before resolved, high
// urgency before low, newest first.
func (b Board) Pages() []PageRow { return nil }

// Page returns one row, and whether there is one.
func (b Board) Page(ref oncall.Ref) (PageRow, bool) { _ = ref; return PageRow{}, false }

// Counts sums the rows up. Rows that are Gone are counted as Gone only.
func (b Board) Counts() Counts { return Counts{} }

// PagesReading is the worst of the page sources: whether the list is to be
// believed. Its value is the number of open pages. It is Live or NoData only if
// every page source's last answer was fresh, without fault and complete, so an
// empty list may be drawn as "no pages" only then.
func (b Board) PagesReading() oncall.Reading[int] { return oncall.Reading[int]{} }

// Detail returns what the pager said about one page beyond its row.
func (b Board) Detail(ref oncall.Ref) oncall.Reading[oncall.PageDetail] {
	_ = ref
	return oncall.Reading[oncall.PageDetail]{}
}

// Roster returns who is on call, merged over the sources that said so.
func (b Board) Roster() oncall.Reading[oncall.Roster] { return oncall.Reading[oncall.Roster]{} }

// Deploys returns the deploys of all sources, newest first. The same commit,
// environment and service from two sources within 10 minutes is one deploy.
func (b Board) Deploys() []oncall.Deploy { return nil }

// DeploysReading is the worst of the deploy sources; its value is the number of
// deploys.
func (b Board) DeploysReading() oncall.Reading[int] { return oncall.Reading[int]{} }

// Metrics returns the panels of all metrics sources that answered for the scope
// given to Follow.
func (b Board) Metrics() oncall.Reading[Metrics] { return oncall.Reading[Metrics]{} }

// Logs returns the log lines of all sources, in the order of arrival.
func (b Board) Logs() Tail { return Tail{} }

// LogsReading is the worst of the log sources; its value is the number of lines
// kept.
func (b Board) LogsReading() oncall.Reading[int] { return oncall.Reading[int]{} }

// Actions returns what was asked for, newest first: everything that is still
// under way, and of the rest the newest up to 200 in all.
func (b Board) Actions() []ActionStatus { return nil }

// Undelivered returns how many actions are still held or on their way.
func (b Board) Undelivered() int { return 0 }

// Runs returns the runbook step runs, newest first.
func (b Board) Runs() []Run { return nil }

// Run returns one run, and whether there is one.
func (b Board) Run(id string) (Run, bool) { _ = id; return Run{}, false }

// Sources returns the state of every source, the configured ones first and in
// their order.
func (b Board) Sources() []SourceState { return nil }

// Timeline returns what happened around one page, oldest first.
func (b Board) Timeline(ref oncall.Ref) []Moment { _ = ref; return nil }

// Brief answers the first questions about one page.
func (b Board) Brief(ref oncall.Ref, now time.Time) Brief { _, _ = ref, now; return Brief{} }
