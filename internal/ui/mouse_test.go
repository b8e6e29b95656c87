package ui

import (
	"math/rand/v2"
	"testing"

	tea "charm.land/bubbletea/v2"

	"conway/internal/ui/pane"
	"conway/internal/ui/uitest"
)

// at returns the inside of a pane's tile.
func (f *fixture) at(t *testing.T, k pane.Kind) (x, y int) {
	t.Helper()
	for _, tile := range f.screen.Tiles {
		if tile.Kind == k {
			return tile.Inner().X, tile.Inner().Y
		}
	}
	t.Fatalf("no %s on the screen", k)
	return 0, 0
}

func TestAClickFocusesAndSelects(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.size(160, 44)
	x, y := f.at(t, pane.Pages)
	want := f.board.Pages()[1].Page.Ref
	f.Update(tea.MouseClickMsg{X: x + 3, Y: y + 1, Button: tea.MouseLeft})
	if f.selected != want {
		t.Errorf("a click on the second row selects %v, want %v", f.selected, want)
	}
	f.Update(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft}) // the page with deploys
	x, y = f.at(t, pane.Deploys)
	f.Update(tea.MouseClickMsg{X: x + 3, Y: y, Button: tea.MouseLeft})
	if f.choice.Focus != pane.Deploys || f.cursor.IsZero() {
		t.Errorf("a click on a deploy: focus %s, cursor %v", f.choice.Focus, f.cursor)
	}
	x, y = f.at(t, pane.Logs)
	f.Update(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
	if f.choice.Focus != pane.Logs {
		t.Errorf("a click into the logs focuses %s", f.choice.Focus)
	}
	x, y = f.at(t, pane.Pages)
	before := f.selected
	f.Update(tea.MouseWheelMsg{X: x, Y: y, Button: tea.MouseWheelDown})
	if f.selected == before || f.choice.Focus != pane.Logs {
		t.Errorf("the wheel over the pages selects %v and focuses %s", f.selected, f.choice.Focus)
	}
}

func TestTheMouseIsAskedForOnlyWhenWanted(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	if got := f.View().MouseMode; got != tea.MouseModeNone {
		t.Errorf("by default the mouse mode is %v", got)
	}
	f.opts.Mouse = true
	if got := f.View().MouseMode; got != tea.MouseModeCellMotion {
		t.Errorf("when wanted it is %v", got)
	}
}

// Wherever the mouse goes, on whatever is open, nothing outside the screen changes.
func TestTheMouseChangesNothing(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	r := rand.New(rand.NewPCG(3, 4))
	keys := []string{"esc", "enter", "b", "t", "?", ":", "s", "n", "!", "f", "tab", "/", "q"}
	for range 3000 {
		if r.IntN(20) == 0 {
			f.press(keys[r.IntN(len(keys))])
		}
		if r.IntN(100) == 0 {
			f.size(r.IntN(200), r.IntN(60))
		}
		f.intents = nil
		open := len(f.stack)
		x, y := r.IntN(210)-5, r.IntN(70)-5
		if r.IntN(2) == 0 {
			f.Update(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
		} else {
			f.Update(tea.MouseWheelMsg{X: x, Y: y, Button: []tea.MouseButton{tea.MouseWheelUp, tea.MouseWheelDown}[r.IntN(2)]})
		}
		for _, i := range f.intents {
			switch i.(type) {
			case pane.LoadDetail, pane.Ask, pane.Alert: // looking
			default:
				t.Fatalf("the mouse at %d,%d asked for %T", x, y, i)
			}
		}
		if len(f.stack) != open {
			t.Fatalf("the mouse at %d,%d opened or closed something", x, y)
		}
	}
}
