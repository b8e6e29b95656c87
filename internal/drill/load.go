package drill

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxScenario is far beyond any scenario somebody would write by hand.
const maxScenario = 1 << 20

//go:embed scenarios/*.yaml
var shipped embed.FS

// List returns the scenarios that come with conway, ordered by name.
func List() ([]Scenario, error) {
	files, err := fs.Glob(shipped, "scenarios/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list scenarios: %w", err)
	}
	all := make([]Scenario, 0, len(files))
	for _, f := range files {
		s, err := loadFrom(shipped, f)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// Load returns the shipped scenario of this name, or the one in the file at this
// path, which ends in .yaml or .yml or holds a separator. An error lists every
// fault with file, line, column and what to write instead.
func Load(nameOrPath string) (Scenario, error) {
	ext := filepath.Ext(nameOrPath)
	if ext == ".yaml" || ext == ".yml" || strings.ContainsRune(nameOrPath, filepath.Separator) {
		dir, file := filepath.Split(nameOrPath)
		if dir == "" {
			dir = "."
		}
		s, err := loadFrom(os.DirFS(dir), file)
		return s, err
	}
	s, err := loadFrom(shipped, "scenarios/"+nameOrPath+".yaml")
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return Scenario{}, fmt.Errorf("load scenario: there is no %q; take one of %s, or give a path that ends in .yaml",
			nameOrPath, strings.Join(names(), ", "))
	}
	return s, err
}

func names() []string {
	files, err := fs.Glob(shipped, "scenarios/*.yaml")
	if err != nil {
		return nil
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(path.Base(f), ".yaml")
	}
	slices.Sort(files)
	return files
}

func loadFrom(fsys fs.FS, file string) (Scenario, error) {
	src, err := readBounded(fsys, file)
	if err != nil {
		return Scenario{}, fmt.Errorf("load scenario: %w", err)
	}
	s, err := parse(path.Base(file), src)
	if err != nil {
		return Scenario{}, err
	}
	for i, rb := range s.Runbooks {
		if rb.File == "" {
			continue
		}
		text, err := readBounded(fsys, path.Join(path.Dir(file), rb.File))
		if err != nil {
			return Scenario{}, fmt.Errorf("load scenario %s: read runbooks[%d].file: %w", path.Base(file), i, err)
		}
		s.Runbooks[i].Text = string(text)
	}
	return s, nil
}

func readBounded(fsys fs.FS, file string) ([]byte, error) {
	f, err := fsys.Open(file)
	if err != nil {
		return nil, err
	}
	src, err := io.ReadAll(io.LimitReader(f, maxScenario+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if len(src) > maxScenario {
		return nil, fmt.Errorf("%s has more than %d bytes, which no scenario needs", file, maxScenario)
	}
	return src, nil
}

// parse reads one scenario strictly and checks that it makes sense. All faults
// that can be told apart are reported at once.
func parse(file string, src []byte) (Scenario, error) {
	tree, err := parser.ParseBytes(src, 0)
	if err != nil {
		return Scenario{}, scenarioError{file: file, list: []faultError{asFault(err)}}
	}
	if len(tree.Docs) == 0 || tree.Docs[0].Body == nil || tree.Docs[0].Body.Type() != ast.MappingType {
		return Scenario{}, scenarioError{file: file, list: []faultError{{
			line: 1, col: 1, text: "the file is not a scenario", fix: "start it with a line such as title: A deploy breaks checkout",
		}}}
	}
	var s Scenario
	d := yaml.NewDecoder(bytes.NewReader(src), yaml.Strict(), yaml.DisallowUnknownField())
	if err := d.Decode(&s); err != nil {
		return Scenario{}, scenarioError{file: file, list: []faultError{asFault(err)}}
	}
	s.Name = strings.TrimSuffix(strings.TrimSuffix(file, ".yaml"), ".yml")
	c := checker{tree: tree}
	c.scenario(&s)
	if len(c.list) > 0 {
		return Scenario{}, scenarioError{file: file, list: c.list}
	}
	return s, nil
}
