package pdserver

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Failure is what goes wrong with one request. Its parts combine: a delay comes
// first, then the connection is cut or the answer replaced.
type Failure struct {
	// Delay is how long to wait first, or until the client is gone.
	Delay time.Duration
	// Drop cuts the connection before the request has had any effect.
	Drop bool
	// DropAfter lets the request take effect and then cuts the connection
	// instead of answering.
	DropAfter bool
	// Status answers with this status, Header and Body, and without effect.
	Status int
	Header http.Header
	Body   string
}

// Fail installs a hook that is asked for each request; nil from it means that
// all is well. A nil hook removes it. The hook may be called concurrently.
func (s *Server) Fail(hook func(*http.Request) *Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = hook
}

// On makes a hook for Fail: requests of a method, or any when empty, whose path
// begins with prefix fail, the first times of them, or all when times is 0.
func On(method, prefix string, times int, f Failure) func(*http.Request) *Failure {
	var mu sync.Mutex
	left := times
	return func(r *http.Request) *Failure {
		if (method != "" && r.Method != method) || !strings.HasPrefix(r.URL.Path, prefix) {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if times > 0 {
			if left == 0 {
				return nil
			}
			left--
		}
		return &f
	}
}

// ServeHTTP serves the REST API.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	hook := s.hook
	s.mu.Unlock()
	rec := &recorder{ResponseWriter: w, status: http.StatusOK}
	defer s.record(s.opts.Now(), r, rec)
	r = r.WithContext(r.Context())
	r.Body = tee{r.Body, &rec.asked}
	var f *Failure
	if hook != nil {
		f = hook(r)
	}
	if f == nil {
		s.api.ServeHTTP(rec, r)
		return
	}
	rec.injected = true
	s.fail(rec, r, f)
}

func (s *Server) fail(w *recorder, r *http.Request, f *Failure) {
	if f.Delay > 0 {
		t := time.NewTimer(f.Delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.Context().Done():
		}
	}
	switch {
	case f.Drop:
		w.status = 0
		panic(http.ErrAbortHandler)
	case f.DropAfter:
		s.api.ServeHTTP(&swallow{header: http.Header{}}, r)
		w.status = 0
		panic(http.ErrAbortHandler)
	case f.Status != 0:
		for k, v := range f.Header {
			w.Header()[http.CanonicalHeaderKey(k)] = v
		}
		if w.Header().Get("Content-Type") == "" {
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(f.Status)
		_, _ = w.Write([]byte(f.Body))
	default:
		s.api.ServeHTTP(w, r)
	}
}

// swallow is the answer that nobody will get.
type swallow struct {
	header http.Header
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (s *swallow) Header() http.Header { return s.header }

// Write implements http.ResponseWriter.
func (s *swallow) Write(p []byte) (int, error) { return s.body.Write(p) }

// WriteHeader implements http.ResponseWriter.
func (s *swallow) WriteHeader(int) {}
