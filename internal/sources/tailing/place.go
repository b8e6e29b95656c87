package tailing

import (
	"hash/maphash"
	"maps"
	"time"

	"conway/internal/oncall"
)

const (
	// Lookback is how far a tail goes back whose query does not say.
	Lookback = 15 * time.Minute
	// History is how many lines a tail begins with whose query does not say.
	History = 1000
	// Overlap is how far before the newest line a store is asked again: lines of
	// busy agents become visible that much later than younger ones.
	Overlap = 30 * time.Second
	// Behind is how far before that it is asked now and then, for the lines of machines
	// whose clocks are as much as five minutes behind.
	Behind = 6 * time.Minute
	// eachLook is how many looks there are for each one that goes so far back, and
	// lateLines how many lines that one brings at most.
	eachLook  = 12
	lateLines = 10_000
	// forgetAt is how many lines are remembered before those that cannot come
	// again are forgotten.
	forgetAt = 1 << 16
)

// Entry is one line of a store. Its time is by the store's clock.
type Entry struct {
	Line oncall.LogLine
	// Key tells lines with the same time and text apart, such as the stream they
	// are in or an id.
	Key string
	// ID tells the line from all others by itself, for a store that writes the same
	// line in more than one way; empty where Raw does.
	ID string
	// Untimed is true for a record that could not be read and is shown as it came;
	// its time is only a place beside the others.
	Untimed bool
	// Outside is true for one that was not asked for, and only tells where a page
	// ended.
	Outside bool
}

// text is what tells lines of the same time and key apart.
func (e Entry) text() string {
	if e.ID != "" {
		return e.ID
	}
	return e.Line.Raw
}

// Unread is a record that could not be read, as it came.
func Unread(record, key, origin string) Entry {
	raw, cut := Cap(record)
	return Entry{Key: key, Untimed: true, Line: oncall.LogLine{Raw: raw, Message: raw, Origin: origin, Cut: cut}}
}

// Place is how far a tail has come. The zero value is at no place.
type Place struct {
	start, edge time.Time
	seen        map[uint64]int64
	forgetAt    int
	seed        maphash.Seed
	// hold is where lines may still be missing, zero for nowhere.
	hold time.Time
	// turn is the query whose beginning has been shown, 0 for none.
	turn int
	// known is the moment from which on all lines were looked at, looks counts looks
	// since the last one that went far back, and crowded is true once there were too
	// many lines for one.
	known   time.Time
	looks   int
	crowded bool
}

// Begin puts the place at the beginning of a tail.
func (p *Place) Begin(start time.Time) {
	*p = Place{start: start, known: start, seen: map[uint64]int64{}, forgetAt: forgetAt, seed: maphash.MakeSeed()}
}

// Know tells from which moment on all lines were looked at: what is older and comes
// to light is not late, but was left out.
func (p *Place) Know(from time.Time) { p.known = from }

// Back returns the moment to ask the store from where also the lines of machines
// whose clocks are behind may not have come. It is never after From.
func (p *Place) Back() time.Time {
	from := p.From()
	back := from.Add(-Behind)
	for _, known := range []time.Time{p.start, p.known} {
		if known.After(back) {
			back = known
		}
	}
	if back.After(from) {
		return from
	}
	return back
}

// Arrive tells that the beginning of the turn-th query's tail has been shown.
func (p *Place) Arrive(turn int) { p.turn = turn }

// Arrived reports whether the beginning of the turn-th query's tail has been
// shown, so that a tail of it goes on rather than begins.
func (p *Place) Arrived(turn int) bool { return p.turn == turn }

// Hold keeps From from going beyond where it is, because lines from there on may
// be missing; Release lets it go.
func (p *Place) Hold() { p.hold = p.From() }

// Release ends a Hold.
func (p *Place) Release() { p.hold = time.Time{} }

// From returns the moment to ask the store from.
func (p *Place) From() time.Time {
	if !p.hold.IsZero() {
		return p.hold
	}
	if from := p.edge.Add(-Overlap); from.After(p.start) {
		return from
	}
	return p.start
}

// Edge returns the time of the newest line, or the beginning when there is none.
func (p *Place) Edge() time.Time {
	if p.edge.After(p.start) {
		return p.edge
	}
	return p.start
}

// Take reports whether an entry comes for the first time, and moves the place on
// to it, but not beyond now: a line from the future must not hide those before it.
func (p *Place) Take(e Entry, now time.Time) bool {
	at := e.Line.At
	key := p.hash(e)
	if _, again := p.seen[key]; again {
		return false
	}
	p.seen[key] = at.UnixNano()
	if at.After(now) {
		at = now
	}
	if at.After(p.edge) && !e.Untimed {
		p.edge = at
	}
	if len(p.seen) >= p.forgetAt {
		p.forget()
	}
	return true
}

// forget lets go of lines that are too old to come again.
func (p *Place) forget() {
	before := p.Back().Add(-Overlap).UnixNano()
	maps.DeleteFunc(p.seen, func(_ uint64, at int64) bool { return at < before })
	p.forgetAt = max(forgetAt, 2*len(p.seen))
}

// hash makes a key of 64 bits, of which two of a million lines are the same once
// in forty million nights.
func (p *Place) hash(e Entry) uint64 {
	var h maphash.Hash
	h.SetSeed(p.seed)
	if !e.Untimed {
		maphash.WriteComparable(&h, e.Line.At.UnixNano())
	}
	_, _ = h.WriteString(e.Key)
	_ = h.WriteByte(0)
	_, _ = h.WriteString(e.text())
	return h.Sum64()
}
