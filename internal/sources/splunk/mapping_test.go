package splunk_test

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/splunk"
	"conway/internal/sources/splunk/splunktest"
)

// TestMapping has results of all shapes become lines.
func TestMapping(t *testing.T) {
	at := time.Date(2026, 3, 2, 11, 4, 31, 123e6, time.UTC)
	for name, c := range map[string]struct {
		wire   string
		want   oncall.LogLine
		origin string
	}{
		"an event": {
			`{"_time":"2026-03-02 11:04:31.123 GMT","_raw":"ERROR upstream timeout","host":"web-03","source":"/var/log/app.log","sourcetype":"app","conway_at":"1772449471.123"}`,
			oncall.LogLine{At: at, Level: oncall.LevelError, Raw: "ERROR upstream timeout", Message: "upstream timeout"},
			"web-03 /var/log/app.log",
		},
		"a time with an offset": {
			`{"_time":"2026-03-02T12:04:31.123+01:00","_raw":"a","sourcetype":"app"}`,
			oncall.LogLine{At: at, Raw: "a", Message: "a"},
			"app",
		},
		"a time with a zone's name": {
			`{"_time":"2026-03-02 11:04:31.123 UTC","_raw":"a"}`,
			oncall.LogLine{At: at, Raw: "a", Message: "a"},
			"",
		},
		"nanoseconds": {
			`{"conway_at":"1772449471.123456789","_raw":"a"}`,
			oncall.LogLine{At: at.Add(456789), Raw: "a", Message: "a"},
			"",
		},
		"several values": {
			`{"conway_at":["1772449471.123"],"_raw":"a","host":["web-03","web-04"],"source":null}`,
			oncall.LogLine{At: at, Raw: "a", Message: "a"},
			"web-03 web-04",
		},
		"many lines in one": {
			`{"conway_at":"1772449471.123","_raw":"panic: boom\n\tat main.go:1\r\n"}`,
			oncall.LogLine{At: at, Raw: "panic: boom\n\tat main.go:1", Message: "panic: boom\n\tat main.go:1"},
			"",
		},
		"a row of a table": {
			`{"_time":"2026-03-02 11:04:31.123 GMT","count":"12"}`,
			oncall.LogLine{At: at, Raw: `{"_time":"2026-03-02 11:04:31.123 GMT","count":"12"}`, Message: `{"_time":"2026-03-02 11:04:31.123 GMT","count":"12"}`},
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			srv := splunktest.New(splunktest.Options{Token: secret})
			srv.Add(splunktest.Event{Time: at, Wire: c.wire})
			lines, f, err := search(t, source(t, srv), oncall.LogQuery{
				Query: "index=main", Window: oncall.Window{Start: at.Add(-time.Minute), End: at.Add(time.Minute)},
			})
			if err != nil || len(lines) != 1 || !f.Complete {
				t.Fatalf("found %d lines, %+v, %v", len(lines), f, err)
			}
			c.want.Source, c.want.Origin = "spl", c.origin
			if !lines[0].At.Equal(c.want.At) {
				t.Errorf("the time is %v, want %v", lines[0].At, c.want.At)
			}
			lines[0].At = c.want.At
			if c.want.Message == c.want.Raw {
				c.want.Message, c.want.Level = lines[0].Message, lines[0].Level // the parser's own business
			}
			if lines[0] != c.want {
				t.Errorf("the line is  %+v\nwant %+v", lines[0], c.want)
			}
		})
	}
}

// TestLongLine has an event beyond the cap, and beyond what a scanner takes.
func TestLongLine(t *testing.T) {
	srv := splunktest.New(splunktest.Options{Token: secret})
	srv.Add(splunktest.Event{Time: time.Now().Add(-time.Minute), Raw: "a" + strings.Repeat("é", 1<<20)})
	patient := func(o *splunk.Options) { o.Timeout = time.Minute }
	lines, _, err := search(t, source(t, srv, patient), lately("index=main"))
	if err != nil || len(lines) != 1 || !lines[0].Cut || len(lines[0].Raw) > 1<<20 || !strings.HasSuffix(lines[0].Raw, "é") {
		t.Errorf("found %d lines, %v", len(lines), err)
	}
}

// TestHugeAnswer has more match than is read: what was read is shown, and the
// search says so. That is no fault, with which a tail would begin again for ever.
func TestHugeAnswer(t *testing.T) {
	srv := splunktest.New(splunktest.Options{Token: secret})
	const n = 40
	for i := range n {
		srv.Add(splunktest.Event{Time: time.Now().Add(time.Duration(-i-1) * time.Second), Raw: strings.Repeat("a", 1<<20)})
	}
	s := source(t, srv, func(o *splunk.Options) { o.Timeout = time.Minute })
	lines, f, err := search(t, s, lately("index=main"))
	if err != nil || len(lines) < n/2 || f.Complete || f.Why != "more than 32 MiB match; search a shorter window, or for less" {
		t.Errorf("found %d lines, complete %v, %q, %v", len(lines), f.Complete, f.Why, err)
	}
}

// TestStaysOpen has a proxy that keeps the connection after the last row.
func TestStaysOpen(t *testing.T) {
	s := source(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		_, _ = w.Write([]byte(`{"preview":false,"offset":0,"lastrow":true,"result":{"_raw":"the only one"}}` + "\n"))
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		<-r.Context().Done()
	}), func(o *splunk.Options) { o.Timeout = time.Hour })
	lines, f, err := search(t, s, lately("index=main"))
	if err != nil || raws(lines) != "the only one" || !f.Complete {
		t.Errorf("found %q, %+v, %v", raws(lines), f, err)
	}
}

// TestPreviews has a Splunk stream previews that nobody asked for.
func TestPreviews(t *testing.T) {
	srv := held(splunktest.Options{Token: secret, Previews: true})
	lines, _, err := search(t, source(t, srv), lately("index=main"))
	if err != nil || raws(lines) != "ERROR upstream timeout" {
		t.Errorf("found %q, %v", raws(lines), err)
	}
}

func TestTable(t *testing.T) {
	srv := held(splunktest.Options{Token: secret})
	for _, change := range []func(*splunk.Options){withJobs, func(*splunk.Options) {}} {
		lines, _, err := search(t, source(t, srv, change), lately("index=main | stats count"))
		if err != nil || raws(lines) != `{"count":"1"}` {
			t.Errorf("found %q, %v", raws(lines), err)
		}
	}
}

// TestLongWindowIsAJob has a window of a day, whose newest lines come first in
// pages and whose progress is told.
func TestLongWindowIsAJob(t *testing.T) {
	srv := splunktest.New(splunktest.Options{Token: secret, MaxResults: 40})
	const n = 100
	for i := range n {
		srv.Add(splunktest.Event{Time: time.Now().Add(time.Duration(i-n) * time.Minute), Raw: fmt.Sprint("line ", i)})
	}
	s := source(t, srv)
	var parts []oncall.LogPart
	q := oncall.LogQuery{Query: "index=main", Window: oncall.Window{Start: time.Now().Add(-24 * time.Hour), End: time.Now()}}
	f, err := s.Search(t.Context(), q, func(p oncall.LogPart) { parts = append(parts, p) })
	if err != nil || f.Lines != n || !f.Complete || f.Matched != n {
		t.Fatalf("found %+v, %v", f, err)
	}
	if first := parts[0]; len(first.Lines) != 0 || first.Done != 0.5 {
		t.Errorf("the first part is %+v, want half the work done", first)
	}
	var sizes []int
	for _, p := range parts {
		if len(p.Lines) > 0 {
			sizes = append(sizes, len(p.Lines))
		}
	}
	if fmt.Sprint(sizes) != "[40 40 20]" {
		t.Errorf("the parts have %v lines", sizes)
	}
	if srv.Running() != 0 {
		t.Error("the job is left in Splunk")
	}
}

func TestOldSplunk(t *testing.T) {
	srv := held(splunktest.Options{Token: secret, Old: true})
	s := source(t, srv)
	for range 2 {
		if lines, _, err := search(t, s, lately("index=main")); err != nil || len(lines) != 1 {
			t.Fatalf("found %d lines, %v", len(lines), err)
		}
	}
	var paths []string
	for _, r := range srv.Requests() {
		paths = append(paths, r.Path)
	}
	want := "[/services/search/v2/jobs/export /services/search/jobs/export /services/search/jobs/export]"
	if got := fmt.Sprint(paths); got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
}

func TestApp(t *testing.T) {
	srv := held(splunktest.Options{Token: secret})
	if lines, _, err := search(t, source(t, srv, func(o *splunk.Options) { o.App = "payments" }), lately("index=main")); err != nil || len(lines) != 1 {
		t.Fatalf("found %d lines, %v", len(lines), err)
	}
	if p := srv.Requests()[0].Path; p != "/servicesNS/nobody/payments/search/v2/jobs/export" {
		t.Errorf("asked %s", p)
	}
}

// TestTailAsksForWhatWasIndexed has lines come that are late, of the future, and
// the same twice.
func TestTailAsksForWhatWasIndexed(t *testing.T) {
	srv := held(splunktest.Options{Token: secret})
	s := source(t, srv)
	s.Follow(oncall.LogQuery{Scope: "checkout", Query: "index=main", Window: oncall.Window{Start: time.Now().Add(-30 * time.Minute)}})
	w := follow(t, s)
	w.until(1)
	srv.Add(
		splunktest.Event{Time: time.Now().Add(-20 * time.Minute), Raw: "late"},
		splunktest.Event{Time: time.Now().Add(5 * time.Minute), Raw: "by a clock that is ahead"},
		splunktest.Event{Time: time.Now(), Raw: "twice"},
		splunktest.Event{Time: time.Now(), Raw: "twice"},
	)
	w.until(5)
	asked := len(srv.Requests())
	for deadline := time.Now().Add(10 * time.Second); len(srv.Requests()) < asked+3 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	w.stop()
	if n := len(w.seen()); n != 5 {
		t.Errorf("%d lines came: %s", n, raws(w.seen()))
	}
	spl := srv.Requests()[asked].Form["search"][0]
	if !strings.HasPrefix(spl, "search _index_earliest=") || !strings.Contains(spl, " (index=main) ") {
		t.Errorf("asked %q", spl)
	}
}

func TestTailRefuses(t *testing.T) {
	srv := held(splunktest.Options{Token: secret})
	for spl, want := range map[string]string{
		"| tstats count":      "a query that begins with a command cannot be followed; begin it with what to search for, or search with it instead",
		"index=main | delete": "the query uses delete, which does more than search; conway only reads logs",
	} {
		s := source(t, srv)
		s.Follow(oncall.LogQuery{Query: spl})
		wantFault(t, s.Run(t.Context(), func(oncall.Event) {}), oncall.Rejected, "spl: find lines: refused: "+want)
	}
}

func TestOptions(t *testing.T) {
	for want, change := range map[string]func(*splunk.Options){
		"url must be the management port's address, like https://splunk.example.com:8089": func(o *splunk.Options) { o.URL = "splunk:8089" },
		"url holds a user name or password; give them as basic instead":                   func(o *splunk.Options) { o.URL = "https://a:b@splunk:8089" },
		"url must end with the port or path, without ? or #":                              func(o *splunk.Options) { o.URL = "https://splunk:8089/?a" },
		"it has no credential; set token, or basic with user and password":                func(o *splunk.Options) { o.Token = nil },
		"it has two credentials; set token or basic":                                      func(o *splunk.Options) { o.User = "ana" },
	} {
		o := splunk.Options{Name: "spl", URL: "https://splunk:8089", Token: known}
		change(&o)
		if _, err := splunk.New(o); err == nil || err.Error() != "make log source spl: "+want {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestCAFile(t *testing.T) {
	srv := httptest.NewUnstartedServer(held(splunktest.Options{Token: secret}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	defer srv.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	make := func(path string) *splunk.Source {
		cas, err := sources.CAFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s, err := splunk.New(splunk.Options{Name: "spl", URL: srv.URL, Token: known, CAs: cas})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if lines, _, err := search(t, make(file), lately("index=main")); err != nil || len(lines) != 1 {
		t.Errorf("found %d lines, %v", len(lines), err)
	}
	_, _, err := search(t, make(""), lately("index=main"))
	wantFault(t, err, oncall.Unavailable, "spl: find lines: unavailable: tls: failed to verify certificate: x509: certificate signed by unknown authority; give the certificate of the authority that signed Splunk's as ca")
}

// watched is a tail under observation.
type watched struct {
	t      *testing.T
	cancel context.CancelFunc
	done   chan error
	mu     sync.Mutex
	lines  []oncall.LogLine
}

func follow(t *testing.T, s *splunk.Source) *watched {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &watched{t: t, cancel: cancel, done: make(chan error, 1)}
	go func() {
		w.done <- s.Run(ctx, func(e oncall.Event) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if l, ok := e.(oncall.LinesEvent); ok {
				w.lines = append(w.lines, l.Lines...)
			}
		})
	}()
	return w
}

func (w *watched) seen() []oncall.LogLine {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lines
}

func (w *watched) until(n int) {
	w.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); len(w.seen()) < n; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("%d lines came, want %d: %s", len(w.seen()), n, raws(w.seen()))
		}
	}
}

func (w *watched) stop() {
	w.cancel()
	if err := <-w.done; !errors.Is(err, context.Canceled) {
		w.t.Errorf("Run returned %v", err)
	}
}
