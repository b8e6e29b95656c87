// Package deploys draws the recent deploys of the followed service, the ones
// that preceded its page marked.
package deploys

import (
	"conway/internal/board"
	"conway/internal/follow"
	"conway/internal/oncall"
	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// Pane is the list of deploys.
type Pane struct {
	services follow.Map
	filter   pane.Needle
	scroll   pane.Scroll
	// cursor is the selected deploy, zero for none.
	cursor oncall.Ref
}

// New returns the pane. The map says which deploys concern a service.
func New(services follow.Map) *Pane { return &Pane{services: services} }

// Rows returns the deploys shown: those that concern the followed service, or
// all of them when the pane is pinned or nothing is followed.
func (p *Pane) Rows(f pane.Frame, b board.Board) []oncall.Deploy {
	var out []oncall.Deploy
	for _, d := range b.Deploys() {
		if !p.filter.Match(d.Service, d.Repo, d.Version, d.Commit, d.Author, d.Team, d.Title) {
			continue
		}
		if !f.Scene.Page.IsZero() && !f.Scene.Pinned[pane.Deploys] {
			if points, _ := p.services.Concerns(d, f.Scene.Service); points == 0 {
				continue
			}
		}
		out = append(out, d)
	}
	return out
}

// Title names the service that is followed.
func (p *Pane) Title(f pane.Frame, b board.Board) pane.Line {
	l := append(pane.L(pane.S(style.Heading, text.Const("DEPLOYS"))), pane.Heard(b, board.KindDeploys, b.DeploysReading(), f)...)
	switch {
	case !pane.Configured(b, board.KindDeploys):
		return l // nothing is asked of any service
	case f.Scene.Pinned[pane.Deploys]:
		l = append(l, pane.S(style.Warn, text.Const(" pinned: all services")))
	case f.Scene.Service.Name != "":
		l = append(l, pane.S(style.Text, text.Sprintf(" %s", f.Scene.Service.Name)))
	}
	if p.filter.String() != "" {
		l = append(l, pane.S(style.Pending, text.Sprintf(" /%s", p.filter.String())))
	}
	return l
}

// View draws a row a deploy, newest first.
func (p *Pane) View(f pane.Frame, b board.Board) pane.Block {
	rows := p.Rows(f, b)
	if len(rows) == 0 {
		return p.empty(f, b)
	}
	cursor := indexOf(rows, p.cursor)
	from, to := p.scroll.Visible(len(rows), f.Height, cursor)
	out := make(pane.Block, 0, to-from)
	clock := 0
	for _, d := range rows[from:to] {
		clock = max(clock, when(d, f).Width())
	}
	for i := from; i < to; i++ {
		l := row(rows[i], clock, f)
		if i == cursor && f.Focused {
			l = l.As(style.Selected)
		}
		out = append(out, l)
	}
	return out
}

func (p *Pane) empty(f pane.Frame, b board.Board) pane.Block {
	r := b.DeploysReading()
	hidden := len(b.Deploys())
	switch {
	case hidden == 0 && !pane.Configured(b, board.KindDeploys):
		return pane.Unconfigured(board.KindDeploys, f.Width)
	case r.Quality(f.Now) == oncall.Never && r.Fault == nil && !r.Empty:
		return pane.Block{pane.L(pane.S(style.Dim, text.Const("no answer yet from a deploy source")))}
	case r.Fault != nil:
		return pane.FaultLines(r.Fault, f.Width)
	case hidden > 0 && p.filter.String() != "":
		return pane.Paragraph(style.Dim, pane.NoMatch(f, hidden, "deploy", p.filter), f.Width)
	case hidden > 0:
		return pane.Paragraph(style.Dim, text.Sprintf("no deploy of %s or of what it depends on (%d of others; %s shows all)", f.Scene.Service.Name, hidden, f.Keys.Way(keymap.Follow)), f.Width)
	}
	if q := r.Quality(f.Now); q != oncall.Live && q != oncall.NoData {
		return pane.Block{pane.L(pane.S(style.Error, text.Const("? not known whether anything was deployed")))}
	}
	return pane.Block{pane.L(pane.S(style.Dim, text.Const("no deploys in the last days")))}
}

func indexOf(rows []oncall.Deploy, ref oncall.Ref) int {
	for i, d := range rows {
		if d.Ref == ref {
			return i
		}
	}
	return -1
}

// Name is how a deploy is called: its service and version, as far as known.
func Name(d oncall.Deploy) text.Safe {
	name := d.Service
	if name == "" {
		name = d.Repo
	}
	version := d.Version
	if version == "" {
		version = short(d.Commit)
	}
	return text.Join([]text.Safe{text.Decode(name), text.Decode(version)}, text.Const(" "))
}

// shortCommit is how much of a commit's hash people read aloud.
const shortCommit = 7

func short(commit string) string {
	if len(commit) > shortCommit {
		return commit[:shortCommit]
	}
	return commit
}

// longDateFrom is the width from which a deploy of another day has room for its
// time of day.
const longDateFrom = 60

func when(d oncall.Deploy, f pane.Frame) text.Safe {
	if t := f.Date(d.When()); t.Width() <= len("Jan 02") || f.Width >= longDateFrom {
		return t
	}
	return f.Day(d.When())
}

func row(d oncall.Deploy, clock int, f pane.Frame) pane.Line {
	sign, role := text.Const("✓"), style.OK
	switch d.Status {
	case oncall.DeployRunning:
		sign, role = text.Const("→"), style.Pending
	case oncall.DeployFailed:
		sign, role = text.Const("✗"), style.Error
	case oncall.DeployRolledBack:
		sign, role = text.Const("↓"), style.Warn
	case oncall.DeployUnknown:
		sign, role = text.Const("?"), style.Dim
	case oncall.DeploySucceeded:
	}
	left := pane.L(
		pane.S(style.Text, when(d, f).PadLeft(clock)),
		pane.S(role, text.Sprintf(" %s ", sign)),
		pane.S(style.Text, Name(d)),
	)
	rest := []text.Safe{}
	if d.Version != "" {
		rest = append(rest, text.Decode(short(d.Commit)))
	}
	rest = append(rest, text.Decode(d.Team), text.Decode(d.Author), text.Decode(d.Ref.Source), text.Decode(d.TeamSource))
	left = append(left, pane.S(style.Dim, text.Sprintf("  %s", text.Join(rest, text.Const("  ")))))
	return pane.Split(left, suspicion(d, f), f.Width)
}

// suspicion marks a deploy that preceded the page. It never says "caused".
func suspicion(d oncall.Deploy, f pane.Frame) pane.Line {
	for _, s := range f.Scene.Suspects {
		if s.Deploy.Ref != d.Ref {
			continue
		}
		switch {
		case s.Ambiguous > 0:
			return pane.L(pane.S(style.Warn, text.Sprintf(" ◀ one of %d, %.0f", s.Ambiguous, s.Score)))
		case s.Band == follow.Listed:
			return pane.L(pane.S(style.Dim, text.Sprintf(" %.0f", s.Score)))
		}
		return pane.L(pane.S(style.Deploy, text.Sprintf(" ◀ %s %.0f", string(s.Band), s.Score)))
	}
	return nil
}

// Handle moves the cursor, and opens or copies the deploy under it.
func (p *Pane) Handle(a keymap.Action, f pane.Frame, b board.Board) (pane.Intent, bool) {
	rows := p.Rows(f, b)
	i := indexOf(rows, p.cursor)
	if by, ok := pane.Step(a, f.Height, len(rows)); ok {
		if len(rows) > 0 {
			i = max(0, min(len(rows)-1, i+by))
			p.cursor = rows[i].Ref
			p.scroll.Window(len(rows), f.Height, i)
			return pane.CursorAt{At: rows[i].When()}, true
		}
		return nil, true
	}
	if i < 0 {
		return nil, false
	}
	switch a {
	case keymap.Open:
		if rows[i].URL != "" {
			return pane.OpenURL{URL: rows[i].URL}, true
		}
		return pane.Say{Reason: "this deploy came without an address"}, true
	case keymap.Copy:
		return pane.Copy{What: "the deploy's commit", Raw: rows[i].Commit}, true
	}
	return nil, false
}

// Select moves the cursor to a deploy; it reports whether that is in the list.
func (p *Pane) Select(ref oncall.Ref, f pane.Frame, b board.Board) bool {
	rows := p.Rows(f, b)
	i := indexOf(rows, ref)
	if i < 0 {
		return false
	}
	p.cursor = ref
	p.scroll.Window(len(rows), f.Height, i)
	return true
}

// Reason never objects.
func (p *Pane) Reason(keymap.Action, pane.Frame, board.Board) text.Safe { return text.Safe{} }

// Filter shows only deploys that match.
func (p *Pane) Filter(s string) { p.filter = pane.NewNeedle(s) }

// Filtered returns the filter in force.
func (p *Pane) Filtered() string { return p.filter.String() }

// Place returns the first row in sight.
func (p *Pane) Place(pane.Frame) int { return p.scroll.Top }

// Put puts row n first.
func (p *Pane) Put(_ pane.Frame, n int) { p.scroll.Top = n }
