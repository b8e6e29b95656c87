package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/layout"
	"conway/internal/ui/pages"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// View draws the screen.
func (m *Model) View() tea.View {
	v := tea.NewView(m.Content())
	v.AltScreen = true
	v.WindowTitle = m.windowTitle().String()
	if m.opts.Mouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	return v
}

// Content returns the screen's rows, styled, each as wide as the terminal.
func (m *Model) Content() string {
	var b strings.Builder
	b.Grow(m.size + m.size/8) // about what the last one took
	defer func() { m.size = b.Len() }()
	for i, l := range m.rows() {
		if i > 0 {
			b.WriteByte('\n')
		}
		for _, s := range l {
			m.opts.Sheet.WriteLink(&b, s.Role, s.Text, s.Link)
		}
	}
	return b.String()
}

// Text returns the screen's rows without styles, each ended by a newline.
func (m *Model) Text() string {
	var b strings.Builder
	plain := style.Sheet{ASCII: m.opts.Sheet.ASCII}
	for _, l := range m.rows() {
		for _, s := range l {
			plain.Write(&b, s.Role, s.Text)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// windowTitle carries the count, so that a window list shows it.
func (m *Model) windowTitle() text.Safe {
	c := m.board.Counts()
	if !c.Known {
		return text.Const("conway")
	}
	title := text.Sprintf("conway %d open, %d unacked", c.Open, c.Triggered)
	if f := pane.Freshness(m.board.PagesReading(), m.now); !f.Text.Empty() {
		return text.Sprintf("conway ? %s", f.Text)
	}
	return title
}

func (m *Model) rows() pane.Block {
	s := m.screen
	if s.W == 0 || s.H == 0 {
		return nil
	}
	if s.Line {
		return m.small().Fit(s.W, s.H)
	}
	rows := make(pane.Block, s.H)
	put := func(r layout.Rect, b pane.Block) {
		for i, l := range b.Fit(r.W, r.H) {
			rows[r.Y+i] = append(rows[r.Y+i], l...)
		}
	}
	put(s.Title, pane.Block{m.titleLine(s.W)})
	put(s.Brief, m.brief(s.Brief.W, s.Brief.H))
	// Tiles come column by column; rows are filled from left to right.
	for _, t := range s.Tiles {
		put(t.Rect, m.tile(t))
	}
	said := m.said(s.W)
	for i, l := range said {
		rows[s.H-len(said)+i] = l
	}
	if n := len(m.stack); n > 0 {
		m.drawOverlay(rows, m.stack[n-1])
	}
	return rows
}

// small is a screen on which no pane fits: an overlay alone, or the summary, the
// selected page by name, since keys still act on it, and what the footer says.
func (m *Model) small() pane.Block {
	s := m.screen
	if n := len(m.stack); n > 0 {
		l := m.stack[n-1]
		f := m.frame(s.W, max(1, s.H-1), pane.None)
		if s.H == 1 {
			return pane.Block{l.View(f, m.board).Fit(s.W, 1)[0]}
		}
		return append(pane.Block{l.Title(f, m.board)}, l.View(f, m.board)...)
	}
	foot := pane.Block{m.footer(s.W)}
	news := len(m.held()) > 0 || m.now.Before(m.toast.until)
	if m.stripShown() && len(m.stripRows(s.W)) > 0 {
		foot, news = m.said(s.W), true
	}
	if s.H == 1 {
		if news {
			return foot[:1]
		}
		return pane.Block{append(m.summary(), m.target()...)}
	}
	out := pane.Block{m.summary(), m.target()}
	switch {
	case s.H == 2 && news:
		return pane.Block{m.target(), foot[0]}
	case s.H == 2:
		return out
	}
	foot = foot[:min(len(foot), s.H-1)]
	return append(out.Fit(s.W, s.H-len(foot)), foot...)
}

// target names the page that keys act on.
func (m *Model) target() pane.Line {
	row, ok := m.board.Page(m.selected)
	if !ok {
		return nil
	}
	sign, role := pages.Sign(row, m.now)
	l := pane.L(pane.S(style.Text, text.Const(" ")), pane.S(role, sign), pane.S(style.Text, text.Const(" ")))
	if p, ok := pages.Progress(row, m.frame(0, 0, pane.None)); ok {
		l = append(l, p, pane.S(style.Dim, text.Const(": ")))
	}
	return append(l, pane.S(style.Title, text.Decode(row.Page.Title)))
}

// summary is the count, the oldest age and the ack key.
func (m *Model) summary() pane.Line {
	c := m.board.Counts()
	if !c.Known {
		return pane.L(pane.S(style.Dim, text.Const("conway: asking")))
	}
	l := pane.L(pane.S(style.Title, text.Sprintf("%d open", c.Open)))
	if f := pane.Freshness(m.board.PagesReading(), m.now); !f.Text.Empty() {
		// First what it is worth: the rest may be cut off.
		l = pane.L(f, pane.S(style.Text, text.Sprintf(" %d open", c.Open)))
	}
	if c.Triggered > 0 {
		l = append(l, pane.S(style.Error, text.Sprintf(" ● %s", pane.Age(m.now.Sub(c.OldestUnacked)))),
			pane.S(style.Key, text.Sprintf(" %s ack", m.opts.Keys.Way(keymap.Ack))))
	}
	return l
}

// tile draws a pane with its title, in a box where there is one.
func (m *Model) tile(t layout.Tile) pane.Block {
	in := t.Inner()
	f := m.frame(in.W, in.H, t.Kind)
	p := m.panes[t.Kind]
	title := p.Title(f, m.board)
	if m.pinned[t.Kind] && t.Kind != pane.Deploys {
		title = append(title, pane.S(style.Warn, text.Const(" pinned")))
	}
	body := p.View(f, m.board).Fit(in.W, in.H)
	border := style.Border
	if f.Focused {
		border = style.BorderFocus
	}
	if !t.Boxed {
		head := pane.L(pane.S(border, text.Const("── ")))
		if f.Focused {
			head = pane.L(pane.S(border, text.Const("━━ ")))
		}
		head = append(head, title...)
		head = append(head, pane.S(style.Text, text.Const(" ")))
		return append(pane.Block{rule(head, border, f.Focused, t.W)}, body...)
	}
	return box(t, title, border, body)
}

// rule continues a line with a border to width w.
func rule(l pane.Line, border style.Role, heavy bool, w int) pane.Line {
	sign := text.Const("─")
	if heavy {
		sign = text.Const("━")
	}
	left := w - l.Width()
	if left <= 0 {
		return l.Fit(w)
	}
	return append(l, pane.S(border, sign.Repeat(left)))
}

func box(t layout.Tile, title pane.Line, border style.Role, body pane.Block) pane.Block {
	left, right := text.Const("┌"), text.Const("┐")
	if t.Joined {
		left, right = text.Const("├"), text.Const("┤")
	}
	head := append(pane.L(pane.S(border, left), pane.S(border, text.Const(" "))), title...)
	head = append(head.Fit(min(head.Width(), t.W-2)), pane.S(border, text.Const(" ")))
	head = append(rule(head, border, border == style.BorderFocus, t.W-1), pane.S(border, right))
	out := make(pane.Block, 0, len(body)+2)
	out = append(out, head)
	side := pane.S(border, text.Const("│"))
	for _, l := range body {
		row := make(pane.Line, 0, len(l)+2)
		row = append(append(append(row, side), l...), side)
		out = append(out, row)
	}
	if t.Last {
		out = append(out, pane.L(pane.S(border, text.Const("└")), pane.S(border, text.Const("─").Repeat(t.W-2)), pane.S(border, text.Const("┘"))))
	}
	return out
}

// overlayRoom returns the inside of an overlay's box.
func (m *Model) overlayRoom(l layer) (w, h int) {
	maxW, maxH := max(1, m.screen.W-4), max(1, m.screen.H-m.screen.Brief.H-4)
	if m.screen.Line {
		// Nothing else fits beside it: it has the screen, below its title.
		return max(1, m.screen.W), max(1, m.screen.H-1)
	}
	if m.screen.Stacked {
		// The two cells at its sides would show nothing but remains of lines.
		maxW = max(1, m.screen.W-2)
	}
	w, h = l.Size(maxW, maxH)
	return min(max(1, w), maxW), min(max(1, h), maxH)
}

// drawOverlay puts an overlay's box over the rows: in the middle, below the
// brief, which is never covered.
func (m *Model) drawOverlay(rows pane.Block, l layer) {
	w, h := m.overlayRoom(l)
	f := m.frame(w, h, pane.None)
	top := m.screen.Brief.Y + m.screen.Brief.H
	y := top + max(0, (m.screen.H-1-top-h-2)/3)
	x := max(0, (m.screen.W-w-2)/2)
	tile := layout.Tile{Rect: layout.Rect{X: x, Y: y, W: w + 2, H: h + 2}, Boxed: true, Last: true}
	b := box(tile, l.Title(f, m.board), style.BorderFocus, l.View(f, m.board).Fit(w, h))
	for i, over := range b {
		if y+i >= len(rows) {
			break
		}
		under := rows[y+i]
		line := append(pane.Line{}, under.Slice(0, x)...)
		line = append(line, over...)
		rows[y+i] = append(line, under.Slice(x+w+2, m.screen.W)...)
	}
}

// footer shows, in this order of urgency, what is held, what was said, the keys.
func (m *Model) footer(w int) pane.Line {
	if all := m.held(); len(all) > 0 {
		s := all[0]
		what, cancels := about(s.Action), text.Const(" cancels ")
		for _, o := range all[1:] {
			what = text.Sprintf("%s; %s: %s", what, o.Action.Kind, about(o.Action))
		}
		if len(all) > 1 {
			cancels = text.Sprintf(" cancels all %d ", len(all))
		}
		p := pane.L(pane.S(style.Pending, text.Sprintf(" %s in %s: %s", s.Action.Kind, pane.Age(s.Action.NotBefore.Sub(m.now)+tickEvery), what)))
		return pane.Split(p, pane.L(pane.S(style.Key, text.Sprintf("  %s", m.opts.Keys.Way(keymap.Undo))), pane.S(style.Text, cancels)), w)
	}
	if m.now.Before(m.toast.until) {
		return pane.L(pane.S(m.toastRole(), text.Concat(text.Const(" "), m.toast.text))).Fit(w)
	}
	right := m.undelivered()
	// The keys give way to the line, all but the help.
	room := w - right.Width() - m.footerKey(m.opts.Keys.Entry(keymap.Help)).Width()
	right = append(m.line(room), right...)
	return pane.Split(m.footerKeys(w-right.Width()), right, w)
}

const (
	// newsRows bounds how many rows news may cover: the title of a page can be of any
	// length, and the page's own row shows it.
	newsRows = 2
	// faultRows bounds how many rows a fault may cover, whose fix comes last.
	faultRows = 4
)

// said is the footer, below the strip of tags while that is shown. Then the keys
// are left out, and a row remains only for what is held or was said.
func (m *Model) said(w int) pane.Block {
	if !m.stripShown() {
		return m.news(w)
	}
	out := m.stripRows(w)
	if len(m.held()) > 0 || m.now.Before(m.toast.until) {
		out = append(out, m.news(w)...)
	}
	return out
}

// news is the footer, in several rows when a sentence does not fit in one: what
// is said here often stands nowhere else.
func (m *Model) news(w int) pane.Block {
	if len(m.held()) > 0 || !m.now.Before(m.toast.until) || m.toast.text.Width()+1 <= w {
		return pane.Block{m.footer(w)}
	}
	lines, rows := m.toast.text.Wrap(max(1, w-2)), newsRows
	switch {
	case m.toast.whole:
		rows = max(1, m.screen.H-m.screen.Brief.Y-m.screen.Brief.H)
	case m.toast.fault:
		rows = faultRows
	}
	var out pane.Block
	for i, t := range lines {
		if i == rows-1 && len(lines) > rows {
			t = text.Join(lines[i:], text.Const(" ")).Truncate(w - 2)
		}
		if i == rows {
			break
		}
		out = append(out, pane.L(pane.S(m.toastRole(), text.Concat(text.Const(" "), t))).Fit(w))
	}
	return out
}

func (m *Model) toastRole() style.Role {
	if m.toast.fault {
		return style.Error
	}
	return style.Title
}

// footerKeys lists the keys that fit whole; the help is always among them.
func (m *Model) footerKeys(room int) pane.Line {
	var l pane.Line
	help := m.footerKey(m.opts.Keys.Entry(keymap.Help))
	for _, e := range append(m.nearKeys(), m.opts.Keys.Entries()...) {
		if e.Footer == "" || len(e.Keys) == 0 || e.Action == keymap.Help {
			continue
		}
		k := m.footerKey(e)
		if l.Width()+k.Width()+help.Width() > room {
			break
		}
		l = append(l, k...)
	}
	return append(l, help...)
}

// nearKeys are the keys of what is being looked at, before those that always work:
// how to go on in a runbook, and the way back from what lies over the other panes.
func (m *Model) nearKeys() []keymap.Entry {
	var out []keymap.Entry
	add := func(a keymap.Action, word string) {
		e := m.opts.Keys.Entry(a)
		e.Footer = word
		out = append(out, e)
	}
	focus := m.choice.Focus
	if e := m.scene.Runbook; focus == pane.Runbook && e != nil && len(e.Runbook.Steps) > 0 && !m.opts.ReadOnly {
		add(keymap.Detail, "run")
	}
	if _, running := m.running(); focus == pane.Runbook && running {
		add(keymap.CancelStep, "end")
	}
	if focus == m.choice.Drawer || m.choice.Zoom {
		add(keymap.Back, "back")
	}
	return out
}

func (m *Model) footerKey(e keymap.Entry) pane.Line {
	keyRole, wordRole := style.Key, style.Text
	if !m.reason(e.Action).Empty() {
		keyRole, wordRole = style.Dim, style.Dim
	}
	return pane.L(
		pane.S(keyRole, text.Sprintf(" %s", m.opts.Keys.Way(e.Action))),
		pane.S(wordRole, text.Sprintf(" %s ", e.Footer)),
	)
}

func (m *Model) undelivered() pane.Line {
	if n := m.board.Undelivered(); n > 0 {
		return pane.L(pane.S(style.Pending, text.Sprintf(" %d undelivered ", n)))
	}
	return nil
}
