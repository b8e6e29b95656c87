package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"time"

	tea "charm.land/bubbletea/v2"

	"conway/internal/envelope"
	"conway/internal/runner"
	"conway/internal/ui"
)

// supervised runs this same command as a child whose terminal is restored
// whatever becomes of it, and returns how it ended. It does nothing in that
// child, and where there is no terminal to restore.
func (a *app) supervised(ctx context.Context) (done bool, err error) {
	stdin, stdout, stderr, ok := a.terminals()
	if a.link != nil || !ok {
		return false, nil
	}
	exe, err := os.Executable()
	if err != nil {
		return false, nil //nolint:nilerr // the cockpit is of use without, too
	}
	code, err := envelope.Run(ctx, envelope.Options{
		Path: exe, Args: a.args, Env: a.environ, Input: stdin, Output: stdout, Errors: stderr,
		StateDir: envelope.StateDir("conway", a.getenv), Version: version, Now: a.now, End: endStep,
	})
	if err != nil {
		return false, nil //nolint:nilerr // the cockpit is of use without, too
	}
	if a.parent = true; code == exitOK {
		return true, nil
	}
	return true, exitError{code: code}
}

// terminals returns the standard streams, if there is a screen among them.
func (a *app) terminals() (stdin, stdout, stderr *os.File, ok bool) {
	stdin, ok1 := a.stdin.(*os.File)
	stdout, ok2 := a.stdout.(*os.File)
	stderr, ok3 := a.stderr.(*os.File)
	return stdin, stdout, stderr, ok1 && ok2 && ok3 && terminal(stdout)
}

// endGrace is what a step has between SIGTERM and SIGKILL when conway has died.
// It is shorter than after a cancel: somebody waits for the shell.
const endGrace = time.Second

// endStep ends a step whose conway has died.
func endStep(ctx context.Context, p envelope.Process) ([]int, error) {
	var t runner.Trace
	if err := json.Unmarshal(p.Detail, &t); err != nil {
		return nil, fmt.Errorf("end step: %w", err)
	}
	return t.End(ctx, endGrace)
}

// attach has a core report to the parent what must not outlive it, and what
// must not be written down.
func (a *app) attach(c *core) {
	c.log = slog.New(a.link.Handler())
	c.learn = a.link.Learn
	c.began = func(t runner.Trace) {
		if detail, err := json.Marshal(t); err == nil {
			a.link.Began(envelope.Process{ID: t.ID, Title: t.Title, Detail: detail})
		}
	}
	c.ended = a.link.Ended
	c.lend = a.lend
	if a.hardening != nil {
		c.log.Warn("tokens in memory are not hidden from other processes", "error", a.hardening)
	}
}

// lend hands the terminal to another program until the returned function is
// called.
func (a *app) lend() (back func()) {
	take := func() {}
	if a.canvas != nil {
		a.canvas.Lend()
		take = a.canvas.Take
	}
	if a.out != nil {
		// Its error is of a terminal that is gone, which the borrower will notice.
		_ = a.out.Drain(context.Background())
	}
	stdin, stdout, _, ok := a.terminals()
	if !ok {
		return take
	}
	mine := a.signals.Lend()
	a.link.Release(stdout)
	return func() {
		a.link.Take(stdin, stdout)
		mine()
		take()
	}
}

// killAfter is how long the screen may take to end after a signal, and how long
// its own way of being killed may take then.
const killAfter = 200 * time.Millisecond

// show runs the screen until it ends or ctx does, and leaves the terminal as it
// was. It ends too when the keyboard is lost or the parent has died. A screen that
// hangs is killed; its goroutine is left behind.
func (a *app) show(ctx context.Context, p *tea.Program, lost <-chan error) error {
	stdin, stdout, _, ok := a.terminals()
	if !ok {
		_, err := p.Run()
		a.canvas.Lend()
		return err
	}
	held := a.signals.Hold(envelope.Screen{
		Output:  stdout,
		Suspend: func() { a.yield(p, a.signals.Stopped) },
		Quit:    func() { fmt.Fprintf(os.Stderr, "asked by SIGQUIT:\n\n%s\n", everyStack()) },
	})
	defer held()
	a.link.OnRetake(func() { a.yield(p, func() {}) })
	a.link.Take(stdin, stdout)
	defer func() {
		// Before the rest of the screen has arrived the terminal is not as it was;
		// if it does not arrive, the parent restores it.
		if a.arrived(ctx) {
			a.link.Release(stdout)
		}
	}()
	ended := make(chan error, 1)
	go func() {
		_, err := p.Run()
		a.canvas.Lend()
		// What the screen wrote last gives the terminal back, so it has to arrive;
		// a signal does not wait for it.
		_ = a.out.Drain(context.WithoutCancel(ctx))
		ended <- err
	}()
	var why error
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	case <-a.link.Lost():
		go p.Quit() // it returns when the screen has ended
	case why = <-lost:
		// A terminal that is gone takes the keyboard along, and sends a signal that
		// says more; either can be first.
		select {
		case <-ctx.Done():
			why = nil
		case <-time.After(hangUpWait):
		}
		go p.Quit() // as above
	}
	select {
	case err := <-ended:
		return errors.Join(why, err)
	case <-time.After(killAfter):
	}
	a.canvas.Lend()
	kill(p)
	return errors.Join(why, tea.ErrProgramKilled)
}

// hangUpWait is how much later than the end of the keyboard the signal of a lost
// terminal may come.
const hangUpWait = 200 * time.Millisecond

// arrived waits a moment for everything that was written to arrive, and reports
// whether it did.
func (a *app) arrived(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), killAfter)
	defer cancel()
	return a.out.Drain(ctx) == nil
}

// kill has a screen that hangs restore the terminal, as far as it can.
func kill(p *tea.Program) {
	killed := make(chan struct{})
	go func() {
		p.Kill()
		close(killed)
	}()
	select {
	case <-killed:
	case <-time.After(killAfter):
	}
}

// yield has the screen give the terminal back, calls f, and has it take the
// terminal again and paint everything.
func (a *app) yield(p *tea.Program, f func()) {
	called := false
	call := func() error {
		if !called {
			called = true
			f()
		}
		return nil
	}
	go p.Send(a.exchange(call, yieldTries)())
}

// yieldTries is how often the exchange of the terminal is tried. It fails where a
// signal interrupts the system call, and a screen that gave up would stay blank.
const yieldTries = 20

// exchange gives the terminal back, calls f, and takes the terminal again, whose
// size may be another by then. It is tried anew when it failed on the way.
func (a *app) exchange(f func() error, tries int) tea.Cmd {
	return tea.Exec(&loan{run: f, lend: a.lend}, func(err error) tea.Msg {
		switch {
		case err == nil:
			return a.size()
		case tries > 1:
			time.Sleep(yieldPause)
			return a.exchange(f, tries-1)()
		}
		return ui.Said{Text: "the terminal could not be taken back: " + err.Error(), Fault: true}
	})
}

// yieldPause is between two tries to exchange the terminal.
const yieldPause = 50 * time.Millisecond

// everyStack returns what every goroutine does.
func everyStack() []byte {
	buf := make([]byte, 1<<20)
	return buf[:runtime.Stack(buf, true)]
}

// loan is what is done while the screen has given the terminal back. It is a
// tea.ExecCommand.
type loan struct {
	cmd  *exec.Cmd
	run  func() error
	lend func() (back func())
	// out is the terminal for the command.
	out func() io.Writer
}

// Run lends the terminal while something else runs.
func (l *loan) Run() error {
	back := l.lend()
	defer back()
	return l.run()
}

// SetStdin gives the command the terminal to read from.
func (l *loan) SetStdin(r io.Reader) {
	if k, ok := r.(*keyboard); ok {
		r = k.File // else the command would get a pipe
	}
	if l.cmd != nil {
		l.cmd.Stdin = r
	}
}

// SetStdout gives the command the terminal to write to, for its errors too: this
// program's own standard error is its parent's. What the library would give it
// leads nowhere.
func (l *loan) SetStdout(io.Writer) {
	if l.cmd != nil {
		l.cmd.Stdout = l.out()
		l.cmd.Stderr = l.cmd.Stdout
	}
}

// SetStderr does nothing; see SetStdout.
func (l *loan) SetStderr(io.Writer) {}

// outcome is what the end of the screen means for the exit code.
func (a *app) outcome(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, tea.ErrProgramPanic):
		fmt.Fprintf(a.stderr, "every goroutine:\n\n%s\n", everyStack())
		return exitError{code: exitCrashed, err: err}
	case ctx.Err() != nil, errors.Is(err, tea.ErrInterrupted):
		return nil //nolint:nilerr // a signal asked for it; run says which
	}
	return err
}
