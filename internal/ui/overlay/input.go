package overlay

import (
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"conway/internal/board"
	"conway/internal/text"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// Input asks for one line of text.
type Input struct {
	title text.Safe
	hint  text.Safe
	// changed is called with the text after each key; done with the final text,
	// and with ok false when it was abandoned.
	changed func(string)
	done    func(value string, ok bool) pane.Intent
	field   textinput.Model
	earlier earlier
}

// NewInput returns an input that starts with value.
func NewInput(title, hint text.Safe, value string, changed func(string), done func(string, bool) pane.Intent) *Input {
	f := textinput.New()
	f.Prompt = ""
	f.SetValue(value)
	f.CursorEnd()
	f.Focus()
	return &Input{title: title, hint: hint, changed: changed, done: done, field: f}
}

// Earlier gives what was typed here before, the newest first; up and down go
// through it.
func (i *Input) Earlier(all []string) { i.earlier = earlier{all: all} }

// Title says what is asked.
func (i *Input) Title(pane.Frame, board.Board) pane.Line {
	return pane.L(pane.S(style.Heading, i.title))
}

// Size asks for a row for the text, and what its hint needs.
func (i *Input) Size(w, h int) (int, int) {
	w = min(w, 84)
	return w, min(h, 1+len(i.hint.Wrap(max(1, w))))
}

// View draws the text with its cursor, and the hint below.
func (i *Input) View(f pane.Frame, _ board.Board) pane.Block {
	return append(pane.Block{typed(i.field, f.Width)}, pane.Paragraph(style.Dim, i.hint, f.Width)...)
}

// Key edits; enter accepts and esc abandons.
func (i *Input) Key(k tea.KeyPressMsg, _ pane.Frame, _ board.Board) Result {
	switch k.String() {
	case "enter":
		return Result{Close: true, Intent: i.done(i.field.Value(), true)}
	case "esc", "ctrl+c":
		return Result{Close: true, Intent: i.done(i.field.Value(), false)}
	}
	if v, ok := i.earlier.key(k.String(), i.field.Value()); ok {
		i.field.SetValue(v)
		i.field.CursorEnd()
	} else {
		i.field, _ = i.field.Update(k)
	}
	i.tell()
	return Result{}
}

// Paste inserts text; newlines in it become spaces and accept nothing.
func (i *Input) Paste(s string) {
	i.field, _ = i.field.Update(tea.PasteMsg{Content: s})
	i.tell()
}

func (i *Input) tell() {
	if i.changed != nil {
		i.changed(i.field.Value())
	}
}
