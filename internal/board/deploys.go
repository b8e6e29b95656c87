package board

import (
	"slices"
	"strings"
	"sync"
	"time"

	"conway/internal/oncall"
)

const (
	// sameDeployWithin is how far two sources' times of one deploy may be apart:
	// one reports the pipeline's end, another the rollout's.
	sameDeployWithin = 10 * time.Minute
	// shortCommit is git's usual length of an abbreviated commit id.
	shortCommit = 7
)

func (b *base) applyDeploys(e oncall.DeploysEvent) []Change {
	i, s := b.source(e.Source, KindDeploys)
	s.heardFrom(deploysDomain, e.Stamp, e.Every, len(e.Deploys) == 0)
	// An answer in part has what the parts that failed last said.
	heard := e.Err == nil || len(e.Deploys) > 0
	if heard {
		s.deploys = e.Deploys
	}
	changes := b.putSource(i, s)
	if heard {
		b.redoDeploys()
	}
	return changes
}

func (b *base) redoDeploys() {
	lists := make([][]oncall.Deploy, 0, len(b.sources))
	for _, s := range b.sources {
		lists = append(lists, s.deploys)
	}
	b.deploys = sync.OnceValue(func() []oncall.Deploy { return mergeDeploys(slices.Concat(lists...)) })
}

// mergeDeploys sorts the deploys, newest first, and makes one of those that two
// sources reported. It changes all.
func mergeDeploys(all []oncall.Deploy) []oncall.Deploy {
	slices.SortStableFunc(all, func(a, b oncall.Deploy) int {
		if c := b.When().Compare(a.When()); c != 0 {
			return c
		}
		return compareRefs(a.Ref, b.Ref)
	})
	kept := all[:0]
	last := make(map[deployKey]int)
	for _, d := range all {
		key, ok := keyOf(d)
		if i, found := last[key]; ok && found && sameDeploy(kept[i], d) {
			kept[i] = fillDeploy(kept[i], d)
			continue
		}
		kept = append(kept, d)
		if ok {
			last[key] = len(kept) - 1
		}
	}
	return kept
}

// deployKey is what two reports of one deploy have in common.
type deployKey struct{ commit, environment, service string }

// keyOf returns the deploy's key, and false if it names no commit.
func keyOf(d oncall.Deploy) (deployKey, bool) {
	commit := strings.ToLower(d.Commit)
	if len(commit) > shortCommit {
		commit = commit[:shortCommit]
	}
	return deployKey{commit, strings.ToLower(d.Environment), strings.ToLower(d.Service)}, commit != ""
}

// sameDeploy reports whether two deploys of one key are one. One source's two
// reports are always two.
func sameDeploy(a, b oncall.Deploy) bool {
	ca, cb := strings.ToLower(a.Commit), strings.ToLower(b.Commit)
	return a.Ref.Source != b.Ref.Source &&
		(strings.HasPrefix(ca, cb) || strings.HasPrefix(cb, ca)) &&
		a.When().Sub(b.When()).Abs() <= sameDeployWithin
}

// fillDeploy returns a with what only b knows.
func fillDeploy(a, b oncall.Deploy) oncall.Deploy {
	if a.Team == "" && (b.Team != "" || a.TeamSource == "") {
		a.Team, a.TeamSource = b.Team, b.TeamSource
	}
	for _, f := range []struct {
		to   *string
		from string
	}{
		{&a.Repo, b.Repo},
		{&a.Version, b.Version},
		{&a.Author, b.Author},
		{&a.Title, b.Title},
		{&a.Kind, b.Kind},
		{&a.URL, b.URL},
	} {
		if *f.to == "" {
			*f.to = f.from
		}
	}
	if a.Checks == "" || a.Checks == "unknown" {
		a.Checks = b.Checks
	}
	if len(b.Commit) > len(a.Commit) {
		a.Commit = b.Commit
	}
	if a.StartedAt.IsZero() {
		a.StartedAt = b.StartedAt
	}
	if a.FinishedAt.IsZero() && !b.FinishedAt.IsZero() {
		a.FinishedAt, a.Status = b.FinishedAt, b.Status
	}
	if a.Status == oncall.DeployUnknown {
		a.Status = b.Status
	}
	return a
}

// Deploys returns the deploys of all sources, newest first. The same commit,
// environment and service from two sources within 10 minutes is one deploy.
func (b Board) Deploys() []oncall.Deploy {
	if b.deploys == nil {
		return nil
	}
	return b.deploys()
}

// DeploysReading is the worst of the deploy sources; its value is the number of
// deploys.
func (b Board) DeploysReading() oncall.Reading[int] {
	w, _ := b.worst(deploysDomain)
	return reading(w, len(b.Deploys()))
}
