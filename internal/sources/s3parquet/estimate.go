package s3parquet

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"conway/internal/oncall"
)

// estimated is how many footers an estimate reads. The other files count as a
// whole.
const estimated = 64

// Estimate says how many files a search would open and at most how many bytes it
// would read, after all that folders, footers and page indexes rule out.
func (l *Lake) Estimate(ctx context.Context, q oncall.LogQuery) (oncall.LogCost, error) {
	const op = "estimate a search"
	f, err := l.parse(op, q)
	if err != nil {
		return oncall.LogCost{}, err
	}
	objects, err := l.walk(ctx, q.Window, f)
	if err != nil {
		return oncall.LogCost{}, ended(ctx, err)
	}
	h := l.hunt(op, askOf(f, q.Window, l.o.Fields), objects, 1, func(oncall.LogPart) {})
	costs := make([]oncall.LogCost, min(estimated, len(objects)))
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(opensAtOnce)
	cost := oncall.LogCost{PartName: "files", Bound: true}
	for i := range objects {
		e := h.queue[i]
		if i >= len(costs) {
			cost.Parts, cost.Bytes = cost.Parts+1, cost.Bytes+e.blob.object.size
			continue
		}
		g.Go(func() (err error) {
			defer rescue(&err)
			costs[i], err = h.cost(inner, e)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return oncall.LogCost{}, ended(ctx, oncall.AsFault(err, l.o.Name, op))
	}
	for _, c := range costs {
		cost.Bytes, cost.Lines, cost.Parts = cost.Bytes+c.Bytes, cost.Lines+c.Lines, cost.Parts+c.Parts
	}
	if len(objects) > len(costs) {
		cost.Lines = -1
	}
	return cost, nil
}

// cost is that of one file. One that cannot be read costs nothing.
func (h *hunt) cost(ctx context.Context, e entry) (oncall.LogCost, error) {
	units, err := h.openUnits(ctx, e.blob)
	if err != nil {
		if _, broken := errors.AsType[*corruptError](err); broken {
			return oncall.LogCost{}, nil
		}
		if _, gone := errors.AsType[*goneError](err); gone {
			return oncall.LogCost{}, nil
		}
		if w, wrong := errors.AsType[*wrongValueError](err); wrong {
			return oncall.LogCost{}, &oncall.Fault{Kind: oncall.Rejected, Source: h.o.Name, Op: h.op, Detail: w.Error()}
		}
		return oncall.LogCost{}, err
	}
	c := oncall.LogCost{Bytes: min(tailSize, e.blob.object.size)}
	for _, u := range units {
		bytes, err := u.bytes(ctx)
		if err != nil {
			return c, err
		}
		c.Bytes, c.Lines = c.Bytes+bytes, c.Lines+u.count()
	}
	if len(units) > 0 {
		c.Parts = 1
	}
	return c, nil
}

// bytes is how much of the file the unit's columns take at most.
func (u *unit) bytes(ctx context.Context) (n int64, err error) {
	p := pick(u.rows)
	all := u.pq.RowGroups()[u.group].NumRows()
	var columns []int
	for _, l := range u.wanted(u.schema.shown(u.fields, u.filter)) {
		columns = append(columns, l.index)
	}
	if err := u.fetchIndexes(ctx, []int{u.group}, columns); err != nil {
		return 0, err
	}
	for _, c := range columns {
		pages, err := u.pages(ctx, u.group, c)
		if err != nil {
			return 0, err
		}
		for _, s := range pages.spans(&u.pq.Metadata().RowGroups[u.group].Columns[c], p, all) {
			n += s.to - s.from
		}
	}
	return n, nil
}
