package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"

	"conway/internal/config"
	"conway/internal/ui/memo"
)

// homed is a program with a home of its own.
func homed(t *testing.T) (*app, string) {
	t.Helper()
	home := t.TempDir()
	return &app{process: process{getenv: func(k string) string {
		if k == "HOME" {
			return home
		}
		return ""
	}}}, home
}

func TestScreenFileIsWrittenWholeAndPrivate(t *testing.T) {
	a, home := homed(t)
	if err := os.MkdirAll(filepath.Join(home, ".local/state/conway"), 0o700); err != nil {
		t.Fatal(err)
	}
	s, was, notice := a.openScreen(config.Config{})
	if notice != "" || was.Version != 0 {
		t.Fatalf("a first start finds %+v and says %q", was, notice)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { s.run(ctx, slog.New(slog.DiscardHandler)); close(done) }()
	for _, p := range []string{"watch", "triage", "logs"} {
		s.keep(memo.Memory{Preset: p})
	}
	cancel()
	<-done
	info, err := os.Stat(s.path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	if filepath.Dir(s.path) != filepath.Join(home, ".local/state/conway") {
		t.Errorf("it is at %s", s.path)
	}
	_, was, notice = a.openScreen(config.Config{})
	if was.Preset != "logs" || notice != "" {
		t.Errorf("read back %+v, %q", was, notice)
	}
	left, err := os.ReadDir(filepath.Dir(s.path))
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	// Another config has another screen.
	a.configPath = filepath.Join(home, "other.yaml")
	if other, was, _ := a.openScreen(config.Config{}); other.path == s.path || was.Preset != "" {
		t.Errorf("another config shares %s", s.path)
	}
}

func TestDamagedScreenFileIsOneSentence(t *testing.T) {
	a, home := homed(t)
	dir := filepath.Join(home, "state")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	cfg := config.Config{Ledger: config.Ledger{Path: filepath.Join(dir, "ledger.db")}}
	s, _, _ := a.openScreen(cfg)
	if filepath.Dir(s.path) != dir {
		t.Fatalf("%s is not beside the ledger", s.path)
	}
	for name, c := range map[string]struct {
		make func() error
		want string
	}{
		"damaged": {func() error { return os.WriteFile(s.path, []byte("{\"version\":1,"), 0o600) }, "it is damaged"},
		"newer":   {func() error { return os.WriteFile(s.path, []byte(`{"version":9}`), 0o600) }, "written by a newer conway (version 9, this one knows 1)"},
		"a link":  {func() error { return os.Symlink("/etc/passwd", s.path) }, "symbolic link"},
		"a dir":   {func() error { return os.Mkdir(s.path, 0o700) }, "not a regular file"},
	} {
		if err := c.make(); err != nil {
			t.Fatal(err)
		}
		_, was, notice := a.openScreen(cfg)
		if !strings.Contains(notice, c.want) || strings.Count(notice, "\n") > 0 || !strings.Contains(notice, s.path) {
			t.Errorf("%s: %q", name, notice)
		}
		if was.Version != 0 {
			t.Errorf("%s: something was taken from it: %+v", name, was)
		}
		if err := os.Remove(s.path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOwnThemes(t *testing.T) {
	a, home := homed(t)
	dir := filepath.Join(home, ".config/conway/themes")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	put := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("mine.yaml", "extends: night\npalette: {amber: \"#80c0ff\"}\n")
	put("torn.yaml", "extends: nihgt\nroles: {eror: {fg: ink}}\n")
	put("night.yaml", "extends: night\npalette: {ground: \"#000000\"}\n")
	put("notes.txt", "no theme")
	names := strings.Join(a.themeNames(), " ")
	if !strings.Contains(names, "mine") || !strings.Contains(names, "torn") || strings.Contains(names, "notes") || strings.Count(names, "night") != 1 {
		t.Errorf("the themes are %s", names)
	}
	for _, th := range a.themes(colorprofile.TrueColor) {
		s, err := th.Sheet()
		switch th.Name {
		case "torn":
			if err == nil || !strings.Contains(err.Error(), `torn.yaml:1:10: no shipped theme is named "nihgt"`) || !strings.Contains(err.Error(), `"eror"`) {
				t.Errorf("torn: %v", err)
			}
		case "night":
			if err != nil || s.Ground() != "#000000" {
				t.Errorf("a person's own night is not taken: %s, %v", s.Ground(), err)
			}
		default:
			if err != nil {
				t.Errorf("%s: %v", th.Name, err)
			}
		}
	}
	cfg := write(t, "torn-config.yaml", "theme: torn\n")
	a.configPath = cfg
	loaded, _, err := a.load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.sheet(loaded); err == nil || !strings.Contains(err.Error(), "did you mean") {
		t.Errorf("a config that names it starts all the same: %v", err)
	}
}

// TestConfigCheckReadsOwnThemes has one that cannot be used and one that can
// hardly be read: only the first is a failure.
func TestConfigCheckReadsOwnThemes(t *testing.T) {
	home := t.TempDir()
	dir := filepath.Join(home, ".config/conway/themes")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	check := func() (code int, said string) {
		var out strings.Builder
		code = run(t.Context(), []string{"--config", write(t, "checked.yaml", "theme: fog\n"), "config", "check"}, process{
			stdin: strings.NewReader(""), stdout: &out, stderr: &out,
			getenv: func(k string) string { return map[string]string{"HOME": home}[k] },
		})
		return code, out.String()
	}
	put := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if code, said := check(); code != exitUsage || !strings.Contains(said, `no theme is named "fog"`) {
		t.Errorf("exit %d: %s", code, said)
	}
	put("fog.yaml", "extends: night\npalette: {faint: \"#3a3328\"}\n")
	if code, said := check(); code != exitOK || !strings.Contains(said, "theme fog is hard to read: dim is 1.5 to 1 and needs 4.5") {
		t.Errorf("exit %d: %s", code, said)
	}
	put("torn.yaml", "extends: night\nroles:\n  eror: {fg: ink}\n")
	if code, said := check(); code != exitUsage || !strings.Contains(said, `torn.yaml:3:3: no role is named "eror"`) {
		t.Errorf("exit %d: %s", code, said)
	}
}
