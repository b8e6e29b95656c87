package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"conway/internal/config"
	"conway/internal/oncall"
)

func parse(t *testing.T, file string) config.Config {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse("config.yaml", data, known())
	if err != nil {
		t.Fatalf("parse %s:\n%v", file, err)
	}
	return c
}

func TestParseDesign(t *testing.T) {
	want := config.Config{
		Me:          config.Me{Email: "ana@example.com", TimeZone: "Europe/Berlin"},
		Environment: config.Environment{Name: "prod", Production: true},
		Services: map[string]config.Service{"checkout": {
			Owner: "payments", PagerDuty: []string{"PSVC01"}, Labels: map[string]string{"service": "checkout"},
			Repos: []string{"acme/checkout"}, DependsOn: []string{"ledger-api"},
			Runbooks: []string{"/etc/conway/runbooks/checkout.md"},
		}},
		Pages: []config.PageSource{config.PagerDuty{
			Name: "pd", URL: "https://api.pagerduty.com", Token: config.SecretEnv("PAGERDUTY_TOKEN"),
			From: "ana@example.com", Scope: config.ScopeMine, Every: 10 * time.Second,
		}},
		Deploys: []config.DeploySource{
			config.GitHub{
				Name: "gh", URL: "https://api.github.com", Token: config.SecretCommand("gh", "auth", "token"),
				Repos: []string{"acme/checkout"}, Every: time.Minute,
			},
			config.DeployFile{Name: "ci", Path: "/var/log/deploys.jsonl"},
		},
		Metrics: []config.MetricSource{config.Prometheus{
			Name: "prom", URL: "http://127.0.0.1:9090", Headers: map[string]string{"X-Scope-OrgID": "prod"},
			Every: 15 * time.Second, Timeout: 10 * time.Second,
		}},
		Panels: []config.Panel{{
			Title: "error ratio", Source: "prom", Query: `job:errors:ratio5m{service="{{service}}"}`,
			Unit: oncall.UnitPercent, Warn: new(1.0), Critical: new(5.0),
		}},
		Logs:     []config.LogSource{config.LogFile{Name: "app", Paths: []string{"/var/log/app/*.log"}}},
		LogLines: 1_000_000,
		Runbooks: config.Runbooks{Paths: []string{"/home/ana/runbooks"}},
		Report:   config.Report{MinTeam: 5},
		Ledger:   config.Ledger{Line: "on"},
		Theme:    "night", Layout: "watch",
		Keys:   map[string]config.Binding{"ack": {"a"}},
		Ack:    config.Ack{Hold: 3 * time.Second},
		Notify: config.Notify{For: "high", Bell: true, Desktop: "off", Repeat: 5 * time.Minute},
	}
	if got := parse(t, "testdata/good/design.yaml"); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestParseMergeKeysAndAliases(t *testing.T) {
	c := parse(t, "testdata/good/merge.yaml")
	token := config.SecretEnv("PROM_TOKEN")
	metrics := []config.MetricSource{
		config.Prometheus{Name: "prom", URL: "http://127.0.0.1:9090", Token: token, Every: 30 * time.Second, Timeout: 10 * time.Second},
		config.Prometheus{Name: "eu", URL: "http://127.0.0.1:9091/prometheus", Token: token, Every: 30 * time.Second, Timeout: 10 * time.Second},
		config.Prometheus{Name: "us", URL: "http://127.0.0.1:9090", Token: token, Every: 20 * time.Second, Timeout: 5 * time.Second},
	}
	if !reflect.DeepEqual(c.Metrics, metrics) {
		t.Errorf("metrics: got  %+v\nwant %+v", c.Metrics, metrics)
	}
	panels := []config.Panel{{
		Title: "99", Source: "eu", Query: "sum(rate(x{service=\"{{service}}\"}[5m]))\n  / 2", Warn: new(1000.0), Critical: new(2000.0),
	}}
	if !reflect.DeepEqual(c.Panels, panels) {
		t.Errorf("panels: got  %+v\nwant %+v", c.Panels, panels)
	}
	keys := map[string][]string{"ack": {}, "note": {}, "snooze": {"z", "ctrl+s"}, "help": {"?"}, "quit": {}}
	if !reflect.DeepEqual(c.KeyChanges(), keys) {
		t.Errorf("keys: got %#v", c.Keys)
	}
	if c.Layout != "wide" || !reflect.DeepEqual(c.Presets["wide"], []string{"pages", "logs"}) {
		t.Errorf("layout %q, presets %v", c.Layout, c.Presets)
	}
}

func TestEmptyFilesAreDefaults(t *testing.T) {
	for _, text := range []string{"", "\n\n", "# nothing\n", "---\n", "\uFEFF", "{}", "~", "---\n# x\n...\n"} {
		c, err := config.Parse("config.yaml", []byte(text), known())
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if !reflect.DeepEqual(c, config.Default()) {
			t.Errorf("%q: %+v", text, c)
		}
	}
	d := config.Default()
	if d.Theme != "night" || d.Layout != "watch" || d.Ack.Hold != 3*time.Second || d.Me.Location() != time.Local {
		t.Errorf("defaults: %+v", d)
	}
}

func TestWindowsFileKeepsPlaces(t *testing.T) {
	_, err := config.Parse("c.yaml", []byte("\uFEFFme:\r\n  email: ana@example.com\r\nthme: night\r\n"), known())
	want := "c.yaml:3:1: unknown key \"thme\"\n    3 | thme: night\n      | ^^^^ did you mean \"theme\"?"
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

func TestRelativePathsStartAtTheFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	write(t, file, "runbooks: {paths: [a, ./b, ../c, ~/d, '~', /e/../f]}\nlogs: [{type: command, name: x, argv: [./run, ~/kept]}]\n", 0o600)
	c, err := config.Load(file, config.Options{Home: "/home/ana"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{dir + "/a", dir + "/b", filepath.Dir(dir) + "/c", "/home/ana/d", "/home/ana", "/f"}
	if !reflect.DeepEqual(c.Runbooks.Paths, want) {
		t.Errorf("got %v, want %v", c.Runbooks.Paths, want)
	}
	if got := c.Logs[0].(config.LogCommand).Argv; !reflect.DeepEqual(got, []string{dir + "/run", "~/kept"}) {
		t.Errorf("argv: %v", got)
	}
}

func TestLocation(t *testing.T) {
	if got := (config.Me{TimeZone: "Europe/Berlin"}).Location().String(); got != "Europe/Berlin" {
		t.Errorf("got %s", got)
	}
}

func write(t *testing.T, path, text string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // the umask may have taken some away
		t.Fatal(err)
	}
}

func TestLoadRefuses(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write(t, path("big.yaml"), strings.Repeat("# large\n", 10<<17), 0o600)
	write(t, path("open.yaml"), "theme: night\n", 0o666)
	if err := syscall.Mkfifo(path("pipe.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		file, want string
		is         error
	}{
		{"none.yaml", "no such file or directory; conway config init writes one", fs.ErrNotExist},
		{"", "it is a directory; name the file in it, such as " + dir + "/config.yaml", nil},
		{"big.yaml", "it is larger than 1 MiB", nil},
		{"open.yaml", "run: chmod o-w " + dir + "/open.yaml", nil},
		{"pipe.yaml", "it is not a regular file", nil},
	}
	for _, tt := range tests {
		_, err := config.Load(filepath.Join(dir, tt.file), config.Options{})
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), filepath.Join(dir, tt.file)) {
			t.Errorf("%s: got %v, want %q", tt.file, err, tt.want)
		}
		if tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%s: %v is not %v", tt.file, err, tt.is)
		}
	}
	if os.Geteuid() != 0 { // root may read everything
		write(t, path("locked.yaml"), "", 0)
		if _, err := config.Load(path("locked.yaml"), config.Options{}); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("locked: %v", err)
		}
	}
}

func TestPath(t *testing.T) {
	tests := []struct {
		flag     string
		env      map[string]string
		want     string
		explicit bool
	}{
		{"a.yaml", map[string]string{"CONWAY_CONFIG": "/b", "XDG_CONFIG_HOME": "/x", "HOME": "/h"}, "a.yaml", true},
		{"", map[string]string{"CONWAY_CONFIG": "/b", "XDG_CONFIG_HOME": "/x", "HOME": "/h"}, "/b", true},
		{"", map[string]string{"XDG_CONFIG_HOME": "/x", "HOME": "/h"}, "/x/conway/config.yaml", false},
		{"", map[string]string{"XDG_CONFIG_HOME": "x", "HOME": "/h"}, "/h/.config/conway/config.yaml", false},
		{"", map[string]string{"HOME": "/h"}, "/h/.config/conway/config.yaml", false},
		{"", nil, "", false},
	}
	for _, tt := range tests {
		got, explicit := config.Path(tt.flag, func(k string) string { return tt.env[k] })
		if got != tt.want || explicit != tt.explicit {
			t.Errorf("%q %v: got %q %v", tt.flag, tt.env, got, explicit)
		}
	}
}

func TestManyFaultsAreCapped(t *testing.T) {
	var b strings.Builder
	for range 300 {
		b.WriteString("x: 1\n")
	}
	_, err := config.Parse("c", []byte(strings.ReplaceAll(b.String(), "x", "- x")), config.Options{})
	if err == nil {
		t.Fatal("no fault found")
	}
	b.Reset()
	for i := range 300 {
		b.WriteString("k" + strings.Repeat("y", i) + ": 1\n")
	}
	_, err = config.Parse("c", []byte(b.String()), config.Options{})
	all, _ := errors.AsType[config.Errors](err)
	if len(all) != 101 || all[100].Message != "there are 200 more faults" {
		t.Errorf("%d faults, last %q", len(all), all[len(all)-1].Message)
	}
	if one, ok := errors.AsType[config.Error](err); !ok || one.Line != 1 {
		t.Errorf("as one fault: %v %v", one, ok)
	}
}

// Bombs must be refused in a bounded time: the parser's grows with the square
// of what it is given, and it calls itself for each level.
func TestBombsAreRefused(t *testing.T) {
	const n = 1 << 17
	for name, unit := range map[string]string{
		"brackets": "[", "braces": "{a: ", "dashes": "- ", "questions": "? ", "colons": "a: ", "anchors": "&a ", "tags": "!!t ",
		"in brackets": "[- ", "tags in brackets": "[!!str ", "lines": "a: b\n", "entries": "- a\n", "indicators": ":", "documents": "---\na\n",
		"quotes": "\"", "stars": "*a ", "pipes": "|\n", "percents": "%a\n", "commas": ",", "keys": "? a\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			if _, err := config.Parse("c", []byte(strings.Repeat(unit, n/len(unit))), config.Options{}); err == nil {
				t.Error("no fault found")
			}
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, glob := range []string{"testdata/bad/*.yaml", "testdata/good/*.yaml", "example.yaml"} {
		files, err := filepath.Glob(glob)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		start := time.Now()
		_, err := config.Parse("c", data, known())
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("took %s", took)
		}
		if err == nil {
			return
		}
		for _, e := range err.(config.Errors) { //nolint:errorlint // the type itself is promised
			if e.Message == "" || e.Line < 0 || e.Column < 0 || (e.Line == 0) != (e.Column == 0) {
				t.Errorf("no place or message: %+v", e)
			}
			if strings.ContainsAny(e.Error(), "\x1b\x00\x07\u202e\r\t") {
				t.Errorf("a control character is in %q", e.Error())
			}
		}
	})
}
