package config_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"conway/internal/config"
)

func TestSecretPrintsOnlyItsReference(t *testing.T) {
	for want, s := range map[string]config.Secret{
		"env:NAME":      config.SecretEnv("NAME"),
		"file:/a/b":     config.SecretFile("/a/b"),
		"command:/bin/": config.SecretCommand("/bin/", "--password", canary),
		"none":          {},
	} {
		holder := struct{ Token config.Secret }{s}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("m", "secret", s, "holder", holder)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "secret", s, "holder", holder)
		asJSON, err := json.Marshal(holder)
		if err != nil {
			t.Fatal(err)
		}
		asYAML, err := yaml.Marshal(holder)
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]string{
			"log": log.String(), "json": string(asJSON), "yaml": string(asYAML), "String": s.String(), "GoString": s.GoString(),
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T %v"} {
			if verb == "%T %v" {
				all[verb] = fmt.Sprintf(verb, s, s)
				continue
			}
			all[verb] = fmt.Sprintf(verb, s)
			all["holder "+verb] = fmt.Sprintf(verb, holder)
			all["pointer "+verb] = fmt.Sprintf(verb, &s)
		}
		for how, got := range all {
			if !strings.Contains(got, want) || strings.Contains(got, canary) {
				t.Errorf("%s: %q, want %q in it", how, got, want)
			}
		}
	}
}

func TestReadEnv(t *testing.T) {
	for value, want := range map[string]string{
		"u+tok":                          "",
		"":                               "it is empty; set CONWAY_TEST_TOKEN before starting",
		"hunter2\n":                      "more than one line",
		"hun\rter2":                      "more than one line",
		"hunter2\x1b":                    "control character",
		" hunter2":                       "begins or ends with a space",
		"hunter2\xff":                    "not text",
		strings.Repeat("hunter2", 10000): "longer than 64 KiB",
	} {
		t.Setenv("CONWAY_TEST_TOKEN", value)
		got, err := config.SecretEnv("CONWAY_TEST_TOKEN").Read(t.Context())
		checkRead(t, got, value, err, want)
	}
}

// checkRead checks what a secret gave: the value, or an error that has the
// words in it and not the secret.
func checkRead(t *testing.T, got, value string, err error, want string) {
	t.Helper()
	switch {
	case want == "" && (err != nil || got != value):
		t.Errorf("got %q, %v; want %q", got, err, value)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("got %v, want an error with %q", err, want)
	case want != "" && (got != "" || strings.Contains(err.Error(), canary)):
		t.Errorf("the secret got out: %q, %v", got, err)
	}
}

func TestReadFileChecksWhoCanReachIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	write(t, path, canary+"\n", 0o600)
	for mode := range fs.FileMode(0o100) {
		mode |= 0o400
		if err := os.Chmod(path, mode|0o200); err != nil {
			t.Fatal(err)
		}
		got, err := config.SecretFile(path).Read(t.Context())
		want := ""
		if mode&0o077 != 0 {
			want = "run: chmod 600 " + path
		}
		checkRead(t, got, canary, err, want)
	}
}

func TestReadFileRefuses(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write(t, path("ok"), " "+canary+" \r\n", 0o400)
	write(t, path("empty"), "\n", 0o600)
	write(t, path("lines"), canary+"\n"+canary+"\n", 0o600)
	write(t, path("large"), strings.Repeat(canary, 20000), 0o600)
	write(t, path("it's open"), canary, 0o644)
	if err := os.Symlink(path("ok"), path("link")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"ok": "", "none": "there is no such file", "empty": "it is empty", "lines": "more than one line", "large": "longer than 64 KiB",
		"link": "symbolic link", "": "it is a directory", "it's open": `chmod 600 '` + dir + `/it'\''s open'`,
	} {
		got, err := config.SecretFile(filepath.Join(dir, name)).Read(t.Context())
		checkRead(t, got, canary, err, want)
	}
	if _, err := config.SecretFile("/dev/null").Read(t.Context()); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("device: %v", err)
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(path("ok"), 65534, 65534); err != nil {
			t.Fatal(err)
		}
		got, err := config.SecretFile(path("ok")).Read(t.Context())
		checkRead(t, got, canary, err, "belongs to another user")
	}
}

func TestReadCommand(t *testing.T) {
	for script, want := range map[string]string{
		"echo hunter2": "",
		"printf '  hunter2  '; sleep 60 >/dev/null 2>&1 &":             "",
		"echo hunter2; echo >&2 noise":                                 "",
		"true":                                                         "it is empty; make the program print the secret",
		"echo hunter2; echo hunter2":                                   "more than one line",
		"yes hunter2 | head -c 9999999":                                "longer than 64 KiB",
		"echo hunter2; exit 3":                                         "exit status 3: it said nothing on stderr",
		"echo hunter2; echo log in >&2; echo two >&2; exit 1":          "exit status 1: log in",
		"echo hunter2; echo bad hunter2 >&2; exit 1":                   "exit status 1: bad ****",
		`echo hunter2; printf '\033]0;x\007said\n' >&2; exit 1`:        "said",
		`echo a; echo hunter2; echo not hunter2 >&2; exit 1`:           "not ****",
		"echo hunter2; yes no | tr -d '\n' | head -c 500 >&2; kill $$": "…",
	} {
		t.Run(script, func(t *testing.T) {
			got, err := config.SecretCommand("/bin/sh", "-c", script).Read(t.Context())
			checkRead(t, got, canary, err, want)
			if err != nil && strings.ContainsAny(err.Error(), "\x1b\x07\n") {
				t.Errorf("a control character is in %q", err)
			}
		})
	}
	got, err := config.SecretCommand("/nonexistent/" + "helper").Read(t.Context())
	checkRead(t, got, "", err, "check that it is installed and in PATH")
	got, err = config.SecretCommand("conway-no-such-helper", canary).Read(t.Context())
	checkRead(t, got, "", err, "command:conway-no-such-helper: start the program")
	got, err = config.Secret{}.Read(t.Context())
	checkRead(t, got, "", err, "none is configured")
}

func TestReadCommandEndsWithItsContext(t *testing.T) {
	pidfile := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		// The grandchild holds the pipe open; it must go as well.
		_, err := config.SecretCommand("/bin/sh", "-c", "sleep 300 & echo $! > "+pidfile+"; wait").Read(ctx)
		done <- err
	}()
	deadline := time.Now().Add(10 * time.Second)
	for {
		if b, err := os.ReadFile(pidfile); err == nil && len(b) > 0 && b[len(b)-1] == '\n' {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the program did not start")
		}
		time.Sleep(5 * time.Millisecond)
	}
	cancel()
	select {
	case err := <-done:
		if err == nil || !strings.Contains(err.Error(), context.Canceled.Error()) {
			t.Errorf("got %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Read did not return")
	}
	if _, err := config.SecretEnv("HOME").Read(ctx); err == nil {
		t.Error("an ended context read a secret")
	}
}
