package board

import (
	"slices"
	"time"

	"conway/internal/oncall"
)

// ReorderLines is how many of the last lines may still change their places: lines
// of several sources are put in order that far back, and for reorderSpan. What is
// older stands still under the eye.
const ReorderLines = 4096

const (
	reorderSpan = 2 * time.Second
	// historyLines bounds the lines that are moved to let in what a source had
	// before it was first heard.
	historyLines = 200_000
)

// put adds a batch that came at now, ordered by time, and returns the tail in
// order: a line that is up to two seconds older than the last one stands where
// its time belongs, and so does one from before joined, when its source was
// first heard. Any other stands where it came, marked as late. Nothing waits for
// a source that is slow or silent. The lines may be those of the texts.
func (t Tail) put(lines []oncall.LogLine, texts []string, now, joined time.Time) Tail {
	if len(lines) == 0 {
		return t
	}
	if t.Len() == 0 || !lines[0].At.Before(t.last(now)) {
		return t.add(lines, texts...).heard(lastUntil(now, lines))
	}
	floor := t.floor()
	n, _ := slices.BinarySearchFunc(lines, floor, func(l oncall.LogLine, at time.Time) int { return l.At.Compare(at) })
	old, fresh := lines[:n], lines[n:]
	if len(old) > 0 && old[0].At.Before(joined) {
		h, _ := slices.BinarySearchFunc(old, joined, func(l oncall.LogLine, at time.Time) int { return l.At.Compare(at) })
		if u, ok := t.among(old[:h], now); ok {
			t, old = u, old[h:]
		}
	}
	var moved []oncall.LogLine
	if len(fresh) > 0 {
		if seq := t.after(fresh[0].At, now); seq < t.end {
			t, moved = t.cut(seq)
			t.order.Shuffles++
		}
	}
	if len(old) > 0 {
		late := slices.Clone(old)
		for i := range late {
			late[i].Late = true
		}
		t = t.add(late)
		t.order.Shuffles++
	}
	t = t.addMerged(moved, fresh, now)
	t.room.back(moved)
	return t.heard(lastUntil(now, fresh))
}

// last returns the time that the next line must not be before to simply follow.
// A line from the future holds nobody up.
func (t Tail) last(now time.Time) time.Time {
	c, i := t.place(t.Len() - 1)
	if at := c.time(i); !c.late(i) && !at.After(now) {
		return at
	}
	return t.newest
}

// heard remembers the latest time there was.
func (t Tail) heard(at time.Time) Tail {
	if at.After(t.newest) {
		t.newest = at
	}
	return t
}

// lastUntil returns the time of the last line that is not after now, or else zero.
func lastUntil(now time.Time, lines []oncall.LogLine) time.Time {
	for _, l := range slices.Backward(lines) {
		if !l.At.After(now) {
			return l.At
		}
	}
	return time.Time{}
}

// floor returns the time from which on lines are still put in order.
func (t Tail) floor() time.Time {
	at := t.newest.Add(-reorderSpan)
	for i := t.Len() - ReorderLines; i >= 0 && i < t.Len(); i++ {
		if c, j := t.place(i); !c.late(j) {
			if when := c.time(j); when.After(at) {
				return when
			}
			break
		}
	}
	return at
}

// after returns the number of the first of the last lines that are newer than
// at, going back no further than ReorderLines. Late lines and those from the
// future stand where they came.
func (t Tail) after(at, now time.Time) uint64 {
	first := t.end
	for seq := t.end; seq > t.first && t.end-seq < ReorderLines; seq-- {
		c, i := t.place(int(seq - 1 - t.first))
		when := c.time(i)
		if c.late(i) || when.After(now) {
			continue
		}
		if !when.After(at) {
			break
		}
		first = seq - 1
	}
	return first
}

// among puts lines among the held ones where their times belong. It reports
// false when too much would have to be moved for that.
func (t Tail) among(lines []oncall.LogLine, now time.Time) (Tail, bool) {
	i := t.Since(lines[0].At)
	if t.Len()-i > historyLines {
		return t, false
	}
	u, moved := t.cut(t.first + uint64(i))
	u = u.addMerged(moved, lines, now)
	u.order.Epoch++
	return u, true
}

// addMerged adds two ordered lists as one; of equal times those of a come first.
// Late lines of a, and those from after now, stay behind the line that they came
// after.
func (t Tail) addMerged(a, b []oncall.LogLine, now time.Time) Tail {
	if len(a) == 0 {
		return t.add(b)
	}
	out := t.room.list(len(a) + len(b))
	defer func() { t.room.back(out) }()
	for len(a) > 0 && len(b) > 0 {
		if before(b[0].At, a[0].At, a[0].Late, now) {
			out, b = append(out, b[0]), b[1:]
		} else {
			out, a = append(out, a[0]), a[1:]
		}
	}
	out = append(append(out, a...), b...)
	return t.add(out)
}

// list is lines in order that came at a time, and the texts that they are of.
type list struct {
	lines []oncall.LogLine
	texts []string
	now   time.Time
}

// inOrder joins two ordered lists or more as merging each with all before it would,
// but copies a line once, to the end of out.
func inOrder(out []oncall.LogLine, lists []list) []oncall.LogLine {
	turns(lists, func(k, i int) { out = append(out, lists[k].lines[i]) })
	return out
}

// turns tells which line of which list is next, as inOrder has them.
func turns(lists []list, next func(list, line int)) {
	at := make([]int, len(lists))
	for {
		first := -1
		for k := range lists {
			if at[k] < len(lists[k].lines) && (first < 0 || lists[k].goesBefore(at[k], &lists[first].lines[at[first]])) {
				first = k
			}
		}
		if first < 0 {
			return
		}
		next(first, at[first])
		at[first]++
	}
}

// goesBefore reports whether the list's line i stands before one of the lists before
// it.
func (l *list) goesBefore(i int, a *oncall.LogLine) bool {
	return before(l.lines[i].At, a.At, a.Late, l.now)
}

// before reports whether a line of time b, which came later than one of time a, stands
// before it. Late lines, and those from after now, hold back what came later.
func before(b, a time.Time, late bool, now time.Time) bool {
	return b.Before(a) && !late && !a.After(now)
}

// without returns the tail without the lines of the sources that gone names,
// which count as from elsewhere.
func (t Tail) without(gone func(source string) bool) Tail {
	some := false
	for range t.Pick(Pick{Origin: func(source, _ string) bool { return gone(source) }}, t.first) {
		some = true
		break
	}
	if !some {
		return t
	}
	u := t
	u.blocks, u.bytes, u.end = nil, 0, t.first
	u.gaps, u.order.Epoch = nil, t.order.Epoch+1
	batch := make([]oncall.LogLine, 0, chunkLines)
	for _, b := range t.blocks {
		for i := range b.len() {
			if b.start+uint64(i) < t.first {
				continue
			}
			c, j := b.find(i)
			if gone(c.labels[c.kind(j).label()].source) {
				u.elsewhere++
				continue
			}
			batch = append(batch, c.line(j))
		}
		u = u.add(batch)
		batch = batch[:0]
	}
	return u
}
