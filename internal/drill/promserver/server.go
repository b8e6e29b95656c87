package promserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"conway/internal/drill/fault"
)

const (
	// maxPoints is Prometheus's own limit per series (web/api/v1/api.go).
	maxPoints = 11000
	// maxForm bounds a request's form; a query is some hundred bytes.
	maxForm = 1 << 20
)

// Server answers in Prometheus's words. It is an http.Handler; who listens and
// for how long is its owner's business.
type Server struct {
	// Faults makes answers go wrong.
	Faults fault.Switch

	store   *Store
	now     func() time.Time
	handler http.Handler
}

// New returns a server over the store. now is the time of a query that names
// none.
func New(store *Store, now func() time.Time) *Server {
	s := &Server{store: store, now: now}
	mux := http.NewServeMux()
	for path, h := range map[string]func(*http.Request) (any, []string, error){
		"/api/v1/query": s.query, "/api/v1/query_range": s.queryRange,
		"/api/v1/series": s.listSeries, "/api/v1/labels": s.listLabels,
	} {
		mux.HandleFunc("GET "+path, answer(h))
		mux.HandleFunc("POST "+path, answer(h))
	}
	mux.HandleFunc("GET /api/v1/label/{name}/values", answer(s.labelValues))
	mux.HandleFunc("GET /api/v1/status/buildinfo", answer(buildInfo))
	mux.HandleFunc("GET /-/ready", say("Prometheus Server is Ready.\n"))
	mux.HandleFunc("GET /-/healthy", say("Prometheus Server is Healthy.\n"))
	s.handler = s.Faults.Wrap(mux)
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func say(words string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte(words))
	}
}

// envelope is the shape of every answer of the API.
type envelope struct {
	Status    string   `json:"status"`
	Data      any      `json:"data,omitempty"`
	ErrorType string   `json:"errorType,omitempty"`
	Error     string   `json:"error,omitempty"`
	Warnings  []string `json:"warnings,omitempty"`
}

// answer puts what h returns into an envelope. Every error is the asker's.
func answer(h func(*http.Request) (any, []string, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		status, out := http.StatusOK, envelope{Status: "success"}
		err := r.ParseForm()
		if err != nil {
			err = fmt.Errorf("error parsing form values: %w", err)
		} else {
			out.Data, out.Warnings, err = h(r)
		}
		if err != nil {
			status, out = http.StatusBadRequest, envelope{Status: "error", ErrorType: "bad_data", Error: err.Error()}
		}
		body, err := json.Marshal(out)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}
}

func invalid(parameter string, err error) error {
	return fmt.Errorf("invalid parameter %q: %w", parameter, err)
}

// timeParam reads a time in milliseconds since the epoch: Unix seconds with
// decimals, or RFC 3339.
func timeParam(form url.Values, name string, missing int64) (int64, error) {
	v := form.Get(name)
	if v == "" {
		return missing, nil
	}
	if sec, err := strconv.ParseFloat(v, 64); err == nil && sec > -1e12 && sec < 1e12 {
		return int64(sec*1000 + 0.5), nil
	}
	t, err := time.Parse(time.RFC3339Nano, v)
	if err != nil {
		return 0, invalid(name, fmt.Errorf("cannot parse %q to a valid timestamp", v))
	}
	return t.UnixMilli(), nil
}

// stepParam reads a resolution: seconds with decimals, or a duration like 15s.
func stepParam(form url.Values) (int64, error) {
	v := form.Get("step")
	var ms int64
	if sec, err := strconv.ParseFloat(v, 64); err == nil && sec < 1e12 {
		ms = int64(sec * 1000)
	} else if d, err := time.ParseDuration(v); err == nil {
		ms = d.Milliseconds()
	} else {
		return 0, invalid("step", fmt.Errorf("cannot parse %q to a valid duration", v))
	}
	if ms <= 0 {
		return 0, invalid("step", errors.New("zero or negative query resolution step widths are not accepted. Try a positive integer"))
	}
	return ms, nil
}

// limitParam reads how many series or names to return at most, 0 for all.
func limitParam(form url.Values) (int, error) {
	v := form.Get("limit")
	if v == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 {
		return 0, invalid("limit", fmt.Errorf("cannot parse %q to a valid limit", v))
	}
	return n, nil
}

// truncate cuts a list to a limit and says so.
func truncate[T any](list []T, limit int) ([]T, []string) {
	if limit == 0 || len(list) <= limit {
		return list, nil
	}
	return list[:limit], []string{"results truncated due to limit"}
}

func buildInfo(*http.Request) (any, []string, error) {
	return map[string]string{
		"version": "3.0.0-conway", "revision": "drill", "branch": "drill",
		"buildUser": "drill", "buildDate": "20260101-00:00:00", "goVersion": "go1.26",
	}, nil, nil
}

// formatValue writes a sample value as Prometheus does, NaN and ±Inf included.
func formatValue(v float64) string {
	return strconv.FormatFloat(v, 'f', -1, 64)
}
