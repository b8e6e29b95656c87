package kubernetes

import (
	"net/http"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/sourcetest"
)

func bearer(token sources.Secret) func(*http.Request) error {
	return func(r *http.Request) error {
		t, err := token(r.Context())
		r.Header.Set("Authorization", "Bearer "+t)
		return err
	}
}

func ask(tb testing.TB, e sourcetest.Endpoint) *Source {
	tb.Helper()
	return newSource(tb, Options{URL: e.URL, Authorize: bearer(e.Token), Timeout: e.Timeout, Transport: e.Transport})
}

func TestConformance(t *testing.T) {
	sourcetest.HTTP(t, sourcetest.HTTPCase{
		New: func(tb testing.TB, e sourcetest.Endpoint) sources.Source {
			tb.Helper()
			s := ask(tb, e)
			s.Follow(oncall.LogQuery{Scope: "checkout", Query: "app=checkout"})
			return s
		},
		Healthy: func(tb testing.TB) http.Handler {
			tb.Helper()
			return newCluster(tb, 0, oncall.LogLine{At: time.Now().Add(-time.Minute), Raw: "level=error msg=\"upstream timeout\""})
		},
	})
}

func TestLogs(t *testing.T) {
	sourcetest.Logs(t, sourcetest.LogCase{
		New: func(tb testing.TB, e sourcetest.Endpoint) sources.Source {
			tb.Helper()
			return ask(tb, e)
		},
		Store: func(tb testing.TB, s sourcetest.LogSetup) sourcetest.LogStore {
			tb.Helper()
			f := newCluster(tb, s.Ahead, s.Lines...)
			return sourcetest.LogStore{
				Handler: f, Add: func(lines ...oncall.LogLine) {
					for _, l := range lines {
						f.write(f.node(l.At), l)
					}
				},
				Spoil: func(text string) {
					f.mu.Lock()
					defer f.mu.Unlock()
					f.pods[0].log = append(f.pods[0].log, text)
				},
				Stall:   func() { f.stalled.Store(true) },
				Running: func() int { return int(f.running.Load() - f.follows.Load()) },
			}
		},
		Query:     func(word string) string { return "app=checkout | " + word },
		Precision: time.Nanosecond,
		Streams:   true,
		Skip: map[string]string{
			"tail loses nothing in an outage": "a connected stream goes on while new requests fail; TestCutStreams has those that are cut",
		},
	})
}
