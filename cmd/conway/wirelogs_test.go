package main

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"conway/internal/board"
	"conway/internal/config"
	"conway/internal/oncall"
	"conway/internal/owners"
	"conway/internal/sources"
	"conway/internal/sources/splunk/splunktest"
)

// TestLogStores makes a source of each kind of log store, with each way to log in.
func TestLogStores(t *testing.T) {
	cfg, err := config.Parse("config.yaml", []byte(`
logs:
  - {type: loki, name: loki, url: http://127.0.0.1:3100, token: {env: T}, headers: {X-Scope-OrgID: prod}, query: '{app="{{service}}"}'}
  - {type: elasticsearch, name: es, url: https://127.0.0.1:9200, api_key: {env: T}, index: logs-*}
  - {type: elasticsearch, name: os, url: https://127.0.0.1:9201, basic: {user: ana, password: {env: T}}, index: logs-*, query: 'level:error'}
  - {type: victorialogs, name: vl, url: http://127.0.0.1:9428}
  - {type: cloudwatch, name: cw, region: eu-west-1, groups: [/aws/lambda/checkout], access_key: {env: T}, secret_key: {env: T}, query: ERROR}
  - {type: journald, name: units, units: [checkout.service], priority: warning}
  - {type: kubernetes, name: pods, namespace: shop, query: deployment/checkout}
`), config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	made, err := sourcesOf(cfg, owners.Book{}, func(string) {}, func() {}, board.KindLogs)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"loki", "es", "os", "vl", "cw", "units", "pods"}
	if len(made) != len(want) {
		t.Fatalf("%d sources were made, want %d", len(made), len(want))
	}
	for i, s := range made {
		if s.Name() != want[i] || s.kind != board.KindLogs {
			t.Errorf("source %d is %q of kind %s, want %q", i, s.Name(), s.kind, want[i])
		}
		if _, ok := s.Source.(sources.Tailer); !ok {
			t.Errorf("%s cannot be pointed at a page", s.Name())
		}
		if _, ok := s.Source.(sources.Searcher); !ok {
			t.Errorf("%s cannot be searched", s.Name())
		}
	}
}

func TestQueriesWithPlacesWaitForAPage(t *testing.T) {
	for query, want := range map[string]string{"": "", "level:error": "level:error", `{app="{{service}}"}`: ""} {
		if got := plain(query); got != want {
			t.Errorf("without a page %q is asked as %q, want %q", query, got, want)
		}
	}
}

// TestConfiguredLinesAreLetGo follows a page once a store has answered its query as
// the config has it: what it brings then it brings again, and is shown once.
func TestConfiguredLinesAreLetGo(t *testing.T) {
	spl := splunktest.New(splunktest.Options{})
	spl.Add(splunktest.Event{Time: time.Now().Add(-time.Minute), Raw: "card expired", Index: "prod"})
	splunk := httptest.NewServer(spl)
	defer splunk.Close()
	cfg, err := config.Parse("config.yaml", fmt.Appendf(nil,
		"logs: [{type: splunk, name: s, url: %q, token: {file: %q}, query: index=prod}]", splunk.URL, write(t, "key", "k")), config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	made, err := sourcesOf(cfg, owners.Book{}, func(string) {}, func() {}, board.KindLogs)
	if err != nil || len(made) != 1 {
		t.Fatalf("%d sources: %v", len(made), err)
	}
	b := board.New(board.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err = made[0].Run(ctx, func(e oncall.Event) {
		if l, ok := e.(oncall.LinesEvent); ok && len(l.Lines) > 0 {
			b, _ = b.Apply(l)
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || b.Logs().Len() != 1 {
		t.Fatalf("%d lines came: %v", b.Logs().Len(), err)
	}
	if b = b.FollowLogs("checkout#1"); b.Logs().Len() != 0 {
		t.Errorf("%d lines are held that will come again", b.Logs().Len())
	}
}

func TestFilesOverSSH(t *testing.T) {
	cfg, err := config.Parse("config.yaml", []byte("logs:\n  - {type: ssh, name: web, host: web-03, paths: [/var/log/app.log], argv: [ssh, -J, bastion]}\n"), config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	made, err := sourcesOf(cfg, owners.Book{}, func(string) {}, func() {}, board.KindLogs)
	if err != nil || len(made) != 1 || made[0].Name() != "web" {
		t.Fatalf("%v, %v", made, err)
	}
	if _, ok := made[0].Source.(sources.Searcher); !ok {
		t.Error("it cannot be searched")
	}
	if got := templatesOf(cfg); len(got) != 0 {
		t.Errorf("it has no language, and is asked %v", got)
	}
}
