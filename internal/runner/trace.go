package runner

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"
)

// Trace is what another process has to know to end a step whose conway has died.
type Trace struct {
	// ID and Title are those of the step's Spec.
	ID    string `json:"id"`
	Title string `json:"title"`
	// Leader is the process id of the step's shell, and Start when it began, in
	// the system's own unit.
	Leader int    `json:"leader"`
	Start  uint64 `json:"start"`
	// Mark and Pipes are what the step's processes can be recognised by.
	Mark  string   `json:"mark"`
	Pipes []string `json:"pipes,omitempty"`
}

func (n *run) trace() Trace {
	return Trace{
		ID: n.spec.ID, Title: n.spec.Title,
		Leader: n.group.leader, Start: n.group.start, Mark: n.group.mark, Pipes: n.group.pipes,
	}
}

// End ends everything that a step started: SIGTERM, after the grace SIGKILL. It
// returns the processes that are left when killing them has not helped, or when
// ctx ends. It must not be called while the step's runner lives.
func (t Trace) End(ctx context.Context, grace time.Duration) (survivors []int, err error) {
	g := newGroup(t.Leader, t.Mark, t.Pipes...)
	// The leader's number may be another's by now.
	g.start = t.Start
	kill := time.Now().Add(grace)
	var giveUp time.Time // from the first SIGKILL on, as with a cancel
	tick := time.NewTicker(endEvery)
	defer tick.Stop()
	warned := map[int]uint64{}
	for {
		pids, err := g.members()
		if err != nil {
			return nil, fmt.Errorf("end step: %w", err)
		}
		now := time.Now()
		if len(pids) == 0 || !giveUp.IsZero() && now.After(giveUp) {
			return pids, nil
		}
		killing := now.After(kill)
		if err := g.press(pids, killing, warned); err != nil {
			return pids, fmt.Errorf("end step: %w", err)
		}
		if killing && giveUp.IsZero() {
			giveUp = time.Now().Add(killWait)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return pids, nil
		}
	}
}

// endEvery is how often the processes of an abandoned step are looked for. A
// look reads the whole process table.
const endEvery = 20 * time.Millisecond

// press asks each process once to end, or kills all of them.
func (g *group) press(pids []int, killing bool, warned map[int]uint64) error {
	var errs []error
	for _, pid := range pids {
		start := g.known[pid]
		switch {
		case killing:
			errs = append(errs, g.signalOne(pid, syscall.SIGKILL))
		case warned[pid] != start:
			warned[pid] = start
			// A stopped process only takes SIGTERM once it goes on.
			errs = append(errs, g.signalOne(pid, syscall.SIGTERM), g.signalOne(pid, syscall.SIGCONT))
		}
	}
	return errors.Join(errs...)
}
