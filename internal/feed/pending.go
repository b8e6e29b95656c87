package feed

import "conway/internal/oncall"

// pending is what a mailbox holds. It is not safe for concurrent use.
type pending struct {
	lines   int
	queue   []entry
	latest  map[snapshotKey]*snapshot
	logs    map[string]*logStream
	outputs map[runKey]*stream[runHead, oncall.OutputLine]
}

// logStream is what is pending of one log: lines, then the failure that came
// after the last of them, if any.
type logStream struct {
	stream[logHead, oncall.LogLine]
	failed    *oncall.LinesEvent
	failedSeq uint64
}

// logHead is an event of lines without its lines.
type logHead struct {
	oncall.Stamp
	scope string
}

// sameScope reports whether the lines of two events may share one.
func sameScope(a, b logHead) bool { return a.scope == b.scope }

// runKey names a step's run; run ids are only unique within their source.
type runKey struct{ source, id string }

// runHead is a run event without its output.
type runHead struct {
	oncall.Stamp
	run oncall.StepRun
}

// sameRun reports whether b is the same state as a, so that it may replace it.
func sameRun(a, b runHead) bool {
	return a.run.State == b.run.State && (a.Err == nil) == (b.Err == nil)
}

// entry is one pending event with its place in the order.
type entry struct {
	topic topic
	seq   uint64
	event oncall.Event
}

func newPending() *pending {
	return &pending{
		latest:  map[snapshotKey]*snapshot{},
		logs:    map[string]*logStream{},
		outputs: map[runKey]*stream[runHead, oncall.OutputLine]{},
	}
}

func (p *pending) add(seq uint64, e oncall.Event) {
	if key, ok := keyOf(e); ok {
		s := p.latest[key]
		if s == nil {
			s = &snapshot{}
			p.latest[key] = s
		}
		s.put(seq, e)
		return
	}
	switch e := e.(type) {
	case oncall.LinesEvent:
		p.addLines(seq, e)
	case oncall.RunEvent:
		p.addRun(seq, e)
	case oncall.ActionEvent:
		p.queue = append(p.queue, entry{topicAction, seq, e})
	default:
		// A kind that came later than this code: kept rather than lost.
		p.queue = append(p.queue, entry{topicOther, seq, e})
	}
}

func (p *pending) addLines(seq uint64, e oncall.LinesEvent) {
	s := p.logs[e.Source]
	if s == nil {
		s = &logStream{}
		s.same = sameScope
		p.logs[e.Source] = s
	}
	head := logHead{e.Stamp, e.Scope}
	head.Err = nil
	if e.Err == nil || len(e.Lines) > 0 || !none(e.Dropped) {
		s.push(seq, head, chunk[oncall.LogLine]{e.Lines, e.Texts, e.Free}, e.Dropped)
	}
	// A failure that lines have followed since is over, as with snapshots.
	s.failed = nil
	if e.Err != nil {
		s.failed, s.failedSeq = &oncall.LinesEvent{Stamp: e.Stamp, Scope: e.Scope}, seq
	}
	p.lines += len(e.Lines)
}

func (p *pending) addRun(seq uint64, e oncall.RunEvent) {
	key := runKey{e.Source, e.Run.ID}
	s := p.outputs[key]
	if s == nil {
		s = &stream[runHead, oncall.OutputLine]{same: sameRun}
		p.outputs[key] = s
	}
	s.push(seq, runHead{e.Stamp, e.Run}, chunk[oncall.OutputLine]{lines: e.Output}, e.Dropped)
	p.lines += len(e.Output)
}

// queued is a stream of any kind of line.
type queued interface {
	size() int
	drop(n int)
}

// trim drops lines above the bound, the oldest of the longest first.
func (p *pending) trim(bound int) {
	for p.lines > bound {
		longest := p.longest()
		n := min(p.lines-bound, longest.size())
		longest.drop(n)
		p.lines -= n
	}
}

// longest returns the log or step with the most lines, nil when there is none.
func (p *pending) longest() queued {
	var longest queued
	for _, s := range p.logs {
		if longest == nil || s.size() > longest.size() {
			longest = s
		}
	}
	for _, s := range p.outputs {
		if longest == nil || s.size() > longest.size() {
			longest = s
		}
	}
	return longest
}

// entries returns everything that is pending, in no order across topics. The
// receiver must not be used again.
func (p *pending) entries() []entry {
	entries := p.queue
	for key, s := range p.latest {
		for _, e := range s.events {
			entries = append(entries, entry{key.topic, s.seq, e})
		}
	}
	for _, s := range p.outputs {
		for _, g := range s.segs {
			entries = append(entries, entry{topicRun, g.seq, oncall.RunEvent{
				Stamp: g.head.Stamp, Run: g.head.run, Output: g.lines.all().lines, Dropped: g.dropped,
			}})
		}
	}
	for _, s := range p.logs {
		for _, g := range s.segs {
			c := g.lines.all()
			entries = append(entries, entry{topicLines, g.seq, oncall.LinesEvent{
				Stamp: g.head.Stamp, Scope: g.head.scope, Lines: c.lines, Dropped: g.dropped, Texts: c.texts, Free: c.free,
			}})
		}
		if s.failed != nil {
			entries = append(entries, entry{topicLines, s.failedSeq, *s.failed})
		}
	}
	return entries
}

// floods returns the logs of which very many lines are pending, nil when there are
// none, or anything but lines is pending, for which nobody should wait.
func (p *pending) floods() map[string]bool {
	if len(p.queue)+len(p.latest)+len(p.outputs) > 0 {
		return nil
	}
	var of map[string]bool
	for name, s := range p.logs {
		switch {
		case s.failed != nil:
			return nil
		case s.size() < floodLines:
			continue
		case of == nil:
			of = make(map[string]bool, len(p.logs))
		}
		of[name] = true
	}
	return of
}
