package sumologic

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"conway/internal/sources"
	"conway/internal/sources/polled"
)

const (
	// DefaultURL is the API of the first deployment, US1.
	DefaultURL = "https://api.sumologic.com/api"
	// PerMinute and Burst are what a Budget is to allow. Sumo Logic refuses what is
	// beyond 4 requests within a second: with half of that a minute, what was saved
	// up and what is renewed within any second are no more than these 4.
	PerMinute = 120
	// Burst is the other half of the same sum.
	Burst = 2
	// defaultEvery is how often a followed query is asked. Each time is a job, of
	// some five requests.
	defaultEvery = 15 * time.Second
	// defaultPoll is the first wait between two looks at a job, which grows fivefold:
	// the API wants a look every 5 to 20 s, and forgets a job after 30.
	defaultPoll = time.Second
	// overlap is how long a message may take from its receipt until a search finds
	// it.
	overlap = 2 * time.Minute
)

// Options configure a Source. Name, ID and Key are needed.
type Options struct {
	// Name is the configured name, for lines and faults.
	Name string
	// URL is the API of the account's deployment; empty means DefaultURL.
	URL string
	// Version is the API's version; empty means v1.
	Version string
	// ID and Key are an access key.
	ID  string
	Key sources.Secret
	// Every is how often a followed query is asked; 0 means 15 s.
	Every time.Duration
	// Poll is the first wait between two looks at a job; 0 means 1 s.
	Poll time.Duration
	// Budget, UserAgent, Timeout and Transport are as in sources.HTTP. All sources of
	// one user share a Budget of PerMinute and Burst.
	Budget    sources.Budget
	UserAgent string
	Timeout   time.Duration
	Transport http.RoundTripper
}

// What can be wrong with an Options.
var (
	errNoName       = errors.New("it has no name")
	errNoURL        = errors.New("url must be the API of your deployment, like " + DefaultURL + " or https://api.eu.sumologic.com/api")
	errURLSecret    = errors.New("url holds a user name or password; give the access key as access_id and access_key instead")
	errNoCredential = errors.New("it has no credential; set access_id and access_key")
)

// New returns a source that follows nothing yet, or an error that says which
// option is wrong. It asks nothing yet.
func New(o Options) (*Source, error) {
	o.Version = cmp.Or(o.Version, "v1")
	o.Every = cmp.Or(o.Every, defaultEvery)
	o.Poll = cmp.Or(o.Poll, defaultPoll)
	base := strings.TrimRight(cmp.Or(o.URL, DefaultURL), "/")
	u, err := url.Parse(base)
	switch {
	case o.Name == "":
		err = errNoName
	case err != nil, u.Host == "", u.Scheme != "http" && u.Scheme != "https", u.RawQuery != "", u.Fragment != "":
		err = errNoURL
	case u.User != nil:
		err = errURLSecret
	case o.ID == "" || o.Key == nil:
		err = errNoCredential
	}
	if err != nil {
		return nil, fmt.Errorf("make log source %s: %w", o.Name, err)
	}
	s := &Source{o: o}
	s.base.Store(&base)
	s.http = sources.HTTP{
		Source: o.Name, UserAgent: o.UserAgent, Authorize: s.authorize, Timeout: o.Timeout,
		Transport: o.Transport, Skew: new(sources.Skew),
	}
	if o.Budget != nil {
		s.http.Budget = budget{o.Budget}
	}
	s.client = s.http.Client()
	// Where a redirect leads is looked at before anything is sent there.
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s.tail = polled.New(polled.Options{
		Source: o.Name, Every: o.Every, Overlap: overlap, Skew: s.http.Skew, Ask: s.arrived,
	})
	return s, nil
}

func (s *Source) authorize(r *http.Request) error {
	key, err := s.o.Key(r.Context())
	if err == nil {
		r.SetBasicAuth(s.o.ID, strings.TrimSpace(key))
	}
	return err
}

// budget is a request budget in which only the end of a job is a write: nothing
// else may be counted as something that must not wait.
type budget struct{ sources.Budget }

// ending marks the context of a job's end.
type ending struct{}

// Take takes one request.
func (b budget) Take(ctx context.Context, _ bool) error {
	return b.Budget.Take(ctx, ctx.Value(ending{}) != nil)
}
