// Package fault makes a loopback server misbehave on purpose: a status, a
// delay, a silence, an answer that is cut short. It wraps any http.Handler and
// knows nothing of what the handler says.
package fault

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"time"
)

// maxRequest bounds a request's body, which is held while its answer waits.
const maxRequest = 1 << 20

// Fault is how one answer is to go wrong. The zero value changes nothing.
type Fault struct {
	// Delay is how long to wait before anything else; the end of the request
	// ends it too.
	Delay time.Duration
	// Hang never answers.
	Hang bool
	// Drop closes the connection without an answer.
	Drop bool
	// Status answers with this status instead of asking the handler.
	Status int
	// ContentType and Body go with Status.
	ContentType, Body string
	// Header is set on the answer, whoever gives it.
	Header http.Header
	// Cut gives the first half of the handler's answer and closes the
	// connection although the whole length was promised.
	Cut bool
}

// Hook decides for each request how its answer goes wrong.
type Hook func(*http.Request) Fault

// Switch holds the Hook in force. The zero value lets everything through. It
// may be used from any goroutine.
type Switch struct {
	mu   sync.Mutex
	hook Hook
}

// Set puts a hook in force; nil ends all faults.
func (s *Switch) Set(h Hook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = h
}

// All puts the same fault in force for every request.
func (s *Switch) All(f Fault) { s.Set(func(*http.Request) Fault { return f }) }

// Clear ends all faults.
func (s *Switch) Clear() { s.Set(nil) }

func (s *Switch) decide(r *http.Request) Fault {
	s.mu.Lock()
	h := s.hook
	s.mu.Unlock()
	if h == nil {
		return Fault{}
	}
	return h(r)
}

// Wrap returns next with the faults of s.
func (s *Switch) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The server notices that the asker has gone only once the request's body
		// has been read.
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		if err != nil {
			http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		f := s.decide(r)
		if !f.pause(r) {
			panic(http.ErrAbortHandler)
		}
		maps.Copy(w.Header(), f.Header)
		switch {
		case f.Status != 0:
			if f.ContentType != "" {
				w.Header().Set("Content-Type", f.ContentType)
			}
			w.WriteHeader(f.Status)
			_, _ = w.Write([]byte(f.Body))
		case f.Cut:
			cut(w, r, next)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// pause waits as the fault says and reports whether an answer is to be given.
func (f Fault) pause(r *http.Request) bool {
	if f.Delay > 0 {
		t := time.NewTimer(f.Delay)
		defer t.Stop()
		select {
		case <-r.Context().Done():
			return false
		case <-t.C:
		}
	}
	if f.Hang {
		<-r.Context().Done()
		return false
	}
	return !f.Drop
}

func cut(w http.ResponseWriter, r *http.Request, next http.Handler) {
	rec := httptest.NewRecorder()
	next.ServeHTTP(rec, r)
	maps.Copy(w.Header(), rec.Header())
	body := rec.Body.Bytes()
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(rec.Code)
	_, _ = w.Write(body[:len(body)/2])
	if fl, ok := w.(http.Flusher); ok {
		fl.Flush()
	}
	panic(http.ErrAbortHandler)
}
