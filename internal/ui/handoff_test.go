package ui

import (
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/ui/pane"
	"conway/internal/ui/uitest"
)

func TestTheHandoffIsReadWhileItIsShown(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	asked := func() (n int) {
		for _, i := range f.intents {
			if _, ok := i.(pane.LoadSheet); ok {
				n++
			}
		}
		return n
	}
	f.wait(2 * time.Minute)
	if asked() != 0 {
		t.Error("the ledger was read although nobody looks")
	}
	f.press("H")
	f.wait(time.Second)
	if asked() != 1 {
		t.Errorf("the ledger was read %d times, want once", asked())
	}
	f.mustSee(t, "reading the ledger")
	if strings.Contains(f.screenText(), "FOLLOW-UPS OPEN") {
		t.Error("what is not known is drawn as none")
	}
	f.event(oncall.SheetEvent{Stamp: oncall.Stamp{Source: "ledger", At: f.clock}, Sheet: oncall.Sheet{
		Unreviewed: []oncall.StepRun{{ID: "S2", Script: "rm -r /tmp/\x1b[2Jx\n", Started: f.clock}},
		FollowUps:  []oncall.FollowUp{{ID: "F1", Text: "rotate the logs", Opened: f.clock.Add(-72 * time.Hour)}},
		Watch:      []oncall.Watch{{Title: "queue depth", Service: "ledger", Fired: 3, Ended: f.clock}},
	}})
	for _, want := range []string{"OPEN PAGES 3", "UNREVIEWED CHANGES 1", "rotate the logs", "fired 3 times", "read 0 s ago"} {
		f.mustSee(t, want)
	}
	f.wait(2 * time.Minute)
	if asked() != 2 {
		t.Errorf("after a while the ledger was read %d times, want twice", asked())
	}
	f.event(oncall.SheetEvent{Stamp: oncall.Stamp{Source: "ledger", At: f.clock, Err: &oncall.Fault{Kind: oncall.Unavailable, Source: "ledger", Detail: "the disk is full"}}})
	f.mustSee(t, "the disk is full")
	f.mustSee(t, "rotate the logs") // what was known stays, under the fault
}
