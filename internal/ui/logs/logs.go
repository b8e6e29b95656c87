// Package logs draws the tail of the log: following, paused or searched, with
// the errors of the shared time window counted on its axis.
package logs

import (
	"slices"
	"time"
	"weak"

	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// Pane is the log tail.
type Pane struct {
	// filter is what is shown, typed as a person wrote it, and refused why it could
	// not be read.
	filter  board.Query
	typed   string
	refused error
	// wide is true while lines of all services are shown, though one is followed.
	wide   bool
	index  index
	groups groups
	store  store
	// let counts how often lines were let go of that had been loaded above the held
	// ones, or that belonged to another page.
	let int
	// at is the sequence number of the selected line plus one; 0 follows.
	at uint64
	// end is the sequence number of the lowest visible line while not following.
	end  uint64
	wrap bool
	x    int
	// opened is the number of the line whose fields are shown plus one, 0 for none.
	opened uint64
	// epoch is the order of the tail in which at and end are numbers, and kept the
	// line that at stands for.
	epoch int
	kept  oncall.LogLine
	// shown are the lines as they were looked at last. They are not held on to: while
	// nothing is drawn they would double what a busy log takes.
	shown weak.Pointer[board.Tail]
}

// New returns the pane, following.
func New() *Pane { return &Pane{} }

// Following reports whether new lines scroll in by themselves.
func (p *Pane) Following() bool { return p.at == 0 }

// look brings the index up to date and returns the lines that it is of. It follows
// the page's service unless the pane is pinned.
func (p *Pane) look(f pane.Frame, b board.Board) board.Tail {
	t := p.lines(f, b)
	service := f.Scene.Service.Name
	if f.Scene.Page.IsZero() || f.Scene.Pinned[pane.Logs] || p.wide {
		service = ""
	}
	p.index.update(t, p.filter, service)
	p.stay(t)
	return t
}

// lines returns the lines to look at. For a frame that a person waits for these are
// the ones that are on the screen, while they are a beginning of those that are held
// now: to draw a screenful of new ones takes as long as all that the key did.
func (p *Pane) lines(f pane.Frame, b board.Board) board.Tail {
	t := p.held(b)
	if was := p.shown.Value(); f.Urgent && was != nil && was.Precedes(t) {
		return *was
	}
	p.shown = weak.Make(&t)
	return t
}

// stay keeps the selected line selected when lines were put among old ones, which
// then have other numbers.
func (p *Pane) stay(t board.Tail) {
	if e := t.Order().Epoch; e != p.epoch {
		p.epoch = e
		if !p.Following() {
			i := t.Since(p.kept.At)
			for j := i; j < t.Len() && t.At(j).At.Equal(p.kept.At); j++ {
				if t.At(j).Raw == p.kept.Raw {
					i = j
					break
				}
			}
			moved := t.FirstSeq() + uint64(i) + 1
			p.end += moved - p.at
			p.at, p.opened = moved, 0
		}
	}
	if !p.Following() && p.at > t.FirstSeq() {
		p.kept = t.At(int(p.at - 1 - t.FirstSeq()))
	}
}

// rateSpan is how far back the rate in the title looks.
const rateSpan = 10 * time.Second

// Title says where the lines come from, how fast, and whether the tail is paused.
func (p *Pane) Title(f pane.Frame, b board.Board) pane.Line {
	t := p.look(f, b)
	l := append(pane.L(pane.S(style.Heading, text.Const("LOGS"))), pane.Heard(b, board.KindLogs, b.LogsReading(), f)...)
	if p.index.found {
		l = append(l, pane.S(style.Text, text.Sprintf(" %s ·", p.index.service)))
	}
	for _, s := range b.Sources() {
		if s.Kind == board.KindLogs {
			l = append(l, pane.S(style.Text, text.Sprintf(" %s", s.Name)))
		}
	}
	switch {
	case p.store.asked != "":
		// An answer is whole or still coming: it is neither followed nor paused, and a
		// rate of now says nothing of it.
		if n := p.unseen(t); !p.Following() && n > 0 {
			l = append(l, pane.S(style.Dim, text.Sprintf(" · %d below", n)))
		}
	case !p.Following():
		l = append(l, pane.S(style.Warn, text.Sprintf(" · paused, %d unseen below", p.unseen(t))))
	case t.Len() > 0:
		l = append(l, pane.S(style.Dim, text.Sprintf(" · %s · following", perSecond(t, f.Now))))
	}
	if n, exact := t.Dropped(); n > 0 {
		word := text.Const("")
		if !exact {
			word = text.Const("at least ")
		}
		l = append(l, pane.S(style.Error, text.Sprintf(" · %s%d left out", word, n)))
	}
	return append(append(l, p.filterTitle(t)...), p.storeTitle(f)...)
}

// filterTitle says what is filtered, how much of it was found, and how far the
// search has come.
func (p *Pane) filterTitle(t board.Tail) pane.Line {
	switch {
	case p.typed == "":
		return nil
	case p.refused != nil:
		return pane.L(pane.S(style.Error, text.Sprintf(" /%s: %s", p.typed, p.refused)))
	}
	l := pane.L(pane.S(style.Pending, text.Sprintf(" · %d match /%s", p.index.rows(t).len(), p.typed)))
	if done := p.index.searched(t); done < 1 {
		l = append(l, pane.S(style.Warn, text.Sprintf(" · searching %d%%", int(100*done))))
	}
	return l
}

// unseen returns how many of the lines that are shown stand below the last one on the
// screen.
func (p *Pane) unseen(t board.Tail) int {
	r := p.index.rows(t)
	return r.len() - r.find(p.end+1)
}

func perSecond(t board.Tail, now time.Time) text.Safe {
	// Lines from after now are of a clock that was set since; they say nothing of
	// the present rate.
	n := t.Since(now.Add(rateSpan+1)) - t.Since(now.Add(1-rateSpan))
	return pane.Value(float64(max(0, n))/rateSpan.Seconds(), oncall.UnitPerSec)
}

// View draws the lines, and below them, where there is room for it, where all lines
// are and the errors of the window.
func (p *Pane) View(f pane.Frame, b board.Board) pane.Block {
	t := p.look(f, b)
	if t.Len() == 0 {
		return p.empty(f, b)
	}
	h := room(f.Height, t)
	p.groups.feed(t, &p.index, f.Urgent)
	var out pane.Block
	if p.groups.open {
		inner := f
		inner.Height = h
		out = p.groupLines(inner, b)
	} else {
		out = p.rowsOf(f, b, t, h)
	}
	if f.Height < chartFrom {
		return out
	}
	out = out.Fit(f.Width, h)
	if n, exact := t.Dropped(); n > 0 {
		out = append(out, p.account(t, n, exact))
	}
	return append(out, p.chart(f, b, t))
}

func (p *Pane) empty(f pane.Frame, b board.Board) pane.Block {
	if asked := p.store.asked; asked != "" {
		words := text.Sprintf("nothing was found: %s; %s goes back", asked, f.Keys.Way(keymap.Back))
		if p.store.busy != "" {
			words = text.Sprintf("nothing yet: %s", asked)
		}
		return pane.Block{pane.L(pane.S(style.Dim, words))}
	}
	r := b.LogsReading()
	if !pane.Configured(b, board.KindLogs) {
		return pane.Unconfigured(board.KindLogs, f.Width)
	}
	if r.Fault != nil {
		return pane.FaultLines(r.Fault, f.Width)
	}
	if r.Quality(f.Now) == oncall.Never {
		return pane.Block{pane.L(pane.S(style.Dim, text.Const("no answer yet from a log")))}
	}
	return pane.Block{pane.L(pane.S(style.Dim, text.Const("no lines: it is followed, and quiet so far")))}
}

// rowsOf fills h rows from the lowest visible line upwards.
func (p *Pane) rowsOf(f pane.Frame, b board.Board, t board.Tail, h int) pane.Block {
	r := p.index.rows(t)
	if r.len() == 0 && p.index.searched(r.tail) < 1 {
		return pane.Block{pane.L(pane.S(style.Dim, text.Sprintf("%d lines held, searching them for /%s", r.tail.Len(), p.typed)))}
	}
	if r.len() == 0 {
		return pane.Paragraph(style.Dim, text.Sprintf("%d lines held, none matches /%s; %s shows all", r.tail.Len(), p.typed, f.Keys.Way(keymap.Back)), f.Width)
	}
	gaps := t.Gaps()
	badge := badges(b)
	at := -1
	if !p.Following() {
		at = p.position(r) // what a key would act on, also where a filter hides the line itself
	}
	var up pane.Block // lowest row first
	for i := p.lowest(r, f, h); i >= 0 && len(up) < h; i-- {
		selected := i == at
		rows := p.draw(r.line(i), f, badge, selected)
		if selected {
			for j := range rows {
				rows[j] = chosen(rows[j])
			}
		}
		if p.opened == r.seq(i)+1 {
			rows = p.withInside(rows, r, i, f, h-len(up))
		}
		for _, row := range slices.Backward(rows) {
			if len(up) < h {
				up = append(up, row)
			}
		}
		if g, ok := gapBefore(gaps, r, i); ok && len(up) < h {
			up = append(up, gapRow(g))
		}
	}
	slices.Reverse(up)
	return up
}

// lowest returns the position of the lowest line that is shown in h rows.
func (p *Pane) lowest(r rows, f pane.Frame, h int) int {
	last := r.len() - 1
	if p.opened != 0 {
		return min(last, r.find(p.opened-1))
	}
	if !p.Following() {
		return max(min(last, h-1), min(last, r.find(p.end)))
	}
	if at, ok := cursorRow(r, f); ok {
		return min(last, max(h-1, at+h/2))
	}
	return last
}

// cursorRow returns the first row at or after the shared time cursor.
func cursorRow(r rows, f pane.Frame) (int, bool) {
	if f.Scene.Cursor.IsZero() {
		return 0, false
	}
	i := r.find(r.tail.FirstSeq() + uint64(r.tail.Since(f.Scene.Cursor)))
	return i, i < r.len()
}

func gapBefore(gaps []board.Gap, r rows, i int) (board.Gap, bool) {
	seq := r.seq(i)
	var before uint64
	if i > 0 {
		before = r.seq(i-1) + 1
	}
	for _, g := range gaps {
		if g.Seq <= seq && g.Seq >= before {
			return g, true
		}
	}
	return board.Gap{}, false
}

func gapRow(g board.Gap) pane.Line {
	word := text.Const("")
	if !g.Dropped.Exact {
		word = text.Const("at least ")
	}
	return pane.L(pane.S(style.Error, text.Sprintf("── %s: %s%d lines left out: %s ──", g.Source, word, g.Dropped.Count, g.Dropped.Reason)))
}

// badges reports whether lines need their source beside them.
func badges(b board.Board) bool {
	n := 0
	for _, s := range b.Sources() {
		if s.Kind == board.KindLogs {
			n++
		}
	}
	return n > 1
}

const (
	badgeWidth = 8
	// millisFrom is the width from which milliseconds are worth their cells.
	millisFrom = 70
)

// draw returns the rows of a line. The selected one has a sign beside its time, for
// terminals that have no colours and for eyes that do not tell them.
func (p *Pane) draw(l oncall.LogLine, f pane.Frame, badge, selected bool) []pane.Line {
	clock := f.Millis(l.At)
	if f.Width < millisFrom {
		clock = f.Seconds(l.At)
	}
	clockRole := style.Dim
	if c := f.Scene.Cursor; !c.IsZero() && l.At.Sub(c).Abs() < f.Scene.Window.Span()/120 {
		clockRole = style.Cursor
	}
	sign := text.Const(" ")
	if selected {
		sign = text.Const("▶")
	}
	head := pane.L(pane.S(clockRole, clock), pane.S(levelRole(l.Level), text.Sprintf("%s%s ", sign, text.Decode(l.Level.String()).Pad(5))))
	if badge {
		head = append(head, pane.S(style.Accent, text.Decode(l.Source).Fit(badgeWidth)), pane.S(style.Text, text.Const(" ")))
	}
	body := p.marked(message(l))
	if l.Late {
		body = append(pane.L(pane.S(style.Warn, text.Const("(late) "))), body...)
	}
	if l.Cut {
		body = append(body, pane.S(style.Warn, text.Const(" (line cut)")))
	}
	room := max(1, f.Width-head.Width())
	if !p.wrap {
		return []pane.Line{append(head, shift(body, p.x)...)}
	}
	out := body.Wrap(room)
	pad := pane.S(style.Text, text.Safe{}.Pad(head.Width()))
	for i := range out {
		lead := head
		if i > 0 {
			lead = pane.L(pad)
		}
		out[i] = append(append(pane.Line{}, lead...), out[i]...)
	}
	return out
}

// message is the line's message, then its other fields, dim. Each is decoded
// here, where it is drawn.
func message(l oncall.LogLine) pane.Line {
	role := style.Text
	if l.Level >= oncall.LevelError {
		role = style.Error
	}
	out := pane.L(pane.S(role, text.Decode(l.Message)))
	var rest []text.Safe
	for _, f := range unpacked(l) {
		if !headField(f.Key) && f.Value != l.Message {
			rest = append(rest, text.Sprintf("%s=%s", f.Key, f.Value))
		}
	}
	if len(rest) > 0 {
		out = append(out, pane.S(style.Dim, text.Sprintf(" %s", text.Join(rest, text.Const(" ")))))
	}
	return out
}

// unpacked returns a line's fields, and before them those that VictoriaLogs left
// in the text as it was written, of which the message is only a part.
func unpacked(l oncall.LogLine) []oncall.Field {
	fields := l.Fields()
	i := slices.IndexFunc(fields, func(f oncall.Field) bool { return f.Key == "_msg" })
	if i < 0 || fields[i].Value == l.Message {
		return fields
	}
	beside := make(map[oncall.Field]bool, len(fields))
	for _, f := range fields {
		beside[f] = true
	}
	written := oncall.LogLine{Raw: fields[i].Value}.Fields()
	return append(slices.DeleteFunc(written, func(f oncall.Field) bool { return beside[f] }), fields...)
}

// headField names the fields that the row's head shows already.
func headField(key string) bool {
	switch key {
	case "ts", "t", "time", "timestamp", "@timestamp", "_time", "level", "lvl", "severity", "msg", "message", "log", "_msg":
		return true
	}
	return false
}

func levelRole(l oncall.Level) style.Role {
	switch {
	case l >= oncall.LevelError:
		return style.Error
	case l == oncall.LevelWarn:
		return style.Warn
	case l == oncall.LevelInfo:
		return style.OK
	}
	return style.Dim
}

// shift drops the first x cells.
func shift(l pane.Line, x int) pane.Line {
	if x <= 0 {
		return l
	}
	var out pane.Line
	for _, s := range l {
		w := s.Text.Width()
		if x >= w {
			x -= w
			continue
		}
		out = append(out, pane.S(s.Role, s.Text.Slice(x, w)))
		x = 0
	}
	return out
}
