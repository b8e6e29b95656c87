package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"conway/internal/config"
	"conway/internal/feed"
	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/cloudwatch"
	"conway/internal/sources/command"
	"conway/internal/sources/elasticsearch"
	"conway/internal/sources/file"
	"conway/internal/sources/journald"
	"conway/internal/sources/kubernetes"
	"conway/internal/sources/loki"
	"conway/internal/sources/lookback"
	"conway/internal/sources/s3parquet"
	"conway/internal/sources/splunk"
	"conway/internal/sources/ssh"
	"conway/internal/sources/sumologic"
	"conway/internal/sources/trino"
	"conway/internal/sources/victorialogs"
)

func (w *wiring) logs(c config.LogSource) (sources.Source, error) {
	switch c := c.(type) {
	case config.LogFile:
		return w.logFiles(c)
	case config.SSHFiles:
		return ssh.New(ssh.Options{Name: c.Name, Host: c.Host, Paths: c.Paths, Argv: c.Argv, Env: childEnv(w.cfg)})
	case config.LogCommand:
		return command.New(command.Options{Name: c.Name, Argv: c.Argv, Env: childEnv(w.cfg)})
	case config.Splunk:
		s, err := w.splunk(c)
		return pointed(s, err, c.Query)
	case config.SumoLogic:
		s, err := sumologic.New(sumologic.Options{
			Name: c.Name, URL: c.URL, Version: c.Version, ID: c.AccessID, Key: w.secret(c.AccessKey), Every: c.Every,
			UserAgent: w.agent, Budget: w.shared("sumologic "+c.AccessID, sumologic.PerMinute, sumologic.Burst),
		})
		return pointed(s, err, c.Query)
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
	case config.CloudWatch:
		s, err := w.cloudWatch(c)
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
	case config.LogLake:
		s, err := w.lake(c)
		return pointed(s, err, c.Query)
	case config.Trino:
		s, err := trino.New(trino.Options{
			Name: c.Name, URL: c.URL, User: c.User, Table: c.Table, Time: c.Columns.Time, Message: c.Columns.Message,
			Level: c.Columns.Level, Origin: c.Columns.Origin, Unit: trino.Unit(c.Columns.Unit), Date: c.Columns.Date,
			Every: c.Every, Timeout: c.Timeout, UserAgent: w.agent, Authorize: w.authorize(c.Token, c.Basic),
		})
		return pointed(s, err, c.Query)
	}
	return nil, fmt.Errorf("no source for %T", c)
}

// searchedFiles are log files that are followed and can be searched.
type searchedFiles struct {
	*file.Logs

	past *lookback.Files
}

var (
	_ sources.Searcher  = searchedFiles{}
	_ sources.Estimator = searchedFiles{}
)

// Search finds the newest lines that hold the query's text, in rotated files too.
func (s searchedFiles) Search(ctx context.Context, q oncall.LogQuery, found func(oncall.LogPart)) (oncall.LogFound, error) {
	return s.past.Search(ctx, q, found)
}

// Estimate says how much a search reads at most.
func (s searchedFiles) Estimate(ctx context.Context, q oncall.LogQuery) (oncall.LogCost, error) {
	return s.past.Estimate(ctx, q)
}

func (w *wiring) logFiles(c config.LogFile) (sources.Source, error) {
	tail, err := file.NewLogs(file.LogOptions{Name: c.Name, Paths: c.Paths, Turn: &w.turn, Aside: w.aside})
	if err != nil {
		return nil, err
	}
	past, err := lookback.New(c.Name, c.Paths)
	if err != nil {
		return nil, err
	}
	return searchedFiles{Logs: tail, past: past}, nil
}

func (w *wiring) cloudWatch(c config.CloudWatch) (*cloudwatch.Source, error) {
	return cloudwatch.New(cloudwatch.Options{
		Name: c.Name, Region: c.Region, URL: c.URL, Groups: c.Groups,
		AccessKey: w.secret(c.AccessKey), SecretKey: w.secret(c.SecretKey), Session: w.secret(c.SessionToken),
		Query: plain(c.Query), Every: c.Every, Timeout: c.Timeout, UserAgent: w.agent,
		Budget: w.shared("cloudwatch "+c.Region, cloudwatch.PerMinute, cloudwatch.Burst),
	})
}

func (w *wiring) lake(c config.LogLake) (*s3parquet.Lake, error) {
	o := s3parquet.Options{
		Name: c.Name, URL: c.URL, Region: c.Region, Bucket: c.Bucket, Prefix: c.Prefix, Path: c.Path,
		AccessKey: w.secret(c.AccessKey), SecretKey: w.secret(c.SecretKey), Session: w.secret(c.SessionToken), Anonymous: c.Anonymous,
		Fields: c.Fields, Every: c.Every, Beside: c.Beside, UserAgent: w.agent,
	}
	if m := c.Columns; m != nil {
		o.Columns = s3parquet.Columns{Time: m.Time, Message: m.Message, Level: m.Level, Service: m.Service, Host: m.Host, Trace: m.Trace}
	}
	return s3parquet.New(o)
}

func (w *wiring) splunk(c config.Splunk) (*splunk.Source, error) {
	cas, err := sources.CAFile(c.CA)
	if err != nil {
		return nil, err
	}
	o := splunk.Options{
		Name: c.Name, URL: c.URL, App: c.App, Token: w.secret(c.Token), Session: c.Session, CAs: cas,
		Every: c.Every, Timeout: c.Timeout, UserAgent: w.agent,
	}
	if c.Basic != nil {
		o.User, o.Password = c.Basic.User, w.secret(c.Basic.Password)
	}
	return splunk.New(o)
}

// shared returns the one budget of a user.
func (w *wiring) shared(user string, perMinute, burst int) sources.Budget {
	if w.budgets == nil {
		w.budgets = map[string]sources.Budget{}
	}
	if w.budgets[user] == nil {
		w.budgets[user] = feed.NewBudget(feed.BudgetOptions{PerMinute: perMinute, Burst: burst})
	}
	return w.budgets[user]
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

// configured is the scope of a store's query as the config has it, before anything
// is followed. It has a name so that these lines are let go, and not shown beside
// themselves, once the cockpit points the store at what it follows.
const configured = "as configured"

// pointed points a log store at its query, when no page has to fill that first.
func pointed[S interface {
	sources.Source
	sources.Tailer
}](s S, err error, query string) (sources.Source, error) {
	if err != nil {
		return nil, err
	}
	if plain(query) == query {
		s.Follow(oncall.LogQuery{Scope: configured, Query: query})
	}
	return s, nil
}
