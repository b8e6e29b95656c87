package ui

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/ui/pane"
	"conway/internal/ui/uitest"
)

// paneSizes are the inner sizes at which every pane is kept as a golden file.
func paneSizes() [][2]int { return [][2]int{{20, 5}, {80, 24}, {120, 40}, {200, 60}} }

// states are the boards that a pane must tell apart.
func states() map[string][]oncall.Event {
	fault := &oncall.Fault{Kind: oncall.Unavailable, Source: "x", Op: "ask", Status: 503, Detail: "no healthy upstream"}
	failing := slices.Clone(uitest.Events())
	for _, name := range []string{"pd", "gh", "prom", "app"} {
		failing = append(failing, oncall.HealthEvent{
			Stamp: oncall.Stamp{Source: name, At: uitest.Now(), Err: fault}, NextTry: uitest.Now().Add(8 * time.Second), Attempt: 2,
		})
	}
	failing = append(failing, oncall.NightsEvent{Stamp: oncall.Stamp{Source: "ledger", At: uitest.Now(), Err: fault}})
	return map[string][]oncall.Event{"incident": append(uitest.Events(), uitest.Ledger()...), "empty": nil, "failing": failing}
}

// TestGoldenPanes draws every pane at every size in every state, and checks
// that each line is exactly as wide as its room whatever is in it.
func TestGoldenPanes(t *testing.T) {
	for state, events := range states() {
		for _, stale := range []bool{false, true} {
			if stale && state != "incident" {
				continue
			}
			f := newFixture(t, events...)
			name := state
			if stale {
				name = "stale"
				f.clock = f.clock.Add(3 * time.Minute)
				f.Update(tickMsg{})
			}
			for _, k := range pane.Kinds() {
				for _, size := range paneSizes() {
					t.Run(fmt.Sprintf("%s_%s_%dx%d", k, name, size[0], size[1]), func(t *testing.T) {
						fr := f.frame(size[0], size[1], k)
						block := f.panes[k].View(fr, f.board).Fit(size[0], size[1])
						if len(block) != size[1] {
							t.Errorf("%d rows, want %d", len(block), size[1])
						}
						for i, l := range block {
							if l.Width() != size[0] {
								t.Errorf("row %d is %d cells, want %d", i, l.Width(), size[0])
							}
						}
						title := pane.Block{f.panes[k].Title(fr, f.board)}.Fit(size[0], 1)
						uitest.Golden(t, t.Name(), uitest.Plain(title)+uitest.Plain(block))
					})
				}
			}
		}
	}
}

// TestEveryScreenSize draws the whole screen at many sizes, with every drawer
// and with an overlay open, and checks that it is exactly as large as the
// terminal.
func TestEveryScreenSize(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	for _, drawer := range []pane.Kind{pane.None, pane.Detail, pane.Runbook, pane.Timeline, pane.Health} {
		f.choice.Drawer = drawer
		for _, overlayKey := range []string{"", "?", "n", ":"} {
			f.stack = nil
			if overlayKey != "" {
				f.press(overlayKey)
			}
			for w := 1; w <= 300; w += 1 + w/9 {
				for h := 1; h <= 100; h += 1 + h/7 {
					f.size(w, h)
					rows := f.rows()
					if len(rows) != h {
						t.Fatalf("%dx%d drawer %s overlay %q: %d rows", w, h, drawer, overlayKey, len(rows))
					}
					for y, l := range rows {
						if l.Width() != w {
							t.Fatalf("%dx%d drawer %s overlay %q: row %d is %d cells: %s", w, h, drawer, overlayKey, y, l.Width(), uitest.Plain(pane.Block{l}))
						}
					}
				}
			}
		}
	}
}

// TestSizesBelowOne checks that a terminal that says nothing of its size draws
// nothing and does not panic.
func TestSizesBelowOne(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	for _, s := range [][2]int{{0, 0}, {-1, 5}, {5, 0}} {
		f.size(s[0], s[1])
		if got := f.Content(); got != "" {
			t.Errorf("%v: drew %q", s, got)
		}
	}
}
