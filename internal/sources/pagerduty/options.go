package pagerduty

import (
	"cmp"
	"fmt"
	"net/http"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"conway/internal/sources"
)

// Scope says whose pages are shown.
type Scope string

// The scopes. Mine is what is assigned to the person at this screen, Teams what
// belongs to their teams, All everything that the token can see.
const (
	Mine  Scope = "mine"
	Teams Scope = "teams"
	All   Scope = "all"
)

const (
	// DefaultURL is the API of accounts in the United States. Those in Europe
	// have https://api.eu.pagerduty.com.
	DefaultURL = "https://api.pagerduty.com"
	// defaultEvery and defaultRosterEvery follow PagerDuty's advice on polling.
	defaultEvery       = 10 * time.Second
	defaultRosterEvery = time.Minute
)

// Options configure a Source. Name and Token are needed.
type Options struct {
	// Name is the configured name, for refs and faults.
	Name string
	// URL is the API's base; empty means DefaultURL.
	URL string
	// Token is the API key, or the OAuth access token when OAuth is set.
	Token sources.Secret
	OAuth bool
	// From is the acting person's address. Empty means the token's own user,
	// which an account's key does not have.
	From string
	// Scope is whose pages are shown; empty means Mine.
	Scope Scope
	// TeamIDs narrow the pages to these teams. With scope Teams and without
	// them, the acting person's teams are used.
	TeamIDs []string
	// Every and RosterEvery are the intervals of the pages and of who is on
	// call; 0 means 10 s and 60 s.
	Every, RosterEvery time.Duration
	// Zone is where times in sentences are told; nil means UTC.
	Zone *time.Location
	// Budget, UserAgent and Timeout are as in sources.HTTP.
	Budget    sources.Budget
	UserAgent string
	Timeout   time.Duration
	// Transport is for tests.
	Transport http.RoundTripper
}

// New returns a source, or an error that names the option and the fix.
func New(o Options) (*Source, error) {
	o.Name = cmp.Or(o.Name, "pagerduty")
	o.Scope = cmp.Or(o.Scope, Mine)
	o.Every = cmp.Or(o.Every, defaultEvery)
	o.RosterEvery = cmp.Or(o.RosterEvery, defaultRosterEvery)
	o.UserAgent = cmp.Or(o.UserAgent, "conway")
	o.Zone = cmp.Or(o.Zone, time.UTC)
	base := strings.TrimRight(cmp.Or(o.URL, DefaultURL), "/")
	u, err := url.Parse(base)
	switch {
	case err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%s: url is not the address of an API; use %s or https://api.eu.pagerduty.com", o.Name, DefaultURL)
	case u.User != nil:
		return nil, fmt.Errorf("%s: url holds a credential; put it in token", o.Name)
	case o.Token == nil:
		return nil, fmt.Errorf("%s: token is missing; set it to {env: NAME}, {file: PATH} or {command: [argv]}", o.Name)
	case o.Scope != Mine && o.Scope != Teams && o.Scope != All:
		return nil, fmt.Errorf("%s: scope is %q; use mine, teams or all", o.Name, o.Scope)
	}
	if o.From != "" && !isAddress(o.From) {
		return nil, fmt.Errorf("%s: %q is not an email address; correct me.email", o.Name, o.From)
	}
	s := &Source{
		opts: o, base: base,
		nudge: sources.NewNudge(), rosterNudge: sources.NewNudge(),
		asking: make(chan struct{}, 1), known: map[string]ghost{}, policies: map[string]bool{},
	}
	s.http = sources.HTTP{
		Source: o.Name, UserAgent: o.UserAgent, Authorize: s.authorize, Budget: o.Budget, Limits: limits, Skew: new(sources.Skew),
		Timeout: o.Timeout, Transport: o.Transport,
	}
	s.client = s.http.Client()
	return s, nil
}

// isAddress reports whether s is an address and nothing else, fit for a header.
func isAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s
}

func (s *Source) authorize(r *http.Request) error {
	token, err := s.opts.Token(r.Context())
	if err != nil {
		return err
	}
	if s.opts.OAuth {
		r.Header.Set("Authorization", "Bearer "+token)
	} else {
		r.Header.Set("Authorization", "Token token="+token)
	}
	return nil
}
