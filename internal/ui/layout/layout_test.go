package layout_test

import (
	"fmt"
	"strings"
	"testing"

	"conway/internal/ui/layout"
	"conway/internal/ui/pane"
)

// choices are the arrangements that a person can reach.
func choices() []layout.Choice {
	var out []layout.Choice
	own := map[layout.Preset][]pane.Kind{
		"mine": {pane.Pages, pane.Logs, pane.Timeline}, "one": {pane.Logs}, "two": {pane.Pages, pane.Metrics},
		"all": {pane.Pages, pane.Deploys, pane.Metrics, pane.Detail, pane.Timeline, pane.Health, pane.Logs},
	}
	presets := append(layout.Presets(), "mine", "one", "two", "all")
	for _, p := range presets {
		for _, focus := range []pane.Kind{pane.Pages, pane.Deploys, pane.Metrics, pane.Logs} {
			out = append(out, layout.Choice{Preset: p, Focus: focus, Custom: own}, layout.Choice{Preset: p, Focus: focus, Zoom: true, Custom: own})
		}
		for _, drawer := range []pane.Kind{pane.Detail, pane.Runbook, pane.Timeline, pane.Health} {
			out = append(out, layout.Choice{Preset: p, Focus: drawer, Drawer: drawer, Custom: own}, layout.Choice{Preset: p, Focus: pane.Pages, Drawer: drawer, Custom: own})
		}
	}
	return out
}

// TestEverySize checks that every rectangle is inside the screen, that none
// overlap, and that the focused pane is there, for every size.
func TestEverySize(t *testing.T) {
	all := choices()
	for w := 1; w <= 300; w++ {
		for h := 1; h <= 100; h++ {
			for i, c := range all {
				// Every size gets an eighth of the choices, a different one each time;
				// the sizes people have get all of them.
				if w > 100 && (i+w+h)%8 != 0 {
					continue
				}
				s := layout.Divide(w, h, c)
				if err := check(s, w, h, c); err != nil {
					t.Fatalf("%dx%d %+v: %v\n%s", w, h, c, err, picture(s))
				}
			}
		}
	}
}

func check(s layout.Screen, w, h int, c layout.Choice) error {
	if s.Line {
		if w >= layout.LineBelowWidth && h >= layout.LineBelowHeight {
			return fmt.Errorf("one line although there is room")
		}
		return nil
	}
	rects := []layout.Rect{s.Title, s.Brief, s.Footer}
	for _, t := range s.Tiles {
		rects = append(rects, t.Rect)
		in := t.Inner()
		if in.W < 1 || in.H < 1 {
			return fmt.Errorf("%s has no room inside: %+v", t.Kind, t)
		}
	}
	for i, r := range rects {
		if r.X < 0 || r.Y < 0 || r.W < 1 || r.H < 1 || r.X+r.W > w || r.Y+r.H > h {
			return fmt.Errorf("%+v leaves the screen", r)
		}
		for _, o := range rects[i+1:] {
			if r.X < o.X+o.W && o.X < r.X+r.W && r.Y < o.Y+o.H && o.Y < r.Y+r.H {
				return fmt.Errorf("%+v and %+v overlap", r, o)
			}
		}
	}
	area := 0
	for _, r := range rects {
		area += r.W * r.H
	}
	if area != w*h {
		return fmt.Errorf("%d of %d cells belong to nothing", w*h-area, w*h)
	}
	if _, own := c.Custom[c.Preset]; (s.Stacked || c.Zoom || c.Drawer == c.Focus) && !s.Visible(c.Focus) && !own {
		return fmt.Errorf("the focused pane %s is not there", c.Focus)
	}
	return nil
}

// picture draws the tiles as a small map, for messages and for reading.
func picture(s layout.Screen) string {
	grid := make([][]byte, s.H)
	for y := range grid {
		grid[y] = []byte(strings.Repeat(".", s.W))
	}
	fill := func(r layout.Rect, c byte) {
		for y := r.Y; y < min(s.H, r.Y+r.H); y++ {
			for x := r.X; x < min(s.W, r.X+r.W); x++ {
				grid[y][x] = c
			}
		}
	}
	fill(s.Title, 't')
	fill(s.Brief, 'b')
	fill(s.Footer, 'f')
	for _, t := range s.Tiles {
		fill(t.Rect, t.Kind.String()[0]-'a'+'A')
	}
	var b strings.Builder
	for _, row := range grid {
		b.Write(row)
		b.WriteByte('\n')
	}
	return b.String()
}

func TestPictures(t *testing.T) {
	for _, c := range []struct {
		name   string
		w, h   int
		choice layout.Choice
		want   string
	}{
		{"watch, wide", 84, 20, layout.Choice{Preset: layout.Watch, Focus: pane.Pages}, `
1 t84
3 b84
4 P40 M44
4 D40 M44
7 L84
1 f84`},
		{"watch with a drawer", 84, 30, layout.Choice{Preset: layout.Watch, Focus: pane.Runbook, Drawer: pane.Runbook}, `
1 t84
3 b84
7 P35 R49
11 M35 R49
7 L84
1 f84`},
		{"stacked, all four", 80, 24, layout.Choice{Preset: layout.Watch, Focus: pane.Pages}, `
1 t80
3 b80
4 P80
3 D80
5 M80
7 L80
1 f80`},
		{"stacked, small: pages and the focused pane", 60, 15, layout.Choice{Preset: layout.Watch, Focus: pane.Metrics}, `
1 t60
3 b60
4 P60
6 M60
1 f60`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := runs(picture(layout.Divide(c.w, c.h, c.choice)))
			if got != c.want {
				t.Errorf("got%s\nwant%s", got, c.want)
			}
		})
	}
}

// runs writes a picture as rows of "how many rows, which tile how wide".
func runs(p string) string {
	var out strings.Builder
	var last string
	n := 0
	flush := func() {
		if n > 0 {
			fmt.Fprintf(&out, "\n%d %s", n, last)
		}
	}
	for row := range strings.SplitSeq(strings.TrimSpace(p), "\n") {
		var parts []string
		for i := 0; i < len(row); {
			j := i
			for j < len(row) && row[j] == row[i] {
				j++
			}
			parts = append(parts, fmt.Sprintf("%c%d", row[i], j-i))
			i = j
		}
		if s := strings.Join(parts, " "); s != last {
			flush()
			last, n = s, 0
		}
		n++
	}
	flush()
	return out.String()
}
