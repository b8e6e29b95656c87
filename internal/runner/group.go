package runner

import (
	"errors"
	"os"
	"slices"
	"syscall"
)

// process is one row of the system's process table.
type process struct {
	pid, ppid, group, session int
	// start is when it began, in the system's own unit; with pid it is unique.
	start uint64
	// dead is true for a process that only waits to be reaped.
	dead bool
}

// group is everything that belongs to one run. Its leader must stay unreaped
// while the group is used: its process id is the group's, and would be free for
// somebody else.
type group struct {
	leader int
	start  uint64
	mark   string
	pipes  []string
	// known are members seen before: once seen, a process is followed even if
	// it sheds every sign.
	known map[int]uint64
}

func newGroup(leader int, mark string, pipes ...string) *group {
	g := &group{leader: leader, mark: mark, known: map[int]uint64{}}
	for _, p := range pipes {
		if p != "" {
			g.pipes = append(g.pipes, p)
		}
	}
	if p, ok := lookup(leader); ok {
		g.start = p.start
	}
	return g
}

// members returns the living processes of the run, in ascending order.
func (g *group) members() ([]int, error) {
	all, err := processes()
	if err != nil {
		return nil, err
	}
	self := os.Getpid()
	alive := map[int]bool{}
	for _, p := range all {
		// Nothing older than the leader can descend from it; that also spares
		// the look into most processes.
		if p.pid == self || p.dead || p.start < g.start {
			continue
		}
		start, seen := g.known[p.pid]
		if (seen && start == p.start) || p.session == g.leader || p.group == g.leader || g.marked(p.pid) {
			alive[p.pid] = true
		}
	}
	for grown := true; grown; {
		grown = false
		for _, p := range all {
			if alive[p.ppid] && !alive[p.pid] && !p.dead && p.pid != self {
				alive[p.pid], grown = true, true
			}
		}
	}
	clear(g.known)
	var pids []int
	for _, p := range all {
		if alive[p.pid] {
			g.known[p.pid] = p.start
			pids = append(pids, p.pid)
		}
	}
	slices.Sort(pids)
	return pids, nil
}

// signal sends a signal to the leader's group and to each of pids.
func (g *group) signal(sig syscall.Signal, pids []int) error {
	err := gone(syscall.Kill(-g.leader, sig))
	for _, pid := range pids {
		err = errors.Join(err, g.signalOne(pid, sig))
	}
	return err
}

// signalOne takes hold of a process before it checks that it is still the same
// one: os.FindProcess holds a pidfd where there is one.
func (g *group) signalOne(pid int, sig syscall.Signal) error {
	p, err := os.FindProcess(pid)
	if err != nil {
		return gone(err)
	}
	defer p.Release() //nolint:errcheck // there is nothing to be done about it
	if now, ok := lookup(pid); !ok || now.start != g.known[pid] {
		return nil
	}
	return gone(p.Signal(sig))
}

// gone drops the error of a process that has ended meanwhile.
func gone(err error) error {
	if errors.Is(err, syscall.ESRCH) || errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}
