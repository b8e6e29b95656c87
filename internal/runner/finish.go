package runner

import (
	"context"
	"syscall"
	"time"

	"conway/internal/oncall"
)

// settle ends a run whose leader has ended by itself. What else it started may
// finish within the linger; what does not is named and left alone.
func (n *run) settle(ctx context.Context) {
	timeout := time.NewTimer(linger)
	defer timeout.Stop()
	tick := time.NewTicker(batchEvery)
	defer tick.Stop()
	ended := n.ended
	drained := false
	for waiting := true; waiting; {
		select {
		case <-ended:
			ended = nil
			if pids, err := n.group.members(); err == nil && len(pids) == 0 {
				waiting = false
			}
		case <-tick.C:
			n.flush()
		case <-timeout.C:
			// With nobody left to hold the outputs open, their end is only a matter
			// of reading: on a busy machine that takes longer than a linger.
			if pids, err := n.group.members(); err == nil && len(pids) == 0 && ended != nil && !drained {
				drained = true
				timeout.Reset(drainWait)
				continue
			}
			waiting = false
		case <-n.stopped:
			n.end()
			return
		case <-ctx.Done():
			n.end()
			return
		}
	}
	if pids, err := n.group.members(); err == nil {
		n.state.Survivors = pids
	}
	close(n.release)
	<-n.reaped
	if n.status == nil {
		n.state.Reason = "the step ended, but its exit status could not be read"
		n.conclude(oncall.RunFailed)
		return
	}
	n.state.Exit = exitCode(n.status.Sys())
	n.conclude(oncall.RunExited)
}

// exitCode returns the status as a shell reports it.
func exitCode(sys any) int {
	w, ok := sys.(syscall.WaitStatus)
	if !ok {
		return -1
	}
	if w.Signaled() { //nolint:misspell // it is syscall's name
		return 128 + int(w.Signal())
	}
	return w.ExitStatus()
}

// end ends everything that the run started: SIGTERM, then SIGKILL.
func (n *run) end() {
	n.state.State = oncall.RunCancelling
	lines, d := n.out.flush()
	n.emit(lines, d)
	kill := time.NewTimer(n.opts.Grace)
	defer kill.Stop()
	// It runs from the first SIGKILL on: on a busy machine the look before that
	// one can take longer than the whole wait, and nothing may be given up unkilled.
	giveUp := time.NewTimer(killWait)
	giveUp.Stop()
	defer giveUp.Stop()
	tick := time.NewTicker(batchEvery)
	defer tick.Stop()
	warned := map[int]uint64{}
	killing := false
	for {
		pids := n.alive()
		if len(pids) == 0 && n.hasExited() {
			break
		}
		n.press(pids, killing, warned)
		select {
		case <-tick.C:
			n.flush()
			continue
		case <-kill.C:
			killing = true
			n.press(n.alive(), killing, warned)
			giveUp.Reset(killWait)
			continue
		case <-giveUp.C:
		}
		n.state.Survivors = n.alive()
		break
	}
	n.afterEnd()
}

// press asks each process once to end, or kills all of them.
func (n *run) press(pids []int, killing bool, warned map[int]uint64) {
	if killing {
		n.signal(syscall.SIGKILL, pids)
		return
	}
	var fresh []int
	for _, pid := range pids {
		if start := n.group.known[pid]; warned[pid] != start {
			warned[pid] = start
			fresh = append(fresh, pid)
		}
	}
	if len(fresh) > 0 {
		n.signal(syscall.SIGTERM, fresh)
		// A stopped process only takes SIGTERM once it goes on.
		n.signal(syscall.SIGCONT, fresh)
	}
}

// signal leaves what it cannot reach, such as a process of another user, to be
// found among the survivors.
func (n *run) signal(sig syscall.Signal, pids []int) {
	if err := n.group.signal(sig, pids); err != nil {
		n.state.Reason = "some processes could not be signalled: " + err.Error()
	}
}

// alive returns the run's living processes; where the process table cannot be
// read, the leader alone.
func (n *run) alive() []int {
	pids, err := n.group.members()
	if err != nil {
		if n.hasExited() {
			return nil
		}
		return []int{n.group.leader}
	}
	return pids
}

func (n *run) hasExited() bool {
	select {
	case <-n.exited:
		return true
	default:
		return false
	}
}

// afterEnd takes the rest of the output and concludes a cancelled run.
func (n *run) afterEnd() {
	timeout := time.NewTimer(killWait)
	defer timeout.Stop()
	closed := true
	select {
	case <-n.ended:
	case <-timeout.C:
		closed = false
	}
	switch {
	case len(n.state.Survivors) > 0 || !n.hasExited():
	case closed:
		// Whatever could not be signalled on the way is gone by now.
		n.state.Reason = ""
	default:
		n.state.Reason = "a process that conway cannot see still holds the step's output open"
	}
	close(n.release)
	if n.hasExited() {
		<-n.reaped
		if n.status != nil {
			n.state.Exit = exitCode(n.status.Sys())
		}
	}
	n.conclude(oncall.RunCancelled)
	n.closePipes()
}

// conclude emits the last output and the end.
func (n *run) conclude(state oncall.RunState) {
	n.out.finish()
	n.state.State, n.state.Ended = state, n.opts.Now()
	if n.opts.Ended != nil {
		n.opts.Ended(n.spec.ID)
	}
	lines, d := n.out.flush()
	n.emit(lines, d)
}

// abandon kills what it can after the owner failed, and says so once more; what
// failed may have been the saying.
func (n *run) abandon() {
	defer n.recovered()
	defer n.closePipes()
	n.signal(syscall.SIGKILL, n.alive())
	select {
	case <-n.release:
	default:
		close(n.release)
	}
	n.out.finish()
	lines, d := n.out.flush()
	n.emit(lines, d)
}
