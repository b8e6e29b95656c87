package ssh

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/sourcetest"
)

func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Case{New: func(tb testing.TB) sources.Source {
		tb.Helper()
		return newHost(tb, oncall.LogLine{At: time.Now(), Raw: "upstream timeout"}).source()
	}})
}

func TestLogs(t *testing.T) {
	t.Run("a path", func(t *testing.T) { suite(t, "app's log.log") })
	t.Run("a pattern", func(t *testing.T) { suite(t, "a?p's *.log") })
}

func suite(t *testing.T, name string) {
	t.Helper()
	var newest *host
	sourcetest.Logs(t, sourcetest.LogCase{
		New: func(testing.TB, sourcetest.Endpoint) sources.Source {
			return newest.source(filepath.Join(newest.dir, name))
		},
		Store: func(tb testing.TB, s sourcetest.LogSetup) sourcetest.LogStore {
			tb.Helper()
			newest = newHost(tb, s.Lines...)
			h := newest
			return sourcetest.LogStore{
				Add: h.add, Running: h.running,
				Spoil: func(text string) { h.write("app's log.log", "\x00\xff"+text+"\n") },
				Stall: func() { h.write("stall", "") },
			}
		},
		Query:       func(word string) string { return word },
		NewestFirst: true,
	})
}

func TestNewRefuses(t *testing.T) {
	whole := Options{Name: "web", Host: "web-03", Paths: []string{"/var/log/app.log"}}
	for want, change := range map[string]func(*Options){
		"it has no name":               func(o *Options) { o.Name = "" },
		"host must be a name":          func(o *Options) { o.Host = "-oProxyCommand=x" },
		"such as web-03 or":            func(o *Options) { o.Host = "web 03" },
		"paths is empty":               func(o *Options) { o.Paths = nil },
		"argv has an empty word":       func(o *Options) { o.Argv = []string{"ssh", ""} },
		`path "app.log" is not whole`:  func(o *Options) { o.Paths = []string{"app.log"} },
		"has a backslash or a control": func(o *Options) { o.Paths = []string{"/a\nb"} },
	} {
		o := whole
		change(&o)
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestQuotedForEveryShell has shells repeat words that would mean something to
// them.
func TestQuotedForEveryShell(t *testing.T) {
	ran := 0
	for _, shell := range []string{"sh", "bash", "dash", "zsh", "fish", "tcsh", "busybox"} {
		path, err := exec.LookPath(shell)
		if err != nil {
			continue
		}
		for _, word := range []string{"plain", "a b", "it's", "''", `"$HOME"`, "$(id)", "`id`", ";id", "&|<>", "-n", "#", "é"} {
			args := []string{"-c", "printf '%s' " + quote(word)}
			if shell == "busybox" {
				args = append([]string{"sh"}, args...)
			}
			if out, err := exec.Command(path, args...).Output(); err != nil || string(out) != word {
				t.Errorf("%s makes %q of %q, %v", shell, out, word, err)
			}
		}
		ran++
	}
	if ran == 0 {
		t.Skip("there is no shell")
	}
}

// watch is a source that runs.
type watch struct {
	t      *testing.T
	cancel context.CancelFunc
	done   chan error

	mu     sync.Mutex
	lines  []string
	gaps   []string
	faults []*oncall.Fault
}

func begin(t *testing.T, s *Source) *watch {
	t.Helper()
	w := &watch{t: t, done: make(chan error, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	w.cancel = cancel
	go func() { w.done <- s.Run(ctx, w.take) }()
	return w
}

func (w *watch) take(e oncall.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	l, ok := e.(oncall.LinesEvent)
	if !ok {
		return
	}
	for _, line := range l.Lines {
		_, word, _ := strings.Cut(line.Raw, " ")
		w.lines = append(w.lines, word)
	}
	if l.Dropped.Count > 0 {
		w.gaps = append(w.gaps, l.Dropped.Reason)
	}
	if l.Err != nil {
		w.faults = append(w.faults, l.Err)
	}
}

// sees waits until exactly these lines have come.
func (w *watch) sees(want ...string) {
	w.t.Helper()
	w.until("lines "+strings.Join(want, " "), func() bool { return slices.Equal(w.lines, want) })
}

func (w *watch) until(what string, ok func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		w.mu.Lock()
		is := ok()
		have := fmt.Sprintf("%q, gaps %q, faults %v", w.lines, w.gaps, w.faults)
		w.mu.Unlock()
		if is {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("no %s: %s", what, have)
		}
	}
}

// ends waits for the end of the run.
func (w *watch) ends() error {
	w.t.Helper()
	select {
	case err := <-w.done:
		w.cancel()
		return err
	case <-time.After(10 * time.Second):
		w.t.Fatal("Run did not return")
	}
	return nil
}

func words(ws ...string) []oncall.LogLine {
	out := make([]oncall.LogLine, 0, len(ws))
	for _, w := range ws {
		out = append(out, oncall.LogLine{At: time.Now(), Raw: w})
	}
	return out
}

// breakOff loses the connection.
func breakOff(t *testing.T, h *host, w *watch) {
	t.Helper()
	h.write("cut", "")
	var f *oncall.Fault
	if err := w.ends(); !errors.As(err, &f) || f.Kind != oncall.Unavailable || !strings.Contains(f.Error(), "the connection to web-03 was lost") {
		t.Fatalf("a lost connection is %v", err)
	}
	h.remove("cut")
}

// TestGoesOnAtTheByte: after a lost connection nothing is missing and nothing
// comes twice, in the middle of a line too.
func TestGoesOnAtTheByte(t *testing.T) {
	h := newHost(t, words("one", "two")...)
	s := h.source()
	w := begin(t, s)
	w.sees("one", "two")
	h.add(words("three")...)
	h.write("app's log.log", "2026-03-02T03:00:00Z fo")
	w.sees("one", "two", "three")
	breakOff(t, h, w)
	h.write("app's log.log", "ur\n")
	h.add(words("five")...)
	w = begin(t, s)
	w.sees("four", "five")
	w.cancel()
	if err := w.ends(); !errors.Is(err, context.Canceled) {
		t.Errorf("Run returned %v", err)
	}
	if len(w.gaps) != 0 {
		t.Errorf("gaps %q", w.gaps)
	}
	w.until("end of what ran there", func() bool { return h.running() == 0 })
}

// TestRotatedWhileConnected: what is still written to the old file comes too, then
// the new file is followed, and after a lost connection the place in it is found
// again.
func TestRotatedWhileConnected(t *testing.T) {
	h := newHost(t, words("one")...)
	s := h.source()
	w := begin(t, s)
	w.sees("one")
	if err := os.Rename(h.path(), filepath.Join(h.dir, "old")); err != nil {
		t.Fatal(err)
	}
	h.write("old", "- last words\n")
	w.sees("one", "last words")
	h.add(words("two is long enough to be known again")...)
	w.sees("one", "last words", "two is long enough to be known again")
	breakOff(t, h, w)
	h.add(words("three")...)
	w = begin(t, s)
	w.until("three, and what came before it at most once", func() bool { return len(w.lines) > 0 && w.lines[len(w.lines)-1] == "three" })
	w.cancel()
	_ = w.ends() // it was cancelled
	if len(w.lines) > 2 {
		t.Errorf("lines %q", w.lines)
	}
}

// TestRotatedWhileAway: all of the new file is shown, and that something may be
// missing is said.
func TestRotatedWhileAway(t *testing.T) {
	for name, replace := range map[string]func(h *host) error{
		"renamed":      func(h *host) error { return os.Rename(h.path(), filepath.Join(h.dir, "old")) },
		"copytruncate": func(h *host) error { return os.Truncate(h.path(), 0) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, words("one", "two")...)
			s := h.source()
			w := begin(t, s)
			w.sees("one", "two")
			breakOff(t, h, w)
			if err := replace(h); err != nil {
				t.Fatal(err)
			}
			// It has grown beyond the byte that was reached.
			h.add(words("three", "four", "five")...)
			w = begin(t, s)
			w.sees("three", "four", "five")
			w.cancel()
			_ = w.ends() // it was cancelled
			if len(w.gaps) != 1 || !strings.Contains(w.gaps[0], "lines that were written to the one before may be missing") {
				t.Errorf("gaps %q", w.gaps)
			}
		})
	}
}

// TestRotatedIntoALargeFile: of a file that is longer than what is looked through for the
// place, the end is shown from the first whole line on.
func TestRotatedIntoALargeFile(t *testing.T) {
	h := newHost(t, words("one")...)
	s := h.source()
	w := begin(t, s)
	w.sees("one")
	breakOff(t, h, w)
	if err := os.Remove(h.path()); err != nil {
		t.Fatal(err)
	}
	filler := strings.Repeat("x", 80)
	h.write("app's log.log", strings.Repeat("2026-03-02T03:00:00Z "+filler+"\n", againBytes/100+1)+"2026-03-02T03:00:00Z last\n")
	w = begin(t, s)
	w.until("last line", func() bool { return len(w.lines) > 0 && w.lines[len(w.lines)-1] == "last" })
	w.cancel()
	_ = w.ends() // it was cancelled
	if w.lines[0] != filler || len(w.gaps) != 1 {
		t.Errorf("the first line is %q, gaps %q", w.lines[0], w.gaps)
	}
}

func TestBeginsNearTheEnd(t *testing.T) {
	h := newHost(t)
	h.write("app's log.log", "2026-03-02T03:00:00Z early\n"+strings.Repeat("2026-03-02T03:00:00Z filler\n", 2*firstBytes/28)+"2026-03-02T03:00:00Z last\n")
	w := begin(t, h.source())
	w.until("last line", func() bool { return len(w.lines) > 0 && w.lines[len(w.lines)-1] == "last" })
	w.cancel()
	_ = w.ends() // it was cancelled
	if w.lines[0] != "filler" || len(w.lines) > firstBytes/28+2 {
		t.Errorf("%d lines, the first is %q", len(w.lines), w.lines[0])
	}
}

// TestOneFileIsAway: the others go on, and it is looked for again.
func TestOneFileIsAway(t *testing.T) {
	h := newHost(t, words("one")...)
	other := filepath.Join(h.dir, "other.log")
	w := begin(t, h.source(other, h.dir, h.path()))
	w.until("both faults", func() bool {
		said := fmt.Sprint(w.faults)
		return strings.Contains(said, "other.log is not there") && strings.Contains(said, "is no file") && slices.Contains(w.lines, "one")
	})
	h.write("other.log", "2026-03-02T03:00:00Z two\n")
	w.sees("one", "two")
	w.cancel()
	_ = w.ends() // it was cancelled
}

func TestWhatSSHSaysIsUnderstood(t *testing.T) {
	for _, c := range []struct {
		says  string
		kind  oncall.FaultKind
		words string
	}{
		{"Host key verification failed.", oncall.Auth, "log in once with ssh web-03 and compare the key"},
		{"ana@web-03: Permission denied (publickey,password).", oncall.Auth, "load a key with ssh-add"},
		{"ssh: Could not resolve hostname web-03: Name or service not known", oncall.Rejected, "there is no host web-03"},
		{"ssh: connect to host web-03 port 22: Connection \x1b[2Jrefused", oncall.Unavailable, "Connection [2Jrefused"},
	} {
		h := newHost(t)
		h.write("stderr", c.says)
		s := h.source()
		w := begin(t, s)
		var f *oncall.Fault
		if err := w.ends(); !errors.As(err, &f) || f.Kind != c.kind || !strings.Contains(f.Error(), c.words) {
			t.Errorf("%q became %v, want %v and %q", c.says, err, c.kind, c.words)
		}
		if _, err := s.Search(t.Context(), oncall.LogQuery{}, func(oncall.LogPart) {}); !errors.As(err, &f) || f.Kind != c.kind {
			t.Errorf("a search: %v", err)
		}
	}
}

func TestGreetingIsPassedOver(t *testing.T) {
	h := newHost(t, words("one")...)
	h.write("greeting", "Welcome!\nconway-0 1 2 3\n")
	w := begin(t, h.source())
	w.sees("one")
	w.cancel()
	_ = w.ends() // it was cancelled
	h.write("greeting", strings.Repeat("more\n", maxGreeting))
	var f *oncall.Fault
	if err := begin(t, h.source()).ends(); !errors.As(err, &f) || !strings.Contains(f.Error(), "keep its startup files quiet") {
		t.Errorf("a shell that talks without end: %v", err)
	}
}

func TestHostThatDoesNotAnswer(t *testing.T) {
	h := newHost(t)
	h.write("stall", "")
	s := h.source()
	s.o.Timeout = 50 * time.Millisecond
	var f *oncall.Fault
	if err := begin(t, s).ends(); !errors.As(err, &f) || !strings.Contains(f.Error(), "web-03 did not answer in time") {
		t.Errorf("Run returned %v", err)
	}
	s.o.Argv = []string{filepath.Join(h.dir, "nosuch")}
	if err := begin(t, s).ends(); !errors.As(err, &f) || f.Kind != oncall.Rejected || !strings.Contains(f.Error(), "nosuch was not found") {
		t.Errorf("Run returned %v", err)
	}
}

// TestSearchSaysHowFarItLooked: only the end of a large file is read.
func TestSearchSaysHowFarItLooked(t *testing.T) {
	h := newHost(t)
	at := time.Now().Add(-30 * time.Minute).UTC().Truncate(time.Second)
	line := at.Format(time.RFC3339) + " " + strings.Repeat("x", 1000) + "\n"
	h.write("app's log.log", strings.Repeat(line, searchBytes/len(line)+9)+"  at main.go:7\n")
	cost, err := h.source("/a", "/b").Estimate(t.Context(), oncall.LogQuery{})
	if want := (oncall.LogCost{Bytes: 2 * searchBytes, Lines: -1, Parts: 2, PartName: "files", Bound: true}); err != nil || cost != want {
		t.Errorf("a search costs %+v, %v", cost, err)
	}
	found, err := h.source().Search(t.Context(), oncall.LogQuery{Query: "main.go"}, func(p oncall.LogPart) {
		if len(p.Lines) != 1 || !p.Lines[0].At.Equal(at) || p.Lines[0].Origin != h.path() {
			t.Errorf("%+v", p.Lines)
		}
	})
	if err != nil || found.Lines != 1 || found.Complete || !strings.Contains(found.Why, "only the last 8 MiB of web-03:") {
		t.Errorf("%+v, %v", found, err)
	}
	// A window that begins later was read whole.
	found, err = h.source().Search(t.Context(), oncall.LogQuery{Window: oncall.Window{Start: at.Add(time.Minute), End: time.Now()}}, func(oncall.LogPart) {})
	if err != nil || found.Lines != 0 || !found.Complete {
		t.Errorf("%+v, %v", found, err)
	}
}
