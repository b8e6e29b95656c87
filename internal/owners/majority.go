package owners

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// repoRules are the rules of one repository's CODEOWNERS, in their order.
type repoRules struct {
	repo  string
	rules []codeRule
}

// The owners of files that no team has.
const (
	nobody = "nobody"
	people = "somebody of no known team"
)

// told is how many owners are named where none has most of the files.
const told = 3

// Knows reports whether there are rules of a repository, owner/name or a local path.
func (b Book) Knows(repo string) bool { return b.rulesOf(repo) != nil }

func (b Book) rulesOf(repo string) []codeRule {
	for _, c := range b.code {
		if sameRepo(repo, c.repo) {
			return c.rules
		}
	}
	return nil
}

// Majority returns the team that owns more than half of a repository's files at these
// paths, and in a few words how many, or why it is no team's. It never decides for the
// largest of parts of which none is more than half.
func (b Book) Majority(repo string, paths []string) (team, why string) {
	rules := b.rulesOf(repo)
	if len(rules) == 0 || len(paths) == 0 {
		return "", ""
	}
	count := map[string]int{}
	for _, p := range paths {
		count[ownerOf(rules, p)]++
	}
	most := slices.SortedFunc(maps.Keys(count), func(x, y string) int {
		return cmp.Or(cmp.Compare(count[y], count[x]), cmp.Compare(x, y))
	})
	share := fmt.Sprintf("%d of %s", count[most[0]], files(len(paths)))
	switch {
	case 2*count[most[0]] <= len(paths):
		parts := make([]string, 0, told)
		for _, who := range most[:min(told, len(most))] {
			parts = append(parts, fmt.Sprintf("%s %d", who, count[who]))
		}
		return "", "no team has most of " + files(len(paths)) + ": " + strings.Join(parts, ", ")
	case most[0] == nobody, most[0] == people:
		return "", most[0] + " has " + share
	}
	return most[0], share
}

func files(n int) string {
	if n == 1 {
		return "1 file"
	}
	return fmt.Sprintf("%d files", n)
}

// ownerOf returns whose a file is by the last rule that matches.
func ownerOf(rules []codeRule, file string) string {
	parts := strings.Split(strings.Trim(file, "/"), "/")
	for _, r := range slices.Backward(rules) {
		if !r.matches(parts) {
			continue
		}
		if !r.known {
			return people
		}
		return cmp.Or(r.team, nobody)
	}
	return nobody
}
