package overlay

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"conway/internal/board"
	"conway/internal/text"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// Offer is what a Pick shows at one moment.
type Offer struct {
	// Words stand above the list: what is acted on, and what is still being read.
	Words []text.Safe
	Items []Item
}

// Pick chooses one of what may be many by a few letters, as the palette does. Its
// offer comes from the board, so that it fills while it is open; the item under
// the cursor stays the same one, and a key acts on what was last drawn.
type Pick struct {
	title   text.Safe
	offer   func(pane.Frame, board.Board) Offer
	words   []text.Safe
	palette *Palette
}

// NewPick returns a list to choose from.
func NewPick(title text.Safe, offer func(pane.Frame, board.Board) Offer) *Pick {
	return &Pick{title: title, offer: offer, palette: NewPalette(nil, nil, nil)}
}

// Title is the question and its keys.
func (p *Pick) Title(f pane.Frame, _ board.Board) pane.Line {
	return titled(p.title, f.Width, text.Const(" a few letters, enter does it, esc goes back"), text.Const(" enter does it, esc goes back"), text.Const(" enter, esc"))
}

// Size asks for room for a dozen choices.
func (p *Pick) Size(w, h int) (int, int) { return min(w, 96), min(h, 18) }

// View draws what is acted on, what was typed and what it finds.
func (p *Pick) View(f pane.Frame, b board.Board) pane.Block {
	p.fill(p.offer(f, b))
	var out pane.Block
	for _, t := range p.words {
		out = append(out, pane.Paragraph(style.Text, t, f.Width)...)
	}
	f.Height = max(2, f.Height-len(out))
	return append(out, p.palette.View(f, b)...)
}

// fill takes a new offer without moving the cursor to another item.
func (p *Pick) fill(o Offer) {
	at, held := p.under()
	p.words, p.palette.items = o.Words, o.Items
	if !held {
		return
	}
	if i := slices.IndexFunc(p.palette.found(), func(it Item) bool { return it.Key == at.Key }); i >= 0 {
		p.palette.cursor = i
	}
}

// under returns the item under the cursor.
func (p *Pick) under() (Item, bool) {
	found := p.palette.found()
	if len(found) == 0 {
		return Item{}, false
	}
	return found[max(0, min(p.palette.cursor, len(found)-1))], true
}

// Key edits the query, moves, and chooses. What cannot be chosen
// stays open and says why.
func (p *Pick) Key(k tea.KeyPressMsg, f pane.Frame, b board.Board) Result {
	if k.String() != "enter" {
		return p.palette.Key(k, f, b)
	}
	it, ok := p.under()
	if !ok || k.IsRepeat || !it.Reason.Empty() {
		return Result{} // a held key is not a decision; why not stands below the list
	}
	return p.palette.choose(it)
}

// Paste adds to the query.
func (p *Pick) Paste(s string) { p.palette.Paste(s) }
