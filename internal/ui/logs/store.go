package logs

import (
	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// maxOlder bounds the lines that are loaded above the held ones.
const maxOlder = 50_000

// store is what log stores have answered to questions of their own.
type store struct {
	// older stands above what is held; version counts its changes.
	older   []oncall.LogLine
	above   board.Tail
	version int
	// answer is shown instead of what is held while asked is not empty.
	answer []oncall.LogLine
	asked  string
	// terms is what the question looks for, as far as that can be told.
	terms board.Query
	tail  board.Tail
	// busy says what is being searched, empty for nothing.
	busy string
}

// held returns the lines that the pane looks at.
func (p *Pane) held(b board.Board) board.Tail {
	if p.store.asked != "" {
		return board.Tail{}.Above(p.store.tail, p.store.version)
	}
	return b.Logs().Above(p.store.above, p.store.version)
}

// Oldest returns the oldest lines of a source that are shown, those of one moment.
func (p *Pane) Oldest(b board.Board, source string) (out []oncall.LogLine) {
	take := func(l oncall.LogLine) (more bool) {
		if more = len(out) == 0 || l.At.Equal(out[0].At); more {
			out = append(out, l)
		}
		return more
	}
	for _, l := range p.store.older {
		if l.Source == source && !take(l) {
			break
		}
	}
	t := b.Logs()
	for seq := range t.Pick(board.Pick{Origin: func(s, _ string) bool { return s == source }}, 0) {
		if !take(t.At(int(seq - t.FirstSeq()))) {
			break
		}
	}
	return out
}

// Asked begins an answer of a store to a question of its own. It stands in place
// of the tail until Back.
func (p *Pane) Asked(source, query string) {
	p.store.answer, p.store.tail = nil, board.Tail{}
	p.store.asked, p.store.terms = source+": "+query, termsOf(query)
	p.changed()
}

// Answered adds lines to the answer.
func (p *Pane) Answered(lines []oncall.LogLine) {
	p.store.answer = board.MergeLines(p.store.answer, lines)
	p.store.tail = board.NewTail(p.store.answer)
	p.changed()
}

// LoadedOlder puts lines above those that are held, and reports whether there
// was room for them.
func (p *Pane) LoadedOlder(lines []oncall.LogLine) bool {
	if len(p.store.older)+len(lines) > maxOlder {
		return false
	}
	p.store.older = board.MergeLines(p.store.older, lines)
	p.store.above = board.NewTail(p.store.older)
	p.store.version++
	return true
}

// Busy says what is being searched in a store, and with an empty text that
// nothing is.
func (p *Pane) Busy(what string) { p.store.busy = what }

// LetGo counts how often lines that were loaded above the held ones were let go.
// What was asked for before would stand above a hole.
func (p *Pane) LetGo() int { return p.let }

// Left lets go of what stores have answered: another page is followed.
func (p *Pane) Left() {
	p.let++
	if len(p.store.older) > 0 || p.store.asked != "" {
		p.store = store{version: p.store.version + 1, busy: p.store.busy}
		p.at, p.opened = 0, 0
	}
}

func (p *Pane) changed() {
	p.store.version++
	p.at, p.opened = 0, 0
}

// storeTitle says what of the lines came from a store that was asked.
func (p *Pane) storeTitle(f pane.Frame) pane.Line {
	var l pane.Line
	if p.store.asked != "" {
		l = append(l, pane.S(style.Pending, text.Sprintf(" · %s of %s", pane.Count(len(p.store.answer), "line"), p.store.asked)))
	} else if n := len(p.store.older); n > 0 {
		l = append(l, pane.S(style.Pending, text.Sprintf(" · %s loaded", pane.Count(n, "older line"))))
	}
	if p.store.busy != "" {
		l = append(l, pane.S(style.Warn, text.Sprintf(" · searching %s, %s cancels", p.store.busy, f.Keys.Way(keymap.Back))))
	}
	return l
}

// dropAnswer goes back from an answer to the tail, and reports whether there was
// one.
func (p *Pane) dropAnswer() bool {
	if p.store.asked == "" {
		return false
	}
	p.store.asked, p.store.answer, p.store.tail = "", nil, board.Tail{}
	p.store.terms = board.Query{}
	p.changed()
	return true
}

// forgetOlder lets go of what was loaded above.
func (p *Pane) forgetOlder() {
	if len(p.store.older) > 0 {
		p.let++
		p.store.older, p.store.above = nil, board.Tail{}
		p.changed()
	}
}
