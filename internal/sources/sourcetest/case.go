package sourcetest

import (
	"net/http"
	"testing"
	"time"

	"conway/internal/sources"
)

const (
	// defaultBound is how long Run may take to return after its context ends.
	// Closing a connection takes no time; the rest is a busy machine.
	defaultBound = 5 * time.Second
	// defaultWait is how long the suite waits for an event or a fault.
	defaultWait = 10 * time.Second
	// hangTimeout is the request timeout handed to the source when the server
	// does not answer.
	hangTimeout = 200 * time.Millisecond
	// askTimeout is the request timeout in all other checks.
	askTimeout = 5 * time.Second
)

// Case is a source and what can be expected of it.
type Case struct {
	// New returns a fresh source that is able to work. Its interval should be
	// long, an hour, so that what the suite sees is caused by the suite. It
	// should clean up with tb.Cleanup.
	New func(tb testing.TB) sources.Source
	// Stir makes something happen that the newest source from New has to emit,
	// such as a new line in the file that it follows. It is called again and
	// again until an event arrives. Nil means that the source emits by itself
	// whenever it is run.
	Stir func(tb testing.TB)
	// Bound is how long Run may take to return after cancel; 0 means 5 s.
	Bound time.Duration
	// Wait is how long to wait for an event or a fault; 0 means 10 s.
	Wait time.Duration
	// Skip names checks that cannot apply, each with the reason.
	Skip map[string]string
}

func (c Case) bound() time.Duration {
	if c.Bound > 0 {
		return c.Bound
	}
	return defaultBound
}

func (c Case) wait() time.Duration {
	if c.Wait > 0 {
		return c.Wait
	}
	return defaultWait
}

// Endpoint is the server that a source under test is to ask, and how.
type Endpoint struct {
	// URL is the server's base, such as "http://127.0.0.1:4321".
	URL string
	// Token is the credential to send. What it returns must not be seen anywhere
	// but in requests to URL.
	Token sources.Secret
	// Transport is to be used as sources.HTTP.Transport. Its idle connections
	// are closed by the suite.
	Transport http.RoundTripper
	// Timeout is to be used as sources.HTTP.Timeout.
	Timeout time.Duration
}

// HTTPCase is a source that asks over HTTP.
type HTTPCase struct {
	// New returns a fresh source that asks e. Its interval should be long.
	New func(tb testing.TB, e Endpoint) sources.Source
	// Healthy returns a fresh server with something to tell: at least one row,
	// so that a test of hostile text has a text to replace.
	Healthy func(tb testing.TB) http.Handler
	// Anonymous is true for a source that has no credential.
	Anonymous bool
	// Bound, Wait and Skip are as in Case.
	Bound, Wait time.Duration
	Skip        map[string]string
}
