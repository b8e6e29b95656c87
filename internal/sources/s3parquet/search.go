package s3parquet

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"conway/internal/oncall"
	"conway/internal/sources"
)

const (
	// defaultLimit is how many lines are wanted when nobody says.
	defaultLimit = 5000
	// opensAtOnce is how many footers are read at once.
	opensAtOnce = 8
	// maxNamed is how many unreadable files are named; the others are counted.
	maxNamed = 2
)

// Search finds the newest lines that match, newest first and exactly so. Files
// that cannot be read are named and counted in what the search found; the others
// are searched.
func (l *Lake) Search(ctx context.Context, q oncall.LogQuery, found func(oncall.LogPart)) (oncall.LogFound, error) {
	const op = "search a log lake"
	f, err := l.parse(op, q)
	if err != nil {
		return oncall.LogFound{}, err
	}
	if err := ctx.Err(); err != nil {
		return oncall.LogFound{}, err
	}
	objects, err := l.walk(ctx, q.Window, f)
	if err != nil {
		return oncall.LogFound{Matched: -1}, ended(ctx, err)
	}
	h := l.hunt(op, askOf(f, q.Window, l.o.Fields), objects, cmp.Or(q.Limit, defaultLimit), found)
	err = h.run(ctx)
	return h.result(err == nil), ended(ctx, err)
}

// ended returns ctx's own error where that is why something ended.
func ended(ctx context.Context, err error) error {
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return err
}

// hunt is one search.
type hunt struct {
	*Lake
	ask

	op    string
	limit int
	found func(oncall.LogPart)
	// queue holds what is still to be searched, by how new its rows may be.
	queue queue
	// start and end bound the search's share that is done.
	start, end int64
	// pending are matches that something newer may still come before.
	pending []match
	lines   int
	// trimmed is true when matches were given up for newer ones.
	trimmed bool
	scanned atomic.Int64
	// dead is why the store is not asked any more.
	dead  atomic.Pointer[oncall.Fault]
	width int
	// bad are the files that cannot be read, with why, by name.
	bad map[string]string
}

func (l *Lake) hunt(op string, a ask, objects []object, limit int, found func(oncall.LogPart)) *hunt {
	h := &hunt{Lake: l, ask: a, op: op, limit: limit, found: found, width: 1, bad: map[string]string{}}
	h.start, h.end = a.from, min(a.to, l.o.Now().Add(time.Hour).UnixNano())
	for _, o := range objects {
		p := place(o.key)
		newest := a.to - 1
		if !p.span.End.IsZero() {
			newest = min(newest, p.span.End.Add(l.o.Beside).UnixNano())
		}
		h.queue = append(h.queue, entry{newest: newest, blob: &blob{store: h, object: o, count: func(n int64) { h.scanned.Add(n) }}})
	}
	heap.Init(&h.queue)
	return h
}

// read reads from the store, unless it has failed before.
func (h *hunt) read(ctx context.Context, o object, off int64, p []byte) error {
	if f := h.dead.Load(); f != nil {
		return f
	}
	err := h.store.read(ctx, o, off, p)
	if _, gone := errors.AsType[*goneError](err); err != nil && !gone {
		h.dead.CompareAndSwap(nil, oncall.AsFault(err, h.o.Name, h.op))
	}
	return err
}

// list is not asked of a hunt.
func (h *hunt) list(ctx context.Context, folder string) ([]string, []object, error) {
	return h.store.list(ctx, folder)
}

// entry is a file whose footer is not read yet, or a unit.
type entry struct {
	newest int64
	blob   *blob
	unit   *unit
}

// queue is a heap of what may hold the newest rows first.
type queue []entry

// Len, Less, Swap, Push and Pop are those of package heap.
func (q *queue) Len() int { return len(*q) }

// Less puts what may be newer first, and files before units of the same time.
func (q *queue) Less(i, j int) bool {
	a, b := (*q)[i], (*q)[j]
	if a.newest != b.newest {
		return a.newest > b.newest
	}
	return a.unit == nil && b.unit != nil
}

// Swap is that of package heap.
func (q *queue) Swap(i, j int) { (*q)[i], (*q)[j] = (*q)[j], (*q)[i] }

// Push is that of package heap.
func (q *queue) Push(x any) {
	e, _ := x.(entry)
	*q = append(*q, e)
}

// Pop is that of package heap.
func (q *queue) Pop() any {
	old := *q
	e := old[len(old)-1]
	*q = old[:len(old)-1]
	return e
}

// take returns the next entries that are all files or all units.
func (h *hunt) take() []entry {
	files := h.queue[0].unit == nil
	n := h.width
	if files {
		n = opensAtOnce
	}
	var out []entry
	for len(h.queue) > 0 && len(out) < n && (h.queue[0].unit == nil) == files {
		e, _ := heap.Pop(&h.queue).(entry)
		out = append(out, e)
	}
	if !files {
		// The first lines come soonest from one unit; a long search goes faster with
		// several at once.
		h.width = min(width, 2*h.width)
	}
	return out
}

func (h *hunt) run(ctx context.Context) error {
	var fail error
	for len(h.queue) > 0 && h.lines < h.limit {
		batch := h.take()
		err := h.each(ctx, batch)
		if err == nil {
			err = h.release(ctx, h.bound())
		}
		if err != nil && ctx.Err() != nil {
			return err
		}
		if err != nil && fail == nil {
			// The store has failed. What was read of it before is still searched.
			if fail = err; h.dead.Load() == nil {
				h.dead.Store(oncall.AsFault(err, h.o.Name, h.op))
			}
		}
	}
	if err := h.release(ctx, math.MinInt64); err != nil && fail == nil {
		fail = err
	}
	if fail != nil {
		return oncall.AsFault(fail, h.o.Name, h.op)
	}
	return nil
}

// bound is how new a row that was not found yet may be.
func (h *hunt) bound() int64 {
	if len(h.queue) == 0 {
		return math.MinInt64
	}
	return h.queue[0].newest
}

// each opens files or searches units, some at once.
func (h *hunt) each(ctx context.Context, batch []entry) error {
	units := make([][]*unit, len(batch))
	matches := make([][]match, len(batch))
	errs := make([]error, len(batch))
	var g errgroup.Group
	g.SetLimit(opensAtOnce)
	for i, e := range batch {
		g.Go(func() error {
			if e.unit == nil {
				units[i], errs[i] = h.openUnits(ctx, e.blob)
			} else {
				matches[i], errs[i] = e.unit.scan(ctx)
			}
			return nil
		})
	}
	_ = g.Wait() // each has its own error
	var fail error
	for i, e := range batch {
		if err := h.skip(e, errs[i]); err != nil && fail == nil {
			fail = err
		}
		for _, u := range units[i] {
			heap.Push(&h.queue, entry{newest: u.newest, unit: u, blob: e.blob})
		}
		h.pending = append(h.pending, matches[i]...)
	}
	slices.SortFunc(h.pending, older)
	if extra := len(h.pending) - (h.limit - h.lines); extra > 0 {
		h.pending, h.trimmed = slices.Clone(h.pending[extra:]), true
	}
	return fail
}

// skip notes a file that cannot be read; any other error is returned.
func (h *hunt) skip(e entry, err error) error {
	if err == nil {
		return nil
	}
	key := e.blob.object.key
	if c, ok := errors.AsType[*corruptError](err); ok {
		h.bad[key] = c.Error()
		return nil
	}
	if g, ok := errors.AsType[*goneError](err); ok {
		h.bad[key] = g.fault.Detail
		return nil
	}
	if w, ok := errors.AsType[*wrongValueError](err); ok {
		return &oncall.Fault{Kind: oncall.Rejected, Source: h.o.Name, Op: h.op, Detail: w.Error()}
	}
	return err
}

func (h *hunt) openUnits(ctx context.Context, b *blob) ([]*unit, error) {
	f, err := h.open(ctx, b)
	if err != nil {
		return nil, err
	}
	bound, err := h.bind(f)
	if err != nil {
		return nil, err
	}
	r := &reading{file: f, bound: bound, blob: b}
	return r.plan(ctx)
}

// release hands over the matches that are at least as new as all that may come.
func (h *hunt) release(ctx context.Context, bound int64) error {
	first, _ := slices.BinarySearchFunc(h.pending, bound, func(m match, at int64) int { return sign(m.at, at) })
	ready := h.pending[first:]
	h.pending = h.pending[:first]
	lines, err := h.project(ctx, ready)
	share := -1.0
	if h.end > h.start && h.start > math.MinInt64 {
		share = min(1, max(0, float64(h.end-max(bound, h.start))/float64(h.end-h.start)))
	}
	h.lines += len(lines)
	if len(lines) > 0 || share >= 0 {
		h.found(oncall.LogPart{Lines: lines, Done: share, Scanned: h.scanned.Load()})
	}
	return err
}

// project makes lines of matches, oldest first.
func (h *hunt) project(ctx context.Context, ms []match) ([]oncall.LogLine, error) {
	byUnit := map[*unit][]match{}
	for _, m := range ms {
		byUnit[m.unit] = append(byUnit[m.unit], m)
	}
	lines := make(map[match]oncall.LogLine, len(ms))
	var fail error
	for u, of := range byUnit {
		got, err := u.project(ctx, h.o.Name, of)
		if err := h.skip(entry{blob: u.blob}, err); err != nil && fail == nil {
			fail = err
		}
		for i, l := range got {
			lines[of[i]] = l
		}
	}
	out := make([]oncall.LogLine, 0, len(ms))
	for _, m := range ms {
		if l, ok := lines[m]; ok {
			out = append(out, l)
		}
	}
	return out, fail
}

// result says how the search ended.
func (h *hunt) result(whole bool) oncall.LogFound {
	f := oncall.LogFound{Lines: h.lines, Matched: -1, Scanned: h.scanned.Load()}
	if !whole {
		return f
	}
	if h.trimmed || len(h.pending) > 0 || len(h.queue) > 0 {
		f.Why = fmt.Sprintf("the newest %d lines are shown; older ones were not looked for", h.lines)
	}
	if bad := h.unreadable(); bad != "" {
		if f.Why != "" {
			f.Why += "; "
		}
		f.Why += bad
	}
	if f.Why == "" {
		f.Complete, f.Matched = true, int64(h.lines)
	}
	return f
}

// unreadable says which files could not be read; empty for none.
func (h *hunt) unreadable() string {
	if len(h.bad) == 0 {
		return ""
	}
	s := "1 file could not be read: "
	if n := len(h.bad); n > 1 {
		s = fmt.Sprintf("%d files could not be read, such as ", n)
	}
	named := 0
	for _, key := range sortedKeys(h.bad) {
		if named == maxNamed {
			break
		}
		if named > 0 {
			s += ", "
		}
		s += sources.Printable(h.bad[key], maxName)
		named++
	}
	return s
}
