package polled

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/lines"
)

// Hit is one line that a store found.
type Hit struct {
	// ID is equal for the same line in another answer, and differs for all others.
	ID string
	// Line is on this machine's clock.
	Line oncall.LogLine
	// Arrived is when the store took the line in, by the store's clock; zero where
	// it does not say.
	Arrived time.Time
}

// Ask asks the store for the lines that answer q and have arrived at since or
// later, by its own clock. A zero since asks for all in q's window. Lines that
// came before an error are returned with it. left says why lines are missing, and
// is empty when none are.
type Ask func(ctx context.Context, q oncall.LogQuery, since time.Time) (hits []Hit, left string, err error)

// Options say how a store is followed. All are needed.
type Options struct {
	// Source is the configured name.
	Source string
	// Every is the time between two questions, and Overlap how far each reaches
	// back.
	Every, Overlap time.Duration
	// Skew is how far the store's clock is ahead.
	Skew *sources.Skew
	// Ask asks the store.
	Ask Ask
}

// Tail follows one query at a time. It is safe for concurrent use, but for Run,
// which never runs twice at once.
type Tail struct {
	o     Options
	nudge sources.Nudge

	mu    sync.Mutex
	query oncall.LogQuery
	// turn counts the queries; 0 is none yet.
	turn int
	// told is true once a query that cannot be asked was answered with the reason.
	told bool
	// supersede ends the question for an earlier query, if one is being asked.
	supersede context.CancelFunc
	// newest is the newest arrival that was seen, and seen are the lines by id.
	newest time.Time
	seen   map[string]sight
	// floor is the arrival up to which lines were forgotten because they were too many,
	// and are not asked for any more; zero for none. crowded is true once that was told.
	floor   time.Time
	crowded bool
}

// sight is what is known of a line that was seen.
type sight struct {
	arrived time.Time
	// told is true when the store has told the arrival itself.
	told bool
}

const (
	// maxSeen bounds the lines that are remembered, to some ten megabytes, and keptSeen
	// is how many of them are left then.
	maxSeen  = 1 << 17
	keptSeen = maxSeen / 4 * 3
	// grain is how exactly some stores tell an arrival: in whole seconds.
	grain = time.Second
)

// New returns a tail that follows nothing yet.
func New(o Options) *Tail {
	return &Tail{o: o, nudge: sources.NewNudge(), seen: map[string]sight{}}
}

// Follow points the tail at q. The query that is followed already changes
// nothing.
func (t *Tail) Follow(q oncall.LogQuery) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.turn > 0 && q == t.query {
		return
	}
	t.query, t.told, t.newest, t.seen = q, false, time.Time{}, map[string]sight{}
	t.floor, t.crowded = time.Time{}, false
	t.turn++
	if t.supersede != nil {
		t.supersede()
	}
	t.nudge.Poke()
}

// Refresh asks again now.
func (t *Tail) Refresh() { t.nudge.Poke() }

// Run follows the query until ctx ends or the store fails.
func (t *Tail) Run(ctx context.Context, emit sources.Emit) error {
	t.mu.Lock()
	t.told = false
	t.mu.Unlock()
	return sources.Poll(ctx, t.o.Every, t.nudge, func(ctx context.Context) error { return t.round(ctx, emit) })
}

// round asks once.
func (t *Tail) round(ctx context.Context, emit sources.Emit) error {
	asking, cancel := context.WithCancel(ctx)
	defer cancel()
	q, turn, since, ask := t.begin(cancel, emit)
	if !ask {
		return nil
	}
	asked := t.there()
	hits, left, err := t.o.Ask(asking, q, since)
	t.mu.Lock()
	defer t.mu.Unlock()
	if turn != t.turn {
		return ctx.Err() // Follow has poked, so its query is next, unless all is over
	}
	t.supersede = nil
	t.take(emit, hits, left, err, asked)
	return err
}

// begin returns what to ask, if there is anything.
func (t *Tail) begin(cancel context.CancelFunc, emit sources.Emit) (q oncall.LogQuery, turn int, since time.Time, ask bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.turn == 0:
		return q, 0, since, false
	case t.query.Unfilled != "":
		if !t.told {
			t.told = true
			emit(t.event(nil, Unfilled(t.o.Source, t.query)))
		}
		return q, 0, since, false
	}
	t.supersede = cancel
	if !t.newest.IsZero() {
		since = t.newest.Add(-t.o.Overlap)
		if t.floor.After(since) {
			since = t.floor
		}
	}
	return t.query, t.turn, since, true
}

// take emits what is new among the hits. t.mu is held, so that nothing of an
// earlier query is emitted once Follow has returned.
func (t *Tail) take(emit sources.Emit, hits []Hit, left string, err error, asked time.Time) {
	news := make([]oncall.LogLine, 0, len(hits))
	newest := t.newest
	for _, h := range hits {
		told := !h.Arrived.IsZero() && !h.Arrived.After(asked)
		if !told {
			// An arrival in the future is of a clock that is wrong, and must not hide
			// what arrives by one that is right.
			h.Arrived = asked
		}
		if h.Arrived.After(newest) {
			newest = h.Arrived
		}
		_, old := t.seen[h.ID]
		if !old && told && !h.Arrived.After(t.floor) {
			continue // it may be one that was forgotten
		}
		if !old {
			news = append(news, h.Line)
		}
		t.seen[h.ID] = sight{h.Arrived, told}
	}
	if err == nil {
		t.newest = newest
		t.forget(newest.Add(-t.o.Overlap))
		if t.crowd() && left == "" && !t.crowded {
			t.crowded = true
			left = fmt.Sprintf("lines that are found late may be left out: more than %d came in %v", maxSeen, t.o.Overlap)
		}
	}
	slices.SortStableFunc(news, func(a, b oncall.LogLine) int { return a.At.Compare(b.At) })
	dropped := oncall.Dropped{Reason: left}
	if left != "" {
		dropped.Count = 1
	}
	for batch := range slices.Chunk(news, lines.MaxBatch) {
		e := t.event(batch, nil)
		e.Dropped, dropped = dropped, oncall.Dropped{}
		emit(e)
	}
	if len(news) == 0 && err == nil {
		e := t.event(nil, nil)
		e.Dropped = dropped
		emit(e)
	}
}

// forget drops the ids of lines that cannot come again, because they arrived
// before all that is asked for from now on.
func (t *Tail) forget(before time.Time) {
	for id, s := range t.seen {
		// Stores that tell an arrival in whole seconds may mean the second before.
		if s.arrived.Before(before.Add(-grain)) {
			delete(t.seen, id)
		}
	}
}

// crowd forgets the lines that arrived first when there are too many, and has them
// not asked for again. It reports whether it did. Those of the newest second stay, of
// which others may still come, and so do those whose arrival the store does not tell.
func (t *Tail) crowd() bool {
	if len(t.seen) <= maxSeen {
		return false
	}
	arrivals := make([]time.Time, 0, len(t.seen))
	for _, s := range t.seen {
		arrivals = append(arrivals, s.arrived)
	}
	slices.SortFunc(arrivals, time.Time.Compare)
	floor := arrivals[len(arrivals)-keptSeen-1]
	if last := t.newest.Add(-grain); floor.After(last) {
		floor = last
	}
	if !floor.After(t.floor) {
		return false
	}
	t.floor = floor
	maps.DeleteFunc(t.seen, func(_ string, s sight) bool { return s.told && !s.arrived.After(floor) })
	return true
}

func (t *Tail) event(batch []oncall.LogLine, f *oncall.Fault) oncall.LinesEvent {
	return oncall.LinesEvent{
		Stamp: oncall.Stamp{Source: t.o.Source, At: time.Now(), Err: f, Skew: t.o.Skew.Ahead()},
		Scope: t.query.Scope, Lines: batch,
	}
}

// there returns the time by the store's clock.
func (t *Tail) there() time.Time { return time.Now().Add(t.o.Skew.Ahead()) }

// Unfilled is the refusal of a query that cannot be asked, with its reason.
func Unfilled(source string, q oncall.LogQuery) *oncall.Fault {
	const maxWords = 200
	return &oncall.Fault{Kind: oncall.Rejected, Source: source, Op: "find lines", Detail: sources.Printable(q.Unfilled, maxWords)}
}
