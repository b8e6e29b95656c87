package victorialogs

import (
	"context"
	"encoding/json"
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
	// defaultTimeout bounds one answer.
	defaultTimeout = 30 * time.Second
	// defaultPage is how many lines one request asks for, and maxPage how many for
	// a moment that holds more.
	defaultPage = 1000
	maxPage     = 50_000
	// sweepEvery is how often late lines are looked for beside a live tail, and
	// pollEvery how often lines are where there is none.
	sweepEvery = 10 * time.Second
	pollEvery  = 2 * time.Second
	// searchBack is how far a search goes back whose query does not say, and
	// searchLimit how many lines it finds.
	searchBack  = time.Hour
	searchLimit = 10_000
	// catchUp is how many lines are fetched at once after an interruption.
	catchUp = 5000

	opSearch   = "search logs"
	opEstimate = "estimate the search"
)

// Options say which store to ask, and how.
type Options struct {
	// Name is the configured name.
	Name string
	// URL is the base without /select/logsql, such as "http://127.0.0.1:9428".
	URL string
	// Authorize sets the credential on a request; nil for none.
	Authorize func(*http.Request) error
	// Header is sent with every request, such as AccountID and ProjectID.
	Header http.Header
	// Query is asked when a LogQuery has none; empty means "*", everything.
	Query string
	// Every is how often late lines are looked for; 0 means 10 s, and 2 s where
	// there is no live tail.
	Every time.Duration
	// Timeout bounds one answer; 0 means 30 s.
	Timeout time.Duration
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
		return nil, errors.New("make VictoriaLogs source: it has no name")
	}
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("make VictoriaLogs source %s: url must be like http://host:9428", o.Name)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("make VictoriaLogs source %s: url must hold no user, password, ? or #", o.Name)
	}
	if o.Query == "" {
		o.Query = "*"
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Page <= 0 {
		o.Page = defaultPage
	}
	s := &Source{o: o, base: u, http: sources.HTTP{
		Source: o.Name, UserAgent: o.UserAgent, Authorize: o.Authorize, Header: o.Header, Budget: o.Budget,
		Timeout: o.Timeout, Skew: new(sources.Skew), Transport: o.Transport,
	}}
	s.client, s.stream = s.http.Client(), s.http.Stream()
	return s, nil
}

// Name returns the configured name.
func (s *Source) Name() string { return s.o.Name }

// Run follows what it is pointed at until ctx ends or the store fails.
func (s *Source) Run(ctx context.Context, emit sources.Emit) error {
	return s.Aim.Run(ctx, s.o.Name, emit, func(ctx context.Context, q oncall.LogQuery, turn int) error {
		return s.tail(ctx, q, turn, emit)
	})
}

// Search finds lines, the newest first. Cancelling closes the request, upon which
// the store ends the query.
func (s *Source) Search(ctx context.Context, q oncall.LogQuery, found func(oncall.LogPart)) (oncall.LogFound, error) {
	if err := tailing.Askable(s.o.Name, opSearch, q, s.query(q)); err != nil {
		return oncall.LogFound{Matched: -1}, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = searchLimit
	}
	start, end := tailing.Window(q.Window, searchBack, s.http.Skew.Ahead())
	w := s.walk(opSearch, s.query(q), start, end, limit)
	err := w.Run(ctx, func(entries []tailing.Entry) {
		found(oncall.LogPart{Lines: tailing.Lines(entries, s.o.Name, s.http.Skew.Ahead()), Done: w.Done()})
	})
	return w.Found(err), err
}

// Estimate asks how many lines match.
func (s *Source) Estimate(ctx context.Context, q oncall.LogQuery) (oncall.LogCost, error) {
	none := oncall.LogCost{Bytes: -1, Lines: -1}
	if err := tailing.Askable(s.o.Name, opEstimate, q, s.query(q)); err != nil {
		return none, err
	}
	start, end := tailing.Window(q.Window, searchBack, s.http.Skew.Ahead())
	req, err := s.request(ctx, opEstimate, "hits", url.Values{
		"query": {s.query(q)}, "start": {stamp(start)}, "end": {stamp(end)}, "step": {"1d"},
	})
	if err != nil {
		return none, err
	}
	var a struct {
		Hits []struct {
			Total *json.Number `json:"total"`
		} `json:"hits"`
	}
	if _, err := s.http.Do(s.client, req, opEstimate, &a); err != nil {
		return none, err
	}
	if a.Hits == nil {
		return none, s.malformed(opEstimate)
	}
	cost := oncall.LogCost{Bytes: -1}
	for _, h := range a.Hits {
		if h.Total == nil {
			return none, s.malformed(opEstimate)
		}
		n, err := h.Total.Int64()
		if err != nil {
			return none, s.malformed(opEstimate)
		}
		cost.Lines += n
	}
	return cost, nil
}

// query returns what to ask for q.
func (s *Source) query(q oncall.LogQuery) string {
	if q.Query == "" {
		return s.o.Query
	}
	return q.Query
}

// request makes a request of one endpoint.
func (s *Source) request(ctx context.Context, op, path string, params url.Values) (*http.Request, error) {
	u := s.base.JoinPath("select/logsql", path)
	u.RawQuery = params.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, s.http.TransportFault(ctx, http.MethodGet, op, err)
	}
	return req, nil
}

func (s *Source) malformed(op string) *oncall.Fault {
	return &oncall.Fault{
		Kind: oncall.Malformed, Source: s.o.Name, Op: op, Detail: "the answer is not one of VictoriaLogs",
		Fix: "check that url points at VictoriaLogs itself, without /select/logsql, and not at a login page",
	}
}

// stamp writes a time with all its digits.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000000Z") }
