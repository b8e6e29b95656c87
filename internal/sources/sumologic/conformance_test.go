package sumologic_test

import (
	"net/http"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/sourcetest"
	"conway/internal/sources/sumologic"
	"conway/internal/sources/sumologic/sumotest"
)

func conforming(tb testing.TB, e sourcetest.Endpoint) *sumologic.Source {
	tb.Helper()
	s, err := sumologic.New(sumologic.Options{
		Name: "sumo", URL: e.URL + "/api", ID: "access-id", Key: e.Token, Transport: e.Transport, Timeout: e.Timeout,
		Every: 20 * time.Millisecond, Poll: 5 * time.Millisecond,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func stored(_ testing.TB, setup sourcetest.LogSetup) sourcetest.LogStore {
	srv := sumotest.New(sumotest.Options{Ahead: setup.Ahead, PageMax: 10})
	srv.Add(messages(setup.Lines...)...)
	return sourcetest.LogStore{
		Handler: srv, Add: func(l ...oncall.LogLine) { srv.Add(messages(l...)...) },
		Stall: srv.Stall, Running: srv.Running, Expire: srv.Expire,
		Spoil: func(text string) {
			srv.Add(sumotest.Message{Time: setup.Lines[4].At, Wire: `{"map":["` + text + `"]}`})
		},
	}
}

func messages(lines ...oncall.LogLine) []sumotest.Message {
	out := make([]sumotest.Message, 0, len(lines))
	for _, l := range lines {
		out = append(out, sumotest.Message{Time: l.At, Raw: l.Raw, Host: l.Origin, Name: "/var/log/app.log", Category: "prod/checkout"})
	}
	return out
}

func TestLogs(t *testing.T) {
	sourcetest.Logs(t, sourcetest.LogCase{
		New: func(tb testing.TB, e sourcetest.Endpoint) sources.Source {
			tb.Helper()
			return conforming(tb, e)
		},
		Store:       stored,
		Query:       func(word string) string { return "* " + word },
		NewestFirst: true,
	})
}

func TestConformance(t *testing.T) {
	sourcetest.HTTP(t, sourcetest.HTTPCase{
		New: func(tb testing.TB, e sourcetest.Endpoint) sources.Source {
			tb.Helper()
			s := conforming(tb, e)
			s.Follow(oncall.LogQuery{Query: "_sourceCategory=prod/checkout"})
			return s
		},
		Healthy: func(testing.TB) http.Handler {
			srv := sumotest.New(sumotest.Options{})
			srv.Add(sumotest.Message{Time: time.Now().Add(-time.Minute), Raw: "ERROR upstream timeout", Category: "prod/checkout"})
			return srv
		},
	})
}
