package pagerduty_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"conway/internal/drill/pdserver"
	"conway/internal/sources"
	"conway/internal/sources/pagerduty"
	"conway/internal/sources/sourcetest"
)

func secretError(context.Context) (string, error) {
	return "", errors.New("PAGERDUTY_TOKEN is not set")
}

// budget counts what it is asked for.
type budget struct {
	mu            sync.Mutex
	reads, writes int
	seen          string
	err           error
}

func (b *budget) Take(_ context.Context, write bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if write {
		b.writes++
	} else {
		b.reads++
	}
	return b.err
}

func (b *budget) Observe(limit, remaining int, reset time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen = fmt.Sprint(limit, remaining, reset)
}

// TestConformance is about everything that the token sees: there, what a row
// holds is all that the answers differ in.
func TestConformance(t *testing.T) {
	sourcetest.HTTP(t, sourcetest.HTTPCase{
		New: func(tb testing.TB, e sourcetest.Endpoint) sources.Source {
			tb.Helper()
			return conforming(tb, e, pagerduty.All)
		},
		Healthy: healthy,
	})
}

func TestConformanceOfMine(t *testing.T) {
	sourcetest.Run(t, sourcetest.Case{New: func(tb testing.TB) sources.Source {
		tb.Helper()
		srv := httptest.NewServer(healthy(tb))
		transport := &http.Transport{}
		tb.Cleanup(func() {
			transport.CloseIdleConnections()
			srv.Close()
		})
		return conforming(tb, sourcetest.Endpoint{
			URL: srv.URL, Transport: transport, Token: func(context.Context) (string, error) { return token, nil },
		}, pagerduty.Mine)
	}})
}

func conforming(tb testing.TB, e sourcetest.Endpoint, scope pagerduty.Scope) *pagerduty.Source {
	tb.Helper()
	s, err := pagerduty.New(pagerduty.Options{
		Name: "pd", URL: e.URL, Token: e.Token, Transport: e.Transport, Timeout: e.Timeout,
		Scope: scope, Every: time.Hour, RosterEvery: time.Hour,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// healthy is a server with one page and nobody on call: few strings, because the
// suite makes each of them a megabyte.
func healthy(tb testing.TB) http.Handler {
	tb.Helper()
	pd := account(tb, func(o *pdserver.Options) { o.Token, o.Shifts, o.Policies = "", nil, nil })
	pd.Reassign(pd.Trigger(pdserver.Incident{Title: "checkout 5xx", Service: "PLED"}), "PANA")
	return pd
}
