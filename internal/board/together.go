package board

import (
	"slices"
	"time"

	"conway/internal/oncall"
)

// edgeLines is how many lines there are in the first and the last chunk of a batch
// that was gathered: they are copied when lines that are about as old come before or
// after it.
const edgeLines = 512

// gatherFrom is from how many lines on a batch is packed before it comes to a board.
// It is what a log has to say in a frame to be one that floods.
const gatherFrom = edgeLines

// Gatherer prepares events for a board beside it, so that a board has little to do
// with many log lines. The zero value is ready. It is not safe for concurrent use.
type Gatherer struct {
	// Aside, if it is not nil, is called now and then in between, and may wait a moment,
	// for what is more urgent.
	Aside func()

	room room
	// entries is room for those of one chunk.
	entries []lineEntry
}

// asideEvery is how many lines are worked on between two pauses: some 50 µs.
const asideEvery = 256

// pauses are those that work with many lines makes. Nil makes none.
type pauses struct {
	aside func()
	lines int
}

// step says that a line is done.
func (p *pauses) step() {
	if p == nil || p.aside == nil {
		return
	}
	if p.lines++; p.lines%asideEvery == 0 {
		p.aside()
	}
}

// Together are events that came together, as ApplyTogether takes them.
type Together struct {
	// Events are those that came, in their order.
	Events []oncall.Event

	// lists are the events' lines that were put in order as lines, and chunks hold
	// them; all are empty where there was nothing to prepare.
	lists  []list
	lines  []oncall.LogLine
	chunks []*chunk
	// room takes lines back, nil where they are an event's.
	room *room
}

// Gather prepares events that came together. It takes them over.
func (g *Gatherer) Gather(events []oncall.Event) Together {
	t := Together{Events: events}
	n := 0
	for i, e := range events {
		l, ok := e.(oncall.LinesEvent)
		if !ok || len(l.Lines) == 0 {
			continue
		}
		l.Lines = inTime(l.Lines)
		events[i] = l
		n += len(l.Lines)
		t.lists = append(t.lists, list{l.Lines, l.Texts, l.At})
	}
	if n < gatherFrom {
		t.lists = nil
		return t
	}
	if g.entries == nil {
		g.entries = make([]lineEntry, 0, chunkLines)
	}
	p := &pauses{aside: g.Aside}
	if len(t.lists) == 1 {
		t.lines = t.lists[0].lines
		t.chunks = pack(t.lines, t.lists[0].texts, g.entries, p)
		return t
	}
	t.room = &g.room
	t.lines = inOrder(g.room.list(n), t.lists, p)
	for rest := t.lines; len(rest) > 0; {
		n := len(rest)
		switch {
		case len(t.chunks) == 0:
			n = min(n, edgeLines)
		case n > edgeLines:
			n = min(n-edgeLines, chunkLines)
		}
		if n < len(rest) {
			n = wholePages(rest[:n])
		}
		t.chunks = append(t.chunks, pack(rest[:n], nil, g.entries, p)...)
		rest = rest[n:]
	}
	return t
}

// pageBytes is the unit in which long texts get memory.
const pageBytes = 8 << 10

// wholePages returns how many of the lines make a text that leaves least of its last
// page empty, about all of them.
func wholePages(lines []oncall.LogLine) int {
	size := 0
	for i := range lines {
		size += len(lines[i].Raw) + 1
	}
	n, over := len(lines), size%pageBytes
	for n > 1 && over > 0 {
		n--
		over -= len(lines[n].Raw) + 1
	}
	if n < len(lines)/2 {
		return len(lines)
	}
	return n
}

// of returns what was prepared of exactly these lists, and whether it was.
func (t *Together) of(lists []list) bool {
	same := func(a, b list) bool {
		return len(a.lines) == len(b.lines) && &a.lines[0] == &b.lines[0] && a.now.Equal(b.now)
	}
	return len(t.chunks) > 0 && slices.EqualFunc(t.lists, lists, same)
}

// putChunks is put for lines of which the chunks are made already. It reports false
// when they have to be put like others, because some of them are late.
func (t Tail) putChunks(lines []oncall.LogLine, chunks []*chunk, now time.Time) (Tail, bool) {
	if t.Len() == 0 || !lines[0].At.Before(t.last(now)) {
		return t.addChunks(chunks).heard(lines, now), true
	}
	if lines[0].At.Before(t.floor()) {
		return t, false
	}
	var moved []oncall.LogLine
	if seq := t.after(lines[0].At, now); seq < t.end {
		t, moved = t.cut(seq)
		t.order.Shuffles++
	}
	// Only lines that stand before one of those that were moved are put among them.
	var newest time.Time
	for i := range moved {
		if l := &moved[i]; !l.Late && !l.At.After(now) && l.At.After(newest) {
			newest = l.At
		}
	}
	n, _ := slices.BinarySearchFunc(lines, newest, func(l oncall.LogLine, at time.Time) int { return l.At.Compare(at) })
	if len(moved)+n > 0 {
		t = t.addMerged(moved, lines[:n], now)
	}
	t.room.back(moved)
	for at := 0; len(chunks) > 0; chunks = chunks[1:] {
		switch end := at + chunks[0].len(); {
		case end <= n:
		case at < n:
			t = t.add(lines[n:end])
		default:
			return t.addChunks(chunks).heard(lines, now), true
		}
		at += chunks[0].len()
	}
	return t.heard(lines, now), true
}
