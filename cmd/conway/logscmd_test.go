package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"conway/internal/board"
	"conway/internal/envelope"
	"conway/internal/oncall"
	"conway/internal/sources/splunk/splunktest"
)

// loggedAt is the time of the newest line that the store holds.
func loggedAt() time.Time { return time.Now().UTC().Add(-time.Minute).Truncate(time.Second) }

// logSite is a Splunk that holds five lines, and a config that names it.
func logSite(t *testing.T) (*splunktest.Server, string) {
	t.Helper()
	spl := splunktest.New(splunktest.Options{})
	for i := range 5 {
		spl.Add(splunktest.Event{
			Time: loggedAt().Add(time.Duration(i-4) * time.Second), Host: "web-1", Source: "/var/log/app.log", Sourcetype: "app",
			Raw: fmt.Sprintf("level=%s msg=\"upstream alpha timed out n=%d\" \x1b[2J", []string{"warn", "error"}[i%2], i),
		})
	}
	srv := httptest.NewServer(spl)
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
	})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "token"), []byte("s3cr3t-canary"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "app.log"), []byte("level=info msg=\"order placed\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return spl, write(t, "config.yaml", fmt.Sprintf(`
services:
  checkout: {labels: {service: alpha}}
logs:
  - {type: splunk, name: spl, url: %s, token: {file: %s}, query: 'search {{service}}'}
  - {type: file, name: app, paths: [%s]}
`, srv.URL, filepath.Join(dir, "token"), filepath.Join(dir, "app.log")))
}

func TestLogsAreSearchedFromScripts(t *testing.T) {
	_, config := logSite(t)
	for _, c := range []struct {
		name     string
		args     []string
		rows     int
		last     string
		says     []string
		accounts string
	}{
		{"a query", []string{"--query", "search alpha"}, 5, "n=4", []string{"spl would look at an amount that it cannot tell, for at most 1000 lines", "spl: 5 lines"}, "spl: 5 lines received = 5 shown + 0 filtered + 0 dropped"},
		{"a service", []string{"--service", "checkout", "--source", "spl"}, 5, "n=4", nil, "spl: 5 lines received = 5 shown + 0 filtered + 0 dropped"},
		{"a query with a service", []string{"--service", "checkout", "--query", "search {{service}}"}, 5, "n=4", nil, "5 shown"},
		{"a filter", []string{"--query", "search alpha", "--filter", "level>=error"}, 2, "n=3", nil, "spl: 5 lines received = 2 shown + 3 filtered + 0 dropped"},
		{"a limit", []string{"--query", "search alpha", "--limit", "2"}, 2, "n=4", []string{"for at most 2 lines"}, "2 shown + 0 filtered"},
		{"nothing", []string{"--query", "search beta"}, 0, "", []string{"spl: 0 lines"}, "spl: 0 lines received = 0 shown + 0 filtered + 0 dropped"},
		{"a window", []string{"--query", "search alpha", "--since", loggedAt().Add(-2500 * time.Millisecond).Format(time.RFC3339Nano), "--until", loggedAt().Add(-time.Second).Format(time.RFC3339Nano)}, 1, "n=2", nil, "1 shown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := conway(t, append([]string{"--config", config, "logs"}, c.args...)...)
			rows := strings.Split(strings.TrimSuffix(r.stdout, "\n"), "\n")
			if r.stdout == "" {
				rows = nil
			}
			if r.code != exitOK || len(rows) != c.rows {
				t.Fatalf("exit %d with %d rows, want %d:\n%s%s", r.code, len(rows), c.rows, r.stdout, r.err)
			}
			if c.rows > 0 && !strings.Contains(rows[len(rows)-1], c.last) {
				t.Errorf("the newest row is %q, want %s", rows[len(rows)-1], c.last)
			}
			for _, want := range append(c.says, c.accounts) {
				if !strings.Contains(r.err, want) {
					t.Errorf("stderr does not say %q:\n%s", want, r.err)
				}
			}
			if strings.Contains(r.stdout+r.err, "\x1b") || strings.Contains(r.stdout+r.err, "canary") {
				t.Errorf("an escape or a secret came out: %q", r.stdout+r.err)
			}
		})
	}
}

func TestLogSearchAsJSON(t *testing.T) {
	_, config := logSite(t)
	r := conway(t, "--config", config, "logs", "--query", "search alpha", "--filter", "level=warn", "--json")
	var got struct {
		Version int              `json:"version"`
		Search  docSearch        `json:"search"`
		Lines   []map[string]any `json:"lines"`
	}
	if err := json.Unmarshal([]byte(r.stdout), &got); err != nil || got.Version != jsonVersion {
		t.Fatalf("version %d, %v", got.Version, err)
	}
	s := got.Search
	if r.code != exitOK || len(got.Lines) != 3 || s.Received != 5 || s.Shown != 3 || s.Filtered != 2 || s.Dropped != 0 || !s.Found.Complete || s.Query != "search alpha" {
		t.Errorf("exit %d, %d lines, %+v", r.code, len(got.Lines), s)
	}
}

// TestLogFilesAreSearched finds in files what a tail of them does not begin with, and
// in those that were rotated away.
func TestLogFilesAreSearched(t *testing.T) {
	dir := t.TempDir()
	var now, before bytes.Buffer
	stamp := func(b *bytes.Buffer, ago time.Duration, words string) {
		fmt.Fprintf(b, "%s ERROR %s\n", time.Now().Add(-ago).UTC().Format(time.RFC3339), words)
	}
	stamp(&now, 30*time.Minute, "card declined first")
	for range 3000 {
		stamp(&now, 20*time.Minute, "card accepted")
	}
	zip := gzip.NewWriter(&before)
	fmt.Fprintf(zip, "%s ERROR card declined before\n", time.Now().Add(-40*time.Minute).UTC().Format(time.RFC3339))
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]*bytes.Buffer{"app.log": &now, "app.log.1.gz": &before} {
		if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(dir, "config.yaml")
	text := fmt.Sprintf("logs:\n  - {type: file, name: app, paths: [%q]}\n  - {type: command, name: prog, argv: [sleep, '60']}\n", filepath.Join(dir, "app.log"))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := conway(t, "--config", config, "logs", "--query", "declined", "--since", "1h")
	if r.code != exitOK || !strings.Contains(r.stdout, "card declined first") || !strings.Contains(r.stdout, "card declined before") ||
		!strings.Contains(r.err, "app: 2 lines received = 2 shown + 0 filtered + 0 dropped") {
		t.Errorf("exit %d, %q, %q", r.code, r.stdout, r.err)
	}
	r = conway(t, "--config", config, "logs", "--query", "x", "--source", "prog")
	if want := "search prog: it is not a log store; those that can be searched are app"; r.code != exitUsage || !strings.Contains(r.err, want) {
		t.Errorf("exit %d, %q; want %q", r.code, r.err, want)
	}
}

func TestLogSearchRefuses(t *testing.T) {
	_, config := logSite(t)
	for _, c := range []struct{ args, error string }{
		{"--query x --source nosuch", "--source nosuch: the config has no log of that name; it has spl, app"},
		{"--source spl", "the query of spl needs a value for {{service}}; name a service with --service"},
		{"--service nosuch", "--service nosuch: services: in the config names no such service"},
		{"--query x --since soon", `--since "soon" is neither a span back from now, such as 15m, 1h or 2d, nor a time`},
		{"--query x --since 1h --until 2h", "is not before the end"},
		{"--query x --limit -1", "--limit -1: write a number from 1 to 1000000"},
		{"--query x --filter re:(", "--filter re:(: missing closing )"},
		{"--follow --until 1m", "--until with --follow: what is followed has no end"},
	} {
		r := conway(t, append([]string{"--config", config, "logs"}, strings.Fields(c.args)...)...)
		if r.code != exitUsage || !strings.Contains(r.err, c.error) || r.stdout != "" {
			t.Errorf("%s: exit %d, %q; want %q", c.args, r.code, r.err, c.error)
		}
	}
}

func TestLogSearchThatFailsIsNoQuietOne(t *testing.T) {
	config := write(t, "config.yaml", "logs:\n  - {type: loki, name: loki, url: 'http://127.0.0.1:1', query: '{app=\"x\"}'}\n")
	r := conway(t, "--config", config, "logs", "--query", `{app="x"}`)
	if r.code != exitFailed || !strings.Contains(r.err, "loki: 0 lines received") || !strings.Contains(r.err, "connection refused") {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
}

// interrupted runs the program until it is interrupted, once ready says so.
func interrupted(t *testing.T, ready func(stdout string) bool, args ...string) result {
	t.Helper()
	ctx, interrupt := context.WithCancelCause(t.Context())
	defer interrupt(nil)
	var out, errOut shared
	done := make(chan int, 1)
	home := t.TempDir()
	go func() {
		done <- run(ctx, args, process{stdin: strings.NewReader(""), stdout: &out, stderr: &errOut, getenv: func(k string) string {
			return map[string]string{"HOME": home}[k]
		}})
	}()
	for deadline := time.Now().Add(20 * time.Second); !ready(out.String()); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("it did not come so far: %s%s", out.String(), errOut.String())
			break
		}
	}
	interrupt(envelope.SignalError{Signal: syscall.SIGINT})
	select {
	case code := <-done:
		return result{code, out.String(), errOut.String()}
	case <-time.After(20 * time.Second):
		t.Fatal("it did not end")
	}
	return result{}
}

// shared is a buffer that is read while it is written.
type shared struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *shared) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestInterruptedLogSearchEndsAtTheStore(t *testing.T) {
	spl, config := logSite(t)
	spl.Stall()
	r := interrupted(t, func(string) bool { return spl.Running() > 0 }, "--config", config, "logs", "--query", "search alpha")
	if r.code != 130 || !strings.Contains(r.err, "spl: 0 lines received = 0 shown") {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
	for deadline := time.Now().Add(10 * time.Second); spl.Running() > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the search is still running at the store")
		}
	}
}

func TestLogsAreFollowedFromScripts(t *testing.T) {
	_, config := logSite(t)
	r := conway(t, "--config", config, "logs", "--follow", "--source", "spl", "--service", "checkout", "--filter", "level=warn", "--limit", "3", "--json")
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	if r.code != exitOK || len(lines) != 3 || !strings.Contains(r.err, "spl: 5 lines received = 3 shown + 2 filtered + 0 dropped") {
		t.Errorf("exit %d: %s%s", r.code, r.stdout, r.err)
	}
	var l struct{ Raw string }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &l); err != nil || !strings.Contains(l.Raw, "n=4") {
		t.Errorf("the last line is %q, %v", lines[len(lines)-1], err)
	}
	// Without a source all that can be is followed, and what cannot is named.
	r = interrupted(t, func(out string) bool { return strings.Contains(out, "order placed") }, "--config", config, "logs", "--follow")
	if r.code != 130 || !strings.Contains(r.err, "all logs: 1 lines received = 1 shown") || !strings.Contains(r.err, "spl is not followed: its query names a service") {
		t.Errorf("exit %d: %s%s", r.code, r.stdout, r.err)
	}
}

// TestTakerAddsUp: however many lines a store hands over, and in whatever parts,
// each is accounted for and the newest are kept.
func TestTakerAddsUp(t *testing.T) {
	q, err := board.ParseQuery("keep")
	if err != nil {
		t.Fatal(err)
	}
	k := taker{ask: logsAsk{limit: 3, filter: q}}
	for i := range 5000 {
		at := time.Unix(int64(5000-i), 0)
		k.take(oncall.LogPart{Lines: []oncall.LogLine{{At: at, Raw: fmt.Sprint("keep ", i)}, {At: at, Raw: "other"}}})
	}
	k.trim()
	if len(k.lines) != 3 || k.lines[2].Raw != "keep 0" || k.lines[0].Raw != "keep 2" {
		t.Errorf("lines %v", k.lines)
	}
	if c := k.count; c.received != 10_000 || c.filtered != 5000 || c.dropped != 4997 {
		t.Errorf("%+v", c)
	}
}
