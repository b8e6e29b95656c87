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

// CloudWatch is log lines from Amazon CloudWatch Logs.
type CloudWatch struct {
	Name         string        `yaml:"name,required" is:"name" doc:"How the screen and other keys call it; unique."`
	Region       string        `yaml:"region,required" is:"label" doc:"Where the log groups are, such as eu-west-1."`
	Groups       []string      `yaml:"groups,required" is:"label" doc:"The log groups, by name or ARN."`
	URL          string        `yaml:"url" is:"url" doc:"An endpoint of one's own; the region's when empty."`
	AccessKey    Secret        `yaml:"access_key" doc:"The id of a key; without one, the keys that Amazon's own tools use."`
	SecretKey    Secret        `yaml:"secret_key" doc:"The secret of the key."`
	SessionToken Secret        `yaml:"session_token" doc:"The token of a temporary key."`
	Query        string        `yaml:"query" is:"query" doc:"The lines to follow, a filter pattern such as { $.service = \"{{service}}\" }; all when empty."`
	Every        time.Duration `yaml:"every" default:"5s" min:"1s" max:"1h" doc:"How often to ask."`
	Timeout      time.Duration `yaml:"timeout" default:"30s" min:"100ms" max:"5m" doc:"How long one answer may take."`
}

// Journal is log lines from the systemd journal.
type Journal struct {
	Name        string   `yaml:"name,required" is:"name" doc:"How the screen and other keys call it; unique."`
	Argv        []string `yaml:"argv" is:"argv" doc:"How journalctl is started, such as [ssh, web-03, journalctl]; no shell. This machine's own when empty."`
	Units       []string `yaml:"units" is:"label" doc:"Only entries of these units; all when empty."`
	Identifiers []string `yaml:"identifiers" is:"label" doc:"Only entries of these syslog identifiers; all when empty."`
	Priority    string   `yaml:"priority" enum:"emerg,alert,crit,err,warning,notice,info,debug" doc:"The least severe entries to show; all when empty."`
	Directory   string   `yaml:"directory" is:"path" doc:"A directory of journal files, instead of this machine's own."`
	Query       string   `yaml:"query" is:"query" doc:"The query: FIELD=value, then a regular expression; {{service}} and other labels are filled in from the followed page."`
}

// Kubernetes is log lines from the pods of a cluster.
type Kubernetes struct {
	Name       string        `yaml:"name,required" is:"name" doc:"How the screen and other keys call it; unique."`
	Kubeconfig string        `yaml:"kubeconfig" is:"path" doc:"The kubeconfig; $KUBECONFIG or ~/.kube/config when empty, and the pod's own account inside a cluster."`
	Context    string        `yaml:"context" is:"label" doc:"The context in the kubeconfig; the current one when empty."`
	Namespace  string        `yaml:"namespace" is:"label" doc:"The namespace; that of the context when empty."`
	Query      string        `yaml:"query" is:"query" doc:"The pods: a label selector, or a workload such as deployment/checkout; {{service}} and other labels are filled in from the followed page."`
	Containers []string      `yaml:"containers" is:"label" doc:"Only these containers of each pod; all when empty."`
	Timeout    time.Duration `yaml:"timeout" default:"30s" min:"100ms" max:"5m" doc:"How long one answer may take."`
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

// SSHFiles is log lines from files on another host, over the person's own ssh.
type SSHFiles struct {
	Name  string   `yaml:"name,required" is:"name" doc:"How the screen and other keys call it; unique."`
	Host  string   `yaml:"host,required" is:"label" doc:"The host, as ssh is given it."`
	Paths []string `yaml:"paths,required" is:"label" doc:"The files there, whole paths; * and ? stand for what matches there, of which the eight newest are read. Let no pattern match rotated files."`
	Argv  []string `yaml:"argv" is:"argv" doc:"How ssh is started, such as [ssh, -J, bastion]; no shell. Plain ssh when empty."`
}

// SourceName returns the configured name.
func (l SSHFiles) SourceName() string { return l.Name }

func (SSHFiles) logs() {}

// SourceName returns the configured name.
func (l CloudWatch) SourceName() string { return l.Name }

func (CloudWatch) logs() {}

// SourceName returns the configured name.
func (l Journal) SourceName() string { return l.Name }

func (Journal) logs() {}

// SourceName returns the configured name.
func (l Kubernetes) SourceName() string { return l.Name }

func (Kubernetes) logs() {}
