package main

import (
	"sync"

	"conway/internal/oncall"
)

// memory holds the last good word of each source until it is written down.
type memory struct {
	mu    sync.Mutex
	words map[memoryKey]kept
}

type memoryKey struct{ source, kind string }

// note takes one event; failures and lists that were cut short are not worth
// remembering.
func (m *memory) note(e oncall.Event) {
	meta := e.Meta()
	if meta.Err != nil {
		return
	}
	key, k := memoryKey{source: meta.Source}, kept{}
	switch e := e.(type) {
	case oncall.PagesEvent:
		if !e.Complete {
			return
		}
		key.kind, k.Pages = "pages", &e
	case oncall.DeploysEvent:
		key.kind, k.Deploys = "deploys", &e
	case oncall.RosterEvent:
		key.kind, k.Roster = "roster", &e
	default:
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.words == nil {
		m.words = map[memoryKey]kept{}
	}
	m.words[key] = k
}

// take returns what came since the last call.
func (m *memory) take() map[memoryKey]kept {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := m.words
	m.words = nil
	return out
}
