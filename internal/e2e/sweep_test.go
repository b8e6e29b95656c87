//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// hostileHost is every server of the sweep: it demands a credential, and
// misbehaves as it is told to.
type hostileHost struct {
	*httptest.Server
	how atomic.Value
	// authorised counts the requests that brought the right credential.
	authorised atomic.Int64
	elsewhere  string
}

// The ways to misbehave. Those that can repeat what they were sent.
var misbehaviours = []string{"ok", "401", "403", "429", "500", "redirect", "see other", "malformed", "truncated", "html"}

// newHost makes a server that answers well with what ok does.
func newHost(tb testing.TB, wants, elsewhere string, ok http.HandlerFunc) *hostileHost {
	tb.Helper()
	h := &hostileHost{elsewhere: elsewhere}
	h.how.Store("ok")
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Authorization"), wants) {
			h.authorised.Add(1)
		}
		if how, _ := h.how.Load().(string); how != "ok" {
			h.misbehave(w, r, how)
			return
		}
		ok(w, r)
	}))
	tb.Cleanup(h.Close)
	return h
}

func (h *hostileHost) misbehave(w http.ResponseWriter, r *http.Request, how string) {
	said := r.Header.Get("Authorization")
	bare := said[strings.LastIndexByte(said, ' ')+1:]
	echo := fmt.Sprintf(`{"error":{"message":"no: %s","errors":[%q,%q]},"message":%q,"status":"error","errorType":%q}`, said, said, bare, said, said)
	switch how {
	case "401", "403", "429", "500":
		var code int
		_, _ = fmt.Sscan(how, &code)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Echo", said)
		w.Header().Set("Www-Authenticate", "Bearer error="+said)
		w.WriteHeader(code)
		_, _ = io.WriteString(w, echo)
	case "redirect":
		http.Redirect(w, r, h.elsewhere+r.URL.Path, http.StatusTemporaryRedirect)
	case "see other":
		http.Redirect(w, r, h.elsewhere+r.URL.Path, http.StatusFound)
	case "malformed":
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"incidents": "`+said+`", "data": [`+said)
	case "truncated":
		w.Header().Set("Content-Length", "100000")
		_, _ = io.WriteString(w, echo)
	case "html":
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html><title>"+said+"</title>"+echo)
	}
}

// sweepSite is a home with a config whose every credential is a canary.
type sweepSite struct {
	*sweep
	home, temp string
	binary     string
	hosts      []*hostileHost
	running    sync.WaitGroup
	atOnce     chan struct{}
	// elsewhere is what the second host was sent.
	elsewhere []string
}

func newSweepSite(t *testing.T) *sweepSite {
	t.Helper()
	s := &sweepSite{sweep: newSweep(t), home: folder(t), temp: folder(t), binary: failingBinary(t), atOnce: make(chan struct{}, 4)}
	second := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.elsewhere = append(s.elsewhere, fmt.Sprintf("%s %s %v %s", r.Method, r.URL, r.Header, body))
		_, _ = io.WriteString(w, "{}")
	}))
	t.Cleanup(second.Close)
	pd := newPager(t)
	pd.checkout()
	pages := newHost(t, canaries["the environment"], second.URL, func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Authorization", strings.ReplaceAll(r.Header.Get("Authorization"), canaries["the environment"], token))
		pd.ServeHTTP(w, r)
	})
	series := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		kind := "vector"
		if strings.HasSuffix(r.URL.Path, "query_range") {
			kind = "matrix"
		}
		_, _ = fmt.Fprintf(w, `{"status":"success","data":{"resultType":%q,"result":[]}}`, kind)
	}
	none := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "[]")
	}
	prom := newHost(t, canaries["a file"], second.URL, series)
	// Basic authentication arrives in base64.
	basic := newHost(t, "Basic ", second.URL, series)
	gh := newHost(t, canaries["a command"], second.URL, none)
	s.hosts = []*hostileHost{pages, prom, basic, gh}
	for name, of := range map[string]string{"prom.token": "a file", "gh.token": "a command"} {
		writeFile(t, filepath.Join(s.home, "secrets", name), canaries[of]+"\n", 0o600)
	}
	writeFile(t, filepath.Join(s.home, "checkout.md"), "# Checkout\n\n## Look\n\n```sh observe\nenv\ncat /proc/self/environ\ncat /proc/$PPID/environ\nset\nsleep 1\n```\n", 0o600)
	writeFile(t, filepath.Join(s.home, "editor"), "#!/bin/sh\nenv\nsleep 0.3\ncat \"$1\"\n", 0o700)
	writeFile(t, filepath.Join(s.home, "app.log"), "a line\n", 0o600)
	writeFile(t, filepath.Join(s.home, "config.yaml"), fmt.Sprintf(`
me: {email: ana@example.com, time_zone: UTC}
environment: {name: e2e, production: false}
services: {checkout: {owner: payments, pagerduty: [PCHK], labels: {service: checkout}, runbooks: [checkout.md]}}
pages:
  - {type: pagerduty, name: pd, url: %q, token: {env: PD}, scope: mine, every: 1s}
metrics:
  - {type: prometheus, name: prom, url: %q, token: {file: secrets/prom.token}, every: 1s}
  - {type: prometheus, name: basic, url: %q, basic: {user: ana, password: {env: PROMETHEUS_PASSWORD}}, every: 1s}
panels:
  - {title: errors, source: prom, query: up}
  - {title: more, source: basic, query: up}
deploys:
  - {type: github, name: gh, url: %q, token: {command: [cat, secrets/gh.token]}, repos: [acme/checkout], every: 1m}
logs:
  - {type: file, name: app, paths: [app.log]}
  - {type: command, name: cmd, argv: [sh, -c, "while :; do env; sleep 1; done"]}
ack: {hold: 0s}
`, pages.URL, prom.URL, basic.URL, gh.URL), 0o600)
	hand(t, s.home)
	return s
}

func (s *sweepSite) environ(more ...string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.home, "TMPDIR=" + s.temp, "LANG=C.UTF-8", "TERM=xterm-256color",
		"CONWAY_CONFIG=" + filepath.Join(s.home, "config.yaml"), "EDITOR=" + filepath.Join(s.home, "editor"),
		"PD=" + canaries["the environment"], "PROMETHEUS_PASSWORD=" + canaries["a password"],
		"AWS_SECRET_ACCESS_KEY=" + canaries["another's"],
	}, more...)
}

func (s *sweepSite) behave(how string) {
	for _, h := range s.hosts {
		h.how.Store(how)
	}
}

// runs runs a command without a terminal and looks at what it says, while others
// run, until wait.
func (s *sweepSite) runs(how string, args ...string) {
	s.atOnce <- struct{}{}
	s.running.Go(func() {
		defer func() { <-s.atOnce }()
		s.run(how, args...)
	})
}

func (s *sweepSite) wait() { s.running.Wait() }

func (s *sweepSite) run(how string, args ...string) {
	ctx, cancel := context.WithTimeout(context.Background(), runTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.binary, args...)
	cmd.Dir, cmd.Env = s.home, s.environ()
	unprivileged(cmd)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		s.tb.Errorf("conway %v: %v", args, err)
	}
	name := fmt.Sprintf("conway %s, servers %s", strings.Join(args, " "), how)
	s.look("standard output", name, out.String())
	s.look("standard error", name, errOut.String())
}

// cockpit runs the cockpit on a terminal, does something with it and looks at
// every byte.
func (s *sweepSite) cockpit(name string, do func(*session), more ...string) {
	s.tb.Helper()
	cmd := exec.Command(s.binary)
	cmd.Dir, cmd.Env = s.home, s.environ(more...)
	unprivileged(cmd)
	c := open(s.tb, cmd)
	do(c)
	c.exit()
	s.look("terminal", name, string(c.raw()))
	if len(c.raw()) < 1000 {
		s.tb.Errorf("%s: the terminal got only %q", name, c.raw())
	}
}

// TestNoSecretOnAnySurface is goal S1 and section 6 of the safety rules.
func TestNoSecretOnAnySurface(t *testing.T) {
	t.Parallel()
	s := newSweepSite(t)
	// The program itself was given the canaries; the helper that prints one is
	// the person's own and gets the person's environment.
	stop := s.watch(s.temp, func(exe string, args []string) bool {
		return exe == s.binary || strings.HasPrefix(filepath.Base(exe), "e2e") || slices.Contains(args, "secrets/gh.token") || strings.HasSuffix(strings.Join(args, " "), "/secrets/gh.token ")
	})
	s.commands()
	s.screens()
	stop()
	keep := []string{filepath.Join(s.home, "secrets/prom.token"), filepath.Join(s.home, "secrets/gh.token")}
	s.files("file", s.home, keep...)
	s.files("temporary file", s.temp)
	s.mu.Lock()
	elsewhere := s.elsewhere
	s.mu.Unlock()
	s.look("summary of the second host", "the second host", strings.Join(elsewhere, "\n"))
	for _, r := range elsewhere {
		s.look("request to another host", r, r)
	}
	for _, h := range s.hosts {
		if h.authorised.Load() == 0 {
			t.Errorf("%s never got its credential: the test shows nothing", h.URL)
		}
	}
	for _, kind := range []string{"environment", "arguments", "file", "temporary file", "terminal", "standard error"} {
		if s.count(kind) == 0 {
			t.Errorf("no %s was looked at", kind)
		}
	}
	s.report()
}

// commands runs what needs no terminal, with servers that behave and that do
// not.
func (s *sweepSite) commands() {
	const id = "pd/Q0000000000000"
	for _, args := range [][]string{
		{"version"},
		{"--help"},
		{"completion", "bash"},
		{"config", "check"},
		{"config", "schema"},
		{"drill", "--list"},
		{"deploys", "--json"},
		{"logs"},
		{"snapshot", "--format", "ansi", "--wait", "2s"},
		{"snapshot", "--format", "svg", "--wait", "2s"},
		{"snapshot", "--format", "json", "--wait", "2s"},
		{"note", id, "a note"},
		{"ledger", "verify"},
		{"ledger", "export", "--all"},
		{"ledger", "export"},
		{"ledger", "show", "--me"},
		{"ack", id},
		{"--config", "/nonexistent/config.yaml", "pages"},
		{"pages", "--nope"},
	} {
		s.runs("ok", args...)
	}
	s.wait()
	bad := writeFile(s.tb, filepath.Join(s.home, "bad", "config.yaml"), "pages:\n  - {type: pagerduty, name: pd, tokn: x, token: "+literal+"}\nmetrics:\n  - {type: prometheus, name: p, url: \"http://u:"+literal+"@h:x/\"}\n", 0o600)
	s.literal(bad)
	for _, how := range misbehaviours {
		s.behave(how)
		s.runs(how, "pages", "--json")
		s.runs(how, "snapshot", "--wait", "1s")
		s.runs(how, "deploys")
		s.runs(how, "ack", id, "--wait", "1s")
		s.wait()
	}
	s.behave("ok")
}

// literal is what a person may write into a config by mistake.
const literal = "Litera1CanaryTokenInTheConfig99"

// literal checks that a token pasted into the config is not repeated.
func (s *sweepSite) literal(config string) {
	s.tb.Helper()
	cmd := exec.Command(s.binary, "--config", config, "config", "check")
	cmd.Env = s.environ()
	out, _ := cmd.CombinedOutput() // it fails, as it should
	if len(out) == 0 || strings.Contains(string(out), literal) {
		s.tb.Errorf("a token in the config: %s", out)
	}
	if err := os.RemoveAll(filepath.Dir(config)); err != nil {
		s.tb.Error(err)
	}
}

// used returns what reports whether every server has been sent its credential since.
// One that the program has not read yet is none that it could keep out of a panic.
func (s *sweepSite) used() func() bool {
	before := make([]int64, len(s.hosts))
	for i, h := range s.hosts {
		before[i] = h.authorised.Load()
	}
	return func() bool {
		for i, h := range s.hosts {
			if h.authorised.Load() == before[i] {
				return false
			}
		}
		return true
	}
}

// screens drives the cockpit: a step that prints its environment, servers that
// misbehave, and crashes with every canary in the panic.
func (s *sweepSite) screens() {
	s.cockpit("a step that prints its environment", func(c *session) {
		c.sees("PAGES 1 open", title)
		c.until("b", "RUNBOOK Checkout", "step 1")
		c.typed("\r")
		c.sees("RUN THIS STEP?")
		c.until("y", "exit ", "PAGER=cat")
		for _, key := range []string{"y", "t", "\x1b", "?", "\x1b", "o", "=", "r"} {
			c.typed(key)
		}
		c.until("n", "NOTE")
		c.typed("\x05")
		eventually(s.tb, "the editor's file is looked at", func() bool { return s.count("temporary file") > 0 })
		c.typed("\x1b")
		signalTo(s.tb, c.cmd.Process.Pid, syscall.SIGTERM)
	})
	for _, how := range misbehaviours[1:] {
		s.behave(how)
		used := s.used()
		s.cockpit("servers "+how, func(c *session) {
			eventually(s.tb, "every server has been sent its credential", used)
			c.typed("?") // the screen has changed before it is left
			c.sees("HELP")
			signalTo(s.tb, c.cmd.Process.Pid, syscall.SIGTERM)
		})
	}
	s.behave("ok")
	text := "CONWAY_FAILPOINT_SECRET=" + canaries["the environment"] + " " + canaries["a file"] + " Authorization: Bearer " + canaries["a command"]
	for _, how := range []string{"update", "goroutine", "renderer", "batch", "log", "exit"} {
		used := s.used()
		s.cockpit("crash: "+how, func(c *session) {
			c.sees("PAGES 1 open", title)
			eventually(s.tb, "every credential is in use", used)
			c.typed(f12)
		}, "CONWAY_FAILPOINT="+how, text)
		s.files("crash file", filepath.Join(s.home, ".local/state/conway"))
	}
	for _, sig := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGKILL} {
		s.cockpit("crash: "+sig.String(), func(c *session) {
			c.sees("PAGES 1 open", title)
			signalTo(s.tb, behind(s.tb, c.cmd.Process.Pid), sig)
		})
	}
	found, err := filepath.Glob(filepath.Join(s.home, ".local/state/conway/crash-*"))
	if err != nil || len(found) != 5 {
		s.tb.Errorf("%d crash files are kept, want 5: %v", len(found), err)
	}
}
