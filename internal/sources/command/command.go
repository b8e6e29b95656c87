package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

const (
	// grace is how long a command may take to end by itself when asked to.
	grace = 2 * time.Second
	// maxWords bounds a command's own words inside a fault, in characters.
	maxWords = 200
)

// Options says what to run.
type Options struct {
	// Name is the configured name of the source.
	Name string
	// Argv is the program and its arguments.
	Argv []string
	// Env is its whole environment as name=value; nil means what Env leaves of
	// this program's own.
	Env []string
	// Dir is the directory to run it in; empty means this program's own.
	Dir string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Command is a command whose output is a log. It implements sources.Source.
type Command struct{ o Options }

var _ sources.Source = (*Command)(nil)

// New returns a source that runs the command.
func New(o Options) (*Command, error) {
	if len(o.Argv) == 0 || o.Argv[0] == "" {
		return nil, errors.New("run a command: argv is empty; give the program and its arguments, such as [kubectl, logs, --follow, deploy/checkout]")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Command{o: o}, nil
}

// Name returns the configured name.
func (c *Command) Name() string { return c.o.Name }

// Run starts the command and emits what it prints as LinesEvents, with "stdout"
// or "stderr" as their lines' origin. When ctx ends, the command's process group
// is asked to end, and killed after two seconds. When the command ends first,
// Run returns an Unavailable fault with its status and its last words; a command
// that cannot be started is Rejected.
func (c *Command) Run(ctx context.Context, emit sources.Emit) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	path, err := c.find()
	if err != nil {
		return c.refuse(err)
	}
	cmd := c.command(path)
	out := newOutput(c.o.Name, c.o.Now, emit)
	if err := out.attach(cmd); err != nil {
		return oncall.AsFault(err, c.o.Name, c.op())
	}
	err = cmd.Start()
	out.started()
	if err != nil {
		out.close()
		return c.refuse(err)
	}
	out.alive()
	readers := out.read()
	waited := c.attend(ctx, cmd, out, readers)
	out.finish()
	if err := ctx.Err(); err != nil {
		return err
	}
	return c.ended(cmd, waited, out.lastWords())
}

// command prepares the process, with nothing to read.
func (c *Command) command(path string) *exec.Cmd {
	cmd := &exec.Cmd{Path: path, Args: c.o.Argv, Env: c.o.Env, Dir: c.o.Dir}
	if cmd.Env == nil {
		cmd.Env = Env(os.Environ())
	}
	cmd.SysProcAttr = sources.OwnSession()
	return cmd
}

// find returns the program's file. A relative path is meant from Dir.
func (c *Command) find() (string, error) {
	name := c.o.Argv[0]
	if strings.ContainsRune(name, filepath.Separator) && !filepath.IsAbs(name) && c.o.Dir != "" {
		name = filepath.Join(c.o.Dir, name)
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

// attend waits for the end of the output and of the process, or of ctx, and
// leaves nothing of the group behind.
func (c *Command) attend(ctx context.Context, cmd *exec.Cmd, out *output, readers <-chan struct{}) error {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	waited := make(chan error, 1)
	done := ctx.Done()
	var kill <-chan time.Time
	for {
		select {
		case <-tick.C:
			out.flush()
		case <-readers:
			// Only now is the process waited for: until then its id, and its
			// group's, cannot be given to another.
			readers = nil
			go wait(cmd, waited)
			if kill != nil {
				signal(cmd, syscall.SIGKILL)
			}
		case err := <-waited:
			// Children that have closed their output are ended with their parent.
			signal(cmd, syscall.SIGKILL)
			return err
		case <-done:
			done = nil
			signal(cmd, syscall.SIGTERM)
			t := time.NewTimer(grace)
			defer t.Stop()
			kill = t.C
		case <-kill:
			signal(cmd, syscall.SIGKILL)
			// Whoever left the group may still hold the pipes open.
			out.close()
		}
	}
}

// wait reaps the process.
func wait(cmd *exec.Cmd, waited chan<- error) {
	defer func() {
		if p := recover(); p != nil {
			waited <- fmt.Errorf("wait for the command: panic: %v", p)
		}
	}()
	waited <- cmd.Wait()
}

// signal sends a signal to the whole process group. A group that is gone
// already needs none.
func signal(cmd *exec.Cmd, sig syscall.Signal) {
	_ = syscall.Kill(-cmd.Process.Pid, sig)
}

func (c *Command) op() string {
	return "run " + sources.Printable(filepath.Base(c.o.Argv[0]), maxWords)
}

// refuse says why the command could not be started. Arguments are not repeated:
// they may hold what nobody should read.
func (c *Command) refuse(err error) error {
	name := sources.Printable(c.o.Argv[0], maxWords)
	f := &oncall.Fault{Kind: oncall.Rejected, Source: c.o.Name, Op: c.op(), Cause: err}
	switch {
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, os.ErrNotExist):
		f.Detail = name + " was not found"
		f.Fix = "install it, or give its full path in argv"
		if c.o.Dir != "" {
			if _, err := os.Stat(c.o.Dir); err != nil {
				f.Detail = "the directory " + sources.Printable(c.o.Dir, maxWords) + " was not found"
				f.Fix = "correct dir"
			}
		}
	case errors.Is(err, os.ErrPermission):
		f.Detail = name + " may not be executed"
		f.Fix = "make it executable for this user (chmod +x), or correct argv"
	default:
		f.Kind, f.Detail = oncall.Unavailable, name+" could not be started: "+sources.Printable(err.Error(), maxWords)
	}
	return f
}

// ended says how the command ended, with its last words on standard error.
func (c *Command) ended(cmd *exec.Cmd, err error, words string) error {
	f := &oncall.Fault{Kind: oncall.Unavailable, Source: c.o.Name, Op: c.op(), Cause: err}
	state := cmd.ProcessState
	status, isStatus := syscall.WaitStatus(0), false
	if state != nil {
		status, isStatus = state.Sys().(syscall.WaitStatus)
	}
	switch {
	case state == nil:
		f.Detail = "its end is not known"
	case isStatus && status.Signaled(): //nolint:misspell // the name is package syscall's
		f.Detail = "was ended by a signal: " + status.Signal().String()
	default:
		f.Detail = fmt.Sprintf("exited with status %d", state.ExitCode())
	}
	if words != "" {
		f.Detail += ": " + sources.Printable(words, maxWords)
	}
	if state != nil && state.Success() {
		f.Fix = "give it an option to go on following, such as --follow"
	}
	return f
}
