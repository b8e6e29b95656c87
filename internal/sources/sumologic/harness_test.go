package sumologic_test

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"conway/internal/oncall"
	"conway/internal/sources/sumologic"
	"conway/internal/sources/sumologic/sumotest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "s3cret-that-nobody-may-see"

// hosts hands each request to the handler of its host, without a network, so that
// a test can be at an address of Sumo Logic's and have a clock of its own.
type hosts map[string]http.Handler

func (h hosts) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	handler, ok := h[req.URL.Host]
	if !ok {
		return nil, errors.New("there is no host " + req.URL.Host)
	}
	defer func() {
		if p := recover(); p != nil {
			if p != http.ErrAbortHandler { //nolint:errorlint // the very value is what a handler panics with
				panic(p)
			}
			resp, err = nil, cmp.Or(req.Context().Err(), io.ErrUnexpectedEOF)
		}
	}()
	in := req.Clone(req.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, in)
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	resp = rec.Result()
	resp.Request = req
	return resp, nil
}

const host = "api.us2.sumologic.com"

// held is a Sumo Logic with one message that is a minute old.
func held(o sumotest.Options) *sumotest.Server {
	o.ID, o.Key = "access-id", secret
	srv := sumotest.New(o)
	srv.Add(sumotest.Message{Time: time.Now().Add(-time.Minute), Raw: "ERROR upstream timeout", Host: "web-03", Name: "/var/log/app.log", Category: "prod/checkout"})
	return srv
}

func source(tb testing.TB, h http.Handler, change ...func(*sumologic.Options)) *sumologic.Source {
	tb.Helper()
	o := sumologic.Options{
		Name: "sumo", URL: "https://" + host + "/api", ID: "access-id",
		Key:       func(context.Context) (string, error) { return secret, nil },
		Transport: hosts{host: h},
	}
	for _, f := range change {
		f(&o)
	}
	s, err := sumologic.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// lately is a query for the last ten minutes.
func lately(query string) oncall.LogQuery {
	return oncall.LogQuery{Query: query, Window: oncall.Window{Start: time.Now().Add(-10 * time.Minute), End: time.Now().Add(time.Minute)}}
}

// search searches, and returns all lines that were handed over.
func search(tb testing.TB, s *sumologic.Source, q oncall.LogQuery) ([]oncall.LogLine, oncall.LogFound, error) {
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
