package outlet

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"
)

// Pace draws a model no faster than its terminal takes the frames.
type Pace struct {
	out *Outlet
	// every is the time in which one more frame that no key asked for may be drawn,
	// 0 for no limit, and burst how many of them can have been saved up.
	every time.Duration
	burst float64
	now   func() time.Time

	mu   sync.Mutex
	send func(tea.Msg)
	// size is the newest size that is not told yet.
	size  *tea.WindowSizeMsg
	owed  bool
	drawn uint64
	kept  uint64

	// typed is when something was typed that has not come to the program yet, in
	// nanoseconds since 1970, 0 for nothing.
	typed atomic.Int64
}

// keySoon is how long what was typed may take to come to the program. What was no
// key never does.
const keySoon = 10 * time.Millisecond

// Typed says that something was typed: a frame that nobody asked for gives way to
// the one that shows what the key does, and what else is new with it. It may be
// called from any goroutine.
func (p *Pace) Typed() { p.typed.Store(p.now().UnixNano()) }

// keyDue reports whether a key is on its way.
func (p *Pace) keyDue() bool {
	at := p.typed.Load()
	if at == 0 {
		return false
	}
	since := time.Duration(p.now().UnixNano() - at)
	return since >= 0 && since < keySoon
}

// NewPace returns the pace of what is drawn on an outlet. With every over 0,
// frames are that far apart on average unless a person did something: after a
// pause, burst of them may follow each other at once.
func NewPace(out *Outlet, every time.Duration, burst int, now func() time.Time) *Pace {
	return &Pace{out: out, every: every, burst: max(1, float64(burst)), now: now}
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

// drained says that another frame can be drawn: the terminal has taken everything,
// or the time has come. It is for this package alone.
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

// wakeIn has the program told after some time. The lock is held.
func (p *Pace) wakeIn(d time.Duration) {
	if p.owed || p.send == nil {
		return
	}
	p.owed = true
	time.AfterFunc(d, p.tell)
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

// Hurrier is a model that can show what a person did before what else is new. Hurry
// is called before each view: with true another view follows soon, with false the
// view is of everything. It reports whether the model hurries.
type Hurrier interface{ Hurry(on bool) bool }

// paced is a model that is drawn again only when that can be seen.
type paced struct {
	tea.Model

	pace *Pace
	last tea.View
	any  bool
	at   time.Time
	// saved is how many frames may be drawn at the time at.
	saved float64
	// urgent is true after something that a person did, and changed after anything
	// that may have changed what is to be seen.
	urgent, changed bool
	// typed is true while a person did what came last, and more after anything else
	// that has not been drawn.
	typed, more bool
}

// Update hands a message on.
func (m *paced) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	_, resized := msg.(tea.WindowSizeMsg)
	if _, mine := msg.(drained); mine {
		return m, nil
	}
	m.typed = byHand(msg)
	m.more = m.more || !m.typed
	if m.typed || resized {
		m.urgent = true
		m.pace.typed.Store(0)
	}
	m.changed = true
	next, cmd := m.Model.Update(msg)
	m.Model = next
	return m, cmd
}

// byHand reports whether a message is what a person did.
func byHand(msg tea.Msg) bool {
	switch msg.(type) {
	case tea.KeyPressMsg, tea.PasteMsg, tea.MouseMsg:
		return true
	}
	return false
}

// View draws, or returns what is still on its way.
func (m *paced) View() tea.View {
	now := m.pace.now()
	m.pace.mu.Lock()
	defer m.pace.mu.Unlock()
	if m.any && !m.changed {
		return m.last
	}
	saved := m.save(now)
	if m.any {
		busy := m.pace.out.Busy()
		if early := m.pace.every > 0 && !m.urgent && saved < 1; busy || early {
			m.pace.kept++
			if busy {
				m.pace.wake()
			} else {
				m.pace.wakeIn(m.due(saved))
			}
			return m.last
		}
	}
	if m.givesWay() {
		return m.last
	}
	hurried := m.hurry()
	v := m.Model.View()
	if m.givesWay() {
		return m.last // what was made is made anew with what the key does
	}
	if m.last = v; v.Content == "" {
		return v // there is nothing to be seen yet
	}
	m.pace.drawn++
	m.any, m.urgent, m.typed = true, false, false
	if hurried {
		// The next frame has its own time, or keys that follow each other would keep it
		// away.
		m.pace.wakeIn(m.due(saved))
		return m.last
	}
	m.at, m.changed, m.more = now, false, false
	m.saved = max(0, saved-1)
	return m.last
}

// hurry has the model show only what a person did when something else is to be drawn
// too, and reports whether it does.
func (m *paced) hurry() bool {
	h, can := m.Model.(Hurrier)
	if !can {
		return false
	}
	return h.Hurry(m.any && m.typed && m.more && m.pace.every > 0)
}

// due returns how long it is until a frame may be drawn that nobody asked for.
func (m *paced) due(saved float64) time.Duration {
	return time.Duration(math.Ceil(max(0, 1-saved) * float64(m.pace.every)))
}

// givesWay reports whether a frame is left to a key that is on its way. The lock is
// held.
func (m *paced) givesWay() bool {
	if !m.any || m.urgent || !m.pace.keyDue() {
		return false
	}
	m.pace.kept++
	m.pace.wakeIn(keySoon)
	return true
}

// save returns how many frames may be drawn now. A clock that was set back gives
// one.
func (m *paced) save(now time.Time) float64 {
	since := now.Sub(m.at)
	switch {
	case m.pace.every <= 0 || !m.any:
		return m.pace.burst
	case since < 0:
		return 1
	}
	return min(m.pace.burst, m.saved+float64(since)/float64(m.pace.every))
}
