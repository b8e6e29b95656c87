package kubernetes

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"conway/internal/oncall"
)

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no sign of %s", what)
		}
	}
}

type running struct {
	cancel context.CancelFunc
	done   chan error

	mu    sync.Mutex
	lines []oncall.LogLine
}

func run(t *testing.T, s *Source) *running {
	t.Helper()
	r := &running{done: make(chan error, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel = cancel
	go func() {
		r.done <- s.Run(ctx, func(e oncall.Event) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.lines = append(r.lines, e.(oncall.LinesEvent).Lines...)
		})
	}()
	t.Cleanup(func() {
		cancel()
		_ = r.ended(t)
	})
	return r
}

func (r *running) ended(t *testing.T) error {
	t.Helper()
	select {
	case err := <-r.done:
		r.done <- err
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("Run did not return")
	}
	return nil
}

func (r *running) said() (out []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.lines {
		out = append(out, l.Raw)
	}
	return out
}

func line(text string) oncall.LogLine { return oncall.LogLine{At: time.Now(), Raw: text} }

// TestPodsJoin has a pod join, one that waits first, and a watch that expires.
func TestPodsJoin(t *testing.T) {
	f := newCluster(t, 0, line("one"))
	s := f.serve(t)
	s.Follow(oncall.LogQuery{Query: "deployment/checkout"})
	r := run(t, s)
	eventually(t, "the first pod", func() bool { return f.follows.Load() == 1 })
	f.expired.Store(true)
	f.start("checkout-2")
	f.write("checkout-2", line("two"))
	eventually(t, "the second pod's line", func() bool { return slices.Contains(r.said(), "two") })
	f.mu.Lock()
	f.pods = append(f.pods, &fakePod{name: "checkout-3", phase: "Running", waiting: true})
	f.tell("ADDED", f.pods[2])
	f.mu.Unlock()
	f.mu.Lock()
	f.pods[2].waiting = false
	f.tell("MODIFIED", f.pods[2])
	f.mu.Unlock()
	f.write("checkout-3", line("three"))
	eventually(t, "the third pod's line", func() bool { return slices.Contains(r.said(), "three") })
	f.add(line("four"))
	eventually(t, "a line of the first", func() bool { return slices.Contains(r.said(), "four") })
	if got := r.said(); len(got) != 4 {
		t.Errorf("the lines are %q", got)
	}
}

// TestPreparing is about the containers that prepare a pod: why it does not start is
// in their logs. One that fails is read again, and one that is done is not.
func TestPreparing(t *testing.T) {
	f := newCluster(t, 0, line("one"))
	stamped := func(text string) []string {
		return []string{time.Now().UTC().Format(time.RFC3339Nano) + " " + text}
	}
	f.mu.Lock()
	f.pods = append(f.pods,
		&fakePod{name: "checkout-2", phase: "Pending", waiting: true, init: stamped("cannot migrate"), exit: 1},
		&fakePod{name: "checkout-3", phase: "Running", init: stamped("migrated"), exit: 0})
	f.mu.Unlock()
	s := f.serve(t)
	lines := ""
	found, err := s.Search(t.Context(), oncall.LogQuery{}, func(p oncall.LogPart) {
		for _, l := range p.Lines {
			lines += l.Origin + ": " + l.Raw + "\n"
		}
	})
	if err != nil || !found.Complete || !strings.Contains(lines, "checkout-2/migrate: cannot migrate\n") || !strings.Contains(lines, "checkout-3/migrate: migrated\n") {
		t.Errorf("found %+v, %v:\n%s", found, err, lines)
	}
	s.Follow(oncall.LogQuery{})
	r := run(t, s)
	times := func(pod string) (n int) {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, a := range f.asked {
			if strings.Contains(a, "/"+pod+"/log") && strings.Contains(a, "container=migrate") && strings.Contains(a, "follow=true") {
				n++
			}
		}
		return n
	}
	eventually(t, "the one that fails being read again", func() bool { return times("checkout-2") >= 3 })
	if n := times("checkout-3"); n != 1 {
		t.Errorf("the one that is done was followed %d times", n)
	}
	if got := r.said(); len(got) != 3 || !slices.Contains(got, "cannot migrate") {
		t.Errorf("the lines are %q", got)
	}
}

// TestRestart has a container end and start again: its last words come from the
// log of the one before, and nothing comes twice.
func TestRestart(t *testing.T) {
	f := newCluster(t, 0, line("one"))
	_, r := followed(t, f)
	f.add(line("two"))
	eventually(t, "the second line", func() bool { return slices.Contains(r.said(), "two") })
	f.restart("panic: out of words")
	f.add(line("three"))
	eventually(t, "the line after it", func() bool { return slices.Contains(r.said(), "three") })
	eventually(t, "the last words", func() bool { return slices.Contains(r.said(), "panic: out of words") })
	time.Sleep(100 * time.Millisecond)
	if got := r.said(); !slices.Equal(got, []string{"one", "two", "panic: out of words", "three"}) {
		t.Errorf("the lines are %q", got)
	}
}

// followed follows a cluster whose one pod has said one line, and returns once that
// came.
func followed(t *testing.T, f *fakeCluster) (*Source, *running) {
	t.Helper()
	s := f.serve(t)
	s.Follow(oncall.LogQuery{})
	r := run(t, s)
	eventually(t, "the stream", func() bool { return f.follows.Load() == 1 && len(r.said()) == 1 })
	return s, r
}

// TestCutStreams cuts every connection: Run tells of it, and the next one goes on.
func TestCutStreams(t *testing.T) {
	f := newCluster(t, 0, line("one"))
	s, r := followed(t, f)
	f.cutStreams()
	fault, ok := errors.AsType[*oncall.Fault](r.ended(t))
	if !ok || fault.Kind != oncall.Unavailable {
		t.Errorf("Run returned %v, want an outage", fault)
	}
	f.add(line("two"))
	f.start("checkout-2")
	f.write("checkout-2", line("three"))
	r = run(t, s)
	eventually(t, "the lines of the outage", func() bool { return len(r.said()) == 2 })
	time.Sleep(100 * time.Millisecond)
	got := r.said()
	if slices.Sort(got); !slices.Equal(got, []string{"three", "two"}) {
		t.Errorf("after the cut came %q", got)
	}
}

// TestRestartInAnOutage has a container end and start again while nobody reads: what it
// said last is read afterwards.
func TestRestartInAnOutage(t *testing.T) {
	f := newCluster(t, 0, line("one"))
	s, r := followed(t, f)
	f.cutStreams()
	_ = r.ended(t)
	f.restart("panic: out of words")
	f.add(line("two"))
	r = run(t, s)
	eventually(t, "what came meanwhile", func() bool { return len(r.said()) >= 2 || slices.Contains(r.said(), "two") })
	time.Sleep(100 * time.Millisecond)
	if got := r.said(); !slices.Equal(got, []string{"panic: out of words", "two"}) {
		t.Errorf("after the outage came %q", got)
	}
}

// TestCutWithinALine cuts a stream within a line: it comes once, as a whole, when the
// log is read again.
func TestCutWithinALine(t *testing.T) {
	f := newCluster(t, 0, line("one"))
	two := line("two and its end")
	f.half = two.At.UTC().Format(time.RFC3339Nano) + " two"
	s, r := followed(t, f)
	f.cutStreams()
	_ = r.ended(t)
	before := r.said()
	f.add(two)
	r = run(t, s)
	eventually(t, "the rest", func() bool { return len(r.said()) > 0 })
	if got := append(before, r.said()...); !slices.Equal(got, []string{"one", "two and its end"}) {
		t.Errorf("the lines are %q", got)
	}
}

func TestQueries(t *testing.T) {
	for query, want := range map[string]choice{
		"":                            {},
		"app=checkout,tier!=db":       {labels: "app=checkout,tier!=db"},
		"app.kubernetes.io/name=shop": {labels: "app.kubernetes.io/name=shop"},
		"env in (a, b) | out of | x":  {labels: "env in (a, b)", text: "out of | x"},
		"deploy/checkout|timeout":     {path: "apps/v1/deployments/checkout", text: "timeout"},
		"Pod/checkout-7c9d":           {field: "metadata.name=checkout-7c9d"},
	} {
		if got, err := parse(query); err != nil || got != want {
			t.Errorf("%q became %+v (%v), want %+v", query, got, err, want)
		}
	}
	for _, query := range []string{"deployment/../secrets", "node/a", "deployment/"} {
		if got, err := parse(query); err == nil {
			t.Errorf("%q became %+v", query, got)
		}
	}
	_, err := newCluster(t, 0).serve(t).Search(t.Context(), oncall.LogQuery{Query: "app==="}, func(oncall.LogPart) {})
	fault, ok := errors.AsType[*oncall.Fault](err)
	if !ok || fault.Kind != oncall.Rejected || !strings.Contains(fault.Error(), "unable to parse requirement") {
		t.Errorf("the error is %v", err)
	}
}

// TestKubeconfig reaches a server over TLS by each credential of a kubeconfig.
func TestKubeconfig(t *testing.T) {
	f := newCluster(t, 0, line("one"))
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, ok := r.BasicAuth(); r.Header.Get("Authorization") != "Bearer canary" && (!ok || user+password != "anacanary") {
			f.refuse(w, http.StatusUnauthorized, "Unauthorized", "the words of the cluster") //nolint:misspell // the word is the API's
			return
		}
		f.ServeHTTP(w, r)
	}))
	srv.StartTLS()
	defer srv.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	dir := t.TempDir()
	for name, text := range map[string]string{
		"token":  " canary\n",
		"plugin": "#!/bin/sh\necho '{\"kind\":\"ExecCredential\",\"status\":{\"token\":\"'$GIVEN'\"}}'\n",
		"broken": "#!/bin/sh\necho log in first >&2; exit 1\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for user, want := range map[string]string{
		"token: canary":                     "",
		"tokenFile: token":                  "",
		"{username: ana, password: canary}": "",
		"exec: {apiVersion: v1, command: ./plugin, env: [{name: GIVEN, value: canary}]}": "",
		"exec: {apiVersion: v1, command: ./broken}":                                      "log in first",
		"token: other":             "renew the token",
		"auth-provider: {name: x}": "use exec",
	} {
		t.Run(user, func(t *testing.T) {
			path := filepath.Join(dir, "config")
			text := "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u, namespace: shop}}]\n" +
				"clusters: [{name: k, cluster: {server: " + srv.URL + ", certificate-authority-data: " + base64.StdEncoding.EncodeToString(ca) + "}}]\n" +
				"users: [{name: u, user: " + braced(user) + "}]\n"
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			var learnt []string
			s, err := New(Options{Name: "pods", Environ: []string{"KUBECONFIG=" + path, "PATH=" + os.Getenv("PATH")}, Learn: func(v string) { learnt = append(learnt, v) }})
			if err != nil {
				t.Fatal(err)
			}
			found, err := s.Search(t.Context(), oncall.LogQuery{Query: "app=checkout"}, func(oncall.LogPart) {})
			if s.cluster != nil {
				s.cluster.http.Transport.(*http.Transport).CloseIdleConnections()
			}
			switch {
			case want == "" && (err != nil || found.Lines != 1 || !slices.Contains(learnt, "canary")):
				t.Errorf("found %+v (%v), learnt %q", found, err, learnt)
			case want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary")):
				t.Errorf("the error is %v, want %q", err, want)
			}
		})
	}
}

func braced(user string) string {
	if strings.HasPrefix(user, "{") {
		return user
	}
	return "{" + user + "}"
}

func TestBadKubeconfig(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"users: [token: canary":    "is no YAML",
		"current-context: nowhere": `no context "nowhere"`,
		"current-context: c\ncontexts: [{name: c, context: {cluster: k}}]": "does not have",
	} {
		path := filepath.Join(dir, "config")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := New(Options{Name: "pods", Kubeconfig: path})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Search(t.Context(), oncall.LogQuery{}, func(oncall.LogPart) {})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the error is %v, want %q", text, err, want)
		}
	}
}
