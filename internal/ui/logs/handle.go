package logs

import (
	"time"

	"conway/internal/board"
	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/pane"
)

// sideways is how many cells one press scrolls.
const sideways = 16

// Handle scrolls, pauses, and jumps between errors.
func (p *Pane) Handle(a keymap.Action, f pane.Frame, b board.Board) (pane.Intent, bool) {
	r := p.index.rows(p.look(f, b))
	if a == keymap.Patterns {
		p.groups.open, p.groups.at = !p.groups.open, 0
		return nil, true
	}
	if p.groups.open {
		if i, known := p.handleGroups(a, f, b); known {
			return i, true
		}
	}
	switch a {
	case keymap.Pause:
		p.toggle(r)
	case keymap.Bottom:
		p.at, p.opened = 0, 0
		p.forgetOlder()
	case keymap.Detail:
		return p.toggleOpen(f, r), true
	case keymap.Back:
		was := p.opened
		p.opened = 0
		return nil, was != 0 || p.typed == "" && p.dropAnswer()
	case keymap.Trace:
		return p.trace(r, f, b), true
	case keymap.Save:
		return p.saved(r), true
	case keymap.Wrap:
		p.wrap, p.x = !p.wrap, 0
	case keymap.Left:
		p.x = max(0, p.x-sideways)
	case keymap.Right:
		p.x += sideways
	case keymap.NextError, keymap.PrevError:
		return p.jump(a, f, r), true
	case keymap.Copy:
		return p.copied(r), true
	default:
		by, ok := pane.Step(a, f.Height, r.len())
		if ok {
			p.move(by, f, r)
		}
		return nil, ok
	}
	return nil, true
}

func (p *Pane) toggle(r rows) {
	if !p.Following() {
		p.at = 0
		return
	}
	if n := r.len(); n > 0 {
		p.end = r.seq(n - 1)
		p.at, p.kept = p.end+1, r.line(n-1)
	}
}

// position returns where the selected line is now; the newest while following.
func (p *Pane) position(r rows) int {
	if p.Following() {
		return r.len() - 1
	}
	return min(r.len()-1, r.find(p.at-1))
}

func (p *Pane) move(by int, f pane.Frame, r rows) {
	n := r.len()
	if n == 0 {
		return
	}
	i := max(0, min(n-1, p.position(r)+by))
	if p.Following() && by > 0 {
		return
	}
	p.put(i, f, r)
}

// put selects row i and keeps it in sight.
func (p *Pane) put(i int, f pane.Frame, r rows) {
	n := r.len()
	low := n - 1
	if !p.Following() {
		low = min(n-1, r.find(p.end))
	}
	h := room(f.Height, r.tail)
	switch {
	case i > low || p.wrap:
		low = i
	case i <= low-h:
		low = i + h - 1
	}
	p.at, p.end, p.opened = r.seq(i)+1, r.seq(min(n-1, low)), 0
	p.kept = r.line(i)
}

// Reading returns the time of the selected line, zero while following.
func (p *Pane) Reading() time.Time {
	if p.Following() {
		return time.Time{}
	}
	return p.kept.At
}

// Return selects the first line at or after a time, if the held lines reach back
// to it, and pauses there. Lines that begin later say nothing of where it was, and
// of those that end before it more may be on their way.
func (p *Pane) Return(f pane.Frame, b board.Board, at time.Time) bool {
	t := p.look(f, b)
	i := t.Since(at)
	if i >= t.Len() || t.At(0).At.After(at) || p.index.searched(t) < 1 {
		return false
	}
	r := p.index.rows(t)
	if r.len() == 0 {
		return false
	}
	p.at = 0
	p.put(min(r.len()-1, r.find(t.FirstSeq()+uint64(i))), f, r)
	return true
}

func (p *Pane) jump(a keymap.Action, f pane.Frame, r rows) pane.Intent {
	e := p.index.shownErrors()
	if e.len() == 0 {
		return pane.Say{Reason: "no error among the lines held"}
	}
	from := r.tail.FirstSeq() + uint64(r.tail.Len())
	if !p.Following() {
		from = p.at - 1
	}
	i, at := e.search(from)
	switch {
	case a == keymap.PrevError:
		i--
	case at:
		i++
	}
	if i < 0 || i >= e.len() {
		return pane.Say{Reason: "no further error this way"}
	}
	seq := e.at(i)
	p.put(r.find(seq), f, r)
	return pane.CursorAt{At: r.tail.At(int(seq - r.tail.FirstSeq())).At}
}

func (p *Pane) copied(r rows) pane.Intent {
	if r.len() == 0 {
		return pane.Say{Reason: "there is no line to copy"}
	}
	return pane.Copy{What: "the log line", Raw: r.line(p.position(r)).Raw}
}

// Reason never objects.
func (p *Pane) Reason(keymap.Action, pane.Frame, board.Board) text.Safe { return text.Safe{} }

// Filter shows only lines that match. While paused it stays at the selected line,
// so that a line that was found is seen among its neighbours when the filter is
// taken off. What a filter that cannot be read is missing stands in the title; it
// shows every line.
func (p *Pane) Filter(s string) {
	q, err := board.ParseQuery(s)
	p.filter, p.typed, p.refused = q, s, err
	if err != nil {
		p.filter = board.Query{}
	}
	p.opened, p.wide = 0, false
	if !p.Following() {
		p.end = p.at - 1
	}
}

// Filtered returns the filter in force, as it was typed.
func (p *Pane) Filtered() string { return p.typed }

// Search returns the next step of a search through the held lines, which may run
// beside the screen, and false when there is none to do. Its outcome is for
// Found.
func (p *Pane) Search(f pane.Frame, b board.Board) (step func() Found, ok bool) {
	if p.filter.All() {
		return nil, false
	}
	t := p.look(f, b)
	if p.index.searched(t) >= 1 {
		return nil, false
	}
	return p.index.search(t, stepRoom), true
}

// Found takes what a step has found. That of a search which is over is passed
// over.
func (p *Pane) Found(f Found) { p.index.take(f) }
