package logs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"conway/internal/board"
	"conway/internal/patterns"
	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

const (
	// groupRoom is how many lines are put into groups in one frame, for which a key that
	// comes meanwhile waits: a millisecond's worth, five of lines that are alike in
	// nothing.
	groupRoom = 400
	// groupBacklog is how many may wait for the next frames. Of more, and then until
	// one frame can take what there is, groupSample are taken from all over them: a
	// log that floods stays the same for many frames.
	groupBacklog = 10 * groupRoom
	groupSample  = 50
)

// groups are the patterns of the lines that are shown.
type groups struct {
	tree    *patterns.Tree
	service string
	epoch   int
	// next is the number of the first line that was not looked at.
	next uint64
	// sampled is true once a line was passed over, and flooded while that goes on.
	sampled, flooded bool
	// open is true while the groups are shown instead of the lines, and at is the
	// one that is selected.
	open bool
	at   int
}

// feed puts the lines that came since into their groups, but for a frame that a person
// waits for, when it is the lines that are shown.
func (g *groups) feed(t board.Tail, x *index, urgent bool) {
	switch {
	case g.tree == nil || g.service != x.service || g.epoch != x.order.Epoch:
		*g = groups{tree: patterns.New(0), service: x.service, epoch: x.order.Epoch, open: g.open, at: g.at}
	case urgent && !g.open:
		return
	}
	first := t.FirstSeq()
	g.next = max(g.next, first)
	left := int(first+uint64(t.Len())) - int(g.next)
	step := 1
	g.flooded = left > groupRoom && (g.flooded || left > groupBacklog)
	if g.flooded {
		step = (left + groupSample - 1) / groupSample
		g.sampled = true
	} else {
		left = min(left, groupRoom)
	}
	for i := 0; i < left; i += step {
		if l := t.At(int(g.next-first) + i); x.shows(l.Origin) {
			g.tree.Add(l.Message, l.At)
		}
	}
	g.next += uint64(max(0, left))
}

// since returns the moment after which a pattern counts as new, and in words
// what that is: the deploy that is suspected, or the page's beginning.
func since(f pane.Frame, b board.Board) (time.Time, text.Safe) {
	if s := f.Scene.Suspects; len(s) > 0 {
		return s[0].Deploy.When(), text.Sprintf("the deploy of %s", f.Clock(s[0].Deploy.When()))
	}
	if row, ok := b.Page(f.Scene.Page); ok {
		return row.Page.CreatedAt, text.Sprintf("the page began at %s", f.Clock(row.Page.CreatedAt))
	}
	return time.Time{}, text.Safe{}
}

// news tells which groups are new. Without lines from before nobody can tell.
func (g *groups) news(from time.Time) func(patterns.Group) bool {
	known := !from.IsZero() && g.tree.Oldest().Before(from)
	return func(p patterns.Group) bool { return known && !p.Again && p.First.After(from) }
}

// fresh returns how many groups are new.
func (g *groups) fresh(from time.Time) (n int) {
	if g.tree == nil {
		return 0
	}
	isNew := g.news(from)
	for p := range g.tree.All() {
		if isNew(p) {
			n++
		}
	}
	return n
}

// list returns the groups, new ones first, then those with the most lines.
func (g *groups) list(from time.Time) []patterns.Group {
	if g.tree == nil {
		return nil
	}
	all, isNew := slices.Collect(g.tree.All()), g.news(from)
	slices.SortStableFunc(all, func(a, b patterns.Group) int {
		if x, y := isNew(a), isNew(b); x != y {
			if x {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// freshWords says how many patterns are new, empty for none.
func (p *Pane) freshWords(f pane.Frame, b board.Board) text.Safe {
	from, _ := since(f, b)
	switch n := p.groups.fresh(from); n {
	case 0:
		return text.Safe{}
	case 1:
		return text.Const(" · 1 new pattern")
	default:
		return text.Sprintf(" · %d new patterns", n)
	}
}

// Began returns the patterns that are new and began around the page, as moments of
// its story, from the lines that are held. They are told and kept nowhere.
func (p *Pane) Began(f pane.Frame, b board.Board) []board.Moment {
	row, ok := b.Page(f.Scene.Page)
	if !ok || f.Scene.Pinned[pane.Logs] || p.wide || p.store.asked != "" {
		return nil // the lines are not the page's
	}
	t := p.look(f, b)
	p.groups.feed(t, &p.index, false)
	from, _ := since(f, b)
	var out []board.Moment
	for _, g := range p.groups.tree.Began(from, row.Page.CreatedAt.Add(board.PatternsWithin), board.MaxPatterns) {
		count := fmt.Sprintf("%d lines", g.Count)
		switch {
		case p.groups.sampled:
			count = "counted in a sample"
		case g.Count == 1:
			count = "1 line"
		}
		out = append(out, board.Moment{At: g.First, Kind: board.MomentPattern, Text: g.Pattern(), State: count})
	}
	return out
}

// groupLines draws the groups.
func (p *Pane) groupLines(f pane.Frame, b board.Board) pane.Block {
	from, what := since(f, b)
	all, fresh := p.groups.list(from), p.groups.fresh(from)
	head := text.Sprintf("%d patterns", len(all))
	switch {
	case from.IsZero():
		head = text.Sprintf("%s · no page is followed, so none is called new", head)
	case !p.groups.tree.Oldest().Before(from):
		head = text.Sprintf("%s · no line from before %s is held, so none is called new", head, what)
	default:
		head = text.Sprintf("%s, %d of them first seen after %s", head, fresh, what)
	}
	if p.groups.sampled {
		head = text.Sprintf("%s · counts are of a sample", head)
	}
	out := pane.Block{pane.L(pane.S(style.Dim, head))}
	p.groups.at = max(0, min(p.groups.at, len(all)-1))
	low, high := new(pane.Scroll).Visible(len(all), max(1, f.Height-1), p.groups.at)
	for i := low; i < high; i++ {
		g := all[i]
		mark, role := text.Const("    "), style.Dim
		if i < fresh {
			mark, role = text.Const("new "), style.Warn
		}
		l := pane.L(
			pane.S(role, mark), pane.S(style.Accent, text.Sprintf("%6d× ", g.Count)),
			pane.S(style.Dim, text.Sprintf("%s ", f.Seconds(g.First))), pane.S(style.Text, text.Decode(g.Pattern())),
		)
		if pattern := g.Pattern(); strings.Contains(pattern, "<*>") {
			l = append(l, pane.S(style.Dim, text.Sprintf("   %s", g.Example)))
		}
		if i == p.groups.at {
			l = l.As(style.Selected)
		}
		out = append(out, l)
	}
	return out
}

// handleGroups answers the keys while the groups are shown.
func (p *Pane) handleGroups(a keymap.Action, f pane.Frame, b board.Board) (pane.Intent, bool) {
	from, _ := since(f, b)
	all := p.groups.list(from)
	switch a {
	case keymap.Back:
		p.groups.open = false
		return nil, true
	case keymap.Copy:
		if p.groups.at < len(all) {
			return pane.Copy{What: "the pattern's example", Raw: all[p.groups.at].Example}, true
		}
		return pane.Say{Reason: "there is no pattern to copy"}, true
	case keymap.Detail:
		if p.groups.at < len(all) {
			p.groups.open = false
			p.Filter(asFilter(all[p.groups.at]))
		}
		return nil, true
	}
	by, ok := pane.Step(a, f.Height-1, len(all))
	if ok {
		p.groups.at = max(0, min(p.groups.at+by, len(all)-1))
	}
	return nil, ok
}

// asFilter returns the filter that shows a pattern's lines: its longest words.
func asFilter(g patterns.Group) string {
	words := strings.FieldsFunc(g.Pattern(), func(r rune) bool { return strings.ContainsRune(` "<>*\…`, r) })
	slices.SortStableFunc(words, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	words = words[:min(len(words), 4)]
	for i, w := range words {
		words[i] = `"` + w + `"`
	}
	return strings.Join(words, " ")
}
