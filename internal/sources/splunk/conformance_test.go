package splunk_test

import (
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/sourcetest"
	"conway/internal/sources/splunk"
	"conway/internal/sources/splunk/splunktest"
)

func conforming(tb testing.TB, e sourcetest.Endpoint, within time.Duration) *splunk.Source {
	tb.Helper()
	s, err := splunk.New(splunk.Options{
		Name: "spl", URL: e.URL, Token: e.Token, Transport: e.Transport, Timeout: e.Timeout,
		Every: 20 * time.Millisecond, Poll: 5 * time.Millisecond, ExportWithin: within,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// stored is a Splunk as the suite moves it, of whatever version.
func stored(o splunktest.Options) func(testing.TB, sourcetest.LogSetup) sourcetest.LogStore {
	return func(_ testing.TB, setup sourcetest.LogSetup) sourcetest.LogStore {
		o.Ahead = setup.Ahead
		srv := splunktest.New(o)
		srv.Add(events(setup.Lines...)...)
		return sourcetest.LogStore{
			Handler: srv, Add: func(l ...oncall.LogLine) { srv.Add(events(l...)...) },
			Stall: srv.Stall, Running: srv.Running, Expire: srv.Expire,
			Spoil: func(text string) { srv.Add(splunktest.Event{Time: setup.Lines[4].At, Wire: "{not JSON: " + text}) },
		}
	}
}

func events(lines ...oncall.LogLine) []splunktest.Event {
	out := make([]splunktest.Event, 0, len(lines))
	for _, l := range lines {
		out = append(out, splunktest.Event{Time: l.At, Raw: l.Raw, Host: l.Origin, Source: "/var/log/app.log", Sourcetype: "app"})
	}
	return out
}

func TestLogs(t *testing.T) {
	for name, c := range map[string]struct {
		o      splunktest.Options
		within time.Duration
	}{
		"streamed": {splunktest.Options{}, 0},
		"old jobs": {splunktest.Options{MaxResults: 10, Old: true}, -1},
	} {
		t.Run(name, func(t *testing.T) {
			sourcetest.Logs(t, sourcetest.LogCase{
				New: func(tb testing.TB, e sourcetest.Endpoint) sources.Source {
					tb.Helper()
					return conforming(tb, e, c.within)
				},
				Store:       stored(c.o),
				Query:       func(word string) string { return "index=main " + word },
				NewestFirst: true, Streams: c.within == 0,
			})
		})
	}
}

func TestConformance(t *testing.T) {
	sourcetest.HTTP(t, sourcetest.HTTPCase{
		New: func(tb testing.TB, e sourcetest.Endpoint) sources.Source {
			tb.Helper()
			s := conforming(tb, e, 0)
			s.Follow(oncall.LogQuery{Query: "index=main"})
			return s
		},
		Healthy: healthy,
		Skip:    map[string]string{"body empty": "Splunk may answer a search that finds nothing with an empty body"},
	})
}
