// Package sources states the contract between conway and every outside system:
// what a source must do, what it may be able to do, and the manners that all of
// them share over HTTP. Each system is a package below this one. Sources know
// nothing of the screen, of each other, or of who listens.
package sources

import (
	"context"
	"time"

	"conway/internal/oncall"
)

// Emit takes one event. It never blocks, and may be called from any goroutine
// until Run returns. What the event holds is no longer the caller's to change.
type Emit func(oncall.Event)

// Source brings in one kind of news from one outside system.
type Source interface {
	// Name returns the configured name, unique among all sources and constant.
	Name() string
	// Run blocks until ctx ends or the source cannot go on, and emits what it
	// learns meanwhile. It returns ctx's error in the first case and an
	// *oncall.Fault in the second; it may then be called again, and continues
	// where it left off. It never runs twice at once. No goroutine and no call
	// of emit outlives it. Every request it makes has a deadline.
	//
	// A source does not retry by itself: it returns the fault, and whoever
	// supervises it waits, with backoff, for as long as the fault asks.
	Run(ctx context.Context, emit Emit) error
}

// The interfaces below are abilities that a source may have. Their methods may
// be called at any time, from any goroutine, also while Run is not running.
// Each error is an *oncall.Fault.

// Acknowledger can say that somebody is on it. It returns nil only when the
// other side has confirmed it. Acknowledging a page twice is harmless; a page
// that is resolved meanwhile is left resolved and reported as Rejected.
type Acknowledger interface {
	Acknowledge(ctx context.Context, id string) error
}

// Ackless is a pager that has no acknowledgements, so that those of conway's
// cockpits are kept in their ledger alone. Acknowledge reports as Rejected that the
// page does not call any more, and otherwise only remembers. What the ledger knows
// is told to it: its own word after a new start, and those of other cockpits.
type Ackless interface {
	Acknowledger
	// Acknowledged tells of an acknowledgement that the ledger has. Telling it twice is
	// harmless, and so is telling of a page that is over.
	Acknowledged(id string, ack oncall.Acknowledgement)
	// WereOpen tells of the pages that were open when a cockpit last saw them, and
	// whose end nobody has recorded.
	WereOpen(pages []oncall.Page, seen time.Time)
}

// Resolver can end a page. Resolving twice is harmless.
type Resolver interface {
	Resolve(ctx context.Context, id string) error
}

// Snoozer can silence a page until a moment, after which it calls again. Snoozing
// twice until the same moment is harmless. A page that is resolved meanwhile is
// left resolved and reported as Rejected, and so is a moment that has passed.
type Snoozer interface {
	Snooze(ctx context.Context, id string, until time.Time) error
}

// Escalator can call a later level of a page's escalation policy. Levels count
// from 1. Escalating twice to one level is harmless, and a page that has come
// further meanwhile, or is resolved, is left as it is and reported as Rejected.
type Escalator interface {
	Escalate(ctx context.Context, id string, level int) error
}

// Reassigner can give a page to a person or to another escalation policy. Doing so
// twice is harmless. A page that is resolved meanwhile is left resolved and
// reported as Rejected.
type Reassigner interface {
	Reassign(ctx context.Context, id string, to oncall.Aim) error
}

// Merger can make a page a part of another one that is open and stays. Merging
// twice is harmless. A page that ended otherwise is reported as Rejected.
type Merger interface {
	Merge(ctx context.Context, id, into string) error
}

// Prioritiser can set a page's priority, by the id that Choices names. Setting it
// twice is harmless.
type Prioritiser interface {
	Prioritise(ctx context.Context, id, priority string) error
}

// Chooser knows what an action of a kind can be aimed at. It emits nothing.
type Chooser interface {
	Choices(ctx context.Context, kind oncall.ActionKind) (oncall.Choices, error)
}

// Annotator can write a note on a page. It is not idempotent: after an
// ambiguous fault the caller asks NoteExists before it sends again.
type Annotator interface {
	Annotate(ctx context.Context, id, text string) error
	// NoteExists reports whether a note with exactly this text by anybody is on
	// the page.
	NoteExists(ctx context.Context, id, text string) (bool, error)
}

// Filer can open an issue. It is not idempotent: the caller looks for the text's
// marker among Filed before it sends, and again after an ambiguous fault.
type Filer interface {
	File(ctx context.Context, title, text string) error
	// Filed returns the issues with a marker that changed since a moment.
	Filed(ctx context.Context, since time.Time) ([]oncall.Issue, error)
}

// NoteCounter is an Annotator that can also say how many notes with exactly this
// text are on the page, so that one which was written twice is found out.
type NoteCounter interface {
	CountNotes(ctx context.Context, id, text string) (int, error)
}

// Detailer can say more about one page. It emits nothing.
type Detailer interface {
	Detail(ctx context.Context, page oncall.Page) (oncall.PageDetail, error)
}

// Finder can say how one page stands, also one that is over or nobody's here. It
// emits nothing.
type Finder interface {
	Find(ctx context.Context, id string) (oncall.Page, error)
}

// Silencer knows what keeps its alerts from paging for now. It emits nothing.
type Silencer interface {
	Silences(ctx context.Context) ([]oncall.Silence, error)
}

// Chronicler knows who was called for a page and what they did, also of pages
// that are over. It emits nothing.
type Chronicler interface {
	// Chronicle returns the history of a page, oldest first.
	Chronicle(ctx context.Context, page oncall.Page) ([]oncall.Moment, error)
	// Opened returns the pages that were opened in a span of time, oldest first,
	// its end exclusive.
	Opened(ctx context.Context, from, to time.Time) ([]oncall.Page, error)
}

// Forgetful is a Chronicler that cannot say all that was. Forgets returns what, as a
// sentence without its full stop.
type Forgetful interface {
	Forgets() string
}

// Asker answers a question about time series until it is given another one.
// Ask does not block; the answer is emitted by Run.
type Asker interface {
	Ask(q oncall.Question)
}

// Evaluator answers a query with one number. It emits nothing.
type Evaluator interface {
	// Evaluate returns what the query was at a moment, by the other side's clock, and
	// false where it was nothing.
	Evaluate(ctx context.Context, query string, at time.Time) (value float64, ok bool, err error)
}

// Refresher looks again now instead of at its next interval. Refresh does not
// block, and many calls make one request.
type Refresher interface {
	Refresh()
}

// Tailer is a source of log lines that can be pointed at something else. Follow
// does not block; from then on Run emits the lines that answer q, from the start
// of its window on, each event with q's Scope, and no line twice, though it be
// pointed at the same q again. A query with Unfilled set is not asked: Run then
// emits an event without lines whose fault says why. Before the first Follow, Run
// waits.
type Tailer interface {
	Follow(q oncall.LogQuery)
}

// Searcher finds lines in a log store. Search blocks until it is done and hands
// over what it finds meanwhile, from its own goroutine; found never blocks. When
// ctx ends the search is cancelled on the other side too, within a bound, and
// what had been found stays handed over. It emits nothing to Run's listener.
type Searcher interface {
	Search(ctx context.Context, q oncall.LogQuery, found func(oncall.LogPart)) (oncall.LogFound, error)
}

// Estimator says what a search would cost before it is run.
type Estimator interface {
	Estimate(ctx context.Context, q oncall.LogQuery) (oncall.LogCost, error)
}

// Owners knows whose the files of a repository are. It is handed to a source of
// deploys, which alone learns what each of them changed: the paths stay there, and a
// deploy carries no more of it than a team.
type Owners interface {
	// Knows reports whether anything is known of a repository, owner/name or a local
	// path.
	Knows(repo string) bool
	// Majority returns the team that owns most of the files at paths, empty for none,
	// and in a few words how that is known or why it is not.
	Majority(repo string, paths []string) (team, why string)
}
