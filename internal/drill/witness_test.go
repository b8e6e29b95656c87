package drill

import (
	"strings"
	"testing"
	"time"

	"conway/internal/oncall"
)

func TestDebriefTellsWhatWasSeen(t *testing.T) {
	t.Parallel()
	d := begin(t, "bad-deploy")
	id := paged(t, d).ID
	at := func(s int) oncall.Stamp {
		return oncall.Stamp{At: d.watcher.story().pagedAt.Add(time.Duration(s) * time.Second)}
	}
	critical := 0.05
	ref := oncall.Ref{Source: "pd", ID: id}
	panel := oncall.Panel{
		PanelQuery: oncall.PanelQuery{Panel: "error ratio", Critical: &critical}, Latest: &oncall.Point{V: 0.06},
	}
	run := oncall.StepRun{ID: "r1", Step: 2, Title: "Roll\x1b[2J back", State: oncall.RunRunning, Started: at(70).At}
	for _, e := range []oncall.Event{
		oncall.PagesEvent{Stamp: at(2), Pages: []oncall.Page{{Ref: ref}}},
		oncall.PagesEvent{Stamp: at(4), Pages: []oncall.Page{{Ref: ref}}},
		oncall.DetailEvent{Stamp: at(3), Page: ref, Detail: oncall.PageDetail{History: &oncall.History{Count: 3, Fix: "rolled back v398"}}},
		oncall.DeploysEvent{Stamp: at(5), Deploys: []oncall.Deploy{{Version: "v412"}, {Version: "v413"}}},
		oncall.SeriesEvent{Stamp: at(6), Panels: []oncall.Panel{panel}},
		oncall.LinesEvent{Stamp: at(7), Lines: []oncall.LogLine{{Level: oncall.LevelInfo}, {Level: oncall.LevelError}}},
		oncall.ActionEvent{Stamp: at(8), Action: oncall.Action{ID: "a1"}, State: oncall.Sending},
		oncall.ActionEvent{Stamp: at(9), Action: oncall.Action{ID: "a1"}, State: oncall.Unconfirmed},
		oncall.RunEvent{Stamp: at(70), Run: run},
		oncall.HealthEvent{Stamp: at(71)},
	} {
		d.Observe(e)
	}
	run.State, run.Exit, run.Ended = oncall.RunExited, 1, run.Started.Add(2*time.Second)
	d.Observe(oncall.RunEvent{Stamp: at(72), Run: run})
	text := d.Debrief(at(80).At)
	for _, want := range []string{
		"    +0:02  page #4804, for the first time\n",
		"    +0:03  its history: 3 times before, last fixed by \"rolled back v398\"\n",
		"    +0:05  checkout v413 among the deploys\n",
		"    +0:06  \"error ratio\" at its critical threshold\n",
		"    +0:07  the first of 1 errors in 2 log lines\n",
		"    +0:09  ack: unconfirmed\n",
		"exit 1 after 2 s\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the debrief does not say %q", want)
		}
	}
	if strings.Contains(text, "\x1b") || t.Failed() {
		t.Errorf("%q", text)
	}
}
