package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/ui/layout"
	"conway/internal/ui/memo"
	"conway/internal/ui/pane"
	"conway/internal/ui/uitest"
)

// again starts another screen from what the first one remembered last, through
// the file's own shape.
func again(t *testing.T, f *fixture, events ...oncall.Event) *fixture {
	t.Helper()
	f.wait(0)
	r, ok := last[pane.Remember](f)
	if !ok {
		t.Fatal("nothing was remembered")
	}
	data, err := r.Memory.Encode()
	if err != nil {
		t.Fatal(err)
	}
	m, err := memo.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	return started(t, m, events...)
}

func started(t *testing.T, m memo.Memory, events ...oncall.Event) *fixture {
	t.Helper()
	f := newFixture(t)
	o := f.opts
	o.Memory = m
	f.Model = New(o)
	f.size(200, 50)
	f.Update(Events(events))
	return f
}

// TestTheNextScreenLooksLikeTheLast arranges a screen in every way there is and
// starts another.
func TestTheNextScreenLooksLikeTheLast(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("j", "v", ")", ")", "J", "U", "D", "F", "L", "/")
	for _, r := range "declined" {
		f.press(string(r))
	}
	f.press("enter", "[", "t", "g", "j")
	g := again(t, f, uitest.Events()...)
	if g.selected != f.selected || g.selected == uitest.Checkout() {
		t.Errorf("the page is %v, it was %v", g.selected, f.selected)
	}
	if g.choice.Preset != layout.Triage || g.choice.Drawer != pane.Timeline || g.choice.Focus != pane.Timeline || !g.utc || !g.pinned[pane.Deploys] {
		t.Errorf("arranged as %+v, utc %v, pinned %v", g.choice, g.utc, g.pinned)
	}
	if got := g.panes[pane.Logs].(pane.Filterable).Filtered(); got != "declined" {
		t.Errorf("the filter of the logs is %q", got)
	}
	if g.window != f.window || g.scene.Live {
		t.Errorf("the window is %+v, it was %+v", g.window, f.window)
	}
	if a, b := f.screenText(), g.screenText(); body(a) != body(b) {
		t.Errorf("it was\n%s\nit is\n%s", a, b)
	}
	g.press("esc", "f")
	if h := again(t, g, uitest.Events()...); !h.choice.Zoom || h.choice.Drawer != pane.None || h.choice.Focus != pane.Pages {
		t.Errorf("arranged as %+v", h.choice)
	}
}

// body is a screen without its last row, which says other things.
func body(s string) string {
	rows := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(rows[:len(rows)-1], "\n")
}

func TestEarlierFiltersSurviveAndBelongToTheirPane(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	word := func(f *fixture, s string) {
		for _, r := range s {
			f.press(string(r))
		}
	}
	for _, s := range []string{"declined", "retry"} {
		f.press("L", "/")
		word(f, s)
		f.press("enter", "esc")
	}
	f.press("P", "/")
	word(f, "ledger")
	f.press("enter")
	g := again(t, f, uitest.Events()...)
	filtered := func(k pane.Kind) string { return g.panes[k].(pane.Filterable).Filtered() }
	g.press("L", "/", "x", "up")
	if got := filtered(pane.Logs); got != "retry" {
		t.Errorf("up shows %q", got)
	}
	g.press("up", "up")
	if got := filtered(pane.Logs); got != "declined" {
		t.Errorf("the oldest is %q", got)
	}
	g.press("down", "down")
	if got := filtered(pane.Logs); got != "x" {
		t.Errorf("what was being typed has become %q", got)
	}
	g.press("esc", "P", "/", "up")
	if got := filtered(pane.Pages); got != "ledger" {
		t.Errorf("the pages' own is %q", got)
	}
}

func TestThePageIsSelectedAgainOnlyIfItIsStillOpen(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("j", "j")
	was := f.selected
	f.wait(0)
	r, _ := last[pane.Remember](f)
	rest := slices.DeleteFunc(uitest.Pages(), func(p oncall.Page) bool { return p.Ref == was })
	event := oncall.PagesEvent{Stamp: oncall.Stamp{Source: "pd", At: uitest.Now()}, Pages: rest, Complete: true, Every: 10 * time.Second}

	g := started(t, r.Memory, event)
	if g.selected == was || g.selected.IsZero() {
		t.Errorf("selected %v", g.selected)
	}
	g.mustSee(t, "the page you were on is not open any more")

	// While the pager has not answered, nothing is forgotten.
	quiet := started(t, r.Memory)
	quiet.wait(time.Minute)
	if m := quiet.memory(); m.Page.ID != was.ID {
		t.Errorf("a screen that heard nothing would forget the page: %+v", m.Page)
	}
	// The last known list is not the present one, but all there is.
	old := oncall.PagesEvent{Stamp: oncall.Stamp{Source: "pd", At: uitest.Now().Add(-time.Hour)}, Pages: uitest.Pages(), Complete: true, Every: 10 * time.Second}
	quiet.event(old)
	if quiet.selected != was {
		t.Errorf("from the last known list %v is selected", quiet.selected)
	}
	event.At = quiet.clock
	quiet.event(event)
	if quiet.selected == was {
		t.Error("a page that is gone stays selected, and nobody chose that")
	}

	// A key press is a person's word: nothing moves under it any more.
	hand := started(t, r.Memory)
	hand.event(oncall.PagesEvent{Stamp: oncall.Stamp{Source: "pd", At: uitest.Now().Add(-time.Hour)}, Pages: rest, Complete: true, Every: 10 * time.Second})
	first := hand.selected
	hand.press("L")
	hand.event(oncall.PagesEvent{Stamp: oncall.Stamp{Source: "pd", At: uitest.Now()}, Pages: uitest.Pages(), Complete: true, Every: 10 * time.Second})
	if hand.selected != first {
		t.Errorf("the selection moved to %v after a key was pressed", hand.selected)
	}
}

// TestTheLogsAreReadOnWhereTheyWere pauses at a line, and starts other screens
// whose lines begin before it, end before it, or begin after it.
func TestTheLogsAreReadOnWhereTheyWere(t *testing.T) {
	var lines []oncall.LogLine
	for i := range 400 {
		l := oncall.ParseLine(fmt.Sprintf("ERROR attempt %d failed", i), uitest.Now().Add(time.Duration(i-400)*time.Second))
		l.Source = "app"
		lines = append(lines, l)
	}
	came := func(l []oncall.LogLine) oncall.Event {
		return oncall.LinesEvent{Stamp: oncall.Stamp{Source: "app", At: uitest.Now()}, Lines: l}
	}
	var rest []oncall.Event
	for _, e := range uitest.Events() {
		if _, logs := e.(oncall.LinesEvent); !logs {
			rest = append(rest, e)
		}
	}
	with := func(l []oncall.LogLine) []oncall.Event { return append(slices.Clone(rest), came(l)) }
	f := newFixture(t, with(lines)...)
	f.press("L", "=", "pgup", "pgup", "pgup", "k", "k")
	f.wait(time.Second)
	reads := func(f *fixture) time.Time { return f.panes[pane.Logs].(pane.Dated).Reading() }
	was := reads(f)
	if n := uitest.Now().Sub(was); n < 20*time.Second {
		t.Fatalf("the line is %s old, which proves nothing", n)
	}
	i := slices.IndexFunc(lines, func(l oncall.LogLine) bool { return l.At.Equal(was) })

	// The source comes after the page, in parts, and begins elsewhere than before.
	g := again(t, f, rest...)
	if !reads(g).IsZero() {
		t.Fatal("paused without a line")
	}
	g.event(came(lines[50 : i-5]))
	if !reads(g).IsZero() {
		t.Error("paused at the end of what came, before the line was here")
	}
	g.wait(0)
	if r, ok := last[pane.Remember](g); ok && !r.Memory.Reading.Equal(was) {
		t.Errorf("what was not found yet is forgotten: %v", r.Memory.Reading)
	}
	g.event(came(lines[i-5:]))
	if got := reads(g); !got.Equal(was) {
		t.Errorf("reads %v, it was %v", got, was)
	}
	g.mustSee(t, fmt.Sprintf("attempt %d failed", i))
	g.mustSee(t, "unseen below")

	if late := again(t, f, with(lines[i+1:])...); !reads(late).IsZero() {
		t.Error("paused at a line of another time")
	}
	hand := again(t, f, rest...)
	hand.press("D")
	hand.event(came(lines))
	if !reads(hand).IsZero() {
		t.Error("moved under a person's hand")
	}
}

func TestTheConfigsNewerWordCounts(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("v")
	f.wait(0)
	r, _ := last[pane.Remember](f)
	o := f.opts
	o.Memory, o.Preset = r.Memory, layout.Logs
	if got := New(o).choice.Preset; got != layout.Logs {
		t.Errorf("the config says logs since, and the layout is %s", got)
	}
	o.Preset = layout.Watch
	if got := New(o).choice.Preset; got != layout.Triage {
		t.Errorf("the config says what it said, and the layout is %s", got)
	}
}

// TestNonsenseIsNoMatter starts from files that nobody wrote this way.
func TestNonsenseIsNoMatter(t *testing.T) {
	for _, m := range []memo.Memory{
		{Preset: "no such", Focus: "nothing", Drawer: "pages", Pinned: []string{"pages", "?"}, Places: map[string]int{"pages": 1 << 40, "runbook": 1 << 40, "timeline": 99, "detail": -4}},
		{Preset: "watch", PresetOf: "watch", Focus: "timeline", Zoom: true, Page: memo.Ref{Source: "pd", ID: "Q1"}, Places: map[string]int{"runbook": 77, "timeline": 1 << 30, "logs": 3}},
		{Sizes: map[string]memo.Sizes{"watch": {Left: -1 << 40, Bottom: 1 << 40, Grown: map[string]int{"": 1 << 50, "pages": -1 << 50}}}, Window: memo.Window{Span: 1 << 62}},
		{Theme: "pink", Earlier: map[string][]string{"": {"x"}}},
	} {
		for _, size := range [][2]int{{200, 50}, {60, 15}, {30, 5}, {1, 1}} {
			f := started(t, m, uitest.Events()...)
			f.size(size[0], size[1])
			for _, k := range []string{"j", "tab", "b", "k", "t", "G", "f", "f", "J", ")", "0", "v"} {
				f.press(k)
				for i, l := range f.rows() {
					if l.Width() != size[0] {
						t.Fatalf("row %d is %d cells wide", i, l.Width())
					}
				}
			}
		}
	}
}

// TestNothingOfAPageIsRemembered looks at all that is kept of a busy screen.
func TestNothingOfAPageIsRemembered(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("n", "s", "e", "c", "r", "e", "t", "esc", ":", "c", "h", "e", "c", "k", "enter", "t", "b", "L", "k", "k")
	f.wait(0)
	r, _ := last[pane.Remember](f)
	data, err := r.Memory.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"5xx", "declined", "acquirer", "secret", "rolled back", "Ben", "releases"} {
		if strings.Contains(string(data), word) {
			t.Errorf("%q is in %s", word, data)
		}
	}
	if !strings.Contains(string(data), `"id":"Q1"`) {
		t.Errorf("the page's id is not in %s", data)
	}
}

func TestOnlyChangesAreRemembered(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.wait(time.Second)
	count := func() (n int) {
		for _, i := range f.intents {
			if _, ok := i.(pane.Remember); ok {
				n++
			}
		}
		return n
	}
	before := count()
	for range 10 {
		f.wait(time.Second)
	}
	if count() != before {
		t.Errorf("a screen on which nothing happens was kept %d times", count()-before)
	}
	f.press("f")
	f.press("q")
	if count() != before+1 {
		t.Error("quitting does not keep what was changed last")
	}
}
