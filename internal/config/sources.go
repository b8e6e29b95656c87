package config

import (
	"reflect"
	"time"
)

// PageSource is one entry of pages. The set is sealed: PagerDuty.
type PageSource interface {
	// SourceName returns the configured name, unique among all sources.
	SourceName() string
	pages()
}

// DeploySource is one entry of deploys. The set is sealed: GitHub, DeployFile
// and Git.
type DeploySource interface {
	// SourceName returns the configured name, unique among all sources.
	SourceName() string
	deploys()
}

// MetricSource is one entry of metrics. The set is sealed: Prometheus.
type MetricSource interface {
	// SourceName returns the configured name, unique among all sources.
	SourceName() string
	metrics()
}

// LogSource is one entry of logs. The set is sealed: LogFile, LogCommand, Splunk,
// SumoLogic, LogLake, Trino and those of logsources.go.
type LogSource interface {
	// SourceName returns the configured name, unique among all sources.
	SourceName() string
	logs()
}

// The values of PagerDuty.Scope.
const (
	// ScopeMine is the pages assigned to the person at this screen.
	ScopeMine = "mine"
	// ScopeTeams is the pages of some teams.
	ScopeTeams = "teams"
	// ScopeAll is every open page that the token can see.
	ScopeAll = "all"
)

// PagerDuty is pages from PagerDuty.
type PagerDuty struct {
	Name  string        `yaml:"name,required" is:"name" doc:"How the screen and other keys call it; unique."`
	URL   string        `yaml:"url" is:"url" default:"https://api.pagerduty.com" doc:"The API; https://api.eu.pagerduty.com in the EU."`
	Token Secret        `yaml:"token,required" doc:"An API key, a user's own if notes are to carry their name."`
	OAuth bool          `yaml:"oauth" default:"false" doc:"The token is an OAuth token."`
	From  string        `yaml:"from" is:"email" doc:"The address that actions are done as; me.email when empty."`
	Scope string        `yaml:"scope" default:"mine" enum:"mine,teams,all" doc:"Whose pages to show."`
	Teams []string      `yaml:"teams" is:"label" doc:"The ids of the teams, for scope teams."`
	Every time.Duration `yaml:"every" default:"10s" min:"1s" max:"1h" doc:"How often to ask."`
}

// GitHub is deploys from GitHub's deployments.
type GitHub struct {
	Name        string        `yaml:"name,required" is:"name" doc:"How the screen and other keys call it; unique."`
	URL         string        `yaml:"url" is:"url" default:"https://api.github.com" doc:"The API; https://HOST/api/v3 for an Enterprise Server."`
	Token       Secret        `yaml:"token" doc:"A token that may read deployments; without one GitHub answers 60 requests an hour."`
	Repos       []string      `yaml:"repos,required" is:"slug" doc:"The repositories, owner/name."`
	Environment string        `yaml:"environment" is:"label" doc:"Only deploys to this environment, by GitHub's name; all when empty."`
	Every       time.Duration `yaml:"every" default:"1m" min:"1s" max:"24h" doc:"How often to ask."`
}

// DeployFile is deploys from a file to which a pipeline appends JSON lines.
type DeployFile struct {
	Name string `yaml:"name,required" is:"name" doc:"How the screen and other keys call it; unique."`
	Path string `yaml:"path,required" is:"path" doc:"The file, one JSON object a line."`
}

// Git is deploys from the tags of a local repository.
type Git struct {
	Name    string        `yaml:"name,required" is:"name" doc:"How the screen and other keys call it; unique."`
	Path    string        `yaml:"path,required" is:"path" doc:"The repository."`
	Pattern string        `yaml:"pattern" is:"pattern" doc:"Only tags that match, such as release-*; all when empty."`
	Every   time.Duration `yaml:"every" default:"30s" min:"1s" max:"24h" doc:"How often to look."`
}

// Prometheus is metrics from Prometheus or anything that speaks its API.
type Prometheus struct {
	Name    string            `yaml:"name,required" is:"name" doc:"How the screen and other keys call it; unique."`
	URL     string            `yaml:"url,required" is:"url" doc:"The address up to, and without, /api/v1."`
	Token   Secret            `yaml:"token" doc:"A bearer token."`
	Basic   *Basic            `yaml:"basic" doc:"A user and password, instead of a token."`
	Headers map[string]string `yaml:"headers" is:"header" doc:"More headers to send, such as X-Scope-OrgID. Not for secrets."`
	Every   time.Duration     `yaml:"every" default:"15s" min:"1s" max:"1h" doc:"How often to ask."`
	Timeout time.Duration     `yaml:"timeout" default:"10s" min:"100ms" max:"2m" doc:"How long one answer may take."`
}

// Basic is a user and password for HTTP basic authentication.
type Basic struct {
	User     string `yaml:"user,required" doc:"The user."`
	Password Secret `yaml:"password,required" doc:"The password."`
}

// LogFile is log lines from files, followed as they grow and rotate.
type LogFile struct {
	Name  string   `yaml:"name,required" is:"name" doc:"How the screen and other keys call it; unique."`
	Paths []string `yaml:"paths,required" is:"glob" doc:"The files; * and ? match names."`
}

// LogCommand is log lines from a command that prints them.
type LogCommand struct {
	Name string   `yaml:"name,required" is:"name" doc:"How the screen and other keys call it; unique."`
	Argv []string `yaml:"argv,required" is:"argv" doc:"The program and its arguments; no shell."`
}

// Splunk is log lines from a Splunk.
type Splunk struct {
	Name    string        `yaml:"name,required" is:"name" doc:"How the screen and other keys call it; unique."`
	URL     string        `yaml:"url,required" is:"url" doc:"The management port, such as https://splunk.example.com:8089."`
	Token   Secret        `yaml:"token" doc:"An authentication token."`
	Basic   *Basic        `yaml:"basic" doc:"A user and password, instead of a token."`
	Session bool          `yaml:"session" default:"false" doc:"Log in once with basic, and send the session's key instead."`
	CA      string        `yaml:"ca" is:"path" doc:"A PEM file with the authority that signed the server's certificate."`
	App     string        `yaml:"app" is:"label" doc:"The app in whose context to search; the user's own when empty."`
	Query   string        `yaml:"query,required" is:"query" doc:"What to follow, in SPL; {{service}} and other labels are filled in from the page."`
	Every   time.Duration `yaml:"every" default:"5s" min:"1s" max:"1h" doc:"How often to ask; each time is a search."`
	Timeout time.Duration `yaml:"timeout" default:"30s" min:"1s" max:"10m" doc:"How long one answer may be silent."`
}

// SumoLogic is log lines from a Sumo Logic account.
type SumoLogic struct {
	Name      string        `yaml:"name,required" is:"name" doc:"How the screen and other keys call it; unique."`
	URL       string        `yaml:"url" is:"url" default:"https://api.sumologic.com/api" doc:"The API of the account's deployment, such as https://api.eu.sumologic.com/api."`
	Version   string        `yaml:"version" default:"v1" enum:"v1,v2" doc:"The version of the API."`
	AccessID  string        `yaml:"access_id,required" is:"label" doc:"The id of an access key."`
	AccessKey Secret        `yaml:"access_key,required" doc:"The access key."`
	Query     string        `yaml:"query,required" is:"query" doc:"What to follow, in Sumo Logic's language; {{service}} and other labels are filled in from the page."`
	Every     time.Duration `yaml:"every" default:"15s" min:"5s" max:"1h" doc:"How often to ask; each time is a search job."`
}

// LogLake is log lines from Parquet files in S3, or in a local folder.
type LogLake struct {
	Name         string        `yaml:"name,required" is:"name" doc:"How the screen and other keys call it; unique."`
	Bucket       string        `yaml:"bucket" is:"label" doc:"The bucket; without one, path."`
	Prefix       string        `yaml:"prefix" is:"label" doc:"The folder of the lake in the bucket, above those that are named by date."`
	Path         string        `yaml:"path" is:"path" doc:"The local folder of the lake, instead of a bucket."`
	URL          string        `yaml:"url" is:"url" doc:"The S3 API of a store that is not Amazon's."`
	Region       string        `yaml:"region" default:"us-east-1" is:"label" doc:"The region that requests are signed for."`
	AccessKey    Secret        `yaml:"access_key" doc:"The id of a key; without one, the keys that Amazon's own tools use."`
	SecretKey    Secret        `yaml:"secret_key" doc:"The secret of the key."`
	SessionToken Secret        `yaml:"session_token" doc:"The token of a temporary key."`
	Anonymous    bool          `yaml:"anonymous" default:"false" doc:"Sign nothing, for public data."`
	Query        string        `yaml:"query" is:"query" doc:"The lines to follow, such as service=\"{{service}}\" level>=warn; all when empty."`
	Columns      *LakeColumns  `yaml:"columns" doc:"The columns that mean something, nested ones with dots; guessed when empty."`
	Fields       []string      `yaml:"fields" is:"label" doc:"The other columns to show; all when empty, unless there are more than 40."`
	Every        time.Duration `yaml:"every" default:"30s" min:"1s" max:"1h" doc:"How often to look for new files."`
	Beside       time.Duration `yaml:"beside" default:"1h" min:"1m" max:"48h" doc:"How far rows may lie beside the time that their folder names."`
}

// LakeColumns names columns of a lake.
type LakeColumns struct {
	Time    string `yaml:"time" is:"label" doc:"When it happened."`
	Message string `yaml:"message" is:"label" doc:"What a person reads first."`
	Level   string `yaml:"level" is:"label" doc:"How severe it is, a word or a number."`
	Service string `yaml:"service" is:"label" doc:"The service that wrote it."`
	Host    string `yaml:"host" is:"label" doc:"The host or pod that it ran on."`
	Trace   string `yaml:"trace" is:"label" doc:"The trace that it belongs to."`
}

// Trino is log lines from a table, through Trino.
type Trino struct {
	Name    string        `yaml:"name,required" is:"name" doc:"How the screen and other keys call it; unique."`
	URL     string        `yaml:"url,required" is:"url" doc:"The coordinator."`
	User    string        `yaml:"user,required" is:"label" doc:"Whom the engine sees."`
	Token   Secret        `yaml:"token" doc:"A bearer token."`
	Basic   *Basic        `yaml:"basic" doc:"A user and password, instead of a token."`
	Table   string        `yaml:"table,required" is:"label" doc:"The table, catalog.schema.table."`
	Columns TrinoColumns  `yaml:"columns,required" doc:"The columns that mean something."`
	Query   string        `yaml:"query" is:"query" doc:"The rows to follow, a condition such as service = '{{service}}'; all when empty."`
	Every   time.Duration `yaml:"every" default:"30s" min:"1s" max:"1h" doc:"How often to ask."`
	Timeout time.Duration `yaml:"timeout" default:"10s" min:"100ms" max:"2m" doc:"How long one answer may take; a search takes many."`
}

// TrinoColumns names columns of a table.
type TrinoColumns struct {
	Time    string `yaml:"time,required" is:"label" doc:"When it happened."`
	Message string `yaml:"message,required" is:"label" doc:"What a person reads first."`
	Level   string `yaml:"level" is:"label" doc:"How severe it is."`
	Origin  string `yaml:"origin" is:"label" doc:"What wrote it, such as a service or host."`
	Unit    string `yaml:"unit" default:"timestamp" enum:"timestamp,s,ms,us,ns" doc:"What the time is: a timestamp, or a number since 1970."`
	Date    string `yaml:"date" is:"label" doc:"The day that the table is parted by, 2026-03-02; without it, a search reads all."`
}

// SourceName returns the configured name.
func (p PagerDuty) SourceName() string { return p.Name }

// SourceName returns the configured name.
func (g GitHub) SourceName() string { return g.Name }

// SourceName returns the configured name.
func (f DeployFile) SourceName() string { return f.Name }

// SourceName returns the configured name.
func (g Git) SourceName() string { return g.Name }

// SourceName returns the configured name.
func (p Prometheus) SourceName() string { return p.Name }

// SourceName returns the configured name.
func (f LogFile) SourceName() string { return f.Name }

// SourceName returns the configured name.
func (c LogCommand) SourceName() string { return c.Name }

// SourceName returns the configured name.
func (s Splunk) SourceName() string { return s.Name }

// SourceName returns the configured name.
func (s SumoLogic) SourceName() string { return s.Name }

// SourceName returns the configured name.
func (l LogLake) SourceName() string { return l.Name }

// SourceName returns the configured name.
func (t Trino) SourceName() string { return t.Name }

func (PagerDuty) pages()    {}
func (GitHub) deploys()     {}
func (DeployFile) deploys() {}
func (Git) deploys()        {}
func (Prometheus) metrics() {}
func (LogFile) logs()       {}
func (LogCommand) logs()    {}
func (Splunk) logs()        {}
func (SumoLogic) logs()     {}
func (LogLake) logs()       {}
func (Trino) logs()         {}

// variant is one type of source that a list can hold.
type variant struct {
	name string
	typ  reflect.Type
}

// variants returns the key of a list of sources and the types it can hold, or
// nothing when t is no interface of sources.
func variants(t reflect.Type) (list string, types []variant) {
	switch t {
	case reflect.TypeFor[PageSource]():
		return "pages", []variant{{"pagerduty", reflect.TypeFor[PagerDuty]()}}
	case reflect.TypeFor[DeploySource]():
		return "deploys", []variant{
			{"github", reflect.TypeFor[GitHub]()},
			{"file", reflect.TypeFor[DeployFile]()},
			{"git", reflect.TypeFor[Git]()},
		}
	case reflect.TypeFor[MetricSource]():
		return "metrics", []variant{{"prometheus", reflect.TypeFor[Prometheus]()}}
	case reflect.TypeFor[LogSource]():
		return "logs", []variant{
			{"file", reflect.TypeFor[LogFile]()},
			{"ssh", reflect.TypeFor[SSHFiles]()},
			{"command", reflect.TypeFor[LogCommand]()},
			{"splunk", reflect.TypeFor[Splunk]()},
			{"sumologic", reflect.TypeFor[SumoLogic]()},
			{"loki", reflect.TypeFor[Loki]()},
			{"elasticsearch", reflect.TypeFor[Elasticsearch]()},
			{"victorialogs", reflect.TypeFor[VictoriaLogs]()},
			{"cloudwatch", reflect.TypeFor[CloudWatch]()},
			{"journald", reflect.TypeFor[Journal]()},
			{"kubernetes", reflect.TypeFor[Kubernetes]()},
			{"parquet", reflect.TypeFor[LogLake]()},
			{"trino", reflect.TypeFor[Trino]()},
		}
	}
	return "", nil
}
