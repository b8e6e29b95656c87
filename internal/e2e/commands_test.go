//go:build e2e

package e2e

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"conway/internal/drill/pdserver"
)

// full is a site with a source of each kind but metrics.
func full(tb testing.TB) (*pager, *site, string) {
	tb.Helper()
	pd := newPager(tb)
	id := pd.checkout()
	repo := repository(tb, time.Now().Add(-9*time.Minute), "v412", "v413")
	s := newSite(tb).pages(pd)
	s.write("app.log", `{"time":"2026-03-02T03:12:00Z","level":"error","msg":"payment declined"}`+"\n", 0o600)
	s.add("deploys:\n  - {type: git, name: tags, path: %q}", repo)
	s.add("logs:\n  - {type: file, name: app, paths: [app.log]}")
	return pd, s, id
}

// plain fails when a text would do anything to a terminal but print.
func plain(tb testing.TB, where, text string) {
	tb.Helper()
	for _, r := range text {
		if r != '\n' && r != '\t' && (r < 0x20 || r >= 0x7f && r < 0xa0) {
			tb.Fatalf("%s has the control character %q:\n%q", where, r, text)
		}
	}
}

func TestWithoutATerminalItPrintsOneFrame(t *testing.T) {
	t.Parallel()
	_, s, _ := full(t)
	r := s.run()
	if r.code != 0 || r.stderr != "" {
		t.Errorf("exit %d: %s", r.code, r.stderr)
	}
	plain(t, "the frame", r.stdout)
	for _, want := range []string{"PAGES 1 open", title, "DEPLOYS", "checkout v413", "LOGS", "payment declined"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("%q is not in the frame:\n%s", want, r.stdout)
		}
	}
}

func TestSnapshotInEveryFormat(t *testing.T) {
	t.Parallel()
	_, s, _ := full(t)
	s.config()
	for _, format := range []string{"text", "ansi", "json", "svg"} {
		r := s.piped("", "snapshot", "--size", "120x30", "--format", format)
		if r.code != 0 || r.stderr != "" || !strings.Contains(r.stdout, title) {
			t.Errorf("%s: exit %d: %s\n%s", format, r.code, r.stderr, r.stdout)
		}
		switch format {
		case "text":
			plain(t, "the text", r.stdout)
			if n := strings.Count(r.stdout, "\n"); n != 30 {
				t.Errorf("%d lines, want 30", n)
			}
		case "ansi":
			if !colour.MatchString(r.stdout) {
				t.Error("ansi has no colour")
			}
			plain(t, "ansi without its styles", regexp.MustCompile(`\x1b\[[0-9;:]*m`).ReplaceAllString(r.stdout, ""))
		case "json":
			d := decoded(t, r.stdout)
			if len(d.Sources) != 3 || len(d.Pages) != 1 || len(d.Deploys) != 2 || len(d.Lines) != 1 {
				t.Errorf("json holds %d sources, %d pages, %d deploys, %d lines", len(d.Sources), len(d.Pages), len(d.Deploys), len(d.Lines))
			}
		case "svg":
			wellFormed(t, r.stdout)
		}
	}
}

// document is what a script may rely on in --json.
type document struct {
	Version int
	Sources []struct{ Name, Kind, Quality, Fault string }
	Pages   []struct {
		Title, Status string
		Ref           struct{ Source, ID string }
	}
	Deploys []struct{ Version string }
	Lines   []struct{ Level string }
}

func decoded(tb testing.TB, text string) document {
	tb.Helper()
	var d document
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		tb.Fatalf("%v:\n%s", err, text)
	}
	if d.Version != 1 {
		tb.Errorf("version %d", d.Version)
	}
	return d
}

func wellFormed(tb testing.TB, text string) {
	tb.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			tb.Errorf("%v:\n%.500s", err, text)
			return
		}
	}
}

func TestListsForScripts(t *testing.T) {
	t.Parallel()
	pd, s, id := full(t)
	s.config()
	for _, c := range []struct{ name, want string }{
		{"pages", "pd/" + id}, {"deploys", "v413"}, {"logs", "payment declined"},
	} {
		r := s.piped("", c.name)
		if r.code != 0 || !strings.Contains(r.stdout, c.want) {
			t.Errorf("%s: exit %d:\n%s%s", c.name, r.code, r.stdout, r.stderr)
		}
		plain(t, c.name, r.stdout)
	}
	if d := decoded(t, s.piped("", "pages", "--json").stdout); len(d.Pages) != 1 || d.Pages[0].Ref.ID != id || d.Pages[0].Title != title || d.Pages[0].Status != "triggered" {
		t.Errorf("pages: %+v", d)
	}
	if d := decoded(t, s.piped("", "deploys", "--json").stdout); len(d.Deploys) != 2 || d.Deploys[0].Version != "v413" {
		t.Errorf("deploys: %+v", d)
	}
	if d := decoded(t, s.piped("", "logs", "--json").stdout); len(d.Lines) != 1 {
		t.Errorf("logs: %+v", d)
	}
	// A source that fails is exit 3, with the rest shown.
	pd.down()
	r := s.piped("", "snapshot", "--format", "json", "--wait", "3s")
	d := decoded(t, r.stdout)
	if r.code != 3 || len(d.Deploys) != 2 || !strings.Contains(d.Sources[0].Fault, "connection refused") {
		t.Errorf("exit %d: %+v", r.code, d)
	}
	if r := s.piped("", "pages"); r.code != 3 || !strings.Contains(r.stderr, "connection refused") {
		t.Errorf("pages: exit %d: %s", r.code, r.stderr)
	}
}

func TestActionsForScripts(t *testing.T) {
	t.Parallel()
	pd, s, id := full(t)
	s.config()
	ok := func(want, stdin string, args ...string) {
		t.Helper()
		if r := s.piped(stdin, args...); r.code != 0 || r.stdout != want+"\n" {
			t.Errorf("%v: exit %d: %s%s", args, r.code, r.stdout, r.stderr)
		}
	}
	ok("ack pd/"+id+": confirmed", "", "ack", "pd/"+id)
	if st := pd.state(id); st.Status != "acknowledged" || len(st.AckedBy) != 1 || st.AckedBy[0] != "PANA" {
		t.Errorf("after the ack: %+v", st)
	}
	ok("note pd/"+id+": confirmed", "", "note", id, "from", "a", "script")
	ok("note pd/"+id+": confirmed", "piped\nin\n", "note", id)
	if got := pd.written(id); !slices.Equal(got, []string{"PANA: from a script", "PANA: piped\nin"}) {
		t.Errorf("notes: %q", got)
	}
	ok("resolve pd/"+id+": confirmed", "", "resolve", id)
	if st := pd.state(id); st.Status != "resolved" {
		t.Errorf("after the resolve: %+v", st)
	}
	// What is refused is 1, what cannot be meant is 2.
	for _, c := range []struct {
		code int
		say  string
		args []string
	}{
		{1, "conway: ack pd/QNOSUCH: pd: acknowledge QNOSUCH: refused (HTTP 404): Not Found", []string{"ack", "QNOSUCH"}},
		{2, "conway: \"xx/Q1\" names no pager of the config; they are pd", []string{"ack", "xx/Q1"}},
		{2, "conway: the note is empty; give its text after the ID or on standard input", []string{"note", id}},
		{2, "conway: requires at least 1 arg(s), only received 0", []string{"resolve"}},
		{2, "conway: unknown flag: --nope", []string{"pages", "--nope"}},
	} {
		if r := s.piped("", c.args...); r.code != c.code || !strings.HasPrefix(r.stderr, c.say) {
			t.Errorf("%v: exit %d: %s\nwant %d: %s", c.args, r.code, r.stderr, c.code, c.say)
		}
	}
	// A pager that never answers: 1, within the time that was given.
	id = pd.checkout(func(i *pdserver.Incident) { i.Key = "another" })
	pd.Fail(pdserver.On(http.MethodPut, "/incidents", 0, pdserver.Failure{Delay: time.Hour}))
	r := s.piped("", "ack", id, "--wait", "2s")
	if r.code != 1 || !strings.Contains(r.stderr, "no word from the pager within 2s; it may or may not have arrived") {
		t.Errorf("a pager that hangs: exit %d: %s", r.code, r.stderr)
	}
}

func TestConfigCommands(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if r := s.piped("", "config", "check"); r.code != 2 || !strings.Contains(r.stderr, "there is no such file; conway config init writes one") {
		t.Errorf("check of nothing: %+v", r)
	}
	if r := s.piped("", "config", "init"); r.code != 0 || !strings.Contains(r.stdout, s.path("config.yaml")) {
		t.Errorf("init: %+v", r)
	}
	if r := s.piped("", "config", "check"); r.code != 0 || !strings.Contains(r.stdout, "ok;") {
		t.Errorf("check of what init wrote: %+v", r)
	}
	if r := s.piped("", "config", "init"); r.code != 2 || !strings.Contains(r.stderr, "is there already and is left as it is") {
		t.Errorf("a second init: %+v", r)
	}
	var schema map[string]any
	if r := s.piped("", "config", "schema"); r.code != 0 || json.Unmarshal([]byte(r.stdout), &schema) != nil || schema["$schema"] == nil {
		t.Errorf("schema: %+v", r)
	}
	if r := s.piped("", "version"); r.code != 0 || !strings.HasPrefix(r.stdout, "conway ") {
		t.Errorf("version: %+v", r)
	}
}
