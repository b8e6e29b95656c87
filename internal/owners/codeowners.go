package owners

import (
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

// codeOwners adds what each repository's CODEOWNERS says of all of it.
func (r *reader) codeOwners() {
	for _, repo := range r.repo {
		f := r.code[repo]
		rule, line, ok := wholeRule(string(f.Data))
		if !ok {
			continue // it says something of parts only, and a service is not one of them
		}
		team, found := r.codeTeam(rule)
		if !found {
			r.faults = append(r.faults, documents.Fault{
				File: f.Name, Line: line, Message: "the whole repository is owned by people, of whom no team is known",
				Fix: "name a team as @org/team, or the address of somebody under people in the config",
			})
			continue
		}
		r.entries = append(r.entries, entry{Claim: Claim{team, CodeOwners}, repo: repo, whole: true, file: f.Name, line: line})
	}
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

// wholeRule returns the owners of the last rule that matches every file of a
// repository, and its line. Later rules for parts of it do not change whose the
// rest is.
func wholeRule(text string) (owners []string, line int, ok bool) {
	n := 0
	for raw := range strings.Lines(strings.TrimPrefix(text, "\uFEFF")) {
		n++
		words := strings.Fields(strings.TrimSpace(raw))
		if i := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, "#") }); i >= 0 {
			words = words[:i]
		}
		if len(words) == 0 {
			continue
		}
		// Patterns with ! or [ ] are none to GitHub, which leaves such lines out; none
		// of them is among these.
		switch words[0] {
		case "*", "**", "/**", "/**/*", "**/*":
			owners, line, ok = words[1:], n, true
		}
	}
	return owners, line, ok
}
