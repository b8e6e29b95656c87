package owners

import (
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"conway/internal/documents"
)

// codeFile keeps the CODEOWNERS file that GitHub would read of a repository: the
// first of .github, the root and docs.
func (r *reader) codeFile(f documents.File) {
	if len(f.Data) > documents.MaxFile {
		r.faults = append(r.faults, documents.Fault{File: f.Name, Message: "it is larger than 256 KiB", Fix: "name the right file, or split it"})
		return
	}
	repo, rank := codeRepo(f.Name)
	before, ok := r.code[repo]
	if !ok {
		r.repo = append(r.repo, repo)
	}
	if _, other := codeRepo(before.Name); !ok || rank < other {
		r.code[repo] = f
	}
}

// codeRepo returns the repository that a CODEOWNERS file is of, and how early it
// is looked for.
func codeRepo(name string) (repo string, rank int) {
	dir := filepath.Dir(name)
	switch filepath.Base(dir) {
	case ".github":
		return filepath.Dir(dir), 0
	case "docs":
		return filepath.Dir(dir), 2
	}
	return dir, 1
}

// codeOwners adds what each repository's CODEOWNERS says of all of it, and keeps its
// rules for what is said of parts.
func (r *reader) codeOwners() (code []repoRules) {
	for _, repo := range r.repo {
		f := r.code[repo]
		mine := repoRules{repo: repo}
		var whole *codeRule
		for rule := range codeRules(string(f.Data)) {
			rule.team, rule.known = r.codeTeam(rule.owners)
			mine.rules = append(mine.rules, rule)
			if rule.whole() {
				whole = &rule
			}
		}
		if len(mine.rules) > 0 {
			code = append(code, mine)
		}
		if whole == nil {
			continue // it says something of parts only, and a service is not one of them
		}
		if !whole.known {
			r.faults = append(r.faults, documents.Fault{
				File: f.Name, Line: whole.line, Message: "the whole repository is owned by people, of whom no team is known",
				Fix: "name a team as @org/team, or the address of somebody under people in the config",
			})
			continue
		}
		r.entries = append(r.entries, entry{Claim: Claim{whole.team, CodeOwners}, repo: repo, whole: true, file: f.Name, line: whole.line})
	}
	return code
}

// codeTeam returns the team among a rule's owners, empty where it has none: then
// the code is nobody's on purpose.
func (r *reader) codeTeam(owners []string) (string, bool) {
	if len(owners) == 0 {
		return "", true
	}
	for _, o := range owners {
		slug := strings.TrimPrefix(o, "@")
		if _, name, ok := strings.Cut(slug, "/"); ok && slug != o {
			if group := r.groups[strings.ToLower(slug)]; group != "" {
				return group, true
			}
			return name, true
		}
	}
	for _, o := range owners {
		if strings.HasPrefix(o, "@") {
			continue // an account's name says nothing of a team
		}
		if team := r.team(o); team != "" {
			return team, true
		}
	}
	return "", false
}

// codeRule is one line of a CODEOWNERS file. Of several that match a file the last
// counts.
type codeRule struct {
	pattern []string
	owners  []string
	line    int
	// team is that of the owners, empty where the line names none: then the files are
	// nobody's on purpose. known is false where it names people of no known team.
	team  string
	known bool
}

// codeRules reads the lines that say something.
func codeRules(text string) iter.Seq[codeRule] {
	return func(yield func(codeRule) bool) {
		n := 0
		for raw := range strings.Lines(strings.TrimPrefix(text, "\uFEFF")) {
			n++
			words := codeWords(raw)
			// Patterns with ! or [ ] are none to GitHub, which leaves such lines out.
			if len(words) == 0 || strings.HasPrefix(words[0], "!") || strings.ContainsAny(words[0], "[]") {
				continue
			}
			if !yield(codeRule{pattern: segments(words[0]), owners: words[1:], line: n}) {
				return
			}
		}
	}
}

// codeWords returns a line's words without its comment. A space of a pattern has a
// backslash before it.
func codeWords(line string) []string {
	const space = "\x00"
	words := strings.Fields(strings.ReplaceAll(line, `\ `, space))
	if i := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, "#") }); i >= 0 {
		words = words[:i]
	}
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], space, " ")
	}
	return words
}
