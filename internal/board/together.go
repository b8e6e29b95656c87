package board

import (
	"slices"
	"time"

	"conway/internal/oncall"
)

// gatherFrom is from how many lines on a batch is packed before it comes to a board.
// It is what a log has to say in a frame to be one that floods.
const gatherFrom = 512

// Gatherer prepares events for a board beside it, so that a board has little to do
// with many log lines. The zero value is ready. It is not safe for concurrent use.
type Gatherer struct {
	// Aside, if it is not nil, is called now and then in between, and may wait a moment,
	// for what is more urgent.
	Aside func()

	packer packer
	weaver weaver
}

// asideEvery is how many lines are worked on between two pauses: some 50 µs.
const asideEvery = 256

// pauses are those that work with many lines makes. The zero value makes none.
type pauses struct {
	aside func()
	lines int
}

// step says that a line is done.
func (p *pauses) step() {
	if p.aside == nil {
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

	// lists are the events' lines, and blocks hold them in order; both are empty where
	// there was nothing to prepare.
	lists  []list
	blocks []block
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
	p := &g.packer
	p.aside = g.Aside
	packed := make([][]*chunk, len(t.lists))
	for k, l := range t.lists {
		packed[k] = p.pack(l.lines, l.texts)
	}
	if len(packed) == 1 {
		t.blocks = blocks(packed[0])
		return t
	}
	at := make([]int, len(packed))
	turns(t.lists, func(k, _ int) {
		c := packed[k][0]
		g.weaver.add(c, at[k])
		if at[k]++; at[k] == c.len() {
			packed[k], at[k] = packed[k][1:], 0
		}
		p.step()
	})
	t.blocks = g.weaver.take()
	return t
}

func blocks(of []*chunk) []block {
	out := make([]block, len(of))
	for i, c := range of {
		out[i] = c
	}
	return out
}

// of returns what was prepared of exactly these lists, and whether it was.
func (t *Together) of(lists []list) bool {
	same := func(a, b list) bool {
		return len(a.lines) == len(b.lines) && &a.lines[0] == &b.lines[0] && a.now.Equal(b.now)
	}
	return len(t.blocks) > 0 && slices.EqualFunc(t.lists, lists, same)
}

// putBlocks is put for lines of which the blocks are made already. It reports false
// when they have to be put like others, because some of them are late.
func (t Tail) putBlocks(blocks []block, now time.Time) (Tail, bool) {
	fresh := tailOf(blocks)
	first := fresh.time(0)
	if t.Len() > 0 && first.Before(t.last(now)) {
		if first.Before(t.floor()) {
			return t, false
		}
		if seq := t.after(first, now); seq < t.end {
			moved := tailOf(t.rest(seq))
			t = t.keep(seq, func(b block, n int) block { return b.between(0, n) })
			t.order.Shuffles++
			blocks = woven(moved, fresh, now)
		}
	}
	t = t.addBlocks(blocks)
	for i := fresh.Len() - 1; i >= 0; i-- {
		if at := fresh.time(i); !at.After(now) {
			t = t.heard(at)
			break
		}
	}
	return t, true
}

// tailOf returns blocks as a tail to look at.
func tailOf(blocks []block) Tail {
	var t Tail
	for _, b := range blocks {
		t.blocks = append(t.blocks, placed{b, t.end})
		t.end += uint64(b.len())
	}
	return t
}

// woven returns fresh lines among those that were moved to let them in, as addMerged
// has them.
func woven(moved, fresh Tail, now time.Time) []block {
	// Only lines that stand before one of those that were moved are put among them.
	var newest time.Time
	for i := range moved.Len() {
		c, j := moved.place(i)
		if at := c.time(j); !c.late(j) && !at.After(now) && at.After(newest) {
			newest = at
		}
	}
	n := fresh.Since(newest)
	var w weaver
	for i, k := 0, 0; i < moved.Len() || k < n; {
		if i < moved.Len() {
			c, j := moved.place(i)
			if k == n || !before(fresh.time(k), c.time(j), c.late(j), now) {
				w.add(c, j)
				i++
				continue
			}
		}
		w.add(fresh.place(k))
		k++
	}
	return append(w.take(), fresh.rest(uint64(n))...)
}
