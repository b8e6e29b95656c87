package loki

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

func ask(tb testing.TB, e sourcetest.Endpoint, page int) *Source {
	tb.Helper()
	return newSource(tb, Options{URL: e.URL, Authorize: bearer(e.Token), Timeout: e.Timeout, Transport: e.Transport, Page: page})
}

func TestConformance(t *testing.T) {
	sourcetest.HTTP(t, sourcetest.HTTPCase{
		New: func(tb testing.TB, e sourcetest.Endpoint) sources.Source {
			tb.Helper()
			s := ask(tb, e, 0)
			s.Follow(oncall.LogQuery{Scope: "checkout", Query: `{app="checkout"}`})
			return s
		},
		Healthy: func(tb testing.TB) http.Handler {
			tb.Helper()
			return newFake(tb, 0, oncall.LogLine{At: time.Now().Add(-time.Minute), Origin: "web-1", Raw: "level=error msg=\"upstream timeout\""})
		},
	})
}

func logCase(page int, store func(f *fakeLoki)) sourcetest.LogCase {
	return sourcetest.LogCase{
		New: func(tb testing.TB, e sourcetest.Endpoint) sources.Source {
			tb.Helper()
			return ask(tb, e, page)
		},
		Store: func(tb testing.TB, s sourcetest.LogSetup) sourcetest.LogStore {
			tb.Helper()
			f := newFake(tb, s.Ahead, s.Lines...)
			store(f)
			return sourcetest.LogStore{
				Handler: f, Add: f.add,
				Spoil: func(text string) {
					f.mu.Lock()
					defer f.mu.Unlock()
					f.spoiled = text
				},
				Stall:   func() { f.stalled.Store(true) },
				Running: func() int { return int(f.running.Load()) },
			}
		},
		Query: func(word string) string {
			if word == "" {
				return `{app="checkout"}`
			}
			return `{app="checkout"} |= "` + word + `"`
		},
		NewestFirst: true,
		Precision:   time.Nanosecond,
	}
}

func TestLogs(t *testing.T) {
	t.Run("over a WebSocket", func(t *testing.T) {
		c := logCase(5, func(*fakeLoki) {})
		c.Skip = map[string]string{"tail loses nothing in an outage": "a connected tail goes on while new requests fail; TestCutTail has one that is cut"}
		sourcetest.Logs(t, c)
	})
	t.Run("through a gateway without tail", func(t *testing.T) {
		sourcetest.Logs(t, logCase(0, func(f *fakeLoki) { f.noTail = http.StatusNotFound }))
	})
}
