package ui

import (
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/ui/pane"
	"conway/internal/ui/uitest"
)

// lastNight are two pages that nobody has judged.
func lastNight(at time.Time) oncall.Event {
	page := func(id, title string, ago time.Duration) oncall.Untagged {
		return oncall.Untagged{Page: oncall.Ref{Source: "pd", ID: id}, Title: title, At: at.Add(-ago), Team: "payments", Suspect: "gh/3"}
	}
	return oncall.RecallEvent{Stamp: oncall.Stamp{Source: "ledger", At: at}, Recall: oncall.Recall{
		Untagged: []oncall.Untagged{page("N1", "queue depth", 7*time.Hour), page("N2", "disk full", 5*time.Hour)},
	}}
}

// morningAt is a fixture at an hour of the person's own clock.
func morningAt(t *testing.T, hour int) *fixture {
	t.Helper()
	f := newFixture(t, uitest.Events()...)
	f.clock = time.Date(2026, 3, 2, hour, 5, 0, 0, uitest.Zone())
	f.Update(tickMsg{})
	f.toast = toast{}
	return f
}

const reminder = "2 pages from last night have no tag · `:tag` (about 20 s) or `:drop`"

func TestMorningRemindsOnceADay(t *testing.T) {
	f := morningAt(t, 7)
	f.Update(Events{lastNight(f.clock)})
	if got := f.foot(1); strings.Contains(got, "no tag") {
		t.Errorf("before eight it asks: %q", got)
	}
	f = morningAt(t, 8)
	f.Update(Events{lastNight(f.clock)})
	if got := f.foot(1); !strings.Contains(got, reminder) {
		t.Errorf("after eight it says %q", got)
	}
	f.toast = toast{}
	f.Update(Events{lastNight(f.clock)})
	if got := f.foot(1); strings.Contains(got, "no tag") {
		t.Errorf("it asks a second time: %q", got)
	}
	was := f.memory()
	again := morningAt(t, 9)
	again.recall(was)
	again.Update(Events{lastNight(again.clock)})
	if got := again.foot(1); strings.Contains(got, "no tag") {
		t.Errorf("the next start of the same day asks again: %q", got)
	}
	again.clock = again.clock.AddDate(0, 0, 1)
	again.Update(tickMsg{})
	again.Update(Events{lastNight(again.clock)})
	if got := again.foot(1); !strings.Contains(got, reminder) {
		t.Errorf("the next day says %q", got)
	}
}

func TestTagWalksThroughTheNight(t *testing.T) {
	f := morningAt(t, 8)
	f.press(":")
	f.word("tag")
	f.press("enter")
	if !strings.Contains(f.foot(1), "no page of last night waits") && len(f.stack) == 0 {
		t.Errorf("with nothing to tag it says %q", f.foot(1))
	}
	f.press("esc")
	f.Update(Events{lastNight(f.clock)})
	f.toast = toast{}
	f.press(":")
	f.word("tag")
	f.press("enter")
	if got := f.foot(2); !strings.Contains(got, "1 of 2  01:05 queue depth") || !strings.Contains(got, "1 needed me") {
		t.Fatalf("the walk begins with\n%s", got)
	}
	f.press("4", "2", "2") // the second 2 was meant for the first page
	if got := f.foot(3); !strings.Contains(got, "2 of 2  03:05 disk full") {
		t.Fatalf("after a verdict:\n%s", got)
	}
	f.clock = f.clock.Add(time.Second)
	f.press("3", "3")
	want := []oncall.Tag{
		{Page: oncall.Ref{Source: "pd", ID: "N1"}, Name: oncall.TagPreventable, Value: oncall.TagYes},
		{Page: oncall.Ref{Source: "pd", ID: "N1"}, Name: oncall.TagVerdict, Value: oncall.TagWait},
		{Page: oncall.Ref{Source: "pd", ID: "N2"}, Name: oncall.TagVerdict, Value: oncall.TagNoise},
	}
	got := f.tags()
	if len(got) != len(want) {
		t.Fatalf("recorded %v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("tag %d is %v, want %v", i, got[i], want[i])
		}
	}
	if f.stripShown() {
		t.Error("the strip stays after the last page")
	}
}

func TestDropLeavesTheNightWithoutTags(t *testing.T) {
	f := morningAt(t, 8)
	f.Update(Events{lastNight(f.clock)})
	f.carryOut(f.dropNight())
	got := f.tags()
	if len(got) != 2 || got[0].Name != oncall.TagDropped || got[1].Value != oncall.TagYes {
		t.Fatalf("recorded %v", got)
	}
	f.Update(Tagged{Tags: got})
	if s := f.foot(1); !strings.Contains(s, "recorded for 2 pages: left without a tag") {
		t.Errorf("the receipt is %q", s)
	}
}

func TestLedgerIsCountedOnlyWhileItsPaneIsOpen(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	counted := func() int {
		n := 0
		for _, i := range f.intents {
			if _, ok := i.(pane.CountNights); ok {
				n++
			}
		}
		return n
	}
	if counted() != 0 {
		t.Error("it is counted though nobody looks")
	}
	f.press("C")
	f.Update(tickMsg{})
	if counted() != 1 {
		t.Errorf("it was asked for %d times, want once", counted())
	}
	f.Update(Events(uitest.Ledger()))
	if got := uitest.Plain(f.rows()); !strings.Contains(got, "6 sleep pages in 4 nights") {
		t.Errorf("the pane shows:\n%s", got)
	}
	f.clock = f.clock.Add(6 * time.Minute)
	f.Update(tickMsg{})
	if counted() != 2 {
		t.Errorf("after six minutes it was asked for %d times, want twice", counted())
	}
	f.press("C")
	f.clock = f.clock.Add(6 * time.Minute)
	f.Update(tickMsg{})
	if counted() != 2 {
		t.Error("it is counted though the pane is closed")
	}
}
