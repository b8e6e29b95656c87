package config

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

const (
	// maxDepth bounds how deeply values nest; the deepest key of the file is at
	// 5.
	maxDepth = 32
	// maxVisits bounds how many values are looked at, so that aliases of
	// aliases cannot multiply without end.
	maxVisits = 100_000
)

// tree finds its way through a parsed file: anchors, aliases, merge keys and
// tags are resolved here and nowhere else.
type tree struct {
	*faults
	anchors map[string]*ast.AnchorNode
	own     []string // the file's own words
	visits  int
	// spent is true after a bomb was refused; nothing more is looked at.
	spent bool
}

// entry is one key and value of a mapping.
type entry struct {
	key  string
	node ast.Node // the key
	at   mark     // of the key
	val  ast.Node
}

// plant walks a subtree in the order of the file, collects its anchors and
// hides what sounds like a secret.
func (t *tree) plant(n ast.Node) {
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, e := range n.Values {
			// To YAML, {token: a,b} has a key b.
			if n.IsFlowStyle && isNull(e.Value) && !slices.Contains(t.own, keyText(e.Key)) {
				t.veil.hide(e.Key)
			}
			t.plant(e)
		}
	case *ast.MappingValueNode:
		t.plant(n.Key)
		if secretish(keyText(n.Key)) && !isReference(n.Value) {
			t.veil.hideReference(n.Value)
		}
		t.plant(n.Value)
	case *ast.MappingKeyNode:
		t.plant(n.Value)
	case *ast.SequenceNode:
		for _, e := range n.Values {
			// An argument of a program may be a secret in itself.
			if s, ok := e.(*ast.StringNode); ok && secretive(s.Value) {
				t.veil.hide(e)
			}
			t.plant(e)
		}
	case *ast.StringNode:
		t.conceal(n, n.Value)
	case *ast.LiteralNode:
		t.conceal(n, n.Value.Value)
	case *ast.TagNode:
		t.plant(n.Value)
	case *ast.AnchorNode:
		name := n.Name.GetToken().Value
		if _, ok := t.anchors[name]; ok {
			t.veil.cover(n.Start, n.Name.GetToken())
			t.add(markOf(n), "an anchor of this name is given twice", "give one of them another name")
		}
		t.anchors[name] = n
		t.plant(n.Value)
	}
}

// conceal hides a text that may be a URL with a password in it, also where a
// slip has made it no URL.
func (t *tree) conceal(n ast.Node, text string) {
	before, _, at := strings.Cut(text, "@")
	_, query, parameters := strings.Cut(text, "?")
	if at && strings.Contains(before, ":") || parameters && secretish(query) {
		t.veil.hide(n)
	}
}

// isReference reports whether a value has the shape of a reference to a secret.
func isReference(n ast.Node) bool {
	if a, ok := n.(*ast.AnchorNode); ok {
		n = a.Value
	}
	if _, ok := n.(*ast.AliasNode); ok {
		return true // what it leads to is hidden where it stands
	}
	m, ok := n.(*ast.MappingNode)
	if !ok || len(m.Values) == 0 {
		return false
	}
	for _, e := range m.Values {
		switch keyText(e.Key) {
		case "env":
			if s, ok := e.Value.(*ast.StringNode); !ok || !envName(s.Value) {
				return false
			}
		case "command":
			if _, ok := e.Value.(*ast.SequenceNode); !ok {
				return false
			}
		case "file":
		default:
			return false
		}
	}
	return true
}

// keyText returns the text of a key, empty when it is no scalar.
func keyText(n ast.Node) string {
	switch k := n.(type) {
	case *ast.MappingKeyNode:
		return keyText(k.Value)
	case *ast.AnchorNode:
		return keyText(k.Value)
	case *ast.TagNode:
		return keyText(k.Value)
	case *ast.LiteralNode:
		return k.Value.Value
	case *ast.StringNode:
		return k.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.NanNode, *ast.InfinityNode:
		return n.GetToken().Value
	}
	return ""
}

// resolve follows anchors, aliases and tags to the value itself. It returns nil
// after it has reported why there is none.
func (t *tree) resolve(n ast.Node) ast.Node {
	for {
		if t.visits++; t.visits > maxVisits {
			t.bomb(n)
		}
		if t.spent {
			return nil
		}
		switch v := n.(type) {
		case *ast.AnchorNode:
			n = v.Value
		case *ast.AliasNode:
			name := v.Value.GetToken().Value
			a, ok := t.anchors[name]
			if !ok || markOf(a).before(markOf(v)) > 0 {
				t.veil.hide(v)
				t.add(markOf(v), "there is no anchor of this name further up", "add one, such as &name before the value, or put the text in quotes")
				return nil
			}
			n = a.Value
		case *ast.TagNode:
			inner, ok := untag(v)
			if !ok {
				t.veil.cover(v.Start, v.Start)
				t.add(markOf(v), "a tag, which starts with !, means nothing here", "remove it, or put the text in quotes")
				return nil
			}
			n = inner
		case *ast.MappingValueNode:
			return ast.Mapping(v.Start, false, v)
		default:
			return n
		}
	}
}

// untag returns the value of a node with one of YAML's own tags.
func untag(n *ast.TagNode) (ast.Node, bool) {
	switch n.Start.Value {
	case "!!str":
		if s, ok := n.Value.(ast.ScalarNode); ok && n.Value.Type() != ast.AnchorType && n.Value.Type() != ast.AliasType {
			if _, literal := n.Value.(*ast.LiteralNode); !literal {
				return ast.String(s.GetToken()), true
			}
		}
		return n.Value, n.Value != nil
	case "!!map", "!!seq", "!!int", "!!float", "!!bool", "!!null":
		return n.Value, n.Value != nil
	}
	return nil, false
}

func (t *tree) bomb(n ast.Node) {
	if !t.spent {
		t.add(markOf(n), "aliases lead to too many values", "write the values out")
	}
	t.spent = true
}

// entries returns the keys of a mapping. What merge keys bring in comes last,
// and only where the mapping has no such key of its own.
func (t *tree) entries(m *ast.MappingNode, depth int) []entry {
	var own, merged []entry
	have := map[string]mark{}
	for _, v := range m.Values {
		if t.spent {
			return nil
		}
		if v.Key.IsMergeKey() {
			merged = append(merged, t.merge(v.Value, depth+1)...)
			continue
		}
		e := entry{node: v.Key, at: markOf(v.Key), val: v.Value}
		if k := t.key(v.Key); k != nil {
			e.key = keyText(k)
		} else if !t.spent {
			t.add(e.at, "a key must be a word", "put it in quotes")
			t.veil.hide(v.Key)
			t.veil.hide(v.Value)
			continue
		} else {
			return nil
		}
		if first, ok := have[e.key]; ok {
			t.add(e.at, "key "+quote(e.key)+" is given twice", "keep one; the other is on line "+itoa(first.line))
			continue
		}
		have[e.key] = e.at
		own = append(own, e)
	}
	for _, e := range merged {
		if _, ok := have[e.key]; !ok {
			have[e.key] = e.at
			own = append(own, e)
		}
	}
	return own
}

// key returns the scalar node of a key, or nil.
func (t *tree) key(n ast.MapKeyNode) ast.Node {
	var node ast.Node = n
	if k, ok := node.(*ast.MappingKeyNode); ok {
		node = k.Value
	}
	node = t.resolve(node)
	switch node.(type) {
	case *ast.StringNode, *ast.LiteralNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.NanNode, *ast.InfinityNode:
		return node
	}
	return nil
}

// merge returns the keys that the value of a merge key brings in.
func (t *tree) merge(n ast.Node, depth int) []entry {
	if depth > maxDepth {
		t.bomb(n)
		return nil
	}
	switch v := t.resolve(n).(type) {
	case nil:
		return nil
	case *ast.MappingNode:
		return t.entries(v, depth)
	case *ast.SequenceNode:
		var out []entry
		for _, one := range v.Values {
			out = append(out, t.merge(one, depth+1)...)
		}
		return out
	}
	t.add(markOf(n), "<< merges mappings", "write <<: *name, of an anchor on a mapping")
	t.veil.hide(n)
	return nil
}

// markOf returns the place where a node starts.
func markOf(n ast.Node) mark {
	switch v := n.(type) {
	case nil:
		return mark{}
	case *ast.MappingNode:
		if !v.IsFlowStyle && len(v.Values) > 0 {
			return markOf(v.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return markOf(v.Key)
	case *ast.MappingKeyNode:
		if v.Value != nil {
			return markOf(v.Value)
		}
	case *ast.NullNode:
		return nullMark(v.Token)
	}
	if tk := n.GetToken(); tk != nil {
		return tokenMark(tk)
	}
	return mark{}
}

// nullMark returns the place of a value that is not there: behind its key.
func nullMark(t *token.Token) mark {
	if t.Type == token.ImplicitNullType && t.Prev != nil {
		m := tokenMark(t.Prev)
		m.col, m.width = max(1, m.col), 1
		return m
	}
	return tokenMark(t)
}

// isNull reports whether a value is absent, written or not.
func isNull(n ast.Node) bool {
	_, ok := n.(*ast.NullNode)
	return ok || n == nil
}

// kindOf names what a value is, for a message.
func kindOf(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.IntegerNode, *ast.FloatNode:
		return "a number"
	case *ast.InfinityNode, *ast.NanNode:
		return "infinity"
	case *ast.BoolNode:
		return "true or false"
	case *ast.NullNode, nil:
		return "nothing"
	}
	return "text"
}

// textOf returns the text of a text value.
func textOf(n ast.Node) (string, bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.LiteralNode:
		return strings.TrimSuffix(v.Value.Value, "\n"), true
	}
	return "", false
}
