package config_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"conway/internal/config"
	"conway/internal/oncall"
)

// answer is a transport that gives one answer.
type answer func(*http.Request) (*http.Response, error)

func (a answer) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

func says(status int, contentType, body string) answer {
	return func(r *http.Request) (*http.Response, error) {
		at := r.URL.String()
		if at != "http://127.0.0.1:9090/-/ready" && at != "http://127.0.0.1:9093/-/ready" || r.Method != http.MethodGet {
			return nil, errors.New("asked " + r.URL.String())
		}
		return &http.Response{
			StatusCode: status, Header: http.Header{"Content-Type": {contentType}},
			Body: io.NopCloser(strings.NewReader(body)), Request: r,
		}, nil
	}
}

func refused(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") }

func hangs(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func sentences(all []config.Finding) []string {
	var out []string
	for _, f := range all {
		out = append(out, f.String())
	}
	return out
}

func TestDiscoverEverything(t *testing.T) {
	repo := t.TempDir()
	below := filepath.Join(repo, "a", "b")
	if err := os.MkdirAll(below, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(repo, ".git"), "gitdir: elsewhere\n", 0o600) // as in a linked worktree
	c, findings := config.Discover(t.Context(), config.Options{
		Getenv: func(k string) string { return map[string]string{"PAGERDUTY_TOKEN": canary}[k] },
		Client: &http.Client{Transport: says(200, "text/plain; charset=utf-8", "Prometheus Server is Ready.\n")},
		Cwd:    below,
	})
	want := []string{
		"PAGERDUTY_TOKEN is set: pages from api.pagerduty.com",
		"Prometheus answers on 127.0.0.1:9090: metrics from there",
		"Alertmanager answers on 127.0.0.1:9093: pages from its alerts",
		"git repository " + repo + ": deploys from its tags",
	}
	if got := sentences(findings); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
	expect := config.Default()
	expect.Pages = []config.PageSource{config.PagerDuty{
		Name: "pd", URL: "https://api.pagerduty.com", Token: config.SecretEnv("PAGERDUTY_TOKEN"), Scope: "mine", Every: 10 * time.Second,
	}, config.Alertmanager{Name: "am", URL: "http://127.0.0.1:9093", Every: 10 * time.Second}}
	expect.Metrics = []config.MetricSource{config.Prometheus{
		Name: "prom", URL: "http://127.0.0.1:9090", Every: 15 * time.Second, Timeout: 10 * time.Second,
	}}
	expect.Panels = []config.Panel{
		{Title: "targets down", Source: "prom", Query: "count(up == 0) or vector(0)", Warn: new(1.0)},
		{Title: "slowest scrape", Source: "prom", Query: "max(scrape_duration_seconds)", Unit: oncall.UnitSeconds},
	}
	expect.Deploys = []config.DeploySource{config.Git{Name: "git", Path: repo, Every: 30 * time.Second}}
	if !reflect.DeepEqual(c, expect) {
		t.Errorf("got  %+v\nwant %+v", c, expect)
	}
}

func TestDiscoverNothing(t *testing.T) {
	cwd := t.TempDir()
	for name, tt := range map[string]struct {
		transport http.RoundTripper
		metrics   string
		alerts    string
	}{
		"refused": {answer(refused), "no Prometheus answers on 127.0.0.1:9090: no metrics", "no Alertmanager answers on 127.0.0.1:9093: no pages from there"},
		"not ready": {
			says(503, "text/plain", "Service Unavailable"), "what answers on 127.0.0.1:9090 is not ready (HTTP 503): no metrics",
			"what answers on 127.0.0.1:9093 is not ready (HTTP 503): no pages from there",
		},
		"a web UI": {
			says(200, "text/html; charset=utf-8", "<html>"), "something else than Prometheus answers on 127.0.0.1:9090: no metrics",
			"something else than Alertmanager answers on 127.0.0.1:9093: no pages from there",
		},
		"panics": {answer(func(*http.Request) (*http.Response, error) { panic("x") }), "the look for a Prometheus failed", "the look for an Alertmanager failed"},
	} {
		t.Run(name, func(t *testing.T) {
			c, findings := config.Discover(t.Context(), config.Options{
				Getenv: func(string) string { return "" }, Client: &http.Client{Transport: tt.transport}, Cwd: cwd,
			})
			want := []string{"PAGERDUTY_TOKEN is not set: no pages", tt.metrics, tt.alerts, "no git repository around " + cwd + ": no deploys"}
			if got := sentences(findings); !reflect.DeepEqual(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
			for _, f := range findings {
				if f.Found {
					t.Errorf("found: %s", f)
				}
			}
			if !reflect.DeepEqual(c, config.Default()) {
				t.Errorf("got %+v", c)
			}
		})
	}
}

func TestDiscoverDoesNotWaitForASilentPort(t *testing.T) {
	cwd := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, findings := config.Discover(context.Background(), config.Options{
			Getenv: func(string) string { return "" }, Client: &http.Client{Transport: answer(hangs)}, Cwd: cwd,
		})
		if took := time.Since(start); took > 500*time.Millisecond {
			t.Errorf("took %s", took)
		}
		if len(findings) != 4 || findings[1].Found || findings[2].Found {
			t.Errorf("got %v", findings)
		}
	})
}
