package overlay

import (
	tea "charm.land/bubbletea/v2"

	"conway/internal/board"
	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// Help lists every key, and for each that cannot act now, why.
type Help struct {
	keys   keymap.Map
	reason func(keymap.Action) text.Safe
	scroll pane.Scroll
}

// NewHelp returns the help. Reason says why an action cannot act now, or an
// empty text.
func NewHelp(keys keymap.Map, reason func(keymap.Action) text.Safe) *Help {
	return &Help{keys: keys, reason: reason}
}

// Title is constant.
func (h *Help) Title(pane.Frame, board.Board) pane.Line {
	return pane.L(pane.S(style.Heading, text.Const("HELP")), pane.S(style.Dim, text.Const(" esc closes, j and k scroll")))
}

// Size asks for all the height there is.
func (h *Help) Size(w, height int) (int, int) { return min(w, 84), height }

// View lists the keys group by group.
func (h *Help) View(f pane.Frame, _ board.Board) pane.Block {
	all := h.lines()
	from, to := h.scroll.Visible(len(all), f.Height, -1)
	return all[from:to]
}

func (h *Help) lines() pane.Block {
	var out pane.Block
	var group keymap.Group
	for _, e := range h.keys.Entries() {
		if e.Group != group {
			group = e.Group
			out = append(out, pane.L(pane.S(style.Heading, text.Decode(string(group)))))
		}
		keys := make([]text.Safe, 0, len(e.Keys))
		for _, k := range e.Keys {
			keys = append(keys, text.Decode(keymap.Label(k)))
		}
		label := text.Join(keys, text.Const(" "))
		if len(keys) == 0 {
			label = text.Const("unbound")
		}
		role := style.Text
		reason := h.reason(e.Action)
		if !reason.Empty() {
			role = style.Dim
		}
		l := pane.L(pane.S(style.Key, text.Sprintf("  %s", label.Pad(14))), pane.S(role, text.Decode(e.Does)))
		if !reason.Empty() {
			l = append(l, pane.S(style.Warn, text.Sprintf(" (%s)", reason)))
		}
		out = append(out, l)
	}
	return out
}

// Key scrolls, and closes at esc, q or the help key.
func (h *Help) Key(k tea.KeyPressMsg, f pane.Frame, _ board.Board) Result {
	a, _ := h.keys.Action(k)
	switch a {
	case keymap.Back, keymap.Help, keymap.Quit:
		return Result{Close: true}
	}
	n := len(h.lines())
	if by, ok := pane.Step(a, f.Height, n); ok {
		h.scroll.Top += by
		h.scroll.Window(n, f.Height, -1)
	}
	return Result{}
}

// Paste is ignored.
func (h *Help) Paste(string) {}
