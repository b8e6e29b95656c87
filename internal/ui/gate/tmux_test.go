//go:build e2e

package gate_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"conway/internal/text"
	"conway/internal/text/attack"
)

// tmux is a terminal of tmux that shows what is written to a pipe.
type tmux struct {
	tb   testing.TB
	path string
	dir  string
	pipe *os.File
	n    int
	// widths are the columns of code points beyond ASCII.
	widths map[rune]int
}

func newTmux(tb testing.TB, w, h int) *tmux {
	tb.Helper()
	path, err := exec.LookPath("tmux")
	if err != nil {
		tb.Fatal("tmux is not installed; on Debian: apt-get install tmux")
	}
	dir := tb.TempDir()
	m := &tmux{tb: tb, path: path, dir: dir, widths: measured(tb)}
	tb.Cleanup(func() {
		_, _ = m.ask("kill-server")
		if m.pipe != nil {
			_ = m.pipe.Close()
		}
	})
	fifo := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		tb.Fatal(err)
	}
	m.do("-f", "/dev/null", "new-session", "-d", "-x", strconv.Itoa(w), "-y", strconv.Itoa(h), "stty raw -echo; exec cat "+fifo)
	if m.pipe, err = os.OpenFile(fifo, os.O_WRONLY, 0); err != nil {
		tb.Fatal(err)
	}
	return m
}

func (m *tmux) ask(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, m.path, append([]string{"-u", "-L", "conway"}, args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + m.dir, "TMUX_TMPDIR=" + m.dir, "LANG=C.UTF-8", "TERM=xterm-256color"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("tmux %v: %w: %s", args, err, out)
	}
	return string(out), err
}

func (m *tmux) do(args ...string) string {
	m.tb.Helper()
	out, err := m.ask(args...)
	if err != nil {
		m.tb.Fatal(err)
	}
	return out
}

// show writes a frame and returns the rows of the screen when tmux has drawn it.
// A title behind the frame says when.
func (m *tmux) show(frame []byte) []string {
	m.tb.Helper()
	m.n++
	title := "frame " + strconv.Itoa(m.n)
	if _, err := m.pipe.Write(append(frame, "\x1b]2;"+title+"\a"...)); err != nil {
		m.tb.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		got, screen, _ := strings.Cut(m.do("display-message", "-p", "#{pane_title}", ";", "capture-pane", "-p", "-N"), "\n")
		if got == title {
			return strings.Split(strings.TrimSuffix(screen, "\n"), "\n")
		}
		if time.Now().After(end) {
			m.tb.Fatalf("tmux shows %q, want %q", got, title)
		}
	}
}

// cellsOf returns captured rows as cells. tmux prints the cells of a row one
// after another; how many columns each takes is what tmux was measured to do,
// whatever the decoder believes.
func (m *tmux) cellsOf(rows []string, w int) grid {
	var g grid
	for _, row := range rows {
		var cells []string
		for _, r := range row {
			n, ok := m.widths[r]
			if !ok {
				n = 1 // ASCII
			}
			switch {
			case n > 0:
				cells = append(cells, string(r))
				for range n - 1 {
					cells = append(cells, "")
				}
			case len(cells) > 0:
				cells[len(cells)-1] += string(r)
			}
		}
		for len(cells) < w {
			cells = append(cells, " ")
		}
		g = append(g, cells)
	}
	return g
}

// measured reads the widths that tmux was measured to give: the decoder's tests
// keep and check them.
func measured(tb testing.TB) map[rune]int {
	tb.Helper()
	data, err := os.ReadFile("../../text/testdata/tmux.widths")
	if err != nil {
		tb.Fatal(err)
	}
	out := map[rune]int{}
	for l := range strings.Lines(string(data)) {
		var from, to rune
		var w int
		if strings.HasPrefix(l, "#") {
			continue
		}
		if _, err := fmt.Sscanf(l, "%x %x %d", &from, &to, &w); err != nil {
			tb.Fatal(err)
		}
		for r := from; r <= to; r++ {
			out[r] = w
		}
	}
	return out
}

// TestTmuxNoClusterMovesABorder draws every string between borders in a real
// tmux of 80x24.
func TestTmuxNoClusterMovesABorder(t *testing.T) {
	const w, h = 80, 24
	all := clusters(t)
	c, m := newCanvas(w, h), newTmux(t, w, h)
	cells, screens, altered := 0, 0, 0
	for _, rows := range pages(all, w, h) {
		shown := m.show(c.draw(t, strings.Join(rows, "\n")))
		want, got := expect(rows), m.cellsOf(shown, w)
		n, wrong, first := displaced(want, got)
		cells, screens = cells+n, screens+1
		if wrong > 0 {
			t.Fatalf("%d border cells out of column: %s", wrong, text.Escape(first))
		}
		for y := range rows {
			if strings.TrimRight(rows[y], " ") != strings.TrimRight(shown[y], " ") {
				altered++
				if altered < 4 {
					t.Logf("drawn %s\nshown %s", text.Escape(rows[y]), text.Escape(shown[y]))
				}
			}
		}
	}
	if altered > 0 {
		t.Errorf("%d rows are not shown as they were drawn", altered)
	}
	t.Logf("corpus: %d strings, %d screens, %d border cells, 0 out of column (%s)", len(all), screens, cells, strings.TrimSpace(m.do("-V")))
}

// TestTmuxEveryAttack shows each attack in every field of one screen, and every
// screen with one attack, in a real tmux: what it shows is what was drawn.
func TestTmuxEveryAttack(t *testing.T) {
	const w, h = 80, 24
	m := newTmux(t, w, h)
	c := newCanvas(w, h)
	cells, frames := 0, 0
	show := func(a attack.Attack, s *session, name string) {
		rows := s.rows()
		want, got := expect(rows), m.cellsOf(m.show(c.draw(t, s.Content())), w)
		n, wrong, first := displaced(want, got)
		cells, frames = cells+n, frames+1
		if wrong > 0 {
			t.Fatalf("%s %q on screen %s: %d border cells out of column: %s", a.Threat, a.Name, name, wrong, first)
		}
		for y := range want {
			if strings.TrimRight(strings.Join(want[y], ""), " ") != strings.TrimRight(strings.Join(got[y], ""), " ") {
				t.Errorf("%s %q on screen %s: row %d is drawn as %q and shown as %q", a.Threat, a.Name, name, y, strings.Join(want[y], ""), strings.Join(got[y], ""))
			}
		}
	}
	for i, a := range attack.All() {
		s, _ := newSession(t, a.Raw, links)
		s.size(w, h)
		s.press("esc", "esc")
		show(a, s, "watch")
		scr := screens()[i%len(screens())]
		s.press(scr.keys...)
		if scr.paste {
			s.Update(tea.PasteMsg{Content: a.Raw})
		}
		show(a, s, scr.name)
	}
	if got := m.do("list-buffers"); got != "" {
		t.Errorf("something was copied: %q", got)
	}
	t.Logf("corpus: %d attacks, %d frames, %d border cells, 0 out of column (%s)", len(attack.All()), frames, cells, strings.TrimSpace(m.do("-V")))
}
