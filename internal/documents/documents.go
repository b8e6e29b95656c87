// Package documents reads the YAML files of other tools, one document after the
// other, and knows on which line a value stands. It is pure, bounds what it reads,
// and knows none of the formats.
package documents

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	// MaxFile bounds a file, in bytes: some hundred objectives or entities.
	MaxFile = 256 << 10
	// maxDepth is how deep values may nest.
	maxDepth = 200
	// maxTokens bounds what the parser is given; its time grows with the square.
	maxTokens = 60_000
)

// Problem says what keeps a file or a part of it from being read.
type Problem struct {
	// Line counts from 1; 0 is the whole file.
	Line         int
	Message, Fix string
}

// Document is one of a file's documents.
type Document struct{ node ast.Node }

// Read returns the documents of a file, without those that are empty.
func Read(data []byte) (out []Document, problem *Problem) {
	// The parser is given bytes that nobody has looked at; a fault in it must not
	// take the screen down.
	defer func() {
		if recover() != nil {
			out, problem = nil, &Problem{Message: "it cannot be read as YAML", Fix: "simplify it, part by part, until it can"}
		}
	}()
	if len(data) > MaxFile {
		return nil, &Problem{Message: "it is larger than 256 KiB", Fix: "name the right file, or split it"}
	}
	tokens := lexer.Tokenize(string(data))
	if t := TooDeep(tokens, maxDepth, maxTokens); t != nil {
		return nil, &Problem{Line: t.Position.Line, Message: "values nest too deeply, or there are too many", Fix: "name the right file, or split it"}
	}
	if line := twoHeaders(tokens); line > 0 {
		return nil, &Problem{Line: line, Message: "a line --- follows another, and what comes after is not read", Fix: "remove one of them"}
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		line := 0
		if at, ok := err.(yaml.Error); ok && at.GetToken() != nil { //nolint:errorlint // the parser wraps nothing
			line = at.GetToken().Position.Line
		}
		return nil, &Problem{Line: line, Message: "it is not YAML", Fix: "check the quotes, the brackets and the indentation"}
	}
	for _, doc := range file.Docs {
		switch doc.Body.(type) {
		case nil, *ast.DirectiveNode, *ast.NullNode, *ast.CommentGroupNode:
			continue
		}
		out = append(out, Document{doc.Body})
	}
	return out, nil
}

// twoHeaders returns the line of the second of two lines --- with nothing between
// them, 0 for none: the parser takes that for the end of the file.
func twoHeaders(tokens token.Tokens) int {
	header := false
	for _, t := range tokens {
		switch t.Type {
		case token.CommentType:
		case token.DocumentHeaderType:
			if header {
				return t.Position.Line
			}
			header = true
		default:
			header = false
		}
	}
	return 0
}

// TooDeep returns the token from which on a file nests deeper than this, or has
// more tokens, nil for none. It is for before the parser is let at the file: that
// one calls itself for each level.
func TooDeep(tokens token.Tokens, depth, most int) *token.Token {
	flow, run, headers := 0, 0, 0
	var columns []int // of the blocks around the token
	line := 0
	for i, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow = max(0, flow-1)
		case token.AnchorType, token.TagType, token.MappingKeyType, token.MappingValueType, token.SequenceEntryType:
			run++
		case token.DocumentHeaderType:
			headers++
		default:
		}
		if t.Position.Line != line {
			line, run = t.Position.Line, 0
			for len(columns) > 0 && columns[len(columns)-1] >= t.Position.Column {
				columns = columns[:len(columns)-1]
			}
			columns = append(columns, t.Position.Column)
		}
		if flow > depth || len(columns) > depth || flow == 0 && run > depth || headers > depth || i >= most {
			return t
		}
	}
	return nil
}

// Decode reads the document into a type, by its yaml tags. Keys that the type does
// not have are left out.
func (d Document) Decode(into any) (problem *Problem) {
	defer func() {
		if recover() != nil {
			problem = &Problem{Line: d.Line(""), Message: "it cannot be read", Fix: "simplify it, part by part, until it can"}
		}
	}()
	err := yaml.NodeToValue(d.node, into)
	if err == nil {
		return nil
	}
	p := Problem{Line: d.Line(""), Message: "it cannot be read", Fix: "write the value as the format has it"}
	if at, ok := err.(yaml.Error); ok { //nolint:errorlint // the decoder wraps nothing
		if at.GetToken() != nil {
			p.Line = at.GetToken().Position.Line
		}
		first, _, _ := strings.Cut(at.GetMessage(), "\n")
		p.Message += ": " + first
	}
	return &p
}

// Line returns the line of the key at a path such as slos[0].sli.plugin, or of the
// nearest one around it that is there.
func (d Document) Line(path string) int {
	n, line := d.node, 0
	if n != nil && n.GetToken() != nil {
		line = n.GetToken().Position.Line
	}
	for _, key := range strings.FieldsFunc(path, func(c rune) bool { return c == '.' || c == '[' || c == ']' }) {
		next, at := child(n, key)
		if next == nil {
			break
		}
		n, line = next, cmp.Or(at, line)
	}
	return line
}

// child returns the value of a key or the item of an index, and its line.
func child(n ast.Node, key string) (ast.Node, int) {
	switch v := n.(type) {
	case *ast.AnchorNode:
		return child(v.Value, key)
	case *ast.TagNode:
		return child(v.Value, key)
	case *ast.MappingValueNode:
		if v.Key.String() == key {
			return v.Value, v.Key.GetToken().Position.Line
		}
	case *ast.MappingNode:
		for _, one := range v.Values {
			if found, line := child(one, key); found != nil {
				return found, line
			}
		}
	case *ast.SequenceNode:
		if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(v.Values) {
			at := v.Values[i]
			if m, ok := at.(*ast.MappingNode); ok && len(m.Values) > 0 {
				return at, m.Values[0].Key.GetToken().Position.Line
			}
			return at, at.GetToken().Position.Line
		}
	}
	return nil, 0
}
