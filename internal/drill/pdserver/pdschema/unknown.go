package pdschema

import (
	"fmt"
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// unknown lists the properties of a value that its schema does not name. The
// OpenAPI rules allow them, and so would let every misspelt name pass. An object
// whose schema names no properties at all may hold anything.
func unknown(schema *openapi3.Schema, v any, path string) []string {
	var out []string
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			if items := itemsOf(schema); items != nil {
				out = append(out, unknown(items, e, fmt.Sprintf("%s[%d]", path, i))...)
			}
		}
	case map[string]any:
		named := map[string][]*openapi3.Schema{}
		collect(schema, named, map[*openapi3.Schema]bool{})
		if len(named) == 0 {
			return nil
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			at := path + "." + key
			schemas := named[key]
			if len(schemas) == 0 {
				out = append(out, at)
				continue
			}
			// It is known if any of the alternatives knows it.
			var fewest []string
			for n, s := range schemas {
				if extra := unknown(s, v[key], at); n == 0 || len(extra) < len(fewest) {
					fewest = extra
				}
			}
			out = append(out, fewest...)
		}
	}
	return out
}

// collect gathers the properties of a schema and of all it is made of.
func collect(s *openapi3.Schema, into map[string][]*openapi3.Schema, seen map[*openapi3.Schema]bool) {
	if s == nil || seen[s] {
		return
	}
	seen[s] = true
	for name, p := range s.Properties {
		into[name] = append(into[name], p.Value)
	}
	for _, refs := range []openapi3.SchemaRefs{s.AllOf, s.OneOf, s.AnyOf} {
		for _, r := range refs {
			collect(r.Value, into, seen)
		}
	}
}

func itemsOf(s *openapi3.Schema) *openapi3.Schema {
	if s == nil {
		return nil
	}
	if s.Items != nil {
		return s.Items.Value
	}
	for _, refs := range []openapi3.SchemaRefs{s.AllOf, s.OneOf, s.AnyOf} {
		for _, r := range refs {
			if items := itemsOf(r.Value); items != nil {
				return items
			}
		}
	}
	return nil
}
