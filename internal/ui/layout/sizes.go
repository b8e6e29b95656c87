package layout

import (
	"maps"

	"conway/internal/ui/pane"
)

const (
	// MaxSteps bounds how often a size can be changed in one direction; it is more
	// than any screen has room for.
	MaxSteps = 40
	// minColumn is the least width of a column that a person can make.
	minColumn = 24
	// perWidth and perHeight are how many steps a screen is wide and high: one
	// step is seen at once, and a dozen are enough.
	perWidth  = 40
	perHeight = 24
)

// Sizes is what a person changed about the sizes of one arrangement. The zero
// value leaves them as they come.
type Sizes struct {
	// Left is how many steps of width the left column took from the right one.
	Left int
	// Bottom is how many steps of height the lowest pane took from those above.
	Bottom int
	// Grown is by how many steps a pane's part of its column was raised.
	Grown map[pane.Kind]int
}

// IsZero reports whether nothing was changed.
func (s Sizes) IsZero() bool { return s.Left == 0 && s.Bottom == 0 && len(s.Grown) == 0 }

// Way is a direction in which the focused pane can be resized.
type Way uint8

// The ways.
const (
	Narrower Way = iota
	Wider
	Shorter
	Taller
)

// Arrangement names what sizes are kept for: a preset, with the drawer open or
// not, tiled or stacked. What is right for one is wrong for the others.
func (c Choice) Arrangement(w, h int) string {
	c.Zoom = false
	return c.name(Divide(w, h, c).Stacked)
}

func (c Choice) name(stacked bool) string {
	name := string(c.Preset)
	if c.Drawer != pane.None {
		name += "+drawer"
	}
	if stacked {
		name += "+stacked"
	}
	return name
}

// Resize returns the sizes with which the focused pane is one step wider,
// narrower, taller or shorter. It reports false when there is nothing to give or
// to take that way.
func (c Choice) Resize(w, h int, way Way) (Sizes, bool) {
	was, ok := Divide(w, h, c).tile(c.Focus)
	if !ok || c.Zoom {
		return Sizes{}, false
	}
	name := c.Arrangement(w, h)
	sizes := c.Sizes[name]
	sizes.Grown = maps.Clone(sizes.Grown)
	try := c
	// Rounding can swallow a step, so steps are made until one is seen.
	for range MaxSteps {
		if !c.step(w, h, way, &sizes) {
			return Sizes{}, false
		}
		try.Sizes = map[string]Sizes{name: sizes}
		is, ok := Divide(w, h, try).tile(c.Focus)
		switch {
		case !ok:
			return Sizes{}, false
		case way == Wider && is.W > was.W, way == Narrower && is.W < was.W,
			way == Taller && is.H > was.H, way == Shorter && is.H < was.H:
			return sizes, true
		}
	}
	return Sizes{}, false
}

// step changes sizes by one step; it reports false where that is no question of
// sizes, or the steps are used up.
func (c Choice) step(w, h int, way Way, sizes *Sizes) bool {
	s := Divide(w, h, c)
	t, _ := s.tile(c.Focus)
	by := 1
	if way == Narrower || way == Shorter {
		by = -1
	}
	count := &sizes.Bottom
	switch {
	case way == Narrower || way == Wider:
		if t.W == s.W {
			return false // it has the whole width, or shares it with nothing
		}
		count = &sizes.Left
		if t.X > 0 {
			by = -by
		}
	case s.Stacked || s.beside(t):
		if sizes.Grown == nil {
			sizes.Grown = map[pane.Kind]int{}
		}
		n := sizes.Grown[c.Focus] + by
		sizes.Grown[c.Focus] = n
		return n >= -MaxSteps && n <= MaxSteps
	case !s.lowest(t):
		by = -by
	}
	*count += by
	return *count >= -MaxSteps && *count <= MaxSteps
}

// beside reports whether another tile is above or below t in the same column.
func (s Screen) beside(t Tile) bool {
	for _, o := range s.Tiles {
		if o.Kind != t.Kind && o.X == t.X && o.W == t.W && t.W < s.W {
			return true
		}
	}
	return false
}

// lowest reports whether t is the full-width tile at the bottom.
func (s Screen) lowest(t Tile) bool { return t.Y+t.H == s.Footer.Y }

func (s Screen) tile(k pane.Kind) (Tile, bool) {
	for _, t := range s.Tiles {
		if t.Kind == k {
			return t, true
		}
	}
	return Tile{}, false
}

// weight is a share's part after the steps that a person gave or took.
func (s Sizes) weight(one share) int {
	const whole, quarter = 120, 4
	n := s.Grown[one.kind]
	if n < 0 {
		return max(1, one.part*whole*quarter/(quarter-n))
	}
	return one.part * whole * (quarter + n) / quarter
}

// shift moves a border by steps, and keeps it from the ends of its room. With no
// steps the border stays where it is.
func shift(at, steps, step, low, high int) int {
	if steps == 0 || high < low {
		return at
	}
	return max(low, min(high, at+steps*max(1, step)))
}
