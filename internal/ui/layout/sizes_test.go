package layout_test

import (
	"math/rand/v2"
	"testing"

	"conway/internal/ui/layout"
	"conway/internal/ui/pane"
)

// TestResizeDoesWhatItSays presses the four keys at random in every arrangement
// and size: a step that is granted is seen in that direction and in no other
// pane's disappearance, one that is not granted changes nothing, and every
// rectangle stays where it may be.
func TestResizeDoesWhatItSays(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	granted := 0
	for _, size := range [][2]int{{200, 50}, {120, 40}, {84, 20}, {84, 17}, {80, 24}, {60, 15}, {40, 10}, {300, 100}} {
		w, h := size[0], size[1]
		for _, c := range choices() {
			c.Sizes = map[string]layout.Sizes{}
			for range 60 {
				way := layout.Way(rng.IntN(4))
				was := layout.Divide(w, h, c)
				sizes, ok := c.Resize(w, h, way)
				if !ok {
					continue
				}
				granted++
				c.Sizes[c.Arrangement(w, h)] = sizes
				is := layout.Divide(w, h, c)
				if err := check(is, w, h, c); err != nil {
					t.Fatalf("%dx%d %+v after %d: %v\n%s", w, h, c, way, err, picture(is))
				}
				a, b := tileOf(was, c.Focus), tileOf(is, c.Focus)
				moved := map[layout.Way]bool{layout.Wider: b.W > a.W, layout.Narrower: b.W < a.W, layout.Taller: b.H > a.H, layout.Shorter: b.H < a.H}
				if !moved[way] {
					t.Fatalf("%dx%d %+v: way %d was granted and changed %+v to %+v", w, h, c, way, a, b)
				}
			}
		}
	}
	if granted < 1000 {
		t.Errorf("only %d steps were granted", granted)
	}
}

func tileOf(s layout.Screen, k pane.Kind) layout.Rect {
	for _, t := range s.Tiles {
		if t.Kind == k {
			return t.Rect
		}
	}
	return layout.Rect{}
}

func TestResizeHasItsEnds(t *testing.T) {
	for _, way := range []layout.Way{layout.Narrower, layout.Wider, layout.Shorter, layout.Taller} {
		c := layout.Choice{Preset: layout.Watch, Focus: pane.Pages, Sizes: map[string]layout.Sizes{}}
		steps := 0
		for ; ; steps++ {
			s, ok := c.Resize(120, 40, way)
			if !ok {
				break
			}
			c.Sizes[c.Arrangement(120, 40)] = s
		}
		if steps < 3 || steps > layout.MaxSteps {
			t.Errorf("way %d ends after %d steps", way, steps)
		}
	}
	zoomed := layout.Choice{Preset: layout.Watch, Focus: pane.Logs, Zoom: true}
	if _, ok := zoomed.Resize(120, 40, layout.Taller); ok {
		t.Error("a zoomed pane grew")
	}
	wide := layout.Choice{Preset: layout.Watch, Focus: pane.Logs}
	if _, ok := wide.Resize(120, 40, layout.Wider); ok {
		t.Error("a pane as wide as the screen grew wider")
	}
}

// TestSizesBelongToTheirArrangement checks that what a person did to one preset
// is not done to another, nor to the stacked form.
func TestSizesBelongToTheirArrangement(t *testing.T) {
	c := layout.Choice{Preset: layout.Watch, Focus: pane.Pages, Sizes: map[string]layout.Sizes{}}
	s, ok := c.Resize(120, 40, layout.Wider)
	if !ok {
		t.Fatal("it does not grow")
	}
	c.Sizes[c.Arrangement(120, 40)] = s
	for _, other := range []layout.Choice{
		{Preset: layout.Triage, Focus: pane.Pages}, {Preset: layout.Watch, Focus: pane.Pages, Drawer: pane.Runbook},
	} {
		with := other
		with.Sizes = c.Sizes
		if picture(layout.Divide(120, 40, other)) != picture(layout.Divide(120, 40, with)) {
			t.Errorf("%+v was resized too", other)
		}
	}
	bare := c
	bare.Sizes = nil
	if picture(layout.Divide(80, 24, bare)) != picture(layout.Divide(80, 24, c)) {
		t.Error("the stacked form was resized too")
	}
	if picture(layout.Divide(120, 40, bare)) == picture(layout.Divide(120, 40, c)) {
		t.Error("the preset itself was not")
	}
}
