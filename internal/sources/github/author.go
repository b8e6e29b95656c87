package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"conway/internal/oncall"
)

const (
	// maxCompared is how many deploys of one repository are compared with the one
	// before them in a round: what they changed is of less use than that they happened.
	maxCompared = 5
	// maxChanged is how many files GitHub names of a comparison. With so many there may
	// be more, and which these are follows from their names: they decide nothing.
	maxChanged = 300
	// maxTries is how often a comparison is asked for that fails for now.
	maxTries = 3
)

// author is the team whose change a deployment is.
type author struct {
	team, why string
	// known is true once nothing more is to be learnt; tries counts what failed.
	known bool
	tries int
}

// attributes reports whether there is a use in knowing what was changed.
func (s *Source) attributes(r *repo) bool { return s.owners != nil && s.owners.Knows(r.name) }

// authors learns whose changes the newest of the deployments are that succeeded and
// are nobody's yet. The list is the newest first.
func (s *Source) authors(ctx context.Context, r *repo, list []deployment) error {
	if !s.attributes(r) {
		return nil
	}
	compared := 0
	for i, d := range list {
		k := r.known[d.id()]
		if d.past || k.author.known || k.state.State != "success" || d.SHA == "" || readPayload(d.Payload).Team != "" {
			continue
		}
		base, ok := before(r, d, list[i+1:])
		switch {
		case !ok:
			k.author.why = "no earlier deploy is known"
		case base.SHA == d.SHA:
			k.author = author{why: "the same commit as before", known: true}
		case compared == maxCompared:
			return nil
		default:
			compared++
			var err error
			if k.author, err = s.authorOf(ctx, r, base, d, k.author.tries); err != nil {
				return err
			}
		}
		r.known[d.id()] = k
	}
	return nil
}

// before returns the newest earlier deployment of the same service to the same
// environment that went well.
func before(r *repo, d deployment, earlier []deployment) (deployment, bool) {
	for _, e := range earlier {
		if e.Environment == d.Environment && e.SHA != "" && readPayload(e.Payload).Service == readPayload(d.Payload).Service &&
			r.known[e.id()].state.State == "success" {
			return e, true
		}
	}
	return deployment{}, false
}

// authorOf compares two deployments. A failure that may pass is tried again in a
// later round, a few times; only one that holds for every request is an error.
func (s *Source) authorOf(ctx context.Context, r *repo, base, head deployment, tries int) (author, error) {
	op := "compare two deploys of " + r.name
	// The files are all on the first page, of which the commits are not of use.
	address := s.base + "/repos/" + r.name + "/compare/" + url.PathEscape(base.SHA) + "..." + url.PathEscape(head.SHA) + "?per_page=1"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return author{why: "its commits cannot be compared", known: true}, nil //nolint:nilerr // a commit that cannot be asked for has no known changes
	}
	var answer struct {
		Files []json.RawMessage `json:"files"`
	}
	_, err = s.do(req, op, &answer)
	f, isFault := errors.AsType[*oncall.Fault](err)
	switch {
	case err == nil:
		return s.judge(r, answer.Files), nil
	case !isFault || ofToken(f):
		return author{}, err
	case f.Kind == oncall.Unavailable && tries+1 < maxTries:
		return author{why: "what it changed is not known yet", tries: tries + 1}, nil
	}
	return author{why: "what it changed cannot be read", known: true}, nil
}

// judge says whose most of the changed files are.
func (s *Source) judge(r *repo, rows []json.RawMessage) author {
	if len(rows) >= maxChanged {
		return author{why: fmt.Sprintf("%d files or more changed", maxChanged), known: true}
	}
	paths := make([]string, 0, len(rows))
	for _, row := range rows {
		var file struct {
			Name string `json:"filename"`
		}
		if lenient(row, &file) && file.Name != "" {
			paths = append(paths, file.Name)
		}
	}
	if len(paths) == 0 {
		return author{why: "no file changed", known: true}
	}
	out := author{known: true}
	out.team, out.why = s.owners.Majority(r.name, paths)
	return out
}
