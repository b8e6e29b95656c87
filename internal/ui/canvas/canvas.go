package canvas

import (
	"bytes"
	"io"
	"iter"
	"strings"
	"sync"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// Options are what is known of a terminal before anything is drawn.
type Options struct {
	// Environ is the environment by which the terminal is known. What is drawn is
	// in its colours already.
	Environ []string
	// HardTabs and Backspace say that the terminal's driver hands tabs and
	// backspaces on as they are, so that they can move the cursor.
	HardTabs, Backspace bool
	// Ask has the terminal asked whether it can take a frame as a whole.
	Ask bool
}

// Canvas is the full screen of one terminal. It is safe for concurrent use.
type Canvas struct {
	to io.Writer
	o  Options

	mu sync.Mutex
	// enc encodes differences into raw; frame is what one frame becomes.
	enc        *uv.TerminalRenderer
	raw, frame bytes.Buffer
	cells      uv.ScreenBuffer
	// rows are what the cells show, nil when that is unknown. Each is styled for
	// itself.
	rows []string
	w, h int
	// ours is true while the terminal shows the canvas, and lent while it is
	// somebody else's.
	ours, lent bool
	// margins is true until the terminal is told that it scrolls as a whole.
	margins bool
	// stale is true when what the terminal shows is not last.
	stale bool
	// hurried is true while rows are sent whole. There is no encoder then.
	hurried bool
	whole   bool
	asked   bool
	last    tea.View
	err     error
}

// New returns a canvas for a terminal, which To names before anything is drawn.
// The terminal is taken with the first view.
func New(o Options) *Canvas {
	return &Canvas{to: io.Discard, o: o, cells: uv.NewScreenBuffer(0, 0)}
}

// To says where the terminal is.
func (c *Canvas) To(w io.Writer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.to = w
}

// Hurry has rows that change sent whole, until Settle: to learn what is in each
// cell of the first view takes ten times as long as to make and send it, and is
// of use only to those that come after. It also makes ready the widths of all
// characters, so that the first view need not.
func (c *Canvas) Hurry() {
	ansi.StringWidthWc("│")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hurried = c.enc == nil
}

// Settle ends the hurry: from now on no more is sent than the cells that change.
func (c *Canvas) Settle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
}

func (c *Canvas) settle() {
	if !c.hurried {
		return
	}
	c.hurried = false
	if !c.ours {
		return
	}
	rows := c.rows
	c.begin()
	if rows == nil {
		return // everything is painted anew
	}
	c.set(rows)
	c.enc.Render(c.cells.RenderBuffer)
	_ = c.enc.Flush() // into a buffer
	c.raw.Reset()     // the terminal shows it already
	c.enc.SetPosition(-1, -1)
	c.rows = rows
}

// Resize says how large the terminal is. Everything is painted anew.
func (c *Canvas) Resize(w, h int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stale = true
	if w == c.w && h == c.h && !c.ours {
		return
	}
	c.w, c.h, c.rows = w, h, nil
	// The margins were set for the size it said before. A terminal that has not
	// really changed, but said nothing or something else for a while, keeps them.
	c.margins = true
	if c.enc != nil {
		c.fit()
		c.enc.Erase()
		c.enc.Resize(w, h)
	}
}

// fit makes the cells as many as the terminal's.
func (c *Canvas) fit() {
	c.cells.Resize(c.w, c.h)
	c.cells.Touched = nil // it is of the old size
}

// Whole says whether the terminal can take a frame as a whole, without showing a
// part of it: by mode 2026.
func (c *Canvas) Whole(can bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.whole = can
}

// Draw shows a view. It takes the terminal, with the first that has any text,
// unless that has been lent, and sends nothing for a view that is shown already.
func (c *Canvas) Draw(v tea.View) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lent || c.err != nil || c.w <= 0 || c.h <= 0 || !c.ours && v.Content == "" {
		return
	}
	if c.ours && !c.stale && v.Content == c.last.Content && v.WindowTitle == c.last.WindowTitle && v.MouseMode == c.last.MouseMode {
		return
	}
	c.frame.Reset()
	if !c.ours {
		c.take()
	}
	if c.margins {
		c.margins = false
		c.frame.WriteString(ansi.SetTopBottomMargins(1, c.h))
	}
	c.modes(v)
	c.encode(v.Content)
	c.last, c.stale = v, false
	c.send()
}

// take begins the terminal's other screen. What of the modes is on already is
// unknown, so all are set.
func (c *Canvas) take() {
	if c.rows = nil; !c.hurried {
		c.begin()
	}
	c.frame.WriteString(ansi.SetModeAltScreenSaveCursor + ansi.ResetModeTextCursorEnable)
	if c.o.HardTabs {
		c.frame.WriteString(ansi.SetTabEvery8Columns)
	}
	// With the first level of the keyboard protocol esc is told from a sequence at
	// once, where a terminal has it. Each screen has a stack of its own.
	c.frame.WriteString(ansi.SetModeBracketedPaste + ansi.PushKittyKeyboard(ansi.KittyDisambiguateEscapeCodes))
	if c.o.Ask && !c.asked {
		c.asked = true
		c.frame.WriteString(ansi.RequestModeSynchronizedOutput)
	}
	c.ours, c.last = true, tea.View{}
}

// begin makes an encoder that knows nothing of what is on the screen.
func (c *Canvas) begin() {
	c.rows = nil
	c.fit()
	c.enc = c.encoder()
	c.enc.SetPosition(-1, -1)
	c.enc.Erase()
}

// encoder returns an encoder for a terminal of this size.
func (c *Canvas) encoder() *uv.TerminalRenderer {
	enc := uv.NewTerminalRenderer(&c.raw, c.o.Environ)
	enc.SetColorProfile(colorprofile.TrueColor) // which turns no colour into another
	enc.SetScrollOptim(true)
	enc.SetBackspace(c.o.Backspace)
	enc.SetTabStops(-1)
	if c.o.HardTabs {
		enc.SetTabStops(c.w)
	}
	enc.Resize(c.w, c.h)
	enc.SetFullscreen(true)
	enc.SetRelativeCursor(false)
	return enc
}

// modes sets what a view asks for besides its text.
func (c *Canvas) modes(v tea.View) {
	if v.MouseMode != c.last.MouseMode {
		if v.MouseMode == tea.MouseModeNone {
			c.frame.WriteString(mouseOff)
		} else {
			c.frame.WriteString(ansi.SetModeMouseButtonEvent + ansi.SetModeMouseExtSgr)
		}
	}
	if v.WindowTitle != c.last.WindowTitle {
		c.frame.WriteString(ansi.SetWindowTitle(v.WindowTitle))
	}
}

// mouseOff ends every kind of reporting the mouse.
const mouseOff = ansi.ResetModeMouseButtonEvent + ansi.ResetModeMouseAnyEvent + ansi.ResetModeMouseExtSgr

// encode adds to the frame what turns what is shown into the content.
func (c *Canvas) encode(content string) {
	rows := strings.Split(content, "\n")
	if c.hurried && !c.sketch(rows) {
		c.settle()
	}
	if !c.hurried {
		c.enc.SetScrollOptim(c.set(rows) >= scrollable)
		c.enc.Render(c.cells.RenderBuffer)
		// It writes into a buffer, which takes everything.
		_ = c.enc.Flush()
	}
	c.rows = rows
	if c.raw.Len() == 0 {
		return
	}
	if c.whole {
		c.frame.WriteString(ansi.SetModeSynchronizedOutput)
	}
	c.frame.Write(c.raw.Bytes())
	c.raw.Reset()
	if c.whole {
		c.frame.WriteString(ansi.ResetModeSynchronizedOutput)
	}
}

// scrollable is how many rows below each other at least change when what fills a
// pane scrolls. To find out whether and how far it did costs more than to draw the
// clocks of the title and the brief, three rows that change every second.
const scrollable = 4

// set sets the cells of the rows that are not as they were, and returns how many
// of those at most stand below each other.
func (c *Canvas) set(rows []string) (most int) {
	run, next := 0, 0
	for y, row := range c.changed(rows) {
		uv.NewStyledString(row).Draw(c.cells, uv.Rect(0, y, c.w, 1))
		if y != next {
			run = 0
		}
		run, next = run+1, y+1
		most = max(most, run)
	}
	return most
}

// changed goes over the rows of the screen that are not as they were, which most
// are.
func (c *Canvas) changed(rows []string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for y := range c.h {
			row, was := "", ""
			if y < len(rows) {
				row = rows[y]
			}
			if y < len(c.rows) {
				was = c.rows[y]
			}
			if (row != was || c.rows == nil) && !yield(y, row) {
				return
			}
		}
	}
}

// sketch sends the rows that have changed as they are. It returns false, having
// sent nothing, if one is wider than the screen, which only cells can cut.
func (c *Canvas) sketch(rows []string) bool {
	for _, row := range c.changed(rows) {
		if ansi.StringWidth(row) > c.w {
			return false
		}
	}
	if c.rows == nil {
		c.raw.WriteString(ansi.CursorHomePosition + ansi.EraseScreenBelow)
	}
	for y, row := range c.changed(rows) {
		c.raw.WriteString(ansi.CursorPosition(1, y+1))
		c.raw.WriteString(row)
		c.raw.WriteString(ansi.ResetStyle)
		// Behind a full row the cursor still is on its last cell.
		if c.rows != nil && ansi.StringWidth(row) < c.w {
			c.raw.WriteString(ansi.EraseLineRight)
		}
	}
	return true
}

// send writes the frame. A terminal that has failed is not written to again.
func (c *Canvas) send() {
	if c.frame.Len() == 0 {
		return
	}
	_, c.err = c.to.Write(c.frame.Bytes())
}

// Lend gives the terminal back, as it was, until Take is called. Nothing is drawn
// in between.
func (c *Canvas) Lend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lent = true
	if !c.ours {
		return
	}
	c.frame.Reset()
	// For a terminal without another screen.
	c.frame.WriteString(ansi.CursorPosition(1, c.h))
	c.frame.WriteString(ansi.PopKittyKeyboard(1))
	c.frame.WriteString(ansi.ResetModeAltScreenSaveCursor + ansi.SetModeTextCursorEnable + ansi.ResetModeBracketedPaste)
	if c.last.MouseMode != tea.MouseModeNone {
		c.frame.WriteString(mouseOff)
	}
	if c.last.WindowTitle != "" {
		c.frame.WriteString(ansi.SetWindowTitle(""))
	}
	c.ours = false
	c.send()
}

// Take has the next view take the terminal again and paint all of it.
func (c *Canvas) Take() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lent = false
}

// Of returns the model drawn on this canvas: a Bubble Tea program that runs it
// draws nothing itself.
func (c *Canvas) Of(m tea.Model) tea.Model { return &drawn{Model: m, on: c} }

// drawn is a model whose views go to a canvas.
type drawn struct {
	tea.Model

	on *Canvas
}

// Settled is the message that the start is over: see Settle.
type Settled struct{}

// Update tells the canvas what is for it, and hands every message on.
func (d *drawn) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		d.on.Resize(msg.Width, msg.Height)
	case Settled:
		d.on.Settle()
		return d, nil
	case tea.ModeReportMsg:
		if msg.Mode == ansi.ModeSynchronizedOutput {
			d.on.Whole(msg.Value == ansi.ModeReset || msg.Value == ansi.ModeSet)
		}
	}
	next, cmd := d.Model.Update(msg)
	d.Model = next
	return d, cmd
}

// View draws, and returns nothing to be drawn.
func (d *drawn) View() tea.View {
	d.on.Draw(d.Model.View())
	return tea.View{}
}
