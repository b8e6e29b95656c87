package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"conway/internal/documents"
)

const (
	// maxFile bounds a config file. A thousand services are about 200 KiB.
	maxFile = 1 << 20
	// maxTokens bounds what the parser is given; its time grows with the square.
	maxTokens = 60_000
)

// Load reads a config file. The error is Errors for faults in the file; it
// wraps fs.ErrNotExist when there is no such file.
func Load(path string, opts Options) (Config, error) {
	data, err := readFile(path)
	if err != nil {
		return Config{}, err
	}
	return Parse(path, data, opts)
}

func readFile(path string) ([]byte, error) {
	// O_NONBLOCK keeps a named pipe from waiting for a writer for ever.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		if pe, ok := errors.AsType[*fs.PathError](err); ok {
			err = pe.Err
		}
		fix := "name another file with --config"
		switch {
		case errors.Is(err, fs.ErrNotExist):
			fix = "conway config init writes one"
		case errors.Is(err, fs.ErrPermission):
			fix = "run: chmod u+r " + shellQuote(path)
		}
		return nil, fmt.Errorf("read config %s: %w; %s", path, err, fix)
	}
	defer f.Close() //nolint:errcheck // it was only read
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read config %s: %w", path, errors.Unwrap(err))
	}
	whole := func(message, fix string) ([]byte, error) {
		return nil, Errors{{File: path, Message: message, Fix: fix}}
	}
	switch mode := info.Mode(); {
	case mode.IsDir():
		return whole("it is a directory", "name the file in it, such as "+filepath.Join(path, "config.yaml"))
	case !mode.IsRegular():
		return whole("it is not a regular file", "write the configuration to one")
	case mode.Perm()&0o002 != 0:
		// It names programs to run: whoever can write it acts as this person.
		return whole("anybody on this machine can change it, and it names programs to run", "run: chmod o-w "+shellQuote(path))
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read config %s: %w", path, err)
	}
	return data, nil
}

// Parse reads a configuration. The name is what faults call it and, unless
// Options.Dir is set, where relative paths start. The error is Errors; an empty
// file is no fault.
func Parse(name string, data []byte, opts Options) (Config, error) {
	d, body := plan(name, data, ownWords())
	if d == nil {
		return Config{}, body.err()
	}
	dir := opts.Dir
	if dir == "" {
		dir = filepath.Dir(name)
	}
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	d.opts, d.dir = opts, dir
	c := Default()
	if body.node != nil && !isNull(body.node) {
		d.plant(body.node)
		d.visit(body.node, &c)
	}
	if err := d.err(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// document is the only one of a file, or what keeps it from being read.
type document struct {
	*faults
	node ast.Node
}

// plan reads a file as YAML and returns a decoder for it, nil when it cannot be
// read. The words are all that mean something in it.
func plan(name string, data []byte, words []string) (*decoder, document) {
	fs := &faults{file: name}
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	if !fs.readable(data) {
		return nil, document{faults: fs}
	}
	fs.lines = strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
	body, ok := fs.parse(string(data))
	if !ok {
		return nil, document{faults: fs}
	}
	return &decoder{
		tree:  &tree{faults: fs, anchors: map[string]*ast.AnchorNode{}, own: words},
		marks: map[string]mark{},
	}, document{fs, body}
}

func (d *decoder) visit(body ast.Node, c *Config) {
	r := d.resolve(body)
	if _, ok := r.(*ast.MappingNode); r != nil && !ok {
		d.veil.hide(r)
		d.add(markOf(r), "the file is "+kindOf(r)+", not a configuration", "write keys and values, such as theme: night")
		return
	}
	if r != nil {
		d.object(r, reflect.ValueOf(c).Elem(), "", "")
		d.relate(c)
	}
}

// readable reports what keeps the bytes from being text at all.
func (f *faults) readable(data []byte) bool {
	switch {
	case len(data) > maxFile:
		f.add(mark{}, "it is larger than 1 MiB", "no configuration is; name the right file")
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}), bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		f.add(mark{}, "it is UTF-16", "save it as UTF-8")
	default:
		line, col := 1, 1
		for rest := data; len(rest) > 0; {
			r, n := utf8.DecodeRune(rest)
			bad := r == utf8.RuneError && n == 1
			if bad || unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r' {
				f.add(mark{line: line, col: col}, "it is not a text file: there is a byte that no text has", "name the right file, or save it as UTF-8")
				return false
			}
			rest, col = rest[n:], col+1
			if r == '\n' {
				line, col = line+1, 1
			}
		}
		return true
	}
	return false
}

// parse returns the only document of the file, nil for an empty one.
func (f *faults) parse(text string) (body ast.Node, ok bool) {
	// The parser is given bytes that nobody has looked at; a fault in it must
	// not take the screen down.
	defer func() {
		if recover() != nil {
			f.add(mark{}, "it cannot be read as YAML", "simplify it, part by part, until it can")
			body, ok = nil, false
		}
	}()
	tokens := lexer.Tokenize(text)
	if at, bad := tooDeep(tokens); bad {
		f.veil.blind = true
		f.add(at, "values nest too deeply, or there are too many", "no configuration needs this; name the right file")
		return nil, false
	}
	for _, t := range tokens {
		// A fault is never in a comment, and a switched off secret may be.
		if t.Type == token.CommentType {
			f.veil.blot(t, t)
		}
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		f.syntax(err)
		return nil, false
	}
	for _, doc := range file.Docs {
		if _, ok := doc.Body.(*ast.DirectiveNode); ok { // %YAML 1.2 comes as a document
			continue
		}
		switch {
		case doc.Body == nil:
		case body != nil:
			f.veil.blind = true
			f.add(markOf(doc.Body), "there is a second document", "remove the line --- and keep one")
			return nil, false
		default:
			body = doc.Body
		}
	}
	return body, true
}

// syntax reports what the parser could not read. Nothing is known of the file
// then, so only the words of the file itself are shown.
func (f *faults) syntax(err error) {
	f.veil.blind = true
	var se *yaml.SyntaxError
	if !errors.As(err, &se) || se.Token == nil {
		f.add(mark{}, "it cannot be read as YAML", "check the quotes, the brackets and the indentation")
		return
	}
	message, _, _ := strings.Cut(se.Message, `"`) // what it quotes is from the file
	message = strings.TrimRight(message, ": ")
	at := tokenMark(se.Token)
	at.width = 1
	fix := "check the quotes, the brackets and the indentation"
	switch {
	case strings.Contains(message, "\t"):
		at.line, at.col, message, fix = f.tab(at.line)
	case strings.Contains(message, "mapping value is not allowed"):
		fix = "put text with a colon in quotes, and check the indentation"
	case strings.Contains(message, "reserved character"):
		fix = "put the text in quotes"
	case strings.Contains(message, "end character"):
		fix = "close the quote"
	}
	f.add(at, "it is not YAML: "+printable(message), fix)
}

// tab finds the tab that the parser stumbled over, on the line or just after.
func (f *faults) tab(line int) (at, col int, message, fix string) {
	for n := line; n <= len(f.lines) && n <= line+1; n++ {
		text := f.lines[n-1]
		blank := len(text) - len(strings.TrimLeft(text, " \t"))
		if i := strings.IndexByte(text[:blank], '\t'); i >= 0 {
			return n, i + 1, "a tab indents this line", "indent with spaces"
		}
	}
	return line, 1, "there is a tab where YAML has none", "write spaces"
}

// tooDeep reports where a file nests deeper than any configuration, before the
// parser is let at it.
func tooDeep(tokens token.Tokens) (mark, bool) {
	if t := documents.TooDeep(tokens, maxDepth, maxTokens); t != nil {
		return tokenMark(t), true
	}
	return mark{}, false
}
