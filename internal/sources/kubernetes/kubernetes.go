package kubernetes

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/tailing"
)

const (
	// defaultTimeout bounds one answer, and the wait for the head of one that goes
	// on.
	defaultTimeout = 30 * time.Second
	// searchBack is how far a search goes back whose query does not say, and
	// searchLimit how many lines it finds.
	searchBack  = time.Hour
	searchLimit = 10_000
	// defaultAgain is how soon a stream that has ended is begun again; it doubles
	// up to mostAgain while nothing comes.
	defaultAgain = time.Second
	mostAgain    = 10 * time.Second
	// maxStreams bounds the containers that are followed at once: each is a
	// connection through the cluster's API to a node.
	maxStreams = 50
	// maxWords bounds the other side's own words, in characters.
	maxWords = 200

	opSearch = "search pod logs"
	opList   = "list pods"
)

// Options say which cluster to ask, and how.
type Options struct {
	// Name is the configured name.
	Name string
	// Kubeconfig is its file; empty means $KUBECONFIG of Environ, ~/.kube/config,
	// or the account of the pod that this runs in, the first that is there.
	// Context is the one to use, empty for the current one.
	Kubeconfig, Context string
	// Namespace is where the pods are; empty means that of the context.
	Namespace string
	// Query is asked when a LogQuery has none; empty means all pods.
	Query string
	// Containers are the ones to read of each pod; empty means all.
	Containers []string
	// Timeout bounds one answer; 0 means 30 s. Again is how soon a stream that has
	// ended is begun again; 0 means a second.
	Timeout, Again time.Duration
	// Environ is the environment of a program that gives the credential, and Learn
	// is told each secret that is read; nil means this program's own, and nobody.
	Environ []string
	Learn   func(secret string)
	// URL and Authorize are used instead of a kubeconfig when URL is not empty.
	URL       string
	Authorize func(*http.Request) error
	// Budget, UserAgent and Transport are as in sources.HTTP.
	Budget    sources.Budget
	UserAgent string
	Transport http.RoundTripper
}

// Source is a sources.Source, sources.Tailer and sources.Searcher.
type Source struct {
	tailing.Aim

	o Options
	// place is how far the tail has come; only Run touches it.
	place tailing.Place
	// starts outlive a tail that fails, as the place does.
	starts starts

	mu      sync.Mutex
	cluster *cluster
}

// New returns a source, or an error that says which option is wrong. It reads
// nothing yet.
func New(o Options) (*Source, error) {
	if o.Name == "" {
		return nil, errors.New("make Kubernetes source: it has no name")
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Again <= 0 {
		o.Again = defaultAgain
	}
	if o.Environ == nil {
		o.Environ = os.Environ()
	}
	if o.Learn == nil {
		o.Learn = func(string) {}
	}
	return &Source{o: o}, nil
}

// Name returns the configured name.
func (s *Source) Name() string { return s.o.Name }

// Run follows what it is pointed at until ctx ends or the cluster fails.
func (s *Source) Run(ctx context.Context, emit sources.Emit) error {
	return s.Aim.Run(ctx, s.o.Name, emit, func(ctx context.Context, q oncall.LogQuery, turn int) error {
		return s.tail(ctx, q, turn, emit)
	})
}

// Search reads the logs of all pods that the query chooses, and finds the newest
// lines.
func (s *Source) Search(ctx context.Context, q oncall.LogQuery, found func(oncall.LogPart)) (oncall.LogFound, error) {
	none := oncall.LogFound{Matched: -1}
	if q.Unfilled != "" {
		return none, tailing.Askable(s.o.Name, opSearch, q, "")
	}
	if err := ctx.Err(); err != nil {
		return none, err
	}
	c, ch, pods, err := s.choose(ctx, opSearch, q)
	if err != nil {
		return none, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = searchLimit
	}
	start, end := tailing.Window(q.Window, searchBack, c.http.Skew.Ahead())
	h := hunt{cluster: c, op: opSearch, start: start, end: end, limit: limit, text: ch.text}
	err = h.run(ctx, pods)
	h.settle()
	out := oncall.LogFound{Lines: len(h.entries), Matched: int64(h.matched), Scanned: h.bytes}
	if len(h.entries) > 0 {
		found(oncall.LogPart{Lines: tailing.Lines(h.entries, s.o.Name, c.http.Skew.Ahead()), Done: -1, Scanned: h.bytes})
	}
	switch {
	case err != nil:
		out.Why, out.Matched = "the search was broken off", -1
	case h.matched > len(h.entries):
		out.Why = "the limit of lines was reached"
	default:
		out.Complete = true
	}
	return out, err
}

// choose connects to the cluster and lists the pods of a query.
func (s *Source) choose(ctx context.Context, op string, q oncall.LogQuery) (*cluster, choice, podList, error) {
	query := q.Query
	if query == "" {
		query = s.o.Query
	}
	ch, err := parse(query)
	if err != nil {
		return nil, ch, podList{}, &oncall.Fault{Kind: oncall.Rejected, Source: s.o.Name, Op: op, Detail: err.Error(), Fix: "write app=checkout or deployment/checkout"}
	}
	c, err := s.connect(op)
	if err != nil {
		return nil, ch, podList{}, err
	}
	if err := c.resolve(ctx, &ch); err != nil {
		return nil, ch, podList{}, err
	}
	pods, err := c.list(ctx, ch)
	return c, ch, pods, err
}

// connect returns the cluster, and reads how to reach it the first time.
func (s *Source) connect(op string) (*cluster, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cluster != nil {
		return s.cluster, nil
	}
	a := access{server: s.o.URL, authorize: s.o.Authorize, namespace: s.o.Namespace, transport: s.o.Transport}
	if s.o.URL == "" {
		var err error
		if a, err = s.readAccess(); err != nil {
			return nil, &oncall.Fault{Kind: oncall.Rejected, Source: s.o.Name, Op: op, Detail: sources.Printable(err.Error(), 2*maxWords), Fix: "correct kubeconfig or context", Cause: err}
		}
	}
	base, err := url.Parse(a.server)
	if err != nil || base.Host == "" || base.User != nil {
		return nil, &oncall.Fault{Kind: oncall.Rejected, Source: s.o.Name, Op: op, Detail: "the server's address is not like https://host:6443", Fix: "correct kubeconfig or context"}
	}
	if s.o.Namespace != "" {
		a.namespace = s.o.Namespace
	}
	if a.namespace == "" {
		a.namespace = "default"
	}
	c := &cluster{base: base, namespace: a.namespace, containers: s.o.Containers, timeout: s.o.Timeout, http: sources.HTTP{
		Source: s.o.Name, UserAgent: s.o.UserAgent, Authorize: a.authorize, Budget: s.o.Budget,
		Timeout: s.o.Timeout, Skew: new(sources.Skew), Transport: a.transport,
	}}
	c.client, c.stream = c.http.Client(), c.http.Stream()
	s.cluster = c
	return c, nil
}
