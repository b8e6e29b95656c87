package style_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// listed is a package as `go list` describes it.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
}

// uiPackages returns the packages of the screen and a way to import whatever
// they import.
func uiPackages(t *testing.T) ([]listed, types.Importer, *token.FileSet) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles", "conway/internal/ui/...")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	export := map[string]string{}
	var mine []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		export[p.ImportPath] = p.Export
		if strings.HasPrefix(p.ImportPath, "conway/internal/ui") {
			mine = append(mine, p)
		}
	}
	fset := token.NewFileSet()
	return mine, importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if f, ok := export[path]; ok && f != "" {
			return os.Open(f)
		}
		return nil, fmt.Errorf("no export data for %s", path)
	}), fset
}

// TestOnlyTheSheetWritesToTheView reads every file of the screen with its types.
// Text leaves its type, and strings are written, only where that is somebody's
// job.
func TestOnlyTheSheetWritesToTheView(t *testing.T) {
	pkgs, imp, fset := uiPackages(t)
	seen := map[string]bool{}
	files := 0
	for _, p := range pkgs {
		switch strings.TrimPrefix(p.ImportPath, "conway/internal/ui") {
		case "/uitest", "/keymap/keytable", "/gate", "/canvas":
			continue // not drawn: tests, the README's table, what comes after the view and before the gate
		}
		var parsed []*ast.File
		for _, f := range p.GoFiles {
			a, err := parser.ParseFile(fset, filepath.Join(p.Dir, f), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			parsed = append(parsed, a)
			files++
		}
		info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}}
		conf := types.Config{Importer: imp}
		if _, err := conf.Check(p.ImportPath, fset, parsed, info); err != nil {
			t.Fatal(err)
		}
		for _, f := range parsed {
			for _, i := range f.Imports {
				if path := strings.Trim(i.Path.Value, `"`); path == "unsafe" || path == "os" && p.ImportPath != "conway/internal/ui" {
					t.Errorf("%s imports %s", fset.Position(i.Pos()), path)
				}
			}
			for _, d := range f.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok {
					continue
				}
				name := strings.TrimPrefix(p.ImportPath, "conway/internal/") + "." + fn.Name.Name
				for _, what := range leaves(info, fn) {
					seen[name+": "+what.what] = true
					if !slices.Contains(jobs(), name+": "+what.what) {
						t.Errorf("%s: %s %s; draw with text.Safe and the sheet", fset.Position(what.pos), name, what.what)
					}
				}
			}
		}
	}
	for _, j := range jobs() {
		if !seen[j] {
			t.Errorf("nobody does this any more, so take it off the list: %s", j)
		}
	}
	if files < 30 {
		t.Errorf("only %d files were read", files)
	}
}

// jobs are the functions that may leave the types, and how.
func jobs() []string {
	return []string{
		"ui/style.run: takes the string out of text.Safe", // the one way into a frame
		"ui/style.run: writes a string",
		"ui/style.WriteLink: writes a string",        // an address that the config's hosts allow, and the gate checks again
		"ui.View: takes the string out of text.Safe", // the window's title
		"ui.View: makes a view",
		"ui.View: sets WindowTitle",
		"ui.SVG: takes the string out of text.Safe", // a picture, escaped
		"ui.SVG: writes a string",
		"ui.svgSpan: writes a string",
		"ui/keymap.Table: writes a string", // the README's table
	}
}

type leave struct {
	pos  token.Pos
	what string
}

// leaves lists how a function leaves the types.
func leaves(info *types.Info, fn *ast.FuncDecl) []leave {
	var out []leave
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if what := call(info, n); what != "" {
				out = append(out, leave{n.Pos(), what})
			}
		case *ast.AssignStmt:
			for _, l := range n.Lhs {
				if s, ok := l.(*ast.SelectorExpr); ok && from(info.TypeOf(s.X)) == "charm.land/bubbletea/v2.View" && isString(info.TypeOf(l)) {
					out = append(out, leave{n.Pos(), "sets " + s.Sel.Name})
				}
			}
		case *ast.CompositeLit:
			if from(info.TypeOf(n)) == "charm.land/bubbletea/v2.View" {
				out = append(out, leave{n.Pos(), "makes a view"})
			}
		}
		return true
	})
	return out
}

// call says how a call leaves the types, empty for not at all.
func call(info *types.Info, c *ast.CallExpr) string {
	s, ok := c.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if sel := info.Selections[s]; sel != nil {
		switch recv := from(sel.Recv()); {
		case recv == "conway/internal/text.Safe" && s.Sel.Name == "String":
			return "takes the string out of text.Safe"
		case (recv == "strings.Builder" || recv == "bytes.Buffer") && strings.HasPrefix(s.Sel.Name, "Write") && !constant(info, c.Args):
			return "writes a string"
		}
		return ""
	}
	obj, ok := info.Uses[s.Sel].(*types.Func)
	if !ok || obj.Pkg() == nil {
		return ""
	}
	switch path := obj.Pkg().Path() + "." + obj.Name(); path {
	case "fmt.Fprint", "fmt.Fprintf", "fmt.Fprintln", "io.WriteString":
		return "writes a string"
	case "charm.land/bubbletea/v2.NewView":
		return "makes a view"
	case "charm.land/bubbletea/v2.Raw", "charm.land/bubbletea/v2.SetWindowTitle":
		if !constant(info, c.Args) {
			return "sends a sequence"
		}
	case "charm.land/bubbletea/v2.Println", "charm.land/bubbletea/v2.Printf", "charm.land/bubbletea/v2.SetClipboard", "charm.land/bubbletea/v2.SetPrimaryClipboard":
		return "sends a string past the view"
	}
	if obj.Pkg().Path() == "charm.land/lipgloss/v2" && !strings.HasSuffix(fmt.Sprint(obj.Type()), "color.Color") {
		return "draws by itself"
	}
	return ""
}

func constant(info *types.Info, args []ast.Expr) bool {
	return !slices.ContainsFunc(args, func(a ast.Expr) bool { return info.Types[a].Value == nil })
}

func isString(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

// from names a type, or what it points to.
func from(t types.Type) string {
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	return types.TypeString(t, nil)
}
