package owners

import (
	"cmp"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Source says which kind of file makes a claim.
type Source string

// The sources, in the order in which they are asked.
const (
	Backstage  Source = "Backstage"
	OpsLevel   Source = "OpsLevel"
	Cortex     Source = "Cortex"
	Datadog    Source = "Datadog"
	Kubernetes Source = "Kubernetes"
	CodeOwners Source = "CODEOWNERS"
)

// Confidence says how far a claim of the source can be believed, from 0 to 1. A
// catalogue is kept for this very question, an annotation is often an address, and
// CODEOWNERS names who reviews the code, not who operates it.
func (s Source) Confidence() float64 {
	switch s {
	case Backstage:
		return 0.9
	case OpsLevel, Cortex, Datadog:
		return 0.8
	case Kubernetes:
		return 0.7
	case CodeOwners:
		return 0.6
	}
	return 0
}

// Claim is one file's word on whose code a service is.
type Claim struct {
	// Team is empty where the file says that nobody owns it.
	Team   string
	Source Source
}

// Service is what is known of a service when it is asked whose it is.
type Service struct {
	// Named recognises it by any of its names.
	Named func(string) bool
	// PagerDuty are the pager's ids of it.
	PagerDuty []string
	// Repos are owner/name or paths of local repositories.
	Repos []string
}

// entry is what a file says of one service.
type entry struct {
	Claim

	name, pagerDuty string
	// repo is owner/name, or the path of a local one.
	repo string
	// whole is true where it is about all of the repository.
	whole bool
	file  string
	line  int
}

// Book is what all files say. It is read-only once made.
type Book struct {
	entries []entry
	code    []repoRules
}

// Of returns whose code a service is, and false where no file says anything of it.
func (b Book) Of(s Service) (Claim, bool) {
	for _, e := range b.entries {
		if e.about(s) {
			return e.Claim, true
		}
	}
	return Claim{}, false
}

// about reports whether the entry is of the service.
func (e entry) about(s Service) bool {
	switch {
	case e.pagerDuty != "" && slices.Contains(s.PagerDuty, e.pagerDuty):
		return true
	case e.name != "" && s.Named(e.name):
		return true
	}
	return e.whole && slices.ContainsFunc(s.Repos, func(r string) bool { return sameRepo(r, e.repo) })
}

// sameRepo reports whether a configured repository is the one that a file lies in.
// A local one is known by its folder; owner/name matches a folder of that name.
func sameRepo(configured, found string) bool {
	a, b := plainRepo(configured), plainRepo(found)
	if a == "" || b == "" {
		return false
	}
	if a == b {
		return true
	}
	if filepath.IsAbs(a) && filepath.IsAbs(b) {
		return false
	}
	return (filepath.IsAbs(a) || filepath.IsAbs(b)) && path.Base(a) == path.Base(b)
}

func plainRepo(repo string) string {
	return strings.TrimSuffix(strings.TrimRight(filepath.ToSlash(strings.ToLower(repo)), "/"), ".git")
}

// inOrder sorts entries as they are to be asked: stronger sources first, then files
// as they were named.
func inOrder(entries []entry) []entry {
	rank := []Source{Backstage, OpsLevel, Cortex, Datadog, Kubernetes, CodeOwners}
	slices.SortStableFunc(entries, func(x, y entry) int {
		return cmp.Compare(slices.Index(rank, x.Source), slices.Index(rank, y.Source))
	})
	return entries
}
