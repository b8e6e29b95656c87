package config

import "time"

// Loki is log lines from Grafana Loki.
type Loki struct {
	Name    string            `yaml:"name,required" is:"name" doc:"How the screen and other keys call it; unique."`
	URL     string            `yaml:"url,required" is:"url" doc:"The address up to, and without, /loki/api/v1."`
	Token   Secret            `yaml:"token" doc:"A bearer token."`
	Basic   *Basic            `yaml:"basic" doc:"A user and password, instead of a token."`
	Headers map[string]string `yaml:"headers" is:"header" doc:"More headers to send, such as X-Scope-OrgID. Not for secrets."`
	Query   string            `yaml:"query,required" is:"query" doc:"The query, LogQL; {{service}} and other labels are filled in from the followed page."`
	Timeout time.Duration     `yaml:"timeout" default:"30s" min:"100ms" max:"5m" doc:"How long one answer may take."`
}

// Elasticsearch is log lines from Elasticsearch or OpenSearch.
type Elasticsearch struct {
	Name         string            `yaml:"name,required" is:"name" doc:"How the screen and other keys call it; unique."`
	URL          string            `yaml:"url,required" is:"url" doc:"The address of the API, not that of Kibana or Dashboards."`
	APIKey       Secret            `yaml:"api_key" doc:"An API key, its id and secret as the store encodes them."`
	Token        Secret            `yaml:"token" doc:"A bearer token."`
	Basic        *Basic            `yaml:"basic" doc:"A user and password, instead of a token."`
	Headers      map[string]string `yaml:"headers" is:"header" doc:"More headers to send, such as X-Scope-OrgID. Not for secrets."`
	Index        string            `yaml:"index,required" is:"label" doc:"The index, alias, data stream or pattern, such as logs-*."`
	Query        string            `yaml:"query" is:"query" doc:"The query, as query_string takes it or JSON; {{service}} and other labels are filled in from the followed page."`
	TimeField    string            `yaml:"time_field" is:"label" doc:"The field of a line's time; a usual one such as @timestamp when empty."`
	MessageField string            `yaml:"message_field" is:"label" doc:"The field of a line's message; a usual one such as message when empty."`
	LevelField   string            `yaml:"level_field" is:"label" doc:"The field of a line's level; a usual one such as log.level when empty."`
	Every        time.Duration     `yaml:"every" default:"2s" min:"1s" max:"1h" doc:"How often to ask."`
	Timeout      time.Duration     `yaml:"timeout" default:"30s" min:"100ms" max:"5m" doc:"How long one answer may take."`
}

// VictoriaLogs is log lines from VictoriaLogs.
type VictoriaLogs struct {
	Name    string            `yaml:"name,required" is:"name" doc:"How the screen and other keys call it; unique."`
	URL     string            `yaml:"url,required" is:"url" doc:"The address up to, and without, /select/logsql."`
	Token   Secret            `yaml:"token" doc:"A bearer token."`
	Basic   *Basic            `yaml:"basic" doc:"A user and password, instead of a token."`
	Headers map[string]string `yaml:"headers" is:"header" doc:"More headers to send, such as X-Scope-OrgID. Not for secrets."`
	Query   string            `yaml:"query" default:"*" is:"query" doc:"The query, LogsQL; {{service}} and other labels are filled in from the followed page."`
	Timeout time.Duration     `yaml:"timeout" default:"30s" min:"100ms" max:"5m" doc:"How long one answer may take."`
}

// SourceName returns the configured name.
func (l Loki) SourceName() string { return l.Name }

func (Loki) logs() {}

// SourceName returns the configured name.
func (l Elasticsearch) SourceName() string { return l.Name }

func (Elasticsearch) logs() {}

// SourceName returns the configured name.
func (l VictoriaLogs) SourceName() string { return l.Name }

func (VictoriaLogs) logs() {}
