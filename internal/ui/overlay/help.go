package overlay

import (
	"cmp"

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

// Title tells its keys. The palette is out of reach here, so that what is unbound is
// left out.
func (h *Help) Title(f pane.Frame, _ board.Board) pane.Line {
	closes := cmp.Or(h.keys.Key(keymap.Back), "esc")
	down, up := h.keys.Key(keymap.Down), h.keys.Key(keymap.Up)
	if down == "" || up == "" {
		return titled(text.Const("HELP"), f.Width, text.Sprintf(" %s closes", closes), text.Sprintf(" %s", closes))
	}
	return titled(text.Const("HELP"), f.Width, text.Sprintf(" %s closes, %s and %s scroll", closes, down, up), text.Sprintf(" %s, %s, %s", closes, down, up))
}

// Size asks for all the height there is.
func (h *Help) Size(w, height int) (int, int) { return min(w, 84), height }

// View lists the keys group by group.
func (h *Help) View(f pane.Frame, _ board.Board) pane.Block {
	all := h.lines(f.Width)
	from, to := h.scroll.Visible(len(all), f.Height, -1)
	return all[from:to]
}

// helpKeys is the width of the column of keys.
const helpKeys = 14

func (h *Help) lines(w int) pane.Block {
	var out pane.Block
	var group keymap.Group
	var above text.Safe
	for _, e := range h.keys.Entries() {
		if e.Group != group {
			group = e.Group
			out = append(out, pane.L(pane.S(style.Heading, text.Decode(string(group)))))
		}
		reason := h.reason(e.Action)
		head := pane.S(style.Key, text.Sprintf("  %s ", label(e.Keys).Pad(helpKeys-1)))
		for _, l := range does(e, reason, reason == above, max(helpKeys, w-helpKeys-2)) {
			out = append(out, append(pane.L(head), l...))
			head = pane.S(style.Key, text.Safe{}.Pad(helpKeys+2))
		}
		above = reason
	}
	return out
}

// label writes the keys of an action.
func label(keys []string) text.Safe {
	if len(keys) == 0 {
		return text.Const("unbound")
	}
	all := make([]text.Safe, 0, len(keys))
	for _, k := range keys {
		all = append(all, text.Decode(keymap.Label(k)))
	}
	return text.Join(all, text.Const(" "))
}

// does tells in lines of at most w cells what an action does, and why it cannot now:
// beside it, or below where there is no room. A reason that stands just above is not
// told again.
func does(e keymap.Entry, reason text.Safe, again bool, w int) pane.Block {
	role := style.Text
	if !reason.Empty() {
		role = style.Dim
	}
	out := pane.Paragraph(role, text.Decode(e.Does), w)
	if reason.Empty() {
		return out
	}
	if again {
		reason = text.Const("as above")
	}
	reason = text.Sprintf("(%s)", reason)
	if last := len(out) - 1; out[last].Width()+1+reason.Width() <= w {
		out[last] = append(out[last], pane.S(style.Warn, text.Concat(text.Const(" "), reason)))
		return out
	}
	return append(out, pane.Paragraph(style.Warn, reason, w)...)
}

// Key scrolls, and closes at the keys that go back, quit and help. Esc closes it too
// unless it does something else, as it closes whatever else is open: all of those
// keys may be unbound.
func (h *Help) Key(k tea.KeyPressMsg, f pane.Frame, _ board.Board) Result {
	a, bound := h.keys.Action(k)
	if s := k.String(); !bound && (s == "esc" || s == "ctrl+c") {
		a = keymap.Back
	}
	switch a {
	case keymap.Back, keymap.Help, keymap.Quit:
		return Result{Close: true}
	}
	n := len(h.lines(f.Width))
	if by, ok := pane.Step(a, f.Height, n); ok {
		h.scroll.Top += by
		h.scroll.Window(n, f.Height, -1)
	}
	return Result{}
}

// Paste is ignored.
func (h *Help) Paste(string) {}
