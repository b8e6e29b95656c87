package s3parquet

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/parquet-go/parquet-go"
)

// unitRows is about how many rows are searched as one. Fewer make the first lines
// come earlier and a search with a limit stop earlier; more cost less.
const unitRows = 32 << 10

// reading is a file that is being searched.
type reading struct {
	*file
	bound

	blob *blob
}

// unit is a stretch of rows of one row group that may match.
type unit struct {
	*reading

	group int
	// rows are ranges of row numbers.
	rows []span
	// newest bounds the rows' times from above.
	newest int64
}

// count returns how many rows a unit has.
func (u *unit) count() (n int64) {
	for _, r := range u.rows {
		n += r.to - r.from
	}
	return n
}

// plan returns the stretches of a file that may match, by the statistics of its
// footer and of its page indexes. The indexes are read for what the footer leaves.
func (r *reading) plan(ctx context.Context) (units []*unit, err error) {
	defer func() {
		if err != nil {
			err = corrupt(r.object, err)
		}
	}()
	defer rescue(&err)
	if r.never {
		return nil, nil
	}
	var kept []int
	for g, group := range r.pq.RowGroups() {
		if group.NumRows() > 0 && !r.groupOut(group) {
			kept = append(kept, g)
		}
	}
	columns := []int{r.time.index}
	for _, t := range r.pruning() {
		columns = append(columns, t.leaf.index)
	}
	if err := r.fetchIndexes(ctx, kept, columns); err != nil {
		return nil, err
	}
	for _, g := range kept {
		found, err := r.units(ctx, g)
		if err != nil {
			return nil, err
		}
		units = append(units, found...)
	}
	return units, nil
}

// pruning returns the tests that bounds can decide.
func (r *reading) pruning() []test { return slices.Concat(r.tests, r.texts) }

func (r *reading) chunk(group, column int) (*parquet.FileColumnChunk, error) {
	c, ok := r.pq.RowGroups()[group].ColumnChunks()[column].(*parquet.FileColumnChunk)
	if !ok {
		return nil, errors.New("it has a column of an unknown form")
	}
	return c, nil
}

// groupOut reports whether the footer rules a row group out.
func (r *reading) groupOut(group parquet.RowGroup) bool {
	chunks := group.ColumnChunks()
	bounds := func(l *leaf) (low, high parquet.Value, ok bool) {
		c, isFile := chunks[l.index].(*parquet.FileColumnChunk)
		if !isFile {
			return low, high, false
		}
		return c.Bounds()
	}
	if low, high, ok := bounds(r.time); ok && r.outside(low, high) {
		return true
	}
	for _, t := range r.pruning() {
		if low, high, ok := bounds(t.leaf); ok && t.excludes(low, high) {
			return true
		}
	}
	return false
}

// fetchIndexes reads the page indexes of columns, but for those that an earlier
// search has read.
func (r *reading) fetchIndexes(ctx context.Context, groups, columns []int) error {
	var spans []span
	meta := r.pq.Metadata()
	for _, g := range groups {
		for _, column := range columns {
			if _, known := r.indexed.Load([2]int{g, column}); known {
				continue
			}
			c := &meta.RowGroups[g].Columns[column]
			spans = append(spans,
				span{c.ColumnIndexOffset, c.ColumnIndexOffset + int64(c.ColumnIndexLength)},
				span{c.OffsetIndexOffset, c.OffsetIndexOffset + int64(c.OffsetIndexLength)})
		}
	}
	return r.blob.fetch(ctx, spans)
}

// paged is one column's page index, nil where the file has none.
type paged struct {
	columns parquet.ColumnIndex
	offsets parquet.OffsetIndex
}

func (r *reading) pages(ctx context.Context, group, column int) (paged, error) {
	c, err := r.chunk(group, column)
	if err != nil {
		return paged{}, err
	}
	var p paged
	offsets, err := c.OffsetIndexFrom(r.blob.whole(ctx))
	switch {
	case errors.Is(err, parquet.ErrMissingOffsetIndex):
		return p, nil
	case err != nil:
		return p, err
	}
	p.offsets = offsets
	columns, err := c.ColumnIndexFrom(r.blob.whole(ctx))
	switch {
	case errors.Is(err, parquet.ErrMissingColumnIndex):
		return p, nil
	case err != nil:
		return p, err
	}
	r.indexed.Store([2]int{group, column}, true)
	if columns.NumPages() == offsets.NumPages() {
		p.columns = columns
	}
	return p, nil
}

// rows returns the rows of a page.
func (p paged) rows(i int, all int64) span {
	s := span{p.offsets.FirstRowIndex(i), all}
	if i+1 < p.offsets.NumPages() {
		s.to = p.offsets.FirstRowIndex(i + 1)
	}
	return s
}

// units cuts what the page indexes leave of a row group into stretches.
func (r *reading) units(ctx context.Context, g int) ([]*unit, error) {
	all := r.pq.RowGroups()[g].NumRows()
	newest := r.to - 1
	c, err := r.chunk(g, r.time.index)
	if err != nil {
		return nil, err
	}
	if low, high, ok := c.Bounds(); ok {
		if _, last, ok := r.times(low, high); ok {
			newest = min(newest, last)
		}
	}
	rows := []span{{0, all}}
	for _, t := range r.pruning() {
		p, err := r.pages(ctx, g, t.leaf.index)
		if err != nil {
			return nil, err
		}
		rows = p.keep(rows, all, func(low, high parquet.Value) bool { return t.excludes(low, high) }, t.op.negative())
	}
	p, err := r.pages(ctx, g, r.time.index)
	if err != nil {
		return nil, err
	}
	if p.columns == nil {
		if len(rows) == 0 {
			return nil, nil
		}
		return []*unit{{reading: r, group: g, rows: rows, newest: newest}}, nil
	}
	return r.cut(g, p, rows, all, newest), nil
}

// cut makes units of neighbouring pages of the time column.
func (r *reading) cut(g int, p paged, rows []span, all, newest int64) []*unit {
	var out []*unit
	var u *unit
	for i := range p.columns.NumPages() {
		low, high := p.columns.MinValue(i), p.columns.MaxValue(i)
		if p.columns.NullPage(i) || r.outside(low, high) {
			u = nil
			continue
		}
		here := overlap(rows, p.rows(i, all))
		if len(here) == 0 {
			continue
		}
		last := newest
		if _, t, ok := r.times(low, high); ok {
			last = min(newest, t)
		}
		if u == nil || u.count() >= unitRows {
			u = &unit{reading: r, group: g, newest: math.MinInt64}
			out = append(out, u)
		}
		u.rows = merge(append(u.rows, here...), 0)
		u.newest = max(u.newest, last)
	}
	return out
}

// keep returns the rows of pages that are not excluded. Pages without a value are
// excluded, unless such rows match.
func (p paged) keep(rows []span, all int64, excluded func(low, high parquet.Value) bool, nullsMatch bool) []span {
	if p.columns == nil {
		return rows
	}
	var kept []span
	for i := range p.columns.NumPages() {
		if p.columns.NullPage(i) && !nullsMatch || !p.columns.NullPage(i) && excluded(p.columns.MinValue(i), p.columns.MaxValue(i)) {
			continue
		}
		kept = append(kept, overlap(rows, p.rows(i, all))...)
	}
	return merge(kept, 0)
}

// overlap returns what ranges have in common with one.
func overlap(rows []span, s span) []span {
	var out []span
	for _, r := range rows {
		if x := (span{max(r.from, s.from), min(r.to, s.to)}); x.from < x.to {
			out = append(out, x)
		}
	}
	return out
}
