package config_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/goccy/go-yaml"

	"conway/internal/config"
)

// structs are all structs that the file is decoded into.
func structs() []any {
	return []any{
		config.Config{},
		config.Me{},
		config.Environment{},
		config.Service{},
		config.Engagement{},
		config.Teammate{},
		config.Team{},
		config.Report{},
		config.FollowUps{},
		config.Panel{},
		config.Runbooks{},
		config.Ack{},
		config.PagerDuty{},
		config.GitHub{},
		config.DeployFile{},
		config.Git{},
		config.Prometheus{},
		config.Basic{},
		config.LogFile{},
		config.LogCommand{},
		config.Splunk{},
		config.SumoLogic{},
		config.Loki{},
		config.Elasticsearch{},
		config.VictoriaLogs{},
		config.Journal{},
		config.Kubernetes{},
		config.LogLake{},
		config.LakeColumns{},
		config.CloudWatch{},
		config.SSHFiles{},
		config.Trino{},
		config.TrinoColumns{},
	}
}

func schema(t *testing.T) *openapi3.Schema {
	t.Helper()
	var s openapi3.Schema
	if err := json.Unmarshal(config.Schema(), &s); err != nil {
		t.Fatal(err)
	}
	return &s
}

// asJSON returns YAML as the values that JSON has.
func asJSON(t *testing.T, data []byte) any {
	t.Helper()
	raw, err := yaml.YAMLToJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSchemaAcceptsWhatParseAccepts(t *testing.T) {
	design := []byte("theme: night\npages: [{type: pagerduty, name: pd, token: {file: ~/t}}]\nkeys: {ack: [a, b], note: none}\nack: {hold: 1s500ms}\n")
	for name, data := range map[string][]byte{"example": config.Example(), "all": uncommented(), "short": design} {
		if _, err := config.Parse("c", data, config.Options{}); err != nil {
			t.Errorf("parse %s:\n%v", name, err)
		}
		if err := schema(t).VisitJSON(asJSON(t, data)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSchemaRefusesWhatParseRefuses(t *testing.T) {
	for _, text := range []string{
		"thme: night", "me: ana", "read_only: yes", "theme: [night]", "theme: ''", "ack: {hold: 3}", "ack: {hold: soon}",
		"pages: [{name: pd, token: {env: T}}]", "pages: [{type: opsgenie, name: pd}]", "pages: [{type: pagerduty, name: pd}]",
		"pages: [{type: pagerduty, name: pd, token: abc}]", "pages: [{type: pagerduty, name: pd, token: {env: A, file: B}}]",
		"pages: [{type: pagerduty, name: 'a b', token: {env: T}}]", "pages: [{type: pagerduty, name: a, token: {env: T}, scope: some}]",
		"metrics: [{type: prometheus, name: p, url: 'https://u:p@h'}]", "logs: [{type: file, name: l, paths: []}]",
		"logs: [{type: splunk, name: s, url: 'https://h:8089', token: {env: T}}]", "logs: [{type: sumologic, name: s, access_id: a, access_key: {env: T}, query: q, version: v3}]",
		"panels: [{title: a, source: p, query: q, warn: low}]", "keys: {ack: {a: b}}", "teams: {sre: {size: 0}}", "teams: {sre: {size: 1.5}}", "report: {min_team: 3}",
		"people: {ana: {team: sre, time_zone: UTC, sleep: '22-8'}}", "people: {ana: {team: sre}}", "deploys: [{type: github, name: g, repos: [acme]}]",
	} {
		if _, err := config.Parse("c", []byte(text), config.Options{}); err == nil {
			t.Errorf("parse accepts %s", text)
		}
		if err := schema(t).VisitJSON(asJSON(t, []byte(text))); err == nil {
			t.Errorf("schema accepts %s", text)
		}
	}
}

// keysOf collects the keys of a schema and below, each with its description.
func keysOf(v any, out map[string]string) {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			keysOf(one, out)
		}
	case map[string]any:
		properties, _ := v["properties"].(map[string]any)
		for key, one := range properties {
			doc, _ := one.(map[string]any)["description"].(string)
			out[key] = doc
			keysOf(one, out)
		}
		for _, key := range []string{"items", "oneOf", "anyOf", "additionalProperties"} {
			keysOf(v[key], out)
		}
	}
}

func TestEveryKeyIsInSchemaAndExample(t *testing.T) {
	var root any
	if err := json.Unmarshal(config.Schema(), &root); err != nil {
		t.Fatal(err)
	}
	if got := root.(map[string]any)["$schema"]; got != "https://json-schema.org/draft/2020-12/schema" {
		t.Errorf("dialect %v", got)
	}
	described := map[string]string{}
	keysOf(root, described)
	example := string(uncommented())
	seen := 0
	for _, s := range structs() {
		typ := reflect.TypeOf(s)
		for f := range typ.Fields() {
			key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			if key == "" {
				t.Errorf("%s.%s has no key", typ, f.Name)
				continue
			}
			seen++
			if doc := described[key]; !strings.HasSuffix(doc, ".") {
				t.Errorf("%s.%s: the schema describes %q as %q", typ, f.Name, key, doc)
			}
			if !strings.Contains(example, key+": ") && !strings.Contains(example, key+":\n") {
				t.Errorf("%s.%s: the example has no %q", typ, f.Name, key)
			}
			checkTags(t, typ.String()+"."+f.Name, f)
		}
	}
	if seen < 60 {
		t.Errorf("only %d keys seen", seen)
	}
}

// checkTags checks that the tags of a field can be read.
func checkTags(t *testing.T, name string, f reflect.StructField) {
	t.Helper()
	if f.Type == reflect.TypeFor[time.Duration]() {
		for _, tag := range []string{"default", "min", "max"} {
			if _, err := time.ParseDuration(f.Tag.Get(tag)); err != nil {
				t.Errorf("%s: %s: %v", name, tag, err)
			}
		}
	}
	if f.Type == reflect.TypeFor[int]() {
		if _, err := strconv.ParseInt(f.Tag.Get("min"), 10, 32); err != nil {
			t.Errorf("%s: min: %v", name, err)
		}
	}
	if words, def := f.Tag.Get("enum"), f.Tag.Get("default"); words != "" && def != "" && !slices.Contains(strings.Split(words, ","), def) {
		t.Errorf("%s: default %q is none of %q", name, def, words)
	}
	known := []string{"", "email", "zone", "label", "repo", "path", "name", "query", "url", "host", "slug", "pattern", "header", "glob", "argv", "postgres", "hours", "date"}
	if !slices.Contains(known, f.Tag.Get("is")) {
		t.Errorf("%s: is %q", name, f.Tag.Get("is"))
	}
}

// uncommented returns the example with every part of it switched on. Two ways
// to log in exclude each other, and two places for the ledger, so one of them
// stays off; and its scope is changed to the one that has teams.
func uncommented() []byte {
	var b strings.Builder
	for line := range strings.Lines(string(config.Example())) {
		if on, ok := strings.CutPrefix(line, "# "); ok && !strings.Contains(line, "prometheus-token") && !strings.Contains(line, "ledger.db") && !strings.Contains(line, "  project: ") {
			line = on
		}
		b.WriteString(strings.Replace(line, "scope: mine", "scope: teams", 1))
	}
	return []byte(b.String())
}

func TestExampleIsExplained(t *testing.T) {
	lines := strings.Split(string(config.Example()), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "# ") && !strings.HasPrefix(line, "##") {
			t.Errorf("line %d is neither a comment nor switched off: %q", i+1, line)
		}
		if len(line) > 80 {
			t.Errorf("line %d is longer than 80 characters", i+1)
		}
	}
	c, err := config.Parse("c", config.Example(), known())
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Pages) != 1 || len(c.Metrics) != 1 || len(c.Panels) != 1 {
		t.Errorf("the example sets up %d, %d, %d", len(c.Pages), len(c.Metrics), len(c.Panels))
	}
}
