package documents_test

import (
	"strings"
	"testing"

	"conway/internal/documents"
)

func TestLines(t *testing.T) {
	all, problem := documents.Read([]byte("# first\na: &x\n  b:\n    - c: 1\n      d: 2\n    - 3\n---\ne: {f: [g, {h: i}]}\n"))
	if problem != nil || len(all) != 2 {
		t.Fatalf("%d documents, %+v", len(all), problem)
	}
	for _, tt := range []struct {
		doc  int
		path string
		want int
	}{
		{0, "a", 2},
		{0, "a.b", 3},
		{0, "a.b[0]", 4},
		{0, "a.b[0].d", 5},
		{0, "a.b[1]", 6},
		{0, "a.b[7].d", 3},
		{0, "a.b[-1]", 3},
		{0, "a.none.at.all", 2},
		{1, "e.f[1].h", 8},
	} {
		if got := all[tt.doc].Line(tt.path); got != tt.want {
			t.Errorf("%s is on line %d, want %d", tt.path, got, tt.want)
		}
	}
}

func TestProblems(t *testing.T) {
	for _, tt := range []struct {
		name, data, want string
		line             int
	}{
		{"no YAML", "a: b\n\tc: d\n", "it is not YAML", 2},
		{"an empty document", "a: b\n---\n# nothing\n---\nc: d\n", "a line --- follows another, and what comes after is not read", 4},
		{"too large", strings.Repeat("a", documents.MaxFile+1), "it is larger than 256 KiB", 0},
	} {
		all, problem := documents.Read([]byte(tt.data))
		if len(all) != 0 || problem == nil || problem.Message != tt.want || problem.Line != tt.line {
			t.Errorf("%s: %d documents, %+v", tt.name, len(all), problem)
		}
	}
	all, _ := documents.Read([]byte("a:\n  - b\n"))
	var into struct {
		A string `yaml:"a"`
	}
	if p := all[0].Decode(&into); p == nil || p.Line != 2 || !strings.HasPrefix(p.Message, "it cannot be read: ") {
		t.Errorf("a list for text: %+v", p)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("a: &x {b: [*x, c]}\n---\n<<: *x\n"), "a.b[0]")
	f.Fuzz(func(_ *testing.T, data []byte, path string) {
		all, _ := documents.Read(data)
		for _, d := range all {
			var into map[string]any
			_ = d.Decode(&into) // what it says is of no matter: it must come back
			d.Line(path)
		}
	})
}
