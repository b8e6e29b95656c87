package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type result struct {
	code        int
	stdout, err string
}

// conway runs the program in this process, in an empty home.
func conway(t *testing.T, args ...string) result {
	t.Helper()
	home := t.TempDir()
	var out, errOut bytes.Buffer
	code := run(t.Context(), args, process{
		stdin: strings.NewReader(""), stdout: &out, stderr: &errOut,
		getenv: func(k string) string {
			if k == "HOME" {
				return home
			}
			return ""
		},
	})
	return result{code, out.String(), errOut.String()}
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUsage(t *testing.T) {
	empty := write(t, "config.yaml", "")
	for _, c := range []struct {
		name  string
		args  []string
		code  int
		error string
	}{
		{"unknown command", []string{"akc"}, exitUsage, `unknown command "akc"`},
		{"unknown flag", []string{"--nope"}, exitUsage, "unknown flag: --nope"},
		{"ack without a page", []string{"ack"}, exitUsage, "requires at least 1 arg"},
		{"no such config", []string{"--config", "/does/not/exist.yaml", "pages"}, exitUsage, "/does/not/exist.yaml: there is no such file; conway config init writes one"},
		{"nothing configured", []string{"--config", empty, "pages"}, exitUsage, "no source of pages is configured; name one under pages: in the config"},
		{"ack without a pager", []string{"--config", empty, "ack", "Q1"}, exitUsage, "no pager is configured"},
		{"bad size", []string{"--config", empty, "snapshot", "--size", "big"}, exitUsage, `--size "big" is no size; write columns x rows, such as 200x50`},
		{"bad format", []string{"--config", empty, "snapshot", "--format", "png"}, exitUsage, `--format "png" is not known; it is text, ansi, svg or json`},
		{"drill without a terminal", []string{"drill"}, exitUsage, "drill needs a terminal"},
		{"no such scenario", []string{"drill", "meteor"}, exitUsage, "meteor"},
		{"config without a verb", []string{"config"}, exitUsage, "config needs one of init, check, schema"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := conway(t, c.args...)
			if got.code != c.code || !strings.Contains(got.err, c.error) {
				t.Errorf("exit %d: %s\nwant %d: %s", got.code, got.err, c.code, c.error)
			}
			if !strings.HasPrefix(got.err, "conway: ") {
				t.Errorf("the error does not say who speaks: %s", got.err)
			}
		})
	}
}

func TestConfigInitCheckAndSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "config.yaml")
	if got := conway(t, "--config", path, "config", "init"); got.code != exitOK {
		t.Fatalf("init: %+v", got)
	}
	if got := conway(t, "--config", path, "config", "check"); got.code != exitOK || !strings.Contains(got.stdout, "ok;") {
		t.Errorf("check of the example: %+v", got)
	}
	if got := conway(t, "--config", path, "config", "init"); got.code != exitUsage || !strings.Contains(got.err, "is left as it is") {
		t.Errorf("a second init: %+v", got)
	}
	if got := conway(t, "config", "schema"); got.code != exitOK || !strings.Contains(got.stdout, "$schema") {
		t.Errorf("schema: %+v", got)
	}
}

func TestConfigFaultsComeTogetherWithTheirPlace(t *testing.T) {
	path := write(t, "config.yaml", "theem: night\npages:\n  - {type: pagerduty, name: pd, token: abc123secret}\nkeys: {akc: a}\n")
	got := conway(t, "--config", path, "config", "check")
	if got.code != exitUsage {
		t.Errorf("exit %d", got.code)
	}
	for _, want := range []string{"config.yaml:1:1", `did you mean "theme"`, "config.yaml:3:", "config.yaml:4:", `did you mean "ack"`} {
		if !strings.Contains(got.err, want) {
			t.Errorf("%q is missing in:\n%s", want, got.err)
		}
	}
	if strings.Contains(got.err, "abc123secret") {
		t.Errorf("a literal secret is repeated:\n%s", got.err)
	}
}

func TestSnapshotOfNothingSaysWhatToDo(t *testing.T) {
	got := conway(t, "--config", write(t, "config.yaml", ""), "snapshot", "--size", "80x24", "--wait", "1s")
	if got.code != exitOK || !strings.Contains(got.stdout, "conway drill shows an incident") {
		t.Errorf("exit %d:\n%s%s", got.code, got.stdout, got.err)
	}
	if strings.ContainsRune(got.stdout, '\x1b') {
		t.Error("text has escape sequences")
	}
}

func TestEscapeFormat(t *testing.T) {
	for in, want := range map[string]string{
		"a\u009bb": `a\u009bb`, "\u202e": `\u202e`, "支払": "支払", "\U000e0041": `\udb40\udc41`, "{\n}": "{\n}",
	} {
		if got := escapeFormat(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestLocale(t *testing.T) {
	for v, want := range map[string]bool{"en_US.UTF-8": true, "C.utf8": true, "C": false, "de_DE@euro": false} {
		if got := utf8Locale(v); got != want {
			t.Errorf("%s: %v", v, got)
		}
	}
}
