package git

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/sourcetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// repository makes one with a commit, and returns what runs git in it at a time.
func repository(tb testing.TB) (path string, run func(at int64, args ...string) string) {
	tb.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		tb.Skip("there is no git")
	}
	path = filepath.Join(tb.TempDir(), "checkout")
	if err := os.Mkdir(path, 0o700); err != nil {
		tb.Fatal(err)
	}
	run = func(at int64, args ...string) string {
		tb.Helper()
		cmd := exec.Command("git", args...)
		cmd.Dir = path
		date := fmt.Sprintf("%d +0100", at)
		cmd.Env = append(env(), "HOME="+tb.TempDir(), "GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date,
			"GIT_AUTHOR_NAME=Ana", "GIT_AUTHOR_EMAIL=ana@example.com", "GIT_COMMITTER_NAME=Ben", "GIT_COMMITTER_EMAIL=ben@example.com")
		out, err := cmd.CombinedOutput()
		if err != nil {
			tb.Fatalf("git %v: %v: %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	run(1, "init", "-q", ".")
	run(1_772_449_000, "commit", "-q", "--allow-empty", "-m", "Retry the acquirer\n\nwith more words")
	return path, run
}

func of(tb testing.TB, o Options) *Git {
	tb.Helper()
	o.Name = "tags"
	g, err := New(o)
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Case{New: func(tb testing.TB) sources.Source {
		tb.Helper()
		path, run := repository(tb)
		run(1_772_449_100, "tag", "v1")
		return of(tb, Options{Path: path, Every: time.Hour})
	}})
}

func read(t *testing.T, g *Git) []oncall.Deploy {
	t.Helper()
	out, err := g.tags(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return g.decode(out)
}

func TestTags(t *testing.T) {
	path, run := repository(t)
	commit := run(1, "rev-parse", "--short", "HEAD")
	run(1_772_449_100, "tag", "v412")
	run(1_772_449_200, "tag", "-a", "-m", "Release 413\n\nmore", "v413")
	run(1_772_449_300, "tag", "-a", "-m", "Ledger", "ledger/v1")
	want := []oncall.Deploy{
		{Ref: oncall.Ref{Source: "tags", ID: "ledger/v1"}, Repo: "checkout", Version: "ledger/v1", Commit: commit, Author: "Ben", Title: "Ledger", Kind: "deploy", Checks: "unknown", FinishedAt: time.Unix(1_772_449_300, 0).UTC()},
		{Ref: oncall.Ref{Source: "tags", ID: "v413"}, Repo: "checkout", Version: "v413", Commit: commit, Author: "Ben", Title: "Release 413", Kind: "deploy", Checks: "unknown", FinishedAt: time.Unix(1_772_449_200, 0).UTC()},
		{Ref: oncall.Ref{Source: "tags", ID: "v412"}, Repo: "checkout", Version: "v412", Commit: commit, Author: "Ana", Title: "Retry the acquirer", Kind: "deploy", Checks: "unknown", FinishedAt: time.Unix(1_772_449_000, 0).UTC()},
	}
	got := read(t, of(t, Options{Path: path}))
	if len(got) != len(want) {
		t.Fatalf("deploys = %+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("deploy %d = %+v, want %+v", i, got[i], want[i])
		}
	}
	for pattern, n := range map[string]int{"*": 3, "v*": 2, "ledger/*": 1, "v413": 1, "nothing*": 0, "--exec=true": 0} {
		if got := read(t, of(t, Options{Path: path, Pattern: pattern})); len(got) != n {
			t.Errorf("pattern %s gives %d deploys, want %d", pattern, len(got), n)
		}
	}
	if err := os.Mkdir(filepath.Join(path, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	if got := read(t, of(t, Options{Path: filepath.Join(path, "sub")})); len(got) != 3 {
		t.Errorf("a directory within gives %d deploys, want 3", len(got))
	}
}

func TestOnlyTheNewestTags(t *testing.T) {
	path, run := repository(t)
	head := run(1, "rev-parse", "HEAD")
	var refs strings.Builder
	for i := range 300 {
		fmt.Fprintf(&refs, "%s refs/tags/v%d\n", head, i)
	}
	if err := os.WriteFile(filepath.Join(path, ".git", "packed-refs"), []byte(refs.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := read(t, of(t, Options{Path: path})); len(got) != maxTags {
		t.Errorf("%d deploys, want %d", len(got), maxTags)
	}
}

// TestRunsNothingOfTheRepository gives the repository a monitor and a pager.
func TestRunsNothingOfTheRepository(t *testing.T) {
	path, run := repository(t)
	run(1_772_449_100, "tag", "v1")
	canary := filepath.Join(t.TempDir(), "ran")
	for _, key := range []string{"core.fsmonitor", "core.pager", "pager.for-each-ref", "core.editor", "core.askpass", "core.sshCommand"} {
		run(1, "config", key, "touch "+canary)
	}
	if got := read(t, of(t, Options{Path: path})); len(got) != 1 {
		t.Fatalf("deploys = %+v", got)
	}
	if _, err := os.Stat(canary); err == nil {
		t.Error("a program named by the repository was run")
	}
}

// byFolder says that files are of the team that their first folder is called after.
type byFolder struct{ repo string }

func (b byFolder) Knows(repo string) bool { return repo == b.repo }

func (b byFolder) Majority(_ string, paths []string) (team, why string) {
	team, _, _ = strings.Cut(paths[0], "/")
	return team, strings.Join(paths, " ")
}

func TestWhoseChangesTagsAre(t *testing.T) {
	path, run := repository(t)
	at := int64(1_772_449_000)
	tag := func(name string, files ...string) {
		t.Helper()
		at += 60
		for _, f := range files {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(path, f)), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(path, f), fmt.Append(nil, at), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		run(at, "add", ".")
		run(at, "commit", "-q", "--allow-empty", "-m", name)
		run(at, "tag", name)
	}
	many := make([]string, maxChanged+1)
	for i := range many {
		many[i] = fmt.Sprintf("many/%d", i)
	}
	tag("v1", "pay/a")
	tag("ledger/v1", "ledger/a")
	tag("v2", "pay/a", "pay/b c\nd")
	tag("ledger/v2", "search/a")
	tag("v3")
	tag("v4", many...)
	run(at+60, "tag", "-a", "-m", "again", "v5", "v4")
	// Nothing that the repository names is run for it either.
	canary := filepath.Join(t.TempDir(), "ran")
	for _, key := range []string{"diff.external", "core.fsmonitor", "core.pager", "diff.x.textconv"} {
		run(1, "config", key, "touch "+canary)
	}
	if err := os.WriteFile(filepath.Join(path, ".git", "info", "attributes"), []byte("* diff=x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	g := of(t, Options{Path: path, Owners: byFolder{path}})
	deploys := read(t, g)
	if err := g.attribute(t.Context(), deploys); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, d := range deploys {
		got[d.Version] = d.Team + ": " + d.TeamSource
	}
	for version, want := range map[string]string{
		"v1": ": no earlier tag is known", "ledger/v1": ": no earlier tag is known",
		"v2": "ledger: ledger/a pay/a pay/b c\nd", "ledger/v2": "pay: pay/a pay/b c\nd search/a",
		"v3": "search: search/a", "v4": ": more than 300 files changed", "v5": ": the same commit as before",
	} {
		if got[version] != want {
			t.Errorf("%s is %q, want %q", version, got[version], want)
		}
	}
	if _, err := os.Stat(canary); err == nil {
		t.Error("a program named by the repository was run")
	}
	g.program = "no-such-git"
	again := g.decode([]byte(""))
	again = append(again, deploys...)
	for i := range again {
		again[i].Team, again[i].TeamSource = "", ""
	}
	if err := g.attribute(t.Context(), again); err != nil || again[0].TeamSource != deploys[0].TeamSource || again[2].TeamSource != deploys[2].TeamSource {
		t.Errorf("a second reading compares again: %+v, %v", again, err)
	}
	other := of(t, Options{Path: path, Owners: byFolder{"/elsewhere"}})
	if rest := read(t, other); other.attribute(t.Context(), rest) != nil || rest[0].TeamSource != "" {
		t.Errorf("of a repository that nobody knows: %+v", rest)
	}
}

func TestFewTagsAreComparedAtOnce(t *testing.T) {
	path, run := repository(t)
	for i := range maxCompared + 5 {
		run(1_772_449_000+int64(i), "commit", "-q", "--allow-empty", "-m", "x")
		run(1_772_449_000+int64(i), "tag", fmt.Sprintf("v%d", i))
	}
	g := of(t, Options{Path: path, Owners: byFolder{path}})
	said := func() (n int) {
		deploys := read(t, g)
		if err := g.attribute(t.Context(), deploys); err != nil {
			t.Fatal(err)
		}
		for _, d := range deploys {
			if d.TeamSource == "no file changed" {
				n++
			}
		}
		return n
	}
	if first, second := said(), said(); first != maxCompared || second != maxCompared+4 {
		t.Errorf("%d are known at first and %d then, want %d and %d", first, second, maxCompared, maxCompared+4)
	}
}

func TestFaults(t *testing.T) {
	path, _ := repository(t)
	broken, _ := repository(t)
	if err := os.WriteFile(filepath.Join(broken, ".git", "HEAD"), []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	plain := t.TempDir()
	for _, tt := range []struct {
		name, path, program, want string
	}{
		{"no git", path, "no-such-git", "tags: list tags: refused: the program git was not found; install git, or remove this source"},
		{"no directory", filepath.Join(plain, "gone"), "git", "gone was not found; set path to a local git repository"},
		{"no repository", plain, "git", "is not a git repository; set path to one"},
		{"broken", broken, "git", "is not a git repository"},
	} {
		g := of(t, Options{Path: tt.path})
		g.program = tt.program
		err := g.Run(t.Context(), func(oncall.Event) { t.Errorf("%s: emitted", tt.name) })
		f := oncall.AsFault(err, "", "")
		if f == nil || f.Kind != oncall.Rejected || !strings.Contains(f.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	for _, o := range []Options{{}, {Path: path, Pattern: "a\x00b"}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}

func TestDecodeKeepsWhatIsOdd(t *testing.T) {
	g := of(t, Options{Path: "/srv/checkout.git"})
	out := "v1\x00abc\x00\x00soon\x00\x00\x00\x00\x00\nv2\x00abc\x00"
	got := g.decode([]byte(out))
	if len(got) != 1 || got[0].Version != "v1" || !got[0].FinishedAt.IsZero() || got[0].Repo != "checkout" {
		t.Errorf("deploys = %+v", got)
	}
	if got := g.decode(nil); len(got) != 0 {
		t.Errorf("deploys of nothing = %+v", got)
	}
}

func TestCappedTakesEverything(t *testing.T) {
	c := capped{left: 3}
	for range 3 {
		if n, err := c.Write([]byte("ab")); n != 2 || err != nil {
			t.Fatalf("Write = %d, %v", n, err)
		}
	}
	if c.String() != "aba" {
		t.Errorf("kept %q", c.String())
	}
}
