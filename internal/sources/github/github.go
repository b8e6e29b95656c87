// Package github brings in deploys from GitHub's Deployments API, of github.com
// or an Enterprise Server. Only deployments count: a repository without any has
// no deploys here, because a workflow run that succeeded says nothing of whether
// it reached an environment.
//
// A deployment has no state of its own, so each costs one further request for
// its statuses, and another to learn whether workflow runs had passed before
// it; both are kept once nothing can change them any more. Requests go one after
// another, with ETags, as GitHub asks of its users. Where somebody knows whose the
// files of the repository are, one more tells what a deploy changed since the one
// before it, of a few deploys a round; the paths are looked at and forgotten. Previews, which GitHub calls
// transient environments, are left out unless their environment is asked for.
package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

const (
	// DefaultURL is the API of github.com.
	DefaultURL = "https://api.github.com"
	// defaultEvery keeps a dozen repositories within a tenth of a token's 5,000
	// requests an hour.
	defaultEvery = time.Minute
	// anonymousEvery keeps one repository within the 60 requests an hour that
	// are allowed without a token.
	anonymousEvery = 5 * time.Minute
	// maxDeploys is how many deploys of one repository are kept.
	maxDeploys = 20
	// maxAge is how far back deploys are of use to the person on call.
	maxAge = 7 * 24 * time.Hour
)

// Options say which repositories to watch, and how.
type Options struct {
	// Name is the configured name.
	Name string
	// URL is the base of the API; empty means DefaultURL. That of an Enterprise
	// Server is "https://host/api/v3".
	URL string
	// Token is sent as a bearer token; nil for none.
	Token sources.Secret
	// Repos are "owner/name".
	Repos []string
	// Environment keeps only deployments to it; empty keeps all that last.
	Environment string
	// Owners says whose the changed files are; nil for nobody to ask.
	Owners sources.Owners
	// Every is the interval; 0 means one minute, or five without a token.
	Every time.Duration
	// Timeout, Budget, UserAgent and Transport are as in sources.HTTP. GitHub
	// refuses requests without a user agent, so empty means "conway".
	Timeout   time.Duration
	Budget    sources.Budget
	UserAgent string
	Transport http.RoundTripper
}

// Source is a sources.Source and sources.Refresher.
type Source struct {
	http        sources.HTTP
	client      *http.Client
	base        string
	environment string
	owners      sources.Owners
	every       time.Duration
	nudge       sources.Nudge
	repos       []*repo
}

// New returns a source, or an error that says which option is wrong. It asks
// nothing yet.
func New(o Options) (*Source, error) {
	if o.Name == "" {
		return nil, errors.New("make deploys source: it has no name")
	}
	if o.URL == "" {
		o.URL = DefaultURL
	}
	u, err := url.Parse(o.URL)
	switch {
	case err != nil, u.Host == "", u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("make deploys source %s: url must be like %s", o.Name, DefaultURL)
	case u.User != nil, u.RawQuery != "", u.Fragment != "":
		return nil, fmt.Errorf("make deploys source %s: url must hold a host and path only", o.Name)
	case len(o.Repos) == 0:
		return nil, fmt.Errorf("make deploys source %s: repos is empty; name at least one as owner/name", o.Name)
	}
	s := &Source{
		base: strings.TrimRight(o.URL, "/"), environment: o.Environment, owners: o.Owners, every: o.Every, nudge: sources.NewNudge(),
		http: sources.HTTP{
			Source: o.Name, UserAgent: o.UserAgent, Authorize: bearer(o.Token), Budget: o.Budget,
			Timeout: o.Timeout, Transport: o.Transport, Limits: sources.EpochLimits("X-Ratelimit-"), Skew: new(sources.Skew),
			Header: http.Header{
				"Accept":               {"application/vnd.github+json"},
				"X-Github-Api-Version": {"2022-11-28"},
			},
		},
	}
	name := regexp.MustCompile(`^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$`)
	for _, r := range slices.Compact(slices.Sorted(slices.Values(o.Repos))) {
		if !name.MatchString(r) || strings.Contains("/"+r+"/", "/../") || strings.Contains("/"+r+"/", "/./") {
			return nil, fmt.Errorf("make deploys source %s: repo %q must be like owner/name", o.Name, r)
		}
		s.repos = append(s.repos, &repo{name: r, pages: map[string]page{}, known: map[string]known{}})
	}
	if s.every <= 0 {
		s.every = defaultEvery
		if o.Token == nil {
			s.every = anonymousEvery
		}
	}
	if s.http.UserAgent == "" {
		s.http.UserAgent = "conway"
	}
	s.client = s.http.Client()
	return s, nil
}

func bearer(token sources.Secret) func(*http.Request) error {
	if token == nil {
		return nil
	}
	return func(r *http.Request) error {
		t, err := token(r.Context())
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(t))
		return nil
	}
}

// Name returns the configured name.
func (s *Source) Name() string { return s.http.Source }

// Refresh looks again now.
func (s *Source) Refresh() { s.nudge.Poke() }

// Run polls all repositories until ctx ends, or until none of them can be read.
// While some can, it emits what is known with the fault of the first that
// cannot.
func (s *Source) Run(ctx context.Context, emit sources.Emit) error {
	err := sources.Poll(ctx, s.every, s.nudge, func(ctx context.Context) error {
		event, err := s.round(ctx)
		if err == nil {
			emit(event)
		}
		return err
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// round reads every repository once.
func (s *Source) round(ctx context.Context) (oncall.DeploysEvent, error) {
	event := oncall.DeploysEvent{Every: s.every, Deploys: []oncall.Deploy{}}
	var first *oncall.Fault
	read := 0
	for _, r := range s.repos {
		deploys, err := s.readRepo(ctx, r)
		if err == nil {
			read++
			r.deploys = deploys
		} else {
			f, ok := errors.AsType[*oncall.Fault](err)
			if !ok || (ofToken(f) || (f.Status == 0 && read == 0)) {
				return event, err
			}
			if first == nil {
				first = f
			}
		}
		event.Deploys = append(event.Deploys, r.deploys...)
	}
	if read == 0 {
		return event, first
	}
	slices.SortStableFunc(event.Deploys, func(a, b oncall.Deploy) int { return b.When().Compare(a.When()) })
	event.Stamp = oncall.Stamp{Source: s.Name(), At: time.Now(), Err: first, Skew: s.http.Skew.Ahead()}
	return event, nil
}

// ofToken reports whether a fault holds for all repositories: there is no use
// in asking for the next one.
func ofToken(f *oncall.Fault) bool {
	return f.Kind == oncall.RateLimited || f.Status == http.StatusUnauthorized ||
		(f.Kind == oncall.Auth && f.Status == 0)
}
