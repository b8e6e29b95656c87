package board

import (
	"time"

	"conway/internal/oncall"
)

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
	// LineCap is how many log lines are kept, 0 for 1,000,000.
	LineCap int
	// Sources are shown as never having answered until they do.
	Sources []SourceInfo
}

// Board is what is known now. The zero value is an empty board without sources.
type Board struct{ base }

// base is a Board to the functions that make the next one: they replace its
// parts and never change what a part points to.
type base struct {
	me    string
	scope string
	// now is the stamp of the newest event: the only clock there is.
	now time.Time

	sources []source
	entries map[oncall.Ref]*entry
	claims  map[oncall.Ref]claim
	// firstGone is since when the page is gone that is so for longest.
	firstGone time.Time
	actions   []*ActionStatus
	details   map[oncall.Ref]oncall.Reading[oncall.PageDetail]
	choices   map[choiceKey]oncall.Reading[oncall.Choices]
	sheet     oncall.Reading[oncall.Sheet]
	runs      []*Run
	tail      Tail
	recall    oncall.Recall
	nights    oncall.Reading[oncall.Nights]
	// tailScope is the scope of the lines that are taken, nil for any; streams is
	// what is known of each source's lines.
	tailScope *string
	streams   map[string]stream

	// The views are computed when first asked for and shared by all copies.
	rows    func() rowView
	deploys func() []oncall.Deploy
	acts    func() []ActionStatus
}

// New returns a board on which nobody has answered yet.
func New(opts Options) Board {
	b := Board{base{me: opts.Me, tail: newTail(opts.LineCap)}}
	for _, s := range opts.Sources {
		b.sources = append(b.sources, source{name: s.Name, kind: s.Kind})
	}
	return b
}

// Apply folds one event in. It returns the new board and what a person may want
// to hear about, in the order in which it happened.
func (b Board) Apply(e oncall.Event) (Board, []Change) { return b.apply(e, nil) }

// ApplyAll folds in events that came together, like Apply one after the other.
// Their log lines are put in order among each other first, however far apart
// their times are.
func (b Board) ApplyAll(events []oncall.Event) (Board, []Change) {
	return b.ApplyTogether(Together{Events: events})
}

// ApplyTogether is ApplyAll of events that a Gatherer has prepared. They can be
// applied once.
func (b Board) ApplyTogether(t Together) (Board, []Change) {
	var all []Change
	g := gathered{ready: &t}
	for _, e := range t.Events {
		var changes []Change
		b, changes = b.apply(e, &g)
		all = append(all, changes...)
	}
	g.put(&b.base)
	return b, all
}

func (b Board) apply(e oncall.Event, g *gathered) (Board, []Change) {
	if e == nil {
		return b, nil
	}
	// Without its monotonic reading, which stops while a laptop sleeps. A batch is
	// not in the order of its stamps, and a board that looked back would take the
	// newest news for the one to be doubted.
	if at := e.Meta().At.Round(0); at.After(b.now) {
		b.now = at
	}
	var changes []Change
	switch e := e.(type) {
	case oncall.PagesEvent:
		changes = b.applyPages(e)
	case oncall.DetailEvent:
		b.applyDetail(e)
	case oncall.RosterEvent:
		changes = b.applyRoster(e)
	case oncall.DeploysEvent:
		changes = b.applyDeploys(e)
	case oncall.SeriesEvent:
		changes = b.applySeries(e)
	case oncall.LinesEvent:
		changes = b.applyLines(e, g)
	case oncall.ActionEvent:
		changes = b.applyAction(e)
	case oncall.RunEvent:
		changes = b.applyRun(e)
	case oncall.ChoicesEvent:
		b.applyChoices(e)
	case oncall.SheetEvent:
		b.sheet.Fault = e.Err
		if e.Err == nil {
			b.sheet.Value, b.sheet.Received = e.Sheet, e.At
		}
	case oncall.HealthEvent:
		changes = b.applyHealth(e)
	case oncall.RecallEvent:
		b.recall = e.Recall
	case oncall.NightsEvent:
		b.applyNights(e)
	}
	return b, append(changes, b.sweep()...)
}

// Follow returns a board that takes metrics answers of this scope only; answers
// to another scope are forgotten.
func (b Board) Follow(scope string) Board {
	if scope == b.scope {
		return b
	}
	b.scope = scope
	for i, s := range b.sources {
		if s.answer != nil && s.answer.question.Scope != scope {
			s.answer = nil
			b.putSource(i, s)
		}
	}
	return b
}
