package gate_test

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"conway/internal/text"
	"conway/internal/text/attack"
)

// counts are what a corpus test has looked at.
type counts struct {
	sessions, fields, frames, borders, dropped int
}

// TestEveryAttackInEveryField puts each attack into every field of every noun at
// once, goes through the screens, and looks at what a terminal would get: no
// byte that the program does not send, no border cell out of column, no panic.
func TestEveryAttackInEveryField(t *testing.T) {
	all := attack.All()
	shapes := tiles(t)
	keeps := []func(string, string) bool{links, nothing}
	found := make([]counts, len(keeps))
	t.Run("group", func(t *testing.T) { // ends when its parts have
		for k, keep := range keeps {
			t.Run([]string{"links kept", "nothing kept"}[k], func(t *testing.T) {
				t.Parallel()
				n := &found[k]
				for i, a := range all {
					// Without the e2e tag a third of the attacks see one screen each.
					if everything || i%6 == 3*k {
						rounds(t, a, keep, i, k, n, shapes)
					}
				}
			})
		}
	})
	var n counts
	for _, f := range found {
		n.sessions, n.fields, n.frames, n.borders, n.dropped = n.sessions+f.sessions, n.fields+f.fields, n.frames+f.frames, n.borders+f.borders, n.dropped+f.dropped
	}
	t.Logf("corpus: %d attacks, %d sessions with one in each of %d fields, %d frames, %d border cells: 0 foreign bytes, 0 out of column, 0 panics, %d dropped at the second gate",
		len(all), n.sessions, n.fields, n.frames, n.borders, n.dropped)
}

// rounds goes through the screens with the i-th attack in every field that keep
// does not keep. Each attack sees every screen, half of them with this keep and
// half with the other, and each in one of two sizes.
func rounds(t *testing.T, a attack.Attack, keep func(string, string) bool, i, k int, n *counts, shapes map[string]grid) {
	t.Helper()
	n.sessions++
	s, fields := newSession(t, a.Raw, keep)
	n.fields += fields
	if everything && i%2 == k {
		// A refused note is open for another try.
		visit(t, s, a, screen{name: "refused note"}, [2]int{80, 24}, n, shapes)
	}
	s.press("esc", "esc")
	for j, scr := range screens() {
		size := [][2]int{{80, 24}, {200, 50}}[(i+j/2)%2]
		if everything && (i+j)%2 == k || !everything && j == i/3%len(screens()) {
			visit(t, s, a, scr, size, n, shapes)
		}
	}
}

// visit goes to a screen, draws it, and goes back.
func visit(t *testing.T, s *session, a attack.Attack, scr screen, size [2]int, n *counts, shapes map[string]grid) {
	t.Helper()
	w, h := size[0], size[1]
	s.size(w, h)
	before := s.rows()
	s.press(scr.keys...)
	if scr.paste {
		s.Update(tea.PasteMsg{Content: a.Raw})
	}
	c, e := newCanvas(w, h), emulator(w, h, n.frames%2 == 0)
	// From the screen before to this one and back, as the renderer does.
	for _, frame := range []string{strings.Join(before, "\n"), s.Content()} {
		out := c.draw(t, frame)
		if bad := foreign(out, false); len(bad) > 0 {
			t.Fatalf("%s %q on screen %s: the terminal gets %q", a.Threat, a.Name, scr.name, bad)
		}
		if _, err := e.Write(out); err != nil {
			t.Fatal(err)
		}
		n.frames++
	}
	rows := s.rows()
	want := expect(rows)
	cells, wrong, first := displaced(want, emulate(e, w, h))
	n.borders += cells
	if wrong > 0 {
		t.Fatalf("%s %q on screen %s: %d border cells out of column: %s", a.Threat, a.Name, scr.name, wrong, first)
	}
	for y, row := range rows {
		if len(want[y]) != w {
			t.Fatalf("%s %q on screen %s: row %d is %d cells wide: %s", a.Threat, a.Name, scr.name, y, len(want[y]), row)
		}
	}
	if scr.base {
		sameTiles(t, a, scr, shapes[key(scr, size)], want)
	}
	n.dropped += int(c.gate.Dropped())
	if n.dropped > 0 {
		t.Fatalf("%s %q on screen %s: the second gate had to drop something", a.Threat, a.Name, scr.name)
	}
	title := s.View().WindowTitle
	for _, r := range title {
		if !text.Drawn(r) {
			t.Fatalf("the title is %q", title)
		}
	}
	s.press("esc", "esc", "esc", "esc")
	if scr.name == "held ack" || scr.name == "quit" {
		s.press("u")
	}
	for range 4 {
		s.press("esc")
	}
}

func key(scr screen, size [2]int) string {
	return scr.name + map[int]string{80: " small", 200: " large"}[size[0]]
}

// tiles draws the screens of the sample incident: its tiles are where every
// other's are.
func tiles(t *testing.T) map[string]grid {
	t.Helper()
	out := map[string]grid{}
	for _, scr := range screens() {
		if !scr.base {
			continue
		}
		for _, size := range [][2]int{{80, 24}, {200, 50}} {
			s, _ := newSession(t, "", links)
			s.size(size[0], size[1])
			s.press("esc", "esc")
			s.press(scr.keys...)
			out[key(scr, size)] = expect(s.rows())
		}
	}
	return out
}

// sameTiles checks that the sides of all tiles are where they are when the data
// is harmless: no data takes a gutter.
func sameTiles(t *testing.T, a attack.Attack, scr screen, want, got grid) {
	t.Helper()
	for y := range want {
		for x := range want[y] {
			if want[y][x] == "│" && got[y][x] != "│" {
				t.Fatalf("%s %q on screen %s: row %d is %q, and had a side at %d: %s", a.Threat, a.Name, scr.name, y, strings.Join(got[y], ""), x, strings.Join(want[y], ""))
			}
		}
	}
}
