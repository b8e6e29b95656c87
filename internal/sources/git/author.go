package git

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"strings"

	"conway/internal/oncall"
)

const (
	// maxCompared is how many tags are compared with the one before them in a reading:
	// each is a run of git, of some milliseconds.
	maxCompared = 10
	// maxChanged is how many changed files decide whose a deploy is. Of more it is not
	// said.
	maxChanged = 300
	// maxPaths bounds what git may print of them.
	maxPaths = 1 << 20
)

// pair is two commits, one deployed after the other.
type pair struct{ base, head string }

// author is the team whose change a tag is, and how that is known.
type author struct{ team, why string }

// attribute says whose changes the newest tags are. The list is the newest first.
func (g *Git) attribute(ctx context.Context, deploys []oncall.Deploy) error {
	if g.o.Owners == nil || !g.o.Owners.Knows(g.o.Path) {
		return nil
	}
	known, compared := map[pair]author{}, 0
	for i := range deploys {
		d := &deploys[i]
		base, ok := before(*d, deploys[i+1:])
		if !ok {
			d.TeamSource = "no earlier tag is known"
			continue
		}
		of := pair{base.Commit, d.Commit}
		who, ok := g.authors[of]
		if !ok {
			if compared == maxCompared {
				continue
			}
			compared++
			who = g.compare(ctx, of)
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		known[of] = who
		d.Team, d.TeamSource = who.team, who.why
	}
	g.authors = known
	return nil
}

// before returns the newest earlier tag of the same kind: v1 and v2 are, and so are
// checkout/v1 and checkout/v2.
func before(d oncall.Deploy, earlier []oncall.Deploy) (oncall.Deploy, bool) {
	for _, e := range earlier {
		if path.Dir(e.Version) == path.Dir(d.Version) && e.Commit != "" && d.Commit != "" {
			return e, true
		}
	}
	return oncall.Deploy{}, false
}

// compare says whose most of the files are that differ between two commits.
func (g *Git) compare(ctx context.Context, of pair) author {
	if of.base == of.head {
		return author{why: "the same commit as before"}
	}
	// This one reads no configuration of how to show a difference, and runs nothing.
	out, err := g.run(ctx, maxPaths, append(safely(), "diff-tree", "-r", "-z", "--name-only", "--no-renames", of.base, of.head, "--")...)
	if err != nil {
		return author{why: "what it changed cannot be read"}
	}
	n := bytes.Count(out, []byte{0})
	switch {
	case n == 0:
		return author{why: "no file changed"}
	case n > maxChanged:
		return author{why: fmt.Sprintf("more than %d files changed", maxChanged)}
	}
	var a author
	a.team, a.why = g.o.Owners.Majority(g.o.Path, strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"))
	return a
}
