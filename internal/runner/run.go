package runner

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"conway/internal/oncall"
)

const (
	// batchEvery is how often output is passed on: faster than an eye follows,
	// slower than a flood.
	batchEvery = 50 * time.Millisecond
	// linger is how long a step that has ended may take to close its outputs,
	// such as a pipe to tee, before what holds them counts as left running.
	linger = 300 * time.Millisecond
	// drainWait is how long what a step printed may still take to be read once
	// all of its processes are gone.
	drainWait = 5 * time.Second
	// killWait is how long after the first SIGKILL the processes may take to be
	// gone, before those that are left are named.
	killWait = 700 * time.Millisecond
)

// run is one step's execution. Its owner goroutine alone changes state and emits
// once begin was called.
type run struct {
	opts  Options
	spec  Spec
	state oncall.StepRun
	out   *capture

	proc   *os.Process
	group  *group
	pipes  [2]*os.File
	status *os.ProcessState

	stopped  chan struct{}
	stopOnce sync.Once
	pipeOnce sync.Once
	// exited is closed when the leader has ended, release by the owner when it
	// may be reaped, reaped when it is.
	exited, release, reaped chan struct{}
	// ended is closed when both outputs are.
	ended chan struct{}
	// done is closed after the last event; state does not change any more.
	// quiet is closed when no goroutine of the run is left.
	done, quiet     chan struct{}
	readers, others sync.WaitGroup
}

func newRun(spec Spec, o Options) *run {
	return &run{
		opts: o, spec: spec, out: newCapture(o.Now),
		state: oncall.StepRun{
			ID: spec.ID, Page: spec.Page, Runbook: spec.Runbook, Step: spec.Step, Title: spec.Title,
			Script: string(spec.Script), State: oncall.RunStarting, Started: o.Now(),
		},
		stopped: make(chan struct{}), exited: make(chan struct{}), release: make(chan struct{}), reaped: make(chan struct{}),
		ended: make(chan struct{}), done: make(chan struct{}), quiet: make(chan struct{}),
	}
}

func (n *run) emit(lines []oncall.OutputLine, d oncall.Dropped) {
	n.opts.Emit(oncall.RunEvent{
		Stamp: oncall.Stamp{Source: "runner", At: n.opts.Now()},
		Run:   n.state, Output: lines, Dropped: d,
	})
}

// flush emits what the step has printed since the last time, if anything.
func (n *run) flush() {
	if lines, d := n.out.flush(); len(lines) > 0 || d.Count > 0 {
		n.emit(lines, d)
	}
}

func (n *run) stop() { n.stopOnce.Do(func() { close(n.stopped) }) }

// closePipes ends the reading of the step's outputs.
func (n *run) closePipes() {
	n.pipeOnce.Do(func() {
		for _, p := range n.pipes {
			if p != nil {
				p.Close() //nolint:errcheck,gosec // nothing is written to it
			}
		}
	})
}

// refuse ends a run whose process could not be started.
func (n *run) refuse(err error) {
	n.state.State, n.state.Reason, n.state.Ended = oncall.RunFailed, err.Error(), n.opts.Now()
	n.out.finish()
	n.emit(nil, oncall.Dropped{Exact: true})
	close(n.done)
	close(n.quiet)
}

// begin starts the run's goroutines: two readers, one that waits for the leader,
// the owner, and one that waits for the other four.
func (n *run) begin(ctx context.Context) {
	for i := range n.pipes {
		n.readers.Go(func() { n.read(i) })
	}
	n.others.Go(func() {
		n.readers.Wait()
		close(n.ended)
	})
	n.others.Go(n.reap)
	n.others.Go(func() { n.own(ctx) })
	go func() {
		n.others.Wait()
		n.closePipes()
		close(n.quiet)
	}()
}

// read copies one of the step's outputs until it ends or is closed.
func (n *run) read(i int) {
	defer n.recovered()
	buf := make([]byte, 32<<10)
	for {
		k, err := n.pipes[i].Read(buf)
		n.out.write(i, buf[:k])
		if err != nil {
			return
		}
	}
}

// reap waits for the leader's end, and for the owner's leave to reap it.
func (n *run) reap() {
	defer close(n.reaped)
	defer n.recovered()
	err := awaitExit(n.proc.Pid)
	if err == nil {
		close(n.exited)
		<-n.release
	}
	// If its end could not be awaited unreaped, it is awaited the ordinary way.
	status, waitErr := n.proc.Wait()
	if waitErr == nil {
		n.status = status
	}
	if err != nil {
		close(n.exited)
	}
}

// own is the run's owner: it passes output on until the step ends or is to end.
func (n *run) own(ctx context.Context) {
	defer close(n.done)
	defer n.crashed()
	flush := time.NewTimer(batchEvery)
	flush.Stop()
	defer flush.Stop()
	dirty := n.out.dirty
	for {
		select {
		case <-dirty:
			flush.Reset(batchEvery)
			dirty = nil
		case <-flush.C:
			n.flush()
			dirty = n.out.dirty
		case <-n.exited:
			n.settle(ctx)
			return
		case <-n.stopped:
			n.end()
			return
		case <-ctx.Done():
			n.end()
			return
		}
	}
}

// recovered turns a panic of a helper into the end of the run.
func (n *run) recovered() {
	if p := recover(); p != nil {
		n.stop()
	}
}

// crashed turns a panic of the owner into the run's end: nothing runs unwatched.
func (n *run) crashed() {
	p := recover()
	if p == nil {
		return
	}
	n.state.State, n.state.Ended = oncall.RunFailed, n.opts.Now()
	n.state.Reason = fmt.Sprintf("conway failed while it ran the step: %v", p)
	n.abandon()
}
