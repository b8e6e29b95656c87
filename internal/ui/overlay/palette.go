package overlay

import (
	"reflect"
	"strings"

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
	// Key names it for the list of what was chosen last.
	Key string
	// Name is searched first, then Words, which say what it does; both are shown.
	Name, Words string
	// Hint stands at the right, such as a key.
	Hint text.Safe
	// Reason says why it cannot be done now, empty when it can.
	Reason text.Safe
	// First is true for what comes before its like, such as what is in force.
	First bool
	// Action or Intent is what it does.
	Action keymap.Action
	Intent pane.Intent
	// Try is how it looks before it is chosen, nil for nothing to see. An empty
	// [pane.Dress] ends that.
	Try pane.Intent
}

// Palette finds anything by a few of its letters.
type Palette struct {
	// Chosen is told what was chosen and what was typed for it; it may be nil.
	Chosen func(key, typed string)

	items   []Item
	recent  []string
	earlier earlier
	field   textinput.Model
	cursor  int
	// moved is true once a person moved the cursor since they last typed, tried is
	// what is being looked at.
	moved bool
	tried pane.Intent
}

// NewPalette returns the palette over these items. Recent are the keys of what
// was chosen before and asked what was typed, the newest first.
func NewPalette(items []Item, recent, asked []string) *Palette {
	f := textinput.New()
	f.Prompt = ""
	f.Focus()
	return &Palette{items: items, recent: recent, earlier: earlier{all: asked}, field: f}
}

// Title tells its keys.
func (p *Palette) Title(f pane.Frame, _ board.Board) pane.Line {
	return titled(text.Const("COMMAND"), f.Width,
		text.Const(" a few letters, enter does it, tab completes, ↑ recalls"), text.Const(" a few letters, enter does it, tab completes"), text.Const(" enter, esc"))
}

// Size asks for room for a dozen finds.
func (p *Palette) Size(w, h int) (int, int) { return min(w, 96), min(h, 16) }

// footFrom is the height from which the last row tells all of the selected item.
const footFrom = 5

// View draws what was typed and what it finds.
func (p *Palette) View(f pane.Frame, _ board.Board) pane.Block {
	out := pane.Block{append(pane.L(pane.S(style.Key, text.Const(": "))), typed(p.field, f.Width-2)...)}
	found := p.found()
	if len(found) == 0 {
		return append(out, pane.L(pane.S(style.Dim, text.Const("nothing by that name; esc closes"))))
	}
	at := min(p.cursor, len(found)-1)
	foot := p.foot(found[at], f)
	room := max(1, f.Height-1-len(foot))
	from, to := new(pane.Scroll).Visible(len(found), room, at)
	for i := from; i < to; i++ {
		l := p.row(found[i], f.Width)
		if i == at {
			l = append(pane.L(pane.S(style.Selected, text.Const("▶"))), l[1:].As(style.Selected)...)
		}
		out = append(out, l)
	}
	return append(out.Fit(f.Width, max(1, f.Height-len(foot))), foot...)
}

// foot tells, where there is room, what the row of the selected item had none for:
// above all why it cannot be done.
func (p *Palette) foot(it Item, f pane.Frame) pane.Block {
	if f.Height < footFrom {
		return nil
	}
	if it.Reason.Empty() {
		return pane.Block{pane.L(pane.S(style.Dim, text.Sprintf("  %s", it.Words)))}
	}
	var out pane.Block
	for i, l := range text.Sprintf("not now: %s", it.Reason).Wrap(max(1, f.Width-2)) {
		if i == f.Height-3 {
			break
		}
		out = append(out, pane.L(pane.S(style.Warn, text.Sprintf("  %s", l))))
	}
	return out
}

func (p *Palette) row(it Item, w int) pane.Line {
	name, role, hint := style.Title, style.Text, pane.S(style.Key, text.Sprintf(" %s ", it.Hint))
	if !it.Reason.Empty() {
		name, role, hint = style.Dim, style.Dim, pane.S(style.Warn, text.Sprintf(" not now  %s ", it.Hint))
	}
	l := pane.L(pane.S(role, text.Const(" ")), pane.S(name, text.Sprintf(" %s", it.Name)))
	if it.Words != "" {
		l = append(l, pane.S(role, text.Sprintf("  %s", it.Words)))
	}
	return pane.Split(l, pane.L(hint), w)
}

// Key edits the query, moves, and does what is selected.
func (p *Palette) Key(k tea.KeyPressMsg, _ pane.Frame, _ board.Board) Result {
	found := p.found()
	at := max(0, min(p.cursor, len(found)-1))
	switch s := k.String(); {
	case s == "esc" || s == "ctrl+c":
		return Result{Close: true, Intent: p.untry()}
	case s == "enter":
		if len(found) == 0 {
			return Result{}
		}
		return p.choose(found[at])
	case s == "tab" && p.complete(found, at):
		p.cursor, p.moved = 0, false
	case s == "down" && p.earlier.at == 0, s == "ctrl+n", s == "tab":
		p.cursor, p.moved = min(at+1, max(0, len(found)-1)), true
	case s == "up" && at > 0, s == "ctrl+p", s == "shift+tab":
		p.cursor, p.moved = max(0, at-1), true
	default:
		p.edit(k)
	}
	return Result{Intent: p.try()}
}

// edit edits the query, or shows an earlier one.
func (p *Palette) edit(k tea.KeyPressMsg) {
	was := p.field.Value()
	if v, ok := p.earlier.key(k.String(), was); ok {
		p.field.SetValue(v)
		p.field.CursorEnd()
	} else {
		p.field, _ = p.field.Update(k)
	}
	if p.field.Value() != was {
		p.cursor, p.moved = 0, false
	}
}

// complete writes the selected item's name out; it reports false when it stands
// there already.
func (p *Palette) complete(found []Item, at int) bool {
	if len(found) == 0 || p.field.Value() == "" || strings.EqualFold(p.field.Value(), found[at].Name) {
		return false
	}
	p.field.SetValue(found[at].Name)
	p.field.CursorEnd()
	p.earlier.at = 0
	return true
}

func (p *Palette) choose(it Item) Result {
	if it.Reason.Empty() && p.Chosen != nil {
		p.Chosen(it.Key, strings.TrimSpace(p.field.Value()))
	}
	r := Result{Close: true, Action: it.Action, Intent: it.Intent}
	if _, dress := it.Intent.(pane.Dress); !dress {
		r.Intent = both(p.untry(), it.Intent)
	}
	return r
}

// try shows how the selected item looks, once a person moved to it or typed what
// it is of: nobody's screen turns white because they typed an l.
func (p *Palette) try() pane.Intent {
	found := p.found()
	if len(found) == 0 {
		return p.untry()
	}
	it := found[min(p.cursor, len(found)-1)]
	kind, _, _ := strings.Cut(it.Name, " ")
	if it.Try == nil || !p.moved && !strings.HasPrefix(strings.ToLower(p.field.Value()), kind) {
		return p.untry()
	}
	if reflect.DeepEqual(it.Try, p.tried) {
		return nil
	}
	p.tried = it.Try
	return it.Try
}

func (p *Palette) untry() pane.Intent {
	if p.tried == nil {
		return nil
	}
	p.tried = nil
	return pane.Dress{Try: true}
}

func both(a, b pane.Intent) pane.Intent {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return pane.Several{Intents: []pane.Intent{a, b}}
}

// Paste adds to the query.
func (p *Palette) Paste(s string) {
	p.field, _ = p.field.Update(tea.PasteMsg{Content: s})
	p.cursor, p.moved = 0, false
}
