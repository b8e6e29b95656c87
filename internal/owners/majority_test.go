package owners_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestPatterns holds each pattern to what GitHub's documentation says of it.
func TestPatterns(t *testing.T) {
	for _, tt := range []struct{ pattern, in, out string }{
		{"*", "a a/b .github/x", ""},
		{"*.js", "a.js web/a.js web.js/a.go", "a.jsx js"},
		{"/build/logs/", "build/logs/a build/logs/b/c", "build/logs x/build/logs/a build/log/a"},
		{"docs/*", "docs/a.md", "docs/a/b.md docs x/docs/a.md"},
		{"apps/", "apps/a x/apps/b/c", "apps myapps/a"},
		{"/docs/", "docs/a docs/b/c", "x/docs/a"},
		{"/scripts/", "scripts/a", "a/scripts/a"},
		{"**/logs", "logs/a build/logs/a deeply/nested/logs/b/c", "build/log/a"},
		{"/apps/github", "apps/github apps/github/a", "apps/githubs apps/a"},
		{"a/**/z", "a/z a/b/z a/b/c/z a/b/z/y", "b/a/z a/zz"},
		{"a/**", "a/b a/b/c", "b/a"},
		{"main.go", "main.go cmd/main.go", "main.go.txt Main.go"},
		{"/main.go", "main.go", "cmd/main.go"},
		{"?.go", "a.go x/b.go", "ab.go"},
		{`odd\ name/`, "odd name/a", "odd/a name/a"},
		{"/*", "a", "a/b"},
	} {
		b, _ := book(t, "/src/shop/CODEOWNERS", tt.pattern+" @acme/a\n")
		for _, file := range split(tt.in) {
			if team, _ := b.Majority("acme/shop", []string{file}); team != "a" {
				t.Errorf("%s does not match %s", tt.pattern, file)
			}
		}
		for _, file := range split(tt.out) {
			if team, _ := b.Majority("acme/shop", []string{file}); team != "" {
				t.Errorf("%s matches %s", tt.pattern, file)
			}
		}
	}
}

// split parts a list at its spaces, except in a name that has one.
func split(list string) []string {
	words := strings.Fields(strings.ReplaceAll(list, "odd name", "odd+name"))
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], "+", " ")
	}
	return words
}

func TestMajority(t *testing.T) {
	const rules = `* @acme/a
/web/ @acme/Pay-Devs @acme/a
/web/old/
/ops/ @ben
!/web/ @acme/b
[x]* @acme/b
`
	b, _ := book(t, "/src/shop/CODEOWNERS", rules, "g.yaml", group[4:])
	for _, tt := range []struct{ paths, team, why string }{
		{"web/x web/y main.go", "payments", "2 of 3 files"},
		{"main.go", "a", "1 of 1 file"},
		{"web/x main.go", "", "no team has most of 2 files: a 1, payments 1"},
		{"web/x web/y main.go go.mod web/old/x", "", "no team has most of 5 files: a 2, payments 2, nobody 1"},
		{"web/old/x web/old/y main.go", "", "nobody has 2 of 3 files"},
		{"ops/x ops/y main.go", "", "somebody of no known team has 2 of 3 files"},
		{"web/a web/b main.go ops/x web/old/x", "", "no team has most of 5 files: payments 2, a 1, nobody 1"},
		{"", "", ""},
	} {
		if team, why := b.Majority("acme/shop", strings.Fields(tt.paths)); team != tt.team || why != tt.why {
			t.Errorf("%s: %q, %q; want %q, %q", tt.paths, team, why, tt.team, tt.why)
		}
	}
	if !b.Knows("acme/shop") || !b.Knows("/src/shop/") || b.Knows("acme/other") {
		t.Error("it does not know the one repository that it has rules of")
	}
	if team, why := b.Majority("acme/other", []string{"web/x"}); team != "" || why != "" {
		t.Errorf("of another repository: %q, %q", team, why)
	}
	empty, _ := book(t, "/src/shop/CODEOWNERS", "# nothing\n")
	if empty.Knows("acme/shop") {
		t.Error("rules without any line are known")
	}
}

// TestManyStarsTakeNoTime has a pattern whose ways to match a path are more than
// anybody can try.
func TestManyStarsTakeNoTime(t *testing.T) {
	b, _ := book(t, "/src/shop/CODEOWNERS", strings.Repeat("**/a/", 60)+"b @acme/a\n")
	path := strings.Repeat("a/", 200)
	if team, _ := b.Majority("acme/shop", []string{path + "b"}); team != "a" {
		t.Error("it does not match")
	}
	paths := make([]string, 300)
	for i := range paths {
		paths[i] = fmt.Sprintf("%sc%d", path, i)
	}
	if team, _ := b.Majority("acme/shop", paths); team != "" {
		t.Error("it matches")
	}
}
