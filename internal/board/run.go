package board

import (
	"slices"

	"conway/internal/oncall"
)

const (
	// runCap is how many runs are kept; those still running are kept beyond it.
	runCap = 100
	// outputLines and outputBytes bound what is kept of one run's output. The
	// whole of it is in the runner's transcript.
	outputLines = 5000
	outputBytes = 4 << 20
)

// Run is one execution of a runbook step with what it printed.
type Run struct {
	oncall.StepRun
	// Output is the last part of what it printed, bounded.
	Output []oncall.OutputLine
	// Dropped is what is missing from Output.
	Dropped oncall.Dropped
}

func (b *base) applyRun(e oncall.RunEvent) []Change {
	i := slices.IndexFunc(b.runs, func(r *Run) bool { return r.ID == e.Run.ID })
	next := &Run{StepRun: e.Run, Dropped: oncall.Dropped{Exact: true}}
	ended := e.Run.State.Done()
	b.runs = slices.Clone(b.runs)
	if i >= 0 {
		old := b.runs[i]
		next.Output, next.Dropped = old.Output, old.Dropped
		if old.State.Done() {
			// Its end is known; only output can still come in late.
			next.StepRun, ended = old.StepRun, false
		}
		b.runs[i] = next
	} else {
		b.putRun(next)
	}
	next.print(e.Output)
	next.lose(e.Dropped)
	next.trim()
	if ended {
		return []Change{RunEnded{ID: e.Run.ID}}
	}
	return nil
}

// putRun adds a run, newest first, and lets the oldest ended ones go.
func (b *base) putRun(r *Run) {
	at := slices.IndexFunc(b.runs, func(o *Run) bool { return !o.Started.After(r.Started) })
	if at < 0 {
		at = len(b.runs)
	}
	b.runs = slices.Insert(b.runs, at, r)
	for i := len(b.runs) - 1; i >= 0 && len(b.runs) > runCap; i-- {
		if o := b.runs[i]; o.State.Done() && o != r {
			b.runs = slices.Delete(b.runs, i, i+1)
		}
	}
}

// print appends output to a copy of what older boards hold. A line takes the
// place of the unfinished one before it on the same stream.
func (r *Run) print(lines []oncall.OutputLine) {
	if len(lines) == 0 {
		return
	}
	out := make([]oncall.OutputLine, len(r.Output), len(r.Output)+len(lines))
	copy(out, r.Output)
	open := map[bool]int{}
	for _, stderr := range []bool{false, true} {
		for i, l := range slices.Backward(out) {
			if l.Stderr == stderr {
				if l.Partial {
					open[stderr] = i
				}
				break
			}
		}
	}
	for _, l := range lines {
		i, unfinished := open[l.Stderr]
		if unfinished {
			out[i] = l
		} else {
			out = append(out, l)
			i = len(out) - 1
		}
		delete(open, l.Stderr)
		if l.Partial {
			open[l.Stderr] = i
		}
	}
	r.Output = out
}

// lose counts lines that never came or were let go.
func (r *Run) lose(d oncall.Dropped) {
	if d.Count == 0 && (d.Exact || d.Reason == "") {
		return
	}
	r.Dropped.Count += d.Count
	r.Dropped.Exact = r.Dropped.Exact && d.Exact
	if d.Reason != "" {
		r.Dropped.Reason = d.Reason
	}
}

// trim lets the oldest output go that is beyond the bounds.
func (r *Run) trim() {
	from := max(0, len(r.Output)-outputLines)
	size := 0
	for i := len(r.Output) - 1; i >= from; i-- {
		if size += len(r.Output[i].Text); size > outputBytes && i < len(r.Output)-1 {
			from = i + 1
			break
		}
	}
	if from > 0 {
		r.Output = slices.Clone(r.Output[from:])
		r.lose(oncall.Dropped{Count: from, Exact: true, Reason: "only the end of long output is kept here"})
	}
}

// Runs returns the runbook step runs, newest first.
func (b Board) Runs() []Run {
	out := make([]Run, len(b.runs))
	for i, r := range b.runs {
		out[i] = *r
	}
	return out
}

// Run returns one run, and whether there is one.
func (b Board) Run(id string) (Run, bool) {
	for _, r := range b.runs {
		if r.ID == id {
			return *r, true
		}
	}
	return Run{}, false
}
