package metrics_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/ui/metrics"
	"conway/internal/ui/pane"
	"conway/internal/ui/uitest"
)

// TestNoPageIsSelected says so once, and only where no panel has anything to show.
func TestNoPageIsSelected(t *testing.T) {
	const why = "no page is selected, whose service this is about"
	see := func(page oncall.Ref, panels ...oncall.Panel) string {
		b := board.New(board.Options{Sources: []board.SourceInfo{{Name: "prom", Kind: board.KindMetrics}}})
		b, _ = b.Apply(oncall.SeriesEvent{
			Stamp: oncall.Stamp{Source: "prom", At: uitest.Now()}, Panels: panels, Every: time.Minute,
		})
		f := pane.Frame{Width: 80, Height: 6, Now: uitest.Now(), Zone: uitest.Zone(), Scene: pane.Scene{Page: page}}
		return uitest.Plain(metrics.New().View(f, b).Fit(f.Width, f.Height))
	}
	waiting := []oncall.Panel{{PanelQuery: oncall.PanelQuery{Panel: "error ratio", Unfilled: why}}, {PanelQuery: oncall.PanelQuery{Panel: "requests", Unfilled: why}}}
	if got := strings.Join(strings.Fields(see(oncall.Ref{}, waiting...)), " "); got != "no page is selected; these follow the service of the one that is: error ratio, requests" {
		t.Errorf("it says %q", got)
	}
	fixed := oncall.Panel{PanelQuery: oncall.PanelQuery{Panel: "load", Query: "load"}}
	if got := see(oncall.Ref{}, slices.Concat(waiting, []oncall.Panel{fixed})...); !strings.Contains(got, "load") || !strings.Contains(got, why) || strings.Contains(got, "these follow") {
		t.Errorf("beside a panel of no page it says\n%s", got)
	}
	if got := see(oncall.Ref{Source: "pd", ID: "1"}, waiting...); strings.Contains(got, "these follow") {
		t.Errorf("of a page it says\n%s", got)
	}
}
