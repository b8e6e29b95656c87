package splunk_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"conway/internal/oncall"
	"conway/internal/sources/splunk"
	"conway/internal/sources/splunk/splunktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "s3cret-that-nobody-may-see"

func healthy(testing.TB) http.Handler {
	srv := splunktest.New(splunktest.Options{})
	srv.Add(splunktest.Event{Time: time.Now().Add(-time.Minute), Raw: "ERROR upstream timeout", Host: "web-03", Source: "/var/log/app.log"})
	return srv
}

// held is a Splunk with one event that is a minute old.
func held(o splunktest.Options) *splunktest.Server {
	srv := splunktest.New(o)
	srv.Add(splunktest.Event{Time: time.Now().Add(-time.Minute), Raw: "ERROR upstream timeout", Host: "web-03", Source: "/var/log/app.log"})
	return srv
}

// source is one that asks a handler, with a token unless that is changed.
func source(tb testing.TB, h http.Handler, change ...func(*splunk.Options)) *splunk.Source {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	srv := httptest.NewUnstartedServer(h)
	srv.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	srv.Start()
	transport := &http.Transport{}
	tb.Cleanup(func() {
		cancel()
		transport.CloseIdleConnections()
		srv.Close()
	})
	o := splunk.Options{
		Name: "spl", URL: srv.URL, Transport: transport, Token: known, Timeout: 2 * time.Second,
		Every: 10 * time.Millisecond, Poll: time.Millisecond,
	}
	for _, f := range change {
		f(&o)
	}
	s, err := splunk.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func known(context.Context) (string, error) { return secret, nil }

func withJobs(o *splunk.Options) { o.ExportWithin = -1 }

// basic has a user and a password instead of a token.
func basic(o *splunk.Options) { o.Token, o.User, o.Password = nil, "ana", known }

func session(o *splunk.Options) {
	basic(o)
	o.Session = true
}

// lately is a query for the last ten minutes.
func lately(spl string) oncall.LogQuery {
	return oncall.LogQuery{Query: spl, Window: oncall.Window{Start: time.Now().Add(-10 * time.Minute), End: time.Now().Add(time.Minute)}}
}

// search searches, and returns all lines that were handed over.
func search(tb testing.TB, s *splunk.Source, q oncall.LogQuery) ([]oncall.LogLine, oncall.LogFound, error) {
	tb.Helper()
	var out []oncall.LogLine
	f, err := s.Search(tb.Context(), q, func(p oncall.LogPart) { out = append(out, p.Lines...) })
	if f.Lines != len(out) {
		tb.Errorf("%d lines were handed over, and %d counted", len(out), f.Lines)
	}
	if err != nil && strings.Contains(err.Error(), secret) {
		tb.Errorf("the fault holds the secret: %v", err)
	}
	return out, f, err
}

func raws(lines []oncall.LogLine) string {
	out := make([]string, 0, len(lines))
	for _, l := range lines {
		out = append(out, l.Raw)
	}
	return strings.Join(out, "\n")
}

// wantFault asserts that err is a fault of a kind with this sentence.
func wantFault(tb testing.TB, err error, kind oncall.FaultKind, sentence string) {
	tb.Helper()
	f, ok := errors.AsType[*oncall.Fault](err)
	if !ok {
		tb.Fatalf("got %T %v, want a fault", err, err)
	}
	if f.Kind != kind || f.Error() != sentence {
		tb.Errorf("the fault is %v: %q\nwant %v: %q", f.Kind, f, kind, sentence)
	}
}
