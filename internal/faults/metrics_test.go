package faults

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"conway/internal/drill/fault"
	"conway/internal/oncall"
	"conway/internal/sources"
)

// TestPrometheusDead is the row "Prometheus dead but Alertmanager up; Watchdog
// absent": the pager is well, and the silence of what alerts are made from is
// told beside it.
func TestPrometheusDead(t *testing.T) {
	bubble(t, "Prometheus dead but the pager up", setup{}, func(d *desk) {
		d.begin()
		d.prom.Faults.All(fault.Fault{Drop: true})
		d.until(20*time.Second, `prom \d+s!`)
		d.until(40*time.Second, `prom \d+s!!`)
		d.see("METRICS STALE", "7.5%?")
		d.well("pd", "gh")
		d.pass(10 * time.Minute)
		d.until(0, `prom 1\dm LOST`)
		d.see("METRICS LOST")
		d.unseen("7.5%")
		// Nothing is open any more, and that is not taken for all being well.
		d.pd.Resolve(d.page, "PBEN")
		d.pass(20 * time.Minute)
		d.see("✓ nothing is open", "prom silent since 00:00", "may break without a page")
		d.well("pd")
		d.prom.Faults.Clear()
		d.until(61*time.Second, `prom \d+s `)
		d.unseen("silent since")
	})
	bubble(t, "lapsed alerts", setup{}, func(d *desk) {
		d.begin()
		am := &lister{}
		am.pages.Store(&[]oncall.Page{{Ref: oncall.Ref{Source: "am", ID: "1"}, Title: "Zlapsing", Status: oncall.Triggered, CreatedAt: d.now()}})
		d.group.Start(d.ctx, am)
		d.pass(15 * time.Second)
		d.see("Zlapsing")
		am.pages.Store(&[]oncall.Page{}) // whole lists without it, from a source that cannot say why
		d.pass(30 * time.Second)
		d.see("Zlapsing", "lapsed, not seen to resolve")
		d.unseen("resolved: Zlapsing")
		d.well("pd", "am")
	})
}

// lister is an alert source that knows lists and no history.
type lister struct{ pages atomic.Pointer[[]oncall.Page] }

// Name implements sources.Source.
func (l *lister) Name() string { return "am" }

// Run implements sources.Source.
func (l *lister) Run(ctx context.Context, emit sources.Emit) error {
	return sources.Poll(ctx, every, sources.NewNudge(), func(context.Context) error {
		emit(oncall.PagesEvent{Stamp: oncall.Stamp{Source: "am", At: time.Now()}, Pages: *l.pages.Load(), Complete: true, Every: every})
		return nil
	})
}

// panelRow is what is drawn of the one panel.
func (d *desk) panelRow() string {
	for row := range strings.Lines(d.screen()) {
		if _, rest, ok := strings.Cut(row, "error ratio "); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

// TestSeriesEnds is the row "metric series vanishes; target down within the 5-min
// lookback": the sample's own time drives its age; neither a flat line at the last
// value nor a 0 is drawn.
func TestSeriesEnds(t *testing.T) {
	bubble(t, "metric series vanishes", setup{}, func(d *desk) {
		d.begin()
		d.dead = true
		if err := d.store.Stale(metric, map[string]string{"service": "checkout"}, d.there()); err != nil {
			d.Fatal(err)
		}
		d.until(20*time.Second, `error ratio +gone`)
		if row := d.panelRow(); strings.HasPrefix(row, "0") {
			d.Errorf("a 0 is drawn: %s", row)
		}
		d.well("prom", "pd", "gh")
		d.dead = false
		d.value = 0
		d.until(31*time.Second, `error ratio +0% `)
	})
	bubble(t, "target down within the 5-min lookback", setup{}, func(d *desk) {
		d.begin()
		d.dead = true
		last := time.Now()
		marked := d.until(oncall.OldSample+30*time.Second, `error ratio +7\.5%\? \dm`)
		if marked > oncall.OldSample+20*time.Second {
			d.Errorf("marked after %v", marked)
		}
		for time.Since(last) < 6*time.Minute {
			d.pass(5 * time.Second)
			if row := d.panelRow(); strings.HasPrefix(row, "7.5% ") || strings.HasPrefix(row, "0") {
				d.Fatalf("%v after its end it is drawn as %q", time.Since(last), row)
			}
			if time.Since(last) < oncall.OldSample+20*time.Second {
				continue
			}
			d.mu.Lock()
			panels := d.model.Board().Metrics().Value.Panels
			for _, line := range panels[0].Series {
				if n := len(line.Points); n > 0 && line.Points[n-1].At.After(last.Add(oncall.OldSample)) {
					d.Fatalf("the line goes on until %v", line.Points[n-1].At)
				}
			}
			d.mu.Unlock()
		}
		d.see("gone")
		d.well("prom", "pd", "gh") // the server answers, and says so
	})
	bubble(t, "a real 0 is one", setup{}, func(d *desk) {
		d.begin()
		d.value = 0
		d.until(31*time.Second, `error ratio +0% `)
		d.pass(10 * time.Minute)
		d.see("0% ")
		d.unseen("gone", "NO DATA", "LOST", "0%?")
	})
	bubble(t, "no data at all", setup{dead: true}, func(d *desk) {
		d.pass(20 * time.Second)
		d.see("error ratio      NO DATA")
		d.well("prom", "pd", "gh")
		d.dead = false
		d.until(31*time.Second, `error ratio +7\.5%`)
	})
}
