package s3parquet

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// batchValues is how many values are decoded at a time.
const batchValues = 1024

// picked is the rows of a unit that are still in question, by row number.
type picked struct {
	rows []span
	// out are the rows that are not, by their distance from base.
	out  []bool
	base int64
	left int
}

func pick(rows []span) *picked {
	p := &picked{rows: rows, base: rows[0].from}
	p.out = make([]bool, rows[len(rows)-1].to-p.base)
	for i := range p.out {
		p.out[i] = true
	}
	for _, r := range rows {
		for i := r.from; i < r.to; i++ {
			p.out[i-p.base] = false
			p.left++
		}
	}
	return p
}

func (p *picked) has(row int64) bool {
	i := row - p.base
	return i >= 0 && i < int64(len(p.out)) && !p.out[i]
}

func (p *picked) drop(row int64) {
	p.out[row-p.base] = true
	p.left--
}

// any reports whether one of the rows of a range is still in question.
func (p *picked) any(s span) bool {
	from, to := max(0, s.from-p.base), min(int64(len(p.out)), s.to-p.base)
	for i := from; i < to; i++ {
		if !p.out[i] {
			return true
		}
	}
	return false
}

// match is a row that the query asks for.
type match struct {
	unit *unit
	row  int64
	at   int64
}

// scan finds the rows of a unit that match, oldest first. Only the columns that
// the query compares are read, the long ones last and only where a row is left.
func (u *unit) scan(ctx context.Context) (found []match, err error) {
	defer func() {
		if err != nil {
			err = corrupt(u.object, err)
		}
	}()
	defer rescue(&err)
	p := pick(u.rows)
	at := make([]int64, len(p.out))
	columns := []int{u.time.index}
	for _, t := range u.tests {
		columns = append(columns, t.leaf.index)
	}
	if err := u.fetch(ctx, p, columns...); err != nil {
		return nil, err
	}
	for _, t := range u.tests {
		if err := u.narrow(ctx, p, t); err != nil {
			return nil, err
		}
	}
	err = u.visit(ctx, u.time.index, p, func(row int64, vs []parquet.Value) {
		ns, ok := u.time.kind.nanos(vs[0])
		if !ok || ns < u.from || ns >= u.to {
			p.drop(row)
			return
		}
		at[row-p.base] = ns
	})
	if err != nil {
		return nil, err
	}
	for _, t := range u.texts {
		if err := u.narrow(ctx, p, t); err != nil {
			return nil, err
		}
	}
	for i, out := range p.out {
		if !out {
			found = append(found, match{u, p.base + int64(i), at[i]})
		}
	}
	slices.SortFunc(found, older)
	return found, nil
}

// older orders matches by time, and those of one time by their place.
func older(a, b match) int {
	switch {
	case a.at != b.at:
		return sign(a.at, b.at)
	case a.unit.object.key != b.unit.object.key:
		if a.unit.object.key < b.unit.object.key {
			return -1
		}
		return 1
	case a.unit.group != b.unit.group:
		return a.unit.group - b.unit.group
	}
	return sign(a.row, b.row)
}

func sign(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// narrow drops the rows of which a test does not hold. Of a column with several
// values a row, one has to fulfil it; all, when it is negative.
func (u *unit) narrow(ctx context.Context, p *picked, t test) error {
	if p.left == 0 {
		return nil
	}
	return u.visit(ctx, t.leaf.index, p, func(row int64, vs []parquet.Value) {
		holds := func(v parquet.Value) bool { return t.match(v) }
		if t.op.negative() {
			if slices.ContainsFunc(vs, func(v parquet.Value) bool { return !holds(v) }) {
				p.drop(row)
			}
			return
		}
		if !slices.ContainsFunc(vs, holds) {
			p.drop(row)
		}
	})
}

// fetch reads the pages of columns that hold rows in question.
func (u *unit) fetch(ctx context.Context, p *picked, columns ...int) error {
	var spans []span
	meta := u.pq.Metadata()
	if err := u.fetchIndexes(ctx, []int{u.group}, columns); err != nil {
		return err
	}
	all := u.pq.RowGroups()[u.group].NumRows()
	for _, c := range columns {
		pages, err := u.pages(ctx, u.group, c)
		if err != nil {
			return err
		}
		spans = append(spans, pages.spans(&meta.RowGroups[u.group].Columns[c], p, all)...)
	}
	return u.blob.fetch(ctx, spans)
}

// spans returns where the pages of a column lie that hold rows in question, its
// dictionary among them.
func (p paged) spans(c *format.ColumnChunk, rows *picked, all int64) []span {
	m := &c.MetaData
	first := m.DataPageOffset
	if m.DictionaryPageOffset > 0 {
		first = min(first, m.DictionaryPageOffset)
	}
	if p.offsets == nil || p.offsets.NumPages() == 0 {
		return []span{{first, first + m.TotalCompressedSize}}
	}
	var out []span
	for i := range p.offsets.NumPages() {
		if rows.any(p.rows(i, all)) {
			out = append(out, span{p.offsets.Offset(i), p.offsets.Offset(i) + p.offsets.CompressedPageSize(i)})
		}
	}
	if len(out) > 0 {
		out = append(out, span{first, p.offsets.Offset(0)})
	}
	return out
}

// visit calls do with the values of each row in question.
func (u *unit) visit(ctx context.Context, column int, p *picked, do func(row int64, vs []parquet.Value)) error {
	if p.left == 0 {
		return nil
	}
	if err := u.fetch(ctx, p, column); err != nil {
		return err
	}
	pages, err := u.pages(ctx, u.group, column)
	if err != nil {
		return err
	}
	c, err := u.chunk(u.group, column)
	if err != nil {
		return err
	}
	// The offset index was read above: without it, seeking would begin at the
	// chunk's first page.
	r := c.PagesFrom(u.blob.reader(ctx))
	defer r.Close() //nolint:errcheck // gives buffers back; it does not fail
	all := u.pq.RowGroups()[u.group].NumRows()
	v := visitor{p: p, do: do, flat: u.schema.leaves[column].node.MaxRepetitionLevel() == 0}
	if pages.offsets == nil {
		return v.walk(ctx, r, span{0, all}, false)
	}
	for i := range pages.offsets.NumPages() {
		rows := pages.rows(i, all)
		if rows.to <= rows.from || !p.any(rows) {
			continue
		}
		if err := r.SeekToRow(rows.from); err != nil {
			return err
		}
		if err := v.walk(ctx, r, rows, true); err != nil {
			return err
		}
	}
	return nil
}

// visitor hands over rows of one column.
type visitor struct {
	p    *picked
	do   func(row int64, vs []parquet.Value)
	flat bool
	buf  [batchValues]parquet.Value
	// row is the present row, vs its values so far.
	row int64
	vs  []parquet.Value
}

// walk hands over the rows from one number to another: those of one page, or all
// there are when the places of the pages are not known.
func (v *visitor) walk(ctx context.Context, r parquet.PageReader, rows span, one bool) error {
	v.row, v.vs = rows.from-1, v.vs[:0]
	if v.flat {
		v.row = rows.from
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		page, err := r.ReadPage()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		err = v.page(page)
		parquet.Release(page)
		if err != nil {
			return err
		}
		if one {
			break
		}
	}
	v.give()
	if last := v.row; last < rows.to-1 || v.flat && last < rows.to {
		return errors.New("a column of it has fewer rows than it says")
	}
	return nil
}

func (v *visitor) page(page parquet.Page) error {
	values := page.Values()
	for {
		n, err := values.ReadValues(v.buf[:])
		for i := range n {
			v.value(i)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if n == 0 {
			return io.ErrNoProgress
		}
	}
}

func (v *visitor) value(i int) {
	if v.flat {
		if v.p.has(v.row) {
			v.do(v.row, v.buf[i:i+1])
		}
		v.row++
		return
	}
	if v.buf[i].RepetitionLevel() == 0 {
		v.give()
		v.row++
	}
	if v.p.has(v.row) {
		v.vs = append(v.vs, v.buf[i].Clone())
	}
}

// give hands over the row that is complete, of a column with several values.
func (v *visitor) give() {
	if len(v.vs) > 0 && v.p.has(v.row) {
		v.do(v.row, v.vs)
	}
	v.vs = v.vs[:0]
}
