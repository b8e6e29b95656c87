package runner

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"conway/internal/oncall"
	"conway/internal/runbook"
)

func TestEnvironmentIsBuilt(t *testing.T) {
	t.Parallel()
	f := start(t, func(o *Options) {
		o.Env = []string{
			"PATH=" + os.Getenv("PATH"), "HOME=/h", "LANG=C", "LC_ALL=C.UTF-8", "TZ=UTC", "TERM=xterm", "PAGER=less", "SSH_AUTH_SOCK=/s", "KUBECONFIG=/k",
			"PAGERDUTY_TOKEN=canary", "AWS_SECRET_ACCESS_KEY=canary", "AWS_PROFILE=ops", "OTHER=canary", "BASH_ENV=canary", "LD_PRELOAD=canary",
			"BASH_FUNC_ls%%=() { canary; }", "CONWAY_TOKEN=canary", "broken",
		}
		o.Pass = []string{"AWS_PROFILE", "PAGERDUTY_TOKEN", "AWS_SECRET_ACCESS_KEY", "TERM"}
	})
	s := spec("r", "sh", "env | sort")
	s.Env = []string{"CONWAY_SERVICE=checkout"}
	f.start(s)
	f.end("r")
	got := texts(f.lines("r"))
	if strings.Contains(got, "canary") {
		t.Errorf("a secret or a trap got through: %s", got)
	}
	var names []string
	for _, l := range f.lines("r") {
		name, _, _ := strings.Cut(l.Text, "=")
		names = append(names, name)
	}
	want := []string{
		"AWS_PROFILE", "CONWAY_RUN_ID", "CONWAY_RUN_MARK", "CONWAY_SERVICE", "GIT_PAGER", "GIT_TERMINAL_PROMPT", "HOME", "KUBECONFIG",
		"LANG", "LC_ALL", "PAGER", "PATH", "SSH_AUTH_SOCK", "SYSTEMD_PAGER", "TERM", "TZ",
	}
	names = slices.DeleteFunc(names, func(n string) bool { return n == "PWD" || n == "OLDPWD" || n == "SHLVL" || n == "_" })
	slices.Sort(names)
	if !slices.Equal(names, want) {
		t.Errorf("got  %v\nwant %v", names, want)
	}
	if !strings.Contains(got, "TERM=dumb|") || !strings.Contains(got, "PAGER=cat|") {
		t.Errorf("%s", got)
	}
	if env := baseEnviron(nil, nil); !slices.Contains(env, "PATH="+defaultPath) {
		t.Errorf("without a PATH: %v", env)
	}
}

// TestInjection gives a step hostile labels: they arrive as they are and do
// nothing.
func TestInjection(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	canary := filepath.Join(dir, "canary")
	payloads := []string{
		"$(touch CANARY)", "`touch CANARY`", "; touch CANARY", "| touch CANARY", "&& touch CANARY", "|| touch CANARY", "& touch CANARY &",
		"\ntouch CANARY\n", "\r\ntouch CANARY", "' ; touch CANARY ; '", "\" ; touch CANARY ; \"", "'\"'; touch CANARY #", "${IFS}touch${IFS}CANARY",
		"$((a[$(touch CANARY)]))", "a[$(touch CANARY)]", "<(touch CANARY)", ">CANARY", "x\ttouch CANARY", "() { :; }; touch CANARY", "--checkpoint-action=exec=touch CANARY",
		"-oProxyCommand=touch CANARY", "{touch,CANARY}", "!touch CANARY", "%0atouch CANARY", "\\\ntouch CANARY", "\x1b]0;touch CANARY\x07", "\xff\xfe$(touch CANARY)",
		"*", "~", "$HOME", "$PATH", "{{ touch }}", "%s%n", "\u202etouch CANARY", "é\u0301 日本", strings.Repeat("A", 10_000), "", " lead and trail ", "=x=", "-rf", "$'\\ntouch CANARY'",
		"${x:=$(touch CANARY)}", "eval touch CANARY", "#", "\\", "\\\\\"'", "$(<CANARY)", "a\n\n\nb\n",
	}
	labels := map[string]string{}
	for i, p := range payloads {
		payloads[i] = strings.ReplaceAll(p, "CANARY", canary)
		labels["l"+string(rune('a'+i/26))+string(rune('a'+i%26))] = payloads[i]
	}
	page := oncall.Page{Ref: oncall.Ref{Source: "pd", ID: "$(touch " + canary + ")"}, Title: "`touch " + canary + "`"}
	env := runbook.Environ(page, &oncall.PageDetail{Labels: labels}, "; touch "+canary)
	for _, shell := range []string{"sh", "bash"} {
		f := start(t, func(o *Options) { o.Dir = dir })
		// The values in the way a runbook uses them, each ended by a mark.
		var script strings.Builder
		for _, e := range env {
			name, _, _ := strings.Cut(e, "=")
			script.WriteString("printf '%s\\0' \"$" + name + "\" >>out." + shell + "\n")
		}
		s := spec("r", shell, script.String())
		s.Env = env
		f.start(s)
		if run := f.end("r"); run.Exit != 0 {
			t.Errorf("%s: %+v %s", shell, run, texts(f.lines("r")))
		}
		got, err := os.ReadFile(filepath.Join(dir, "out."+shell))
		if err != nil {
			t.Fatal(err)
		}
		values := strings.Split(strings.TrimSuffix(string(got), "\x00"), "\x00")
		if len(values) != len(env) || len(env) != len(payloads)+3 {
			t.Fatalf("%s: %d values of %d", shell, len(values), len(env))
		}
		for i, e := range env {
			if _, want, _ := strings.Cut(e, "="); values[i] != want {
				t.Errorf("%s: %q arrived as %q", shell, want, values[i])
			}
		}
	}
	if _, err := os.Stat(canary); err == nil {
		t.Error("a payload was executed")
	}
}

func TestTempScript(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	f, err := tempScript([]byte("echo a"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	b := make([]byte, 10)
	n, _ := f.Read(b)
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); string(b[:n]) != "echo a" || len(left) != 0 {
		t.Errorf("%q, files left %v", b[:n], left)
	}
	if info, _ := f.Stat(); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	t.Setenv("TMPDIR", "/no/such/folder")
	if _, err := tempScript([]byte("x")); err == nil {
		t.Error("no error without a folder")
	}
}
