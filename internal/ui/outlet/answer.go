package outlet

import (
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
)

// Answer lets work beside the screen step aside while what was typed is not answered
// on the screen: on a machine with few processors, or one whose system runs threads
// on as few as it can, the frame would wait for them. It is safe for concurrent use.
type Answer struct {
	now func() time.Time

	mu sync.Mutex
	// given is closed with the answer that is due, nil while none is.
	given chan struct{}
	since time.Time
	// calm is until when nobody waits: work goes on for at least as long as it waited.
	calm time.Time
	// begun is true once the program has got what was typed.
	begun bool
	// told says that an answer was given.
	told chan struct{}
}

// NewAnswer returns one of which none is due, by a clock.
func NewAnswer(now func() time.Time) *Answer { return &Answer{now: now, told: make(chan struct{}, 1)} }

// Given returns what something can be received from once an answer was given, and
// none has been received since. It is for one to receive.
func (a *Answer) Given() <-chan struct{} { return a.told }

// IsDue reports whether what was typed waits for an answer.
func (a *Answer) IsDue() bool {
	_, left := a.due()
	return left > 0
}

// Due says that something was typed.
func (a *Answer) Due() {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	if a.given == nil {
		a.given, a.since, a.begun = make(chan struct{}), now, false
	}
	if now.Sub(a.since) >= keySoon {
		a.since, a.begun = now, false // what was typed before was no key
	}
}

// Wait returns when no answer is due. It does not wait long for one, nor again at
// once: terminals send what is no key and has no answer, and work must get on.
func (a *Answer) Wait() {
	given, left := a.due()
	if left <= 0 {
		return
	}
	from, late := a.now(), time.NewTimer(left)
	defer late.Stop()
	select {
	case <-given:
	case <-late.C:
	}
	now := a.now()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calm = now.Add(now.Sub(from))
}

// due returns what is closed when the answer is given, and how long to wait for that.
func (a *Answer) due() (given <-chan struct{}, left time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.given == nil || a.now().Before(a.calm) {
		return nil, 0
	}
	return a.given, keySoon - a.now().Sub(a.since)
}

// give ends the waiting.
func (a *Answer) give() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.given != nil && a.begun {
		close(a.given)
		a.given = nil
		select {
		case a.told <- struct{}{}:
		default:
		}
	}
}

// begin says that the program has got what was typed.
func (a *Answer) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.begun = true
}

// Of returns a model whose view, drawn on the screen by itself, is the answer to what
// was typed.
func (a *Answer) Of(m tea.Model) tea.Model { return &answering{Model: m, answer: a} }

type answering struct {
	tea.Model

	answer *Answer
}

// Update hands a message on.
func (m *answering) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if byHand(msg) {
		m.answer.begin()
	}
	next, cmd := m.Model.Update(msg)
	m.Model = next
	return m, cmd
}

// View draws, and says so.
func (m *answering) View() tea.View {
	v := m.Model.View()
	m.answer.give()
	return v
}
