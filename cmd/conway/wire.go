package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"

	"conway/internal/board"
	"conway/internal/config"
	"conway/internal/feed"
	"conway/internal/follow"
	"conway/internal/owners"
	"conway/internal/sources"
	"conway/internal/sources/alertmanager"
	"conway/internal/sources/command"
	"conway/internal/sources/file"
	"conway/internal/sources/git"
	"conway/internal/sources/github"
	"conway/internal/sources/pagerduty"
	"conway/internal/sources/prometheus"
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
// learn, and work that takes a while calls aside in between. The book says whose the
// files are that a deploy changed.
func sourcesOf(cfg config.Config, book owners.Book, learn func(string), aside func(), kinds ...string) ([]kinded, error) {
	w := &wiring{cfg: cfg, agent: "conway/" + version, book: book, learn: learn, aside: aside}
	for _, k := range kinds {
		switch k {
		case board.KindPages:
			each(w, k, cfg.Pages, w.pages)
		case board.KindDeploys:
			each(w, k, cfg.Deploys, w.deploys)
		case board.KindMetrics:
			each(w, k, cfg.Metrics, w.metrics)
		case board.KindLogs:
			each(w, k, cfg.Logs, w.logs)
		}
	}
	return w.made, w.err
}

type wiring struct {
	cfg   config.Config
	agent string
	book  owners.Book
	learn func(secret string)
	aside func()
	made  []kinded
	err   error
	// budgets are shared by all sources of one user.
	budgets map[string]sources.Budget
	// turn lets one log file that floods work at a time.
	turn sync.Mutex
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
	case config.Alertmanager:
		return alertmanager.New(alertmanager.Options{
			Name: c.Name, URL: c.URL, Authorize: w.authorize(c.Token, c.Basic), Header: headers(c.Headers),
			Filter: c.Filter, Receiver: c.Receiver, From: c.From, Every: c.Every, UserAgent: w.agent,
		})
	}
	return nil, fmt.Errorf("no source for %T", c)
}

func (w *wiring) deploys(c config.DeploySource) (sources.Source, error) {
	switch c := c.(type) {
	case config.GitHub:
		return github.New(github.Options{
			Name: c.Name, URL: c.URL, Token: w.secret(c.Token), Repos: c.Repos, Environment: c.Environment,
			Every: c.Every, UserAgent: w.agent, Owners: w.book,
			Budget: feed.NewBudget(feed.BudgetOptions{PerMinute: githubPerMinute, Burst: 60}),
		})
	case config.DeployFile:
		return file.NewDeploys(file.DeployOptions{Name: c.Name, Path: c.Path})
	case config.Git:
		return git.New(git.Options{Name: c.Name, Path: c.Path, Pattern: c.Pattern, Every: c.Every, Owners: w.book})
	}
	return nil, fmt.Errorf("no source for %T", c)
}

func (w *wiring) metrics(c config.MetricSource) (sources.Source, error) {
	switch c := c.(type) {
	case config.Prometheus:
		return prometheus.New(prometheus.Options{
			Name: c.Name, URL: c.URL, Every: c.Every, Timeout: c.Timeout, Authorize: w.authorize(c.Token, c.Basic), Header: headers(c.Headers), UserAgent: w.agent,
		})
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

// childEnv is the environment of the programs that are started: this one's own
// without any credential, whatever the variable is called.
func childEnv(cfg config.Config) []string {
	names := cfg.SecretVariables()
	return slices.DeleteFunc(command.Env(os.Environ()), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return slices.Contains(names, name)
	})
}

// servicesOf turns the config's map into the one that panes follow. Who owns a
// service for which the config does not say, the book may.
func servicesOf(cfg config.Config, book owners.Book) follow.Map {
	var out []follow.Service
	for name, s := range cfg.Services {
		one := follow.Service{
			Name: name, PagerDuty: s.PagerDuty, Labels: s.Labels,
			Repos: s.Repos, DependsOn: s.DependsOn, Runbooks: s.Runbooks,
		}
		if s.Owner != "" {
			one.Owner, one.OwnerSource, one.OwnerConfidence = s.Owner, ownerSourceConfig, ownerByConfig
		} else if claim, ok := book.Of(owned(one)); ok {
			one.Owner, one.OwnerSource, one.OwnerConfidence = claim.Team, string(claim.Source), claim.Source.Confidence()
		}
		out = append(out, one)
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

// templatesOf returns what the log stores are asked for about the followed page.
func templatesOf(cfg config.Config) []follow.LogTemplate {
	var out []follow.LogTemplate
	for _, c := range cfg.Logs {
		if lang, query, ok := askedOf(c); ok {
			out = append(out, follow.LogTemplate{Source: c.SourceName(), Lang: lang, Query: query})
		}
	}
	return out
}

// textsOf returns the sources of logs that are not pointed at the followed page, and
// that can be searched for a text.
func textsOf(cfg config.Config) []follow.LogTemplate {
	var out []follow.LogTemplate
	for _, c := range cfg.Logs {
		switch c := c.(type) {
		case config.LogFile, config.SSHFiles:
			out = append(out, follow.LogTemplate{Source: c.SourceName(), Lang: follow.Literal})
		}
	}
	return out
}

// askedOf returns a log store's query and its language, and false for a source
// that follows nothing: the one list of which store speaks what.
func askedOf(c config.LogSource) (follow.Lang, string, bool) {
	switch c := c.(type) {
	case config.Splunk:
		return follow.SPL, c.Query, true
	case config.SumoLogic:
		return follow.Sumo, c.Query, true
	case config.Loki:
		return follow.LogQL, c.Query, true
	case config.Elasticsearch:
		return follow.Lucene, c.Query, true
	case config.VictoriaLogs:
		return follow.LogsQL, c.Query, true
	case config.CloudWatch:
		return follow.CloudWatch, c.Query, true
	case config.Journal:
		return follow.Grep, c.Query, true
	case config.Kubernetes:
		return follow.Label, c.Query, true
	case config.LogLake:
		return follow.Parquet, c.Query, true
	case config.Trino:
		return follow.SQL, c.Query, true
	case config.LogFile, config.LogCommand, config.SSHFiles:
	}
	return follow.Literal, "", false
}
