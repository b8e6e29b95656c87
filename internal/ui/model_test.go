package ui

import (
	"fmt"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"conway/internal/follow"
	"conway/internal/oncall"
	"conway/internal/runbook"
	"conway/internal/ui/keymap"
	"conway/internal/ui/layout"
	"conway/internal/ui/overlay"
	"conway/internal/ui/pane"
	"conway/internal/ui/uitest"
)

// fixture is a model with a world that only remembers what it was asked.
type fixture struct {
	*Model
	intents []pane.Intent
	clock   time.Time
	// offset is how far the wall clock was set against the boot clock.
	offset time.Duration
}

// boot is the clock that counts since the machine was started.
func (f *fixture) boot() time.Duration {
	return f.clock.Add(-f.offset).Sub(uitest.Now().Add(-100 * time.Hour))
}

func newFixture(t *testing.T, events ...oncall.Event) *fixture {
	t.Helper()
	keys, err := keymap.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{clock: uitest.Now()}
	f.Model = New(Options{
		Board: uitest.Empty(), Keys: keys, Preset: layout.Watch, Services: follow.NewMap(uitest.Services()), Panels: uitest.Panels(),
		Library: runbook.Library{uitest.Runbook()}, Zone: uitest.Zone(), Hold: 3 * time.Second,
		Place: overlay.Place{Environment: "prod", Production: true, Host: "bastion", User: "ana"},
		Now:   func() time.Time { return f.clock },
		Boot:  func() (time.Duration, bool) { return f.boot(), true },
		World: func(i pane.Intent) tea.Cmd { f.intents = append(f.intents, i); return nil },
	})
	f.Init()
	f.size(200, 50)
	f.Update(Events(events))
	if len(events) > 0 {
		// The metrics are asked once a page is followed, and answer then.
		f.Update(Events{uitest.Series()})
	}
	return f
}

func (f *fixture) size(w, h int) { f.Update(tea.WindowSizeMsg{Width: w, Height: h}) }

func (f *fixture) press(keys ...string) {
	for _, k := range keys {
		f.Update(keyPress(k))
	}
}

func keyPress(k string) tea.KeyPressMsg {
	named := map[string]rune{
		"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "up": tea.KeyUp, "down": tea.KeyDown,
		"pgdown": tea.KeyPgDown, "backspace": tea.KeyBackspace, "space": tea.KeySpace,
	}
	if r, ok := named[k]; ok {
		return tea.KeyPressMsg{Code: r}
	}
	r := []rune(k)[0]
	return tea.KeyPressMsg{Code: r, Text: k}
}

func TestGoldenScreens(t *testing.T) {
	for _, size := range [][2]int{{200, 50}, {120, 40}, {80, 24}, {60, 15}, {39, 9}} {
		for name, b := range map[string][]oncall.Event{"incident": uitest.Events(), "empty": nil} {
			t.Run(fmt.Sprintf("%s_%dx%d", name, size[0], size[1]), func(t *testing.T) {
				f := newFixture(t, b...)
				f.size(size[0], size[1])
				uitest.Golden(t, t.Name(), uitest.Plain(f.rows()))
			})
		}
	}
}
