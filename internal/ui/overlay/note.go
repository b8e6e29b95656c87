package overlay

import (
	"strings"

	"charm.land/bubbles/v2/textarea"
	tea "charm.land/bubbletea/v2"

	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// maxNote bounds a note in runes; PagerDuty takes 25,000 characters or so, and
// nobody reads that many.
const maxNote = 20_000

// Note is the editor of a note on one page. Its text outlives it: closing keeps
// it as a draft.
type Note struct {
	target oncall.Ref
	title  string
	// refusal is why the pager refused this very text, nil for none.
	refusal *oncall.Fault
	area    textarea.Model
}

// NewNote opens an editor with the text that was begun before, if any.
func NewNote(target oncall.Ref, title, draft string, refusal *oncall.Fault) *Note {
	a := textarea.New()
	a.CharLimit = maxNote
	a.MaxHeight = 0
	a.SetWidth(10_000) // wrapping is done where it is drawn
	a.SetValue(draft)
	a.Focus()
	return &Note{target: target, title: title, refusal: refusal, area: a}
}

// Draft returns the page and the text so far.
func (n *Note) Draft() (oncall.Ref, string) { return n.target, n.area.Value() }

// Title names the page that the note will be written on.
func (n *Note) Title(pane.Frame, board.Board) pane.Line {
	return pane.L(pane.S(style.Heading, text.Const("NOTE")), pane.S(style.Text, text.Sprintf(" on %s", n.title)))
}

// Size asks for the width there is and a few rows.
func (n *Note) Size(w, h int) (int, int) {
	w = min(w, 100)
	rows, _ := n.rows(w)
	return w, min(h, max(4, len(rows)+3))
}

// View draws the text with its cursor, and the keys below.
func (n *Note) View(f pane.Frame, _ board.Board) pane.Block {
	var out pane.Block
	if n.refusal != nil {
		out = append(out, pane.FaultLines(n.refusal, f.Width)...)
	}
	rows, cursor := n.rows(f.Width)
	room := max(1, f.Height-len(out)-1)
	from, to := new(pane.Scroll).Visible(len(rows), room, cursor)
	out = append(out, rows[from:to].Fit(f.Width, room)...)
	return append(out, noteKeys(f.Width))
}

// rows breaks the text into rows of w cells, and tells in which of them the cursor
// is.
func (n *Note) rows(w int) (rows pane.Block, cursor int) {
	w = max(1, w)
	for i, l := range strings.Split(n.area.Value(), "\n") {
		line := pane.L(pane.S(style.Input, text.Decode(l)))
		if i == n.area.Line() {
			line = withCursor(l, n.area.Column())
			cursor = len(rows) + len(line[:atCursor].Wrap(w)) - 1
		}
		rows = append(rows, line.Wrap(w)...)
	}
	return rows, cursor
}

// noteKeys are the keys of a note, in as many words as there is room for.
func noteKeys(w int) pane.Line {
	keys := func(newLine, draft text.Safe) pane.Line {
		return pane.L(
			pane.S(style.Key, text.Const("enter")), pane.S(style.Dim, text.Const(" sends  ")),
			pane.S(style.Key, text.Const("esc")), pane.S(style.Dim, draft),
			pane.S(style.Key, text.Const("ctrl+j")), pane.S(style.Dim, newLine),
			pane.S(style.Key, text.Const("ctrl+e")), pane.S(style.Dim, text.Const(" $EDITOR")),
		)
	}
	if l := keys(text.Const(" new line  "), text.Const(" keeps it as a draft  ")); l.Width() <= w {
		return l
	}
	return keys(text.Const(" line  "), text.Const(" keeps it  "))
}

// Key edits, sends at enter and keeps a draft at esc.
func (n *Note) Key(k tea.KeyPressMsg, _ pane.Frame, _ board.Board) Result {
	switch k.String() {
	case "esc", "ctrl+c":
		return Result{Close: true}
	case "ctrl+e":
		return Result{Intent: pane.EditNote{Target: n.target, Title: n.title, Text: n.area.Value()}}
	case "enter":
		body := strings.TrimSpace(n.area.Value())
		if body == "" {
			return Result{Intent: pane.Say{Reason: "the note is empty; esc closes it"}}
		}
		return Result{Close: true, Intent: pane.Act{Action: oncall.Action{
			Kind: oncall.Annotate, Target: n.target, Title: n.title, Text: body,
		}}}
	case "ctrl+j", "shift+enter", "alt+enter":
		n.area.InsertString("\n")
		return Result{}
	}
	n.area, _ = n.area.Update(k)
	return Result{}
}

// Paste inserts text; its newlines stay newlines and send nothing.
func (n *Note) Paste(s string) { n.area.InsertString(s) }

// SetText replaces the text, as $EDITOR left it.
func (n *Note) SetText(s string) { n.area.SetValue(strings.TrimRight(s, "\n")) }
