package drill

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// watcher measures the services, judges the alert rules and knows when the drill
// is over.
type watcher struct {
	d *Drill

	mu    sync.Mutex
	rules []*rule
	// pagedAt and healedAt are when the rule that the scenario is about fired
	// first and cleared last; zero for not yet.
	pagedAt, healedAt time.Time
	// overSince is since when the end's condition has held.
	overSince time.Time
}

func newWatcher(d *Drill) *watcher {
	w := &watcher{d: d}
	for _, a := range d.scenario.Alerts {
		w.rules = append(w.rules, &rule{Alert: a, hold: d.pace.wall(a.For)})
	}
	return w
}

// run measures until the context ends.
func (w *watcher) run(ctx context.Context) error {
	interval := max(minSampleEvery, w.d.pace.wall(sampleEvery))
	return every(ctx, interval, func(context.Context) error { return w.sample(w.d.pace.now()) })
}

// sample measures every service once and acts on what the rules make of it.
func (w *watcher) sample(now time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.d.meters {
		values, err := m.read(now)
		if err != nil {
			return err
		}
		if err := m.store(w.d.store, now, values); err != nil {
			return err
		}
		for _, r := range w.rules {
			for _, v := range values {
				if r.Service == m.spec.Name && r.Series == v.series {
					w.judge(r, now, v.v)
				}
			}
		}
	}
	for _, r := range w.rules {
		w.d.pager.tend(r, now)
	}
	w.over(now)
	return nil
}

// judge gives a rule a new value and tells what follows from it.
func (w *watcher) judge(r *rule, now time.Time, v float64) {
	about := r.Name == w.d.scenario.End.Alert
	switch r.step(now, v) {
	case broke:
		w.d.chronicle.add(now, fmt.Sprintf("%s of %s went above %g", r.Series, r.Service, r.Above))
	case calm:
		w.d.chronicle.add(now, fmt.Sprintf("%s of %s was good again before it paged", r.Series, r.Service))
	case fired:
		w.d.pager.page(r, now)
		w.d.chronicle.add(now, fmt.Sprintf("the alert %s fired at %.3g", r.Name, v))
		if about {
			if w.pagedAt.IsZero() {
				w.pagedAt = now
			}
			w.healedAt = time.Time{}
		}
	case cleared:
		w.d.pager.account.ResolveAlerts(r.incident())
		w.d.chronicle.add(now, fmt.Sprintf("the alert %s cleared at %.3g", r.Name, v))
		if about {
			w.healedAt = now
		}
	case same:
	}
}

// over ends the drill once its condition has held for long enough.
func (w *watcher) over(now time.Time) {
	for _, r := range w.rules {
		if r.Name != w.d.scenario.End.Alert {
			continue
		}
		st, ok := w.d.account.State(r.incident())
		if !ok || !r.everFired || r.firing || st.Status != "resolved" {
			w.overSince = time.Time{}
			return
		}
		if w.overSince.IsZero() {
			w.overSince = now
		}
		if now.Sub(w.overSince) >= w.d.pace.wall(w.d.scenario.End.After) {
			w.d.finish()
		}
	}
}

// story is what the debrief needs of the watcher.
type story struct {
	pagedAt, healedAt time.Time
	// incidents are its pages, oldest first.
	incidents []string
}

func (w *watcher) story() story {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := story{pagedAt: w.pagedAt, healedAt: w.healedAt}
	for _, r := range w.rules {
		if r.Name == w.d.scenario.End.Alert {
			s.incidents = slices.Clone(r.incidents)
		}
	}
	return s
}
