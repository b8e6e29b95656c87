package main

import (
	"context"
	"fmt"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/spf13/cobra"

	"conway/internal/board"
	"conway/internal/config"
	"conway/internal/oncall"
	"conway/internal/ui"
)

// The formats of a frame.
const (
	formatText = "text"
	formatANSI = "ansi"
	formatJSON = "json"
	formatSVG  = "svg"

	defaultSize = "200x50"
	defaultWait = 10 * time.Second
)

type frameOptions struct {
	size, format string
	wait         time.Duration
}

func (a *app) snapshotCommand() *cobra.Command {
	var o frameOptions
	cmd := &cobra.Command{
		Use:   "snapshot",
		Short: "Print one frame of the cockpit, then exit",
		Long: `snapshot asks every source once, prints one frame and exits. It exits with 3 when
some sources did not answer; the frame says which.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, _, err := a.load(cmd.Context())
			if err != nil {
				return err
			}
			return a.frame(cmd.Context(), cfg, o)
		},
	}
	cmd.Flags().StringVar(&o.size, "size", defaultSize, "columns and rows")
	cmd.Flags().StringVar(&o.format, "format", formatText, "text, ansi, svg or json")
	cmd.Flags().DurationVar(&o.wait, "wait", defaultWait, "how long to wait for the sources")
	return cmd
}

// frame asks every source once and prints what the screen would show.
func (a *app) frame(ctx context.Context, cfg config.Config, o frameOptions) error {
	var w, h int
	if n, err := fmt.Sscanf(o.size, "%dx%d", &w, &h); err != nil || n != 2 || w < 1 || h < 1 || w > 1000 || h > 1000 {
		return usage(fmt.Errorf("--size %q is no size; write columns x rows, such as 200x50", o.size))
	}
	switch o.format {
	case formatText, formatANSI, formatJSON, formatSVG:
	default:
		return usage(fmt.Errorf("--format %q is not known; it is text, ansi, svg or json", o.format))
	}
	c, err := newCore(cfg, a.now, allKinds()...)
	if err != nil {
		return err
	}
	c.runbooks = runbooksOf(cfg)
	opts, err := a.uiOptions(c)
	if err != nil {
		return err
	}
	a.knowAcks(ctx, c)
	c.start(ctx)
	m := ui.New(opts)
	m.Update(tea.WindowSizeMsg{Width: w, Height: h})
	wait, cancel := context.WithTimeout(ctx, o.wait)
	headless(wait, c, m, a.answered(c))
	cancel()
	m.Update(ui.Events(nil))
	if err := a.print(m, o.format); err != nil {
		return err
	}
	if err := c.stop(ctx); err != nil {
		return err
	}
	return partly(m.Board(), a.now())
}

func (a *app) print(m *ui.Model, format string) error {
	switch format {
	case formatJSON:
		return a.printJSON(document(m.Board(), a.now()))
	case formatSVG:
		_, err := fmt.Fprintln(a.stdout, m.SVG())
		return err
	case formatANSI:
		_, err := fmt.Fprintln(a.stdout, m.Content())
		return err
	}
	_, err := io.WriteString(a.stdout, m.Text())
	return err
}

// answered reports whether every source has answered or failed, and the
// selected page's detail and panels are there.
func (a *app) answered(c *core) func(board.Board) bool {
	return func(b board.Board) bool {
		for _, s := range b.Sources() {
			if s.Reading.Received.IsZero() && s.Reading.Fault == nil {
				return false
			}
		}
		rows := b.Pages()
		if len(rows) == 0 {
			return true
		}
		for _, r := range rows[:1] {
			d := b.Detail(r.Page.Ref)
			if d.Received.IsZero() && d.Fault == nil && rowLive(r, a.now()) {
				return false
			}
		}
		m := b.Metrics()
		if len(c.cfg.Metrics) == 0 || m.Fault != nil {
			return true
		}
		asked := len(c.panels) == 0 || len(m.Value.Panels) > 0
		return asked && len(m.Value.Budgets) >= len(m.Value.Question.Budgets) && (c.promises.none() || !m.Received.IsZero())
	}
}

func rowLive(r board.PageRow, now time.Time) bool { return r.Quality(now) == oncall.Live }

// partly is the exit code for sources that did not answer.
func partly(b board.Board, now time.Time) error {
	for _, s := range b.Sources() {
		if q := s.Reading.Quality(now); s.Reading.Fault != nil || q == oncall.Never {
			return exitError{code: exitPartly}
		}
	}
	return nil
}
