package sourcetest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"conway/internal/oncall"
)

// wireChecks are about connections: refused, silent, broken, redirected.
func wireChecks() []httpCheck {
	return []httpCheck{
		{"connection refused", checkRefused},
		{"connection broken", checkBroken},
		{"server hangs", checkHangs},
		{"server hangs in its answer", checkHangsInBody},
		{"cancelled while waiting", checkCancelWaiting},
		{"recovers", checkRecovers},
	}
}

func checkRefused(tb testing.TB, c HTTPCase) {
	tb.Helper()
	l, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	if err := l.Close(); err != nil {
		tb.Fatal(err)
	}
	_ = c.gaveUp(tb, begin(tb, c.plain(), c.New(tb, endpoint(tb, url, askTimeout))), oncall.Unavailable)
}

func checkBroken(tb testing.TB, c HTTPCase) {
	tb.Helper()
	_ = c.fails(tb, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic(http.ErrAbortHandler)
	}), askTimeout, oncall.Unavailable)
}

func checkHangs(tb testing.TB, c HTTPCase) {
	tb.Helper()
	_ = c.fails(tb, hang(nil), hangTimeout, oncall.Unavailable)
}

func checkHangsInBody(tb testing.TB, c HTTPCase) {
	tb.Helper()
	_ = c.fails(tb, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"status":`))
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		<-r.Context().Done()
	}), hangTimeout, oncall.Unavailable)
}

// hang answers no request until the test is over, and calls asked for each.
func hang(asked func()) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if asked != nil {
			asked()
		}
		<-r.Context().Done()
	})
}

func checkCancelWaiting(tb testing.TB, c HTTPCase) {
	tb.Helper()
	var once sync.Once
	asked := make(chan struct{})
	h := hang(func() { once.Do(func() { close(asked) }) })
	r := begin(tb, c.plain(), c.source(tb, h, askTimeout))
	select {
	case <-asked:
	case <-r.done:
		tb.Fatalf("Run returned %v before it asked anything", r.err)
	}
	if err := r.cancelAndWait(); !errors.Is(err, context.Canceled) {
		tb.Errorf("Run returned %v after cancel, want context.Canceled", err)
	}
}

// checkRecovers lets a source fail and then find the server well again.
func checkRecovers(tb testing.TB, c HTTPCase) {
	tb.Helper()
	var well atomic.Bool
	healthy := c.Healthy(tb)
	s := c.source(tb, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !well.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		healthy.ServeHTTP(w, r)
	}), askTimeout)
	_ = c.gaveUp(tb, begin(tb, c.plain(), s), oncall.Unavailable)
	well.Store(true)
	r := begin(tb, c.plain(), s)
	r.first()
	r.stop()
	for _, e := range r.seen() {
		if err := e.Meta().Err; err != nil {
			tb.Errorf("%T still reports %v", e, err)
		}
	}
}

// secretChecks are about where the credential goes.
func secretChecks() []httpCheck {
	return []httpCheck{
		{"credential is sent", checkSent},
		{"credential cannot be read", checkNoCredential},
		{"credential is echoed", checkEcho},
		{"redirect 302 elsewhere", checkRedirect(http.StatusFound)},
		{"redirect 307 elsewhere", checkRedirect(http.StatusTemporaryRedirect)},
		{"redirect 308 elsewhere", checkRedirect(http.StatusPermanentRedirect)},
	}
}

// checkSent makes sure that the other checks can fail: a source that never
// sends its credential cannot leak it either.
func checkSent(tb testing.TB, c HTTPCase) {
	tb.Helper()
	var seen sightings
	healthy := c.Healthy(tb)
	r := begin(tb, c.plain(), c.source(tb, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.count(r)
		healthy.ServeHTTP(w, r)
	}), askTimeout))
	r.first()
	r.stop()
	requests, carried := seen.totals()
	if c.Anonymous && carried > 0 {
		tb.Errorf("%d of %d requests carried a credential, want none", carried, requests)
	}
	if !c.Anonymous && carried != requests {
		tb.Errorf("%d of %d requests carried the credential, want all", carried, requests)
	}
}

func checkNoCredential(tb testing.TB, c HTTPCase) {
	tb.Helper()
	if c.Anonymous {
		tb.Skip("the source has no credential")
	}
	var seen sightings
	srv := serve(tb, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen.count(r) }))
	e := endpoint(tb, srv.URL, askTimeout)
	e.Token = func(context.Context) (string, error) { return "", errors.New("the variable TOKEN is not set") }
	f := c.gaveUp(tb, begin(tb, c.plain(), c.New(tb, e)), oncall.Auth)
	if f.Detail == "" {
		tb.Errorf("the fault does not say why: %q", f.Error())
	}
	if n, _ := seen.totals(); n > 0 {
		tb.Errorf("%d requests were made without the credential", n)
	}
}

// checkEcho has the server say back what it was sent, as debugging proxies do.
func checkEcho(tb testing.TB, c HTTPCase) {
	tb.Helper()
	if c.Anonymous {
		tb.Skip("the source has no credential")
	}
	_ = c.fails(tb, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		_ = r.Header.Write(w)
	}), askTimeout, oncall.Unavailable)
}

// checkRedirect sends the source to another host with the given status.
func checkRedirect(code int) func(testing.TB, HTTPCase) {
	return func(tb testing.TB, c HTTPCase) {
		tb.Helper()
		var seen sightings
		elsewhere := serve(tb, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen.count(r)
			w.WriteHeader(http.StatusTeapot)
		}))
		_ = c.fails(tb, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", elsewhere.URL+r.URL.Path)
			w.WriteHeader(code)
		}), askTimeout, oncall.Unavailable, oncall.Rejected, oncall.Malformed)
		if _, carried := seen.totals(); carried > 0 {
			tb.Errorf("%d requests carried the credential to another host", carried)
		}
	}
}
