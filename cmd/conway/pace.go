package main

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"conway/internal/ui/outlet"
)

// The pace of the garbage collector, in percent of what is in use. Collecting
// takes a fifth of the work until the first frame is there, and can wait. From
// then on memory counts for more than a processor with little to do: with
// 100,000 log lines held, the slower pace of 50 takes 4 MB more, and 100 another 5.
const (
	paceAtFirst = 400
	paceLater   = 25
	// firstFor covers the start on a slow machine, and is over before much is held.
	firstFor = time.Second
	// roomLeft is how much garbage there may be at least. Percents of the little that
	// an idle cockpit holds would have it collect every other second.
	roomLeft = 10 << 20
	// memoryLimit is from where on garbage is collected however little there is of
	// it: with a million log lines held, the pace of 25 would let in another 50 MB.
	// A full collection looks at none of their text. This leaves some megabytes of room
	// beside a million lines of 194 bytes; with half of that, one collection follows
	// the other while several logs flood, and keys wait for them.
	memoryLimit = 235 << 20
	// limitAbove is how far above what is in use the limit stays at least, of which a
	// quarter is room for garbage. Below that, collections follow each other without
	// end and every key waits for them: then a few megabytes more are the lesser evil.
	limitAbove = 27 << 20
	// limitSteps are in which it moves, so that it seldom has to.
	limitSteps = 2 << 20
	// muchHeld is how much has to be held for the program's own pages to matter, and
	// when a collection comes; pagesAtOnce is how many bytes of these pages are let go
	// of after one.
	muchHeld    = 128 << 20
	pagesAtOnce = 4 << 20
	// leastAtOnce is how much may run at a time at least. With as many as a small
	// machine has processors, two logs that are worked on and a collection leave nobody
	// to see that a key was pressed; with more the system gives a key its turn.
	leastAtOnce = 4
)

// pace sets the pace at which garbage is collected, for a start, and returns what
// ends the start early.
func pace() (stop func() bool) {
	now := &pacing{}
	now.set(paceAtFirst, memoryLimit)
	return time.AfterFunc(firstFor, func() {
		runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), leastAtOnce))
		now.set(paceLater, memoryLimit)
		pages := newTouched()
		keepPace(now, pages)
		debug.FreeOSMemory() // what the start took, which the parent never needs again
		pages.letGo()
	}).Stop
}

// The pace of a command that works through a ledger and ends: it gives nothing back
// before, and collects often only once it holds more than a record usually takes.
const (
	paceOfToil     = 100
	memoryOfToil   = 150 << 20
	memoryOfRecord = memoryOfToil / 1_000_000
)

// toil ends the pace of a start for such a command.
func toil(settled func() bool, records int64) {
	settled()
	debug.SetGCPercent(paceOfToil)
	debug.SetMemoryLimit(max(memoryOfToil, memoryOfRecord*records))
}

// beacon is garbage, so that its end tells of each collection. It has a pointer so
// that it shares its memory with nothing.
type beacon struct{ _ *beacon }

// pacing is a pace of the collector that is in force.
type pacing struct {
	percent int
	limit   int64
}

// set puts a pace in force. To say the same again would stop everything that runs, a
// key's answer too.
func (p *pacing) set(percent int, limit int64) {
	if percent != p.percent {
		debug.SetGCPercent(percent)
	}
	if limit != p.limit {
		debug.SetMemoryLimit(limit)
	}
	p.percent, p.limit = percent, limit
}

// keepPace sets the pace anew after each collection, by what was left then. With
// much left, pages of the program that it has not needed for a while go too.
func keepPace(now *pacing, pages *touched) {
	runtime.SetFinalizer(&beacon{}, func(*beacon) {
		held := live()
		now.set(paceFor(held), limitFor(held))
		if held > muchHeld {
			pages.letGoSome(pagesAtOnce)
		}
		keepPace(now, pages)
	})
}

// behind is how long after an answer was drawn a collection begins, so that it is on
// the terminal by then.
const behind = 5 * time.Millisecond

// collectBehind collects garbage behind answers to keys, while much is held. A
// collection takes some milliseconds, for which a key that comes meanwhile waits, and
// in a flood one is due every third of a second. Whoever has just got an answer looks
// at it first: then nobody waits.
func collectBehind(ctx context.Context, answer *outlet.Answer) {
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/heap/goal:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	for {
		select {
		case <-ctx.Done():
			return
		case <-answer.Given():
		}
		if !sleep(ctx, behind) {
			return
		}
		metrics.Read(s)
		if worthIt(bytesOf(s[0]), bytesOf(s[1]), bytesOf(s[2])) && !answer.IsDue() {
			runtime.GC()
		}
	}
}

// worthIt reports whether much is held, and garbage takes half of the room that there
// is for it before it is collected anyway.
func worthIt(held, goal, now uint64) bool {
	return held > muchHeld && goal > held && now > held+(goal-held)/2
}

// bytesOf returns what was measured, 0 where this is not.
func bytesOf(s metrics.Sample) uint64 {
	if s.Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return s.Value.Uint64()
}

// live returns how many bytes the last collection left.
func live() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(s)
	return bytesOf(s[0])
}

// limitFor returns the limit of all memory beside so many bytes in use.
func limitFor(live uint64) int64 {
	return max(memoryLimit, (int64(live)/limitSteps+1)*limitSteps+limitAbove)
}

// paceFor returns the pace that leaves room enough beside so many bytes.
func paceFor(live uint64) int {
	if live == 0 {
		return paceLater
	}
	return max(paceLater, int(min(roomLeft*100/live, paceAtFirst)))
}
