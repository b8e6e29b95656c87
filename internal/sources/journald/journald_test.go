package journald

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources/tailing"
)

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no sign of %s", what)
		}
	}
}

type running struct {
	cancel context.CancelFunc
	done   chan error

	mu    sync.Mutex
	lines []oncall.LogLine
}

func run(t *testing.T, s *Source) *running {
	t.Helper()
	r := &running{done: make(chan error, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel = cancel
	go func() {
		r.done <- s.Run(ctx, func(e oncall.Event) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.lines = append(r.lines, e.(oncall.LinesEvent).Lines...)
		})
	}()
	t.Cleanup(func() {
		cancel()
		_ = r.ended(t)
	})
	return r
}

func (r *running) ended(t *testing.T) error {
	t.Helper()
	select {
	case err := <-r.done:
		r.done <- err
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("Run did not return")
	}
	return nil
}

func (r *running) said() (out []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.lines {
		out = append(out, l.Message)
	}
	return out
}

// TestUnreadEntryAloneInItsPart has an entry come by itself that cannot be read: it
// stands between those that are newer and those that are older.
func TestUnreadEntryAloneInItsPart(t *testing.T) {
	now := time.Now()
	var parts [][]tailing.Entry
	h := hunt{start: now.Add(-time.Hour), end: now, limit: 10, found: func(e []tailing.Entry) { parts = append(parts, e) }}
	timed := func(ago time.Duration) heard {
		return heard{entries: []entry{{Entry: tailing.Entry{Line: oncall.LogLine{At: now.Add(-ago), Raw: ago.String()}}}}}
	}
	unread := heard{entries: []entry{{Entry: tailing.Unread("{", "", "")}}}
	for _, some := range []heard{unread, timed(time.Minute), unread, timed(2 * time.Minute)} {
		h.take(some)
	}
	for i, want := range []time.Duration{0, time.Minute, time.Minute, 2 * time.Minute} {
		if got := now.Sub(parts[i][0].Line.At); got != want {
			t.Errorf("part %d is of %v ago, want %v", i, got, want)
		}
	}
}

// TestLostCursor has journalctl end, and the journal forget the cursor at which
// the tail was: it goes on by the time, and says that of journalctl.
func TestLostCursor(t *testing.T) {
	j := newJournal(t, oncall.LogLine{At: time.Now().Add(-time.Minute), Raw: "one"})
	s := j.source()
	s.Follow(oncall.LogQuery{})
	r := run(t, s)
	eventually(t, "the tail", func() bool { return len(r.said()) == 1 && j.running() == 1 })
	j.write("die", "")
	fault, ok := errors.AsType[*oncall.Fault](r.ended(t))
	if !ok || fault.Kind != oncall.Unavailable {
		t.Errorf("Run returned %v, want an outage", fault)
	}
	j.remove("die")
	j.remove("journal")
	j.add(oncall.LogLine{At: time.Now().Add(-10 * time.Second), Raw: "two"})
	fault, ok = errors.AsType[*oncall.Fault](run(t, s).ended(t))
	if !ok || fault.Kind != oncall.Unavailable || !strings.Contains(fault.Error(), "Failed to seek to cursor") {
		t.Errorf("Run returned %v, want the words of journalctl", fault)
	}
	r = run(t, s)
	eventually(t, "the next line", func() bool { return len(r.said()) > 0 })
	j.add(oncall.LogLine{At: time.Now(), Raw: "three"})
	eventually(t, "the last line", func() bool { return len(r.said()) > 1 })
	if got := r.said(); !slices.Equal(got, []string{"two", "three"}) {
		t.Errorf("the lines are %q", got)
	}
}

// TestHint is told by a journalctl that works.
func TestHint(t *testing.T) {
	const hint = "Hint: You are currently not seeing messages from other users and the system."
	j := newJournal(t, oncall.LogLine{At: time.Now(), Raw: "mine"})
	j.write("stderr", hint)
	s := j.source()
	s.Follow(oncall.LogQuery{})
	r := run(t, s)
	eventually(t, "the hint", func() bool { return slices.Contains(r.said(), hint) && slices.Contains(r.said(), "mine") })
	found, err := s.Search(t.Context(), oncall.LogQuery{}, func(oncall.LogPart) {})
	if err != nil || found.Lines != 1 || found.Complete || found.Why != hint {
		t.Errorf("found %+v (%v), want the line and the hint", found, err)
	}
}

func TestRefusals(t *testing.T) {
	for want, tt := range map[string]struct {
		query  string
		breaks func(j *fakeJournal)
		kind   oncall.FaultKind
	}{
		"Bad pattern":                  {query: "(", kind: oncall.Rejected},
		"group systemd-journal":        {breaks: func(j *fakeJournal) { j.remove("journal") }, kind: oncall.Auth},
		"Failed to open files":         {breaks: func(j *fakeJournal) { j.write("stderr", "Failed to open files: No such file") }, kind: oncall.Rejected},
		"Failed to do something else:": {breaks: func(j *fakeJournal) { j.write("stderr", "Failed to do something else: no") }, kind: oncall.Unavailable},
	} {
		t.Run(want, func(t *testing.T) {
			j := newJournal(t)
			if tt.breaks != nil {
				tt.breaks(j)
			}
			_, err := j.source().Search(t.Context(), oncall.LogQuery{Query: tt.query}, func(oncall.LogPart) {})
			fault, ok := errors.AsType[*oncall.Fault](err)
			if !ok || fault.Kind != tt.kind || !strings.Contains(fault.Error(), want) || fault.Op != opSearch {
				t.Errorf("the error is %v, want %q", err, want)
			}
		})
	}
	s, err := New(Options{Name: "journal", Argv: []string{"/nowhere/journalctl"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Search(t.Context(), oncall.LogQuery{}, func(oncall.LogPart) {})
	if fault, ok := errors.AsType[*oncall.Fault](err); !ok || fault.Kind != oncall.Rejected || !strings.Contains(fault.Error(), "was not found") {
		t.Errorf("without journalctl the error is %v", err)
	}
}

func TestPatternThatMatchesNothing(t *testing.T) {
	j := newJournal(t, oncall.LogLine{At: time.Now(), Raw: "one"})
	found, err := j.source().Search(t.Context(), oncall.LogQuery{Query: "two"}, func(oncall.LogPart) {})
	if err != nil || found.Lines != 0 || !found.Complete {
		t.Errorf("found %+v (%v), want nothing", found, err)
	}
}

func TestArguments(t *testing.T) {
	s, err := New(Options{Name: "journal", Units: []string{"a.service", "b.service"}, Priority: "warning", Directory: "/var/log/journal/x"})
	if err != nil {
		t.Fatal(err)
	}
	got := s.args(oncall.LogQuery{Query: " _UID=0 SYSLOG_IDENTIFIER=cron  --output=short; rm "})
	want := []string{
		"--output=json", "--no-pager", "--all", "--unit=a.service", "--unit=b.service", "--priority=warning",
		"--directory=/var/log/journal/x", "--grep=--output=short; rm", "_UID=0", "SYSLOG_IDENTIFIER=cron",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the arguments are %q, want %q", got, want)
	}
	if got := at(time.UnixMicro(1772449471000042)); got != "@1772449471.000042" {
		t.Errorf("the moment is %s", got)
	}
}

func TestValues(t *testing.T) {
	for in, want := range map[string]string{
		`"plain"`: "plain", `null`: "", ``: "", `[]`: "", `[104,105,255]`: "hi\uFFFD",
		`["a","b"]`: "a\nb", `["a",null,[104,105]]`: "a\nhi", `{"no":1}`: "", `12`: "",
	} {
		if got := textOf(json.RawMessage(in)); got != want {
			t.Errorf("%s became %q, want %q", in, got, want)
		}
	}
	e := entryOf(`{"__CURSOR":"c","__REALTIME_TIMESTAMP":"1772449471123456","PRIORITY":"6","_SYSTEMD_UNIT":"checkout.service","MESSAGE":"level=error msg=\"upstream timeout\""}`, false)
	if e.Line.At.UnixMicro() != 1772449471123456 || e.Line.Level != oncall.LevelError || e.Line.Message != "upstream timeout" || e.Line.Origin != "checkout.service" || e.Key != "c" {
		t.Errorf("the entry is %+v", e)
	}
	for _, bad := range []string{`{"MESSAGE":"no time"}`, `{"__REALTIME_TIMESTAMP":1.5e300}`, `x`} {
		if e := entryOf(bad, false); !e.Untimed || e.Line.Raw != bad {
			t.Errorf("%s became %+v", bad, e)
		}
	}
}

// TestBehindShells has a query pass the shell that an ssh has on its other side, and
// those of two.
func TestBehindShells(t *testing.T) {
	dir := t.TempDir()
	// It does as ssh does: all words after the host are one line for a shell there.
	script := "#!/bin/sh\nshift\nexec sh -c \"$*\"\n"
	ssh := filepath.Join(dir, "ssh")
	if err := os.WriteFile(ssh, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	j := newJournal(t, oncall.LogLine{At: time.Now().Add(-time.Minute), Raw: `it's $HOME; touch "harm" | x*`})
	harm := filepath.Join(dir, "harm")
	for _, argv := range [][]string{{ssh, "web-03", os.Args[0]}, {ssh, "bastion", ssh, "web-03", os.Args[0]}} {
		s, err := New(Options{Name: "journal", Argv: argv, Env: []string{"FAKE_JOURNAL=" + j.dir, "PATH=" + os.Getenv("PATH")}})
		if err != nil {
			t.Fatal(err)
		}
		for query, want := range map[string]int{
			`it's \$HOME; touch "harm" \| x\*`: 1, "nothing|$(touch " + harm + ")": 0, "_SYSTEMD_UNIT=$(touch$IFS" + harm + ")": 0,
		} {
			found, err := s.Search(t.Context(), oncall.LogQuery{Query: query}, func(oncall.LogPart) {})
			if err != nil || found.Lines != want {
				t.Errorf("%s through %d shells found %+v, %v", query, len(argv)/2, found, err)
			}
		}
	}
	if _, err := os.Stat(harm); err == nil {
		t.Error("a query was run by a shell")
	}
}
