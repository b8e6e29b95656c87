package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/ui/overlay"
	"conway/internal/ui/pane"
	"conway/internal/ui/uitest"
)

// acts returns every action asked for since the fixture's intents were emptied.
func (f *fixture) acts() []oncall.Action {
	var out []oncall.Action
	for _, i := range f.intents {
		if a, ok := i.(pane.Act); ok {
			out = append(out, a.Action)
		}
	}
	return out
}

func TestBulkActsOnTheNamedPagesOnceEach(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("space", "j", "space")
	f.mustSee(t, "2 marked")
	f.press("j") // a third, which is not marked
	f.press("a")
	if n := len(f.acts()); n > 0 {
		t.Fatalf("%d actions before they were named and confirmed", n)
	}
	f.mustSee(t, "ACK 2 pages?")
	f.press("y") // too early
	f.wait(time.Second)
	f.press("a") // the key that opened it
	if n := len(f.acts()); n > 0 {
		t.Fatalf("%d actions without the other key", n)
	}
	f.press("y")
	acts := f.acts()
	if len(acts) != 2 || acts[0].Target != uitest.Checkout() || acts[1].Target.ID != "Q3" {
		t.Fatalf("asked for %+v", acts)
	}
	for i := range acts {
		acts[i].ID = fmt.Sprint(i)
		if want := f.clock.Add(3 * time.Second); !acts[i].NotBefore.Equal(want) {
			t.Errorf("held until %v, want %v", acts[i].NotBefore, want)
		}
		f.status(acts[i], oncall.Held, nil)
	}
	f.mustSee(t, "cancels all 2")
	f.status(acts[0], oncall.Confirmed, nil)
	f.status(acts[1], oncall.Refused, &oncall.Fault{Kind: oncall.Rejected, Source: "pd", Op: "ack", Detail: "not yours"})
	f.mustSee(t, "ack: 1 of 2 pages confirmed; not cron-x")
	f.mustSee(t, "not yours")
	f.mustSee(t, "ack refused") // in its row
	f.intents = nil
	f.wait(time.Minute)
	f.press("g", "R")
	if acts := f.acts(); len(acts) != 1 || acts[0].Target != f.selected {
		t.Errorf("after the bulk action the marks still act: %+v", acts)
	}
}

// flood has as many pages on the screen, all of mine.
func (f *fixture) flood(n int) {
	e := uitest.Events()[0].(oncall.PagesEvent)
	e.Pages = nil
	for i := range n {
		p := uitest.Pages()[0]
		p.Ref.ID, p.Title = fmt.Sprintf("F%02d", i), fmt.Sprintf("the service number %02d of the many that are down is down", i)
		e.Pages = append(e.Pages, p)
	}
	e.At = f.clock.Add(time.Second)
	f.event(e)
}

// On the smallest screen that has to be usable, a question about more pages than it
// has rows for names each of them, has its keys in sight all the while, and is
// answered after its end.
func TestLongBulkQuestionIsAnsweredOnASmallScreen(t *testing.T) {
	for _, c := range []struct{ opens, answers, keys string }{{"a", "y", "y  yes, 20 pages"}, {"R", "y", "y  yes, 20 pages"}, {"s", "2", "2  1 hour, until"}} {
		t.Run(c.opens, func(t *testing.T) {
			f := newFixture(t, uitest.Events()...)
			f.flood(20)
			f.size(60, 15)
			f.press("g")
			for range 20 {
				f.press("space", "j")
			}
			f.press(c.opens)
			f.wait(time.Second)
			f.press(c.answers)
			if n := len(f.acts()); n > 0 {
				t.Fatalf("%d actions before the pages were named:\n%s", n, f.screenText())
			}
			f.mustSee(t, "read it to the end first")
			f.wait(toastSpan + time.Second)
			if c.opens == "a" {
				uitest.Golden(t, "long_bulk_60x15", f.screenText())
			}
			seen := map[string]bool{}
			for step := 0; len(seen) < 20 && step < 60; step++ {
				f.mustSee(t, c.keys)
				for i := range 20 {
					if name := fmt.Sprintf("- the service number %02d", i); strings.Contains(f.screenText(), name) {
						seen[name] = true
					}
				}
				f.press("j")
			}
			if len(seen) < 20 {
				t.Fatalf("only %d of 20 pages are named", len(seen))
			}
			for range 20 {
				f.press("pgdown")
			}
			f.mustSee(t, "that is all; k or pgup goes up again")
			f.press("k", c.answers)
			if n := len(f.acts()); n > 0 {
				t.Fatalf("%d actions while the end is out of sight", n)
			}
			f.press("j", c.answers)
			if n := len(f.acts()); n != 20 {
				t.Errorf("%d actions, want 20:\n%s", n, f.screenText())
			}
		})
	}
}

func TestBulkIsCancelledWhole(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("space", "j", "space", "a")
	f.wait(time.Second)
	f.press("y")
	acts := f.acts()
	for i := range acts {
		acts[i].ID = fmt.Sprint(i)
		f.status(acts[i], oncall.Held, nil)
	}
	f.intents = nil
	f.press("u")
	if len(f.intents) != 2 {
		t.Errorf("u asked for %+v", f.intents)
	}
	for _, a := range acts {
		f.status(a, oncall.Cancelled, nil)
	}
	f.mustSee(t, "ack of 2 pages cancelled, nothing was sent")
}

func TestBulkNeverActsOnAPageThatIsNotNamed(t *testing.T) {
	for h := 1; h < 30; h++ {
		f := newFixture(t, uitest.Events()...)
		f.press("space", "j", "space", "a")
		f.size(60, h)
		f.wait(time.Second)
		seen := f.screenText()
		f.press("y")
		_, question, _ := strings.Cut(seen, "ACK 2 pages?")
		named := strings.Contains(question, "- CHECKOUT") && strings.Contains(question, "- cron-x")
		if n := len(f.acts()); n > 0 && !named {
			t.Errorf("at 60x%d %d actions were asked for on:\n%s", h, n, seen)
		}
	}
	// A page that is already on its way is named and left out.
	f := newFixture(t, uitest.Events()...)
	f.status(oncall.Action{ID: "1", Kind: oncall.Acknowledge, Target: uitest.Checkout()}, oncall.Sending, nil)
	f.press("space", "j", "space", "a")
	f.mustSee(t, "ACK 1 page?")
	f.mustSee(t, "left out: this ack is on its way already")
}

func TestMarkOfOnePageEndsWithItsAction(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("space", "a")
	f.wait(time.Second)
	f.press("y")
	if n := len(f.acts()); n != 1 || len(f.marked) > 0 {
		t.Errorf("%d actions, still marked: %v", n, f.marked)
	}
	if got := f.screenText(); strings.Contains(got, "marked") {
		t.Errorf("the screen still tells of a mark:\n%s", got)
	}
}

func TestMarksEndWithTheirPages(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("space")
	var rest []oncall.Page
	for _, p := range uitest.Pages() {
		if p.Ref != uitest.Checkout() {
			rest = append(rest, p)
		}
	}
	f.event(oncall.PagesEvent{Stamp: oncall.Stamp{Source: "pd", At: f.clock.Add(time.Second)}, Pages: rest, Complete: true, Every: 10 * time.Second})
	if len(f.marked) > 0 {
		t.Errorf("still marked: %v", f.marked)
	}
	f.press("j", "space", "esc")
	if len(f.marked) > 0 {
		t.Error("esc does not take the marks off")
	}
	f.press("L", "space")
	f.mustSee(t, "pages are marked in their list; P focuses it")
}

func TestRefusedNoteLosesNothingWrittenSince(t *testing.T) {
	refused := oncall.Action{ID: "1", Kind: oncall.Annotate, Target: uitest.Checkout(), Text: "the first"}
	fault := &oncall.Fault{Kind: oncall.Rejected, Source: "pd", Op: "note", Detail: "no"}
	f := newFixture(t, uitest.Events()...)
	f.press("n")
	f.paste("the second")
	f.status(refused, oncall.Refused, fault)
	f.press("esc")
	if got := f.drafts[uitest.Checkout()]; got != "the second\n\nthe first" {
		t.Errorf("the draft is %q", got)
	}
	f = newFixture(t, uitest.Events()...)
	f.press("n")
	f.paste("the second")
	f.press("esc")
	f.status(refused, oncall.Refused, fault)
	if _, draft := f.stack[0].Overlay.(*overlay.Note).Draft(); draft != "the second\n\nthe first" {
		t.Errorf("the editor holds %q", draft)
	}
}

func TestQuitAsksForADraft(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("n")
	f.paste("half a thought")
	f.press("esc", "q")
	if _, quit := last[pane.Quit](f); quit {
		t.Fatal("a draft was lost without a question")
	}
	f.mustSee(t, "A note was begun and not sent; quitting loses it: CHECKOUT 5xx")
}
