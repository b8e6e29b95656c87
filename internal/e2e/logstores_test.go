//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/loki"
	"conway/internal/sources/sourcetest"
	"conway/internal/sources/victorialogs"
)

// victoriaLogs is the real VictoriaLogs, which is soon built.
const victoriaLogs = "github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs@v1.52.1"

// realStore is a log store of its own process. What a test puts into it is told
// from what others did by the label app.
type realStore struct {
	url string
	// kind is the config's type of the source.
	kind string
	// push returns the request that puts lines in.
	push func(app string, lines []oncall.LogLine) (address, contentType string, body []byte)
	// settle makes what was put in visible.
	settle string
	apps   int
}

// serveStore starts a server that is ended with the test.
func serveStore(tb testing.TB, program string, args ...string) {
	tb.Helper()
	cmd := exec.Command(program, args...)
	var words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &words, &words
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		if tb.Failed() {
			said := words.String()
			tb.Logf("the store said last: %s", said[max(0, len(said)-2000):])
		}
	})
}

// realLoki starts a Loki that keeps its lines in a folder of the test.
func realLoki(tb testing.TB) *realStore {
	tb.Helper()
	program := os.Getenv("CONWAY_LOKI")
	if program == "" {
		program = "loki"
	}
	program, err := exec.LookPath(program)
	if err != nil {
		tb.Skip("there is no Loki; make loki builds one, or name it with CONWAY_LOKI")
	}
	dir, web, rpc := tb.TempDir(), freePort(tb), freePort(tb)
	config := fmt.Sprintf(`auth_enabled: false
analytics: {reporting_enabled: false}
server: {http_listen_address: 127.0.0.1, http_listen_port: %d, grpc_listen_address: 127.0.0.1, grpc_listen_port: %d, log_level: warn}
common:
  path_prefix: %q
  replication_factor: 1
  instance_addr: 127.0.0.1
  ring: {instance_addr: 127.0.0.1, kvstore: {store: inmemory}}
  storage: {filesystem: {chunks_directory: %q, rules_directory: %q}}
schema_config:
  configs: [{from: 2024-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}]
`, web, rpc, dir, filepath.Join(dir, "chunks"), filepath.Join(dir, "rules"))
	file := filepath.Join(dir, "loki.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		tb.Fatal(err)
	}
	serveStore(tb, program, "-config.file="+file)
	s := &realStore{url: fmt.Sprintf("http://127.0.0.1:%d", web), kind: "loki"}
	s.push = func(app string, lines []oncall.LogLine) (string, string, []byte) {
		streams := make([]any, 0, len(lines))
		for _, l := range lines {
			streams = append(streams, map[string]any{
				"stream": map[string]string{"app": app, "pod": l.Origin},
				"values": [][]string{{strconv.FormatInt(l.At.UnixNano(), 10), l.Raw}},
			})
		}
		body, err := json.Marshal(map[string]any{"streams": streams})
		if err != nil {
			tb.Error(err)
		}
		return "/loki/api/v1/push", "application/json", body
	}
	s.ready(tb, "/loki/api/v1/query_range?query="+url.QueryEscape(`{app="nobody"}`))
	return s
}

// realVictoriaLogs starts a VictoriaLogs that keeps its lines in a folder of the
// test.
func realVictoriaLogs(tb testing.TB) *realStore {
	tb.Helper()
	program := tool(tb, "CONWAY_VICTORIALOGS", victoriaLogs)
	address := fmt.Sprintf("127.0.0.1:%d", freePort(tb))
	serveStore(tb, program, "-httpListenAddr="+address, "-storageDataPath="+tb.TempDir())
	s := &realStore{url: "http://" + address, kind: "victorialogs", settle: "/internal/force_flush"}
	s.push = func(app string, lines []oncall.LogLine) (string, string, []byte) {
		var body bytes.Buffer
		for _, l := range lines {
			err := json.NewEncoder(&body).Encode(map[string]string{
				"_time": l.At.UTC().Format(time.RFC3339Nano), "_msg": l.Raw, "app": app, "pod": l.Origin,
			})
			if err != nil {
				tb.Error(err)
			}
		}
		return "/insert/jsonline?_stream_fields=app,pod", "application/stream+json", body.Bytes()
	}
	s.ready(tb, "/health")
	return s
}

// ready waits until the store answers and takes lines.
func (s *realStore) ready(tb testing.TB, path string) {
	tb.Helper()
	eventually(tb, s.kind+" answers", func() bool {
		resp, err := http.Get(s.url + path)
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode/100 == 2 && s.put("nobody", []oncall.LogLine{{At: time.Now(), Origin: "none", Raw: "begin"}}) == nil
	})
}

// put puts lines in.
func (s *realStore) put(app string, lines []oncall.LogLine) error {
	if len(lines) == 0 {
		return nil
	}
	path, contentType, body := s.push(app, lines)
	resp, err := http.Post(s.url+path, contentType, bytes.NewReader(body))
	if err != nil {
		return err
	}
	words, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || resp.StatusCode/100 != 2 {
		return fmt.Errorf("put lines in: %s: %s, %w", resp.Status, words, err)
	}
	if s.settle == "" {
		return nil
	}
	resp, err = http.Get(s.url + s.settle)
	if err == nil {
		err = resp.Body.Close()
	}
	return err
}

// query is for the lines of app that hold a word.
func (s *realStore) query(app, word string) string {
	q := `{app="` + app + `"}`
	switch {
	case word == "":
		return q
	case s.kind == "loki":
		return q + " |= `" + word + "`"
	}
	return q + " " + word
}

// next names what nobody has named yet.
func (s *realStore) next() string {
	s.apps++
	return fmt.Sprintf("checkout-%d", s.apps)
}

// suite runs the conformance suite of log stores against the real one.
func (s *realStore) suite(t *testing.T, skip map[string]string, source func(tb testing.TB, e sourcetest.Endpoint) sources.Source) {
	t.Helper()
	there, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	app := ""
	sourcetest.Logs(t, sourcetest.LogCase{
		New: source,
		Store: func(tb testing.TB, setup sourcetest.LogSetup) sourcetest.LogStore {
			tb.Helper()
			mine := s.next()
			app = mine
			add := func(lines ...oncall.LogLine) {
				moved := make([]oncall.LogLine, len(lines))
				for i, l := range lines {
					l.At = l.At.Add(setup.Ahead)
					moved[i] = l
				}
				if err := s.put(mine, moved); err != nil {
					tb.Error(err)
				}
			}
			add(setup.Lines...)
			transport := &http.Transport{}
			tb.Cleanup(transport.CloseIdleConnections)
			proxy := &httputil.ReverseProxy{
				Transport: transport, FlushInterval: -1,
				Rewrite: func(r *httputil.ProxyRequest) {
					r.SetURL(there)
					// The suite looks for its lines in answers, which must not be compressed.
					r.Out.Header.Del("Accept-Encoding")
				},
				ErrorHandler: func(http.ResponseWriter, *http.Request, error) {
					panic(http.ErrAbortHandler) // who asked is gone
				},
				ModifyResponse: func(r *http.Response) error {
					r.Header.Set("Date", time.Now().Add(setup.Ahead).UTC().Format(http.TimeFormat))
					return nil
				},
			}
			return sourcetest.LogStore{Handler: proxy, Add: add}
		},
		Query:       func(word string) string { return s.query(app, word) },
		NewestFirst: true, Skip: skip, Streams: s.kind == "victorialogs", Precision: time.Nanosecond,
	})
}

func TestRealLoki(t *testing.T) {
	s := realLoki(t)
	t.Run("suite", func(t *testing.T) {
		skip := map[string]string{"tail loses nothing in an outage": "a connected tail goes on while new requests fail"}
		s.suite(t, skip, func(tb testing.TB, e sourcetest.Endpoint) sources.Source {
			tb.Helper()
			l, err := loki.New(loki.Options{Name: "loki", URL: e.URL, Timeout: e.Timeout, Transport: e.Transport, Page: 5})
			if err != nil {
				tb.Fatal(err)
			}
			return l
		})
	})
	s.whole(t, "parse error")
}

func TestRealVictoriaLogs(t *testing.T) {
	s := realVictoriaLogs(t)
	t.Run("suite", func(t *testing.T) {
		s.suite(t, nil, func(tb testing.TB, e sourcetest.Endpoint) sources.Source {
			tb.Helper()
			v, err := victorialogs.New(victorialogs.Options{
				Name: "vl", URL: e.URL, Timeout: e.Timeout, Transport: e.Transport, Page: 5, Every: 100 * time.Millisecond,
			})
			if err != nil {
				tb.Fatal(err)
			}
			return v
		})
	})
	s.whole(t, "cannot parse `query` arg")
}

// whole searches the store with the program, follows it on the screen, and asks
// it what it cannot read.
func (s *realStore) whole(t *testing.T, badQuery string) {
	t.Helper()
	app := s.next()
	say := func(words ...string) {
		for _, w := range words {
			l := oncall.LogLine{At: time.Now(), Origin: "web-1", Raw: fmt.Sprintf("level=error msg=%q", w)}
			if err := s.put(app, []oncall.LogLine{l}); err != nil {
				t.Fatal(err)
			}
		}
	}
	say("payment declined", "card expired")
	site := newSite(t).add("logs:\n  - {type: %s, name: store, url: %q, query: '%s'}", s.kind, s.url, s.query(app, ""))
	r := site.run("logs", "--query", s.query(app, "declined"), "--since", "10m")
	if r.code != 0 || !strings.Contains(r.stdout, "payment declined") || strings.Contains(r.stdout, "card expired") ||
		!strings.Contains(r.stderr, "store: 1 lines received = 1 shown + 0 filtered + 0 dropped") {
		t.Errorf("exit %d: %s%s", r.code, r.stdout, r.stderr)
	}
	if r := site.run("logs", "--query", `{app="`, "--since", "10m"); r.code != 1 || !strings.Contains(r.stderr, badQuery) {
		t.Errorf("half a query: exit %d: %s%s", r.code, r.stdout, r.stderr)
	}
	c := site.cockpit(160, 40)
	c.sees("payment declined", "card expired")
	say("gateway is slow")
	c.sees("gateway is slow")
	if n := strings.Count(c.text(), "ERROR card expired"); n != 1 {
		t.Errorf("a line is shown %d times:\n%s", n, c.text())
	}
	if code := c.quits(); code != 0 {
		t.Errorf("exit %d", code)
	}
}
