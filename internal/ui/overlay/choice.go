package overlay

import (
	tea "charm.land/bubbletea/v2"

	"conway/internal/board"
	"conway/internal/text"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// Option is one answer of a Choice: its key, its words, and what it asks for.
type Option struct {
	Key    string
	Words  text.Safe
	Intent pane.Intent
}

// Choice asks a question with a few answers, each on a key of its own. Esc and
// every other key answer nothing.
type Choice struct {
	title   text.Safe
	text    []text.Safe
	options []Option
}

// NewChoice returns the question.
func NewChoice(title text.Safe, words []text.Safe, options ...Option) *Choice {
	return &Choice{title: title, text: words, options: options}
}

// Title is the question.
func (c *Choice) Title(pane.Frame, board.Board) pane.Line {
	return pane.L(pane.S(style.Heading, c.title))
}

// Size asks for a row a sentence and a row an answer.
func (c *Choice) Size(w, h int) (int, int) {
	w = min(w, 72)
	rows := len(c.options) + 1
	for _, t := range c.text {
		rows += len(t.Wrap(w))
	}
	return w, min(h, rows)
}

// View draws the words and the answers.
func (c *Choice) View(f pane.Frame, _ board.Board) pane.Block {
	var out pane.Block
	for _, t := range c.text {
		out = append(out, pane.Paragraph(style.Text, t, f.Width)...)
	}
	for _, o := range c.options {
		out = append(out, pane.L(pane.S(style.Key, text.Sprintf("%s  ", o.Key)), pane.S(style.Text, o.Words)))
	}
	return append(out, pane.L(pane.S(style.Key, text.Const("esc  ")), pane.S(style.Text, text.Const("back"))))
}

// Key answers. An answer that is not on the screen, and so all that stands above
// it, cannot be given.
func (c *Choice) Key(k tea.KeyPressMsg, f pane.Frame, _ board.Board) Result {
	above := 0
	for _, t := range c.text {
		above += len(t.Wrap(max(1, f.Width)))
	}
	for i, o := range c.options {
		if k.String() != o.Key {
			continue
		}
		if above+i >= f.Height {
			return Result{Intent: pane.Say{Reason: "the screen is too small to show what this would do; enlarge it, or esc"}}
		}
		if k.IsRepeat {
			return Result{} // a held key is not a decision
		}
		return Result{Close: true, Intent: o.Intent}
	}
	if s := k.String(); s == "esc" || s == "ctrl+c" {
		return Result{Close: true}
	}
	return Result{}
}

// Paste is ignored.
func (c *Choice) Paste(string) {}
