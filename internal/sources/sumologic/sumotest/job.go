package sumotest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// job is one search job.
type job struct {
	results []json.RawMessage
	looks   int
	told    bool
	// touched is when it was asked about last.
	touched time.Time
}

// keepAlive is how long a job lives without a look.
const keepAlive = 30 * time.Second

func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var q struct {
		Query, From, To, TimeZone string
		ByReceiptTime             bool
	}
	if err != nil || json.Unmarshal(body, &q) != nil {
		refuse(w, http.StatusBadRequest, "searchjob.generic", "The request is not JSON.")
		return
	}
	const layout = "2006-01-02T15:04:05"
	from, err := time.Parse(layout, q.From)
	to, err2 := time.Parse(layout, q.To)
	switch {
	case err != nil:
		refuse(w, http.StatusBadRequest, "searchjob.invalid.timestamp.from", "The 'from' field contains an invalid time.")
		return
	case err2 != nil:
		refuse(w, http.StatusBadRequest, "searchjob.invalid.timestamp.to", "The 'to' field contains an invalid time.")
		return
	case !to.After(from):
		refuse(w, http.StatusBadRequest, "searchjob.to.smaller.than.from", "The 'from' time cannot be larger than the 'to' time.")
		return
	case q.TimeZone != "UTC":
		refuse(w, http.StatusBadRequest, "searchjob.unknown.timezone", "The 'timezone' value is not supported.")
		return
	case q.Query == "":
		refuse(w, http.StatusBadRequest, "searchjob.no.query", "No 'query' parameter was provided.")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests[len(s.requests)-1].Body = body
	var hits []Message
	for _, m := range s.messages {
		at := m.Time
		if q.ByReceiptTime {
			at = m.Received
		}
		if at = at.Add(s.o.Ahead); !at.Before(from) && at.Before(to) && m.matches(q.Query) {
			hits = append(hits, m)
		}
	}
	slices.SortStableFunc(hits, func(a, b Message) int { return b.Time.Compare(a.Time) })
	s.made++
	id := fmt.Sprintf("37589506F194FC%02d", s.made)
	j := &job{touched: time.Now()}
	for _, m := range hits {
		j.results = append(j.results, s.told(m))
	}
	s.jobs[id] = j
	http.SetCookie(w, &http.Cookie{Name: session, Value: cookieOf(id), Path: "/api", HttpOnly: true}) //nolint:gosec // a test's server has no TLS
	w.Header().Set("Location", "http://"+r.Host+r.URL.Path+"/"+id)
	answer(w, http.StatusAccepted, map[string]any{"id": id, "link": map[string]string{"rel": "self"}})
}

// theJob finds a request's job, which needs its cookie; s.mu is held.
func (s *Server) theJob(w http.ResponseWriter, r *http.Request) *job {
	id := r.PathValue("id")
	c, err := r.Cookie(session)
	j := s.jobs[id]
	if j != nil && time.Since(j.touched) > keepAlive {
		delete(s.jobs, id)
		j = nil
	}
	if j == nil || err != nil || c.Value != cookieOf(id) {
		refuse(w, http.StatusNotFound, "searchjob.jobid.invalid", "Job ID is invalid.")
		return nil
	}
	j.touched = time.Now()
	return j
}

// gathered is how many of a job's results there are yet.
func (s *Server) gathered(j *job) int {
	switch {
	case j.looks <= 1:
		return 0
	case j.looks <= s.o.Looks || s.stalled:
		return len(j.results) / 2
	}
	return len(j.results)
}

// look tells a job's state. Its errors and warnings are told once.
func (s *Server) look(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.theJob(w, r)
	if j == nil {
		return
	}
	j.looks++
	state, errors, warnings := "GATHERING RESULTS", []string{}, []string{}
	switch {
	case j.looks == 1:
		state = "NOT STARTED"
	case j.looks > s.o.Looks && !s.stalled:
		state = "DONE GATHERING RESULTS"
		if s.state != "" {
			state = s.state
		}
		if !j.told {
			errors, warnings = append(errors, s.errors...), append(warnings, s.warnings...)
		}
		j.told = true
	}
	answer(w, http.StatusOK, map[string]any{
		"state": state, "messageCount": s.gathered(j), "recordCount": 0,
		"pendingErrors": errors, "pendingWarnings": warnings, "histogramBuckets": []any{},
	})
}

func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.theJob(w, r)
	if j == nil {
		return
	}
	offset, err := strconv.Atoi(r.URL.Query().Get("offset"))
	if err != nil || offset < 0 {
		refuse(w, http.StatusBadRequest, "searchjob.offset.missing", "The 'offset' parameter is missing.")
		return
	}
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || limit < 1 || limit > 10_000 {
		refuse(w, http.StatusBadRequest, "searchjob.limit.missing", "The 'limit' parameter is missing.")
		return
	}
	there := j.results[:s.gathered(j)]
	page := there[min(offset, len(there)):]
	page = page[:min(limit, s.o.PageMax, len(page))]
	answer(w, http.StatusOK, map[string]any{
		"fields":   []any{map[string]any{"name": "_messagetime", "fieldType": "long", "keyField": false}},
		"messages": append([]json.RawMessage{}, page...),
	})
}

func (s *Server) remove(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.theJob(w, r) == nil {
		return
	}
	delete(s.jobs, r.PathValue("id"))
	answer(w, http.StatusOK, map[string]string{"id": r.PathValue("id")})
}
