package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"conway/internal/board"
	"conway/internal/config"
	"conway/internal/ledger"
	"conway/internal/oncall"
	"conway/internal/report"
	"conway/internal/sources"
	"conway/internal/story"
	"conway/internal/text"
	"conway/internal/ui/pane"
)

// afterwards is how long after a page's end what happened still belongs to it.
const afterwards = 2 * time.Hour

type timelineOptions struct {
	json, postmortem, logs bool
	wait                   time.Duration
}

func (a *app) timelineCommand() *cobra.Command {
	var o timelineOptions
	cmd := &cobra.Command{
		Use: "timeline ID", Short: "Print what happened around a page, as Markdown", Args: cobra.ExactArgs(1),
		Long: `timeline prints the story of one page in the order in which it happened: the pager's own
history and notes, deploys, what was asked for and what became of it, runbook steps and
commands with their exit statuses, tags and follow-ups. Credentials are masked.

It is made from the ledger and, when it can be reached, from the pager; what is missing
is said at the end. With --postmortem it is a draft to go on from.

With --logs the configured logs are read once around the page, and the patterns of lines
that were not there before are part of the story. Nothing of them is kept anywhere.

The exit code is 3 when something could not be read and the rest is shown, and 1 when
nothing is known of the page.`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.timeline(cmd.Context(), args[0], o) },
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "JSON instead of Markdown")
	cmd.Flags().BoolVar(&o.postmortem, "postmortem", false, "a draft of a postmortem")
	cmd.Flags().BoolVar(&o.logs, "logs", false, "read the logs, and tell which patterns of lines began then")
	cmd.Flags().DurationVar(&o.wait, "wait", defaultWait, "how long to wait for the pager, and for each log")
	return cmd
}

// timeline prints the story of one page.
func (a *app) timeline(ctx context.Context, id string, o timelineOptions) error {
	cfg, _, err := a.load(ctx)
	if err != nil {
		return err
	}
	c, err := newCore(cfg, a.now, board.KindPages)
	if err != nil {
		return err
	}
	clean := a.cleaner(cfg)
	c.learn = clean.learn
	refs, err := a.refs(c, []string{id})
	if err != nil {
		return err
	}
	t := teller{core: c, ref: refs[0], line: story.Timeline{Version: story.Version, Moments: []story.Moment{}, Missing: []string{}}}
	past, err := a.past(ctx, cfg)
	t.missed("the ledger", err)
	t.past = past
	a.knowAcks(ctx, c)
	t.ask(ctx, o.wait)
	if !t.tell(a.person(ctx, cfg, past.facts.Wishes)) {
		return fmt.Errorf("nothing is known of %s: %s", t.ref, clean.clean(strings.Join(append(t.line.Missing, "the ledger has no record of it"), "; ")))
	}
	if o.logs {
		err := a.withLogs(ctx, &t, o.wait, clean.learn)
		t.missed("the logs", err)
		t.line.Sort()
	}
	line := t.line.Without(clean.clean)
	switch {
	case o.json:
		err = a.printJSON(line)
	case o.postmortem:
		err = a.printText(line.Postmortem(cfg.Me.Location()))
	default:
		err = a.printText(line.Markdown(cfg.Me.Location()))
	}
	if err == nil && t.partly {
		err = exitError{code: exitPartly}
	}
	return err
}

// printText prints lines in which nothing acts on a terminal.
func (a *app) printText(s string) error {
	var b strings.Builder
	for _, l := range text.Lines(s) {
		b.WriteString(l.String() + "\n")
	}
	_, err := io.WriteString(a.stdout, b.String())
	return err
}

// person returns what to call somebody whom the ledger knows by a pseudonym.
func (a *app) person(ctx context.Context, cfg config.Config, w report.Wishes) func(string) string {
	var me string
	if names, err := a.pseudonyms(ctx, cfg, func(string) {}); err == nil && cfg.Me.Email != "" {
		me = names.with(w).of(cfg.Me.Email)
	}
	return func(who string) string {
		switch {
		case who == "":
			return ""
		case who == me || who == cfg.Me.Email:
			return "you"
		case isPseudonym(who):
			return "responder " + who[:6]
		}
		return who
	}
}

// teller gathers the story of one page.
type teller struct {
	*core
	ref  oncall.Ref
	past ledgerPast

	page   oncall.Page
	found  bool
	detail *oncall.PageDetail
	line   story.Timeline
	// partly is true once something could not be read.
	partly bool
}

func (t *teller) missed(what string, err error) {
	if err != nil {
		t.partly = true
		t.line.Missing = append(t.line.Missing, fmt.Sprintf("%s could not be read: %v", what, err))
	}
}

// ask reads the page and its detail from the pager.
func (t *teller) ask(ctx context.Context, wait time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	src := t.byName[t.ref.Source]
	if s, ok := src.(sources.Finder); ok {
		p, err := s.Find(ctx, t.ref.ID)
		t.missed("how the page stands, from the pager,", err)
		if t.page, t.found = p, err == nil; err != nil {
			t.line.Missing = append(t.line.Missing, "the pager's own history and notes: the ledger's records stand in for them")
			return
		}
	}
	if s, ok := src.(sources.Detailer); ok {
		page := t.page
		page.Ref = t.ref
		d, err := s.Detail(ctx, page)
		t.missed("the pager's history and notes", err)
		if err == nil {
			t.detail = &d
		}
	}
}

// tell puts the story together, and reports whether there is any.
func (t *teller) tell(person func(string) string) bool {
	t.recall()
	b := t.newBoard()
	apply := func(e oncall.Event) { b, _ = b.Apply(e) }
	for _, e := range t.past.deploys {
		apply(oncall.DeploysEvent{Stamp: oncall.Stamp{Source: e.Source, At: e.At}, Deploys: e.Deploys})
	}
	apply(oncall.DeploysEvent{Stamp: oncall.Stamp{Source: ledgerName, At: t.now()}, Deploys: t.deploys()})
	stamp := oncall.Stamp{Source: t.ref.Source, At: t.now()}
	if t.found {
		apply(oncall.PagesEvent{Stamp: stamp, Pages: []oncall.Page{t.page}})
	}
	if t.detail != nil {
		apply(oncall.DetailEvent{Stamp: stamp, Page: t.ref, Detail: *t.detail})
	}
	told := t.records(apply, person)
	service, _, _ := t.services.Resolve(t.page, t.detail)
	t.line.Owner = service.Owner
	for _, m := range b.TimelineOf(t.ref, func(d oncall.Deploy) bool {
		points, _ := t.services.Concerns(d, service)
		return points > 0
	}) {
		if m.Kind == board.MomentDeploy && !t.line.Ended.IsZero() && m.At.After(t.line.Ended.Add(afterwards)) {
			continue
		}
		t.add(story.Moment{At: m.At, Kind: string(m.Kind), Who: m.Who, Text: m.Text, State: m.State})
	}
	t.line.Page = t.page
	t.line.Sort()
	return t.found || t.detail != nil || told
}

func (t *teller) add(m story.Moment) { t.line.Moments = append(t.line.Moments, m) }

// recall takes from the ledger what the pager did not say of the page.
func (t *teller) recall() {
	id := t.ref.String()
	if p, ok := t.past.page(t.ref); ok && !t.found {
		t.page, t.found = p, true
		t.page.Status = oncall.StatusUnknown // as it was then
	}
	if i := slices.IndexFunc(t.past.facts.Incidents, func(i report.Incident) bool { return i.ID == id }); i >= 0 && !t.found {
		known := t.past.facts.Incidents[i]
		t.page = oncall.Page{Title: known.Title, Service: oncall.Service{Name: known.Service}}
		t.found = true
	}
	t.page.Ref = t.ref
	for _, r := range t.past.facts.Releases {
		if r.Incident == id && r.Reason == report.Resolved && r.At.After(t.line.Ended) {
			t.line.Ended, t.page.Status = r.At, oncall.Resolved
		}
	}
	if t.page.Status != oncall.StatusUnknown && t.page.Open() {
		t.line.Ended = time.Time{} // it was opened again
	} else if t.line.Ended.IsZero() && t.page.Status == oncall.Resolved {
		t.line.Ended = t.page.UpdatedAt
	}
	for _, r := range t.past.records {
		if r.Kind == report.KindIncident && t.page.CreatedAt.IsZero() && incidentOf(r) == id {
			t.page.CreatedAt = r.At
		}
	}
}

// incidentOf returns the incident that a record of the pager's history is about.
func incidentOf(r ledger.Record) string {
	var body struct {
		ID       string `json:"id"`
		Incident string `json:"incident"`
	}
	if r.Decode(&body) != nil {
		return ""
	}
	if r.Kind == report.KindIncident {
		return body.ID
	}
	return body.Incident
}

// deploys are those that the ledger has and no source's last word.
func (t *teller) deploys() []oncall.Deploy {
	known := map[oncall.Ref]bool{}
	for _, e := range t.past.deploys {
		for _, d := range e.Deploys {
			known[d.Ref] = true
		}
	}
	var out []oncall.Deploy
	for _, d := range t.past.facts.Deploys {
		if ref := refOf(d.ID); !known[ref] {
			out = append(out, oncall.Deploy{
				Ref: ref, Service: d.Service, Team: d.Team, Kind: d.Kind, Checks: d.Checks, Environment: "production",
				Status: oncall.DeploySucceeded, FinishedAt: d.At, Version: ref.ID,
			})
		}
	}
	return out
}

// records tells what the ledger has of the page, and reports whether it has any.
func (t *teller) records(apply func(oncall.Event), person func(string) string) (told bool) {
	var actions others
	var runs []oncall.StepRun
	for _, r := range t.past.records {
		switch r.Kind {
		case ledger.KindAction, ledger.KindActionState:
			e, _, err := actions.hear(r, t.now())
			if err != nil || e.Action.Target != t.ref {
				continue
			}
			if e.By = person(e.By); e.By == "you" {
				e.By = ""
			}
			apply(e)
			told = true
		case ledger.KindStep, ledger.KindRun:
			runs = withRun(runs, r, t.ref)
		default:
			told = t.record(r, person) || told
		}
	}
	for _, run := range runs {
		t.add(stepMoment(run))
	}
	return told || len(runs) > 0
}

// withRun adds a run of a step for a page, or how one that is known ended.
func withRun(runs []oncall.StepRun, r ledger.Record, of oncall.Ref) []oncall.StepRun {
	var run oncall.StepRun
	if r.Decode(&run) != nil || run.Page != of {
		return runs
	}
	i := slices.IndexFunc(runs, func(k oncall.StepRun) bool { return k.ID == run.ID })
	switch {
	case i < 0:
		return append(runs, run)
	case r.Kind == ledger.KindRun:
		runs[i] = run
	}
	return runs
}

// record tells one record that is no action and no step.
func (t *teller) record(r ledger.Record, person func(string) string) bool {
	id := t.ref.String()
	switch r.Kind {
	case ledger.KindTag:
		var tag oncall.Tag
		if r.Decode(&tag) != nil || tag.Page != t.ref {
			return false
		}
		kind, words := story.Judged, string(tag.Name)+" "+cmp.Or(tag.Value, "taken back")
		if tag.Name == oncall.TagFollowUp {
			kind, words = story.Followed, cmp.Or(tag.Value, "taken back")
		}
		t.add(story.Moment{At: r.At, Kind: kind, Who: person(r.Actor), Text: words})
		return true
	case report.KindFollowUp:
		var f report.FollowUpBody
		if r.Decode(&f) != nil || f.Incident != id {
			return false
		}
		state := "open"
		if f.Closed {
			state = "closed"
		}
		t.add(story.Moment{At: r.At, Kind: story.Followed, Who: f.Team, Text: cmp.Or(f.URL, f.ID), State: state})
		return true
	case report.KindAttrib:
		var s report.AttribBody
		if r.Decode(&s) == nil && s.Incident == id {
			t.line.Before = fmt.Sprintf("deploy %s, %.1f%% by chance", s.Deploy, 100*s.Chance)
		}
		return false
	case report.KindNotify, report.KindAck, report.KindSnooze, report.KindHandoff, report.KindRelease, report.KindResolve, report.KindMerge:
		if incidentOf(r) != id {
			return false
		}
		if t.detail == nil {
			t.history(r, person)
		}
		return true
	}
	return r.Kind == report.KindIncident && incidentOf(r) == id
}

// history tells a record of the pager's history, where the pager itself is away.
func (t *teller) history(r ledger.Record, person func(string) string) {
	var m report.MomentBody
	if r.Decode(&m) != nil {
		return
	}
	words := map[string]string{
		report.KindNotify: "notified", report.KindAck: "acknowledged", report.KindSnooze: "snoozed", report.KindHandoff: "handed over",
		report.KindRelease: "called no more, the next level is", report.KindResolve: "resolved", report.KindMerge: "merged",
	}[r.Kind]
	if m.Channel != "" {
		words += " by " + string(m.Channel)
	}
	if m.Auto {
		words += " by itself"
	}
	var into report.MergeBody
	if r.Kind == report.KindMerge && r.Decode(&into) == nil {
		words += " into " + into.Into
	}
	t.add(story.Moment{At: r.At, Kind: r.Kind, Who: person(m.Person), Text: words})
}

// stepMoment tells of one run of a step, or of a command that somebody typed.
func stepMoment(run oncall.StepRun) story.Moment {
	m := story.Moment{At: run.Started, Kind: story.Stepped, Command: run.Script, State: story.Ending(run)}
	m.Text = fmt.Sprintf("step %d of %s: %s", run.Step+1, run.Runbook, run.Title)
	if run.Runbook == pane.AdHoc {
		m.Kind, m.Text = story.Changed, run.Title
	}
	if run.State == oncall.RunExited {
		exit := run.Exit
		m.Exit = &exit
	}
	return m
}
