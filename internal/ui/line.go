package ui

import (
	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/deploys"
	"conway/internal/ui/keymap"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// lineWidth bounds what is said after an ack: it fits on the narrowest usual
// terminal, and nobody reads more at that hour.
const lineWidth = 78

// line is what the ledger says of the selected page, once it is acknowledged: dim,
// without a sound, as many clauses as there is room for, and nothing when none of
// them fits.
func (m *Model) line(room int) pane.Line {
	row, ok := m.board.Page(m.selected)
	if !ok || m.opts.Silent || m.hidden || row.Gone || row.Page.Status != oncall.Acknowledged {
		return nil
	}
	recall := m.board.Recall().Pages[m.selected]
	clauses := make([]text.Safe, 0, len(recall.Line)+1)
	for _, c := range recall.Line {
		clauses = append(clauses, text.Decode(c))
	}
	if key := m.opts.Keys.Key(keymap.Open); m.opens(recall.Deploy) {
		hint := text.Sprintf("%s opens the diff", key)
		if key == "o" {
			hint = text.Const("[o]pen diff")
		}
		clauses = append(clauses, hint)
	}
	dot := text.Const(" · ")
	for n := len(clauses); n > 0; n-- {
		// A cell on each side keeps it off the keys and off the edge.
		if t := text.Join(clauses[:n], dot); t.Width() <= min(lineWidth, room-2) {
			return pane.L(pane.S(style.Dim, text.Concat(text.Const(" "), t, text.Const(" "))))
		}
	}
	return nil
}

// opens reports whether the key that opens addresses would open this deploy's.
func (m *Model) opens(ref oncall.Ref) bool {
	p, ok := m.panes[pane.Deploys].(*deploys.Pane)
	if ref.IsZero() || !ok || m.choice.Focus != pane.Deploys || m.opts.Keys.Key(keymap.Open) == "" {
		return false
	}
	d, ok := p.Pointed(m.tileFrame(pane.Deploys), m.board)
	return ok && d.Ref == ref && d.URL != ""
}

// hideLine hides what the ledger says, or shows it again.
func (m *Model) hideLine() {
	m.hidden = !m.hidden
	words := text.Const("what the ledger says is shown after an ack")
	if m.hidden {
		words = text.Sprintf("what the ledger says is hidden; %s shows it again", m.opts.Keys.Way(keymap.HideLine))
	}
	m.say(words, false)
}
