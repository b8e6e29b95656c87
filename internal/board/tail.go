package board

import (
	"iter"
	"slices"
	"sort"
	"time"

	"conway/internal/oncall"
)

const (
	// defaultLineCap is how many log lines are kept: with lines of 195 bytes the
	// 210 MB of a busy service's last minutes, or of a quiet one's day.
	defaultLineCap = 1_000_000
	// tailBytes bounds the text of all lines kept, for logs of longer lines.
	tailBytes = 192 << 20
	// gapCap is how many gaps are kept.
	gapCap = 256
)

// Tail is the log lines that are kept, oldest first. It is a value: a Tail that
// was taken earlier still holds what it held.
//
// The lines are in immutable blocks. A new batch is a chunk of its own, joined
// with the one before it while that is not much larger, as in a binary counter:
// a line is copied a few times in all, however small the batches are, and two
// tails that grew from one share everything but their ends. What several sources
// say in a flood is woven together instead, and not copied at all.
type Tail struct {
	limit  int
	blocks []placed
	// first and end are the sequence numbers of line 0 and of the next line.
	first, end uint64
	bytes      int
	dropped    uint64
	inexact    bool
	// elsewhere counts lines of another scope, which are not kept.
	elsewhere uint64
	gaps      []Gap
	// newest is the latest time of a line that was not from the future.
	newest time.Time
	order  Order
	// room is for lines that are being put in order.
	room *room
}

// placed is a block with the sequence number of its first line.
type placed struct {
	block

	start uint64
}

// Gap says that lines are missing before the line with number Seq.
type Gap struct {
	Seq     uint64
	Source  string
	Dropped oncall.Dropped
}

// Order tells a view of a tail what has changed its place since it last looked.
type Order struct {
	// Epoch grows when lines were put among old ones, or taken from there: every
	// number may be another line's now.
	Epoch int
	// Shuffles grows when a line was put among the last ReorderLines.
	Shuffles int
}

func newTail(limit int) Tail {
	if limit <= 0 {
		limit = defaultLineCap
	}
	return Tail{limit: limit, room: &room{}}
}

// Len returns how many lines are kept.
func (t Tail) Len() int { return int(t.end - t.first) }

// At returns line i, 0 being the oldest one kept; outside of 0 to Len-1 it
// returns an empty line. Times are in UTC.
func (t Tail) At(i int) oncall.LogLine {
	if i < 0 || i >= t.Len() {
		return oncall.LogLine{}
	}
	c, j := t.place(i)
	return c.line(j)
}

// place returns the chunk that holds line i, and the line's place in it.
func (t Tail) place(i int) (*chunk, int) {
	seq := t.first + uint64(i)
	b := t.blocks[t.find(seq)]
	return b.find(int(seq - b.start))
}

// find returns the place of the block that holds seq.
func (t Tail) find(seq uint64) int {
	return sort.Search(len(t.blocks), func(i int) bool { return t.blocks[i].start > seq }) - 1
}

// From yields line i and all after it with their index. It is the cheap way to
// look at many.
func (t Tail) From(i int) iter.Seq2[int, oncall.LogLine] {
	return func(yield func(int, oncall.LogLine) bool) {
		i = max(0, i)
		if i >= t.Len() {
			return
		}
		seq := t.first + uint64(i)
		for _, b := range t.blocks[t.find(seq):] {
			for ; seq < b.start+uint64(b.len()); seq++ {
				c, j := b.find(int(seq - b.start))
				if !yield(int(seq-t.first), c.line(j)) {
					return
				}
			}
		}
	}
}

// Received returns how many lines ever came: Len plus Evicted.
func (t Tail) Received() uint64 { return t.end }

// Dropped returns how many lines were left out before they came here, and
// whether that is exact or a lower bound.
func (t Tail) Dropped() (n uint64, exact bool) { return t.dropped, !t.inexact }

// Evicted returns how many lines made room for newer ones.
func (t Tail) Evicted() uint64 { return t.first }

// Elsewhere returns how many lines came for a scope that is not followed. They
// are neither kept nor among those received.
func (t Tail) Elsewhere() uint64 { return t.elsewhere }

// FirstSeq returns the sequence number of line 0. A line keeps its number as
// long as the Order stays, so a view that is paused at a number stays put while
// lines are evicted.
func (t Tail) FirstSeq() uint64 { return t.first }

// Order returns what tells whether lines have changed their places.
func (t Tail) Order() Order { return t.order }

// Precedes reports whether u is what became of the tail since: lines may have come,
// also among the last ones, and the oldest may have made room for them.
func (t Tail) Precedes(u Tail) bool {
	return t.order.Epoch == u.order.Epoch && t.first <= u.first && u.first <= t.end && t.end <= u.end
}

// Gaps returns where lines are missing among those kept, oldest first.
func (t Tail) Gaps() []Gap { return t.gaps }

// Since returns the first line at or after a time, Len when there is none. Late
// lines count as where they stand.
func (t Tail) Since(at time.Time) int {
	low, high := 0, t.Len()
	for low < high {
		mid := int(uint(low+high) >> 1)
		i := mid
		for ; i < high; i++ {
			if c, j := t.place(i); !c.late(j) {
				break
			}
		}
		switch {
		case i == high:
			high = mid
		case t.time(i).Before(at):
			low = i + 1
		default:
			high = mid
		}
	}
	return low
}

func (t Tail) time(i int) time.Time {
	c, j := t.place(i)
	return c.time(j)
}

// lose records that lines are missing before those that come next.
func (t Tail) lose(source string, d oncall.Dropped) Tail {
	if d.Count <= 0 && (d.Exact || d.Reason == "") {
		return t
	}
	d.Count = max(0, d.Count)
	t.dropped += uint64(d.Count)
	t.inexact = t.inexact || !d.Exact
	t.gaps = append(slices.Clip(t.gaps), Gap{Seq: t.end, Source: source, Dropped: d})
	return t
}

// add returns the tail with the lines at its end, which may be those of the texts.
func (t Tail) add(lines []oncall.LogLine, texts ...string) Tail {
	var p packer
	return t.addBlocks(blocks(p.pack(lines, texts)))
}

// addBlocks returns the tail with blocks at its end.
func (t Tail) addBlocks(fresh []block) Tail {
	if t.limit == 0 {
		t = newTail(0)
	}
	held := slices.Clone(t.blocks)
	for _, b := range fresh {
		start := t.end
		t.end += uint64(b.len())
		t.bytes += b.size(0, b.len())
		if c, ok := b.(*chunk); ok && len(c.text) < ownText {
			for n := len(held); n > 0; n = len(held) {
				last, ok := held[n-1].block.(*chunk)
				if !ok || !joins(last, c) {
					break
				}
				start, c = held[n-1].start, join(last, c)
				held = held[:n-1]
			}
			b = c
		}
		held = append(held, placed{b, start})
	}
	t.blocks = held
	return t.evict()
}

// cut takes the lines from number seq on off the tail, and returns them in a list of
// its room.
func (t Tail) cut(seq uint64) (Tail, []oncall.LogLine) {
	off := t.room.list(int(t.end - seq))
	for _, l := range t.From(int(seq - t.first)) {
		off = append(off, l)
	}
	return t.keep(seq, head), off
}

// rest returns the lines from number seq on.
func (t Tail) rest(seq uint64) []block {
	if seq == t.end {
		return nil
	}
	var out []block
	for _, b := range t.blocks[t.find(seq):] {
		out = append(out, b.between(int(max(seq, b.start)-b.start), b.len()))
	}
	return out
}

// keep returns the tail with the lines before number seq. Of a block that has others
// too, shorten makes what is kept, the first n.
func (t Tail) keep(seq uint64, shorten func(b block, n int) block) Tail {
	at := t.find(seq)
	for _, b := range t.blocks[at:] {
		t.bytes -= b.size(0, b.len())
	}
	held := slices.Clone(t.blocks[:at])
	if b := t.blocks[at]; b.start < seq {
		h := placed{shorten(b.block, int(seq-b.start)), b.start}
		t.bytes += h.size(0, h.len())
		held = append(held, h)
	}
	t.blocks, t.end = held, seq
	return t
}

// evict lets the oldest lines go that are beyond the bounds.
func (t Tail) evict() Tail {
	if n := t.end - t.first; n > uint64(t.limit) {
		t.first = t.end - uint64(t.limit)
	}
	cut := 0
	for ; cut < len(t.blocks)-1; cut++ {
		b := t.blocks[cut]
		if next := t.blocks[cut+1].start; next <= t.first || t.bytes > tailBytes {
			t.first = max(t.first, next)
			t.bytes -= b.size(0, b.len())
			continue
		}
		break
	}
	if cut > 0 {
		t.blocks = slices.Clone(t.blocks[cut:]) // the old array would keep the lines
	}
	old := 0
	for old < len(t.gaps) && (t.gaps[old].Seq < t.first || len(t.gaps)-old > gapCap) {
		old++
	}
	if old > 0 {
		t.gaps = slices.Clone(t.gaps[old:])
	}
	return t
}
