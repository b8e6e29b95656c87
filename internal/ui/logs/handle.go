package logs

import (
	"sort"

	"conway/internal/board"
	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/pane"
)

// sideways is how many cells one press scrolls.
const sideways = 16

// Handle scrolls, pauses, and jumps between errors.
func (p *Pane) Handle(a keymap.Action, f pane.Frame, b board.Board) (pane.Intent, bool) {
	p.look(f, b)
	r := p.index.rows(b.Logs())
	switch a {
	case keymap.Pause:
		p.toggle(r)
	case keymap.Bottom:
		p.at = 0
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
		p.at = p.end + 1
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
	h := max(1, f.Height)
	if h >= chartFrom {
		h--
	}
	switch {
	case i > low || p.wrap:
		low = i
	case i <= low-h:
		low = i + h - 1
	}
	p.at, p.end = r.seq(i)+1, r.seq(min(n-1, low))
}

func (p *Pane) jump(a keymap.Action, f pane.Frame, r rows) pane.Intent {
	e := p.index.shownErrors()
	if len(e) == 0 {
		return pane.Say{Reason: "no error among the lines held"}
	}
	from := r.tail.FirstSeq() + uint64(r.tail.Len())
	if !p.Following() {
		from = p.at - 1
	}
	i := sort.Search(len(e), func(i int) bool { return e[i].seq >= from }) - 1
	if a == keymap.NextError {
		i = sort.Search(len(e), func(i int) bool { return e[i].seq > from })
	}
	if i < 0 || i >= len(e) {
		return pane.Say{Reason: "no further error this way"}
	}
	p.put(r.find(e[i].seq), f, r)
	return pane.CursorAt{At: e[i].at}
}

func (p *Pane) copied(r rows) pane.Intent {
	if r.len() == 0 {
		return pane.Say{Reason: "there is no line to copy"}
	}
	return pane.Copy{What: "the log line", Raw: r.line(p.position(r)).Raw}
}

// Reason never objects.
func (p *Pane) Reason(keymap.Action, pane.Frame, board.Board) text.Safe { return text.Safe{} }

// Filter shows only lines that match, and follows again.
func (p *Pane) Filter(s string) {
	p.filter = pane.NewNeedle(s)
	p.at = 0
}

// Filtered returns the filter in force.
func (p *Pane) Filtered() string { return p.filter.String() }
