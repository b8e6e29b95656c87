package loki

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/tailing"
)

const (
	// defaultTimeout bounds one answer. A search through hours of logs takes longer
	// than a list of pages; Loki itself gives up after a minute.
	defaultTimeout = 30 * time.Second
	// defaultEvery is how often a gateway that offers no tail is asked.
	defaultEvery = 2 * time.Second
	// defaultSilence is how long a tail may be without a ping, of which Loki sends one
	// a second, before it is taken for dead.
	defaultSilence = 10 * time.Second
	// defaultQuiet is how long a tail may bring no line before Loki is asked for what
	// there is: it holds all lines back behind one whose time has not come yet.
	defaultQuiet = 5 * time.Second

	opSearch   = "search logs"
	opEstimate = "estimate the search"
)

// Options say which server to ask, and how.
type Options struct {
	// Name is the configured name.
	Name string
	// URL is the base of the API without /loki/api/v1, such as
	// "http://127.0.0.1:3100".
	URL string
	// Authorize sets the credential on a request; nil for none.
	Authorize func(*http.Request) error
	// Header is sent with every request, such as X-Scope-OrgID.
	Header http.Header
	// Query is asked when a LogQuery has none, such as `{app="checkout"}`.
	Query string
	// Timeout bounds one answer and Silence a tail without a ping; 0 means 30 s
	// and 10 s. Every is how often a server is asked that offers no tail; 0 means
	// 2 s. Quiet is after how long without a line it is asked beside a tail; 0 means
	// 5 s.
	Timeout, Silence, Every, Quiet time.Duration
	// Page is how many lines one request asks for; 0 means 1,000.
	Page int
	// Budget, UserAgent and Transport are as in sources.HTTP.
	Budget    sources.Budget
	UserAgent string
	Transport http.RoundTripper
}

// Source is a sources.Source, sources.Tailer, sources.Searcher and
// sources.Estimator.
type Source struct {
	tailing.Aim

	o      Options
	base   *url.URL
	http   sources.HTTP
	client *http.Client
	stream *http.Client
	// place is how far the tail has come; only Run touches it.
	place tailing.Place
}

// New returns a source, or an error that says which option is wrong. It asks
// nothing yet.
func New(o Options) (*Source, error) {
	if o.Name == "" {
		return nil, errors.New("make Loki source: it has no name")
	}
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("make Loki source %s: url must be like http://host:3100", o.Name)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("make Loki source %s: url must hold no user, password, ? or #", o.Name)
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Silence <= 0 {
		o.Silence = defaultSilence
	}
	if o.Every <= 0 {
		o.Every = defaultEvery
	}
	if o.Quiet <= 0 {
		o.Quiet = defaultQuiet
	}
	if o.Page <= 0 {
		o.Page = defaultPage
	}
	header := o.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	// With it a stream's labels are its own, and not split by what lines say.
	header.Set("X-Loki-Response-Encoding-Flags", "categorize-labels") //nolint:misspell // the word is Loki's
	s := &Source{o: o, base: u, http: sources.HTTP{
		Source: o.Name, UserAgent: o.UserAgent, Authorize: o.Authorize, Header: header, Budget: o.Budget,
		Timeout: o.Timeout, Skew: new(sources.Skew), Transport: o.Transport,
	}}
	s.client, s.stream = s.http.Client(), s.http.Stream()
	return s, nil
}

// Name returns the configured name.
func (s *Source) Name() string { return s.o.Name }

// Run follows what it is pointed at until ctx ends or Loki fails.
func (s *Source) Run(ctx context.Context, emit sources.Emit) error {
	return s.Aim.Run(ctx, s.o.Name, emit, func(ctx context.Context, q oncall.LogQuery, turn int) error {
		return s.tail(ctx, q, turn, emit)
	})
}

// query returns what to ask for q.
func (s *Source) query(q oncall.LogQuery) string {
	if q.Query == "" {
		return s.o.Query
	}
	return q.Query
}

// get asks one endpoint of the API.
func (s *Source) get(ctx context.Context, op, path string, params url.Values, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address(path, params), http.NoBody)
	if err != nil {
		return s.http.TransportFault(ctx, http.MethodGet, op, err)
	}
	_, err = s.http.Do(s.client, req, op, out)
	return err
}

func (s *Source) address(path string, params url.Values) string {
	u := s.base.JoinPath("loki/api/v1", path)
	u.RawQuery = params.Encode()
	return u.String()
}
