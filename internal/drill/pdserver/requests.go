package pdserver

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"time"
)

// maxRequests bounds the log of requests; the oldest are forgotten first.
const maxRequests = 10_000

// Request is one request that was made, without its credential.
type Request struct {
	At     time.Time
	Method string
	Path   string
	Query  url.Values
	// From is the acting user's address, as sent.
	From string
	// Authorized says that a credential came with it.
	Authorized bool
	Body       []byte
	// Status is what was answered, 0 when the connection was cut.
	Status int
	// Injected is true when Fail had a hand in it.
	Injected bool
}

// Requests returns what was asked so far, oldest first.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.log...)
}

// recorder notes what was answered, and by wrapping the body what was asked.
type recorder struct {
	http.ResponseWriter

	status   int
	injected bool
	asked    bytes.Buffer
}

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// tee keeps a copy of a request's body while the API reads it.
type tee struct {
	io.ReadCloser

	seen *bytes.Buffer
}

func (t tee) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	t.seen.Write(p[:n])
	return n, err
}

func (s *Server) record(at time.Time, r *http.Request, w *recorder) {
	req := Request{
		At: at, Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(), From: r.Header.Get("From"),
		Authorized: r.Header.Get("Authorization") != "", Status: w.status, Injected: w.injected,
		Body: w.asked.Bytes(),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, req)
	if len(s.log) > maxRequests {
		s.log = append(s.log[:0], s.log[len(s.log)-maxRequests:]...)
	}
}
