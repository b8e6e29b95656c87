package drill

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// faultError is one thing that is wrong in a scenario: where, what, and what to write
// instead.
type faultError struct {
	line, col int
	text, fix string
}

// Error returns the fault without its file.
func (f faultError) Error() string {
	s := fmt.Sprintf("%d:%d: %s", f.line, f.col, f.text)
	if f.fix != "" {
		s += "; " + f.fix
	}
	return s
}

// scenarioError is every fault of one file.
type scenarioError struct {
	file string
	list []faultError
}

// Error returns a line "file:line:column: what; fix" for each fault.
func (f scenarioError) Error() string {
	list := slices.Clone(f.list)
	slices.SortStableFunc(list, func(a, b faultError) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.col, b.col))
	})
	lines := make([]string, len(list))
	for i, one := range list {
		lines[i] = f.file + ":" + one.Error()
	}
	return strings.Join(lines, "\n")
}

func faultAt(n ast.Node, text, fix string) faultError {
	f := faultError{line: 1, col: 1, text: text, fix: fix}
	if n != nil && n.GetToken() != nil && n.GetToken().Position != nil {
		f.line, f.col = n.GetToken().Position.Line, n.GetToken().Position.Column
	}
	return f
}

// asFault makes a fault of what the YAML library says.
func asFault(err error) faultError {
	var f faultError
	if errors.As(err, &f) {
		return f
	}
	f = faultError{line: 1, col: 1, text: err.Error()}
	if located, ok := errors.AsType[yaml.Error](err); ok {
		f.text = located.GetMessage()
		if t := located.GetToken(); t != nil && t.Position != nil {
			f.line, f.col = t.Position.Line, t.Position.Column
		}
	}
	var unknown *yaml.UnknownFieldError
	if errors.As(err, &unknown) && unknown.Token != nil {
		f.text = fmt.Sprintf("there is no key %q here", unknown.Token.Value)
		f.fix = "take it out"
		if near := nearest(unknown.Token.Value, keysOf(reflect.TypeFor[Scenario](), nil)); near != "" {
			f.fix = fmt.Sprintf("did you mean %q?", near)
		}
		return f
	}
	var typed *yaml.TypeError
	if errors.As(err, &typed) && typed.DstType != nil {
		f.text = "a " + word(typed.SrcType) + " cannot stand here"
		f.fix = "write a " + word(typed.DstType)
		return f
	}
	f.text = regexp.MustCompile(`\s+`).ReplaceAllString(f.text, " ")
	return f
}

// word names a Go type as somebody who writes YAML would.
func word(t fmt.Stringer) string {
	s := t.String()
	switch {
	case strings.HasPrefix(s, "[]"), s == "Sequence":
		return "list"
	case strings.HasPrefix(s, "map"), strings.HasPrefix(s, "drill."), s == "Mapping":
		return "mapping"
	case strings.HasPrefix(s, "int"), strings.HasPrefix(s, "uint"), strings.HasPrefix(s, "float"):
		return "number"
	case s == "bool":
		return "true or false"
	}
	return "text"
}

// keysOf returns every key that a scenario may have anywhere.
func keysOf(t reflect.Type, keys []string) []string {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return keys
	}
	for field := range t.Fields() {
		if key := field.Tag.Get("yaml"); key != "" && key != "-" {
			keys = keysOf(field.Type, append(keys, key))
		}
	}
	return keys
}

// nearest returns the key that is at most two edits away, or "".
func nearest(word string, keys []string) string {
	best, found := 3, ""
	for _, k := range keys {
		if d := edits(word, k); d < best {
			best, found = d, k
		}
	}
	return found
}

// edits is Levenshtein's distance.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
