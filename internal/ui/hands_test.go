package ui

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"conway/internal/oncall"
	"conway/internal/ui/layout"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
	"conway/internal/ui/uitest"
	"conway/themes"
)

// dressed is a fixture with every shipped theme and one that has a fault.
func dressed(t *testing.T) *fixture {
	t.Helper()
	f := newFixture(t)
	o := f.opts
	o.Theme = "night"
	for _, name := range themes.Names() {
		o.Themes = append(o.Themes, Theme{Name: name, Sheet: func() (style.Sheet, error) {
			data, err := themes.Read(name)
			if err != nil {
				return style.Sheet{}, err
			}
			return style.Parse(name, data)
		}})
		if name == o.Theme {
			s, err := o.Themes[len(o.Themes)-1].Sheet()
			if err != nil {
				t.Fatal(err)
			}
			o.Sheet = s
		}
	}
	o.Themes = append(o.Themes, Theme{Name: "torn", Sheet: func() (style.Sheet, error) {
		return style.Sheet{}, errors.New("torn.yaml:3:8: no role is named eror\n  more")
	}})
	f.Model = New(o)
	f.size(200, 50)
	f.Update(Events(uitest.Events()))
	return f
}

func (f *fixture) word(s string) {
	for _, r := range s {
		if r == ' ' {
			f.press("space")
			continue
		}
		f.press(string(r))
	}
}

// ground is the background that the screen is drawn on now.
func (f *fixture) ground() string { return f.opts.Sheet.Ground() }

func TestThemesAreSeenBeforeTheyAreChosen(t *testing.T) {
	f := dressed(t)
	night := f.ground()
	f.press(":")
	f.word("theme")
	if f.ground() != night {
		t.Error("the first theme offered is not the one in force")
	}
	f.word(" light")
	light := f.ground()
	if light == night {
		t.Fatal("a theme that was typed out is not shown")
	}
	if !strings.Contains(f.Content(), "theme light") || f.theme != "night" {
		t.Error("it is more than a look")
	}
	f.press("esc")
	if f.ground() != night {
		t.Error("esc does not bring the theme back")
	}
	// Moving over them is enough; moving off them ends it.
	f.press(":")
	f.word("theme")
	f.press("down")
	moved := f.ground()
	for range 30 {
		f.press("down")
	}
	f.press("backspace", "backspace", "backspace", "backspace", "backspace")
	f.word("zoom")
	if moved == night && f.ground() != night {
		t.Error("something else than a theme changes the colours")
	}
	if f.ground() != night {
		t.Error("the theme stays although the cursor is elsewhere")
	}
	f.press("enter")
	if !f.choice.Zoom || f.ground() != night {
		t.Errorf("zoom was chosen: zoomed %v", f.choice.Zoom)
	}
	f.press(":")
	f.word("theme light")
	f.press("enter")
	if f.theme != "light" || f.ground() != light {
		t.Errorf("the theme is %s", f.theme)
	}
	if g := again(t, f); g.theme != "" && g.memory().Theme != "light" {
		t.Errorf("the next screen has %s", g.theme)
	}
}

// TestNobodysScreenTurnsWhiteByTyping types what happens to be in a theme's name.
func TestNobodysScreenTurnsWhiteByTyping(t *testing.T) {
	f := dressed(t)
	night := f.ground()
	f.press(":")
	f.word("light")
	if f.ground() != night {
		t.Error("the screen changed its colours although no theme was asked for")
	}
}

func TestThemeIsRememberedAndOneWithAFaultSaysWhy(t *testing.T) {
	f := dressed(t)
	f.press(":")
	f.word("theme greyscale")
	f.press("enter")
	f.wait(0)
	r, _ := last[pane.Remember](f)
	o := f.opts
	o.Memory = r.Memory
	if g := New(o); g.theme != "greyscale" || g.opts.Sheet.Ground() != f.ground() {
		t.Errorf("the next screen has %s", g.theme)
	}
	o.Theme = "dark" // the config says so since
	if g := New(o); g.theme != "dark" {
		t.Errorf("the config says dark since, and the theme is %s", g.theme)
	}
	f.press(":")
	f.word("theme torn")
	f.mustSee(t, "not now: torn.yaml:3:8: no role is named eror")
	f.press("enter")
	f.mustSee(t, "torn.yaml:3:8")
	if f.theme != "greyscale" {
		t.Errorf("the theme is %s", f.theme)
	}
}

func TestPaletteJumpsAndComesBack(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("L")
	before := f.choice
	f.press(":")
	f.word("service ledger")
	f.press("enter")
	if f.selected.ID != "Q2" || f.choice.Focus != pane.Pages {
		t.Errorf("the service leads to %v in %s", f.selected, f.choice.Focus)
	}
	f.mustSee(t, "ctrl+o goes back")
	f.press(":")
	f.word("v77") // a deploy of a service that is not followed
	f.press("enter")
	if f.choice.Focus != pane.Deploys || !f.pinned[pane.Deploys] || f.cursor.IsZero() {
		t.Errorf("the deploy leads to %s, pinned %v", f.choice.Focus, f.pinned)
	}
	f.mustSee(t, "deploy search v77")
	f.do("jump_back")
	if f.selected.ID != "Q2" || f.pinned[pane.Deploys] || !f.cursor.IsZero() {
		t.Errorf("back at %v, pinned %v", f.selected, f.pinned)
	}
	f.do("jump_back")
	if f.selected != uitest.Checkout() || f.choice.Focus != before.Focus {
		t.Errorf("back at %v in %s", f.selected, f.choice.Focus)
	}
	f.do("jump_back")
	f.mustSee(t, "no jump to go back from")
}

func TestServiceWithoutAPageShowsItsDeploys(t *testing.T) {
	f := newFixture(t, uitest.Events()[1:]...) // no page is known
	f.press(":")
	f.word("service checkout")
	f.press("enter")
	f.mustSee(t, "checkout has no page; these are its deploys")
	f.mustSee(t, "pinned: all services /checkout")
	if f.choice.Focus != pane.Deploys {
		t.Errorf("the focus is on %s", f.choice.Focus)
	}
}

func TestPaletteRanksRemembersAndCompletes(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	first := func(query string) string {
		t.Helper()
		f.press(":")
		f.word(query)
		defer f.press("esc")
		return uitest.Plain(f.stack[0].View(f.frame(90, 12, pane.None), f.board)[1:2])
	}
	for query, want := range map[string]string{
		"ack":     "ack  acknowledge",
		"ackn":    "ack  acknowledge",
		"res":     "resolve  resolve, held",
		"layout":  "layout  next layout",
		"lay tri": "layout triage",
		"triage":  "layout triage",
		"checko":  "service checkout",
		"nxp":     "next_pane",
		"v412":    "deploy checkout v412",
		"quit":    "quit",
		"gone by": "nothing by that name",
	} {
		if got := first(query); !strings.Contains(got, want) {
			t.Errorf("%q finds first %q, want %s", query, got, want)
		}
	}
	f.press(":")
	f.word("lay tri")
	f.press("tab")
	f.mustSee(t, ": layout triage")
	f.press("enter")
	if f.choice.Preset != layout.Triage {
		t.Errorf("the layout is %s", f.choice.Preset)
	}
	if got := first(""); !strings.Contains(got, "layout triage") {
		t.Errorf("with nothing typed the first is %q, not what was chosen last", got)
	}
	f.press(":", "up")
	f.mustSee(t, ": layout triage")
	f.press("esc")
}

func TestPaletteShowsTheWholeReason(t *testing.T) {
	for _, size := range [][2]int{{200, 50}, {80, 24}, {60, 15}} {
		f := newFixture(t, uitest.Events()...)
		f.size(size[0], size[1])
		f.press(":")
		f.word("undo")
		f.mustSee(t, "not now: nothing is held; what was sent")
		f.mustSee(t, "undo")
		f.press("enter")
		f.mustSee(t, "nothing is held; what was sent cannot be taken back")
	}
}

func TestPanesAreResizedAndSayWhyNot(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	width := func() int { return f.tileFrame(pane.Pages).Width }
	was := width()
	f.press(")", ")")
	if width() <= was {
		t.Errorf("%d cells wide, was %d", width(), was)
	}
	f.press("v", "v", "v", "v") // once around
	if width() <= was {
		t.Error("the size is forgotten with another layout")
	}
	f.press("P", "0")
	if width() != was {
		t.Errorf("0 leaves it %d wide, it came %d wide", width(), was)
	}
	f.press("0")
	f.mustSee(t, "no pane of this layout was resized")
	f.press("f", "J")
	f.mustSee(t, "f brings the other panes back")
	f.press("f")
	f.size(60, 15)
	f.press(")")
	f.mustSee(t, "are as wide as the screen")
	tall := f.tileFrame(pane.Pages).Height
	f.press("J")
	if f.tileFrame(pane.Pages).Height <= tall {
		t.Error("J does not make a stacked pane taller")
	}
}

func TestPresetsMeanSomethingOnASmallScreen(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.size(80, 24)
	for _, want := range []string{"DETAIL", "LOGS", "TIMELINE", "METRICS"} {
		f.press("v")
		f.mustSee(t, want)
		f.mustSee(t, "PAGES")
	}
}

func TestRecolouringKeepsASCII(t *testing.T) {
	f := dressed(t)
	f.opts.Sheet.ASCII = true
	f.press(":")
	f.word("theme light")
	f.press("enter")
	if !f.opts.Sheet.ASCII || strings.ContainsRune(f.Content(), '▶') {
		t.Error("a theme brought signs to a terminal that has none")
	}
}

func TestPanesKeepTheirPlace(t *testing.T) {
	f := newFixture(t)
	for _, k := range pane.Kinds() {
		_, ok := f.panes[k].(pane.Placed)
		if want := k != pane.Logs; ok != want {
			t.Errorf("%s keeps its place: %v, want %v", k, ok, want)
		}
	}
}

// TestWhatAStepPrintedIsInSight runs a step that is longer than its pane.
func TestWhatAStepPrintedIsInSight(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.size(60, 15)
	f.press("b")
	var out []string
	for i := range 30 {
		out = append(out, fmt.Sprintf("line %d of it", i))
	}
	book := uitest.Runbook()
	f.mustSee(t, "readlink current")
	e := oncall.RunEvent{Stamp: oncall.Stamp{Source: "conway", At: f.clock}, Run: oncall.StepRun{
		ID: "r1", Page: uitest.Checkout(), Runbook: book.Path, Step: 0, Title: book.Runbook.Steps[0].Title,
		Script: string(book.Runbook.Steps[0].Script), State: oncall.RunExited, Started: f.clock, Ended: f.clock,
	}}
	for _, l := range out {
		e.Output = append(e.Output, oncall.OutputLine{At: f.clock, Text: l})
	}
	f.event(e)
	f.mustSee(t, "step 1")
	f.mustSee(t, "exit 0")
	f.mustSee(t, "line 29 of it")
	f.press("g")
	f.press("j", "k") // back at the step by its own keys
	f.mustSee(t, "line 29 of it")
}
