// Command stock is the reference for the benchmarks: the least that a Bubble Tea
// program of the same size can be. It fills the screen with boxes and text, as
// the cockpit does, but asks nobody and knows nothing.
package main

import (
	"fmt"
	"os"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
)

// ready stands on the screen once it is drawn.
const ready = "stock is ready"

type model struct{ w, h int }

// Init has nothing to begin.
func (m model) Init() tea.Cmd { return nil }

// Update keeps the size and ends at q.
func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
	case tea.KeyPressMsg:
		if msg.String() == "q" {
			return m, tea.Quit
		}
	}
	return m, nil
}

// View draws three boxes under two lines of text.
func (m model) View() tea.View {
	if m.w < 10 || m.h < 10 {
		return tea.NewView("")
	}
	title := lipgloss.NewStyle().Bold(true).Foreground(lipgloss.Color("#d7af5f"))
	box := lipgloss.NewStyle().Border(lipgloss.NormalBorder()).BorderForeground(lipgloss.Color("#626262"))
	top, bottom := (m.h-3)/2, m.h-3-(m.h-3)/2
	v := tea.NewView(lipgloss.JoinVertical(lipgloss.Left,
		title.Render(ready), "",
		lipgloss.JoinHorizontal(lipgloss.Top,
			box.Width(m.w/2).Height(top).Render(rows("page", top-2, m.w/2-2)),
			box.Width(m.w-m.w/2).Height(top).Render(rows("panel", top-2, m.w-m.w/2-2)),
		),
		box.Width(m.w).Height(bottom).Render(rows("line", bottom-2, m.w-2)),
		title.Render("q")+" quit",
	))
	v.AltScreen = true
	return v
}

func rows(word string, n, w int) string {
	var b strings.Builder
	for i := range n {
		l := fmt.Sprintf("%s %d %s", word, i, strings.Repeat("text ", 12))
		fmt.Fprintln(&b, l[:min(len(l), w)])
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func main() {
	if _, err := tea.NewProgram(model{}).Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
