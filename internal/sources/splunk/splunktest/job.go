package splunktest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// job is one search job.
type job struct {
	results []json.RawMessage
	looks   int
	failed  bool
}

func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	q, err := parse(r.Form)
	if err != nil {
		say(w, http.StatusBadRequest, Message{Type: "FATAL", Text: err.Error()})
		return
	}
	results := s.find(q)
	s.mu.Lock()
	defer s.mu.Unlock()
	sid := r.Form.Get("id")
	if sid == "" {
		sid = fmt.Sprintf("%d.%d", time.Now().Unix(), len(s.jobs)+1)
	}
	j := &job{results: results}
	for _, m := range s.messages {
		j.failed = j.failed || m.Type == "FATAL"
	}
	s.jobs[sid] = j
	answer(w, http.StatusCreated, map[string]string{"sid": sid})
}

// theJob finds a request's job; s.mu is held.
func (s *Server) theJob(w http.ResponseWriter, r *http.Request) *job {
	j := s.jobs[r.PathValue("sid")]
	if j == nil {
		say(w, http.StatusNotFound, Message{Type: "FATAL", Text: "Unknown sid."})
	}
	return j
}

// status tells a job's state: nothing at the first look, some of its numbers as
// text, and its end after some looks more.
func (s *Server) status(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.theJob(w, r)
	if j == nil {
		return
	}
	j.looks++
	if j.looks == 1 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	done := j.looks > s.o.Looks && !s.stalled
	content := map[string]any{
		"dispatchState": "RUNNING", "isDone": false, "isFailed": false, "isFinalized": false, "doneProgress": 0.5,
		"resultCount": strconv.Itoa(len(j.results)), "eventCount": len(j.results), "scanCount": len(s.events),
		"runDuration": 1.25, "ttl": 600, "messages": s.messages,
	}
	switch {
	case done && j.failed:
		content["dispatchState"], content["isFailed"], content["isDone"] = "FAILED", true, true
	case done:
		content["dispatchState"], content["isDone"], content["doneProgress"] = "DONE", true, 1
	}
	answer(w, http.StatusOK, map[string]any{"entry": []any{map[string]any{"name": r.PathValue("sid"), "content": content}}})
}

func (s *Server) results(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.theJob(w, r)
	if j == nil {
		return
	}
	if j.looks <= s.o.Looks || s.stalled {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	offset, _ := strconv.Atoi(r.Form.Get("offset")) // 0 when it is not given
	count, err := strconv.Atoi(r.Form.Get("count"))
	switch {
	case err != nil:
		count = 100
	case count == 0:
		count = s.o.MaxResults
	}
	page := j.results[min(offset, len(j.results)):]
	page = page[:min(count, s.o.MaxResults, len(page))]
	told := make([]json.RawMessage, 0, len(page))
	for _, res := range page {
		if !json.Valid(res) {
			// What is no result cannot be in an array; Splunk tells it as text.
			res, _ = json.Marshal(string(res)) //nolint:errchkjson // a string has an encoding
		}
		told = append(told, res)
	}
	answer(w, http.StatusOK, map[string]any{
		"preview": false, "init_offset": offset, "messages": []any{}, "fields": []any{map[string]string{"name": "_time"}}, "results": told,
	})
}

func (s *Server) remove(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.theJob(w, r) == nil {
		return
	}
	delete(s.jobs, r.PathValue("sid"))
	say(w, http.StatusOK, Message{Type: "INFO", Text: "Search job cancelled."})
}
