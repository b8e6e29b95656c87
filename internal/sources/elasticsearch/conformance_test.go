package elasticsearch

import (
	"net/http"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/sourcetest"
)

func apiKey(token sources.Secret) func(*http.Request) error {
	return func(r *http.Request) error {
		t, err := token(r.Context())
		r.Header.Set("Authorization", "ApiKey "+t)
		return err
	}
}

func ask(tb testing.TB, e sourcetest.Endpoint, o Options) *Source {
	tb.Helper()
	o.URL, o.Authorize, o.Timeout, o.Transport = e.URL, apiKey(e.Token), e.Timeout, e.Transport
	return newSource(tb, o)
}

func TestConformance(t *testing.T) {
	sourcetest.HTTP(t, sourcetest.HTTPCase{
		New: func(tb testing.TB, e sourcetest.Endpoint) sources.Source {
			tb.Helper()
			s := ask(tb, e, Options{Every: time.Hour})
			s.Follow(oncall.LogQuery{Scope: "checkout"})
			return s
		},
		Healthy: func(tb testing.TB) http.Handler {
			tb.Helper()
			return newFake(tb, elastic, 0, oncall.LogLine{At: time.Now().Add(-time.Minute), Origin: "web-1", Raw: "upstream timeout"})
		},
	})
}

func TestLogs(t *testing.T) {
	for name, fl := range map[string]flavour{"Elasticsearch": elastic, "OpenSearch": openSearch, "no point in time": old} {
		t.Run(name, func(t *testing.T) {
			sourcetest.Logs(t, sourcetest.LogCase{
				New: func(tb testing.TB, e sourcetest.Endpoint) sources.Source {
					tb.Helper()
					return ask(tb, e, Options{Page: 5})
				},
				Store: func(tb testing.TB, s sourcetest.LogSetup) sourcetest.LogStore {
					tb.Helper()
					f := newFake(tb, fl, s.Ahead, s.Lines...)
					return sourcetest.LogStore{
						Handler: f, Add: f.add,
						Spoil: func(text string) {
							f.mu.Lock()
							defer f.mu.Unlock()
							f.spoiled = text
						},
						Stall:   func() { f.stalled.Store(true) },
						Running: f.busy,
						Expire: func() {
							f.mu.Lock()
							defer f.mu.Unlock()
							clear(f.points)
						},
					}
				},
				Query:       func(word string) string { return word },
				NewestFirst: true,
			})
		})
	}
}
