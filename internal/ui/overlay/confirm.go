package overlay

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"conway/internal/board"
	"conway/internal/runbook"
	"conway/internal/text"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// Place is where a step would run.
type Place struct {
	// Environment is the configured name, such as prod.
	Environment string
	Production  bool
	Host, User  string
}

// Confirm shows the exact bytes of a step and where they would run. It is
// opened with one key and confirmed with another, only after its end was on
// screen; a dangerous step in production needs its target typed.
type Confirm struct {
	run    pane.RunStep
	place  Place
	scroll pane.Scroll
	typed  string
}

// NewConfirm returns the question for one step.
func NewConfirm(run pane.RunStep, place Place) *Confirm { return &Confirm{run: run, place: place} }

// target is what has to be typed, empty when a key is enough.
func (c *Confirm) target() string {
	if c.run.Step.Effect != runbook.Dangerous || !c.place.Production {
		return ""
	}
	if c.run.Service != "" {
		return c.run.Service
	}
	return c.place.Environment
}

// Title names the step.
func (c *Confirm) Title(pane.Frame, board.Board) pane.Line {
	if c.run.Runbook == pane.AdHoc {
		return pane.L(pane.S(style.Heading, text.Const("RUN THIS COMMAND?")), pane.S(style.Text, text.Const(" ad hoc")))
	}
	return pane.L(
		pane.S(style.Heading, text.Const("RUN THIS STEP?")),
		pane.S(style.Text, text.Sprintf(" %d %s", c.run.Step.Index+1, c.run.Step.Title)),
	)
}

// Size asks for all of the script, if there is room.
func (c *Confirm) Size(w, h int) (int, int) {
	w = min(w, 100)
	return w, min(h, len(c.script(w))+5)
}

// script is the exact bytes, one line of them a line here. Everything that is not
// plain ASCII is a marker, so that no two different commands look alike, and a
// line is broken without losing a space.
func (c *Confirm) script(w int) pane.Block {
	var out pane.Block
	for i, l := range strings.Split(strings.TrimSuffix(string(c.run.Step.Script), "\n"), "\n") {
		no := text.Sprintf("%3d  ", i+1)
		for rest := text.Bare(l); ; no = text.Const("     ") {
			var head text.Safe
			head, rest = rest.Cut(max(1, w-5))
			out = append(out, pane.L(pane.S(style.Dim, no), pane.S(style.Accent, head)))
			if rest.Empty() {
				break
			}
		}
	}
	return out
}

// confirmHead is how many rows say where, for what and what it is.
const confirmHead = 3

// rows divides the room: how many rows of the script show, and whether the head
// fits above them. The script and the question come first; without room for both
// nothing can be confirmed.
func (c *Confirm) rows(f pane.Frame) (script int, head bool) {
	if f.Height >= confirmHead+3 {
		return f.Height - confirmHead - 1, true
	}
	return f.Height - 2, false
}

// View draws where, what and how to confirm.
func (c *Confirm) View(f pane.Frame, _ board.Board) pane.Block {
	room, head := c.rows(f)
	if !c.fits(f) {
		return pane.Block{pane.L(pane.S(style.Warn, text.Const("too small to show it: enlarge, or esc")))}
	}
	var out pane.Block
	if head {
		out = c.head()
	} else {
		out = pane.Block{c.where()}
	}
	script := c.script(f.Width)
	from, to := c.scroll.Visible(len(script), room, -1)
	out = append(out, script[from:to]...)
	if to < len(script) {
		more := text.Sprintf("%d more lines: j or pgdown; it is confirmed at the end", len(script)-to)
		if len(script)-to == 1 {
			more = text.Const("1 more line: j or pgdown; it is confirmed at the end")
		}
		return append(out, pane.L(pane.S(style.Warn, more)))
	}
	if head && len(script) < room {
		out = append(out, nil)
	}
	return append(out, c.question())
}

// fits reports whether the bytes can be read at all in the frame.
func (c *Confirm) fits(f pane.Frame) bool {
	room, _ := c.rows(f)
	return room >= 1 && f.Width >= minConfirm
}

// minConfirm is the width below which neither the script nor the question can be
// read.
const minConfirm = 24

func (c *Confirm) where() pane.Line {
	role := style.Title
	if c.place.Production {
		role = style.Production
	}
	return pane.L(pane.S(style.Dim, text.Const("on  ")),
		pane.S(role, text.Sprintf(" %s ", strings.ToUpper(c.place.Environment))),
		pane.S(style.Text, text.Sprintf(" %s@%s with %s", c.place.User, c.place.Host, c.run.Step.Interpreter)))
}

func (c *Confirm) head() pane.Block {
	return pane.Block{
		c.where(),
		pane.L(pane.S(style.Dim, text.Const("for ")), pane.S(style.Text, text.Sprintf("%s · %s", c.run.Page.Title, c.run.Page.Ref.ID))),
		pane.L(pane.S(style.Dim, text.Const("is  ")), effectSpan(c.run.Step), pane.S(style.Dim, text.Sprintf(" %s", c.run.Step.Why))),
	}
}

func (c *Confirm) question() pane.Line {
	if t := c.target(); t != "" {
		return pane.L(
			pane.S(style.Critical, text.Const(" DANGEROUS ")),
			pane.S(style.Text, text.Sprintf(" type %s and enter: ", t)),
			pane.S(style.Input, text.Decode(c.typed)), pane.S(style.Cursor, text.Const(" ")),
		)
	}
	return pane.L(
		pane.S(style.Key, text.Const("y")), pane.S(style.Text, text.Const(" runs exactly this   ")),
		pane.S(style.Key, text.Const("esc")), pane.S(style.Text, text.Const(" or any other key: no")),
	)
}

func effectSpan(s runbook.Step) pane.Span {
	switch s.Effect {
	case runbook.Observe:
		return pane.S(style.OK, text.Const("observe: it only looks"))
	case runbook.Dangerous:
		return pane.S(style.Critical, text.Const("DANGEROUS"))
	case runbook.Change:
	}
	return pane.S(style.Warn, text.Const("change: it may change something"))
}

// Key scrolls; confirms only by its own key, at the end of the script.
func (c *Confirm) Key(k tea.KeyPressMsg, f pane.Frame, _ board.Board) Result {
	script := len(c.script(f.Width))
	room, _ := c.rows(f)
	if !c.fits(f) {
		room = 0 // nothing of it has been read
	}
	var by int
	typing := c.target() != ""
	switch s := k.String(); {
	case s == "down" || s == "j" && !typing:
		by = 1
	case s == "up" || s == "k" && !typing:
		by = -1
	case s == "pgdown", s == "ctrl+d":
		by = room
	case s == "pgup", s == "ctrl+u":
		by = -room
	case s == "esc", s == "ctrl+c":
		return Result{Close: true}
	default:
		_, to := c.scroll.Visible(script, room, -1)
		return c.answer(k, room > 0 && to >= script)
	}
	c.scroll.Top += by
	c.scroll.Window(script, room, -1)
	return Result{}
}

func (c *Confirm) answer(k tea.KeyPressMsg, read bool) Result {
	target := c.target()
	switch {
	case k.IsRepeat:
		return Result{} // a held key is not a decision
	case target == "" && k.String() == "y" && !read:
		return Result{Intent: pane.Say{Reason: "read it to the end first: j or pgdown"}}
	case target == "" && k.String() == "y":
		return Result{Close: true, Intent: c.run}
	case target == "":
		return Result{Close: true, Intent: pane.Say{Reason: "nothing was run"}}
	case k.String() == "backspace":
		r := []rune(c.typed)
		c.typed = string(r[:max(0, len(r)-1)])
	case k.String() == "enter" && c.typed == target && read:
		return Result{Close: true, Intent: c.run}
	case k.String() == "enter":
		return Result{Intent: pane.Say{Reason: fmt.Sprintf("nothing was run: the typed name is not %s", target)}}
	default:
		c.typed += k.Text
	}
	return Result{}
}

// Paste is refused: a decision is typed.
func (c *Confirm) Paste(string) {}
