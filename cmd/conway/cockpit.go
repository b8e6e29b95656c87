package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"slices"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"conway/internal/board"
	"conway/internal/clock"
	"conway/internal/config"
	"conway/internal/ui"
	"conway/internal/ui/canvas"
	"conway/internal/ui/gate"
	"conway/internal/ui/keymap"
	"conway/internal/ui/layout"
	"conway/internal/ui/outlet"
	"conway/internal/ui/overlay"
	"conway/internal/ui/pane"
	"conway/internal/ui/style"
)

// cockpit runs the full screen, or prints one frame where there is no terminal.
func (a *app) cockpit(ctx context.Context) error {
	if done, err := a.supervised(ctx); done {
		return err
	}
	if terminal(a.stdout) {
		// On another processor, while this one reads.
		defer a.ready()()
	}
	cfg, notice, err := a.load(ctx)
	if err != nil {
		return err
	}
	if !terminal(a.stdout) {
		return a.frame(ctx, cfg, frameOptions{size: defaultSize, format: formatText, wait: defaultWait})
	}
	c, err := newCore(cfg, a.now, allKinds()...)
	if err != nil {
		return err
	}
	return a.runCockpit(ctx, c, notice, nil)
}

const (
	// frameTime is the time in which one more frame may be painted that no key asked
	// for: a fast log at twice the pace would send twice the bytes and tell nobody
	// more. frameBurst of them may follow each other at once after a pause, so that
	// news is on the screen when it comes.
	frameTime  = time.Second / 30
	frameBurst = 3
	// startSpan is how long what is sent matters less than when.
	startSpan = 500 * time.Millisecond
	// libraryTicks is how often in a second Bubble Tea looks whether it has anything
	// to draw. It never has, and takes no less than one.
	libraryTicks = 1
)

// runCockpit runs the screen on a core until the person quits. The terminal is
// made ready while the ledger is opened and the sources are started.
func (a *app) runCockpit(ctx context.Context, c *core, notice string, later tea.Cmd) (err error) {
	c.runbooks = runbooksOf(c.cfg)
	opts, err := a.uiOptions(c)
	if err != nil {
		return err
	}
	c.environ = a.environ
	a.attach(c)
	defer a.ready()()
	opts.Sheet = opts.Sheet.In(a.colours())
	a.out = outlet.New(a.stdout)
	defer a.shut(ctx)
	c.gate = gate.New(a.out)
	c.gate.Allow(opts.Mouse, opts.Sheet.Linkable)
	defer c.gated()
	made := make(chan tea.Model, 1)
	p, lost := a.program(ctx, c, &awaited{made: made}, opts.Mouse)
	opts.Notice, opts.Later, opts.Themes = notice, later, a.themes(a.colours())
	prepared := make(chan error, 1)
	go func() { prepared <- a.prepare(ctx, c, opts, p, made) }()
	defer func() {
		perr := <-prepared
		if c.cancel != nil {
			perr = errors.Join(perr, c.stop(ctx))
		}
		if err == nil {
			err = perr
		}
	}()
	var told sync.WaitGroup
	defer told.Wait()
	until, stop := context.WithCancel(ctx)
	defer stop()
	told.Go(func() { a.sizes(until, p.Send) })
	told.Go(func() {
		if sleep(until, startSpan) {
			p.Send(canvas.Settled{})
		}
	})
	return a.outcome(ctx, a.show(ctx, p, lost))
}

// ready makes the canvas, if there is none yet, and begins to make it ready. What
// it returns waits for that.
func (a *app) ready() (wait func()) {
	var done sync.WaitGroup
	if a.canvas == nil {
		a.canvas = canvas.New(a.screenOf())
		done.Go(a.canvas.Hurry)
	}
	return done.Wait
}

// prepare starts the core and makes the model of it. When it fails the screen
// ends.
func (a *app) prepare(ctx context.Context, c *core, opts ui.Options, p *tea.Program, made chan<- tea.Model) (err error) {
	defer close(made)
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(a.stderr, "every goroutine:\n\n%s\n", everyStack())
			err = exitError{code: exitCrashed, err: fmt.Errorf("the start failed: %v", r)}
			p.Quit()
		}
	}()
	a.openLedger(ctx, c)
	opts.Recalled = c.recall(ctx)
	c.start(ctx)
	c.spawn(func(ctx context.Context) { collectBehind(ctx, c.answer) })
	screen, was, damaged := a.openScreen(c.cfg)
	if screen != nil {
		c.keepScreen = screen.keep
		c.spawn(func(ctx context.Context) { screen.run(ctx, c.log) })
	}
	opts.Memory, opts.Notice = was, sentences(opts.Notice, damaged, refused(c.promises.faults), refused(c.ownership.faults))
	made <- a.trap(ui.New(opts), c)
	return nil
}

// program makes the program that shows a model, and a channel that tells when its
// keyboard is lost. It draws through the canvas, so that Bubble Tea has nowhere to
// write to, keeps no cells of its own, and is told the terminal's size.
func (a *app) program(ctx context.Context, c *core, m tea.Model, mouse bool) (p *tea.Program, lost <-chan error) {
	every, burst := a.paceOf(c.cfg)
	pace := outlet.NewPace(a.out, every, burst, a.now)
	in, lost := a.keyboard(mouse, func() {
		pace.Typed()
		c.answer.Due()
	})
	o := a.screenOf()
	a.canvas.To(c.gate)
	p = tea.NewProgram(c.answer.Of(a.canvas.Of(pace.Of(m))),
		tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(io.Discard), tea.WithEnvironment(o.Environ), tea.WithColorProfile(a.colours()),
		tea.WithFilter(func(m tea.Model, msg tea.Msg) tea.Msg {
			if s, ok := msg.(tea.WindowSizeMsg); ok && s.Width == 0 {
				return nil // the library's own, of the nowhere that it writes to
			}
			return pace.Filter(gate.Filter(m, msg))
		}),
		tea.WithoutSignalHandler(), tea.WithFPS(libraryTicks),
	)
	pace.Send(p.Send)
	return p, lost
}

// slowFrameTime is the time between two frames on a slow link that no key asked
// for.
const slowFrameTime = 500 * time.Millisecond

// paceOf returns in which time one more frame may be painted that no key asked
// for, and how many may follow each other at once.
func (a *app) paceOf(cfg config.Config) (every time.Duration, burst int) {
	if a.slowly(cfg) {
		return slowFrameTime, 1
	}
	return frameTime, frameBurst
}

func (a *app) slowly(cfg config.Config) bool { return a.slow || cfg.Slow }

// shut sends the rest of what was drawn, as long as the terminal takes it.
func (a *app) shut(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), killAfter)
	defer cancel()
	// A terminal that takes nothing more needs nothing more.
	_ = a.out.Close(ctx)
}

// uiOptions is what the screen is told about this run.
func (a *app) uiOptions(c *core) (ui.Options, error) {
	keys, err := keymap.New(c.cfg.KeyChanges())
	if err != nil {
		return ui.Options{}, usage(err)
	}
	sheet, err := a.sheet(c.cfg)
	if err != nil {
		return ui.Options{}, usage(err)
	}
	sheet.Linkable = linker(c.cfg.Links)
	w := &world{core: c, getenv: a.getenv, keys: keys}
	gatherer := board.Gatherer{Aside: c.answer.Wait}
	return ui.Options{
		Board: c.newBoard(), Keys: keys, Sheet: sheet,
		Theme: c.cfg.Theme, Preset: layout.Preset(c.cfg.Layout), Custom: customLayouts(c.cfg),
		Services: c.services, Panels: c.panels, Budgets: c.promises.budgets, Budgeter: c.promises.source, Logs: templatesOf(c.cfg), Texts: textsOf(c.cfg), Library: c.runbooks,
		Place: a.place(c.cfg), ReadOnly: c.cfg.ReadOnly, Able: c.able, Zone: c.cfg.Me.Location(), Hold: c.cfg.Ack.Hold,
		Silent: c.cfg.Ledger.Line == "off",
		Mouse:  c.cfg.Mouse, Slow: a.slowly(c.cfg),
		Calls: ui.Calls{Low: c.cfg.Notify.For == "all", Again: c.cfg.Notify.Repeat},
		Now:   a.now, Boot: clock.Boot, World: w.do,
		Listen: func() tea.Msg {
			events, err := c.box.Next(c.ctx)
			if err != nil {
				return nil // the context ended: there is nothing more to say
			}
			return gatherer.Gather(events)
		},
	}, nil
}

// sentences joins what is to be said at the start.
func sentences(all ...string) string {
	all = slices.DeleteFunc(all, func(s string) bool { return s == "" })
	return strings.Join(all, "; ")
}

func (a *app) sheet(cfg config.Config) (style.Sheet, error) {
	read := shippedSheet
	if path, ok := a.ownThemes()[cfg.Theme]; ok {
		read = func(name string) (style.Sheet, error) { return ownSheet(name, path) }
	}
	s, err := read(cfg.Theme)
	s.ASCII = !a.utf8() || plainTerm(a.getenv("TERM")) && terminal(a.stdout)
	return s, err
}

// utf8 reports whether the terminal draws more than ASCII, by the locale.
func (a *app) utf8() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := a.getenv(name); v != "" {
			return utf8Locale(v)
		}
	}
	return false
}

func (a *app) place(cfg config.Config) overlay.Place {
	p := overlay.Place{Environment: cfg.Environment.Name, Production: cfg.Environment.Production, Host: "this host", User: "you"}
	if h, err := os.Hostname(); err == nil {
		p.Host = h
	}
	if u, err := user.Current(); err == nil {
		p.User = u.Username
	}
	return p
}

// customLayouts are the config's own presets.
func customLayouts(cfg config.Config) map[layout.Preset][]pane.Kind {
	out := map[layout.Preset][]pane.Kind{}
	for name, panes := range cfg.Presets {
		for _, p := range panes {
			for _, k := range pane.Kinds() {
				if k.String() == p {
					out[layout.Preset(name)] = append(out[layout.Preset(name)], k)
				}
			}
		}
	}
	return out
}

// headless folds events into a model without a terminal, until done says so or
// ctx ends. It is how a frame is drawn for a file or a script.
func headless(ctx context.Context, c *core, m *ui.Model, done func(board.Board) bool) {
	for !done(m.Board()) {
		events, err := c.box.Next(ctx)
		if err != nil {
			return
		}
		m.Update(ui.Events(events))
	}
}
