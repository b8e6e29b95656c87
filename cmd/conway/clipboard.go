package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"conway/internal/text"
	"conway/internal/ui/pane"
)

const (
	// maxCopy bounds a copy in bytes. Terminals take some 75 KiB of text, xterm and
	// hterm the least of those that people use.
	maxCopy = 64 << 10
	// screenChunk is how much screen passes on in one piece.
	screenChunk = 512
	// tmuxTimeout bounds one question to tmux.
	tmuxTimeout = 2 * time.Second
)

// copied puts text on the clipboard of the person's own terminal, without a
// newline at its end: pasted into a shell, that would run it. Control characters
// go as escapes, because a shell would take them for keys.
func (w *world) copied(i pane.Copy) tea.Cmd {
	raw := strings.TrimRight(i.Raw, "\r\n")
	what := i.What
	if strings.ContainsFunc(raw, hidden) {
		raw, what = text.Escape(raw), what+", its control characters as escapes,"
	}
	switch {
	case raw == "":
		return said("there is nothing to copy", false)
	case len(raw) > maxCopy:
		return said(fmt.Sprintf("not copied: %s is %d KiB, and terminals take %d KiB at most", i.What, len(raw)>>10, maxCopy>>10), true)
	}
	receipt := said(fmt.Sprintf("copied %s (%d bytes): %s", what, len(raw), raw), false)
	seq := ansi.SetSystemClipboard(raw)
	switch w.multiplexer() {
	case inTmux:
		return tea.Sequence(w.toTmux(raw, seq), receipt)
	case inScreen:
		seq = ansi.ScreenPassthrough(seq, screenChunk)
	case noMultiplexer:
	}
	return tea.Batch(w.raw(seq), receipt)
}

// hidden reports whether a shell that gets r pasted may take it for a key.
func hidden(r rune) bool {
	return r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0
}

// toTmux gives text to tmux, which has it for paste-buffer and tells its own
// terminal, as set-clipboard says. By default it takes no OSC 52 from a program.
// Where it cannot be asked, OSC 52 goes out all the same.
func (w *world) toTmux(raw, seq string) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(w.ctx, tmuxTimeout)
		defer cancel()
		cmd := exec.CommandContext(ctx, "tmux", "load-buffer", "-w", "-")
		cmd.Env = childEnv(w.cfg)
		cmd.Stdin = strings.NewReader(raw)
		if cmd.Run() == nil {
			return nil
		}
		return w.raw(seq)()
	}
}

// raw sends one sequence of the program's own to the terminal.
func (w *world) raw(seq string) tea.Cmd {
	return func() tea.Msg {
		if w.gate == nil {
			return nil
		}
		w.gate.Arm(seq)
		// A terminal that takes nothing more is noticed by whoever draws.
		_, _ = io.WriteString(w.gate, seq)
		return nil
	}
}

// multiplexer is what stands between the program and the terminal.
type multiplexer uint8

const (
	noMultiplexer multiplexer = iota
	inTmux
	inScreen
)

// multiplexer tells by the environment. Over ssh from inside a multiplexer there
// is none to be seen, and none to be asked.
func (w *world) multiplexer() multiplexer {
	switch {
	case w.getenv("TMUX") != "":
		return inTmux
	case w.getenv("STY") != "":
		return inScreen
	}
	return noMultiplexer
}

// passes reports whether this tmux lets its pane talk to the outer terminal. It
// is only asked: whoever turned that off had a reason.
func (w *world) passes(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, tmuxTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "tmux", "display-message", "-p", "-t", w.getenv("TMUX_PANE"), "#{allow-passthrough}")
	cmd.Env = childEnv(w.cfg)
	out, err := cmd.Output()
	answer := strings.TrimSpace(string(out))
	return err == nil && (answer == "1" || answer == "on" || answer == "all" || answer == "2")
}
