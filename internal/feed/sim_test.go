package feed

import (
	"flag"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	simSeeds   = flag.Uint64("sim.seeds", 300, "how many seeds TestSimulation runs")
	simMinutes = flag.Float64("sim.minutes", 0, "when it stops all the same, 0 for never")
	simSeed    = flag.Uint64("sim.seed", 0, "the one seed to replay, 0 for none")
)

// TestSimulation plays nights on call: a board, an outbox, a journal and a fake
// pager on one explicit schedule that the seed decides, with loss, delay,
// duplication, reordering, crashes, full disks and clocks that jump. What must
// hold is checked after each step, see check.
func TestSimulation(t *testing.T) {
	if *simSeed != 0 {
		s := newSim(*simSeed)
		s.log = t.Logf
		s.play()
		report(t, s)
		return
	}
	var next, done, steps atomic.Uint64
	var mu sync.Mutex
	var sum tally
	end := time.Now().Add(time.Duration(*simMinutes * float64(time.Minute)))
	start := time.Now()
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for !t.Failed() && (*simMinutes == 0 || time.Now().Before(end)) {
				seed := next.Add(1)
				if seed > *simSeeds {
					return
				}
				s := newSim(seed)
				s.play()
				report(t, s)
				done.Add(1)
				steps.Add(uint64(s.steps))
				mu.Lock()
				sum.add(s.tally)
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	t.Logf("%d seeds, %d steps, at least %d each, in %v: %v; breaches: %t",
		done.Load(), steps.Load(), leastSteps, time.Since(start).Round(time.Second), &sum, t.Failed())
	if sum.accepted == 0 || sum.crashes == 0 || sum.notesSent == 0 {
		t.Error("nothing happened")
	}
}

func report(t *testing.T, s *sim) {
	t.Helper()
	for _, breach := range s.breaches {
		t.Errorf("seed %d, %s\nreplay: go test ./internal/feed -run 'TestSimulation$' -count=1 -v -sim.seed %d", s.seed, breach, s.seed)
	}
}

// A seed is the whole story: played again it is the same to the last event.
func TestSimulationReplays(t *testing.T) {
	for seed := uint64(1); seed <= 5; seed++ {
		var first string
		for i := range 20 {
			s := newSim(seed)
			s.play()
			told := fmt.Sprintf("%x after %d steps", s.trace.Sum64(), s.steps)
			if i == 0 {
				first = told
			}
			if told != first {
				t.Fatalf("seed %d: %s, then %s", seed, first, told)
			}
		}
	}
}

// tally counts what happened.
type tally struct {
	accepted, confirmed, refused, cancelled, crashes, jumps, frames, notesSent, twice, twiceUntold int
}

func (t *tally) add(o tally) {
	t.accepted += o.accepted
	t.confirmed += o.confirmed
	t.refused += o.refused
	t.cancelled += o.cancelled
	t.crashes += o.crashes
	t.jumps += o.jumps
	t.frames += o.frames
	t.notesSent += o.notesSent
	t.twice += o.twice
	t.twiceUntold += o.twiceUntold
}

func (t *tally) String() string {
	return fmt.Sprintf("%d accepted, %d confirmed, %d refused, %d cancelled, %d crashes, %d clock jumps and suspends, %d frames, %d notes sent, %d notes twice because a copy came after the settle time: %d told at once, %d marked in the page's notes only because the process that would have told died",
		t.accepted, t.confirmed, t.refused, t.cancelled, t.crashes, t.jumps, t.frames, t.notesSent, t.twice, t.twice-t.twiceUntold, t.twiceUntold)
}
