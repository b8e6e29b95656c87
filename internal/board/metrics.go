package board

import (
	"time"

	"conway/internal/oncall"
)

// Metrics are the panels of all metrics sources for the followed scope.
type Metrics struct {
	// Question is the union of what the sources were asked.
	Question oncall.Question
	// Window is the span that the panels cover together.
	Window oncall.Window
	Panels []oncall.Panel
	// Budgets are the error budgets, that of the page's own alert first.
	Budgets []oncall.Budget
}

// answer is one source's panels for the followed scope.
type answer struct {
	question oncall.Question
	window   oncall.Window
	panels   []oncall.Panel
	budgets  []oncall.Budget
	received time.Time
}

func (b *base) applySeries(e oncall.SeriesEvent) []Change {
	i, s := b.source(e.Source, KindMetrics)
	s.heardFrom(metricsDomain, e.Stamp, e.Every, len(e.Panels) == 0 && len(e.Budgets) == 0)
	if e.Err == nil && e.Question.Scope == b.scope {
		s.answer = &answer{question: e.Question, window: e.Window, panels: e.Panels, budgets: e.Budgets, received: e.At}
	}
	return b.putSource(i, s)
}

// Metrics returns the panels of all metrics sources that answered for the scope
// given to Follow. It is at fault when any metrics source is.
func (b Board) Metrics() oncall.Reading[Metrics] {
	m := Metrics{Question: oncall.Question{Scope: b.scope}}
	var ages []age
	var fault *oncall.Fault
	for _, s := range b.sources {
		if !s.speaksFor(metricsDomain) {
			continue
		}
		a := s.age(metricsDomain)
		if fault == nil {
			fault = a.Fault
		}
		if s.answer == nil {
			continue
		}
		a.Received, a.Empty = s.answer.received, len(s.answer.panels) == 0 && len(s.answer.budgets) == 0
		ages = append(ages, a)
		m.add(*s.answer)
	}
	w, _ := worstOf(ages, b.now)
	if w.Fault == nil {
		w.Fault = fault
	}
	return reading(w, m)
}

// add merges one source's answer in.
func (m *Metrics) add(a answer) {
	if len(m.Question.Queries) == 0 && m.Window == (oncall.Window{}) {
		m.Question.Span, m.Question.End, m.Question.Columns = a.question.Span, a.question.End, a.question.Columns
		m.Window = a.window
	}
	m.Question.Queries = append(m.Question.Queries, a.question.Queries...)
	m.Question.Budgets = append(m.Question.Budgets, a.question.Budgets...)
	m.Panels = append(m.Panels, a.panels...)
	m.Budgets = append(m.Budgets, a.budgets...)
	if a.window.Start.Before(m.Window.Start) {
		m.Window.Start = a.window.Start
	}
	if a.window.End.After(m.Window.End) {
		m.Window.End = a.window.End
	}
}
