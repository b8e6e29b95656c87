package fault

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const healthyBody = "twenty bytes of body"

func get(t *testing.T, s *Switch, timeout time.Duration) (*http.Response, string, error) {
	t.Helper()
	srv := httptest.NewServer(s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(healthyBody))
	})))
	defer srv.Close()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := srv.Client().Do(req)
	if err != nil {
		return nil, "", err
	}
	body, err := io.ReadAll(resp.Body)
	if cerr := resp.Body.Close(); cerr != nil {
		t.Error(cerr)
	}
	return resp, string(body), err
}

func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		name    string
		fault   Fault
		status  int
		body    string
		err     error
		timeout time.Duration
	}{
		{"none", Fault{}, 200, healthyBody, nil, 5 * time.Second},
		{"status", Fault{Status: 503, Body: "down"}, 503, "down", nil, 5 * time.Second},
		{"cut", Fault{Cut: true}, 200, healthyBody[:10], io.ErrUnexpectedEOF, 5 * time.Second},
		{"drop", Fault{Drop: true}, 0, "", io.EOF, 5 * time.Second},
		{"hang", Fault{Hang: true}, 0, "", context.DeadlineExceeded, 50 * time.Millisecond},
		{"delay", Fault{Delay: time.Hour}, 0, "", context.DeadlineExceeded, 50 * time.Millisecond},
		{"short delay", Fault{Delay: time.Millisecond}, 200, healthyBody, nil, 5 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var s Switch
			s.All(tt.fault)
			resp, body, err := get(t, &s, tt.timeout)
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if tt.status != 0 && resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
			}
			if body != tt.body {
				t.Errorf("body %q, want %q", body, tt.body)
			}
		})
	}
}

// TestHangEndsWithAPost ends a silence whose request had a body.
func TestHangEndsWithAPost(t *testing.T) {
	var s Switch
	s.All(Fault{Hang: true})
	srv := httptest.NewServer(s.Wrap(http.NotFoundHandler()))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL, strings.NewReader("a=b"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := srv.Client().Do(req)
	if err == nil {
		t.Errorf("an answer with status %d, want none", resp.StatusCode)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		srv.Close()
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("the silence outlives its request")
	}
}

func TestClearAndHeaders(t *testing.T) {
	var s Switch
	s.All(Fault{Status: 429, ContentType: "text/plain", Header: http.Header{"Retry-After": {"3"}}})
	resp, _, err := get(t, &s, 5*time.Second)
	if err != nil || resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "3" {
		t.Fatalf("answer %v, %v; want 429 with Retry-After 3", resp, err)
	}
	s.Clear()
	if _, body, err := get(t, &s, 5*time.Second); err != nil || body != healthyBody {
		t.Errorf("after Clear: %q, %v", body, err)
	}
}
