package config

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"time"

	"conway/internal/oncall"
)

const (
	// localPrometheus is where Prometheus listens unless told otherwise.
	localPrometheus = "127.0.0.1:9090"
	// localAlertmanager is where Alertmanager listens unless told otherwise.
	localAlertmanager = "127.0.0.1:9093"
	// probeDeadline bounds a look at this machine. What listens here answers in
	// a few milliseconds, and somebody waits for the screen.
	probeDeadline = 300 * time.Millisecond
	// pagerdutyVariable is what PagerDuty's own tools read a token from.
	pagerdutyVariable = "PAGERDUTY_TOKEN"
)

// Finding is one thing that was looked for where there is no config.
type Finding struct {
	// Found says whether it is there and is used.
	Found bool
	// Text is the sentence for a person.
	Text string
}

// String returns the sentence.
func (f Finding) String() string { return f.Text }

// find is one look around: what to say of it, and what to add to a Config if
// the thing is there.
type find struct {
	Finding
	apply func(*Config)
}

// Discover makes a Config out of what is there: a PagerDuty token, a Prometheus
// and an Alertmanager on this machine, the git repository around the current directory. It takes
// less than half a second and reaches nothing beyond this machine.
func Discover(ctx context.Context, opts Options) (Config, []Finding) {
	looks := []struct {
		what string
		look func(context.Context, Options) find
	}{
		{"a PagerDuty token", lookForPagerDuty},
		{"a Prometheus", lookForPrometheus},
		{"an Alertmanager", lookForAlertmanager},
		{"a git repository", lookForGit},
	}
	ctx, cancel := context.WithTimeout(ctx, probeDeadline)
	defer cancel()
	found := make([]find, len(looks))
	var all sync.WaitGroup
	for i, l := range looks {
		all.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					found[i] = find{Finding: Finding{Text: "the look for " + l.what + " failed"}}
				}
			}()
			found[i] = l.look(ctx, opts)
		})
	}
	all.Wait()

	c := Default()
	findings := make([]Finding, len(found))
	for i, f := range found {
		findings[i] = f.Finding
		if f.apply != nil {
			f.apply(&c)
		}
	}
	return c, findings
}

func lookForPagerDuty(_ context.Context, opts Options) find {
	if opts.getenv(pagerdutyVariable) == "" {
		return find{Finding: Finding{Text: pagerdutyVariable + " is not set: no pages"}}
	}
	p := withDefaults(PagerDuty{Name: "pd", Token: SecretEnv(pagerdutyVariable)})
	return find{
		Finding: Finding{Found: true, Text: pagerdutyVariable + " is set: pages from " + strings.TrimPrefix(p.URL, "https://")},
		apply:   func(c *Config) { c.Pages = append(c.Pages, p) },
	}
}

func lookForPrometheus(ctx context.Context, opts Options) find {
	if text := absent(ctx, opts, "Prometheus", localPrometheus, "no metrics"); text != "" {
		return find{Finding: Finding{Text: text}}
	}
	return find{
		Finding: Finding{Found: true, Text: "Prometheus answers on " + localPrometheus + ": metrics from there"},
		apply: func(c *Config) {
			c.Metrics = append(c.Metrics, withDefaults(Prometheus{Name: "prom", URL: "http://" + localPrometheus}))
			c.Panels = append(c.Panels,
				Panel{Title: "targets down", Source: "prom", Query: "count(up == 0) or vector(0)", Warn: new(1.0)},
				Panel{Title: "slowest scrape", Source: "prom", Query: "max(scrape_duration_seconds)", Unit: oncall.UnitSeconds},
			)
		},
	}
}

func lookForAlertmanager(ctx context.Context, opts Options) find {
	if text := absent(ctx, opts, "Alertmanager", localAlertmanager, "no pages from there"); text != "" {
		return find{Finding: Finding{Text: text}}
	}
	return find{
		Finding: Finding{Found: true, Text: "Alertmanager answers on " + localAlertmanager + ": pages from its alerts"},
		apply: func(c *Config) {
			c.Pages = append(c.Pages, withDefaults(Alertmanager{Name: "am", URL: "http://" + localAlertmanager}))
		},
	}
}

// absent says why a server is not used, empty when it is ready.
func absent(ctx context.Context, opts Options, name, address, so string) string {
	status, err := ready(ctx, opts.client(), "http://"+address+"/-/ready")
	switch {
	case errors.Is(err, errWebPage):
		return "something else than " + name + " answers on " + address + ": " + so
	case err != nil:
		return "no " + name + " answers on " + address + ": " + so
	case status != http.StatusOK:
		return fmt.Sprintf("what answers on %s is not ready (HTTP %d): %s", address, status, so)
	}
	return ""
}

// errWebPage reports an answer for people instead of programs.
var errWebPage = errors.New("a web page answered")

// ready asks a readiness endpoint and returns its HTTP status.
func ready(ctx context.Context, client *http.Client, url string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close() //nolint:errcheck // its answer is the status
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 4<<10)); err != nil {
		return 0, err
	}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		return resp.StatusCode, errWebPage
	}
	return resp.StatusCode, nil
}

// client returns the client to look with: no proxy, because nothing asked for
// is further away than this machine, and no redirect, for the same reason.
func (o Options) client() *http.Client {
	if o.Client != nil {
		return o.Client
	}
	return &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       probeDeadline,
	}
}

func lookForGit(_ context.Context, opts Options) find {
	cwd := opts.Cwd
	if cwd == "" {
		dir, err := os.Getwd()
		if err != nil {
			return find{Finding: Finding{Text: "the current directory is gone: no deploys"}}
		}
		cwd = dir
	}
	for dir := cwd; ; dir = filepath.Dir(dir) {
		// It is a directory, or in a linked worktree a file.
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			g := withDefaults(Git{Name: "git", Path: dir})
			return find{
				Finding: Finding{Found: true, Text: "git repository " + printable(dir) + ": deploys from its tags"},
				apply:   func(c *Config) { c.Deploys = append(c.Deploys, g) },
			}
		}
		if dir == filepath.Dir(dir) {
			return find{Finding: Finding{Text: "no git repository around " + printable(cwd) + ": no deploys"}}
		}
	}
}

// withDefaults fills in the defaults of a source where it has no value.
func withDefaults[S any](s S) S {
	v := reflect.ValueOf(&s).Elem()
	for _, f := range fields(v.Type()) {
		if v.Field(f.index).IsZero() {
			setDefault(v.Field(f.index), f)
		}
	}
	return s
}
