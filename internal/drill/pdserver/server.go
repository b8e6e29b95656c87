package pdserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// defaultLimit is PagerDuty's own request limit per minute and key.
	defaultLimit = 960
	// window is the time over which requests are counted.
	window = time.Minute
	// maxBody bounds a request's body.
	maxBody = 1 << 20
	// defaultURL and defaultWebURL are the addresses that answers refer to.
	defaultURL    = "https://api.pagerduty.com"
	defaultWebURL = "https://example.pagerduty.com"
	// firstNumber is where incident numbers begin.
	firstNumber = 4801
)

// Options are what an account is made of. The zero value is an empty account
// that takes any token as an account key.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Token is the API key that is asked for; empty means that any will do.
	Token string
	// Me is the id of the user that Token acts as. Empty makes Token an account
	// key, for which /users/me answers 400.
	Me string
	// Limit is how many requests a minute are answered; 0 means 960, as real.
	Limit int
	// URL and WebURL begin the addresses in answers.
	URL, WebURL string
	// Wrap, if not nil, is put around the API itself, beneath the failures that
	// are injected: a place to check every request and answer.
	Wrap func(http.Handler) http.Handler

	Users    []User
	Teams    []Team
	Services []Service
	Policies []Policy
	Shifts   []Shift
	// Priorities are ordered from the most severe; none is an account that has them
	// switched off.
	Priorities []Priority
}

// Server is the account and its REST API. It is safe for concurrent use.
type Server struct {
	opts Options
	api  http.Handler

	mu        sync.Mutex
	seq       int
	incidents []*incident
	changes   []Change
	shifts    []Shift
	limit     int
	used      int
	windowEnd time.Time
	hook      func(*http.Request) *Failure
	log       []Request
}

// New returns an account.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Limit == 0 {
		o.Limit = defaultLimit
	}
	if o.URL == "" {
		o.URL = defaultURL
	}
	if o.WebURL == "" {
		o.WebURL = defaultWebURL
	}
	s := &Server{opts: o, shifts: append([]Shift(nil), o.Shifts...), limit: o.Limit}
	s.api = s.guarded(s.routes())
	if o.Wrap != nil {
		s.api = o.Wrap(s.api)
	}
	return s
}

// now is the clock to the second, which is what the API speaks.
func (s *Server) now() time.Time { return s.opts.Now().UTC().Truncate(time.Second) }

// nextID makes an id that looks like PagerDuty's and is the same in every run.
func (s *Server) nextID(prefix string) string {
	s.seq++
	return fmt.Sprintf("%s%012s", prefix, strings.ToUpper(strconv.FormatInt(int64(s.seq)*0x2545F491+0x9E3779B9, 36)))
}

// answer is a status and a body to be encoded.
type answer struct {
	status int
	body   any
}

// handle is one endpoint. It is called with the account locked and up to date.
type handle func(r *http.Request) answer

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range map[string]handle{
		"GET /incidents":                   s.listIncidents,
		"PUT /incidents":                   s.manageIncidents,
		"GET /incidents/{id}":              s.getIncident,
		"PUT /incidents/{id}":              s.updateIncident,
		"GET /incidents/{id}/alerts":       s.listAlerts,
		"GET /incidents/{id}/notes":        s.listNotes,
		"POST /incidents/{id}/notes":       s.createNote,
		"GET /incidents/{id}/log_entries":  s.listLogEntries,
		"POST /incidents/{id}/snooze":      s.snoozeIncident,
		"PUT /incidents/{id}/merge":        s.mergeIncident,
		"GET /priorities":                  s.listPriorities,
		"GET /oncalls":                     s.listOnCalls,
		"GET /users/me":                    s.currentUser,
		"GET /users":                       s.listUsers,
		"GET /services":                    s.listServices,
		"GET /teams":                       s.listTeams,
		"GET /escalation_policies":         s.listPolicies,
		"GET /change_events":               s.listChanges,
		"GET /services/{id}/change_events": s.listServiceChanges,
	} {
		mux.Handle(pattern, s.endpoint(h))
	}
	mux.Handle("/", s.endpoint(func(*http.Request) answer { return notFound() }))
	return mux
}

func (s *Server) endpoint(h handle) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		s.mu.Lock()
		s.advance(s.now())
		a := h(r)
		body, err := json.Marshal(a.body)
		s.mu.Unlock()
		if err != nil { // only a caller's own Details can fail to encode
			a.status, body = http.StatusInternalServerError, []byte(`{"error":{"message":"Internal Server Error"}}`)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(a.status)
		_, _ = w.Write(body)
	})
}

// guarded counts and authorises a request before the API sees it.
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.admit(w.Header()) {
			s.endpoint(func(*http.Request) answer {
				return fault(http.StatusTooManyRequests, 2020, "Rate Limit Exceeded")
			}).ServeHTTP(w, r)
			return
		}
		if t := s.opts.Token; t != "" {
			if a := r.Header.Get("Authorization"); a != "Token token="+t && a != "Bearer "+t {
				s.endpoint(func(*http.Request) answer {
					return fault(http.StatusUnauthorized, 2006, "Authentication Failed")
				}).ServeHTTP(w, r)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// admit counts one request, writes the rate limit headers and reports whether
// the request is within the limit. ratelimit-reset is seconds from now.
func (s *Server) admit(h http.Header) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.opts.Now()
	if !now.Before(s.windowEnd) {
		s.used, s.windowEnd = 0, now.Add(window)
	}
	ok := s.used < s.limit
	if ok {
		s.used++
	}
	h.Set("Ratelimit-Limit", strconv.Itoa(s.limit))
	h.Set("Ratelimit-Remaining", strconv.Itoa(max(0, s.limit-s.used)))
	// Rounded up: whoever waits that long has waited long enough.
	h.Set("Ratelimit-Reset", strconv.Itoa(int((s.windowEnd.Sub(now)+time.Second-1)/time.Second)))
	return ok
}

// SetLimit changes how many requests a minute are answered.
func (s *Server) SetLimit(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = n
}

type errorBody struct {
	Error errorObject `json:"error"`
}

type errorObject struct {
	Message string   `json:"message"`
	Code    int      `json:"code"`
	Errors  []string `json:"errors,omitempty"`
}

func fault(status, code int, message string, errs ...string) answer {
	return answer{status, errorBody{errorObject{message, code, errs}}}
}

func notFound() answer { return fault(http.StatusNotFound, 2100, "Not Found") }

func invalid(errs ...string) answer {
	return fault(http.StatusBadRequest, 2001, "Invalid Input Provided", errs...)
}
