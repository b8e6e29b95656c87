package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"conway/internal/oncall"
	"conway/internal/report"
	"conway/internal/runbook"
	"conway/internal/runner"
	"conway/internal/sources"
	"conway/internal/ui"
	"conway/internal/ui/keymap"
	"conway/internal/ui/pane"
)

const (
	// detailTimeout bounds reading everything about one page.
	detailTimeout = 30 * time.Second
	// flushTimeout bounds how long quitting waits for what is undelivered.
	flushTimeout = 30 * time.Second
)

// world carries out what a person asked for. It is all that the screen can do
// to anything outside itself.
type world struct {
	*core
	getenv   func(string) string
	keys     keymap.Map
	searches searches
}

// do is the one function from an intent to its effect.
func (w *world) do(i pane.Intent) tea.Cmd {
	switch i := i.(type) {
	case pane.Act:
		i.Action.ID = rand.Text()
		w.outbox.Submit(i.Action)
	case pane.Tag:
		return w.tag(i)
	case pane.Recommend:
		return w.recommend(i)
	case pane.CountNights:
		w.spawn(w.countNights)
	case pane.CancelAct:
		if !w.outbox.Cancel(i.ID) {
			return said("too late to cancel: it is being sent", true)
		}
	case pane.RunStep:
		return w.run(i)
	case pane.CancelRun:
		if err := w.runner.Cancel(i.ID); err != nil {
			return said(err.Error(), true)
		}
		return said("ending the step and all its children", false)
	case pane.LoadDetail:
		w.spawn(func(ctx context.Context) { w.loadDetail(ctx, i.Page) })
	case pane.LoadChoices:
		w.spawn(func(ctx context.Context) { w.loadChoices(ctx, i) })
	case pane.LoadSheet:
		w.spawn(w.loadSheet)
	case pane.Ask:
		point(w.byName, i.Questions, sources.Asker.Ask)
	case pane.Tail:
		point(w.byName, i.Queries, sources.Tailer.Follow)
	case pane.SearchStore:
		return w.searchStore(i)
	case pane.CancelSearch:
		w.searches.end(i.ID)
	case pane.Save:
		return w.save(i)
	case pane.Refresh:
		return w.refresh(i)
	case pane.Quit:
		return w.quit(i)
	default:
		return w.near(i)
	}
	return nil
}

// near is do for what concerns the person's own terminal and nothing beyond it.
func (w *world) near(i pane.Intent) tea.Cmd {
	switch i := i.(type) {
	case pane.Copy:
		return w.copied(i)
	case pane.Alert:
		return w.alert(i)
	case pane.OpenURL:
		return w.open(i.URL)
	case pane.EditNote:
		return w.edit(i)
	case pane.Remember:
		w.keepScreen(i.Memory)
	}
	return nil
}

// tag records what a person thinks of pages. It is as late as now, though the disk
// may take them in another order, and is written also while everything is stopped.
func (w *world) tag(i pane.Tag) tea.Cmd {
	at, done := w.now(), make(chan error, 1)
	if w.journal == nil {
		err := error(w.unkept)
		if w.unkept == nil {
			err = errors.New("there is no ledger here")
		}
		return func() tea.Msg { return ui.Tagged{Tags: i.Tags, Err: err} }
	}
	w.spawn(func(ctx context.Context) {
		err := error(nil)
		for _, t := range i.Tags {
			err = errors.Join(err, keepTag(context.WithoutCancel(ctx), w.journal, at, t))
		}
		done <- err
	})
	return func() tea.Msg {
		select {
		case err := <-done:
			return ui.Tagged{Tags: i.Tags, Err: err}
		case <-w.ctx.Done():
			return nil // nobody looks any more; the job itself is waited for
		}
	}
}

// recommend records what a team is advised to do, as conway recommend does. It may
// wait for the disk, so it does not run where keys are read.
func (w *world) recommend(i pane.Recommend) tea.Cmd {
	return func() tea.Msg {
		if w.journal == nil {
			return ui.Said{Text: "the recommendation is not recorded: there is no ledger here", Fault: true}
		}
		ctx := context.WithoutCancel(w.ctx)
		v := adviser{cfg: w.cfg, promises: w.promises, now: w.now, facts: func() (report.Facts, error) {
			facts, _, err := factsOf(w.ctx, w.journal, report.Quarter(w.now())) // budgets are of all time
			return facts, err
		}}
		args := []string{i.Team}
		if i.Text != "" {
			args = append(args, i.Text)
		}
		o := recommendOptions{slo: i.SLO, target: i.Target, targeted: i.Target > 0}
		if _, known := w.cfg.Services[i.Service]; known {
			o.service = i.Service
		}
		body, err := v.advised(args, o)
		if err == nil {
			err = keepRecord(ctx, w.journal, report.KindRecommend, "", body)
		}
		if err != nil {
			return ui.Said{Text: "the recommendation is not recorded: " + err.Error(), Fault: true}
		}
		return ui.Said{Text: fmt.Sprintf("recommendation %s to %s recorded", body.ID, body.Team)}
	}
}

// point hands every question to the source that it is for, if that can take it.
func point[Q, A any](all map[string]sources.Source, questions map[string]Q, ask func(A, Q)) {
	for name, q := range questions {
		if a, ok := all[name].(A); ok {
			ask(a, q)
		}
	}
}

// refresh looks again at every source now.
func (w *world) refresh(i pane.Refresh) tea.Cmd {
	if i.Woken {
		w.refreshSpread()
		return nil
	}
	for _, s := range w.sources {
		w.group.Refresh(s.Name())
	}
	return said("looking again at every source", false)
}

// wakeSpread is how far the first requests after a sleep are spread: a lid is
// opened by one page on many laptops at once.
const wakeSpread = 3 * time.Second

// refreshSpread looks again at every source, each at a moment of its own.
func (w *world) refreshSpread() {
	for _, s := range w.sources {
		wait := time.Duration(mathrand.Int64N(int64(wakeSpread))) //nolint:gosec // spreads load; nothing is secret
		w.spawn(func(ctx context.Context) {
			t := time.NewTimer(wait)
			defer t.Stop()
			select {
			case <-ctx.Done():
			case <-t.C:
				w.group.Refresh(s.Name())
			}
		})
	}
}

func said(s string, fault bool) tea.Cmd {
	return func() tea.Msg { return ui.Said{Text: s, Fault: fault} }
}

// run records the intent of a step and then starts it. It may wait for the
// disk, so it does not run where keys are read.
func (w *world) run(i pane.RunStep) tea.Cmd {
	return func() tea.Msg {
		step := oncall.StepRun{
			ID: rand.Text(), Page: i.Page.Ref, Runbook: i.Runbook, Step: i.Step.Index, Title: i.Step.Title,
			Script: string(i.Step.Script), Started: w.now(),
		}
		if err := w.intend(w.ctx, step); err != nil {
			return ui.Said{Text: "the step was not started, because it could not be recorded: " + err.Error(), Fault: true}
		}
		err := w.runner.Start(w.ctx, runner.Spec{
			ID: step.ID, Page: i.Page.Ref, Runbook: i.Runbook, Step: i.Step.Index, Title: i.Step.Title,
			Script: i.Step.Script, Interpreter: i.Step.Interpreter, Approved: i.Digest,
			Env: runbook.Environ(i.Page, i.Detail, i.Service),
		})
		if err == nil {
			return nil
		}
		step.State, step.Ended, step.Reason = oncall.RunFailed, w.now(), err.Error()
		w.keepRun(w.ctx, step)
		return ui.Said{Text: err.Error(), Fault: true}
	}
}

func (w *world) loadDetail(ctx context.Context, p oncall.Page) {
	d, ok := w.byName[p.Ref.Source].(sources.Detailer)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, detailTimeout)
	defer cancel()
	detail, err := d.Detail(ctx, p)
	if w.ctx.Err() != nil {
		return
	}
	w.emit(oncall.DetailEvent{
		Stamp: oncall.Stamp{Source: p.Ref.Source, At: w.now(), Err: oncall.AsFault(err, p.Ref.Source, "read the page")},
		Page:  p.Ref, Detail: detail,
	})
}

// loadChoices asks a pager what can be chosen.
func (w *world) loadChoices(ctx context.Context, i pane.LoadChoices) {
	s, ok := w.byName[i.Source].(sources.Chooser)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, detailTimeout)
	defer cancel()
	all, err := s.Choices(ctx, i.Kind)
	if w.ctx.Err() != nil {
		return
	}
	w.emit(oncall.ChoicesEvent{
		Stamp: oncall.Stamp{Source: i.Source, At: w.now(), Err: oncall.AsFault(err, i.Source, "read what to choose from")},
		Kind:  i.Kind, Choices: all,
	})
}

// open opens an address in a browser, or shows it where there is none.
func (w *world) open(raw string) tea.Cmd {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return said("not opened, only http and https are: "+raw, true)
	}
	opener := w.opener()
	if opener == "" {
		return func() tea.Msg { return ui.Said{Text: "open it where you have a browser: " + u.String(), Whole: true} }
	}
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(w.ctx, sources.RequestTimeout)
		defer cancel()
		// Its output goes nowhere: it would land on the screen.
		cmd := exec.CommandContext(ctx, opener, u.String())
		cmd.Env = childEnv(w.cfg)
		if err := cmd.Run(); err != nil {
			return ui.Said{Text: fmt.Sprintf("%s: %v; the address is %s", opener, err, u), Fault: true, Whole: true}
		}
		return ui.Said{Text: "opened " + u.String()}
	}
}

// opener returns the program that opens addresses here, empty where there is no
// screen for a browser.
func (w *world) opener() string {
	if w.getenv("SSH_CONNECTION") != "" || w.getenv("SSH_TTY") != "" {
		return ""
	}
	name := "xdg-open"
	if runtime.GOOS == "darwin" {
		name = "open"
	} else if w.getenv("DISPLAY") == "" && w.getenv("WAYLAND_DISPLAY") == "" {
		return ""
	}
	if _, err := exec.LookPath(name); err != nil {
		return ""
	}
	return name
}

// edit hands the terminal to the person's editor.
func (w *world) edit(i pane.EditNote) tea.Cmd {
	fail := func(err error) tea.Cmd {
		return func() tea.Msg { return ui.NoteEdited{Target: i.Target, Text: i.Text, Err: err} }
	}
	editor := strings.Fields(w.getenv("VISUAL"))
	if len(editor) == 0 {
		editor = strings.Fields(w.getenv("EDITOR"))
	}
	if len(editor) == 0 {
		return fail(fmt.Errorf("it is not set; set EDITOR, for example to vi"))
	}
	f, err := os.CreateTemp("", "conway-note-*.md")
	if err != nil {
		return fail(err)
	}
	name := f.Name()
	_, err = f.WriteString(i.Text)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fail(err)
	}
	cmd := exec.CommandContext(w.ctx, editor[0], append(editor[1:], name)...)
	cmd.Env = childEnv(w.cfg)
	return tea.Exec(&loan{cmd: cmd, run: cmd.Run, lend: w.lend, out: w.behind}, func(err error) tea.Msg {
		msg := ui.NoteEdited{Target: i.Target, Err: err}
		data, rerr := os.ReadFile(name)
		msg.Text = string(data)
		if msg.Err == nil {
			msg.Err = rerr
		}
		if rerr := os.Remove(name); msg.Err == nil {
			msg.Err = rerr
		}
		return msg
	})
}

// quit delivers what it was asked to deliver, then ends the program.
func (w *world) quit(q pane.Quit) tea.Cmd {
	if !q.Flush {
		return tea.Quit
	}
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(w.ctx, flushTimeout)
		defer cancel()
		if err := w.outbox.Flush(ctx); err != nil {
			return ui.Said{Text: err.Error() + "; not quitting, " + w.keys.Way(keymap.Quit) + " asks again", Fault: true}
		}
		return tea.Quit()
	}
}
