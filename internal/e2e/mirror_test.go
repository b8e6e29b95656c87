//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// mirror shows the bytes of a tape in three terminals: an emulator, the same one
// measuring by clusters, and a real tmux.
type mirror struct {
	*tape

	fed   int
	held  []byte
	plain *vt.SafeEmulator
	joins *vt.SafeEmulator
	// mux draws what is written to the pipe; widths are the columns that it was
	// measured to give to code points beyond ASCII.
	mux    *screen
	pipe   *os.File
	frames int
	widths map[rune]int
}

// cells are a screen's cells, a row after another; the second of a wide letter
// is empty.
type cells [][]string

func newMirror(tb testing.TB, p *tape) *mirror {
	tb.Helper()
	m := &mirror{tape: p, widths: tmuxWidths(tb)}
	for _, e := range []**vt.SafeEmulator{&m.plain, &m.joins} {
		em, end := emulator()
		tb.Cleanup(end)
		*e = em
	}
	if _, err := io.WriteString(m.joins, ansi.SetModeUnicodeCore); err != nil {
		tb.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "cw") //nolint:usetesting // its path would be too long for a socket
	if err != nil {
		tb.Fatal(err)
	}
	m.mux = &screen{tb: tb, tmux: need(tb, "tmux", "tmux"), dir: dir}
	tb.Cleanup(m.mux.kill)
	fifo := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		tb.Fatal(err)
	}
	m.mux.do("-f", "/dev/null", "new-session", "-d", "-x", strconv.Itoa(tapeWidth), "-y", strconv.Itoa(tapeHeight), "stty raw -echo; exec cat "+fifo)
	m.mux.do("set-option", "-p", "allow-passthrough", "on")
	if m.pipe, err = os.OpenFile(fifo, os.O_WRONLY, 0); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = m.pipe.Close() })
	p.typed("\x1b[?2026;2$y") // a terminal that can hold a frame back
	return m
}

// tmuxWidths reads what the decoder's tests measured.
func tmuxWidths(tb testing.TB) map[rune]int {
	tb.Helper()
	out := map[rune]int{}
	for l := range strings.Lines(readFile(tb, "../text/testdata/tmux.widths")) {
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

// feed shows what has come since, but nothing of a frame that has only begun: a
// terminal draws half of it, and this is no half of a screen that anybody meant.
func (m *mirror) feed() (news bool) {
	m.tb.Helper()
	for _, c := range m.all()[m.fed:] {
		m.fed++
		m.held = append(m.held, c.data...)
	}
	n := len(m.held)
	if at := bytes.LastIndex(m.held, []byte(frameBegins)); at >= 0 && !bytes.Contains(m.held[at:], []byte(frameEnds)) {
		n = at
	} else if at := bytes.LastIndexByte(m.held, '\x1b'); at >= 0 && n-at < len(frameBegins) {
		n = at // it may become the beginning of a frame
	}
	if n == 0 {
		return false
	}
	for _, w := range []io.Writer{m.plain, m.joins, m.pipe} {
		if _, err := w.Write(m.held[:n]); err != nil {
			m.tb.Fatal(err)
		}
	}
	m.held = append(m.held[:0], m.held[n:]...)
	return true
}

// shows waits until the screen holds all of the texts and has not changed for a
// moment.
func (m *mirror) shows(texts ...string) {
	m.tb.Helper()
	m.wait(fmt.Sprintf("show %q", texts), func(screen string) bool { return holds(screen, texts) })
}

// press presses a key, seldom again, until a text has gone from the screen: a
// question that opens swallows keys for a moment, and an escape with a key right
// behind it is another key, so that none may be on its way any more.
func (m *mirror) press(key, text string) {
	m.tb.Helper()
	const again = 3 * time.Second
	var last time.Time
	m.wait("lose "+text, func(screen string) bool {
		if !strings.Contains(screen, text) {
			return true
		}
		if time.Since(last) > again {
			m.typed(key)
			last = time.Now()
		}
		return false
	})
}

func (m *mirror) wait(what string, ok func(screen string) bool) {
	m.tb.Helper()
	const moment = 30 * time.Millisecond
	end := time.Now().Add(patience)
	still := time.Now()
	for time.Now().Before(end) {
		if m.feed() {
			still = time.Now()
		}
		if ok(m.text()) && time.Since(still) > moment {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	m.tb.Fatalf("after %s the screen does not %s:\n%s", patience, what, m.text())
}

func (m *mirror) text() string { return ansi.Strip(m.plain.Render()) }

// screens returns what each terminal shows.
func (m *mirror) screens() map[string]cells {
	m.tb.Helper()
	return map[string]cells{"emulator": cellsOf(m.plain), "emulator with clusters": cellsOf(m.joins), "tmux": m.tmuxCells()}
}

func cellsOf(e *vt.SafeEmulator) cells {
	out := make(cells, tapeHeight)
	for y := range out {
		out[y] = make([]string, tapeWidth)
		for x := range out[y] {
			if c := e.CellAt(x, y); c != nil && c.Width > 0 {
				out[y][x] = c.Content
			}
		}
	}
	return out
}

// tmuxCells waits until tmux has drawn all it was given, which a title behind it
// says, and returns its screen.
func (m *mirror) tmuxCells() cells {
	m.tb.Helper()
	m.frames++
	title := "frame " + strconv.Itoa(m.frames)
	if _, err := io.WriteString(m.pipe, "\x1b]2;"+title+"\a"); err != nil {
		m.tb.Fatal(err)
	}
	for end := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		got, shown, _ := strings.Cut(m.mux.do("display-message", "-p", "#{pane_title}", ";", "capture-pane", "-p", "-N"), "\n")
		if got == title {
			return m.columns(strings.Split(strings.TrimSuffix(shown, "\n"), "\n"))
		}
		if time.Now().After(end) {
			m.tb.Fatalf("tmux shows the title %q, want %q", got, title)
		}
	}
}

// columns lays captured rows out as tmux does.
func (m *mirror) columns(rows []string) cells {
	out := make(cells, 0, tapeHeight)
	for _, row := range rows {
		var line []string
		for _, r := range row {
			n, beyond := m.widths[r]
			if !beyond {
				n = 1 // ASCII
			}
			if n == 0 {
				continue // a mark on the letter before
			}
			line = append(line, string(r))
			for range n - 1 {
				line = append(line, "")
			}
		}
		for len(line) < tapeWidth {
			line = append(line, " ")
		}
		out = append(out, line)
	}
	return out
}

// sides are the cells in which a tile's side or corner stands: no data changes
// them. What lies between the corners holds titles.
func sides(c cells) map[[2]int]string {
	out := map[[2]int]string{}
	for y, row := range c {
		for x, cell := range row {
			if cell != "" && strings.Contains("│┌┐└┘├┤", cell) {
				out[[2]int{x, y}] = cell
			}
		}
	}
	return out
}

// displaced returns those of the sides that are not where they were, each with
// its row. What the program itself lays over the last rows for a moment, which
// says what has been resolved, is not looked under.
func displaced(want map[[2]int]string, got cells) []string {
	var out []string
	under := len(got)
	for y, row := range got {
		if strings.HasPrefix(strings.Join(row, ""), " resolved: ") {
			under = y
			break
		}
	}
	for at, cell := range want {
		if at[1] >= under && under < len(got) {
			continue
		}
		if at[1] >= len(got) || got[at[1]][at[0]] != cell {
			row := ""
			if at[1] < len(got) {
				row = strings.Join(got[at[1]], "")
			}
			out = append(out, fmt.Sprintf("no %s at column %d, row %d: %q", cell, at[0], at[1], row))
		}
	}
	return out
}

func TestDisplacedSidesAreFound(t *testing.T) {
	t.Parallel()
	want := sides(cells{{"│", "a", "b", "│"}, {"└", "─", "─", "┘"}})
	for name, got := range map[string]cells{
		"one cell to the right":   {{"│", "a", "b", "c"}, {"└", "─", "─", "┘"}},
		"overwritten":             {{"x", "a", "b", "│"}, {"└", "─", "─", "┘"}},
		"a row is gone":           {{"│", "a", "b", "│"}},
		"above what is laid over": {{"x", "a", "b", "│"}, strings.Split(" resolved: x", "")},
		"another side":            {{"│", "a", "b", "│"}, {"└", "─", "─", "│"}},
	} {
		if len(displaced(want, got)) == 0 {
			t.Errorf("%s: not found", name)
		}
	}
	if bad := displaced(want, cells{{"│", "漢", "", "│"}, {"└", "t", "─", "┘"}}); len(bad) > 0 {
		t.Errorf("other text between the same sides: %v", bad)
	}
}
