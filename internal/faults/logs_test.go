package faults

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"conway/internal/board"
	"conway/internal/feed"
	"conway/internal/follow"
	"conway/internal/sources"
	"conway/internal/sources/file"
	"conway/internal/ui"
	"conway/internal/ui/keymap"
	"conway/internal/ui/layout"
	"conway/internal/ui/pane"
)

// tailing is a log that is followed from a file to the screen, in real time.
type tailing struct {
	*testing.T

	path   string
	f      *os.File
	box    *feed.Mailbox
	model  *ui.Model
	ctx    context.Context //nolint:containedctx // a whole run
	wrote  int
	bounds int
}

func tail(t *testing.T, bound int) *tailing {
	t.Helper()
	l := &tailing{T: t, path: filepath.Join(t.TempDir(), "app.log"), box: feed.NewMailbox(bound), bounds: bound}
	l.create()
	src := made(file.NewLogs(file.LogOptions{Name: "app", Paths: []string{l.path}}))(t)
	keys, err := keymap.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	l.model = ui.New(ui.Options{
		Board: board.New(board.Options{LineCap: 50_000, Sources: []board.SourceInfo{{Name: "app", Kind: board.KindLogs}}}),
		Keys:  keys, Preset: layout.Watch, Zone: time.UTC, Now: time.Now, Services: follow.NewMap(nil),
		World: func(pane.Intent) tea.Cmd { return nil },
	})
	l.model.Init()
	l.model.Update(tea.WindowSizeMsg{Width: 160, Height: 40})
	ctx, cancel := context.WithCancel(t.Context())
	l.ctx = ctx
	group := feed.NewGroup(l.box.Put, feed.Options{})
	group.Start(ctx, src)
	t.Cleanup(func() {
		cancel()
		group.Wait()
		if err := l.f.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func (l *tailing) create() {
	l.Helper()
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		l.Fatal(err)
	}
	l.f = f
}

func (l *tailing) write(n int) {
	l.Helper()
	var b strings.Builder
	for range n {
		fmt.Fprintf(&b, "2026-03-02T03:12:00Z INFO line %d\n", l.wrote)
		l.wrote++
	}
	if _, err := l.f.WriteString(b.String()); err != nil {
		l.Fatal(err)
	}
}

// fold takes what is there and returns how many lines came and were left out.
func (l *tailing) fold() (received, dropped uint64) {
	ctx, cancel := context.WithTimeout(l.ctx, 100*time.Millisecond)
	defer cancel()
	if events, err := l.box.Next(ctx); err == nil {
		l.model.Update(ui.Events(events))
	}
	t := l.model.Board().Logs()
	received = t.Received()
	dropped, _ = t.Dropped()
	return received, dropped
}

// exact waits until every line is accounted for.
func (l *tailing) exact() (received, dropped uint64) {
	l.Helper()
	for end := time.Now().Add(15 * time.Second); ; {
		received, dropped = l.fold()
		switch sum := received + dropped; {
		case sum == uint64(l.wrote):
			return received, dropped
		case sum > uint64(l.wrote) || time.Now().After(end):
			l.Fatalf("%d received and %d left out of %d written", received, dropped, l.wrote)
		}
	}
}

func (l *tailing) see(words string) {
	l.Helper()
	if got := l.model.Text(); !strings.Contains(got, words) {
		l.Errorf("the screen does not show %q:\n%s", words, got)
	}
}

var _ sources.Source = (*file.Logs)(nil)

// TestLogAccounts is the row "log tail source overruns, rotates, truncates,
// copytruncates": seen, dropped and filtered together are what was received.
func TestLogAccounts(t *testing.T) {
	t.Parallel()
	t.Run("overruns (100k lines/s)", func(t *testing.T) {
		t.Parallel()
		l := tail(t, 20_000)
		l.write(1)
		l.exact()
		start := time.Now()
		for range 100 {
			l.write(1000)
		}
		t.Logf("100,000 lines in %v", time.Since(start))
		// The screen is busy for so long that the mailbox overflows.
		time.Sleep(700 * time.Millisecond)
		received, dropped := l.exact()
		if dropped == 0 {
			t.Error("nothing was left out, so nothing was tested")
		}
		l.see(fmt.Sprintf("%d left out", dropped))
		kept := l.model.Board().Logs()
		if g := kept.Gaps(); len(g) == 0 || !strings.Contains(g[len(g)-1].Dropped.Reason, "the screen was slower than the log") {
			t.Errorf("the gaps are %+v", g)
		}
		if n := uint64(kept.Len()) + kept.Evicted(); n != received {
			t.Errorf("%d kept or evicted of %d", n, received)
		}
	})
	t.Run("a filter hides and drops nothing", func(t *testing.T) {
		t.Parallel()
		l := tail(t, 0)
		l.write(1000)
		l.exact()
		for _, k := range []string{"L", "/", "9", "9"} {
			l.model.Update(tea.KeyPressMsg{Code: []rune(k)[0], Text: k})
		}
		l.model.Update(tea.KeyPressMsg{Code: tea.KeyEnter})
		l.see("19 match") // of 0 to 999: x99, 99x
		if received, dropped := l.fold(); received != 1000 || dropped != 0 {
			t.Errorf("%d received, %d left out", received, dropped)
		}
	})
	t.Run("rotates", func(t *testing.T) {
		t.Parallel()
		l := tail(t, 0)
		l.write(1)
		l.exact()
		for i := range 5 {
			l.write(200)
			if err := os.Rename(l.path, fmt.Sprintf("%s.%d", l.path, i)); err != nil {
				t.Fatal(err)
			}
			l.write(50) // the writer has not noticed yet
			old := l.f
			l.create()
			l.write(50)
			if err := old.Close(); err != nil {
				t.Fatal(err)
			}
			l.exact()
		}
		l.see(fmt.Sprintf("line %d", l.wrote-1))
	})
	t.Run("truncates", func(t *testing.T) {
		t.Parallel()
		l := tail(t, 0)
		l.write(500)
		l.exact()
		if err := os.Truncate(l.path, 0); err != nil {
			t.Fatal(err)
		}
		l.write(5)
		l.exact()
		// What was written just before may be missing, so the gap is said to be of
		// unknown size.
		l.see("was truncated; lines written just before may be missing")
		if _, exact := l.model.Board().Logs().Dropped(); exact {
			t.Error("a gap of unknown size is told as an exact one")
		}
	})
}
