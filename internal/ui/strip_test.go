package ui

import (
	"errors"
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/ui/pane"
	"conway/internal/ui/uitest"
)

// tags returns what was asked to be recorded, in order.
func (f *fixture) tags() []oncall.Tag {
	var out []oncall.Tag
	for _, i := range f.intents {
		if t, ok := i.(pane.Tag); ok {
			out = append(out, t.Tags...)
		}
	}
	return out
}

// foot returns the last n rows without styles.
func (f *fixture) foot(n int) string {
	rows := strings.Split(strings.TrimRight(uitest.Plain(f.rows()), "\n"), "\n")
	return strings.Join(rows[len(rows)-n:], "\n")
}

const stripLine = " 1 needed me  2 could wait  3 noise │ 4 preventable  5 deploy  6 follow-up"

func TestStripComesWithAResolveAndRecordsTags(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.size(80, 24)
	f.press("R")
	if got := f.foot(2); !strings.HasPrefix(got, stripLine+" ") || !strings.Contains(got, "\n 7 for next time") {
		t.Fatalf("after a resolve the last row is %q", got)
	}
	f.press("2", "1", "4", "5", "5", "1")
	page := uitest.Checkout()
	want := []oncall.Tag{
		{Page: page, Name: oncall.TagVerdict, Value: oncall.TagWait},
		{Page: page, Name: oncall.TagVerdict, Value: oncall.TagNeeded},
		{Page: page, Name: oncall.TagPreventable, Value: oncall.TagYes},
		{Page: page, Name: oncall.TagDeploy, Value: oncall.TagConfirmed},
		{Page: page, Name: oncall.TagDeploy, Value: oncall.TagRejected},
		{Page: page, Name: oncall.TagVerdict, Value: ""},
	}
	if got := f.tags(); len(got) != len(want) {
		t.Fatalf("recorded %v, want %v", got, want)
	} else {
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("tag %d is %v, want %v", i, got[i], want[i])
			}
		}
	}
}

func TestStripMarksATagOnlyWhenItIsRecorded(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.size(100, 24)
	f.press("R", "3")
	if got := f.foot(1); !strings.Contains(got, "3…noise") {
		t.Errorf("before the ledger answers: %q", got)
	}
	f.Update(Tagged{Tags: f.tags()})
	if got := f.foot(2); !strings.Contains(got, "3✓noise") || !strings.Contains(got, "recorded: noise · CHECKOUT") {
		t.Errorf("after the ledger answered: %q", got)
	}
	f.press("1")
	f.Update(Tagged{Tags: f.tags()[1:], Err: errors.New("the disk is full")})
	if got := f.foot(2); !strings.Contains(got, "3✓noise") || !strings.Contains(got, "the tag is not recorded: the disk is full") {
		t.Errorf("after the ledger refused: %q", got)
	}
}

func TestAnyOtherKeyClosesTheStripAndDoesItsOwn(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("R", "j")
	if f.stripShown() || f.selected == uitest.Checkout() {
		t.Errorf("j closed the strip: %v, selected %v", !f.stripShown(), f.selected)
	}
	f.press("1")
	if len(f.tags()) != 0 || !strings.Contains(f.foot(1), "a tag is for the minute after a resolve (R)") {
		t.Errorf("1 without the strip recorded %v and says %q", f.tags(), f.foot(1))
	}
}

func TestStripEndsByItselfAndWithItsResolve(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("R")
	f.clock = f.clock.Add(59 * time.Second)
	f.Update(tickMsg{})
	if !f.stripShown() {
		t.Error("it ended before its minute was over")
	}
	f.clock = f.clock.Add(2 * time.Second)
	f.Update(tickMsg{})
	if f.stripShown() {
		t.Error("it is there after more than a minute")
	}
	f.press("R")
	a := f.acts()[len(f.acts())-1]
	a.ID = "x"
	f.Update(Events{oncall.ActionEvent{Stamp: oncall.Stamp{Source: "pd", At: f.clock}, Action: a, State: oncall.Refused}})
	if f.stripShown() {
		t.Error("a refused resolve leaves its strip")
	}
}

func TestFollowUpAsksForALineInPlace(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.size(80, 24)
	f.press("R", "6")
	if got := uitest.Plain(f.rows()); !strings.Contains(got, "FOLLOW-UP for payments") || !strings.Contains(got, "CHECKOUT 5xx above 5%") {
		t.Fatalf("the question is not there:\n%s", got)
	}
	f.press("!", "1", "enter")
	got := f.tags()
	if len(got) != 1 || got[0].Name != oncall.TagFollowUp || got[0].Value != "CHECKOUT 5xx above 5%!1" {
		t.Errorf("recorded %v", got)
	}
	if !f.stripShown() {
		t.Error("the strip is gone after one answer")
	}
	f.press("6", "esc")
	if len(f.tags()) != 1 {
		t.Errorf("esc recorded %v", f.tags())
	}
}

func TestALineIsLeftForNextTime(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("R", "7", "p", "u", "r", "g", "e", "enter")
	want := oncall.Tag{Page: uitest.Checkout(), Name: oncall.TagMemory, Value: "purge"}
	if got := f.tags(); len(got) != 1 || got[0] != want {
		t.Errorf("recorded %v, want %v", got, want)
	}
}

func TestStripOfSeveralPagesTagsEach(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("space", "j", "space", "R")
	f.clock = f.clock.Add(time.Second)
	f.press("y", "3", "5")
	if got := f.tags(); len(got) != 2 || got[0].Page == got[1].Page || got[0].Value != oncall.TagNoise {
		t.Errorf("recorded %v", got)
	}
	if got := f.foot(1); !strings.Contains(got, "several pages have no deploy") {
		t.Errorf("5 says %q", got)
	}
}

func TestStripFitsEverySize(t *testing.T) {
	for _, w := range []int{1, 20, 39, 60, 74, 80, 200} {
		for _, h := range []int{1, 2, 3, 9, 15, 24} {
			f := newFixture(t, uitest.Events()...)
			f.size(w, h)
			f.press("R")
			rows := f.rows()
			if len(rows) != h {
				t.Fatalf("%dx%d has %d rows", w, h, len(rows))
			}
			for i, l := range rows {
				if l.Width() != w && h >= 15 {
					t.Errorf("%dx%d: row %d is %d wide", w, h, i, l.Width())
				}
			}
		}
	}
	f := newFixture(t, uitest.Events()...)
	f.size(60, 15)
	f.press("R")
	if got := f.foot(3); !strings.Contains(got, "1 needed me  2 could wait  3 noise") || !strings.Contains(got, "6 follow-up") {
		t.Errorf("at 60x15:\n%s", got)
	}
}
