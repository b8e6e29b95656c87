// Package layout divides the screen. It is pure: a size and a few choices go in,
// rectangles come out, all of them inside the screen and none overlapping, for
// every size.
//
// The wide form of preset watch, with the drawer closed and open:
//
//	title                          title
//	brief                          brief
//	┌ pages ────┐┌ metrics ──────┐ ┌ pages ────┐┌ runbook ──────┐
//	├ deploys ──┤│               │ ├ metrics ──┤│               │
//	└───────────┘└───────────────┘ └───────────┘└───────────────┘
//	┌ logs ──────────────────────┐ ┌ logs ──────────────────────┐
//	└────────────────────────────┘ └────────────────────────────┘
//	footer                         footer
package layout

import (
	"slices"

	"conway/internal/ui/pane"
)

const (
	// StackBelow is the width under which panes stack instead of tiling.
	StackBelow = 84
	// LineBelowWidth is the width under which one line is all that can be read.
	LineBelowWidth = 40
	// LineBelowHeight is the same for the height.
	LineBelowHeight = 10

	// WideBrief is the width from which the brief's five answers fit in two lines
	// instead of three.
	WideBrief = 120

	// minTile is the least height of a boxed tile: border, two rows, border.
	minTile = 4
	// minStacked is the least height of a stacked pane: its title and one row.
	minStacked = 2
)

// Rect is a rectangle of cells.
type Rect struct{ X, Y, W, H int }

// Tile is a pane's place. With Boxed, the pane has a border of one cell at its
// left, right and top, and at its bottom when Last; else only its title line.
type Tile struct {
	Kind pane.Kind
	Rect
	Boxed bool
	// Last is true for the lowest tile of its column, which draws the bottom
	// border; the one below another shares its top border with it.
	Last bool
	// Joined is true when the tile's top border continues the tile above.
	Joined bool
}

// Inner returns the room for the pane's own rows.
func (t Tile) Inner() Rect {
	if !t.Boxed {
		return Rect{t.X, t.Y + 1, t.W, max(0, t.H-1)}
	}
	h := t.H - 1
	if t.Last {
		h--
	}
	return Rect{t.X + 1, t.Y + 1, max(0, t.W-2), max(0, h)}
}

// Screen is the whole division.
type Screen struct {
	W, H int
	// Line is true when only one line of summary fits; the rest is empty then.
	Line   bool
	Title  Rect
	Brief  Rect
	Footer Rect
	Tiles  []Tile
	// Stacked is true when panes stand above each other without boxes.
	Stacked bool
}

// Preset is a named arrangement.
type Preset string

// The presets.
const (
	Watch   Preset = "watch"
	Triage  Preset = "triage"
	Logs    Preset = "logs"
	Handoff Preset = "handoff"
)

// Presets returns the presets in the order in which the layout key steps
// through them.
func Presets() []Preset { return []Preset{Watch, Triage, Logs, Handoff} }

// Choice is what a person has chosen about the screen.
type Choice struct {
	Preset Preset
	// Custom are a person's own presets: panes, the most important first.
	Custom map[Preset][]pane.Kind
	// Focus is the focused pane; it is never left out.
	Focus pane.Kind
	// Drawer is the on-demand pane that is open, or pane.None.
	Drawer pane.Kind
	// Zoom gives the whole body to the focused pane.
	Zoom bool
	// Sizes are what a person changed, by [Choice.Arrangement].
	Sizes map[string]Sizes
}

// Divide divides a screen of w by h cells.
func Divide(w, h int, c Choice) Screen {
	s := Screen{W: max(0, w), H: max(0, h)}
	if w < LineBelowWidth || h < LineBelowHeight {
		s.Line = true
		return s
	}
	s.Title = Rect{0, 0, w, 1}
	brief := 2
	if w < WideBrief {
		brief = 3
	}
	s.Brief = Rect{0, 1, w, brief}
	s.Footer = Rect{0, h - 1, w, 1}
	body := Rect{0, 1 + brief, w, h - 2 - brief}
	switch {
	case c.Zoom:
		s.Tiles = []Tile{{Kind: c.Focus, Rect: body, Boxed: w >= StackBelow, Last: true}}
		s.Stacked = w < StackBelow
	case w < StackBelow || body.H < 3*minTile:
		s.Stacked = true
		s.Tiles = stack(body, c, c.sizes(true))
	default:
		s.Tiles = tile(body, c, c.sizes(false))
	}
	return s
}

// sizes returns what was changed about the arrangement that is drawn.
func (c Choice) sizes(stacked bool) Sizes {
	if len(c.Sizes) == 0 {
		return Sizes{}
	}
	return c.Sizes[c.name(stacked)]
}

// share is a pane and its part of the room, out of the sum of the parts.
type share struct {
	kind pane.Kind
	part int
}

// columns of the upper part, then the full-width lower part.
type arrangement struct {
	left, right []share
	bottom      pane.Kind
	// bottomOf is the lower part's share of the height, in tenths.
	bottomOf int
}

func arrange(c Choice) arrangement {
	a := arrangement{
		left:   []share{{pane.Pages, 5}, {pane.Deploys, 4}},
		right:  []share{{pane.Metrics, 1}},
		bottom: pane.Logs, bottomOf: 5,
	}
	switch c.Preset {
	case Triage:
		a.left = []share{{pane.Pages, 1}, {pane.Metrics, 2}}
		a.right = []share{{pane.Detail, 3}, {pane.Deploys, 2}}
		a.bottomOf = 3
	case Logs:
		a.left = []share{{pane.Pages, 1}}
		a.right = []share{{pane.Deploys, 1}}
		a.bottomOf = 8
	case Handoff:
		a.left = []share{{pane.Pages, 3}, {pane.Deploys, 2}}
		a.right = []share{{pane.Handoff, 3}, {pane.Timeline, 2}}
		a.bottomOf = 3
	case Watch:
	default:
		if own := c.own(); len(own) > 0 {
			a = custom(own)
		}
	}
	if c.Drawer != pane.None {
		a.left = []share{{pane.Pages, 3}, {pane.Metrics, 4}}
		a.right = []share{{c.Drawer, 1}}
		a.bottomOf = min(a.bottomOf, 3)
	}
	return a
}

// own returns the panes of a person's own preset, each once: what is listed again
// would stand in its own way.
func (c Choice) own() []pane.Kind {
	var out []pane.Kind
	for _, k := range c.Custom[c.Preset] {
		if k != pane.None && !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

// custom arranges a person's own list: the logs, or else the last pane, get the
// full width at the bottom; the others go left and right in turn.
func custom(kinds []pane.Kind) arrangement {
	a := arrangement{bottomOf: 4}
	bottom := len(kinds) - 1
	for i, k := range kinds {
		if k == pane.Logs {
			bottom = i
		}
	}
	a.bottom = kinds[bottom]
	side := 0
	for i, k := range kinds {
		switch {
		case i == bottom:
		case side%2 == 0:
			a.left = append(a.left, share{k, 1})
			side++
		default:
			a.right = append(a.right, share{k, 1})
			side++
		}
	}
	return a
}

func tile(body Rect, c Choice, sizes Sizes) []Tile {
	a := arrange(c)
	if len(a.left) == 0 {
		return []Tile{{Kind: a.bottom, Rect: body, Boxed: true, Last: true}}
	}
	bottom := max(minTile, body.H*a.bottomOf/10)
	bottom = shift(bottom, sizes.Bottom, body.H/perHeight, minTile, body.H-minTile)
	upper := Rect{body.X, body.Y, body.W, body.H - bottom}
	leftW := body.W * 48 / 100
	if len(a.right) == 0 {
		leftW = body.W
	}
	if c.Drawer != pane.None {
		leftW = body.W * 42 / 100
	}
	if len(a.right) > 0 {
		leftW = shift(leftW, sizes.Left, body.W/perWidth, minColumn, body.W-minColumn)
	}
	out := column(Rect{upper.X, upper.Y, leftW, upper.H}, a.left, sizes)
	if len(a.right) > 0 {
		out = append(out, column(Rect{upper.X + leftW, upper.Y, body.W - leftW, upper.H}, a.right, sizes)...)
	}
	return append(out, Tile{
		Kind: a.bottom, Rect: Rect{body.X, upper.Y + upper.H, body.W, bottom}, Boxed: true, Last: true,
	})
}

// column stacks boxed tiles by their shares; those that do not fit are left out
// from the end.
func column(r Rect, shares []share, sizes Sizes) []Tile {
	for len(shares) > 1 && r.H < len(shares)*minTile {
		shares = shares[:len(shares)-1]
	}
	sum := 0
	for _, s := range shares {
		sum += sizes.weight(s)
	}
	out := make([]Tile, 0, len(shares))
	y := r.Y
	for i, s := range shares {
		h := max(minTile, r.H*sizes.weight(s)/sum)
		rest := (len(shares) - 1 - i) * minTile
		h = min(h, r.Y+r.H-y-rest)
		last := i == len(shares)-1
		if last {
			h = r.Y + r.H - y
		}
		out = append(out, Tile{Kind: s.kind, Rect: Rect{r.X, y, r.W, h}, Boxed: true, Last: last, Joined: i > 0})
		y += h
	}
	return out
}

// Panes returns the panes of a preset, in the order in which they are stacked.
func (c Choice) Panes() []pane.Kind {
	shares := c.stacked()
	out := make([]pane.Kind, len(shares))
	for i, s := range shares {
		out[i] = s.kind
	}
	return out
}

// stacked is what a preset shows where panes stand above each other.
func (c Choice) stacked() []share {
	switch own := c.own(); {
	case c.Preset == Triage:
		return []share{{pane.Pages, 4}, {pane.Detail, 7}, {pane.Metrics, 5}, {pane.Deploys, 3}}
	case c.Preset == Logs:
		return []share{{pane.Pages, 4}, {pane.Deploys, 3}, {pane.Logs, 12}}
	case c.Preset == Handoff:
		return []share{{pane.Pages, 4}, {pane.Handoff, 8}, {pane.Timeline, 4}, {pane.Deploys, 2}}
	case len(own) > 0:
		out := make([]share, 0, len(own))
		for i, k := range own {
			// The first is the most important one, and is left out last.
			out = append(out, share{k, 4 + max(0, 3-i)})
		}
		return out
	}
	return []share{{pane.Pages, 4}, {pane.Deploys, 3}, {pane.Metrics, 5}, {pane.Logs, 6}}
}

// stack puts panes above each other: pages, then whatever is focused or open
// with most of the room, then the others as far as they fit.
func stack(body Rect, c Choice, sizes Sizes) []Tile {
	shares := c.stacked()
	focus := c.Focus
	if c.Drawer != pane.None {
		if focus != pane.Pages {
			focus = c.Drawer
		}
		shares = []share{{pane.Pages, 2}, {c.Drawer, 6}}
	}
	// The least important pane that is not focused goes first, the pages last.
	for _, k := range leastFirst(shares) {
		if body.H >= len(shares)*(minStacked+2) {
			break
		}
		if k == focus || len(shares) <= 2 && k == pane.Pages && body.H >= 2*minStacked+1 {
			continue
		}
		shares = remove(shares, k)
	}
	if !has(shares, focus) {
		shares = append(shares, share{focus, 6})
	}
	sum := 0
	for _, s := range shares {
		sum += sizes.weight(s)
	}
	out := make([]Tile, 0, len(shares))
	y := body.Y
	for i, s := range shares {
		h := max(minStacked, body.H*sizes.weight(s)/sum)
		h = min(h, body.Y+body.H-y-(len(shares)-1-i)*minStacked)
		if i == len(shares)-1 {
			h = body.Y + body.H - y
		}
		out = append(out, Tile{Kind: s.kind, Rect: Rect{body.X, y, body.W, h}, Last: i == len(shares)-1})
		y += h
	}
	return out
}

// leastFirst returns the panes in the order in which they are left out.
func leastFirst(shares []share) []pane.Kind {
	sorted := slices.Clone(shares)
	slices.SortStableFunc(sorted, func(a, b share) int {
		if (a.kind == pane.Pages) != (b.kind == pane.Pages) {
			if a.kind == pane.Pages {
				return 1
			}
			return -1
		}
		return a.part - b.part
	})
	out := make([]pane.Kind, len(sorted))
	for i, s := range sorted {
		out[i] = s.kind
	}
	return out
}

func has(shares []share, k pane.Kind) bool {
	for _, s := range shares {
		if s.kind == k {
			return true
		}
	}
	return false
}

func remove(shares []share, k pane.Kind) []share {
	var out []share
	for _, s := range shares {
		if s.kind != k || len(shares) == 1 {
			out = append(out, s)
		}
	}
	return out
}

// Visible reports whether a pane has a tile.
func (s Screen) Visible(k pane.Kind) bool {
	for _, t := range s.Tiles {
		if t.Kind == k {
			return true
		}
	}
	return false
}
