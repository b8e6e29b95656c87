package github

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"conway/internal/oncall"
)

const (
	// maxPages bounds the search for deploys that last among previews.
	maxPages = 5
	// perPage is a page of deployments; the newest are all that is wanted.
	perPage = 30
)

// repo is one repository and what is known of it.
type repo struct {
	// name is "owner/name".
	name string
	// deploys are those of the last round that succeeded.
	deploys []oncall.Deploy
	pages   map[string]page
	// known holds, by deployment id, what cannot change any more.
	known map[string]known
}

// known is the outcome of one deployment.
type known struct {
	// updated is the deployment's own updated_at; another one means that there
	// is news after all.
	updated string
	// final is true once the state is terminal.
	final   bool
	state   state
	checked bool
	checks  string
	author  author
}

// readRepo returns the recent deploys of a repository, newest first.
func (s *Source) readRepo(ctx context.Context, r *repo) ([]oncall.Deploy, error) {
	list, used, err := s.deployments(ctx, r)
	if err != nil {
		return nil, err
	}
	kept := make(map[string]known, len(list))
	for _, d := range list {
		k, address, err := s.outcome(ctx, r, d)
		if err != nil {
			return nil, err
		}
		kept[d.id()] = k
		used[address] = true
	}
	r.known = kept
	if err := s.authors(ctx, r, list); err != nil {
		return nil, err
	}
	out := make([]oncall.Deploy, 0, len(list))
	for _, d := range list {
		if !d.past {
			out = append(out, s.deploy(r.name, d, kept[d.id()]))
		}
	}
	for address := range r.pages {
		if !used[address] {
			delete(r.pages, address)
		}
	}
	return out, nil
}

// deployments returns the newest deployments that count, and the addresses that
// were asked.
func (s *Source) deployments(ctx context.Context, r *repo) ([]deployment, map[string]bool, error) {
	op := "list deployments of " + r.name
	query := url.Values{"per_page": {strconv.Itoa(perPage)}}
	if s.environment != "" {
		query.Set("environment", s.environment)
	}
	address := s.base + "/repos/" + r.name + "/deployments?" + query.Encode()
	used := map[string]bool{}
	out := []deployment{}
	for range maxPages {
		used[address] = true
		p, err := s.list(ctx, op, address, r.pages)
		if err != nil {
			return nil, nil, err
		}
		// By GitHub's clock, which the answer has told.
		oldest := time.Now().Add(s.http.Skew.Ahead() - maxAge)
		var done bool
		if out, done = s.take(r, out, p.rows, oldest); done || p.next == "" || used[p.next] {
			break
		}
		address = p.next
	}
	return out, used, nil
}

// take adds the rows that count, and reports whether no later ones can. Where somebody
// knows whose files are changed, the newest of those that are too old is among them,
// marked as past: what the oldest deploy changed, it changed since that one.
func (s *Source) take(r *repo, out []deployment, rows []json.RawMessage, oldest time.Time) ([]deployment, bool) {
	for _, row := range rows {
		d, ok := readDeployment(row)
		if !ok || (d.Transient && s.environment == "") {
			continue
		}
		if at := d.created(); !at.IsZero() && at.Before(oldest) {
			if d.past = true; s.attributes(r) && len(out) > 0 {
				out = append(out, d)
			}
			return out, true // newest first: what follows is older still
		}
		if out = append(out, d); len(out) == maxDeploys {
			return out, true
		}
	}
	return out, false
}

// outcome returns the state of a deployment and what had tested it. The address
// is that of its statuses.
func (s *Source) outcome(ctx context.Context, r *repo, d deployment) (known, string, error) {
	k, had := r.known[d.id()]
	if d.ID == "" {
		return known{checks: checksUnknown}, "", nil // there is nothing to ask for
	}
	address := s.base + "/repos/" + r.name + "/deployments/" + url.PathEscape(d.ID) + "/statuses?per_page=100"
	if !had || !k.final || k.updated != d.UpdatedAt {
		p, err := s.list(ctx, "list deployment statuses of "+r.name, address, r.pages)
		if err != nil {
			return k, address, err
		}
		k.state = newestState(p.rows)
		k.updated, k.final = d.UpdatedAt, k.state.terminal()
	}
	if !k.checked && !d.past {
		var err error
		if k.checks, err = s.checks(ctx, r, d); err != nil {
			return k, address, err
		}
		k.checked = true
	}
	// What is known survives a later failure in this round.
	r.known[d.id()] = k
	return k, address, nil
}

const (
	checksPassed  = "passed"
	checksFailed  = "failed"
	checksUnknown = "unknown"
)

// run is one workflow run.
type run struct {
	Event      string `json:"event"`
	Status     string `json:"status"`
	Conclusion string `json:"conclusion"`
	UpdatedAt  string `json:"updated_at"`
}

// checks asks what the workflow runs of the deployed commit had said before it
// was deployed. A run that ended later, such as the one that deploys, tested
// nothing in time. A token that may not read runs leaves it unknown.
func (s *Source) checks(ctx context.Context, r *repo, d deployment) (string, error) {
	if d.SHA == "" {
		return checksUnknown, nil
	}
	query := url.Values{"head_sha": {d.SHA}, "status": {"completed"}, "per_page": {"100"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/repos/"+r.name+"/actions/runs?"+query.Encode(), nil)
	if err != nil {
		return checksUnknown, nil //nolint:nilerr // a commit that cannot be asked for has no known checks
	}
	var answer struct {
		Runs []json.RawMessage `json:"workflow_runs"`
	}
	_, err = s.do(req, "list workflow runs of "+r.name, &answer)
	f, isFault := errors.AsType[*oncall.Fault](err)
	switch {
	case err == nil:
	case isFault && (f.Kind == oncall.Auth || f.Kind == oncall.Rejected || f.Kind == oncall.Malformed):
		return checksUnknown, nil
	default:
		return checksUnknown, err
	}
	return verdict(answer.Runs, d.created()), nil
}

func verdict(rows []json.RawMessage, before time.Time) string {
	out := checksUnknown
	for _, row := range rows {
		var x run
		if !lenient(row, &x) || x.Status != "completed" || strings.HasPrefix(x.Event, "deployment") || parseTime(x.UpdatedAt).After(before) {
			continue
		}
		switch {
		case slices.Contains([]string{"failure", "timed_out", "startup_failure"}, x.Conclusion):
			return checksFailed
		case x.Conclusion == "success":
			out = checksPassed
		}
	}
	return out
}
