package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"

	"conway/internal/board"
	"conway/internal/config"
	"conway/internal/feed"
	"conway/internal/follow"
	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/command"
	"conway/internal/sources/elasticsearch"
	"conway/internal/sources/file"
	"conway/internal/sources/git"
	"conway/internal/sources/github"
	"conway/internal/sources/journald"
	"conway/internal/sources/kubernetes"
	"conway/internal/sources/loki"
	"conway/internal/sources/pagerduty"
	"conway/internal/sources/prometheus"
	"conway/internal/sources/victorialogs"
)

// The request allowances, for sources whose other side counts.
const (
	// pagerDutyPerMinute is what PagerDuty allows one token, over all cockpits.
	pagerDutyPerMinute = 960
	// githubPerMinute is 5,000 an hour, what GitHub allows one user's token.
	githubPerMinute = 83
)

// kinded is a source and the kind of news it brings.
type kinded struct {
	kind string
	sources.Source
}

// sourcesOf makes every configured source. This is the registry: the one list
// of which type is which package. Every secret that a source reads is told to
// learn.
func sourcesOf(cfg config.Config, learn func(string), kinds ...string) ([]kinded, error) {
	w := wiring{cfg: cfg, agent: "conway/" + version, learn: learn}
	for _, k := range kinds {
		switch k {
		case board.KindPages:
			each(&w, k, cfg.Pages, w.pages)
		case board.KindDeploys:
			each(&w, k, cfg.Deploys, w.deploys)
		case board.KindMetrics:
			each(&w, k, cfg.Metrics, w.metrics)
		case board.KindLogs:
			each(&w, k, cfg.Logs, w.logs)
		}
	}
	return w.made, w.err
}

type wiring struct {
	cfg   config.Config
	agent string
	learn func(secret string)
	made  []kinded
	err   error
}

type named interface{ SourceName() string }

func each[C named](w *wiring, kind string, confs []C, make func(C) (sources.Source, error)) {
	for _, c := range confs {
		s, err := make(c)
		if err != nil {
			if w.err == nil {
				w.err = usage(fmt.Errorf("%s: %w", c.SourceName(), err))
			}
			continue
		}
		w.made = append(w.made, kinded{kind, s})
	}
}

// secret is the bridge from the config's reference to a source's question.
func (w *wiring) secret(s config.Secret) sources.Secret {
	if s.IsZero() {
		return nil
	}
	return func(ctx context.Context) (string, error) {
		value, err := s.Read(ctx)
		w.learn(value)
		return value, err
	}
}

func (w *wiring) pages(c config.PageSource) (sources.Source, error) {
	switch c := c.(type) {
	case config.PagerDuty:
		from := c.From
		if from == "" {
			from = w.cfg.Me.Email
		}
		return pagerduty.New(pagerduty.Options{
			Name: c.Name, URL: c.URL, Token: w.secret(c.Token), OAuth: c.OAuth, From: from, Scope: pagerduty.Scope(c.Scope),
			TeamIDs: c.Teams, Every: c.Every, UserAgent: w.agent,
			Budget: feed.NewBudget(feed.BudgetOptions{PerMinute: pagerDutyPerMinute, Burst: 20}),
		})
	}
	return nil, fmt.Errorf("no source for %T", c)
}

func (w *wiring) deploys(c config.DeploySource) (sources.Source, error) {
	switch c := c.(type) {
	case config.GitHub:
		return github.New(github.Options{
			Name: c.Name, URL: c.URL, Token: w.secret(c.Token), Repos: c.Repos, Environment: c.Environment,
			Every: c.Every, UserAgent: w.agent,
			Budget: feed.NewBudget(feed.BudgetOptions{PerMinute: githubPerMinute, Burst: 60}),
		})
	case config.DeployFile:
		return file.NewDeploys(file.DeployOptions{Name: c.Name, Path: c.Path})
	case config.Git:
		return git.New(git.Options{Name: c.Name, Path: c.Path, Pattern: c.Pattern, Every: c.Every})
	}
	return nil, fmt.Errorf("no source for %T", c)
}

func (w *wiring) metrics(c config.MetricSource) (sources.Source, error) {
	switch c := c.(type) {
	case config.Prometheus:
		o := prometheus.Options{Name: c.Name, URL: c.URL, Every: c.Every, Timeout: c.Timeout, Header: http.Header{}, UserAgent: w.agent}
		for k, v := range c.Headers {
			o.Header.Set(k, v)
		}
		switch {
		case !c.Token.IsZero():
			o.Authorize = bearer(w.secret(c.Token))
		case c.Basic != nil:
			o.Authorize = basic(c.Basic.User, w.secret(c.Basic.Password))
		}
		return prometheus.New(o)
	}
	return nil, fmt.Errorf("no source for %T", c)
}

func bearer(s sources.Secret) func(*http.Request) error {
	return func(r *http.Request) error {
		v, err := s(r.Context())
		if err == nil {
			r.Header.Set("Authorization", "Bearer "+v)
		}
		return err
	}
}

func basic(user string, s sources.Secret) func(*http.Request) error {
	return func(r *http.Request) error {
		v, err := s(r.Context())
		if err == nil {
			r.SetBasicAuth(user, v)
		}
		return err
	}
}

func (w *wiring) logs(c config.LogSource) (sources.Source, error) {
	switch c := c.(type) {
	case config.LogFile:
		return file.NewLogs(file.LogOptions{Name: c.Name, Paths: c.Paths})
	case config.LogCommand:
		return command.New(command.Options{Name: c.Name, Argv: c.Argv, Env: childEnv(w.cfg)})
	case config.Loki:
		s, err := loki.New(loki.Options{
			Name: c.Name, URL: c.URL, Authorize: w.authorize(c.Token, c.Basic), Header: headers(c.Headers),
			Query: plain(c.Query), Timeout: c.Timeout, UserAgent: w.agent,
		})
		return pointed(s, err, c.Query)
	case config.Elasticsearch:
		authorize := w.authorize(c.Token, c.Basic)
		if !c.APIKey.IsZero() {
			authorize = scheme("ApiKey", w.secret(c.APIKey))
		}
		s, err := elasticsearch.New(elasticsearch.Options{
			Name: c.Name, URL: c.URL, Authorize: authorize, Header: headers(c.Headers), Index: c.Index,
			Query: plain(c.Query), TimeField: c.TimeField, MessageField: c.MessageField, LevelField: c.LevelField,
			Every: c.Every, Timeout: c.Timeout, UserAgent: w.agent,
		})
		return pointed(s, err, c.Query)
	case config.VictoriaLogs:
		s, err := victorialogs.New(victorialogs.Options{
			Name: c.Name, URL: c.URL, Authorize: w.authorize(c.Token, c.Basic), Header: headers(c.Headers),
			Query: plain(c.Query), Timeout: c.Timeout, UserAgent: w.agent,
		})
		return pointed(s, err, c.Query)
	case config.Journal:
		s, err := journald.New(journald.Options{
			Name: c.Name, Argv: c.Argv, Units: c.Units, Identifiers: c.Identifiers, Priority: c.Priority,
			Directory: c.Directory, Query: plain(c.Query), Env: childEnv(w.cfg),
		})
		return pointed(s, err, c.Query)
	case config.Kubernetes:
		s, err := kubernetes.New(kubernetes.Options{
			Name: c.Name, Kubeconfig: c.Kubeconfig, Context: c.Context, Namespace: c.Namespace, Query: plain(c.Query),
			Containers: c.Containers, Timeout: c.Timeout, UserAgent: w.agent, Environ: childEnv(w.cfg), Learn: w.learn,
		})
		return pointed(s, err, c.Query)
	}
	return nil, fmt.Errorf("no source for %T", c)
}

// authorize returns what sets a credential on a request, or nil for none.
func (w *wiring) authorize(token config.Secret, b *config.Basic) func(*http.Request) error {
	switch {
	case !token.IsZero():
		return bearer(w.secret(token))
	case b != nil:
		return basic(b.User, w.secret(b.Password))
	}
	return nil
}

func headers(h map[string]string) http.Header {
	out := http.Header{}
	for k, v := range h {
		out.Set(k, v)
	}
	return out
}

// scheme sends a credential under a scheme of its own.
func scheme(name string, s sources.Secret) func(*http.Request) error {
	return func(r *http.Request) error {
		v, err := s(r.Context())
		if err == nil {
			r.Header.Set("Authorization", name+" "+v)
		}
		return err
	}
}

// plain returns a query that can be asked as it is, empty for one with places that
// a page fills.
func plain(query string) string {
	if strings.Contains(query, "{{") {
		return ""
	}
	return query
}

// pointed points a log store at its query, when no page has to fill that first.
func pointed[S interface {
	sources.Source
	sources.Tailer
}](s S, err error, query string) (sources.Source, error) {
	if err != nil {
		return nil, err
	}
	if plain(query) == query {
		s.Follow(oncall.LogQuery{Query: query})
	}
	return s, nil
}

// childEnv is the environment of the programs that are started: this one's own
// without any credential, whatever the variable is called.
func childEnv(cfg config.Config) []string {
	names := cfg.SecretVariables()
	return slices.DeleteFunc(command.Env(os.Environ()), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return slices.Contains(names, name)
	})
}

// servicesOf turns the config's map into the one that panes follow.
func servicesOf(cfg config.Config) follow.Map {
	var out []follow.Service
	for name, s := range cfg.Services {
		out = append(out, follow.Service{
			Name: name, Owner: s.Owner, PagerDuty: s.PagerDuty, Labels: s.Labels,
			Repos: s.Repos, DependsOn: s.DependsOn, Runbooks: s.Runbooks,
		})
	}
	return follow.NewMap(sorted(out, func(s follow.Service) string { return s.Name }))
}

func panelsOf(cfg config.Config) []follow.Panel {
	out := make([]follow.Panel, 0, len(cfg.Panels))
	for _, p := range cfg.Panels {
		out = append(out, follow.Panel{Title: p.Title, Source: p.Source, Query: p.Query, Unit: p.Unit, Warn: p.Warn, Critical: p.Critical})
	}
	return out
}
