package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"conway/internal/board"
	"conway/internal/config"
	"conway/internal/follow"
	"conway/internal/ledger"
	"conway/internal/oncall"
	"conway/internal/report"
	"conway/internal/sources"
	"conway/internal/story"
	"conway/internal/ui/pane"
)

const (
	// watchSpan is how far back pages are looked at for what may come again.
	watchSpan = 12 * time.Hour
	// reviewSpan is how long a command that nobody has looked at is shown.
	reviewSpan = 14 * 24 * time.Hour
	// watchDeploys is how many deploys of a service are named, of the last day.
	watchDeploys = 3
)

// kindReview is the record of somebody having looked at a command that was typed.
const kindReview = "review"

// reviewBody is its body.
type reviewBody struct {
	// Run is the id of the oncall.StepRun.
	Run string `json:"run"`
}

type handoffOptions struct {
	json     bool
	wait     time.Duration
	reviewed []string
}

func (a *app) handoffCommand() *cobra.Command {
	var o handoffOptions
	cmd := &cobra.Command{
		Use: "handoff", Short: "Print the sheet for whoever is on call next, as Markdown", Args: cobra.NoArgs,
		Long: `handoff prints what the next person has to know: the open pages, what will call again by
itself, commands that were typed and that nobody has looked at since, open follow-ups with
their ages, and what ended lately after it had fired more than once, with the deploys of
its service.

The exit code is 3 when some sources failed and the rest is shown.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.handoff(cmd.Context(), o) },
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "JSON instead of Markdown")
	cmd.Flags().DurationVar(&o.wait, "wait", defaultWait, "how long to wait for the sources")
	cmd.Flags().StringSliceVar(&o.reviewed, "reviewed", nil, "record that these commands have been looked at, and print nothing")
	return cmd
}

func (a *app) handoff(ctx context.Context, o handoffOptions) error {
	cfg, _, err := a.load(ctx)
	if err != nil {
		return err
	}
	if len(o.reviewed) > 0 {
		return a.review(ctx, cfg, o.reviewed)
	}
	c, err := newCore(cfg, a.now, board.KindPages, board.KindDeploys)
	if err != nil {
		return err
	}
	clean := a.cleaner(cfg)
	c.learn = clean.learn
	a.knowAcks(ctx, c)
	b := a.gather(ctx, c, o.wait)
	past, err := a.past(ctx, cfg)
	sheet := sheetOf(past, c.services, b.Deploys(), a.now())
	if err != nil {
		sheet.Missing = append(sheet.Missing, fmt.Sprintf("the ledger could not be read: %v", err))
	}
	sheet.Silences, err = silences(ctx, c.byName, o.wait)
	if err != nil {
		sheet.Missing = append(sheet.Missing, err.Error())
	}
	h := story.Handoff{Version: story.Version, At: a.now().UTC(), Pages: []oncall.Page{}, Sheet: sheet}
	for _, r := range b.Pages() {
		if !r.Gone && r.Page.Open() {
			h.Pages = append(h.Pages, r.Page)
		}
	}
	for _, s := range b.Sources() {
		if s.Reading.Fault != nil {
			h.Missing = append(h.Missing, s.Reading.Fault.Error())
		}
	}
	h = h.Without(clean.clean)
	if o.json {
		err = a.printJSON(h)
	} else {
		err = a.printText(h.Markdown(cfg.Me.Location()))
	}
	return errors.Join(err, partly(b, a.now()))
}

// loadSheet reads the sheet from the ledger for the screen.
func (c *core) loadSheet(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, detailTimeout)
	defer cancel()
	e := oncall.SheetEvent{Stamp: oncall.Stamp{Source: ledgerName}}
	if c.journal == nil {
		e.Err = c.unkept
	} else {
		past, err := pastOf(ctx, c.journal)
		e.Sheet = sheetOf(past, c.services, c.unwritten.known(), c.now())
		if err != nil && len(past.records) == 0 {
			e.Err = oncall.AsFault(err, ledgerName, "read the sheet")
		} else if err != nil {
			e.Sheet.Missing = append(e.Sheet.Missing, err.Error())
		}
	}
	some, err := silences(ctx, c.byName, detailTimeout)
	if e.Sheet.Silences = some; err != nil {
		e.Sheet.Missing = append(e.Sheet.Missing, err.Error())
	}
	if c.ctx.Err() == nil {
		e.At = c.now()
		c.emit(e)
	}
}

// silences are those of every source that has any.
func silences(ctx context.Context, all map[string]sources.Source, wait time.Duration) ([]oncall.Silence, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	out := []oncall.Silence{}
	var failed error
	for _, name := range slices.Sorted(maps.Keys(all)) {
		s, ok := all[name].(sources.Silencer)
		if !ok {
			continue
		}
		some, err := s.Silences(ctx)
		out, failed = append(out, some...), errors.Join(failed, err)
	}
	slices.SortStableFunc(out, func(a, b oncall.Silence) int { return a.Until.Compare(b.Until) })
	return out, failed
}

// review records that commands have been looked at.
func (a *app) review(ctx context.Context, cfg config.Config, runs []string) error {
	if cfg.ReadOnly {
		return usage(fmt.Errorf("handoff --reviewed: read_only is set in the config"))
	}
	past, err := a.past(ctx, cfg)
	if err != nil {
		return err
	}
	open := unreviewed(past, a.now())
	for _, id := range runs {
		if !slices.ContainsFunc(open, func(r oncall.StepRun) bool { return r.ID == id }) {
			return usage(fmt.Errorf("%q is no command that waits to be looked at; conway handoff lists them", id))
		}
	}
	return a.withLedger(ctx, cfg, false, func(j *ledger.Journal) error {
		for _, id := range runs {
			if err := keepRecord(ctx, j, kindReview, "", reviewBody{Run: id}); err != nil {
				return fmt.Errorf("record that %s was looked at: %w", id, err)
			}
			fmt.Fprintf(a.stdout, "%s: recorded as looked at\n", id)
		}
		return nil
	})
}

// sheetOf puts the sheet together from what the ledger holds and the deploys that
// the sources know.
func sheetOf(p ledgerPast, services follow.Map, deploys []oncall.Deploy, now time.Time) oncall.Sheet {
	s := oncall.Sheet{Unreviewed: unreviewed(p, now), FollowUps: []oncall.FollowUp{}, Watch: []oncall.Watch{}, Silences: []oncall.Silence{}}
	for _, f := range p.facts.FollowUps {
		if f.Closed.IsZero() {
			one := oncall.FollowUp{ID: f.ID, Team: f.Team, Text: f.Text, URL: f.URL, Opened: f.Opened}
			if f.Incident != "" {
				one.Page = refOf(f.Incident)
			}
			s.FollowUps = append(s.FollowUps, one)
		}
	}
	slices.SortStableFunc(s.FollowUps, func(a, b oncall.FollowUp) int { return a.Opened.Compare(b.Opened) })
	s.Watch = append(s.Watch, watches(p.facts, now)...)
	for i := range s.Watch {
		s.Watch[i].Deploys = recent(s.Watch[i].Service, services, deploys, now)
	}
	return s
}

// unreviewed are the commands that were typed lately and that nobody has looked at.
func unreviewed(p ledgerPast, now time.Time) []oncall.StepRun {
	runs, looked := map[string]oncall.StepRun{}, map[string]bool{}
	for _, r := range p.records {
		var review reviewBody
		var run oncall.StepRun
		switch r.Kind {
		case kindReview:
			if r.Decode(&review) == nil {
				looked[review.Run] = true
			}
		case ledger.KindStep, ledger.KindRun:
			if r.Decode(&run) != nil || run.Runbook != pane.AdHoc || now.Sub(run.Started) > reviewSpan {
				continue
			}
			if _, known := runs[run.ID]; !known || r.Kind == ledger.KindRun {
				runs[run.ID] = run
			}
		}
	}
	out := []oncall.StepRun{}
	for id, run := range runs {
		if !looked[id] {
			out = append(out, run)
		}
	}
	slices.SortFunc(out, func(a, b oncall.StepRun) int { return cmp.Or(b.Started.Compare(a.Started), cmp.Compare(a.ID, b.ID)) })
	return out
}

// watches are the alerts of which a page ended lately and more than one was opened.
func watches(f report.Facts, now time.Time) []oncall.Watch {
	first, ended := map[string]time.Time{}, map[string]time.Time{}
	for _, n := range f.Notifications {
		if at, known := first[n.Incident]; !known || n.At.Before(at) {
			first[n.Incident] = n.At
		}
	}
	for _, r := range f.Releases {
		if r.Reason == report.Resolved && r.At.After(ended[r.Incident]) {
			ended[r.Incident] = r.At
		}
	}
	by := map[string]*oncall.Watch{}
	var order []string
	for _, i := range f.Incidents {
		lately := now.Sub(first[i.ID]) <= watchSpan || now.Sub(ended[i.ID]) <= watchSpan
		if i.Test || !lately {
			continue
		}
		w := by[i.Fingerprint]
		if w == nil {
			w = &oncall.Watch{Title: i.Title, Service: i.Service}
			by[i.Fingerprint] = w
			order = append(order, i.Fingerprint)
		}
		w.Fired++
		if at := ended[i.ID]; at.After(w.Ended) {
			w.Ended, w.Title = at, i.Title
		}
	}
	var out []oncall.Watch
	for _, print := range order {
		if w := by[print]; w.Fired > 1 && !w.Ended.IsZero() {
			out = append(out, *w)
		}
	}
	slices.SortStableFunc(out, func(a, b oncall.Watch) int { return b.Fired - a.Fired })
	return out
}

// recent are the newest deploys of a service within a day.
func recent(service string, services follow.Map, deploys []oncall.Deploy, now time.Time) []oncall.Deploy {
	var out []oncall.Deploy
	for _, d := range deploys {
		if s, ok := services.Deployed(d); ok && s.Name == service && now.Sub(d.When()) <= day {
			out = append(out, d)
		}
	}
	slices.SortStableFunc(out, func(a, b oncall.Deploy) int { return b.When().Compare(a.When()) })
	return out[:min(len(out), watchDeploys)]
}

// keepRecord returns once a record is durable.
func keepRecord(ctx context.Context, j *ledger.Journal, kind, src string, body any) error {
	ctx, cancel := context.WithTimeout(ctx, keepTimeout)
	defer cancel()
	r, err := ledger.NewRecord(kind, src, body)
	if err == nil {
		_, err = j.Append(ctx, r)
	}
	return err
}
