package splunktest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say what a Server is like.
type Options struct {
	// Token is the authentication token; User and Password are the one account. An
	// empty Token with an empty User lets everybody in.
	Token          string
	User, Password string
	// Ahead is how far its clock is ahead of this machine's.
	Ahead time.Duration
	// Old is true for a Splunk without search/v2.
	Old bool
	// Looks is how many looks at a job find it under way; 0 means 2.
	Looks int
	// MaxResults bounds one page of results, as maxresultrows does; 0 means 50,000.
	MaxResults int
	// Previews is true for a Splunk that streams previews although it was asked for
	// none.
	Previews bool
}

// Event is one event in an index. Times are by this machine's clock.
type Event struct {
	Time time.Time
	// Indexed is when it was indexed; zero means when it was added.
	Indexed                        time.Time
	Raw                            string
	Host, Source, Sourcetype, Type string
	// Index is the index's name; empty means main.
	Index string
	// Wire, when set, is the very result, which may be no JSON at all.
	Wire string

	serial int
}

// Failure is what a request is answered with instead.
type Failure struct {
	Status      int
	ContentType string
	Body        string
}

// Request is one request that was answered.
type Request struct {
	Method, Path string
	Form         map[string][]string
	// Authorization is the header's scheme, such as Bearer.
	Scheme string
}

// Server is a Splunk. It is an http.Handler, and safe for concurrent use.
type Server struct {
	o   Options
	mux *http.ServeMux

	mu       sync.Mutex
	events   []Event
	jobs     map[string]*job
	sessions map[string]bool
	logins   int
	stalled  bool
	// streams counts the streamed searches under way.
	streams  int
	requests []Request
	fail     func(*http.Request) *Failure
	// messages go out at the end of a stream, instead of its last row if fatal.
	messages []Message
}

// Message is what Splunk says beside its results.
type Message struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// New returns an empty Splunk.
func New(o Options) *Server {
	o.Looks = cmp.Or(o.Looks, 2)
	o.MaxResults = cmp.Or(o.MaxResults, 50_000)
	s := &Server{o: o, mux: http.NewServeMux(), jobs: map[string]*job{}, sessions: map[string]bool{}}
	for _, root := range []string{"/services", "/servicesNS/{owner}/{app}"} {
		s.mux.HandleFunc("POST "+root+"/search/v2/jobs/export", s.newer(s.export))
		s.mux.HandleFunc("POST "+root+"/search/jobs/export", s.export)
		s.mux.HandleFunc("POST "+root+"/search/jobs", s.create)
		s.mux.HandleFunc("GET "+root+"/search/jobs/{sid}", s.status)
		s.mux.HandleFunc("DELETE "+root+"/search/jobs/{sid}", s.remove)
		s.mux.HandleFunc("POST "+root+"/search/v2/jobs/{sid}/results", s.newer(s.results))
		s.mux.HandleFunc("GET "+root+"/search/jobs/{sid}/results", s.results)
	}
	s.mux.HandleFunc("POST /services/auth/login", s.login)
	return s
}

// newer is for what an old Splunk does not have.
func (s *Server) newer(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.o.Old {
			w.Header().Set("Content-Type", "text/xml; charset=UTF-8")
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte("<?xml version=\"1.0\"?>\n<response>\n  <messages>\n    <msg type=\"ERROR\">Not Found</msg>\n  </messages>\n</response>\n"))
			return
		}
		h(w, r)
	}
}

// Add indexes events.
func (s *Server) Add(events ...Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range events {
		if e.Indexed.IsZero() {
			e.Indexed = time.Now()
		}
		e.Index = cmp.Or(e.Index, "main")
		e.serial = len(s.events) + 1
		s.events = append(s.events, e)
	}
}

// Fail has requests answered with what f returns, unless that is nil. A nil f ends
// it.
func (s *Server) Fail(f func(*http.Request) *Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = f
}

// Say has each search end with messages.
func (s *Server) Say(messages ...Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = messages
}

// Stall has searches begin and not end.
func (s *Server) Stall() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stalled = true
}

// Expire forgets all jobs and sessions, as time does.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.jobs)
	clear(s.sessions)
}

// Running counts the searches that nobody has ended.
func (s *Server) Running() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.streams + len(s.jobs)
}

// Logins counts the logins that were tried.
func (s *Server) Logins() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logins
}

// Requests returns what was asked, oldest first.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", time.Now().Add(s.o.Ahead).UTC().Format(http.TimeFormat))
	_ = r.ParseForm() // what cannot be read is not there
	scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	s.mu.Lock()
	s.requests = append(s.requests, Request{Method: r.Method, Path: r.URL.Path, Form: r.Form, Scheme: scheme})
	fail := s.fail
	s.mu.Unlock()
	if fail != nil {
		if f := fail(r); f != nil {
			w.Header().Set("Content-Type", f.ContentType)
			w.WriteHeader(f.Status)
			_, _ = w.Write([]byte(f.Body))
			return
		}
	}
	if !strings.HasSuffix(r.URL.Path, "/auth/login") && !s.knows(r) {
		return401(w, scheme)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// knows reports whether a request has a credential that is known here.
func (s *Server) knows(r *http.Request) bool {
	if s.o.Token == "" && s.o.User == "" {
		return true
	}
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch scheme {
	case "Bearer":
		return s.o.Token != "" && rest == s.o.Token
	case "Splunk":
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.sessions[rest]
	case "Basic":
		user, password, _ := r.BasicAuth()
		return s.o.User != "" && user == s.o.User && password == s.o.Password
	}
	return false
}

func return401(w http.ResponseWriter, scheme string) {
	m := Message{Type: "WARN", Text: "call not properly authenticated"}
	if scheme == "Basic" {
		m = Message{Type: "ERROR", Text: http.StatusText(http.StatusUnauthorized)}
	}
	say(w, http.StatusUnauthorized, m)
}

func say(w http.ResponseWriter, status int, m ...Message) {
	answer(w, status, map[string]any{"messages": m})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that is gone needs no answer
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logins++
	if s.o.User == "" || r.PostForm.Get("username") != s.o.User || r.PostForm.Get("password") != s.o.Password {
		say(w, http.StatusUnauthorized, Message{Type: "WARN", Text: "Login failed"})
		return
	}
	key := fmt.Sprintf("session-key-number-%d", s.logins)
	s.sessions[key] = true
	answer(w, http.StatusOK, map[string]string{"sessionKey": key})
}
