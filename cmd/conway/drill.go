package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/spf13/cobra"

	"conway/internal/board"
	"conway/internal/drill"
	"conway/internal/ui"
)

// defaultScenario is what make drill shows to a newcomer.
const defaultScenario = "bad-deploy"

type drillOptions struct {
	speed float64
	list  bool
	frame string
	size  string
}

func (a *app) drillCommand() *cobra.Command {
	o := drillOptions{}
	cmd := &cobra.Command{
		Use:   "drill [SCENARIO]",
		Short: "A whole simulated incident on this machine; nothing leaves it",
		Long: `drill starts, on loopback, servers that speak the PagerDuty, Prometheus and GitHub
APIs around a small service that really breaks and really heals, and opens the cockpit
on them with its ordinary clients. Quitting prints the debrief: what you saw, what you
did, when.

SCENARIO is a name from --list or a file of your own (` + defaultScenario + ` if left out).`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.list {
				return a.drillList()
			}
			name := defaultScenario
			if len(args) == 1 {
				name = args[0]
			}
			return a.drill(cmd.Context(), name, o)
		},
	}
	cmd.Flags().Float64Var(&o.speed, "speed", 1, "how many seconds of the scenario pass in one")
	cmd.Flags().BoolVar(&o.list, "list", false, "list the scenarios")
	cmd.Flags().StringVar(&o.frame, "frame", "", "write one frame to this .svg or .txt file once the page is on the screen, then exit")
	cmd.Flags().StringVar(&o.size, "size", "160x44", "columns and rows of --frame")
	return cmd
}

func (a *app) drillList() error {
	all, err := drill.List()
	if err != nil {
		return err
	}
	for _, s := range all {
		fmt.Fprintf(a.stdout, "%-14s %s\n", s.Name, s.Title)
	}
	return nil
}

// drill runs a scenario under the cockpit and prints the debrief.
func (a *app) drill(ctx context.Context, name string, o drillOptions) (err error) {
	sc, err := drill.Load(name)
	if err != nil {
		return usage(err)
	}
	if o.frame == "" && !terminal(a.stdout) {
		return usage(errors.New("drill needs a terminal; --frame FILE.svg writes one frame without"))
	}
	if o.frame == "" {
		if done, err := a.supervised(ctx); done {
			return err
		}
	}
	exe, err := os.Executable()
	if err != nil {
		exe = "conway"
	}
	d, err := drill.Start(ctx, drill.Options{Scenario: sc, Speed: o.speed, Now: a.now, Executable: exe})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	a.configPath = d.ConfigPath()
	cfg, _, err := a.load(ctx)
	if err != nil {
		return err
	}
	c, err := newCore(cfg, a.now, allKinds()...)
	if err != nil {
		return err
	}
	c.observe = d.Observe
	if o.frame != "" {
		return a.drillFrame(ctx, c, o)
	}
	later := func() tea.Msg {
		select {
		case <-d.Done():
			return ui.Said{Text: "the service is well again and its page resolved: q ends the drill and prints the debrief"}
		case <-c.ctx.Done():
			return nil
		}
	}
	if err := a.runCockpit(ctx, c, "DRILL: "+strings.Join(strings.Fields(sc.Story), " "), later); err != nil {
		return err
	}
	_, err = io.WriteString(a.stdout, d.Debrief(a.now()))
	return err
}

// frameWait bounds how long --frame waits for the page, and frameSettle is how
// long it lets the incident unfold before it takes the picture.
const (
	frameWait   = 2 * time.Minute
	frameSettle = 20 * time.Second
)

func (a *app) drillFrame(ctx context.Context, c *core, o drillOptions) error {
	var w, h int
	if n, err := fmt.Sscanf(o.size, "%dx%d", &w, &h); err != nil || n != 2 || w < 1 || h < 1 {
		return usage(fmt.Errorf("--size %q is no size; write columns x rows, such as 160x44", o.size))
	}
	format := strings.TrimPrefix(filepath.Ext(o.frame), ".")
	if format != "svg" && format != "txt" {
		return usage(fmt.Errorf("--frame %s: write a name that ends in .svg or .txt", o.frame))
	}
	c.runbooks = runbooksOf(c.cfg)
	opts, err := a.uiOptions(c)
	if err != nil {
		return err
	}
	opts.Sheet.ASCII = false
	c.start(ctx)
	m := ui.New(opts)
	m.Update(tea.WindowSizeMsg{Width: w, Height: h})
	wait, cancel := context.WithTimeout(ctx, frameWait)
	defer cancel()
	var since time.Time
	headless(wait, c, m, func(b board.Board) bool {
		if since.IsZero() && b.Counts().Triggered > 0 {
			since = a.now()
			// A quarter of an hour shows the minute in which it broke.
			m.Update(tea.KeyPressMsg{Code: '+', Text: "+"})
			m.Update(tea.KeyPressMsg{Code: '+', Text: "+"})
		}
		return !since.IsZero() && a.now().Sub(since) > frameSettle
	})
	m.Update(ui.Events(nil))
	out := m.SVG() + "\n"
	if format == "txt" {
		out = m.Text()
	}
	if err := c.stop(ctx); err != nil {
		return err
	}
	if since.IsZero() {
		return fmt.Errorf("no page came within %s; nothing was written", frameWait)
	}
	return os.WriteFile(o.frame, []byte(out), 0o644) //nolint:gosec // a picture for the documents
}
