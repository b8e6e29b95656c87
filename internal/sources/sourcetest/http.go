package sourcetest

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// HTTP checks what Run checks, against a healthy server, and then what a source
// makes of servers that are not: statuses become the right kinds of fault,
// Retry-After is honoured, nothing that is not an answer is presented as one, a
// server that hangs is given up, the credential goes to the configured host
// alone and is seen nowhere else, and hostile text does no harm.
func HTTP(t *testing.T, c HTTPCase) {
	t.Helper()
	Run(t, Case{
		New: func(tb testing.TB) sources.Source {
			tb.Helper()
			return c.source(tb, c.Healthy(tb), askTimeout)
		},
		Bound: c.Bound, Wait: c.Wait, Skip: c.Skip,
	})
	for _, ch := range slices.Concat(statusChecks(), bodyChecks(), wireChecks(), secretChecks(), hostileChecks()) {
		t.Run(ch.name, func(t *testing.T) {
			skip(t, c.Skip, ch.name)
			guardLeaks(t)
			ch.run(t, c)
		})
	}
}

type httpCheck struct {
	name string
	run  func(tb testing.TB, c HTTPCase)
}

func (c HTTPCase) plain() Case { return Case{Bound: c.Bound, Wait: c.Wait} }

// source starts a server with the handler and returns a source that asks it.
// Both end with the test.
func (c HTTPCase) source(tb testing.TB, h http.Handler, timeout time.Duration) sources.Source {
	tb.Helper()
	srv := serve(tb, h)
	return c.New(tb, endpoint(tb, srv.URL, timeout))
}

func endpoint(tb testing.TB, url string, timeout time.Duration) Endpoint {
	tb.Helper()
	transport := &http.Transport{DialContext: (&net.Dialer{Timeout: timeout}).DialContext}
	tb.Cleanup(transport.CloseIdleConnections)
	return Endpoint{
		URL: url, Transport: transport, Timeout: timeout,
		Token: func(context.Context) (string, error) { return canary, nil },
	}
}

// serve starts a server whose handlers see their context end before it closes,
// so that one that hangs does not hold up the test.
func serve(tb testing.TB, h http.Handler) *httptest.Server {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	srv := httptest.NewUnstartedServer(h)
	srv.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	srv.Start()
	tb.Cleanup(func() {
		cancel()
		srv.CloseClientConnections()
		srv.Close()
	})
	return srv
}

// fails runs a source against a handler under which it cannot work, and returns
// the fault with which it gave up.
func (c HTTPCase) fails(tb testing.TB, h http.Handler, timeout time.Duration, kinds ...oncall.FaultKind) *oncall.Fault {
	tb.Helper()
	return c.gaveUp(tb, begin(tb, c.plain(), c.source(tb, h, timeout)), kinds...)
}

// gaveUp waits for the run's own end, which has to be a fault of one of the
// kinds, and without news that looks like success.
func (c HTTPCase) gaveUp(tb testing.TB, r *recorder, kinds ...oncall.FaultKind) *oncall.Fault {
	tb.Helper()
	deadline := time.Now().Add(r.c.wait())
	for !r.ended() && !r.pretends() && time.Now().Before(deadline) {
		time.Sleep(pollEvery)
	}
	if r.pretends() {
		_ = r.cancelAndWait() // what it returns does not matter any more
		tb.Fatal("news without a fault were emitted: a dead source looks like a quiet one")
	}
	err := r.wait()
	var f *oncall.Fault
	if !errors.As(err, &f) {
		tb.Fatalf("Run returned %T %v, want an *oncall.Fault", err, err)
	}
	if !slices.Contains(kinds, f.Kind) {
		tb.Errorf("the fault is %q, want one of %q: %q", f.Kind, kinds, f.Error())
	}
	return f
}

func statusChecks() []httpCheck {
	var out []httpCheck
	for _, s := range []struct {
		code int
		kind oncall.FaultKind
	}{
		{http.StatusUnauthorized, oncall.Auth},
		{http.StatusForbidden, oncall.Auth},
		{http.StatusNotFound, oncall.Rejected},
		{http.StatusTooManyRequests, oncall.RateLimited},
		{http.StatusInternalServerError, oncall.Unavailable},
		{http.StatusBadGateway, oncall.Unavailable},
		{http.StatusServiceUnavailable, oncall.Unavailable},
	} {
		out = append(out, httpCheck{"status " + strconv.Itoa(s.code), func(tb testing.TB, c HTTPCase) {
			tb.Helper()
			f := c.fails(tb, answer(s.code, "text/plain", "the words of the server"), askTimeout, s.kind)
			if f.Status != s.code {
				tb.Errorf("the fault has status %d, want %d", f.Status, s.code)
			}
		}})
	}
	return append(out, httpCheck{"retry after", checkRetryAfter})
}

func checkRetryAfter(tb testing.TB, c HTTPCase) {
	tb.Helper()
	const asked = 7 * time.Second
	f := c.fails(tb, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTooManyRequests)
	}), askTimeout, oncall.RateLimited)
	if f.RetryAfter != asked {
		tb.Errorf("RetryAfter is %v, want %v as the server asked", f.RetryAfter, asked)
	}
}

// answer says the same to every request.
func answer(code int, contentType, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	})
}

func bodyChecks() []httpCheck {
	var out []httpCheck
	for _, b := range []struct{ name, contentType, body string }{
		{"login page", "text/html; charset=utf-8", "<!DOCTYPE html><html><title>Sign in</title><form>…</form></html>"},
		{"half JSON", "application/json", `{"status":"success","data":{"result":[{"met`},
		{"empty", "application/json", ""},
		{"null", "application/json", "null"},
		{"a number", "application/json", "42"},
		{"another object", "application/json", `{"message":"your session has expired"}`},
		{"nested deep", "application/json", strings.Repeat("[", 100_000)},
	} {
		out = append(out, httpCheck{"body " + b.name, func(tb testing.TB, c HTTPCase) {
			tb.Helper()
			_ = c.fails(tb, answer(http.StatusOK, b.contentType, b.body), askTimeout, oncall.Malformed, oncall.Rejected)
		}})
	}
	return append(out, httpCheck{"body cut short", checkCut})
}

// checkCut cuts every healthy answer in its middle: the length is promised and
// not kept.
func checkCut(tb testing.TB, c HTTPCase) {
	tb.Helper()
	healthy := c.Healthy(tb)
	_ = c.fails(tb, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := record(healthy, r)
		whole := rec.Body.Len()
		rec.Body.Truncate(whole / 2)
		replay(w, rec, whole)
		panic(http.ErrAbortHandler)
	}), askTimeout, oncall.Unavailable, oncall.Malformed)
}

func record(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

func replay(w http.ResponseWriter, rec *httptest.ResponseRecorder, length int) {
	maps.Copy(w.Header(), rec.Header())
	w.Header().Del("Content-Length")
	if length > 0 {
		w.Header().Set("Content-Length", strconv.Itoa(length))
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes())
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
}

// sightings counts requests and those that carried the credential.
type sightings struct {
	mu                sync.Mutex
	requests, carried int
}

func (s *sightings) count(r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	if carries(r) {
		s.carried++
	}
}

func (s *sightings) totals() (requests, carried int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests, s.carried
}

func carries(r *http.Request) bool {
	if user, password, ok := r.BasicAuth(); ok && strings.Contains(user+password, canary) {
		return true
	}
	for _, vs := range r.Header {
		if strings.Contains(strings.Join(vs, " "), canary) {
			return true
		}
	}
	return strings.Contains(r.URL.String(), canary)
}
