package s3parquet

import (
	"cmp"
	"context"
	"path"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"

	"conway/internal/oncall"
	"conway/internal/sources/lines"
)

// project reads the shown columns of the matches of one unit, and makes lines of
// them, in the order of the matches.
func (u *unit) project(ctx context.Context, source string, ms []match) (out []oncall.LogLine, err error) {
	defer func() {
		if err != nil {
			err = corrupt(u.object, err)
		}
	}()
	defer rescue(&err)
	rows := make([]span, 0, len(ms))
	for _, m := range ms {
		rows = append(rows, span{m.row, m.row + 1})
	}
	p := pick(merge(rows, 0))
	tops := u.schema.shown(u.fields, u.filter)
	leaves := u.wanted(tops)
	columns := make([]int, 0, len(leaves))
	for _, l := range leaves {
		columns = append(columns, l.index)
	}
	if err := u.fetch(ctx, p, columns...); err != nil {
		return nil, err
	}
	// values are the row's values by column, by row.
	values := map[int64]map[int][]parquet.Value{}
	for _, m := range ms {
		values[m.row] = make(map[int][]parquet.Value, len(leaves))
	}
	for _, l := range leaves {
		err := u.visit(ctx, l.index, p, func(row int64, vs []parquet.Value) {
			kept := make([]parquet.Value, len(vs))
			for i, v := range vs {
				kept[i] = v.Clone()
			}
			values[row][l.index] = kept
		})
		if err != nil {
			return nil, err
		}
	}
	out = make([]oncall.LogLine, 0, len(ms))
	for _, m := range ms {
		out = append(out, u.line(source, m, tops, values[m.row]))
	}
	return out, nil
}

// wanted returns the columns of values below the shown ones, and those that make
// the line.
func (u *unit) wanted(tops []*parquet.Column) []*leaf {
	var out []*leaf
	for i := range u.schema.leaves {
		l := &u.schema.leaves[i]
		shown := slices.ContainsFunc(tops, func(c *parquet.Column) bool { return c.Name() == l.node.Path()[0] })
		if shown || slices.Contains(u.schema.role[:], l) {
			out = append(out, l)
		}
	}
	return out
}

// line makes a line of a row. Its Raw is a JSON object of the shown columns and
// of those that the folders name.
func (u *unit) line(source string, m match, tops []*parquet.Column, values map[int][]parquet.Value) oncall.LogLine {
	text := func(r role) string {
		l := u.schema.role[r]
		if l == nil || len(values[l.index]) == 0 {
			return ""
		}
		return l.textOf(values[l.index][0])
	}
	l := oncall.LogLine{At: time.Unix(0, m.at).UTC(), Source: source, Message: text(roleMessage)}
	if c := u.schema.role[roleLevel]; c != nil {
		l.Level = severity(c.name, text(roleLevel))
	}
	l.Origin = cmp.Or(text(roleHost), text(roleService), path.Base(m.unit.object.key))
	raw := []byte{'{'}
	for _, top := range tops {
		raw = u.appendField(raw, top, values)
	}
	for _, c := range u.placed.columns {
		raw = appendKey(raw, c.name)
		raw = appendString(raw, c.value)
	}
	raw = append(raw, '}')
	if len(raw) > lines.MaxLine {
		n := lines.MaxLine
		for n > 0 && !utf8.RuneStart(raw[n]) {
			n--
		}
		raw, l.Cut = raw[:n], true
	}
	l.Raw = string(raw)
	if l.Message == "" {
		l.Message = l.Raw
	}
	return l
}

func appendKey(b []byte, name string) []byte {
	if len(b) > 1 {
		b = append(b, ',')
	}
	return append(appendString(b, printableBytes([]byte(name))), ':')
}

// appendField writes one top-level column. What has no value is left out.
func (u *unit) appendField(b []byte, c *parquet.Column, values map[int][]parquet.Value) []byte {
	n := nestOf(u.schema, c, values)
	if n.absent() {
		return b
	}
	b = appendKey(b, c.Name())
	if c.Leaf() && !c.Repeated() && u.schema.role[roleTime].index == c.Index() {
		if ns, ok := u.time.kind.nanos(n.values[0][0]); ok {
			return appendString(b, time.Unix(0, ns).UTC().Format(time.RFC3339Nano))
		}
	}
	return n.append(b, c, 0, 0)
}
