//go:build e2e

package e2e

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// site is a home directory with a config and what the config names.
type site struct {
	tb   testing.TB
	home string
	// me is who is at the screen; Ana when empty.
	me string
	// sections are the config's parts after its first lines.
	sections []string
}

func newSite(tb testing.TB) *site {
	tb.Helper()
	s := &site{tb: tb, home: tb.TempDir()}
	s.write("token", token+"\n", 0o600)
	return s
}

func (s *site) path(name string) string { return filepath.Join(s.home, name) }

func (s *site) write(name, content string, mode os.FileMode) string {
	s.tb.Helper()
	return writeFile(s.tb, s.path(name), content, mode)
}

// add puts a part into the config.
func (s *site) add(format string, args ...any) *site {
	s.sections = append(s.sections, fmt.Sprintf(format, args...))
	return s
}

// pages adds the pager, asked every second, which is the fastest allowed.
func (s *site) pages(p *pager) *site {
	return s.add("pages:\n  - {type: pagerduty, name: pd, url: %q, token: {file: token}, scope: mine, every: 1s}", p.url())
}

// runbook adds the service that the pages are about, with a runbook.
func (s *site) runbook(markdown string) {
	s.tb.Helper()
	s.write("runbooks/checkout.md", markdown, 0o600)
	s.add("services:\n  checkout: {owner: payments, pagerduty: [PCHK], labels: {service: checkout}, runbooks: [runbooks/checkout.md]}")
}

// hold sets how long an ack is held.
func (s *site) hold(d time.Duration) *site { return s.add("ack: {hold: %s}", d) }

// config writes the config and returns its path.
func (s *site) config() string {
	s.tb.Helper()
	head := "me: {email: " + cmp.Or(s.me, "ana@example.com") + ", time_zone: UTC}\nenvironment: {name: e2e, production: false}\n"
	return s.write("config.yaml", head+strings.Join(s.sections, "\n")+"\n", 0o600)
}

// cockpit starts the program on the site.
func (s *site) cockpit(w, h int, env ...string) *screen {
	s.tb.Helper()
	return start(s.tb, w, h, append([]string{"HOME=" + s.home, "CONWAY_CONFIG=" + s.config()}, env...))
}

// result is how a run without a terminal ended.
type result struct {
	code           int
	stdout, stderr string
}

// runTimeout bounds a run without a terminal.
const runTimeout = 60 * time.Second

// run runs the program without a terminal on the site.
func (s *site) run(args ...string) result {
	s.tb.Helper()
	s.config()
	return s.piped("", args...)
}

// piped is run with a standard input, on the config as it is.
func (s *site) piped(stdin string, args ...string) result {
	s.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), runTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = s.home
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.home, "LANG=C.UTF-8", "TERM=xterm-256color",
		"CONWAY_CONFIG=" + s.path("config.yaml"),
	}
	cmd.Stdin = strings.NewReader(stdin)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	if ctx.Err() != nil {
		s.tb.Fatalf("conway %v did not end within %s", args, runTimeout)
	}
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		s.tb.Fatal(err)
	}
	r := result{cmd.ProcessState.ExitCode(), out.String(), errOut.String()}
	quiet(s.tb, "the output of conway "+strings.Join(args, " "), r.stdout+r.stderr)
	return r
}

// grow appends a line to a file ten times a second until the test ends. The
// line gets a running number.
func grow(tb testing.TB, path, format string) {
	tb.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		tb.Fatal(err)
	}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for n := 1; ; n++ {
			if _, err := fmt.Fprintf(f, format+"\n", time.Now().UTC().Format(time.RFC3339Nano), n); err != nil {
				tb.Error(err)
				return
			}
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()
	tb.Cleanup(func() {
		close(stop)
		<-done
		if err := f.Close(); err != nil {
			tb.Error(err)
		}
	})
}

// repository makes the git repository of the service checkout with one tag an
// hour before the other, the newest at the given time, and returns its path.
func repository(tb testing.TB, newest time.Time, tags ...string) string {
	tb.Helper()
	git := need(tb, "git", "git")
	dir := filepath.Join(tb.TempDir(), "checkout")
	if err := os.Mkdir(dir, 0o700); err != nil {
		tb.Fatal(err)
	}
	run := func(at time.Time, args ...string) {
		tb.Helper()
		cmd := exec.Command(git, args...)
		cmd.Dir = dir
		date := at.UTC().Format(time.RFC3339)
		cmd.Env = []string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_DATE=" + date, "GIT_COMMITTER_DATE=" + date,
			"GIT_AUTHOR_NAME=Ines", "GIT_AUTHOR_EMAIL=ines@example.com", "GIT_COMMITTER_NAME=Ines", "GIT_COMMITTER_EMAIL=ines@example.com",
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			tb.Fatalf("git %v: %v: %s", args, err, out)
		}
	}
	run(newest, "init", "-q", ".")
	for i, tag := range tags {
		at := newest.Add(time.Duration(i-len(tags)+1) * time.Hour)
		run(at, "commit", "-q", "--allow-empty", "-m", "Release "+tag)
		run(at, "tag", "-a", "-m", "Release "+tag, tag)
	}
	return dir
}
