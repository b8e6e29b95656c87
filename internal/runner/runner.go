package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"sync"
	"time"

	"conway/internal/oncall"
)

// defaultGrace is how long a step has between SIGTERM and SIGKILL: long enough
// to remove a lock file, short enough that nothing is left two seconds after a
// cancel.
const defaultGrace = 1200 * time.Millisecond

// maxKept is how much of the output of ended runs is kept in all.
const maxKept = 32 << 20

// Options are what a Runner needs to know.
type Options struct {
	// Emit takes the events. It must not block. It is called from one goroutine
	// for each run, so a run's events come in order.
	Emit func(oncall.Event)
	// Now is the wall clock.
	Now func() time.Time
	// Dir is where steps run, empty for conway's own folder.
	Dir string
	// Env is conway's own environment. Steps get a short list of it and what
	// Pass names; see SecretName for what is never passed.
	Env  []string
	Pass []string
	// LookPath finds a shell, exec.LookPath when nil.
	LookPath func(string) (string, error)
	// Grace is the time between SIGTERM and SIGKILL, 1.2 s when zero.
	Grace time.Duration
	// Began and Ended, if not nil, are told of every step that has a process and
	// of its end, so that it can be ended should conway die before. They must not
	// block.
	Began func(Trace)
	Ended func(id string)
}

// Runner runs steps. Its methods may be called from any goroutine.
type Runner struct {
	opts Options
	env  []string

	mu     sync.Mutex
	runs   map[string]*run
	order  []*run
	closed bool
}

// New returns a Runner that runs nothing yet.
func New(o Options) *Runner {
	if o.LookPath == nil {
		o.LookPath = exec.LookPath
	}
	if o.Grace <= 0 {
		o.Grace = defaultGrace
	}
	return &Runner{opts: o, env: baseEnviron(o.Env, o.Pass), runs: map[string]*run{}}
}

// Start starts a step and returns once its process exists. What becomes of it is
// emitted as oncall.RunEvents: starting, then running or failed, then how it
// ended. The step is cancelled when ctx ends. A spec that is refused, such as
// one whose bytes differ from those approved, emits nothing.
func (r *Runner) Start(ctx context.Context, spec Spec) error {
	// The caller's slices may change; what is checked must be what is run.
	spec.Script, spec.Env = bytes.Clone(spec.Script), slices.Clone(spec.Env)
	if err := spec.check(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("start step: %w", err)
	}
	n, err := r.admit(spec)
	if err != nil {
		return err
	}
	n.emit(nil, oncall.Dropped{Exact: true})
	if err := n.launch(r.env, r.opts); err != nil {
		n.refuse(err)
		return err
	}
	if r.opts.Began != nil {
		r.opts.Began(n.trace())
	}
	n.state.State = oncall.RunRunning
	n.emit(nil, oncall.Dropped{Exact: true})
	n.begin(ctx)
	return nil
}

// admit takes a run in, unless the runner is closed or knows its id.
func (r *Runner) admit(spec Spec) (*run, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, errors.New("start step: conway is quitting")
	}
	if _, ok := r.runs[spec.ID]; ok {
		return nil, fmt.Errorf("start step: the run %s has been started before", spec.ID)
	}
	n := newRun(spec, r.opts)
	r.runs[spec.ID] = n
	r.order = append(r.order, n)
	r.forget()
	return n, nil
}

// forget drops the oldest ended runs' output beyond maxKept.
func (r *Runner) forget() {
	total := 0
	for _, n := range slices.Backward(r.order) {
		select {
		case <-n.done:
		default:
			continue
		}
		if total += n.out.keptSize(); total > maxKept {
			n.out.forget()
		}
	}
}

// Cancel asks a run to end, with everything it started, and returns at once. It
// fails for a run that is unknown or has ended.
func (r *Runner) Cancel(id string) error {
	n, ok := r.find(id)
	if !ok {
		return fmt.Errorf("cancel step: there is no run %s", id)
	}
	select {
	case <-n.done:
		if left := n.state.Survivors; len(left) > 0 {
			return fmt.Errorf("cancel step: the run %s has ended; it left %v running, end them with kill", id, left)
		}
		return fmt.Errorf("cancel step: the run %s has ended", id)
	default:
		n.stop()
		return nil
	}
}

// Transcript returns what a run has printed so far, as far as it is kept.
func (r *Runner) Transcript(id string) (Transcript, bool) {
	n, ok := r.find(id)
	if !ok {
		return Transcript{}, false
	}
	return n.out.transcript(), true
}

// Wait returns when every run has ended, or with ctx's error.
func (r *Runner) Wait(ctx context.Context) error {
	for _, n := range r.all() {
		if err := await(ctx, n.done); err != nil {
			return fmt.Errorf("wait for steps: %w", err)
		}
	}
	return nil
}

// Close cancels every run, starts no more, and returns when nothing of the
// runner is left, or with ctx's error when a process cannot be ended in time.
// What an ended step left running goes on.
func (r *Runner) Close(ctx context.Context) error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	runs := r.all()
	for _, n := range runs {
		n.stop()
	}
	for _, n := range runs {
		err := await(ctx, n.done)
		n.closePipes()
		if err == nil {
			err = await(ctx, n.quiet)
		}
		if err != nil {
			return fmt.Errorf("close runner: the run %s has not ended: %w", n.spec.ID, err)
		}
	}
	return nil
}

func (r *Runner) find(id string) (*run, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, ok := r.runs[id]
	return n, ok
}

func (r *Runner) all() []*run {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.order)
}

// await waits for a channel to be closed.
func await(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	default:
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
