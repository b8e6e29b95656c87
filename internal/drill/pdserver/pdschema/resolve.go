package pdschema

import (
	"fmt"
	"strconv"
	"strings"
)

// document is an OpenAPI description as plain JSON.
type document map[string]any

// at follows a JSON pointer such as "#/components/schemas/Tag/allOf/0", through
// list elements and through references on the way.
func (d document) at(ref string) (any, error) {
	path, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return nil, fmt.Errorf("follow %s: not a reference within the document", ref)
	}
	var node any = map[string]any(d)
	for part := range strings.SplitSeq(path, "/") {
		part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		var next any
		switch n := node.(type) {
		case map[string]any:
			if r, ok := n["$ref"].(string); ok {
				inner, err := d.at(r)
				if err != nil {
					return nil, err
				}
				n, _ = inner.(map[string]any)
			}
			next = n[part]
		case []any:
			if i, err := strconv.Atoi(part); err == nil && i >= 0 && i < len(n) {
				next = n[i]
			}
		}
		if next == nil {
			return nil, fmt.Errorf("follow %s: nothing at %q", ref, part)
		}
		node = next
	}
	return node, nil
}

// pruned returns a document with the given paths only, and with just those
// components that they need. A reference into the inside of a component becomes
// one to a component of its own, which is all that the OpenAPI library follows.
func (d document) pruned(paths []string) (document, error) {
	p := pruner{from: d, components: map[string]map[string]any{}}
	keep := map[string]any{}
	for _, path := range paths {
		item, err := d.at("#/paths/" + strings.ReplaceAll(path, "/", "~1"))
		if err != nil {
			return nil, err
		}
		if keep[path], err = p.copied(item); err != nil {
			return nil, err
		}
	}
	components := map[string]any{}
	for kind, all := range p.components {
		components[kind] = all
	}
	return document{
		"openapi": d["openapi"], "info": map[string]any{"title": "PagerDuty", "version": "2"},
		"paths": keep, "components": components,
	}, nil
}

type pruner struct {
	from       document
	components map[string]map[string]any
}

func (p pruner) copied(node any) (any, error) {
	switch n := node.(type) {
	case map[string]any:
		if ref, ok := n["$ref"].(string); ok {
			to, err := p.component(ref)
			return map[string]any{"$ref": to}, err
		}
		out := make(map[string]any, len(n))
		for k, v := range n {
			var err error
			if out[k], err = p.copied(v); err != nil {
				return nil, err
			}
		}
		return out, nil
	case []any:
		out := make([]any, len(n))
		for i, v := range n {
			var err error
			if out[i], err = p.copied(v); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return node, nil
}

// component makes the target of a reference a component of the pruned document
// and returns the reference to it.
func (p pruner) component(ref string) (string, error) {
	parts := strings.Split(strings.TrimPrefix(ref, "#/components/"), "/")
	kind, name := parts[0], strings.Join(parts[1:], ".")
	if len(parts) > 2 {
		kind = "schemas" // every reference into a component is to a schema
		name = strings.NewReplacer("~1", "-").Replace(strings.Join(parts, "."))
	}
	to := "#/components/" + kind + "/" + name
	if _, done := p.components[kind][name]; done {
		return to, nil
	}
	if p.components[kind] == nil {
		p.components[kind] = map[string]any{}
	}
	p.components[kind][name] = nil // in the making, for references in a circle
	node, err := p.from.at(ref)
	if err != nil {
		return "", err
	}
	p.components[kind][name], err = p.copied(node)
	return to, err
}
