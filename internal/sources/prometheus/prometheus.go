// Package prometheus answers questions about time series from a server that
// speaks the Prometheus HTTP API: Prometheus itself, Thanos, Mimir or
// VictoriaMetrics. It asks through client_golang with this program's own
// manners, and knows nothing of panels beyond their queries.
//
// One answer holds, for each query, a range for the plot and the newest value.
// The two are asked separately, because the last step of an aligned range can
// be a whole step old.
//
// How old the newest value is. An instant query answers at its own time, and
// with samples of up to five minutes earlier unless Prometheus has seen the
// scrape fail. So for a query that is a plain vector selector, a recording rule
// above all, timestamp(selector) is asked for as well, which is the sample's
// own time (and for nothing else: of an expression it returns the time of the
// question). For any other expression the time is that of its evaluation, as
// Prometheus defines it. A series that an instant query no longer returns has no newest
// value, however long its line in the plot.
package prometheus

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"conway/internal/oncall"
	"conway/internal/sources"
)

const (
	// defaultEvery is the usual scrape interval; asking more often shows nothing
	// new.
	defaultEvery = 15 * time.Second
	// defaultMaxSeries is more lines than a plot in a terminal can tell apart.
	defaultMaxSeries = 20
)

// Options say which server to ask, and how.
type Options struct {
	// Name is the configured name.
	Name string
	// URL is the base of the API, with its prefix if it has one, such as
	// "http://127.0.0.1:9090" or "https://mimir.example.com/prometheus".
	URL string
	// Authorize sets the credential on a request; see Bearer and Basic. Nil for
	// none.
	Authorize func(*http.Request) error
	// Header is sent with every request, such as X-Scope-OrgID.
	Header http.Header
	// Every is the interval; 0 means 15 s.
	Every time.Duration
	// Timeout bounds one request; 0 means sources.RequestTimeout.
	Timeout time.Duration
	// MaxSeries bounds the series of one panel; 0 means 20.
	MaxSeries int
	// Budget, UserAgent and Transport are as in sources.HTTP.
	Budget    sources.Budget
	UserAgent string
	Transport http.RoundTripper
}

// Bearer returns an Options.Authorize that sends a token.
func Bearer(token sources.Secret) func(*http.Request) error {
	return func(r *http.Request) error {
		t, err := token(r.Context())
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(t))
		return nil
	}
}

// Basic returns an Options.Authorize that sends a user name and a password. In
// Grafana Cloud they are the instance id and a token.
func Basic(user string, password sources.Secret) func(*http.Request) error {
	return func(r *http.Request) error {
		p, err := password(r.Context())
		if err != nil {
			return err
		}
		r.SetBasicAuth(user, strings.TrimSpace(p))
		return nil
	}
}

// Source is a sources.Source, sources.Asker, sources.Refresher and
// sources.Evaluator.
type Source struct {
	http      sources.HTTP
	api       v1.API
	every     time.Duration
	maxSeries int
	nudge     sources.Nudge

	mu       sync.Mutex
	question oncall.Question
	// supersede ends the round that answers an earlier question, if one runs.
	supersede context.CancelCauseFunc

	// budgets are those that were asked for lately; only Run touches them.
	budgets map[key]asked
}

// New returns a source, or an error that says which option is wrong. It asks
// nothing yet.
func New(o Options) (*Source, error) {
	if o.Name == "" {
		return nil, errors.New("make metrics source: it has no name")
	}
	u, err := url.Parse(o.URL)
	switch {
	case err != nil, u.Host == "", u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("make metrics source %s: url must be like http://host:9090", o.Name)
	case u.User != nil:
		return nil, fmt.Errorf("make metrics source %s: url holds a user name or password; give them as username and password instead", o.Name)
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("make metrics source %s: url must end with the path, without ? or #", o.Name)
	}
	s := &Source{
		every: o.Every, maxSeries: o.MaxSeries, nudge: sources.NewNudge(),
		http: sources.HTTP{
			Source: o.Name, UserAgent: o.UserAgent, Authorize: o.Authorize, Header: o.Header,
			Budget: readOnly(o.Budget), Timeout: o.Timeout, Transport: o.Transport, Skew: new(sources.Skew),
		},
	}
	if s.every <= 0 {
		s.every = defaultEvery
	}
	if s.maxSeries <= 0 {
		s.maxSeries = defaultMaxSeries
	}
	client := s.http.Client()
	client.Transport = &guard{http: s.http, next: client.Transport}
	c, err := api.NewClient(api.Config{Address: o.URL, Client: client})
	if err != nil {
		return nil, fmt.Errorf("make metrics source %s: %w", o.Name, err)
	}
	s.api = v1.NewAPI(c)
	return s, nil
}

// Name returns the configured name.
func (s *Source) Name() string { return s.http.Source }

// Refresh asks again now.
func (s *Source) Refresh() { s.nudge.Poke() }

// Ask makes q the question from now on and has it answered at once. An answer
// to another question that is under way is given up; the same question again is
// no more than a Refresh.
func (s *Source) Ask(q oncall.Question) {
	q.Queries, q.Budgets = slices.Clone(q.Queries), slices.Clone(q.Budgets)
	s.mu.Lock()
	if !reflect.DeepEqual(q, s.question) {
		s.question = q
		if s.supersede != nil {
			s.supersede(errSuperseded)
		}
	}
	s.mu.Unlock()
	s.nudge.Poke()
}

// Run answers the question, or while there is none looks whether the server
// answers at all, until ctx ends or the server fails.
func (s *Source) Run(ctx context.Context, emit sources.Emit) error {
	err := sources.Poll(ctx, s.every, s.nudge, func(ctx context.Context) error { return s.round(ctx, emit) })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// round answers the current question once.
func (s *Source) round(ctx context.Context, emit sources.Emit) error {
	round, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s.mu.Lock()
	q := s.question
	s.supersede = cancel
	s.mu.Unlock()
	event, err := s.answer(round, q)
	if err == nil {
		whole := s.known(&event, time.Now())
		emit(event)
		if whole {
			return nil
		}
		if err = s.askBudgets(round, &event); err == nil {
			s.known(&event, time.Now())
			emit(event)
		}
	}
	if errors.Is(context.Cause(round), errSuperseded) && ctx.Err() == nil {
		return nil // Ask has poked, so the new question is next
	}
	return err
}
