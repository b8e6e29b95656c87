package cloudwatch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/awsauth"
	"conway/internal/sources/tailing"
)

const (
	// PerMinute is half of what an account may ask of FilterLogEvents in one region,
	// for all cockpits and programs.
	PerMinute = 150
	// Burst is how many requests may be made at once.
	Burst = 10

	// defaultTimeout bounds one answer.
	defaultTimeout = 30 * time.Second
	// defaultEvery is how often a tail asks.
	defaultEvery = 5 * time.Second
	// defaultPoll is how often a job is looked at, and defaultPause the first wait
	// after a request too many; it doubles.
	defaultPoll  = time.Second
	defaultPause = time.Second

	opSearch   = "search logs"
	opEstimate = "estimate the search"
)

// Options say which log groups to ask, and how.
type Options struct {
	// Name is the configured name.
	Name string
	// Region is where the groups are, such as eu-west-1.
	Region string
	// URL is an endpoint of one's own; empty means the region's.
	URL string
	// Groups are the names of the log groups, or their ARNs.
	Groups []string
	// AccessKey, SecretKey and Session are as in awsauth.Options.
	AccessKey, SecretKey, Session sources.Secret
	// Query is asked when a LogQuery has none; empty means everything.
	Query string
	// Every is how often a tail asks; 0 means 5 s.
	Every time.Duration
	// Timeout bounds one answer; 0 means 30 s.
	Timeout time.Duration
	// Page is how many lines one request asks for; 0 means 1,000.
	Page int
	// Poll is the time between two looks at a job, and Pause the first wait after a
	// request too many; 0 means 1 s for both.
	Poll, Pause time.Duration
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
	base   string
	http   sources.HTTP
	client *http.Client
	nudge  sources.Nudge
	// place is how far the tail has come; only Run touches it.
	place tailing.Place
}

var (
	_ sources.Tailer    = (*Source)(nil)
	_ sources.Searcher  = (*Source)(nil)
	_ sources.Estimator = (*Source)(nil)
	_ sources.Refresher = (*Source)(nil)
)

// New returns a source, or an error that says which option is wrong. It asks
// nothing yet.
func New(o Options) (*Source, error) {
	base, err := baseOf(o)
	if err != nil {
		return nil, fmt.Errorf("make CloudWatch source %s: %w", o.Name, err)
	}
	signer, err := awsauth.New(awsauth.Options{
		Service: "logs", Region: o.Region, AccessKey: o.AccessKey, SecretKey: o.SecretKey, Session: o.Session, Transport: o.Transport,
	})
	if err != nil {
		return nil, fmt.Errorf("make CloudWatch source %s: %w", o.Name, err)
	}
	o.Every, o.Timeout = cmp.Or(o.Every, defaultEvery), cmp.Or(o.Timeout, defaultTimeout)
	o.Poll, o.Pause, o.Page = cmp.Or(o.Poll, defaultPoll), cmp.Or(o.Pause, defaultPause), cmp.Or(o.Page, defaultPage)
	s := &Source{o: o, base: base, nudge: sources.NewNudge(), http: sources.HTTP{
		Source: o.Name, UserAgent: o.UserAgent, Authorize: signer.Sign, Budget: readOnly(o.Budget),
		Timeout: o.Timeout, Skew: new(sources.Skew), Transport: o.Transport,
	}}
	s.client = s.http.Client()
	return s, nil
}

// baseOf returns the endpoint.
func baseOf(o Options) (string, error) {
	switch {
	case o.Name == "":
		return "", errors.New("it has no name")
	case o.Region == "" || strings.ContainsAny(o.Region, "/.:@ "):
		return "", errors.New("region must name a region, such as eu-west-1")
	case len(o.Groups) == 0:
		return "", errors.New("groups is empty; name a log group, such as /aws/lambda/checkout")
	case insights(o.Query):
		return "", errors.New("query is one of Logs Insights, which cannot be followed; write a filter pattern, such as ERROR or { $.status = 500 }")
	case o.URL == "" && strings.HasPrefix(o.Region, "cn-"):
		return "https://logs." + o.Region + ".amazonaws.com.cn/", nil
	case o.URL == "":
		return "https://logs." + o.Region + ".amazonaws.com/", nil
	}
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("url must be like https://host, without a user, a password, ? or #")
	}
	return u.JoinPath("/").String(), nil
}

// Name returns the configured name.
func (s *Source) Name() string { return s.o.Name }

// Refresh asks again now.
func (s *Source) Refresh() { s.nudge.Poke() }

// Run follows what it is pointed at until ctx ends or CloudWatch fails.
func (s *Source) Run(ctx context.Context, emit sources.Emit) error {
	return s.Aim.Run(ctx, s.o.Name, emit, func(ctx context.Context, q oncall.LogQuery, turn int) error {
		return s.tail(ctx, q, turn, emit)
	})
}

// query returns what to ask for q.
func (s *Source) query(q oncall.LogQuery) string {
	return strings.TrimSpace(cmp.Or(q.Query, s.o.Query))
}

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
