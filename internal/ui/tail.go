package ui

import (
	"fmt"
	"reflect"

	tea "charm.land/bubbletea/v2"

	"conway/internal/follow"
	"conway/internal/oncall"
	"conway/internal/ui/logs"
	"conway/internal/ui/pane"
)

// tailed is what the log stores were pointed at last.
type tailed struct {
	// subject is what the queries were filled from; it stays while the logs are
	// pinned.
	subject subject
	// queries are as they were filled, without a window, and times counts how often
	// they were sent.
	queries map[string]oncall.LogQuery
	times   int
}

// tail points the log stores at the followed page when that is another than
// before, or when more has become known of it. From then on they go on by
// themselves, so the window is the one of that moment. A pinned pane keeps its
// lines, and hears only what a query still lacks of its own page.
func (m *Model) tail(p oncall.Page, d *oncall.PageDetail) tea.Cmd {
	if len(m.opts.Logs) == 0 {
		return nil
	}
	if !m.pinned[pane.Logs] || m.tailed.lacks(m.scene.Service, p) {
		m.tailed.subject = subject{m.scene.Service, p, d}
	}
	s := m.tailed.subject
	qs := follow.LogQueries(m.opts.Logs, s.service, s.page, s.detail, oncall.Window{})
	if reflect.DeepEqual(qs, m.tailed.queries) {
		return nil
	}
	m.tailed.queries = qs
	m.tailed.times++
	// What was asked before more was known of the page is another question, though
	// the page is the same.
	scope := fmt.Sprintf("%s#%d", follow.Scope(s.service, s.page), m.tailed.times)
	send := make(map[string]oncall.LogQuery, len(qs))
	for name, q := range qs {
		q.Scope, q.Window = scope, m.window.At(m.now)
		send[name] = q
	}
	m.board = m.board.FollowLogs(scope)
	if p, ok := m.panes[pane.Logs].(*logs.Pane); ok {
		p.Left()
	}
	// What they find would stand among the lines of another page.
	ended, _ := m.cancelSearches(false)
	return tea.Batch(ended, m.opts.World(pane.Tail{Queries: send}))
}

// lacks reports whether a query could not be filled from what was known of a page, and
// of this one.
func (t *tailed) lacks(s follow.Service, p oncall.Page) bool {
	if t.subject.page.Ref != p.Ref || t.subject.service.Name != s.Name {
		return false
	}
	for _, q := range t.queries {
		if q.Unfilled != "" {
			return true
		}
	}
	return false
}
