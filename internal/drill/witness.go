package drill

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"conway/internal/oncall"
)

// maxWitnessed bounds each kind of thing that the witness remembers.
const maxWitnessed = 200

// witness remembers what the cockpit got to know, and when. It keeps a few words
// of each event, never the event.
type witness struct {
	mu      sync.Mutex
	pages   map[string]time.Time
	deploys map[string]time.Time
	history map[string]moment
	// critical is when a panel's newest value first reached its threshold.
	critical map[string]time.Time
	lines    int
	errors   int
	firstErr time.Time
	actions  []oncall.ActionEvent
	runs     []oncall.StepRun
}

func newWitness() *witness {
	return &witness{
		pages: map[string]time.Time{}, deploys: map[string]time.Time{},
		history: map[string]moment{}, critical: map[string]time.Time{},
	}
}

// see takes one event.
func (w *witness) see(e oncall.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := e.Meta().At
	switch e := e.(type) {
	case oncall.PagesEvent:
		for _, p := range e.Pages {
			first(w.pages, p.Ref.ID, at)
		}
	case oncall.DetailEvent:
		if h := e.Detail.History; h != nil && h.Count > 0 && len(w.history) < maxWitnessed {
			if _, ok := w.history[e.Page.ID]; !ok {
				w.history[e.Page.ID] = moment{at, historyText(*h)}
			}
		}
	case oncall.DeploysEvent:
		for _, d := range e.Deploys {
			first(w.deploys, d.Version, at)
		}
	case oncall.SeriesEvent:
		for _, p := range e.Panels {
			if p.Critical != nil && p.Latest != nil && p.Latest.V >= *p.Critical {
				first(w.critical, p.Panel, at)
			}
		}
	case oncall.LinesEvent:
		w.seeLines(e)
	case oncall.ActionEvent:
		w.seeAction(e)
	case oncall.RunEvent:
		w.seeRun(e.Run)
	case oncall.RosterEvent, oncall.HealthEvent, oncall.RecallEvent, oncall.NightsEvent:
	}
}

// first notes when a thing was seen, once.
func first(seen map[string]time.Time, name string, at time.Time) {
	if _, ok := seen[name]; !ok && len(seen) < maxWitnessed {
		seen[name] = at
	}
}

func (w *witness) seeLines(e oncall.LinesEvent) {
	w.lines += len(e.Lines)
	for _, l := range e.Lines {
		if l.Level < oncall.LevelError {
			continue
		}
		w.errors++
		if w.firstErr.IsZero() {
			w.firstErr = e.At
		}
	}
}

func (w *witness) seeAction(e oncall.ActionEvent) {
	i := slices.IndexFunc(w.actions, func(x oncall.ActionEvent) bool { return x.Action.ID == e.Action.ID })
	switch {
	case i >= 0:
		w.actions[i] = e
	case len(w.actions) < maxWitnessed:
		w.actions = append(w.actions, e)
	}
}

func (w *witness) seeRun(r oncall.StepRun) {
	i := slices.IndexFunc(w.runs, func(x oncall.StepRun) bool { return x.ID == r.ID })
	switch {
	case i >= 0:
		w.runs[i] = r
	case len(w.runs) < maxWitnessed:
		w.runs = append(w.runs, r)
	}
}

func historyText(h oncall.History) string {
	s := fmt.Sprintf("its history: %s before", times(h.Count))
	if h.Fix != "" {
		s += fmt.Sprintf(", last fixed by %q", clip(h.Fix))
	}
	return s
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}
