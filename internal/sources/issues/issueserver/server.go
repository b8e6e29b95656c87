// Package issueserver is a tracker in memory that speaks as much of GitHub's and of
// GitLab's API as filing and following issues needs. It is for tests.
package issueserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Issue is one issue.
type Issue struct {
	Number                  int
	Title, Text             string
	Opened, Updated, Closed time.Time
	PullRequest             bool
}

// Server is a repository github.test/acme/ops, or a project acme/ops. It is safe
// for concurrent use.
type Server struct {
	// Token is asked for, and GitLab is true for the API that it speaks then.
	Token  string
	GitLab bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	mu     sync.Mutex
	issues []*Issue
	posts  int
	// lose cuts the answers to the next posts: before doing them when negative.
	lose int
}

func (s *Server) now() time.Time {
	if s.Now == nil {
		return time.Now().UTC().Truncate(time.Second)
	}
	return s.Now().UTC().Truncate(time.Second)
}

// Issues returns what was opened, oldest first.
func (s *Server) Issues() []Issue {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Issue, len(s.issues))
	for i, o := range s.issues {
		out[i] = *o
	}
	return out
}

// Posts returns how often an issue was asked for.
func (s *Server) Posts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.posts
}

// Open adds an issue, or a pull request.
func (s *Server) Open(title, text string, pullRequest bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open(title, text).PullRequest = pullRequest
}

func (s *Server) open(title, text string) *Issue {
	i := &Issue{Number: len(s.issues) + 1, Title: title, Text: text, Opened: s.now(), Updated: s.now()}
	s.issues = append(s.issues, i)
	return i
}

// Close closes an issue by its number.
func (s *Server) Close(number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.issues[number-1]
	i.Closed, i.Updated = s.now(), s.now()
}

// Lose has the answer to the next post cut: after it was done, or before.
func (s *Server) Lose(done bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lose = -1; done {
		s.lose = 1
	}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := "/repos/acme/ops/issues"
	if s.GitLab {
		path = "/projects/acme%2Fops/issues"
	}
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.Header.Get("Authorization") != "Bearer "+s.Token:
		refuse(w, http.StatusUnauthorized, "Bad credentials")
	case r.Header.Get("User-Agent") == "":
		refuse(w, http.StatusForbidden, "Request forbidden by administrative rules.")
	case r.URL.EscapedPath() != path:
		refuse(w, http.StatusNotFound, "Not Found")
	case r.Method == http.MethodPost:
		s.create(w, r)
	case r.Method == http.MethodGet:
		s.index(w, r)
	default:
		refuse(w, http.StatusMethodNotAllowed, "Method Not Allowed")
	}
}

func refuse(w http.ResponseWriter, code int, message string) {
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message})
}

func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	var in struct{ Title, Body, Description string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Title == "" {
		refuse(w, http.StatusUnprocessableEntity, "Validation Failed")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.posts++
	lose := s.lose
	s.lose = 0
	if lose < 0 {
		panic(http.ErrAbortHandler)
	}
	i := s.open(in.Title, in.Body+in.Description)
	if lose > 0 {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(s.object(i))
}

func (s *Server) index(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	since, err := time.Parse(time.RFC3339, q.Get("since")+q.Get("updated_after"))
	if err != nil {
		refuse(w, http.StatusBadRequest, "since is no time")
		return
	}
	size, page := atoi(q.Get("per_page"), 30), atoi(q.Get("page"), 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []any{}
	for _, i := range slices.Backward(s.issues) {
		if !i.Updated.Before(since) && (q.Get("state") == "all" || s.GitLab || i.Closed.IsZero()) {
			all = append(all, s.object(i))
		}
	}
	from := min(len(all), (page-1)*size)
	_ = json.NewEncoder(w).Encode(all[from:min(len(all), from+size)])
}

func atoi(s string, otherwise int) int {
	if n, err := strconv.Atoi(s); err == nil && n > 0 {
		return n
	}
	return otherwise
}

// object is an issue as the API writes it.
func (s *Server) object(i *Issue) map[string]any {
	var closed any
	state := "open"
	if s.GitLab {
		state = "opened"
	}
	if !i.Closed.IsZero() {
		closed, state = i.Closed, "closed"
	}
	out := map[string]any{"title": i.Title, "state": state, "created_at": i.Opened, "updated_at": i.Updated, "closed_at": closed}
	if s.GitLab {
		out["iid"], out["description"], out["web_url"] = i.Number, i.Text, fmt.Sprintf("https://gitlab.test/acme/ops/-/issues/%d", i.Number)
		return out
	}
	out["number"], out["body"], out["html_url"] = i.Number, i.Text, fmt.Sprintf("https://github.test/acme/ops/issues/%d", i.Number)
	if i.PullRequest {
		out["pull_request"] = map[string]string{"url": strings.Replace(fmt.Sprint(out["html_url"]), "issues", "pulls", 1)}
	}
	return out
}
