package s3parquet

import (
	"strings"

	"github.com/parquet-go/parquet-go"
)

// nest is the values of one row below a column: those of each column of values,
// in the order of the schema. Their levels say where lists begin and where
// something is missing, as in the paper on Dremel.
type nest struct {
	schema *schema
	leaves []int
	values [][]parquet.Value
}

func nestOf(s *schema, c *parquet.Column, values map[int][]parquet.Value) nest {
	if c.Leaf() {
		return nest{schema: s, leaves: []int{c.Index()}, values: [][]parquet.Value{values[c.Index()]}}
	}
	n := nest{schema: s}
	for _, child := range c.Columns() {
		part := nestOf(s, child, values)
		n.leaves, n.values = append(n.leaves, part.leaves...), append(n.values, part.values...)
	}
	return n
}

// absent reports whether there is nothing to show.
func (n nest) absent() bool {
	for _, vs := range n.values {
		for _, v := range vs {
			if !v.IsNull() {
				return false
			}
		}
	}
	return true
}

// defined returns the definition level of the first value.
func (n nest) defined() int {
	if len(n.values) == 0 || len(n.values[0]) == 0 {
		return -1
	}
	return n.values[0][0].DefinitionLevel()
}

// append writes the column's value as JSON. repetition and definition are the
// levels of its parent.
func (n nest) append(b []byte, c *parquet.Column, repetition, definition int) []byte {
	switch {
	case c.Repeated():
		definition++
		repetition++
		if n.defined() < definition {
			return append(b, "[]"...)
		}
		b = append(b, '[')
		for i, e := range n.split(repetition) {
			if i > 0 {
				b = append(b, ',')
			}
			b = e.content(b, c, repetition, definition)
		}
		return append(b, ']')
	case c.Optional():
		definition++
		if n.defined() < definition {
			return append(b, "null"...)
		}
	}
	return n.content(b, c, repetition, definition)
}

// content writes the value of a column that is there.
func (n nest) content(b []byte, c *parquet.Column, repetition, definition int) []byte {
	if c.Leaf() {
		if len(n.values) == 0 || len(n.values[0]) == 0 {
			return append(b, "null"...)
		}
		return n.schema.leaves[n.leaves[0]].appendJSON(b, n.values[0][0])
	}
	children := c.Columns()
	if len(children) == 1 && children[0].Repeated() && listed(c) {
		return n.list(b, children[0], repetition, definition)
	}
	b = append(b, '{')
	first := true
	for _, child := range children {
		part := n.part(child)
		if part.absent() {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(appendString(b, printableBytes([]byte(child.Name()))), ':')
		b = part.append(b, child, repetition, definition)
	}
	return append(b, '}')
}

// listed reports whether a group only wraps a list or a map.
func listed(c *parquet.Column) bool {
	t := c.Type()
	if t == nil {
		return false
	}
	if lt := t.LogicalType(); lt != nil && (lt.String() == "LIST" || lt.String() == "MAP") {
		return true
	}
	name := strings.ToLower(c.Columns()[0].Name())
	return name == "key_value" || name == "list" || name == "bag"
}

// list writes a list or a map, without the groups that only wrap it.
func (n nest) list(b []byte, inner *parquet.Column, repetition, definition int) []byte {
	definition++
	repetition++
	parts := inner.Columns()
	isMap := len(parts) == 2 && strings.EqualFold(parts[0].Name(), "key") && strings.EqualFold(parts[1].Name(), "value")
	opening, closing := byte('['), byte(']')
	if isMap {
		opening, closing = '{', '}'
	}
	b = append(b, opening)
	if n.defined() >= definition {
		for i, e := range n.split(repetition) {
			if i > 0 {
				b = append(b, ',')
			}
			switch {
			case isMap:
				key := n.schema.leaves[parts[0].Index()]
				if !parts[0].Leaf() || len(e.values[0]) == 0 {
					b = appendString(b, "?")
				} else {
					b = appendString(b, key.textOf(e.values[0][0]))
				}
				b = append(b, ':')
				b = e.part(parts[1]).append(b, parts[1], repetition, definition)
			case len(parts) == 1:
				b = e.part(parts[0]).append(b, parts[0], repetition, definition)
			default:
				b = e.content(b, inner, repetition, definition)
			}
		}
	}
	return append(b, closing)
}

// part returns the values below one child.
func (n nest) part(c *parquet.Column) nest {
	want := map[int]bool{}
	below(c, want)
	p := nest{schema: n.schema}
	for i, l := range n.leaves {
		if want[l] {
			p.leaves, p.values = append(p.leaves, l), append(p.values, n.values[i])
		}
	}
	return p
}

func below(c *parquet.Column, out map[int]bool) {
	if c.Leaf() {
		out[c.Index()] = true
		return
	}
	for _, child := range c.Columns() {
		below(child, out)
	}
}

// split cuts the values into the elements of a list at a repetition level.
func (n nest) split(repetition int) []nest {
	var out []nest
	for l, vs := range n.values {
		element := -1
		for i := 0; i < len(vs); {
			j := i + 1
			for j < len(vs) && vs[j].RepetitionLevel() > repetition {
				j++
			}
			element++
			for len(out) <= element {
				out = append(out, nest{schema: n.schema, leaves: n.leaves, values: make([][]parquet.Value, len(n.leaves))})
			}
			out[element].values[l] = vs[i:j]
			i = j
		}
	}
	return out
}
