package ui

import (
	"strings"
	"testing"
	"time"

	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/runbook"
	"conway/internal/ui/pane"
	"conway/internal/ui/uitest"
)

func TestNothingConfiguredIsNotWaitedFor(t *testing.T) {
	f := newFixture(t)
	f.board = board.New(board.Options{})
	f.opts.Notice = "no config, and nothing found: PAGERDUTY_TOKEN is not set: no pages; no Prometheus answers; no git repository here; THE END"
	f.size(100, 40)
	for _, k := range []string{"pages", "deploys", "metrics", "logs"} {
		f.mustSee(t, "name a source under "+k+":")
	}
	f.wait(time.Minute) // the footer has gone
	f.mustSee(t, "THE END")
	got := f.screenText()
	for _, lie := range []string{"asking", "answered yet", "no answer yet", "no lines"} {
		if strings.Contains(got, lie) {
			t.Errorf("nothing is configured, and the screen says %q:\n%s", lie, got)
		}
	}
}

// A range's last step may be a minute old; the plot ends with the newest value.
func TestPlotEndsWithTheNewestValue(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	e := uitest.Series().(oncall.SeriesEvent)
	p := &e.Panels[0]
	for i := range p.Series[0].Points {
		p.Series[0].Points[i].V = 0.2
	}
	p.Series[0].Points = p.Series[0].Points[:len(p.Series[0].Points)-1]
	p.Latest = &oncall.Point{At: f.clock, V: 40}
	f.event(e)
	row := func() string {
		fr := f.frame(90, 4, pane.Metrics)
		return strings.TrimRight(strings.Split(uitest.Plain(f.panes[pane.Metrics].View(fr, f.board)), "\n")[0], " ")
	}
	if got := row(); !strings.HasSuffix(got, "▁█") {
		t.Errorf("the newest value is 40 and the others 0.2, drawn as %s", got)
	}
	p.Latest.V = 0.2
	f.event(e)
	if got := row(); strings.ContainsAny(got, "▅▆▇█") {
		t.Errorf("0.2%% of a threshold of 1%% looks like a fault: %s", got)
	}
}

func TestFilterThatHidesEveryPanelSaysSo(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.panes[pane.Metrics].(pane.Filterable).Filter("zzz")
	f.mustSee(t, "3 panels, none matches /zzz")
	f.mustSee(t, "-60m…now /zzz")
}

func TestDeployColumnsStandBelowEachOther(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	old := uitest.Deploys()
	old[1].StartedAt, old[1].FinishedAt = f.clock.Add(-50*time.Hour), f.clock.Add(-50*time.Hour)
	f.event(oncall.DeploysEvent{Stamp: oncall.Stamp{Source: "gh", At: f.clock}, Every: time.Minute, Deploys: old})
	rows := strings.Split(uitest.Plain(f.panes[pane.Deploys].View(f.frame(90, 5, pane.Deploys), f.board)), "\n")
	if a, b := strings.Index(rows[0], "✓"), strings.Index(rows[1], "✓"); a != b {
		t.Errorf("the signs stand at %d and %d:\n%s\n%s", a, b, rows[0], rows[1])
	}
}

func TestRowAlwaysNamesItsPage(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	var rest []oncall.Page
	for _, p := range uitest.Pages() {
		if p.Ref != uitest.Checkout() {
			rest = append(rest, p)
		}
	}
	f.event(oncall.PagesEvent{Stamp: oncall.Stamp{Source: "pd", At: f.clock.Add(time.Second)}, Pages: rest, Complete: true, Every: 10 * time.Second})
	row, ok := f.board.Page(uitest.Checkout())
	if !ok || !row.Gone {
		t.Fatalf("the page is not gone: %+v", row)
	}
	for w := 24; w < 120; w++ {
		got := uitest.Plain(f.panes[pane.Pages].View(f.frame(w, 5, pane.Pages), f.board))
		if !strings.Contains(got, "CHECKOUT") {
			t.Errorf("at %d cells the row does not name its page:\n%s", w, got)
		}
	}
	f.size(120, 40)
	f.mustSee(t, "was triggered, began 4 min ago")
	f.mustSee(t, "lapsed, not seen to resolve")
	if got := f.screenText(); strings.Contains(got, "triggered 4 min ago") {
		t.Errorf("a state that is not known is told as a fact:\n%s", got)
	}
	left := row.Page
	left.Assignees, left.Mine = []oncall.Person{{Name: "Ben"}}, false
	f.event(oncall.PagesEvent{
		Stamp: oncall.Stamp{Source: "pd", At: f.clock.Add(2 * time.Second)}, Pages: rest, Left: []oncall.Page{left}, Complete: true, Every: 10 * time.Second,
	})
	f.mustSee(t, "now with Ben")
}

func TestNarrowDeploysKeepWhatMatters(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("j", "j") // ledger, which no deploy here concerns
	got := uitest.Plain(f.panes[pane.Deploys].View(f.frame(30, 6, pane.Deploys), f.board))
	if !strings.Contains(got, "F shows all") && !strings.Contains(got, "checkout") {
		t.Errorf("the way out is cut off:\n%s", got)
	}
	old := uitest.Deploys()
	for i := range old {
		old[i].StartedAt, old[i].FinishedAt = f.clock.Add(-50*time.Hour), f.clock.Add(-50*time.Hour)
	}
	f.press("g")
	f.event(oncall.DeploysEvent{Stamp: oncall.Stamp{Source: "gh", At: f.clock}, Every: time.Minute, Deploys: old})
	if got := uitest.Plain(f.panes[pane.Deploys].View(f.frame(30, 6, pane.Deploys), f.board)); !strings.Contains(got, "Feb 28 ✓ checkout v413") {
		t.Errorf("at 30 cells:\n%s", got)
	}
}

func TestOverdueEscalationIsNotACountdown(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.mustSee(t, "in 11:02 if unacked")
	f.clock = f.clock.Add(12 * time.Minute)
	f.event(oncall.PagesEvent{Stamp: oncall.Stamp{Source: "pd", At: f.clock}, Pages: uitest.Pages(), Complete: true, Every: 10 * time.Second})
	f.mustSee(t, "due now")
}

func TestHistoryThatCannotBeHadIsNotAwaited(t *testing.T) {
	f := newFixture(t, uitest.Events()[:2]...)
	f.mustSee(t, "fired before? asking")
	f.event(oncall.DetailEvent{Page: uitest.Checkout(), Stamp: oncall.Stamp{
		Source: "pd", At: f.clock, Err: &oncall.Fault{Kind: oncall.Unavailable, Source: "pd", Op: "read the page"},
	}})
	f.mustSee(t, "fired before? not known")
}

func TestKeyOfAnotherPaneSaysWhere(t *testing.T) {
	for _, k := range []string{"=", "w", "}", "{"} {
		f := newFixture(t, uitest.Events()...)
		f.press(k)
		f.mustSee(t, "that is for the logs; L focuses them")
	}
	f := newFixture(t, uitest.Events()...)
	f.press("<")
	f.mustSee(t, "nothing moves sideways in pages")
	f.press("F")
	f.mustSee(t, "the pages are what the other panes follow")
	f = newFixture(t)
	for _, k := range []string{"o", "y", "!"} {
		f.toast = toast{}
		f.press(k)
		f.mustSee(t, "no page is selected")
	}
}

func TestPinnedMetricsStay(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("M", "F")
	f.mustSee(t, "metrics: pinned to checkout")
	f.press("P", "j", "j") // ledger
	f.mustSee(t, "DEPLOYS ledger")
	f.mustSee(t, "METRICS checkout")
	if ask, _ := last[pane.Ask](f); !strings.Contains(ask.Questions["prom"].Queries[0].Query, "checkout") {
		t.Errorf("pinned metrics ask %+v", ask.Questions)
	}
	f.press("M", "F")
	f.mustSee(t, "ledger-api · -")
}

func TestLayoutKeyShowsTheLayout(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	f.press("b", "f", "v")
	f.mustSee(t, "layout triage")
	f.mustSee(t, "DETAIL #4821")
	f.size(80, 24)
	f.press("v")
	f.mustSee(t, "panes are stacked")
}

func TestRunbookIsReadNotItsMarkup(t *testing.T) {
	f := newFixture(t, uitest.Events()...)
	rb, err := runbook.Parse("r.md", []byte("---\ntitle: Checkout 5xx\nservices: checkout\n---\nOne sentence that its author\nbroke here.\n\n- item that\n  goes on\n- second\n"))
	if err != nil {
		t.Fatal(err)
	}
	f.scene.Runbook = &runbook.Entry{Path: "r.md", Runbook: rb}
	got := uitest.Plain(f.panes[pane.Runbook].View(f.frame(80, 20, pane.Runbook), f.board))
	want := "r.md: the runbook has no steps; write each one as a ```sh or ```bash block\nOne sentence that its author broke here.\n- item that goes on\n- second\n"
	if got != want {
		t.Errorf("drawn as\n%s\nwant\n%s", got, want)
	}
}
