package splunk

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"conway/internal/sources"
	"conway/internal/sources/polled"
)

const (
	// defaultEvery is how often a followed query is asked: each time is a search,
	// of which a role may run only a few at once.
	defaultEvery = 5 * time.Second
	// overlap is how long a line may take from when it is indexed until a search
	// finds it, and by how much the clocks of two indexers may differ.
	overlap = time.Minute
	// defaultTimeout is how long Splunk may be silent. A search that has found
	// nothing yet is, for longer than another answer would take.
	defaultTimeout = 30 * time.Second
	// defaultExportWithin is the longest window that is streamed.
	defaultExportWithin = 15 * time.Minute
	// defaultPoll is the first wait between two looks at a job; it grows tenfold.
	defaultPoll = 500 * time.Millisecond
	// longest bounds a stream by the wall clock.
	longest = 30 * time.Minute
)

// Options configure a Source. Name, URL and one credential are needed.
type Options struct {
	// Name is the configured name, for lines and faults.
	Name string
	// URL is the management port's address, such as https://splunk.example.com:8089.
	URL string
	// App is the app in whose context searches run; empty means the user's own.
	App string
	// Token is an authentication token, sent as a bearer token.
	Token sources.Secret
	// User and Password are sent with each request, or, with Session, once for a
	// session key.
	User     string
	Password sources.Secret
	Session  bool
	// CAs are as in sources.HTTP: Splunk's own certificates are signed by nobody
	// that a machine knows.
	CAs *x509.CertPool
	// Every is how often a followed query is asked; 0 means 5 s.
	Every time.Duration
	// Timeout is how long one answer may be silent; 0 means 30 s.
	Timeout time.Duration
	// ExportWithin is the longest window that is streamed, longer ones are jobs; 0
	// means 15 min, and a negative one streams none.
	ExportWithin time.Duration
	// Poll is the first wait between two looks at a job; 0 means 500 ms.
	Poll time.Duration
	// UserAgent and Transport are as in sources.HTTP.
	UserAgent string
	Transport http.RoundTripper
}

// New returns a source that follows nothing yet, or an error that says which
// option is wrong. It asks nothing yet.
func New(o Options) (*Source, error) {
	base, err := baseOf(o)
	if err != nil {
		return nil, fmt.Errorf("make log source %s: %w", o.Name, err)
	}
	s := &Source{o: withDefaults(o), base: base}
	s.http = sources.HTTP{
		Source: o.Name, UserAgent: o.UserAgent, Authorize: s.authorize, Timeout: s.o.Timeout,
		CAs: o.CAs, Transport: o.Transport, Skew: new(sources.Skew),
	}
	s.client = s.http.Client()
	// A stream has no end that could be told; it is bounded by its silence.
	long := s.http
	long.Timeout = longest
	s.streams = long.Client()
	s.streams.Timeout = 0
	s.tail = polled.New(polled.Options{
		Source: o.Name, Every: s.o.Every, Overlap: overlap, Skew: s.http.Skew, Ask: s.arrived,
	})
	return s, nil
}

func withDefaults(o Options) Options {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{{&o.Every, defaultEvery}, {&o.Timeout, defaultTimeout}, {&o.ExportWithin, defaultExportWithin}, {&o.Poll, defaultPoll}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	return o
}

// baseOf returns the address up to, and without, /search.
func baseOf(o Options) (string, error) {
	u, err := url.Parse(strings.TrimRight(o.URL, "/"))
	switch {
	case o.Name == "":
		return "", errNoName
	case err != nil, u.Host == "", u.Scheme != "http" && u.Scheme != "https":
		return "", errNoURL
	case u.User != nil:
		return "", errURLSecret
	case u.RawQuery != "" || u.Fragment != "":
		return "", errURLTail
	case o.Token == nil && (o.User == "" || o.Password == nil):
		return "", errNoCredential
	case o.Token != nil && (o.User != "" || o.Password != nil):
		return "", errTwoCredentials
	}
	if o.App == "" {
		return u.String() + "/services", nil
	}
	return u.String() + "/servicesNS/nobody/" + url.PathEscape(o.App), nil
}
