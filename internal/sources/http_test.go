package sources_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

const canary = "s3cr3t-canary"

func manners(url string) (sources.HTTP, *http.Client, *http.Request) {
	h := sources.HTTP{
		Source: "x", UserAgent: "conway/test", Timeout: 20 * time.Second,
		Authorize: func(r *http.Request) error { r.Header.Set("Authorization", "Bearer "+canary); return nil },
	}
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		panic(err)
	}
	return h, h.Client(), req
}

func TestStatusBecomesASentence(t *testing.T) {
	for _, c := range []struct {
		status int
		header http.Header
		body   string
		kind   oncall.FaultKind
		want   string
	}{
		{401, nil, `{"error":{"message":"bad token"}}`, oncall.Auth, "x: list things: not authorised (HTTP 401): bad token; renew the token of x"},
		{403, nil, `{"message":"no scope","errors":["things.read"]}`, oncall.Auth, "x: list things: not authorised (HTTP 403): no scope: things.read; give the token of x this permission"},
		{429, http.Header{"Retry-After": {"7"}}, `{}`, oncall.RateLimited, "x: list things: rate limited (HTTP 429)"},
		{503, nil, "<html>oops</html>", oncall.Unavailable, "x: list things: unavailable (HTTP 503)"},
		{404, nil, `"not here"`, oncall.Rejected, "x: list things: refused (HTTP 404): not here"},
		{500, nil, "plain \x1b[31mred\x1b[0m\nwords", oncall.Unavailable, "x: list things: unavailable (HTTP 500): plain [31mred[0m words"},
	} {
		t.Run(fmt.Sprint(c.status), func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				maps.Copy(w.Header(), c.header)
				if strings.HasPrefix(c.body, "{") || strings.HasPrefix(c.body, `"`) {
					w.Header().Set("Content-Type", "application/vnd.x+json")
				} else if strings.HasPrefix(c.body, "<") {
					w.Header().Set("Content-Type", "text/html")
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}))
			defer srv.Close()
			h, client, req := manners(srv.URL)
			_, err := h.Do(client, req, "list things", nil)
			f, ok := errors.AsType[*oncall.Fault](err)
			if !ok || f.Kind != c.kind || !strings.HasPrefix(f.Error(), c.want) {
				t.Errorf("got %v (%v)\nwant %v: %s", err, f, c.kind, c.want)
			}
			if c.status == 429 && f.RetryAfter != 7*time.Second {
				t.Errorf("retry after %v", f.RetryAfter)
			}
		})
	}
}

func TestCredentialDoesNotFollowARedirect(t *testing.T) {
	var seen []string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Get("Authorization"))
	}))
	defer other.Close()
	srv := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer srv.Close()
	h, client, req := manners(srv.URL)
	_, err := h.Do(client, req, "ask", nil)
	if err == nil || !strings.Contains(err.Error(), "redirect") {
		t.Errorf("got %v, want a word on the redirect", err)
	}
	if len(seen) != 0 {
		t.Errorf("the other host was asked, with %q", seen)
	}
	if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), canary) {
		t.Error("the error holds the credential")
	}
}

func TestHugeAnswerIsCutOff(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		chunk := []byte(strings.Repeat(" ", 1<<20))
		for range 40 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	defer srv.Close()
	h, _, req := manners(srv.URL)
	h.Timeout = time.Minute // reading 32 MiB on a busy machine takes a while
	var v any
	_, err := h.Do(h.Client(), req, "ask", &v)
	if f, ok := errors.AsType[*oncall.Fault](err); !ok || f.Kind != oncall.Malformed || !strings.Contains(f.Detail, "32 MiB") {
		t.Errorf("got %v", err)
	}
}

func TestQuittingIsNoFault(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	defer srv.Close()
	h, client, req := manners(srv.URL)
	_, err := h.Do(client, req.WithContext(ctx), "ask", nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, ok := errors.AsType[*oncall.Fault](err); ok {
		t.Error("quitting was reported as a fault")
	}
}

func TestWriteThatMayHaveArrivedIsAmbiguous(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = conn.Close() // processed, and then cut off
	}))
	h, client, req := manners(srv.URL)
	req.Method = http.MethodPost
	_, err := h.Do(client, req, "write", nil)
	if f, ok := errors.AsType[*oncall.Fault](err); !ok || !f.Ambiguous {
		t.Errorf("got %v; it may have arrived", err)
	}
	srv.Close()
	_, err = h.Do(client, req, "write", nil)
	if f, ok := errors.AsType[*oncall.Fault](err); !ok || f.Ambiguous {
		t.Errorf("got %v; nothing listens, so nothing can have arrived", err)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 2, 3, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Duration{
		"": 0, "12": 12 * time.Second, "-3": 0, "soon": 0,
		now.Add(time.Minute).Format(http.TimeFormat): time.Minute, now.Add(-time.Minute).Format(http.TimeFormat): 0,
	} {
		if got := sources.RetryAfter(http.Header{"Retry-After": {in}}, now); got != want {
			t.Errorf("%q is %v, want %v", in, got, want)
		}
	}
}

func TestPollWakesAtAPoke(t *testing.T) {
	n := sources.NewNudge()
	calls := 0
	err := sources.Poll(t.Context(), time.Hour, n, func(context.Context) error {
		if calls++; calls == 3 {
			return io.EOF
		}
		n.Poke()
		n.Poke() // many are one
		return nil
	})
	if !errors.Is(err, io.EOF) || calls != 3 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

func TestCAFile(t *testing.T) {
	if pool, err := sources.CAFile(""); pool != nil || err != nil {
		t.Errorf("no path is %v, %v", pool, err)
	}
	dir := t.TempDir()
	if _, err := sources.CAFile(dir + "/absent.pem"); err == nil || !strings.Contains(err.Error(), "ca cannot be read: open "+dir+"/absent.pem") {
		t.Errorf("an absent file is %v", err)
	}
	if err := os.WriteFile(dir+"/ca.pem", []byte("not PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sources.CAFile(dir + "/ca.pem"); err == nil || !strings.Contains(err.Error(), "ca holds no certificate: "+dir+"/ca.pem; give") {
		t.Errorf("a file without a certificate is %v", err)
	}
}
