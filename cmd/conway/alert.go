package main

import (
	"fmt"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"conway/internal/text"
	"conway/internal/ui/pane"
)

// maxAlert bounds the words on a desktop in characters; desktops cut them anyway.
const maxAlert = 120

// The shapes of a desktop notification.
const (
	alertOff  = "off"
	alertAuto = "auto"
	osc9      = "osc9"
	osc777    = "osc777"
)

// alert calls the person. The bell is a bare BEL, which tmux turns into its own
// alert; a notification goes through tmux only where that is allowed already.
func (w *world) alert(a pane.Alert) tea.Cmd {
	n := w.cfg.Notify
	var all []tea.Cmd
	if n.Bell {
		all = append(all, w.raw("\a"))
	}
	shape := n.Desktop
	if shape == alertAuto {
		shape = w.alertShape()
	}
	if seq := notification(shape, a); seq != "" {
		all = append(all, w.outward(seq))
	}
	return tea.Batch(all...)
}

// outward sends a sequence to the terminal outside of a multiplexer.
func (w *world) outward(seq string) tea.Cmd {
	switch w.multiplexer() {
	case inTmux:
		return func() tea.Msg {
			if !w.passes(w.ctx) {
				return nil
			}
			return w.raw(ansi.TmuxPassthrough(seq))()
		}
	case inScreen:
		return w.raw(ansi.ScreenPassthrough(seq, screenChunk))
	default:
		return w.raw(seq)
	}
}

// notification returns the sequence for an alert, empty for none.
func notification(shape string, a pane.Alert) string {
	words := spoken(a.Words)
	if a.Pages > 1 {
		words = fmt.Sprintf("%s and %d more", words, a.Pages-1)
	}
	switch shape {
	case osc9:
		return ansi.Notify("conway: " + words)
	case osc777:
		return "\x1b]777;notify;conway;" + words + "\x07"
	}
	return ""
}

// spoken returns what of a title may be shown outside of the program's own
// screen: letters, digits and a few signs. A desktop may take more for markup,
// and a terminal for the end of the sequence.
func spoken(title string) string {
	var b strings.Builder
	n, gap := 0, false
	for _, r := range text.Decode(title).String() {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(".,:-_/%()+#@=", r) {
			gap = n > 0
			continue
		}
		if gap {
			b.WriteByte(' ')
			n, gap = n+1, false
		}
		b.WriteRune(r)
		if n++; n >= maxAlert {
			break
		}
	}
	if n == 0 {
		return "a new page"
	}
	return b.String()
}

// alertShape is the notification that this terminal is known to show.
func (w *world) alertShape() string {
	term := w.getenv("TERM")
	switch w.getenv("TERM_PROGRAM") {
	case "iTerm.app", "WezTerm", "ghostty", "WarpTerminal":
		return osc9
	}
	switch {
	case w.getenv("LC_TERMINAL") == "iTerm2", strings.Contains(term, "ghostty"), strings.Contains(term, "kitty"), strings.Contains(term, "wezterm"):
		return osc9
	case strings.HasPrefix(term, "foot"), strings.HasPrefix(term, "rxvt"), w.getenv("VTE_VERSION") != "":
		return osc777
	}
	return alertOff
}
