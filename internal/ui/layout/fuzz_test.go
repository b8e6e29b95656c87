package layout_test

import (
	"testing"

	"conway/internal/ui/layout"
	"conway/internal/ui/pane"
)

// FuzzDivide checks any size and any choice, those included that no person can
// make: every rectangle is inside the screen and none overlap.
func FuzzDivide(f *testing.F) {
	for _, size := range [][2]int{{0, 0}, {1, 1}, {39, 9}, {40, 10}, {80, 24}, {200, 50}, {1000, 400}} {
		f.Add(size[0], size[1], "watch", 0, 0, false, []byte{0, 1, 2})
		f.Add(size[0], size[1], "own", 3, 5, true, []byte{6, 3, 3})
	}
	f.Fuzz(func(t *testing.T, w, h int, preset string, focus, drawer int, zoom bool, own []byte) {
		kinds := make([]pane.Kind, 0, len(own))
		for _, k := range own {
			kinds = append(kinds, pane.Kind(k%8))
		}
		w, h = w%2000, h%2000
		c := layout.Choice{
			Preset: layout.Preset(preset), Focus: pane.Kind(focus % 8), Drawer: pane.Kind(drawer % 8), Zoom: zoom,
			Custom: map[layout.Preset][]pane.Kind{"own": kinds},
		}
		s := layout.Divide(w, h, c)
		for i, a := range append([]layout.Tile{{Rect: s.Title}, {Rect: s.Brief}, {Rect: s.Footer}}, s.Tiles...) {
			if a.X < 0 || a.Y < 0 || a.W < 0 || a.H < 0 || a.X+a.W > max(w, 0) || a.Y+a.H > max(h, 0) {
				t.Fatalf("%dx%d %+v: %+v leaves the screen", w, h, c, a)
			}
			for _, b := range append([]layout.Tile{{Rect: s.Title}, {Rect: s.Brief}, {Rect: s.Footer}}, s.Tiles...)[i+1:] {
				if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
					t.Fatalf("%dx%d %+v: %+v and %+v overlap", w, h, c, a, b)
				}
			}
		}
	})
}
