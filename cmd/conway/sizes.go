package main

import (
	"cmp"
	"context"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"
)

// The size of a terminal that has none and of which the environment says nothing.
const (
	usualWidth  = 80
	usualHeight = 24
)

// size asks the terminal how large it is. What it does not say is what COLUMNS
// and LINES say.
func (a *app) size() tea.WindowSizeMsg {
	var s tea.WindowSizeMsg
	if f, ok := a.stdout.(*os.File); ok {
		// One that cannot be asked has no size.
		s.Width, s.Height, _ = term.GetSize(f.Fd())
	}
	said := func(name string) int {
		n, err := strconv.Atoi(a.getenv(name))
		if err != nil || n < 1 {
			return 0
		}
		return n
	}
	s.Width = cmp.Or(max(0, s.Width), said("COLUMNS"), usualWidth)
	s.Height = cmp.Or(max(0, s.Height), said("LINES"), usualHeight)
	return s
}

// sizes tells the screen how large its terminal is, now and whenever that
// changes, until ctx ends.
func (a *app) sizes(ctx context.Context, tell func(tea.Msg)) {
	changed := make(chan os.Signal, 1)
	signal.Notify(changed, syscall.SIGWINCH)
	defer signal.Stop(changed)
	for {
		tell(a.size())
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}
