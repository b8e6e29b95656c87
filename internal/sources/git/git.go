package git

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

const (
	// defaultEvery is how often the tags are read.
	defaultEvery = 30 * time.Second
	// timeout bounds one reading. Fifty tags take milliseconds.
	timeout = 10 * time.Second
	// maxTags is how many of the newest tags are read.
	maxTags = 50
	// maxOutput bounds what git may print; a tag's first line is rarely longer
	// than a hundred bytes.
	maxOutput = 4 << 20
	// maxWords bounds git's own words and a path inside a fault, in characters.
	maxWords = 200
)

// Options says which tags are deploys.
type Options struct {
	// Name is the configured name of the source.
	Name string
	// Path is the repository, or a directory in its work tree.
	Path string
	// Pattern is a glob of tag names, such as "v*" or "checkout/*"; empty means
	// all tags.
	Pattern string
	// Owners says whose the changed files are; nil for nobody to ask.
	Owners sources.Owners
	// Every is how often the tags are read; 0 means 30 s.
	Every time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Git reads deploys from tags. It implements sources.Source and
// sources.Refresher.
type Git struct {
	o     Options
	nudge sources.Nudge
	// program is the name of the git program.
	program string
	// authors are the teams whose changes the tags are, by the two commits that were
	// compared. Only Run uses it.
	authors map[pair]author
}

var (
	_ sources.Source    = (*Git)(nil)
	_ sources.Refresher = (*Git)(nil)
)

// New returns a source that reads the repository's tags.
func New(o Options) (*Git, error) {
	if o.Path == "" {
		return nil, errors.New("read git tags: path is empty; name a local git repository")
	}
	if strings.ContainsAny(o.Pattern, "\x00\n") {
		return nil, errors.New("read git tags: pattern holds a character that no tag can have; write a glob such as v*")
	}
	abs, err := filepath.Abs(o.Path)
	if err != nil {
		return nil, errors.New("read git tags: path is relative and the working directory is gone; give the full path")
	}
	o.Path = abs
	if o.Every <= 0 {
		o.Every = defaultEvery
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Git{o: o, nudge: sources.NewNudge(), program: "git"}, nil
}

// Name returns the configured name.
func (g *Git) Name() string { return g.o.Name }

// Refresh reads the tags now.
func (g *Git) Refresh() { g.nudge.Poke() }

// Run emits a DeploysEvent with the newest 50 tags at each interval. It returns
// a Rejected fault when git is missing or the path is no repository, and an
// Unavailable one when git fails or takes too long.
func (g *Git) Run(ctx context.Context, emit sources.Emit) error {
	return sources.Poll(ctx, g.o.Every, g.nudge, func(ctx context.Context) error {
		out, err := g.tags(ctx)
		if err != nil {
			return err
		}
		deploys := g.decode(out)
		if err := g.attribute(ctx, deploys); err != nil {
			return err
		}
		emit(oncall.DeploysEvent{
			Stamp:   oncall.Stamp{Source: g.o.Name, At: g.o.Now()},
			Deploys: deploys, Every: g.o.Every,
		})
		return nil
	})
}

// fields are what is asked of each tag. A starred field is of the commit that
// an annotated tag points to, and empty for a lightweight one, which is itself
// the commit.
func fields() []string {
	return []string{
		"refname:strip=2", "objectname:short", "*objectname:short", "creatordate:unix",
		"taggername", "authorname", "*authorname", "contents:subject",
	}
}

// safely are the arguments before every command: a monitor is a program that the
// repository's own configuration names, and so is a hook.
func safely() []string {
	return []string{"--no-pager", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"}
}

func (g *Git) args() []string {
	var format strings.Builder
	for _, f := range fields() {
		format.WriteString("%(" + f + ")%00")
	}
	ref := "refs/tags"
	if g.o.Pattern != "" && g.o.Pattern != "*" {
		ref += "/" + g.o.Pattern
	}
	return append(safely(), "for-each-ref", "--sort=-creatordate", "--count="+strconv.Itoa(maxTags), "--format="+format.String(), "--", ref)
}

// env is what git needs, and nothing that would point it to another repository,
// make it ask or let it reach the network.
func env() []string {
	out := []string{
		"LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "GIT_PAGER=cat", "GIT_NO_LAZY_FETCH=1",
		"GIT_ALLOW_PROTOCOL=none", "GIT_ASKPASS=true", "SSH_ASKPASS=true",
	}
	for _, name := range []string{"PATH", "HOME", "XDG_CONFIG_HOME"} {
		if v, ok := os.LookupEnv(name); ok {
			out = append(out, name+"="+v)
		}
	}
	return out
}

func (g *Git) tags(ctx context.Context) ([]byte, error) { return g.run(ctx, maxOutput, g.args()...) }

// run returns what git says, no more than most of it.
func (g *Git) run(ctx context.Context, most int, args ...string) ([]byte, error) {
	within, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(within, g.program, args...)
	cmd.Dir, cmd.Env = g.o.Path, env()
	cmd.SysProcAttr = sources.OwnSession()
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	out, words := &capped{left: most}, &capped{left: 4 << 10}
	cmd.Stdout, cmd.Stderr = out, words
	err := cmd.Run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, g.fault(err, within.Err() != nil, words.String())
	}
	return out.Bytes(), nil
}

// capped keeps the beginning of what is written to it. It takes the rest too,
// so that the writer can end.
type capped struct {
	bytes.Buffer

	left int
}

var _ io.Writer = (*capped)(nil)

func (c *capped) Write(p []byte) (int, error) {
	n := min(len(p), c.left)
	c.left -= n
	_, _ = c.Buffer.Write(p[:n])
	return len(p), nil
}

// decode reads git's answer. A tag that is not whole, at the bound, is left out.
func (g *Git) decode(out []byte) []oncall.Deploy {
	parts := strings.Split(string(out), "\x00")
	n := len(fields())
	deploys := make([]oncall.Deploy, 0, len(parts)/n)
	for ; len(parts) > n; parts = parts[n:] {
		// The newline after each tag begins the next one's first field.
		name := strings.TrimPrefix(parts[0], "\n")
		d := oncall.Deploy{
			Ref: oncall.Ref{Source: g.o.Name, ID: name}, Repo: repoName(g.o.Path),
			Version: name, Commit: first(parts[2], parts[1]), Author: first(parts[4], parts[5], parts[6]),
			Title: parts[7], Kind: "deploy", Checks: "unknown",
		}
		if sec, err := strconv.ParseInt(parts[3], 10, 64); err == nil {
			d.FinishedAt = time.Unix(sec, 0).UTC()
		}
		deploys = append(deploys, d)
	}
	return deploys
}

// repoName is the last part of the repository's path, without what marks a bare
// one.
func repoName(path string) string { return strings.TrimSuffix(filepath.Base(path), ".git") }

func first(of ...string) string {
	for _, s := range of {
		if s != "" {
			return s
		}
	}
	return ""
}
