package ghserver

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"conway/internal/drill/fault"
)

// defaultLimit is what GitHub allows a user's token in an hour.
const defaultLimit = 5000

// limitWindow is how long a rate limit counts.
const limitWindow = time.Hour

// Options say how the server behaves.
type Options struct {
	// Now is the clock; nil means the real one.
	Now func() time.Time
	// Token is the only one that is accepted; empty accepts everybody.
	Token string
	// Limit is how many requests are allowed in an hour; 0 means 5000.
	Limit int
}

// Server answers in GitHub's words. It is an http.Handler; who listens and for
// how long is its owner's business. It may be used from any goroutine.
type Server struct {
	// Faults makes answers go wrong.
	Faults fault.Switch

	o       Options
	handler http.Handler

	mu       sync.Mutex
	repos    map[string]*repo
	lastID   int64
	used     int
	renewed  time.Time
	requests int
}

// New returns an empty server.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Limit <= 0 {
		o.Limit = defaultLimit
	}
	s := &Server{o: o, repos: map[string]*repo{}, lastID: 1000}
	mux := http.NewServeMux()
	for path, list := range map[string]func(*http.Request, *repo, string) (any, bool){
		"deployments":               listDeployments,
		"deployments/{id}/statuses": listStatuses,
		"actions/runs":              listRuns,
		"compare/{basehead}":        compare,
	} {
		mux.HandleFunc("GET /repos/{owner}/{repo}/"+path, s.answer(list))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, "Not Found") })
	s.handler = s.Faults.Wrap(s.guard(mux))
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Requests returns how many requests were answered, and how many of them
// counted against the rate limit.
func (s *Server) Requests() (all, counted int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests, s.used
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func refuse(w http.ResponseWriter, code int, message string) {
	body, err := json.Marshal(map[string]string{
		"message": message, "documentation_url": "https://docs.github.com/rest", "status": strconv.Itoa(code),
	})
	if err != nil {
		code = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write(body)
}

// guard is what GitHub looks at before it looks at the path.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.UserAgent() == "" || strings.HasPrefix(r.UserAgent(), "Go-http-client") {
			refuse(w, http.StatusForbidden, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header")
			return
		}
		_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if s.o.Token != "" && subtle.ConstantTimeCompare([]byte(token), []byte(s.o.Token)) != 1 {
			refuse(w, http.StatusUnauthorized, "Bad credentials")
			return
		}
		if !s.count(w) {
			refuse(w, http.StatusForbidden, "API rate limit exceeded for user ID 1.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// count takes one request from the limit, sets the headers that say so, and
// reports whether it was allowed.
func (s *Server) count(w http.ResponseWriter) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	if now := s.o.Now(); now.Sub(s.renewed) >= limitWindow {
		s.renewed, s.used = now, 0
	}
	allowed := s.used < s.o.Limit
	if allowed {
		s.used++
	}
	s.limitHeaders(w)
	return allowed
}

// giveBack undoes count for an answer of 304, which costs nothing.
func (s *Server) giveBack(w http.ResponseWriter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used--
	s.limitHeaders(w)
}

func (s *Server) limitHeaders(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Date", s.o.Now().UTC().Format(http.TimeFormat))
	h.Set("X-Ratelimit-Limit", strconv.Itoa(s.o.Limit))
	h.Set("X-Ratelimit-Remaining", strconv.Itoa(s.o.Limit-s.used))
	h.Set("X-Ratelimit-Used", strconv.Itoa(s.used))
	h.Set("X-Ratelimit-Reset", itoa(s.renewed.Add(limitWindow).Unix()))
	h.Set("X-Ratelimit-Resource", "core")
}

// answer looks up the repository, pages what list returns and gives it an ETag.
// list runs while the server is locked; false means that there is no such thing.
func (s *Server) answer(list func(r *http.Request, rp *repo, repoURL string) (any, bool)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("owner") + "/" + r.PathValue("repo")
		body, link, err := s.body(r, name, list)
		if err != nil {
			refuse(w, http.StatusInternalServerError, err.Error())
			return
		}
		if body == nil {
			refuse(w, http.StatusNotFound, "Not Found")
			return
		}
		sum := sha256.Sum256(body)
		etag := `W/"` + hex.EncodeToString(sum[:]) + `"`
		w.Header().Set("ETag", etag)
		if link != "" {
			w.Header().Set("Link", link)
		}
		if r.Header.Get("If-None-Match") == etag {
			if r.Header.Get("Authorization") != "" {
				s.giveBack(w)
			}
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(body) //nolint:gosec // JSON, and not to be taken for anything else
	}
}

// body returns the JSON of one page, nil for what does not exist, and its Link
// header.
func (s *Server) body(r *http.Request, name string, list func(*http.Request, *repo, string) (any, bool)) ([]byte, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rp := s.repos[name]
	if rp == nil {
		return nil, "", nil
	}
	v, ok := list(r, rp, "http://"+r.Host+"/repos/"+name)
	if !ok {
		return nil, "", nil
	}
	var link string
	switch rows := v.(type) {
	case []map[string]any:
		v, link = paged(r, rows)
	case runList:
		total := len(rows)
		page, l := paged(r, rows)
		v, link = map[string]any{"total_count": total, "workflow_runs": page}, l
	}
	body, err := json.Marshal(v)
	return body, link, err
}

// runList is paged inside of an object.
type runList []map[string]any

// paged returns one page, newest first, and its Link header.
func paged(r *http.Request, rows []map[string]any) ([]map[string]any, string) {
	number := func(name string, missing, most int) int {
		n, err := strconv.Atoi(r.URL.Query().Get(name))
		if err != nil || n < 1 {
			return missing
		}
		return min(n, most)
	}
	per, page := number("per_page", 30, 100), number("page", 1, 1_000_000)
	from := min((page-1)*per, len(rows))
	to := min(from+per, len(rows))
	link := ""
	if to < len(rows) {
		q := r.URL.Query()
		q.Set("page", strconv.Itoa(page+1))
		next := "http://" + r.Host + r.URL.Path + "?" + q.Encode()
		q.Set("page", strconv.Itoa((len(rows)+per-1)/per))
		link = `<` + next + `>; rel="next", <http://` + r.Host + r.URL.Path + "?" + q.Encode() + `>; rel="last"`
	}
	return slices.Clip(rows[from:to]), link
}

// asked reports whether a filter is absent or equal.
func asked(r *http.Request, name, value string) bool {
	v := r.URL.Query().Get(name)
	return v == "" || v == value
}
