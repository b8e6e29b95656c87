package sumotest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options say what a Server is like.
type Options struct {
	// ID and Key are the one access key; without one everybody is let in.
	ID, Key string
	// Ahead is how far its clock is ahead of this machine's.
	Ahead time.Duration
	// Looks is how many looks at a job find it under way; 0 means 2.
	Looks int
	// PageMax bounds a page, as 100 MB do; 0 means 10,000.
	PageMax int
	// PerSecond is how many requests a second are allowed; 0 means any.
	PerSecond int
	// Elsewhere is the deployment to which the account belongs, if not to this one.
	Elsewhere string
}

// Message is one message. Times are by this machine's clock.
type Message struct {
	Time time.Time
	// Received is when it was received; zero means when it was added.
	Received time.Time
	Raw      string
	// Host, Name and Category are its source's.
	Host, Name, Category string
	// Wire, when set, is the very message as a page tells it.
	Wire string

	id int64
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
	Body         []byte
}

// Server is a Sumo Logic. It is an http.Handler, and safe for concurrent use.
type Server struct {
	o   Options
	mux *http.ServeMux

	mu       sync.Mutex
	messages []Message
	jobs     map[string]*job
	made     int
	stalled  bool
	requests []Request
	recent   []time.Time
	fail     func(*http.Request) *Failure
	// state, errors and warnings are how jobs end, instead of well.
	state            string
	errors, warnings []string
}

// New returns an empty Sumo Logic.
func New(o Options) *Server {
	o.Looks = cmp.Or(o.Looks, 2)
	o.PageMax = cmp.Or(o.PageMax, 10_000)
	s := &Server{o: o, mux: http.NewServeMux(), jobs: map[string]*job{}}
	for _, v := range []string{"v1", "v2"} {
		s.mux.HandleFunc("POST /api/"+v+"/search/jobs", s.create)
		s.mux.HandleFunc("GET /api/"+v+"/search/jobs/{id}", s.look)
		s.mux.HandleFunc("GET /api/"+v+"/search/jobs/{id}/messages", s.page)
		s.mux.HandleFunc("DELETE /api/"+v+"/search/jobs/{id}", s.remove)
	}
	return s
}

// Add takes messages in.
func (s *Server) Add(messages ...Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range messages {
		if m.Received.IsZero() {
			m.Received = time.Now()
		}
		m.id = int64(len(s.messages)) - 9223372036854773763
		s.messages = append(s.messages, m)
	}
}

// Fail has requests answered with what f returns, unless that is nil. A nil f ends
// it.
func (s *Server) Fail(f func(*http.Request) *Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = f
}

// EndAs has jobs end in a state, with what they say.
func (s *Server) EndAs(state string, errors, warnings []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state, s.errors, s.warnings = state, errors, warnings
}

// Stall has jobs gather for ever.
func (s *Server) Stall() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stalled = true
}

// Expire forgets all jobs, as time does.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.jobs)
}

// Running counts the jobs that nobody has deleted.
func (s *Server) Running() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.jobs)
}

// Requests returns what was asked, oldest first.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Busiest returns the most requests that came within a second.
func (s *Server) Busiest() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	most := 0
	for i, t := range s.recent {
		n := 0
		for _, u := range s.recent[i:] {
			if u.Sub(t) < time.Second {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", time.Now().Add(s.o.Ahead).UTC().Format(http.TimeFormat))
	now := time.Now()
	s.mu.Lock()
	s.requests = append(s.requests, Request{Method: r.Method, Path: r.URL.Path})
	s.recent = append(s.recent, now)
	busy := 0
	for _, t := range slices.Backward(s.recent) {
		if now.Sub(t) >= time.Second {
			break
		}
		busy++
	}
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
	id, key, _ := r.BasicAuth()
	switch {
	case s.o.Elsewhere != "":
		w.Header().Set("Location", s.o.Elsewhere+r.URL.Path)
		w.WriteHeader(http.StatusMovedPermanently)
	case s.o.ID != "" && (id != s.o.ID || key != s.o.Key):
		refuse(w, http.StatusUnauthorized, "unauthorized", "Full authentication is required to access this resource.") //nolint:misspell // the code is Sumo Logic's
	case s.o.PerSecond > 0 && busy > s.o.PerSecond:
		refuse(w, http.StatusTooManyRequests, "rate.limit.exceeded", "The rate limit for this API was exceeded.")
	default:
		s.mux.ServeHTTP(w, r)
	}
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, map[string]any{"status": status, "id": "IUUQI-DGH5I-TJ045", "code": code, "message": message})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that is gone needs no answer
}

// told is a message as a page tells it: everything is text.
func (s *Server) told(m Message) json.RawMessage {
	if m.Wire != "" {
		return json.RawMessage(m.Wire)
	}
	ms := func(t time.Time) string { return strconv.FormatInt(t.Add(s.o.Ahead).UnixMilli(), 10) }
	b, err := json.Marshal(map[string]any{"map": map[string]string{
		"_messagetime": ms(m.Time), "_receipttime": ms(m.Received), "_raw": m.Raw, "_sourcehost": m.Host,
		"_sourcecategory": m.Category, "_sourcename": m.Name, "_messageid": strconv.FormatInt(m.id, 10),
		"_collector": "c1", "_size": strconv.Itoa(len(m.Raw)),
	}})
	if err != nil {
		return json.RawMessage(`{}`)
	}
	return b
}

// matches reports whether a message holds all of a query's words and fields.
func (m Message) matches(query string) bool {
	for t := range strings.FieldsSeq(query) {
		key, want, isField := strings.Cut(t, "=")
		have, known := map[string]string{"_sourcecategory": m.Category, "_sourcehost": m.Host, "_sourcename": m.Name}[strings.ToLower(key)]
		switch {
		case t == "*":
		case isField && known && have != strings.Trim(want, `"`):
			return false
		case isField && known:
		case !strings.Contains(strings.ToLower(m.Raw+m.Wire), strings.ToLower(strings.Trim(t, `"`))):
			return false
		}
	}
	return true
}

// session is the name of a job's cookie.
const session = "JSESSIONID"

func cookieOf(id string) string { return fmt.Sprintf("node-of-%s", id) }
