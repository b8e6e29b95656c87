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

// SourceName returns the configured name.
func (l Loki) SourceName() string { return l.Name }

func (Loki) logs() {}
