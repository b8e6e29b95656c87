package feed

import (
	"fmt"
	"hash"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"

	"conway/internal/board"
	"conway/internal/oncall"
	"conway/internal/sources"
)

const (
	// leastSteps is how many steps a seed has before its world is healed.
	leastSteps = 300
	// mostSteps is when a seed that does not come to its end has failed.
	mostSteps = 20_000
	// simEvery is how often the pages are listed.
	simEvery = 10 * time.Second
)

// simStart is when each story begins by the wall clock.
var simStart = time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)

// sim is one story. It has one thread: each step happens after the other.
type sim struct {
	seed  uint64
	rnd   *rand.Rand
	queue schedule
	steps int
	trace hash.Hash64
	log   func(string, ...any)
	tally tally

	// real is the time that passed. The machine did not run for asleep of it, and
	// its wall clock is off by skew.
	// It sleeps until awake.
	real, asleep, awake, skew time.Duration

	pager *simPager
	disk  *simDisk
	// network and trouble are the shares of calls that fail, on the way to the
	// pager and on the disk; healed is true when there will be no more of it.
	network, trouble float64
	healed           bool

	// life counts the processes; up is false between two of them.
	life    int
	up      bool
	box     *Outbox
	mailbox *Mailbox
	board   board.Board
	// agreed is how far the wall clock was off when the screen last looked.
	agreed time.Duration
	// telling is true while the journal is being told something; tick is the
	// latest alarm of the outbox and of its journal.
	telling    bool
	tick, pick *item
	dirty      bool

	known
}

func newSim(seed uint64) *sim {
	s := &sim{
		seed: seed, rnd: rand.New(rand.NewPCG(seed, 20260301)), trace: fnv.New64a(), disk: newSimDisk(),
		known: newKnown(), log: func(string, ...any) {},
	}
	s.pager = &simPager{
		s: s, late: lateness(seed % 2), pages: map[oncall.Ref]*simPage{}, notes: map[string]*simNote{},
	}
	return s
}

// tracef adds one line to what makes two runs the same.
func (s *sim) tracef(format string, args ...any) {
	line := fmt.Sprintf("%v "+format, append([]any{s.real}, args...)...)
	_, _ = s.trace.Write([]byte(line))
	s.log("%s", line)
}

// wall returns what the machine's clock shows.
func (s *sim) wall() time.Time { return simStart.Add(s.real + s.skew) }

// elapsed returns how long the machine has been running, sleep left out.
func (s *sim) elapsed() time.Duration { return max(s.real, s.awake) - s.asleep }

// span returns a random length of time, mostly short ones.
func (s *sim) span(most time.Duration) time.Duration {
	f := s.rnd.Float64()
	return time.Duration(f * f * float64(most))
}

// after has something happen unless its process is gone by then.
func (s *sim) after(d time.Duration, life int, name string, do func()) {
	at := s.real
	if life != 0 {
		at = max(at, s.awake) // a machine that sleeps does nothing
	}
	s.queue.add(&item{at: at + d, life: life, name: name, do: do})
}

// play runs the story to its end.
func (s *sim) play() {
	for range 3 {
		s.pager.open("pd")
	}
	s.start()
	s.after(0, 0, "the night", s.night)
	for len(s.breaches) == 0 {
		if s.steps == leastSteps {
			s.heal()
		}
		if s.healed && s.steps%20 == 0 && s.quiet() {
			s.checkEnd()
			return
		}
		if s.steps > mostSteps {
			s.breach("there is no end: up %t, telling %t, %d pending, %d watched, book %+v, journal %d",
				s.up, s.telling, len(s.box.pending), len(s.box.watches), s.box.book, len(s.disk.pending()))
			return
		}
		s.step()
	}
}

// step lets the next thing happen, and then all that follows at once.
func (s *sim) step() {
	i := s.queue.next()
	s.steps++
	s.real = max(s.real, i.at)
	s.tracef("%s", i.name)
	i.do()
	if s.real < s.awake {
		return
	}
	if s.up {
		s.pump()
	}
	s.look()
	s.check()
}

// look does what a screen does before it draws: when the wall clock was set back
// against the clock that nobody sets, the board's times are moved along.
func (s *sim) look() {
	if set := s.skew - s.agreed; set < 0 {
		s.board = s.board.Shift(set)
	}
	s.agreed = s.skew
}

// pump does what the outbox's loops do: make the calls that are due, tell the
// journal what there is, and set an alarm for what comes later.
func (s *sim) pump() {
	calls, next := s.box.turn()
	for _, c := range calls {
		s.fly(c)
	}
	s.tick = s.alarm(s.tick, next, "outbox wakes")
	if s.telling {
		return
	}
	line, next, ok := s.box.nextLine(false)
	if ok {
		s.tell(line)
	} else {
		s.pick = s.alarm(s.pick, next, "recorder wakes")
	}
}

// alarm sets an alarm at a moment of the machine's own clock, unless it is set.
func (s *sim) alarm(old *item, next moment, name string) *item {
	at := next + s.asleep
	if next == 0 || old != nil && old.life == s.life && old.at == at && old.at > s.real {
		return old
	}
	i := &item{at: max(at, s.real), life: s.life, name: name, do: func() {}}
	s.queue.add(i)
	return i
}

// start begins a process.
func (s *sim) start() {
	s.life++
	s.up, s.telling = true, false
	s.forget()
	s.agreed = s.skew
	s.mailbox = NewMailbox(0)
	s.board = board.New(board.Options{Me: "ana@example.com", Sources: []board.SourceInfo{
		{Name: "pd", Kind: board.KindPages}, {Name: "am", Kind: board.KindPages},
	}})
	s.box = NewOutbox(OutboxOptions{
		Sources: map[string]sources.Source{"pd": simSource{"pd"}}, Emit: s.emit, Journal: s.disk,
		Now: s.wall, Elapsed: s.elapsed, Rand: s.rnd.Float64,
	})
	s.poll("pd")
	s.poll("am")
	if !s.healed {
		s.after(s.span(time.Second), s.life, "person", s.person)
	}
}

// crash ends a process at once. Only what is durable or on the wire is left.
func (s *sim) crash() {
	s.tally.crashes++
	s.tracef("crash")
	s.up = false
	for _, dead := range s.queue.kill(s.life) {
		if dead.lost != nil {
			dead.lost()
		}
	}
	s.life++ // whatever still comes in finds nobody
	s.forgetCrash()
	pause := s.span(8 * time.Second)
	if s.rnd.IntN(6) == 0 {
		pause = s.span(5 * time.Hour)
	}
	s.after(pause, 0, "start", s.start)
}

// mail takes an event to the screen, which draws it a little later, or much.
func (s *sim) mail(e oncall.Event) {
	s.mailbox.Put(e)
	if s.dirty {
		return
	}
	s.dirty = true
	wait := s.span(200 * time.Millisecond)
	if s.rnd.IntN(30) == 0 {
		wait += s.span(20 * time.Second)
	}
	box := s.mailbox
	s.after(wait, s.life, "frame", func() {
		s.dirty = false
		for _, e := range box.take() {
			s.board, _ = s.board.Apply(e)
			s.sees(e)
			s.check()
		}
		s.tally.frames++
	})
}

// person is what somebody does at the keyboard, and to the machine.
func (s *sim) person() {
	again := func() { s.after(s.span(15*time.Second), s.life, "person", s.person) }
	switch n := s.rnd.IntN(41); {
	case n < 22:
		s.submit()
	case n < 28:
		s.cancel()
	case n < 31:
		s.override()
	case n < 35:
		s.crash()
		return
	case n < 37:
		d := s.span(8 * time.Hour)
		s.tally.jumps++
		s.asleep += d
		s.awake = s.real + d
		s.tracef("sleeps for %v", d)
		s.queue.delay(s.life, d)
		s.after(0, s.life, "wakes", func() {})
	case n < 39:
		if s.dirty {
			break // a stamp from before, drawn after, says nothing of its age
		}
		s.tally.jumps++
		s.skew += time.Duration(1-2*s.rnd.IntN(2)) * s.span(3*time.Hour)
		s.tracef("clock set, off by %v", s.skew)
	case n < 40:
		for _, d := range slices.Clone(s.box.pending) { // as Flush does
			s.box.release(d)
		}
	default:
		rows := s.board.Pages()
		if len(rows) > 0 && rows[0].Page.Ref.Source == "pd" {
			s.mail(s.detail(rows[0].Page.Ref))
		}
	}
	again()
}

func (s *sim) submit() {
	ref := s.pager.order[s.rnd.IntN(len(s.pager.order))]
	if ref.Source != "pd" {
		return
	}
	s.asked++
	a := oncall.Action{
		ID: fmt.Sprint("A", s.asked), Target: ref, At: s.wall(),
		Kind: []oncall.ActionKind{oncall.Acknowledge, oncall.Acknowledge, oncall.Annotate, oncall.Annotate, oncall.Resolve}[s.rnd.IntN(5)],
	}
	if a.Kind == oncall.Annotate {
		a.Text = "the same words"
	} else if s.rnd.IntN(2) == 0 {
		a.NotBefore = a.At.Add(3 * time.Second)
	}
	s.tracef("submit %s %s", a.Kind, a.ID)
	s.box.Submit(a)
}

func (s *sim) cancel() {
	for _, st := range s.board.Actions() {
		if st.State == oncall.Held || st.State == oncall.Recording {
			s.tracef("cancel %s: %v", st.Action.ID, s.box.Cancel(st.Action.ID))
			return
		}
	}
}

// override sends unrecorded what could not be recorded, as the same action or as
// another one.
func (s *sim) override() {
	for _, st := range s.board.Actions() {
		if st.State != oncall.Refused || st.Fault == nil || st.Fault.Source != ledgerName {
			continue
		}
		a := st.Action
		a.Unrecorded, a.At, a.NotBefore = true, s.wall(), time.Time{}
		if s.rnd.IntN(2) == 0 || s.acts[a.ID].unrecorded {
			s.asked++
			a.ID = fmt.Sprint("A", s.asked)
		}
		s.tracef("send %s unrecorded", a.ID)
		s.box.Submit(a)
		return
	}
}

// night is what the rest of the world does.
func (s *sim) night() {
	if s.healed {
		return
	}
	ref := s.pager.order[s.rnd.IntN(len(s.pager.order))]
	switch s.rnd.IntN(8) {
	case 0, 1:
		s.pager.open(cond(s.rnd.IntN(3) == 0, "am", "pd"))
	case 2:
		s.pager.set(ref, oncall.Acknowledged)
	case 3, 4:
		s.pager.set(ref, oncall.Resolved)
	case 5:
		if s.pager.pages[ref].page.Status == oncall.Acknowledged {
			s.pager.set(ref, oncall.Triggered) // an ack runs out
		}
	case 6:
		s.network = []float64{0, 0.1, 0.4, 0.8, 1}[s.rnd.IntN(5)]
	case 7:
		s.trouble = []float64{0, 0, 0, 0.2, 1}[s.rnd.IntN(5)]
	}
	s.after(s.span(40*time.Second), 0, "the night", s.night)
}

// heal ends all trouble, so that everything can come to its end.
func (s *sim) heal() {
	s.network, s.trouble, s.healed = 0, 0, true
	s.tracef("healed")
}

// quiet reports whether nothing more will happen that counts.
func (s *sim) quiet() bool {
	if !s.up || s.telling || len(s.box.pending)+len(s.box.watches)+len(s.box.book.settles)+len(s.box.book.records) > 0 {
		return false
	}
	for _, i := range s.queue.items {
		if i.name == "request arrives" || i.name == "frame" {
			return false
		}
	}
	return len(s.disk.pending()) == 0
}
