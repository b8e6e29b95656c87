package ui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"conway/internal/follow"
	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/logs"
	"conway/internal/ui/overlay"
	"conway/internal/ui/pane"
)

const (
	// storeLimit is how many lines a search of a store asks for: some screens, and
	// little for any store.
	storeLimit = 1000
	// olderSpan is the least stretch that is searched for older lines.
	olderSpan = time.Hour
)

// storeSearch is the search of log stores that a person has asked for.
type storeSearch struct {
	// running are the searches that have not ended, by ID, with their sources.
	running map[int]string
	// older are those whose lines stand above the held ones, with how often such lines
	// had been let go when they began.
	older map[int]int
	// loaded are those of them that have brought lines.
	loaded map[int]bool
	// edge are lines that such a search finds again, because they are of the moment that
	// it begins with, by their text, and again counts those that it has found.
	edge  map[int]map[string]int
	again map[int]int
	last  int
	// ended is what those searches of a store have found that have ended before others
	// of the same store.
	ended map[string]oncall.LogFound
}

// fresh leaves out of what a search has found what was shown already.
func (s *storeSearch) fresh(id int, f oncall.LogFound) oncall.LogFound {
	f.Lines -= s.again[id]
	if f.Matched >= 0 {
		f.Matched -= int64(s.again[id])
	}
	return f
}

// sum adds the end of a search to those of others of the same store, and reports
// whether it was the last.
func (s *storeSearch) sum(source string, f oncall.LogFound) (all oncall.LogFound, last bool) {
	if before, more := s.ended[source]; more {
		f.Lines, f.Scanned, f.Complete = f.Lines+before.Lines, f.Scanned+before.Scanned, f.Complete && before.Complete
		f.Why = cmp.Or(before.Why, f.Why)
		if f.Matched += before.Matched; !f.Complete {
			f.Matched = -1
		}
	}
	for _, running := range s.running {
		if running == source {
			if s.ended == nil {
				s.ended = map[string]oncall.LogFound{}
			}
			s.ended[source] = f
			return f, false
		}
	}
	delete(s.ended, source)
	return f, true
}

func (m *Model) logPane() *logs.Pane {
	p, _ := m.panes[pane.Logs].(*logs.Pane)
	return p
}

// searchStore returns the intent of a new search.
func (m *Model) searchStore(source string, q oncall.LogQuery, older bool) pane.Intent {
	s := &m.store
	if s.running == nil {
		s.running, s.older, s.loaded = map[int]string{}, map[int]int{}, map[int]bool{}
		s.edge, s.again = map[int]map[string]int{}, map[int]int{}
	}
	s.last++
	s.running[s.last] = source
	if older {
		s.older[s.last] = m.logPane().LetGo()
	}
	m.logPane().Busy(s.words())
	return pane.SearchStore{ID: s.last, Source: source, Query: q}
}

// news returns what of the lines that a search has found is not shown yet.
func (s *storeSearch) news(id int, lines []oncall.LogLine) []oncall.LogLine {
	return slices.DeleteFunc(slices.Clone(lines), func(l oncall.LogLine) bool {
		shown := s.edge[id][l.Raw] > 0
		if shown {
			s.edge[id][l.Raw]--
			s.again[id]++
		}
		return shown
	})
}

// above reports whether a source is being searched for older lines.
func (s *storeSearch) above(source string) bool {
	for id, name := range s.running {
		if _, older := s.older[id]; older && name == source {
			return true
		}
	}
	return false
}

// words names the stores that are being searched.
func (s *storeSearch) words() string {
	var names []string
	for id := 1; id <= s.last; id++ {
		if name, ok := s.running[id]; ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// askStore asks for a query in a store's own language.
func (m *Model) askStore() {
	m.open(overlay.NewInput(
		text.Const("ASK A LOG STORE"), text.Const("the source's name, then a query in its own language, over the shared window"), "", nil,
		func(v string, ok bool) pane.Intent {
			source, query, two := strings.Cut(strings.TrimSpace(v), " ")
			if !ok || source == "" {
				return nil
			}
			if !two {
				return pane.Say{Reason: "write the source's name and then the query, such as: " + source + " error"}
			}
			query = strings.TrimSpace(query)
			m.cancelSearches(false)
			m.logPane().Asked(source, query)
			m.focus(pane.Logs)
			return m.searchStore(source, oncall.LogQuery{Query: query, Window: m.window.At(m.now), Limit: storeLimit}, false)
		}), false)
}

// fewHeld is how many held lines of a request are so few that its others may be
// in a store only.
const fewHeld = 3

// trace says what is shown of a request, and asks the log stores for the rest when
// a person wants that.
func (m *Model) trace(t pane.Trace) pane.Intent {
	s := m.tailed.subject
	queries := follow.TraceQueries(slices.Concat(m.opts.Logs, m.opts.Texts), s.service, s.detail, m.window.At(m.now), t.Key, t.ID, storeLimit)
	switch {
	case t.Again && len(queries) == 0:
		return pane.Say{Reason: "no log store can be searched for " + t.Key + " " + t.ID}
	case !t.Again:
		words := "every held line with "
		if t.Held <= fewHeld {
			words = fmt.Sprintf("%d held of ", t.Held)
		}
		words += t.Key + " " + t.ID + ", from all sources"
		if len(queries) > 0 {
			words += "; again searches the log stores"
		}
		return pane.Say{Reason: words + "; " + m.opts.Keys.Way(keymap.Back) + " shows all lines"}
	}
	m.cancelSearches(false)
	var names []string
	for _, q := range queries {
		names = append(names, q.Source)
	}
	m.logPane().Asked(strings.Join(slices.Compact(names), ", "), `"`+t.ID+`"`)
	var all pane.Several
	for _, q := range queries {
		all.Intents = append(all.Intents, m.searchStore(q.Source, q.LogQuery, false))
	}
	return all
}

// loadOlder asks each store for what is above the oldest line that is shown of
// it. One that is being asked is not asked for the same again.
func (m *Model) loadOlder() pane.Intent {
	var all pane.Several
	var asked []string
	for _, t := range slices.Concat(m.opts.Logs, m.opts.Texts) {
		q, ok := m.tailed.queries[t.Source]
		if text := t.Lang == follow.Literal; !ok && !text || q.Unfilled != "" {
			continue
		}
		if m.store.above(t.Source) {
			asked = append(asked, t.Source)
			continue
		}
		end, edge := m.window.At(m.now).Start, map[string]int{}
		oldest := m.logPane().Oldest(m.board, t.Source)
		if len(oldest) > 0 {
			// Of the moment of the oldest line there may be others that are not shown.
			end = oldest[0].At.Add(1)
		}
		for _, l := range oldest {
			edge[l.Raw]++
		}
		q.Window = oncall.Window{Start: end.Add(-max(olderSpan, m.window.Span)), End: end}
		q.Limit = storeLimit + len(oldest)
		all.Intents = append(all.Intents, m.searchStore(t.Source, q, true))
		m.store.edge[m.store.last] = edge
	}
	switch {
	case len(all.Intents) > 0:
	case len(asked) > 0:
		return pane.Say{Reason: "older lines of " + strings.Join(asked, ", ") + " are on their way already"}
	default:
		return pane.Say{Reason: "no log store can be asked for older lines of this page"}
	}
	return all
}

// partly reports whether a search has brought some of the older lines that stand above
// the held ones. Not every store gives its newest first, so that until it has ended
// others may be missing between these.
func (m *Model) partly(id int) bool {
	return m.store.loaded[id] && m.store.older[id] == m.logPane().LetGo()
}

// cancelSearches ends all searches, and reports whether there were any. What may be
// missing for that is said in any case.
func (m *Model) cancelSearches(say bool) (tea.Cmd, bool) {
	m.store.ended = nil
	var cmds []tea.Cmd
	var partly []string
	for id, source := range m.store.running {
		cmds = append(cmds, m.opts.World(pane.CancelSearch{ID: id}))
		delete(m.store.running, id)
		if m.partly(id) {
			partly = append(partly, source)
		}
	}
	if len(cmds) == 0 {
		return nil, false
	}
	m.logPane().Busy("")
	slices.Sort(partly)
	switch {
	case len(partly) > 0:
		m.say(text.Sprintf("the search is cancelled; between the older lines of %s that were found others may be missing", strings.Join(slices.Compact(partly), ", ")), false)
	case say:
		m.say(text.Const("the search is cancelled; what was found stays"), false)
	}
	return tea.Batch(cmds...), true
}

// storePart takes what a store has answered. That of a search which was
// cancelled is passed over.
func (m *Model) storePart(p StorePart) tea.Cmd {
	s := &m.store
	if _, ok := s.running[p.ID]; !ok {
		return nil
	}
	if p.Cost != nil {
		delete(s.running, p.ID) // nothing runs until somebody has answered
		m.askCost(p)
		return nil
	}
	let, older := s.older[p.ID]
	if older && let != m.logPane().LetGo() {
		// What they would stand above is gone.
		return m.carryOut(pane.CancelSearch{ID: p.ID})
	}
	room := true
	switch {
	case len(p.Lines) == 0:
	case older:
		room = m.logPane().LoadedOlder(s.news(p.ID, p.Lines))
		s.loaded[p.ID] = true
	default:
		m.logPane().Answered(p.Lines)
	}
	if p.Next != nil && room {
		return p.Next
	}
	delete(s.running, p.ID)
	m.logPane().Busy(s.words())
	switch {
	case !room:
		m.say(text.Sprintf("%s: no more lines are loaded above, 50,000 are the most; %s lets them go", p.Source, m.opts.Keys.Way(keymap.Bottom)), false)
		return m.opts.World(pane.CancelSearch{ID: p.ID})
	case p.Err != nil && m.partly(p.ID):
		m.say(text.Sprintf("between the older lines of %s that were found others may be missing: %s", p.Source, p.Err), true)
	case p.Err != nil:
		m.say(text.Decode(p.Err.Error()), true)
	case p.Ended != nil:
		if all, last := s.sum(p.Source, s.fresh(p.ID, *p.Ended)); last {
			m.say(FoundWords(p.Source, all), false)
		}
	}
	return nil
}

// FoundWords says how a search of a store ended.
func FoundWords(source string, f oncall.LogFound) text.Safe {
	w := text.Sprintf("%s: %s", source, pane.Count(f.Lines, "line"))
	if f.Matched > int64(f.Lines) {
		w = text.Sprintf("%s of %d that match", w, f.Matched)
	}
	if f.Scanned > 0 {
		w = text.Sprintf("%s, %s looked at", w, pane.Value(float64(f.Scanned), oncall.UnitBytes))
	}
	if !f.Complete && f.Why != "" {
		w = text.Sprintf("%s; not all: %s", w, f.Why)
	}
	return w
}

// CostWords says what a search of a store would cost it.
func CostWords(source string, c oncall.LogCost) text.Safe {
	words := text.Sprintf("%s would look at", source)
	if c.Bound {
		words = text.Sprintf("%s up to", words)
	}
	switch {
	case c.Bytes >= 0:
		words = text.Sprintf("%s %s", words, pane.Value(float64(c.Bytes), oncall.UnitBytes))
	case c.Lines >= 0:
		words = text.Sprintf("%s %s lines", words, pane.Value(float64(c.Lines), oncall.UnitNone))
	default:
		words = text.Sprintf("%s an amount that it cannot tell", words)
	}
	if c.Parts > 0 {
		words = text.Sprintf("%s in %d %s", words, c.Parts, c.PartName)
	}
	return words
}

// askCost shows what a wide search would cost, before it is run.
func (m *Model) askCost(p StorePart) {
	f := m.frame(0, 0, pane.None)
	m.logPane().Busy(m.store.words())
	m.open(overlay.NewChoice(text.Const("WIDE SEARCH"), []text.Safe{
		text.Sprintf("%s, for at most %d lines.", CostWords(p.Source, *p.Cost), p.Query.Limit),
		text.Sprintf("From %s to %s: %s", f.Date(p.Query.Window.Start), f.Date(p.Query.Window.End), p.Query.Query),
	},
		overlay.Option{Key: "y", Words: text.Sprintf("search; %s in the logs cancels it", m.opts.Keys.Way(keymap.Back)), Intent: pane.SearchStore{ID: p.ID, Source: p.Source, Query: p.Query, Sure: true}},
		overlay.Option{Key: "n", Words: text.Const("do not"), Intent: pane.CancelSearch{ID: p.ID}},
	), true)
}
