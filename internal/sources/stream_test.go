package sources

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// TestStream reads an answer that goes on for longer than its head may take.
func TestStream(t *testing.T) {
	const limit = 100 * time.Millisecond
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hangs" {
			<-r.Context().Done()
			return
		}
		for range 5 {
			_, _ = w.Write([]byte("line\n"))
			w.(http.Flusher).Flush()
			time.Sleep(limit / 2)
		}
	}))
	defer srv.Close()
	h := HTTP{Source: "logs", Timeout: limit, Transport: &http.Transport{DisableKeepAlives: true}}
	client := h.Stream()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if cerr := resp.Body.Close(); err != nil || cerr != nil || len(body) != 25 {
		t.Errorf("%d bytes were read (%v, %v), want 25", len(body), err, cerr)
	}
	req, err = http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/hangs", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err = client.Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a server that hangs gave %v, want a deadline that has passed", err)
	}
}
