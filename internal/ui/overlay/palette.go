package overlay

import (
	"sort"
	"strings"
	"unicode"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"conway/internal/board"
	"conway/internal/text"
	"conway/internal/ui/keymap"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// Item is one thing that the palette can find.
type Item struct {
	// Words is what is searched and shown; Hint stands at the right, such as a key.
	Words string
	Hint  string
	// Reason says why it cannot be done now, empty when it can.
	Reason text.Safe
	// Action or Intent is what it does.
	Action keymap.Action
	Intent pane.Intent
}

// Palette finds any action, page, service or deploy by a few of its letters.
type Palette struct {
	items  []Item
	field  textinput.Model
	cursor int
}

// NewPalette returns the palette over these items.
func NewPalette(items []Item) *Palette {
	f := textinput.New()
	f.Prompt = ""
	f.Focus()
	return &Palette{items: items, field: f}
}

// Title is constant.
func (p *Palette) Title(pane.Frame, board.Board) pane.Line {
	return pane.L(pane.S(style.Heading, text.Const("COMMAND")), pane.S(style.Dim, text.Const(" type a few letters, enter does it")))
}

// Size asks for room for a dozen finds.
func (p *Palette) Size(w, h int) (int, int) { return min(w, 84), min(h, 14) }

// View draws what was typed and what it finds.
func (p *Palette) View(f pane.Frame, _ board.Board) pane.Block {
	out := pane.Block{append(pane.L(pane.S(style.Key, text.Const(": "))), withCursor(p.field.Value(), p.field.Position())...)}
	found := p.found()
	if len(found) == 0 {
		return append(out, pane.L(pane.S(style.Dim, text.Const("nothing by that name"))))
	}
	room := max(1, f.Height-1)
	from, to := new(pane.Scroll).Visible(len(found), room, min(p.cursor, len(found)-1))
	for i := from; i < to; i++ {
		it := found[i]
		role := style.Text
		right := pane.L(pane.S(style.Key, text.Sprintf(" %s", it.Hint)))
		if !it.Reason.Empty() {
			role, right = style.Dim, pane.L(pane.S(style.Warn, text.Sprintf(" %s", it.Reason)))
		}
		l := pane.Split(pane.L(pane.S(role, text.Sprintf("  %s", it.Words))), right, f.Width)
		if i == min(p.cursor, len(found)-1) {
			l = l.As(style.Selected)
		}
		out = append(out, l)
	}
	return out
}

// found returns the items that match, best first.
func (p *Palette) found() []Item {
	type hit struct {
		Item
		score int
	}
	var hits []hit
	for _, it := range p.items {
		if s, ok := fuzzy(p.field.Value(), it.Words); ok {
			hits = append(hits, hit{it, s})
		}
	}
	sort.SliceStable(hits, func(i, j int) bool { return hits[i].score > hits[j].score })
	out := make([]Item, len(hits))
	for i, h := range hits {
		out[i] = h.Item
	}
	return out
}

// fuzzy reports whether the letters of query occur in s in this order, and how
// well: starts of words and runs of letters count for more.
func fuzzy(query, s string) (int, bool) {
	q := []rune(strings.ToLower(strings.ReplaceAll(query, " ", "")))
	if len(q) == 0 {
		return 0, true
	}
	score, i, run := 0, 0, 0
	prev := ' '
	for _, r := range strings.ToLower(s) {
		if i < len(q) && r == q[i] {
			i++
			run++
			score += run
			if !unicode.IsLetter(prev) && !unicode.IsDigit(prev) {
				score += 5
			}
		} else {
			run = 0
		}
		prev = r
	}
	return score*100 - len(s), i == len(q)
}

// Key edits the query, moves, and does what is selected.
func (p *Palette) Key(k tea.KeyPressMsg, _ pane.Frame, _ board.Board) Result {
	found := p.found()
	switch k.String() {
	case "esc", "ctrl+c":
		return Result{Close: true}
	case "down", "ctrl+n", "tab":
		p.cursor = min(p.cursor+1, max(0, len(found)-1))
	case "up", "ctrl+p", "shift+tab":
		p.cursor = max(0, min(p.cursor, len(found)-1)-1)
	case "enter":
		if len(found) == 0 {
			return Result{}
		}
		it := found[min(p.cursor, len(found)-1)]
		return Result{Close: true, Action: it.Action, Intent: it.Intent}
	default:
		p.field, _ = p.field.Update(k)
		p.cursor = 0
	}
	return Result{}
}

// Paste adds to the query.
func (p *Palette) Paste(s string) {
	p.field, _ = p.field.Update(tea.PasteMsg{Content: s})
	p.cursor = 0
}
