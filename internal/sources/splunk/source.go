package splunk

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/polled"
)

// What can be wrong with an Options.
var (
	errNoName         = errors.New("it has no name")
	errNoURL          = errors.New("url must be the management port's address, like https://splunk.example.com:8089")
	errURLSecret      = errors.New("url holds a user name or password; give them as basic instead")
	errURLTail        = errors.New("url must end with the port or path, without ? or #")
	errNoCredential   = errors.New("it has no credential; set token, or basic with user and password")
	errTwoCredentials = errors.New("it has two credentials; set token or basic")
)

// Source is a sources.Source, sources.Tailer and sources.Searcher.
type Source struct {
	o    Options
	base string
	http sources.HTTP
	// client is for answers with an end, streams for those that go on.
	client, streams *http.Client
	tail            *polled.Tail
	// old is set once this Splunk turned out to have only the older endpoints.
	old atomic.Bool

	// signing is held by whoever logs in.
	signing sync.Mutex
	// key is the session key, nil before the first login.
	key atomic.Pointer[string]
}

var (
	_ sources.Source    = (*Source)(nil)
	_ sources.Tailer    = (*Source)(nil)
	_ sources.Searcher  = (*Source)(nil)
	_ sources.Refresher = (*Source)(nil)
)

// Name returns the configured name.
func (s *Source) Name() string { return s.o.Name }

// Follow points the tail at q, in SPL.
func (s *Source) Follow(q oncall.LogQuery) { s.tail.Follow(q) }

// Refresh asks again now.
func (s *Source) Refresh() { s.tail.Refresh() }

// Run emits the lines that answer the followed query until ctx ends or Splunk
// fails.
func (s *Source) Run(ctx context.Context, emit sources.Emit) error {
	err := s.tail.Run(ctx, emit)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// fault makes a fault of this source.
func (s *Source) fault(kind oncall.FaultKind, op, detail, fix string) *oncall.Fault {
	return &oncall.Fault{Kind: kind, Source: s.o.Name, Op: op, Detail: sources.Printable(detail, maxWords), Fix: fix}
}

// maxWords bounds Splunk's own words in a fault, in characters.
const maxWords = 200
