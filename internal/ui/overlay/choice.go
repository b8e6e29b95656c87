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
// every other key answer nothing. Words that there is no room for scroll above the
// answers, which stay in sight and can be given once the last of the words was.
type Choice struct {
	title   text.Safe
	text    []text.Safe
	options []Option
	scroll  pane.Scroll
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
	d := c.divide(f)
	from, to := c.scroll.Visible(len(d.body), d.room, -1)
	out := append(pane.Block{}, d.body[from:to]...)
	if d.whole() {
		return append(out, d.foot...)
	}
	more := pane.S(style.Dim, text.Const("that is all; k or pgup goes up again"))
	switch n := len(d.body) - to; {
	case n == 1:
		more = pane.S(style.Warn, text.Const("1 more line: j or pgdown; it is answered at the end"))
	case n > 1:
		more = pane.S(style.Warn, text.Sprintf("%d more lines: j or pgdown; it is answered at the end", n))
	}
	return append(append(out, pane.L(more)), d.foot...)
}

// divided is how the room of a frame is used.
type divided struct {
	// body scrolls through room rows, and foot stays below it.
	body, foot pane.Block
	room       int
	// answers is the row of the body from which on the answers stand in it.
	answers int
}

// whole reports whether nothing has to scroll.
func (d divided) whole() bool { return len(d.body) <= d.room }

// divide keeps the answers below the words where there is room for both, and has
// them scroll with the words where there is not. The last row is the way back, which
// everybody knows: it may be cut off.
func (c *Choice) divide(f pane.Frame) divided {
	var words pane.Block
	for _, t := range c.text {
		words = append(words, pane.Paragraph(style.Text, t, max(1, f.Width))...)
	}
	var answers pane.Block
	for _, o := range c.options {
		answers = append(answers, pane.L(pane.S(style.Key, text.Sprintf("%s  ", o.Key)), pane.S(style.Text, o.Words)))
	}
	answers = append(answers, pane.L(pane.S(style.Key, text.Const("esc  ")), pane.S(style.Text, text.Const("back"))))
	n := len(words)
	switch {
	case n+len(c.options) <= f.Height:
		return divided{body: words, foot: answers, room: n, answers: n}
	case f.Height >= len(answers)+2:
		return divided{body: words, foot: answers, room: f.Height - len(answers) - 1, answers: n}
	}
	return divided{body: append(words, answers...), room: max(1, f.Height-1), answers: n}
}

// read reports whether the answer in row i of the answers was on the screen, and
// all that stands above it.
func (d divided) read(i, to int) bool {
	if d.foot != nil {
		return to >= len(d.body)
	}
	return to > d.answers+i
}

// Key scrolls and answers. An answer cannot be given before it was on the screen,
// and all that stands above it.
func (c *Choice) Key(k tea.KeyPressMsg, f pane.Frame, _ board.Board) Result {
	d := c.divide(f)
	_, to := c.scroll.Window(len(d.body), d.room, -1)
	for i, o := range c.options {
		if k.String() != o.Key {
			continue
		}
		if !d.read(i, to) {
			return Result{Intent: pane.Say{Reason: "read it to the end first: j or pgdown"}}
		}
		if k.IsRepeat {
			return Result{} // a held key is not a decision
		}
		return Result{Close: true, Intent: o.Intent}
	}
	switch k.String() {
	case "esc", "ctrl+c":
		return Result{Close: true}
	case "down", "j":
		c.scroll.Top++
	case "up", "k":
		c.scroll.Top--
	case "pgdown", "ctrl+d":
		c.scroll.Top += d.room
	case "pgup", "ctrl+u":
		c.scroll.Top -= d.room
	}
	c.scroll.Window(len(d.body), d.room, -1)
	return Result{}
}

// Paste is ignored.
func (c *Choice) Paste(string) {}
