package ui

import (
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/ui/pane"
	"conway/internal/ui/uitest"
)

// choices sends what actions of a kind can be aimed at.
func (f *fixture) choices(kind oncall.ActionKind, c oncall.Choices, fault *oncall.Fault) {
	f.event(oncall.ChoicesEvent{Stamp: oncall.Stamp{Source: "pd", At: f.clock, Err: fault}, Kind: kind, Choices: c})
}

func aimOf(kind oncall.AimKind, id, name string) oncall.Choice {
	return oncall.Choice{Aim: oncall.Aim{Kind: kind, ID: id, Name: name}}
}

func TestEscalateToTheNextLevelOrToSomebody(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	row, _ := f.board.Page(uitest.Checkout())
	f.event(oncall.RosterEvent{Stamp: oncall.Stamp{Source: "pd", At: f.clock}, Every: time.Minute, Roster: oncall.Roster{Shifts: []oncall.Shift{
		{PolicyID: row.Page.PolicyID, Level: 1, Person: row.Page.Assignees[0]},
		{PolicyID: row.Page.PolicyID, Level: 2, Person: oncall.Person{ID: "PX", Name: "Xenia"}},
	}}})
	f.press("E")
	if l, ok := last[pane.LoadChoices](f); !ok || l.Source != "pd" || l.Kind != oncall.Reassign {
		t.Fatalf("E asked for %+v", l)
	}
	f.mustSee(t, "level 2")
	f.mustSee(t, "Xenia")
	f.mustSee(t, "reading the account's people and policies")
	if strings.Contains(f.screenText(), "level 1") {
		t.Error("the level that is called already is offered")
	}
	f.press("enter") // too early: it was meant for something else
	f.wait(time.Second)
	if _, ok := last[pane.Act](f); ok {
		t.Fatal("a key that was pressed before the list was seen chose from it")
	}
	f.choices(oncall.Reassign, oncall.Choices{Complete: true, Aims: []oncall.Choice{aimOf(oncall.AimPerson, "PY", "Yann"), aimOf(oncall.AimPolicy, "PP", "Ledger")}}, nil)
	f.mustSee(t, "policy Ledger")
	f.press("enter")
	act, _ := last[pane.Act](f)
	a := act.Action
	if a.Kind != oncall.Escalate || a.Target != uitest.Checkout() || a.Aim.ID != "2" || !a.NotBefore.Equal(f.clock.Add(3*time.Second)) {
		t.Errorf("it asked for %+v", a)
	}
	a.ID = "1"
	f.status(a, oncall.Held, nil)
	f.mustSee(t, "to level 2")
	f.press("E")
	f.mustSee(t, "u cancels")
	f.status(a, oncall.Cancelled, nil)
	f.press("E")
	f.wait(time.Second)
	f.mustSee(t, "Yann")
	f.press("y", "a", "n", "enter")
	if act, _ := last[pane.Act](f); act.Action.Kind != oncall.Reassign || act.Action.Aim.ID != "PY" {
		t.Errorf("a few letters chose %+v", act.Action)
	}
}

// TestTheChosenItemStaysUnderTheCursor has the list grow above the cursor between
// the look and the key.
func TestTheChosenItemStaysUnderTheCursor(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.choices(oncall.Prioritise, oncall.Choices{Complete: true, Aims: []oncall.Choice{aimOf(oncall.AimPriority, "2", "P2"), aimOf(oncall.AimPriority, "3", "P3")}}, nil)
	f.press("p")
	f.wait(time.Second)
	f.mustSee(t, "P3") // a key acts on what was drawn
	f.press("down")
	f.screenText()
	f.choices(oncall.Prioritise, oncall.Choices{Complete: true, Aims: []oncall.Choice{aimOf(oncall.AimPriority, "1", "P1"), aimOf(oncall.AimPriority, "2", "P2"), aimOf(oncall.AimPriority, "3", "P3")}}, nil)
	f.screenText()
	f.press("enter")
	act, _ := last[pane.Act](f)
	if act.Action.Kind != oncall.Prioritise || act.Action.Aim.Name != "P3" || !act.Action.NotBefore.IsZero() {
		t.Errorf("it asked for %+v", act.Action)
	}
}

func TestMergeOffersTheOtherOpenPages(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("m")
	f.wait(time.Second)
	f.mustSee(t, "this cannot be undone")
	f.press("enter")
	act, ok := last[pane.Act](f)
	a := act.Action
	if !ok || a.Kind != oncall.Merge || a.Target != uitest.Checkout() || a.Aim.Kind != oncall.AimPage || a.Aim.ID == uitest.Checkout().ID || a.NotBefore.IsZero() {
		t.Fatalf("it asked for %+v", a)
	}
	a.ID = "1"
	f.status(a, oncall.Confirmed, nil)
	if r, _ := f.board.Page(uitest.Checkout()); r.Page.Status != oncall.Resolved {
		t.Errorf("a merged page is %v", r.Page.Status)
	}
}

func TestWhyNothingCanBeChosen(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.choices(oncall.Prioritise, oncall.Choices{Complete: true, Why: "this account has no priorities"}, nil)
	f.press("p")
	f.mustSee(t, "this account has no priorities")
	f.choices(oncall.Reassign, oncall.Choices{}, &oncall.Fault{Kind: oncall.Unavailable, Source: "pd", Op: "list", Detail: "it is away"})
	f.press("E")
	f.mustSee(t, "people and policies could not be read")
	f.wait(time.Second)
	f.press("esc")
	f.opts.Able = func(string, oncall.ActionKind) bool { return false }
	for _, k := range []string{"E", "m", "p"} {
		f.press(k)
		f.mustSee(t, "pd has no way to do that")
	}
	f.opts.Able, f.opts.ReadOnly = nil, true
	f.press("m")
	f.mustSee(t, "read-only")
	f.opts.ReadOnly = false
	f.press("space", "m")
	f.mustSee(t, "one page at a time")
	if _, ok := last[pane.Act](f); ok {
		t.Error("something was asked for all the same")
	}
}
