// Command stock is the reference for the benchmarks: a Bubble Tea program of the
// same size as somebody would build it by hand. It draws what the cockpit draws,
// which is two lines of text, pages with a cursor, deploys, panels, and a log that
// it follows, but asks nobody and knows nothing.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
)

const (
	// ready stands on the screen once it is drawn.
	ready = "stock is ready"
	// pageCount is how many pages the cursor goes over.
	pageCount = 6
	// keepLines is how many lines are held, more than are shown.
	keepLines = 1000
	// pace is how often lines reach the screen, and the clock's hand moves.
	pace = time.Second / 30
)

// mailbox holds what has been read and not yet been taken.
type mailbox struct {
	mu    sync.Mutex
	lines []string
}

func (b *mailbox) put(l string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.lines) == keepLines {
		b.lines = append(b.lines[:0], b.lines[1:]...)
	}
	b.lines = append(b.lines, l)
}

func (b *mailbox) take() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := b.lines
	b.lines = nil
	return out
}

// follow reads a file until that fails.
func (b *mailbox) follow(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	r := bufio.NewReaderSize(f, 256<<10)
	var part strings.Builder
	for {
		l, err := r.ReadString('\n')
		part.WriteString(l)
		switch {
		case err == nil:
			b.put(strings.TrimSuffix(part.String(), "\n"))
			part.Reset()
		case errors.Is(err, io.EOF):
			time.Sleep(time.Millisecond) // the least that a poller does
		default:
			return err
		}
	}
}

type tickMsg time.Time

type model struct {
	w, h   int
	cursor int
	now    time.Time
	box    *mailbox
	lines  []string

	title, marked, faint, bad, border lipgloss.Style
}

func newModel(b *mailbox) model {
	color := func(c string) lipgloss.Style { return lipgloss.NewStyle().Foreground(lipgloss.Color(c)) }
	return model{
		box: b, now: time.Now(), title: color("#d7af5f").Bold(true), marked: color("#d7af5f").Bold(true).Background(lipgloss.Color("#303030")),
		faint: color("#626262"), bad: color("#d75f5f"), border: lipgloss.NewStyle().Border(lipgloss.NormalBorder()).BorderForeground(lipgloss.Color("#626262")),
	}
}

func tick() tea.Cmd { return tea.Tick(pace, func(t time.Time) tea.Msg { return tickMsg(t) }) }

// Init begins to look into the mailbox, if there is one.
func (m model) Init() tea.Cmd {
	if m.box == nil {
		return nil
	}
	return tick()
}

// Update keeps the size, moves the cursor, takes lines, and ends at q.
func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
	case tickMsg:
		m.now = time.Time(msg)
		if m.lines = append(m.lines, m.box.take()...); len(m.lines) > keepLines {
			m.lines = m.lines[len(m.lines)-keepLines:]
		}
		return m, tick()
	case tea.KeyPressMsg:
		switch msg.String() {
		case "q":
			return m, tea.Quit
		case "j":
			m.cursor = min(m.cursor+1, pageCount-1)
		case "k":
			m.cursor = max(m.cursor-1, 0)
		}
	}
	return m, nil
}

// View draws the boxes under two lines of text.
func (m model) View() tea.View {
	if m.w < 40 || m.h < 20 {
		return tea.NewView("")
	}
	left := m.w * 42 / 100
	top, bottom := (m.h-4)*2/3, m.h-4-(m.h-4)*2/3
	v := tea.NewView(lipgloss.JoinVertical(
		lipgloss.Left,
		m.title.Render(ready)+" "+m.faint.Render(m.now.Format("15:04Z")),
		m.bad.Render("checkout 5xx above 5%")+m.faint.Render(" triggered 4 min ago"), m.faint.Render("preceded by v412 9 min before, 0.3% by chance"),
		lipgloss.JoinHorizontal(
			lipgloss.Top,
			lipgloss.JoinVertical(lipgloss.Left, m.pane("PAGES", m.pages(left-2), left, top/2), m.pane("DEPLOYS", m.deploys(left-2), left, top-top/2)),
			m.pane("METRICS", m.panels(m.w-left-2), m.w-left, top),
		),
		m.pane("LOGS", m.tail(bottom-2), m.w, bottom),
		m.title.Render("a")+" ack  "+m.title.Render("n")+" note  "+m.title.Render("q")+" quit",
	))
	v.AltScreen = true
	return v
}

func (m model) pane(title string, rows []string, w, h int) string {
	rows = append([]string{m.title.Render(title)}, rows...)
	for i, r := range rows {
		rows[i] = lipgloss.NewStyle().MaxWidth(w - 2).Render(r)
	}
	return m.border.Width(w).Height(h).Render(strings.Join(rows[:min(len(rows), h-2)], "\n"))
}

func (m model) pages(w int) []string {
	out := make([]string, 0, pageCount)
	for i := range pageCount {
		row := fmt.Sprintf("%-*s", w, fmt.Sprintf("  ● high  checkout 5xx above %d%%     checkout     4m", i))
		if i == m.cursor {
			out = append(out, m.marked.Render("▶"+row[1:]))
			continue
		}
		out = append(out, m.bad.Render(row))
	}
	return out
}

func (m model) deploys(int) []string {
	out := make([]string, 0, 2)
	for i := range 2 {
		out = append(out, m.faint.Render("04:03 ")+fmt.Sprintf("v%d a1b2c3d  payments", 412+i)+m.faint.Render("  github"))
	}
	return out
}

func (m model) panels(w int) []string {
	bars := []rune("▁▂▃▄▅▆▇█")
	out := make([]string, 0, 4)
	for p := range 4 {
		var b strings.Builder
		for x := range w - 26 {
			b.WriteRune(bars[(x*x/7+p*3)%len(bars)])
		}
		out = append(out, fmt.Sprintf("error ratio %d  ", p)+m.bad.Render("6.1%")+"     "+m.title.Render(b.String()))
	}
	return out
}

func (m model) tail(n int) []string {
	out := make([]string, 0, n)
	for _, l := range m.lines[max(0, len(m.lines)-n+1):] {
		if level := strings.Index(l, "ERROR"); level >= 0 {
			l = m.faint.Render(l[:level]) + m.bad.Render("ERROR") + l[level+5:]
		}
		out = append(out, l)
	}
	return out
}

func main() {
	var b *mailbox
	if len(os.Args) > 1 {
		b = &mailbox{}
		go func() {
			fmt.Fprintln(os.Stderr, b.follow(os.Args[1]))
			os.Exit(1)
		}()
	}
	if _, err := tea.NewProgram(newModel(b)).Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
