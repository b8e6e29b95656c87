package elasticsearch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/tailing"
)

const (
	// defaultTimeout bounds one answer; the store is told to give up before.
	defaultTimeout = 30 * time.Second
	// defaultEvery is how often a tail asks. New lines are visible after a refresh,
	// of which there is one a second at most.
	defaultEvery = 2 * time.Second

	opSearch   = "search logs"
	opEstimate = "estimate the search"
)

// Options say which store to ask, and how.
type Options struct {
	// Name is the configured name.
	Name string
	// URL is the base of the API, such as "https://es.example.com:9200".
	URL string
	// Authorize sets the credential on a request; nil for none.
	Authorize func(*http.Request) error
	// Header is sent with every request.
	Header http.Header
	// Index is an index, an alias, a data stream or a pattern such as "logs-*".
	Index string
	// Query is asked when a LogQuery has none; empty means everything.
	Query string
	// TimeField, MessageField and LevelField name fields, with dots; empty ones are
	// found by their usual names.
	TimeField, MessageField, LevelField string
	// Every is how often a tail asks; 0 means 2 s.
	Every time.Duration
	// Timeout bounds one answer; 0 means 30 s.
	Timeout time.Duration
	// Page is how many lines one request asks for; 0 means 500.
	Page int
	// Budget, UserAgent and Transport are as in sources.HTTP.
	Budget    sources.Budget
	UserAgent string
	Transport http.RoundTripper
}

// Source is a sources.Source, sources.Tailer, sources.Searcher,
// sources.Estimator and sources.Refresher.
type Source struct {
	tailing.Aim

	o      Options
	base   *url.URL
	http   sources.HTTP
	client *http.Client
	nudge  sources.Nudge
	// place is how far the tail has come; only Run touches it.
	place tailing.Place

	mu sync.Mutex
	// store is what is known of the other side, nil for nothing.
	store *store
}

// New returns a source, or an error that says which option is wrong. It asks
// nothing yet.
func New(o Options) (*Source, error) {
	if o.Name == "" {
		return nil, errors.New("make Elasticsearch source: it has no name")
	}
	u, err := url.Parse(o.URL)
	switch {
	case err != nil, u.Host == "", u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("make Elasticsearch source %s: url must be like https://host:9200", o.Name)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("make Elasticsearch source %s: url must hold no user, password, ? or #", o.Name)
	case o.Index == "" || strings.ContainsAny(o.Index, "/?# \\") || strings.HasPrefix(o.Index, "_"):
		return nil, fmt.Errorf("make Elasticsearch source %s: index must name an index, an alias or a pattern, such as logs-*", o.Name)
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Every <= 0 {
		o.Every = defaultEvery
	}
	if o.Page <= 0 {
		o.Page = defaultPage
	}
	s := &Source{o: o, base: u, nudge: sources.NewNudge(), http: sources.HTTP{
		Source: o.Name, UserAgent: o.UserAgent, Authorize: o.Authorize, Header: o.Header, Budget: readOnly(o.Budget),
		Timeout: o.Timeout, Skew: new(sources.Skew), Transport: o.Transport,
	}}
	s.client = s.http.Client()
	return s, nil
}

// Name returns the configured name.
func (s *Source) Name() string { return s.o.Name }

// Refresh asks again now.
func (s *Source) Refresh() { s.nudge.Poke() }

// Run follows what it is pointed at until ctx ends or the store fails.
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

// call sends one request, whose body may be nil. A search changes nothing,
// whatever its method.
func (s *Source) call(ctx context.Context, op, method, path string, params url.Values, in, out any) error {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return oncall.AsFault(fmt.Errorf("write the request: %w", err), s.o.Name, op)
		}
	}
	u := s.base.JoinPath(path)
	u.RawQuery = params.Encode()
	req, err := http.NewRequestWithContext(ctx, method, u.String(), &body)
	if err != nil {
		return s.http.TransportFault(ctx, http.MethodGet, op, err)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	_, err = s.http.Do(s.client, req, op, out)
	if f, ok := errors.AsType[*oncall.Fault](err); ok {
		f.Ambiguous = false
		switch {
		case f.Status != http.StatusNotFound || f.Fix != "":
		case path == searchPath && strings.Contains(f.Detail, "search context"):
			f.Kind, f.Detail, f.Fix = oncall.Unavailable, "the search has expired in the store, or somebody closed its point in time", "search again"
		default:
			f.Fix = "check that index " + sources.Printable(s.o.Index, maxWords) + " exists"
		}
	}
	return err
}

func (s *Source) malformed(op string) *oncall.Fault {
	return &oncall.Fault{
		Kind: oncall.Malformed, Source: s.o.Name, Op: op, Detail: "the answer is not one of Elasticsearch or OpenSearch",
		Fix: "check that url points at the API itself and not at Kibana, Dashboards or a login page",
	}
}

// maxWords bounds the other side's own words, in characters.
const maxWords = 200

// budget is a request budget for a source that only reads, with POST too.
type budget struct{ sources.Budget }

func readOnly(b sources.Budget) sources.Budget {
	if b == nil {
		return nil
	}
	return budget{b}
}

// Take takes one request from the share of reads.
func (b budget) Take(ctx context.Context, _ bool) error { return b.Budget.Take(ctx, false) }
