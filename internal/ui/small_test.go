package ui

import (
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/runbook"
	"conway/internal/ui/pane"
	"conway/internal/ui/uitest"
)

// Whatever the size, a step runs only after its bytes and the question were on
// the screen.
func TestStepIsNeverRunUnseen(t *testing.T) {
	for w := 1; w <= 130; w += 9 {
		for h := 1; h <= 24; h++ {
			f := newFixture(t, uitest.Events()...)
			f.size(w, h)
			f.confirm(pane.ConfirmStep{Runbook: "r.md", Step: runbook.Step{Title: "x", Script: []byte("rm it\n"), Interpreter: "sh"}})
			f.wait(time.Second)
			seen := f.screenText()
			f.press("y")
			_, ran := last[pane.RunStep](f)
			if shown := strings.Contains(seen, "rm it") && strings.Contains(seen, "y runs exactly this"); ran != shown {
				t.Fatalf("%dx%d: ran is %v, the bytes and the question were shown is %v:\n%s", w, h, ran, shown, seen)
			}
		}
	}
}

func TestSmallScreenShowsTheOverlay(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.size(38, 8)
	f.press("s")
	f.mustSee(t, "30 minutes")
	f.wait(time.Second)
	f.press("esc", "n")
	for _, r := range "pool" {
		f.press(string(r))
	}
	f.mustSee(t, "pool")
}

func TestSmallScreenNamesWhatKeysActOn(t *testing.T) {
	for _, size := range [][2]int{{38, 1}, {38, 2}, {38, 3}, {100, 9}} {
		f := newFixture(t, uitest.Events()...)
		f.size(size[0], size[1])
		f.mustSee(t, "CHECKOUT 5xx")
		f.press("a")
		act, _ := last[pane.Act](f)
		act.Action.ID = "1"
		f.status(act.Action, oncall.Held, nil)
		f.mustSee(t, "u cancels")
	}
}

func TestLongSentenceIsShownWhole(t *testing.T) {
	f := newFixture(t)
	f.size(80, 24)
	said := "no config, and nothing found: " + strings.Repeat("this is not set and that does not answer ", 4) + "END"
	f.Update(Said{Text: said, Fault: true})
	f.mustSee(t, "END")
	f.Update(Said{Text: strings.Repeat(said, 10), Fault: true})
	f.mustSee(t, "…")
}

// TestNewsTakesTwoRowsAtMost has a page resolved whose title fills the screen.
func TestNewsTakesTwoRowsAtMost(t *testing.T) {
	all := uitest.Pages()
	for i := range all {
		all[i].Title = strings.Repeat("\u202e支 e\u0301\u200d ", 200)
	}
	pages := func(of []oncall.Page) Events {
		return Events{oncall.PagesEvent{Stamp: oncall.Stamp{Source: "pd", At: uitest.Now()}, Pages: of, Complete: true, Every: 10e9}}
	}
	f := newFixture(t)
	f.Update(pages(all))
	all[0].Status = oncall.Resolved
	f.Update(pages(all))
	for _, w := range []int{40, 80, 200} {
		f.size(w, 24)
		news := f.news(w)
		said := uitest.Plain(news)
		if len(news) != newsRows || !strings.Contains(said, "resolved: ") || !strings.Contains(said, "…") {
			t.Errorf("at %d columns it is said in %d rows:\n%s", w, len(news), said)
		}
	}
}
