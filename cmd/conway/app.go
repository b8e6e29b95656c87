package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"conway/internal/config"
	"conway/internal/envelope"
	"conway/internal/text"
	"conway/internal/ui/canvas"
	"conway/internal/ui/keymap"
	"conway/internal/ui/layout"
	"conway/internal/ui/outlet"
	"conway/internal/ui/pane"
)

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	// exitPartly means that some sources failed and the rest was shown.
	exitPartly = 3
	// exitCrashed means that conway failed at something that it should not have.
	exitCrashed = envelope.Crashed
	// exitAsked means that SIGQUIT asked what every goroutine does.
	exitAsked = 128 + int(syscall.SIGQUIT)
)

// process is what the program is given by its surroundings.
type process struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string
	getenv         func(string) string
	// args are the arguments from the program's name on.
	args []string
	// link leads to the parent that restores the terminal, nil without one.
	link    *envelope.Link
	signals *envelope.Signals
	// hardening is why tokens are less well kept than they could be.
	hardening error
	// toil is called by a command that works through so many records and ends; nil for
	// whoever does not mind.
	toil func(records int64)
}

// exitError is an error with the code to exit with.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e exitError) Unwrap() error { return e.err }

func usage(err error) error {
	if err == nil {
		return nil
	}
	return exitError{exitUsage, err}
}

// app is one run of the program.
type app struct {
	process
	now        func() time.Time
	configPath string
	// slow is what --slow says.
	slow bool
	// out is the way to the terminal, and canvas what is on its screen; nil where
	// there is none.
	out    *outlet.Outlet
	canvas *canvas.Canvas
	// parent is true once the work has been a child's: then so is the exit code.
	parent bool
}

// run does what the arguments say and returns the exit code.
func run(ctx context.Context, args []string, p process) int {
	a := &app{process: p, now: time.Now}
	err := a.command(ctx, args)
	if s, ok := errors.AsType[envelope.SignalError](context.Cause(ctx)); ok && !a.parent {
		return s.ExitCode() // whatever failed, failed because of it
	}
	if err == nil {
		return exitOK
	}
	code := exitFailed
	if e, ok := errors.AsType[exitError](err); ok {
		code = e.code
	}
	if msg := err.Error(); msg != "" {
		fmt.Fprintln(p.stderr, printable(msg))
	}
	return code
}

// command runs the command that the arguments name. Without any it is the cockpit,
// for which somebody waits: nothing is set up that reads arguments.
func (a *app) command(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return a.cockpit(ctx)
	}
	cmd := a.root() //nolint:contextcheck // cobra hands the context on
	cmd.SetArgs(args)
	cmd.SetIn(a.stdin)
	cmd.SetOut(a.stdout)
	cmd.SetErr(a.stderr)
	return cmd.ExecuteContext(ctx)
}

// printable returns a message for the terminal on stderr: its own lines stay
// lines, everything else that is not plain text becomes a marker.
func printable(msg string) string {
	var out []string
	for _, l := range text.Lines(msg) {
		out = append(out, l.String())
	}
	return "conway: " + strings.Join(out, "\n")
}

func (a *app) root() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "conway",
		Short: "A terminal cockpit for the person on call",
		Long: `conway tiles live pages, recent deploys, key metrics and log tails, with keys to
acknowledge, annotate and run runbook steps.

Without a config it looks around: PAGERDUTY_TOKEN, a Prometheus on 127.0.0.1:9090,
an Alertmanager on 127.0.0.1:9093, the git repository it stands in. To try it on a simulated incident: conway drill

Exit codes: 0 success, 1 what was asked failed, 2 usage or config error, 3 some
sources failed and the rest is shown, 70 conway crashed, 128+n ended by signal n.`,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return a.cockpit(cmd.Context()) },
	}
	cmd.PersistentFlags().StringVar(&a.configPath, "config", "", "config file (else $CONWAY_CONFIG, else $XDG_CONFIG_HOME/conway/config.yaml)")
	cmd.PersistentFlags().BoolVar(&a.slow, "slow", false, "send less to the terminal, for a slow link (else slow in the config)")
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	cmd.AddCommand(
		a.drillCommand(), a.snapshotCommand(),
		a.pagesCommand(), a.deploysCommand(), a.logsCommand(),
		a.actCommand("ack"), a.actCommand("resolve"), a.actCommand("note"), a.actCommand("snooze"), a.tagCommand(),
		a.timelineCommand(), a.handoffCommand(), a.recommendCommand(),
		a.ledgerCommand(), a.reportCommand(), a.configCommand(), a.versionCommand(),
	)
	for _, c := range cmd.Commands() {
		wrapArgs(c)
	}
	wrapArgs(cmd)
	return cmd
}

// wrapArgs makes wrong arguments exit with the code for wrong usage.
func wrapArgs(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(cmd *cobra.Command, args []string) error { return usage(check(cmd, args)) }
	}
	for _, sub := range c.Commands() {
		wrapArgs(sub)
	}
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintln(a.stdout, "conway", version)
			return nil
		},
	}
}

// options are the names that a config may use.
func (a *app) options() config.Options {
	o := config.Options{Actions: keymap.Names(), Themes: a.themeNames(), CheckKey: keymap.Check, Getenv: a.getenv, Home: a.getenv("HOME")}
	for _, p := range layout.Presets() {
		o.Layouts = append(o.Layouts, string(p))
	}
	for _, k := range pane.Kinds() {
		o.Panes = append(o.Panes, k.String())
	}
	return o
}

// load returns the config, and a sentence about what was found when there is no
// config file.
func (a *app) load(ctx context.Context) (config.Config, string, error) {
	path, explicit := config.Path(a.configPath, a.getenv)
	if path != "" {
		cfg, err := config.Load(path, a.options())
		switch {
		case err == nil:
			return cfg, "", nil
		case errors.Is(err, os.ErrNotExist) && !explicit:
		case errors.Is(err, os.ErrNotExist):
			return cfg, "", usage(fmt.Errorf("%s: there is no such file; conway config init writes one", path))
		default:
			return cfg, "", usage(err)
		}
	}
	opts := a.options()
	if wd, err := os.Getwd(); err == nil {
		opts.Cwd = wd
	}
	cfg, findings := config.Discover(ctx, opts)
	var found, missing []string
	for _, f := range findings {
		if f.Found {
			found = append(found, f.Text)
		} else {
			missing = append(missing, f.Text)
		}
	}
	if len(found) == 0 {
		return cfg, "no config, and nothing found: " + strings.Join(missing, "; ") + ". Try conway drill, or conway config init", nil
	}
	return cfg, "no config; " + strings.Join(found, "; "), nil
}

// terminal reports whether a stream is one.
func terminal(s any) bool {
	f, ok := s.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(f.Fd())
}
