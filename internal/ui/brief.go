package ui

import (
	"strings"

	"conway/internal/board"
	"conway/internal/follow"
	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/deploys"
	"conway/internal/ui/keymap"
	"conway/internal/ui/metrics"
	"conway/internal/ui/pages"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// brief answers five questions about the selected page: what is broken, since
// when, what changed just before, has it happened before and what fixed it, who
// is woken next. In two lines where they fit, else in three.
func (m *Model) brief(w, h int) pane.Block {
	b := m.board.Brief(m.selected, m.now)
	if !b.Known {
		return m.noPage()
	}
	what := m.what(b)
	history := pane.L(m.history(b))
	next := m.next(b)
	before := pane.L(pane.S(style.Text, text.Const(" ")), m.preceded())
	end := pane.S(style.Text, text.Const(" "))
	if h <= 2 {
		// What it is now comes before what it was before.
		if room := max(minHistory, w-what.Width()-3); history.Width() > room {
			history = history.Fit(room)
		}
		return pane.Block{
			pane.Split(what, append(history, end), w),
			pane.Split(before, append(next, end), w),
		}
	}
	if 1+history.Width()+2+next.Width()+1 > w {
		// Both answers in fewer words are worth more than one of them cut off.
		next = m.shortNext(b)
		history = pane.L(m.shortHistory(b, w, w-next.Width()-4))
	}
	third := append(pane.L(pane.S(style.Text, text.Const(" "))), history...)
	return pane.Block{what, before, pane.Split(third, append(next, end), w)}
}

// noPage says what is known when no page is selected; silence is never taken
// for good news.
func (m *Model) noPage() pane.Block {
	r := m.board.PagesReading()
	switch q := r.Quality(m.now); {
	case (q == oncall.Live || q == oncall.NoData) && m.board.Counts().Known && len(m.board.Pages()) > 0 && !m.selected.IsZero():
		return pane.Block{pane.L(pane.S(style.Dim, text.Sprintf(" the selected page is no longer listed; choose another with %s and %s",
			m.opts.Keys.Way(keymap.Down), m.opts.Keys.Way(keymap.Up))))}
	case (q == oncall.Live || q == oncall.NoData) && m.board.Counts().Known:
		return append(pane.Block{pane.L(pane.S(style.OK, text.Const(" ✓ nothing is open")))}, m.silent()...)
	case r.Fault != nil:
		out := pane.Block{}
		for _, l := range text.Decode(r.Fault.Error()).Wrap(max(1, m.w-2)) {
			out = append(out, pane.L(pane.S(style.Error, text.Concat(text.Const(" "), l))))
		}
		return out
	case len(m.board.Sources()) > 0 && !pane.Configured(m.board, board.KindPages):
		return pane.Block{pane.L(pane.S(style.Warn, text.Const(" no pager is asked: name one under pages: in the config")))}
	case len(m.board.Sources()) == 0:
		return append(pane.Block{
			pane.L(pane.S(style.Warn, text.Const(" no config")),
				pane.S(style.Text, text.Const(": conway config init writes one; conway drill shows an incident"))),
		}, m.notice()...)
	}
	if q := r.Quality(m.now); q != oncall.Never && len(m.board.Pages()) == 0 && m.board.Counts().Known {
		return pane.Block{pane.L(pane.S(style.Error, text.Sprintf(" ? not known whether anything is open: last heard %s ago", pane.Ago(r.Age(m.now)))))}
	}
	return pane.Block{pane.L(pane.S(style.Dim, text.Const(" waiting for the first answer of a pager")))}
}

// notice is what was found without a config, which a footer is too short for.
func (m *Model) notice() pane.Block {
	var out pane.Block
	for _, l := range text.Decode(m.opts.Notice).Wrap(max(1, m.w-2)) {
		out = append(out, pane.L(pane.S(style.Dim, text.Concat(text.Const(" "), l))))
	}
	return out
}

// silent names the metrics sources that nothing is heard of. What alerts are made
// from can fail while the pager is well, and no page comes then.
func (m *Model) silent() pane.Block {
	var out pane.Block
	for _, s := range m.board.Sources() {
		if s.Kind != board.KindMetrics {
			continue
		}
		f := m.frame(0, 0, pane.None)
		switch q := s.Reading.Quality(m.now); {
		case q == oncall.Stale, q == oncall.Lost:
			out = append(out, pane.L(pane.S(style.Error, text.Sprintf(" ! %s silent since %s: what it watches may break without a page", s.Name, f.Date(s.Reading.Received)))))
		case q == oncall.Never && s.Reading.Fault != nil:
			out = append(out, pane.L(pane.S(style.Error, text.Sprintf(" ! %s never answered: what it watches may break without a page", s.Name))))
		}
	}
	return out
}

func (m *Model) what(b board.Brief) pane.Line {
	sign, role := pages.Sign(b.Row, m.now)
	l := pane.L(
		pane.S(style.Text, text.Const(" ")), pane.S(role, sign), pane.S(style.Text, text.Const(" ")),
		pane.S(style.Title, text.Decode(b.Row.Page.Title)),
		pane.S(role, text.Const("  · ")), pane.S(role, state(b)),
	)
	if s, ok := pages.Progress(b.Row, m.frame(0, 0, pane.None)); ok {
		l = append(l, pane.S(style.Dim, text.Const(" · ")), s)
	}
	if b.Quality == oncall.Stale || b.Quality == oncall.Lost {
		l = append(l, pane.S(style.Error, text.Sprintf(" · last heard %s ago", pane.Ago(b.Row.Reading.Age(m.now)))))
	}
	if b.Alerts > 1 {
		l = append(l, pane.S(style.Dim, text.Sprintf(" · %d alerts", b.Alerts)))
	}
	if s, ok := m.spends(); ok {
		l = append(l, pane.S(style.Dim, text.Const(" · ")), s)
	}
	return l
}

// spends names the error budget that the selected page's alert is of, and says
// what is left of it.
func (m *Model) spends() (pane.Span, bool) {
	if m.opts.Budgets == nil {
		return pane.Span{}, false
	}
	r := m.board.Metrics()
	budgets := m.asked[m.opts.Budgeter].Budgets
	if m.subject.page.Ref != m.selected { // the metrics are pinned to another page
		d := m.board.Detail(m.selected).Value
		budgets = m.opts.Budgets(m.scene.Service, &d)
	}
	for _, q := range budgets {
		if !q.Spends {
			continue
		}
		name := text.Sprintf("spends SLO %s", text.Decode(q.SLO))
		for _, b := range r.Value.Budgets {
			if b.SLO == q.SLO && b.LeftQuery == q.LeftQuery && b.Left != nil && fresh(r.Quality(m.now)) {
				return pane.S(style.Dim, text.Sprintf("%s, %s left", name, metrics.Left(b))), true
			}
		}
		return pane.S(style.Dim, name), true
	}
	return pane.Span{}, false
}

// minHistory is the width below which the answer about the past says nothing.
const minHistory = 30

// state says how it stands and when it began: a page is triggered when it
// begins, but not acknowledged or resolved. Of one that is listed no more only
// the last state is known.
func state(b board.Brief) text.Safe {
	switch {
	case b.Row.Gone:
		return text.Sprintf("was %s, began %s ago", b.Row.Page.Status, pane.Ago(b.Age))
	case b.Row.Page.Status == oncall.Triggered:
		return text.Sprintf("triggered %s ago", pane.Ago(b.Age))
	}
	return text.Sprintf("%s, began %s ago", b.Row.Page.Status, pane.Ago(b.Age))
}

// left is what somebody left for this alert, and what worked then: it comes before
// all that the pager knows of the past. The lengths are how much is quoted of each.
func (m *Model) left(line, command int) (text.Safe, bool) {
	l := m.board.Recall().Pages[m.selected].Left
	if l == nil {
		return text.Safe{}, false
	}
	out := text.Sprintf("“%s”", text.Decode(l.Line).Truncate(line))
	if l.Command != "" {
		first, more, _ := strings.Cut(strings.TrimSpace(l.Command), "\n")
		if strings.TrimSpace(more) != "" {
			first += " …"
		}
		out = text.Sprintf("%s · worked: %s", out, text.Decode(first).Truncate(command))
	}
	return out, true
}

func (m *Model) history(b board.Brief) pane.Span {
	h := b.History
	if words, ok := m.left(fixWidth, fixWidth); ok {
		when := m.frame(0, 0, pane.None).Day(m.board.Recall().Pages[m.selected].Left.At)
		return pane.S(style.Title, text.Sprintf("left %s: %s", when, words))
	}
	d := m.board.Detail(m.selected)
	switch {
	case h == nil && (d.Fault != nil || !d.Received.IsZero()):
		return pane.S(style.Dim, text.Const("fired before? not known"))
	case h == nil:
		return pane.S(style.Dim, text.Const("fired before? asking"))
	case h.Count == 0:
		return pane.S(style.Dim, text.Sprintf("first time in %s", pane.Ago(h.Window)))
	}
	times := text.Sprintf("fired %d times in %s", h.Count, pane.Ago(h.Window))
	if h.Count == 1 {
		times = text.Sprintf("fired once in %s", pane.Ago(h.Window))
	}
	if h.Fix == "" {
		return pane.S(style.Text, text.Sprintf("%s, nobody wrote what fixed it", times))
	}
	return pane.S(style.Text, text.Sprintf("%s, last note “%s”", times, text.Decode(h.Fix).Truncate(fixWidth)))
}

// shortHistory is the same for a narrow screen, of which who is next leaves room
// cells: what fixed it comes before what it was called.
func (m *Model) shortHistory(b board.Brief, w, room int) pane.Span {
	h := b.History
	if words, ok := m.left(max(8, w/3), max(8, w/4)); ok {
		return pane.S(style.Title, words)
	}
	if h == nil || h.Count == 0 {
		return m.history(b)
	}
	if h.Fix == "" {
		return pane.S(style.Text, text.Sprintf("%d× in %s, no note", h.Count, pane.Ago(h.Window)))
	}
	times := text.Sprintf("%d× in %s, last ", h.Count, pane.Ago(h.Window))
	fix := text.Decode(h.Fix).Truncate(max(8, min(fixWidth, room-times.Width()-len(`""`))))
	return pane.S(style.Text, text.Sprintf("%s“%s”", times, fix))
}

// shortNext is who is woken next in fewer words.
func (m *Model) shortNext(b board.Brief) pane.Line {
	if b.Row.Gone || b.Row.Page.Status != oncall.Triggered || b.Next == nil {
		l := m.next(b)
		switch {
		case b.Row.Gone || b.Row.Page.Status == oncall.StatusUnknown:
		case b.Row.Page.Status == oncall.Triggered:
			l = pane.L(pane.S(style.Dim, text.Const("next: nobody")))
		default:
			l = pane.L(pane.S(style.OK, text.Const("next: nobody")))
		}
		return l
	}
	who := text.Const("next level")
	if len(b.Next.Who) > 0 {
		who = text.Decode(b.Next.Who[0].Name)
	}
	if b.Next.In <= 0 {
		return pane.L(pane.S(style.Text, text.Sprintf("next: %s ", who)), pane.S(style.Pending, text.Const("due now")))
	}
	return pane.L(pane.S(style.Text, text.Sprintf("next: %s in ", who)), pane.S(style.Pending, pane.Countdown(b.Next.In)))
}

// fixWidth is how much of the last note the brief quotes.
const fixWidth = 48

// preceded names the deploy that the score puts first. It says "preceded by",
// never "caused by".
func (m *Model) preceded() pane.Span {
	r := m.board.DeploysReading()
	s := m.scene.Suspects
	switch {
	case len(s) == 0 && !pane.Configured(m.board, board.KindDeploys):
		return pane.S(style.Dim, text.Const("what changed before? no deploy source is configured"))
	case len(s) == 0 && r.Received.IsZero():
		return pane.S(style.Dim, text.Const("what changed before? no deploy source has answered"))
	case len(s) == 0 && !fresh(r.Quality(m.now)):
		return pane.S(style.Dim, text.Sprintf("what changed before? deploys were last heard of %s ago", pane.Ago(r.Age(m.now))))
	case len(s) == 0:
		return pane.S(style.Text, text.Const("no deploy in the 24 h before"))
	}
	d := s[0].Deploy
	name := deploys.Name(d)
	if from := m.previous(d); from != "" && d.Version != "" {
		name = text.Sprintf("%s %s→%s", d.Service, from, d.Version)
	}
	// A suspicion names a team and never a person.
	by := d.Team
	if s, ok := m.opts.Services.Deployed(d); ok && by == "" {
		by = s.Owner
	}
	if by != "" {
		name = text.Sprintf("%s (%s)", name, by)
	}
	when := text.Sprintf("%s before", pane.Ago(s[0].Before))
	if s[0].Before == 0 {
		when = text.Const("while it began")
	}
	line := text.Sprintf("%s %s %s, %s by chance", text.Const(follow.Wording), name, when, percent(s[0].P0))
	switch n := s[0].Ambiguous - 1; {
	case n == 1:
		line = text.Sprintf("%s · another is as likely", line)
	case n > 1:
		line = text.Sprintf("%s · %d others are as likely", line, n)
	}
	return pane.S(style.Deploy, line)
}

// fresh reports whether an answer, or that there was none, is news.
func fresh(q oncall.Quality) bool { return q == oncall.Live || q == oncall.NoData }

func percent(p float64) text.Safe {
	if p < 0.0005 {
		return text.Const("under 0.1%")
	}
	return text.Sprintf("%.1f%%", p*100)
}

// previous returns the version that a deploy replaced.
func (m *Model) previous(d oncall.Deploy) string {
	for _, o := range m.board.Deploys() {
		if o.Service == d.Service && o.Repo == d.Repo && o.Environment == d.Environment && o.When().Before(d.When()) {
			return o.Version
		}
	}
	return ""
}

func (m *Model) next(b board.Brief) pane.Line {
	switch {
	case b.Row.Gone, b.Row.Page.Status == oncall.StatusUnknown:
		return pane.L(pane.S(style.Dim, text.Const("next: not known")))
	case b.Row.Page.Status == oncall.Acknowledged:
		return pane.L(pane.S(style.OK, text.Const("next: nobody, it is acknowledged")))
	case b.Row.Page.Status == oncall.Resolved:
		return pane.L(pane.S(style.OK, text.Const("next: nobody, it is resolved")))
	}
	if b.Next == nil {
		return pane.L(pane.S(style.Dim, text.Const("next: nobody, it does not escalate")))
	}
	who := text.Const("the next level")
	if len(b.Next.Who) > 0 {
		who = text.Decode(b.Next.Who[0].Name)
		if b.Next.Level > 0 {
			who = text.Sprintf("%s (%s)", who, level(b.Next.Level))
		}
	}
	if b.Next.In <= 0 {
		return pane.L(pane.S(style.Text, text.Sprintf("next: %s, ", who)), pane.S(style.Pending, text.Const("due now")))
	}
	return pane.L(
		pane.S(style.Text, text.Sprintf("next: %s in ", who)),
		pane.S(style.Pending, pane.Countdown(b.Next.In)),
		pane.S(style.Dim, text.Const(" if unacked")),
	)
}
