package main

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"conway/internal/config"
	"conway/internal/ui"
	"conway/internal/ui/gate"
	"conway/internal/ui/pane"
)

// terminalOf is a world before a terminal that keeps what reaches it.
func terminalOf(env map[string]string, n config.Notify) (*world, *strings.Builder) {
	out := new(strings.Builder)
	c := &core{cfg: config.Config{Notify: n}, gate: gate.New(out)}
	return &world{core: c, getenv: func(k string) string { return env[k] }}, out
}

// perform runs a command as the library does, and returns what was said.
func (w *world) perform(t *testing.T, cmd tea.Cmd) (said []string) {
	t.Helper()
	if cmd == nil {
		return nil
	}
	switch msg := cmd().(type) {
	case tea.BatchMsg:
		for _, c := range msg {
			said = append(said, w.perform(t, c)...)
		}
	case ui.Said:
		said = append(said, msg.Text)
	}
	return said
}

func TestCopySendsExactlyWhatItSays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		raw, want string
	}{
		"plain":               {"https://acme.example/1", "https://acme.example/1"},
		"ends in a line":      {"rm -rf /\r\n\n", "rm -rf /"},
		"lines in it":         {"one\ntwo\n", "one\ntwo"},
		"ends a paste early":  {"x\x1b[201~rm -rf /", `x\x1B[201~rm -rf /`},
		"beyond ASCII":        {"支払 é", "支払 é"},
		"an eight-bit escape": {"x\u009b201~", `x\u{9B}201~`},
	} {
		w, out := terminalOf(nil, config.Notify{})
		said := w.perform(t, w.copied(pane.Copy{What: "the line", Raw: c.raw}))
		if want := "\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte(c.want)) + "\x07"; out.String() != want {
			t.Errorf("%s: sent %q, want %q", name, out, want)
		}
		if len(said) != 1 || !strings.HasSuffix(said[0], fmt.Sprintf("(%d bytes): %s", len(c.want), c.want)) {
			t.Errorf("%s: said %q", name, said)
		}
		if w.gate.Dropped() != 0 {
			t.Errorf("%s: %d dropped", name, w.gate.Dropped())
		}
	}
	for _, raw := range []string{"", "\n\r\n", strings.Repeat("x", maxCopy+1)} {
		w, out := terminalOf(nil, config.Notify{})
		said := w.perform(t, w.copied(pane.Copy{What: "the line", Raw: raw}))
		if out.Len() > 0 || len(said) != 1 || !strings.Contains(said[0], "nothing to copy") && !strings.Contains(said[0], "terminals take 64 KiB") {
			t.Errorf("%d bytes: sent %d, said %q", len(raw), out.Len(), said)
		}
	}
}

func TestCopyInScreenIsPassedOnInPieces(t *testing.T) {
	t.Parallel()
	w, out := terminalOf(map[string]string{"STY": "1.pts"}, config.Notify{})
	raw := strings.Repeat("a line of log ", 200)
	w.perform(t, w.copied(pane.Copy{What: "it", Raw: raw}))
	got := strings.ReplaceAll(out.String(), "\x1b\\\x1bP", "")
	want := "\x1bP\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte(strings.TrimRight(raw, "\n"))) + "\x07\x1b\\"
	if got != want {
		t.Errorf("sent %.80q", got)
	}
	for piece := range strings.SplitSeq(out.String(), "\x1b\\") {
		if len(piece) > screenChunk+8 {
			t.Errorf("a piece of %d bytes", len(piece))
		}
	}
}

func TestAnAlertIsABellAndWhatTheTerminalShows(t *testing.T) {
	t.Parallel()
	title := "CHECKOUT <b>5xx</b> above 5%; \x1b]0;x\x07\u202e \"rm\" & more"
	for name, c := range map[string]struct {
		n    config.Notify
		env  map[string]string
		want string
	}{
		"bell":          {config.Notify{Bell: true, Desktop: "off"}, nil, "\a"},
		"nothing":       {config.Notify{Desktop: "off"}, nil, ""},
		"osc9":          {config.Notify{Desktop: "osc9"}, nil, "\x1b]9;conway: WORDS\x07"},
		"osc777":        {config.Notify{Bell: true, Desktop: "osc777"}, nil, "\a\x1b]777;notify;conway;WORDS\x07"},
		"auto, kitty":   {config.Notify{Desktop: "auto"}, map[string]string{"TERM": "xterm-kitty"}, "\x1b]9;conway: WORDS\x07"},
		"auto, foot":    {config.Notify{Desktop: "auto"}, map[string]string{"TERM": "foot"}, "\x1b]777;notify;conway;WORDS\x07"},
		"auto, unknown": {config.Notify{Desktop: "auto"}, map[string]string{"TERM": "xterm"}, ""},
		"screen":        {config.Notify{Desktop: "osc9"}, map[string]string{"STY": "1"}, "\x1bP\x1b]9;conway: WORDS\x07\x1b\\"},
	} {
		w, out := terminalOf(c.env, c.n)
		w.perform(t, w.alert(pane.Alert{Words: title, Pages: 1}))
		want := strings.ReplaceAll(c.want, "WORDS", spoken(title))
		if out.String() != want {
			t.Errorf("%s: sent %q, want %q", name, out, want)
		}
	}
	if got := spoken(title); strings.ContainsAny(got, "<>&;\"'\\\x1b\a") || !strings.HasPrefix(got, "CHECKOUT b 5xx /b above 5%") {
		t.Errorf("spoken: %q", got)
	}
	if got := spoken(strings.Repeat("支", 1000)); utf8.RuneCountInString(got) != maxAlert {
		t.Errorf("a long title has %d characters", utf8.RuneCountInString(got))
	}
	if got := spoken("\x1b\x07;;"); got == "" {
		t.Error("a title of nothing but signs is silent")
	}
}

func TestOnlyConfiguredHostsAreLinks(t *testing.T) {
	t.Parallel()
	if linker(nil) != nil {
		t.Error("links without hosts")
	}
	ok := linker([]string{"Acme.pagerduty.com", "grafana:3000"})
	for _, u := range []string{"https://acme.pagerduty.com/incidents/Q1", "https://ACME.pagerduty.com/", "http://grafana:3000/d/x?a=b;c"} {
		if !ok(u) {
			t.Errorf("%s is no link", u)
		}
	}
	for _, u := range []string{
		"", "https://evil.example/", "https://acme.pagerduty.com.evil.example/", "https://acme.pagerduty.com@evil.example/",
		"https://evil@acme.pagerduty.com/", "javascript://acme.pagerduty.com/%0aalert(1)", "file://acme.pagerduty.com/etc/passwd",
		"https://acme.pagerduty.com:8443/", "https://grafana/", "https://acme.pagerduty.com/\x07\x1b[2J", "https://acme.pagerduty.com/ x",
		"https://acme.pagerduty.com/\u202e", "//acme.pagerduty.com/", "acme.pagerduty.com", "https://acme.pagerduty.com/" + strings.Repeat("x", 1000),
	} {
		if ok(u) {
			t.Errorf("%q is a link", u)
		}
	}
}

func TestTheGatePassesOnlyAllowedLinks(t *testing.T) {
	t.Parallel()
	const good, end, bad = "\x1b]8;;https://acme.pagerduty.com/1\x07", "\x1b]8;;\x07", "\x1b]8;;https://evil.example/\x07"
	for _, c := range []struct{ sent, want string }{
		{good + "x" + end, good + "x" + end},
		{bad + "x" + end, "x"},
		{"\x1b]8;id=1;https://acme.pagerduty.com/1\x07x" + end, "x"},
		{"\x1b]8;;https://acme.pagerduty.com/1\x1b\\x", "x"},
		{good + bad + "x" + end, good + "x" + end},
		{end, ""},
	} {
		out := new(strings.Builder)
		g := gate.New(out)
		g.Allow(false, linker([]string{"acme.pagerduty.com"}))
		if _, err := g.Write([]byte(c.sent)); err != nil {
			t.Fatal(err)
		}
		if out.String() != c.want {
			t.Errorf("of %q %q passes, want %q", c.sent, out, c.want)
		}
	}
	out := new(strings.Builder)
	if _, err := gate.New(out).Write([]byte(good + "x" + end)); err != nil || out.String() != "x" {
		t.Errorf("without hosts %q passes", out)
	}
}

func TestTheGatePassesTheMouseOnlyWhenWanted(t *testing.T) {
	t.Parallel()
	const on, off, all = "\x1b[?1002h\x1b[?1006h", "\x1b[?1002l\x1b[?1003l\x1b[?1006l", "\x1b[?1003h\x1b[?1000h\x1b[?1005h\x1b[?9h"
	for wanted, want := range map[bool]string{true: on + off, false: off} {
		out := new(strings.Builder)
		g := gate.New(out)
		g.Allow(wanted, nil)
		if _, err := g.Write([]byte(on + all + off)); err != nil || out.String() != want {
			t.Errorf("wanted %v: %q passes, want %q", wanted, out, want)
		}
	}
}

func TestAnyNoColorMeansNone(t *testing.T) {
	t.Parallel()
	for _, v := range []string{"1", "yes", "0", "please"} {
		a := &app{process: process{environ: []string{"A=b", "NO_COLOR=" + v}, getenv: func(string) string { return v }}}
		if got := strings.Join(a.screenEnviron(), " "); got != "A=b NO_COLOR=1" {
			t.Errorf("NO_COLOR=%s becomes %s", v, got)
		}
	}
}
