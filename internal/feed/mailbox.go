package feed

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"conway/internal/oncall"
)

// defaultLines is the line bound when none is given: half a second of the
// fastest logs, and about 5 MB before the lines' own text.
const defaultLines = 50_000

// Mailbox holds what has become known until the screen takes it. Many put, one
// takes; it never makes a source wait for the screen. The idea is fzf's event
// box: a producer overwrites its own slot, and the consumer takes all slots.
//
// What is pending stays bounded: one snapshot per source and kind (per page for
// details), and lines up to a bound. Only actions and the states of steps are
// kept without one: a person makes them, and losing one would be a lie.
type Mailbox struct {
	wake  chan struct{}
	bound int
	// flooding are the logs that flooded when Next last returned; only it uses them.
	flooding map[string]bool

	mu      sync.Mutex
	seq     uint64
	pending *pending
}

// NewMailbox returns an empty mailbox that holds up to lineBound lines of logs
// and step output in total; 0 means 50,000.
func NewMailbox(lineBound int) *Mailbox {
	if lineBound <= 0 {
		lineBound = defaultLines
	}
	return &Mailbox{wake: make(chan struct{}, 1), bound: lineBound, pending: newPending()}
}

// Put adds one event. It never blocks and may be called from any goroutine. The
// lists of lines in the event are the mailbox's from then on.
//
// A snapshot takes the place of an unread older one of the same source, except
// that a failure is kept behind unread data and not in its place. Lines and
// output are appended; when there are more than the bound, the log or step with
// the most pending loses its oldest, counted exactly, so that a flood in one
// never drowns another. A step's changes of state and all actions are kept.
func (m *Mailbox) Put(e oncall.Event) {
	if e == nil {
		return
	}
	m.mu.Lock()
	m.seq++
	m.pending.add(m.seq, e)
	m.pending.trim(m.bound)
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Next waits until something is pending and returns all of it: actions first,
// then steps, pages, health, details, rosters, deploys, series and recalls, and lines
// last; within each in the order of arrival. It returns ctx's error once ctx
// has ended; what is pending then stays. Only one goroutine may call it.
func (m *Mailbox) Next(ctx context.Context) ([]oncall.Event, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		m.linger(ctx)
		if events := m.take(); len(events) > 0 {
			return events, nil
		}
		select {
		case <-ctx.Done():
		case <-m.wake:
		}
	}
}

const (
	// floodLines is how many pending lines of a log are a flood: they pass faster than
	// anybody reads, so that they can wait for those of others.
	floodLines = 256
	// lingerFor is how long they wait at most, about a frame.
	lingerFor = 16 * time.Millisecond
)

// linger waits, while nothing is pending but floods of lines, for the other logs
// that have flooded before: lines that come together are put in order once.
func (m *Mailbox) linger(ctx context.Context) {
	var late <-chan time.Time
	for m.awaits() && ctx.Err() == nil {
		if late == nil {
			t := time.NewTimer(lingerFor)
			defer t.Stop()
			late = t.C
		}
		select {
		case <-ctx.Done():
		case <-m.wake:
		case <-late:
			return
		}
	}
}

// awaits reports whether only floods are pending, and not all that there were.
func (m *Mailbox) awaits() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.pending.floods()
	if now == nil {
		return false
	}
	for name := range m.flooding {
		if !now[name] {
			return true
		}
	}
	return false
}

// take returns everything in order and leaves the mailbox empty. Only the swap
// happens under the lock, so that a Put never waits for the copying.
func (m *Mailbox) take() []oncall.Event {
	m.mu.Lock()
	old := m.pending
	m.pending = newPending()
	m.mu.Unlock()
	if floods := old.floods(); floods != nil {
		m.flooding = floods
	}
	entries := old.entries()
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.topic, b.topic), cmp.Compare(a.seq, b.seq))
	})
	events := make([]oncall.Event, len(entries))
	for i, e := range entries {
		events[i] = e.event
	}
	return events
}
