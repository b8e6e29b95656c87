package outlet

import (
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
)

// Pace draws a model no faster than its terminal takes the frames.
type Pace struct {
	out *Outlet
	// every is the least time between two frames that no key asked for, 0 for none.
	every time.Duration
	now   func() time.Time

	mu   sync.Mutex
	send func(tea.Msg)
	// size is the newest size that is not told yet.
	size  *tea.WindowSizeMsg
	owed  bool
	drawn uint64
	kept  uint64
}

// NewPace returns the pace of what is drawn on an outlet. With every over 0,
// frames are further apart unless a person did something.
func NewPace(out *Outlet, every time.Duration, now func() time.Time) *Pace {
	return &Pace{out: out, every: every, now: now}
}

// Send is told how messages come to the program, before it is run.
func (p *Pace) Send(send func(tea.Msg)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.send = send
}

// Frames returns how many frames were drawn, and how many skipped.
func (p *Pace) Frames() (drawn, skipped uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.drawn, p.kept
}

// drained says that the terminal has taken everything, so that another frame can
// be drawn.
type drained struct{}

// Filter is for tea.WithFilter: it keeps a new size back until the frame before
// is through. Each size is a whole screen of bytes, and only the last counts.
func (p *Pace) Filter(msg tea.Msg) tea.Msg {
	size, ok := msg.(tea.WindowSizeMsg)
	if !ok || !p.out.Busy() {
		return msg
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.size = &size
	p.wake()
	return nil
}

// wake has the program told when the outlet is idle. The lock is held.
func (p *Pace) wake() {
	if p.owed || p.send == nil {
		return
	}
	p.owed = true
	p.out.whenIdle(func() { go p.tell() })
}

// tell sends what was kept back. It waits for the program to take it, which
// returns when the program has ended.
func (p *Pace) tell() {
	p.mu.Lock()
	size, send := p.size, p.send
	p.size, p.owed = nil, false
	p.mu.Unlock()
	if size != nil {
		send(*size)
		return
	}
	send(drained{})
}

// Of returns the model drawn at this pace.
func (p *Pace) Of(m tea.Model) tea.Model { return &paced{Model: m, pace: p} }

// paced is a model that is drawn again only when that can be seen.
type paced struct {
	tea.Model

	pace *Pace
	last tea.View
	any  bool
	at   time.Time
	// urgent is true after something that a person did.
	urgent bool
}

// Update hands a message on.
func (m *paced) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg.(type) {
	case tea.KeyPressMsg, tea.PasteMsg, tea.MouseMsg, tea.WindowSizeMsg, drained:
		m.urgent = true
	}
	next, cmd := m.Model.Update(msg)
	m.Model = next
	return m, cmd
}

// View draws, or returns what is still on its way.
func (m *paced) View() tea.View {
	now := m.pace.now()
	m.pace.mu.Lock()
	defer m.pace.mu.Unlock()
	if m.any {
		early := m.pace.every > 0 && !m.urgent && now.Sub(m.at) >= 0 && now.Sub(m.at) < m.pace.every
		if busy := m.pace.out.Busy(); busy || early {
			m.pace.kept++
			if busy {
				m.pace.wake()
			}
			return m.last
		}
	}
	m.last, m.any, m.at, m.urgent = m.Model.View(), true, now, false
	m.pace.drawn++
	return m.last
}
