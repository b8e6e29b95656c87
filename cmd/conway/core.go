package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"conway/internal/board"
	"conway/internal/config"
	"conway/internal/feed"
	"conway/internal/follow"
	"conway/internal/ledger"
	"conway/internal/oncall"
	"conway/internal/runbook"
	"conway/internal/runner"
	"conway/internal/sources"
	"conway/internal/ui/gate"
	"conway/internal/ui/memo"
	"conway/internal/ui/outlet"
)

// core is everything between the sources and whoever looks: it runs what the
// config names, and stops all of it.
type core struct {
	cfg      config.Config
	box      *feed.Mailbox
	group    *feed.Group
	outbox   *feed.Outbox
	runner   *runner.Runner
	sources  []kinded
	byName   map[string]sources.Source
	services follow.Map
	panels   []follow.Panel
	promises promises
	// ownership says whose code the services are.
	ownership ownership
	runbooks  runbook.Library

	ctx    context.Context //nolint:containedctx // the span between start and stop is this value's whole life
	cancel context.CancelFunc
	jobs   sync.WaitGroup
	now    func() time.Time
	// environ is conway's own environment, from which a step gets a short list.
	environ []string
	// observe hears every event too, for a drill's debrief.
	observe func(oncall.Event)

	// journal keeps what was asked for; nil when no ledger could be opened, and
	// unkept says why.
	journal *ledger.Journal
	unkept  *oncall.Fault
	// alone is true where nobody looks at what other cockpits do.
	alone  bool
	memory memory
	others others
	// unwritten is what the ledger does not have yet of what sources said, and
	// names reads the key of its pseudonyms.
	unwritten unwritten
	names     func(context.Context) (pseudonyms, error)
	// sights are the pages that the ledger may have something to say of.
	sights sights
	// over are pages that have ended and are to be measured against objectives.
	over chan over

	// keepScreen has what the screen remembers of itself written down.
	keepScreen func(memo.Memory)

	// log, learn, began, ended and lend lead to the parent process; see attach.
	log   *slog.Logger
	learn func(secret string)
	began func(runner.Trace)
	ended func(id string)
	lend  func() (back func())

	// gate is before the terminal; nil where there is no screen.
	gate *gate.Gate
	// answer is what work beside the screen steps aside for.
	answer *outlet.Answer
}

// behind returns the terminal for a program of its own.
func (c *core) behind() io.Writer {
	w := c.gate.Behind() // the program's sequences are its own
	if o, ok := w.(*outlet.Outlet); ok {
		w = o.Behind()
	}
	return w
}

// gated tells the parent when the gate had anything to do: it never has, unless
// a library sends what it should not.
func (c *core) gated() {
	if n := c.gate.Dropped(); n > 0 && c.log != nil {
		c.log.Warn("sequences that are not the program's own were kept from the terminal", "count", n)
	}
}

// newCore makes the sources of these kinds. Nothing runs before start.
func newCore(cfg config.Config, now func() time.Time, kinds ...string) (*core, error) {
	owned := ownershipOf(cfg)
	c := &core{
		cfg: cfg, ownership: owned, box: feed.NewMailbox(0), byName: map[string]sources.Source{},
		services: servicesOf(cfg, owned.book), panels: panelsOf(cfg), promises: promisesOf(cfg), now: now,
		unwritten: newUnwritten(), sights: newSights(), over: make(chan over, maxOver), answer: outlet.NewAnswer(now),
		log: slog.New(slog.DiscardHandler), learn: func(string) {}, keepScreen: func(memo.Memory) {}, lend: func() func() { return func() {} },
	}
	made, err := sourcesOf(cfg, owned.book, func(s string) { c.learn(s) }, c.answer.Wait, kinds...)
	if err != nil {
		return nil, err
	}
	c.sources = made
	for _, s := range made {
		c.byName[s.Name()] = s.Source
	}
	if err := c.addTracker(); err != nil {
		return nil, err
	}
	return c, nil
}

// addTracker makes the place where follow-ups are filed. It brings in no news, so
// it is not among those that are run and shown.
func (c *core) addTracker() error {
	w := wiring{cfg: c.cfg, agent: "conway/" + version, learn: func(s string) { c.learn(s) }}
	s, err := w.tracker()
	switch {
	case err != nil:
		return usage(err)
	case s == nil:
		return nil
	case c.byName[trackerName] != nil:
		return usage(fmt.Errorf("a source is called %s, which is what follow_ups is called; give it another name", trackerName))
	}
	c.byName[trackerName] = s
	return nil
}

// emit takes one event to whoever looks.
func (c *core) emit(e oncall.Event) {
	if c.observe != nil {
		c.observe(e)
	}
	c.keep(e)
	c.box.Put(e)
}

// emitOutbox takes one event of the outbox to whoever looks. That the ledger is
// broken is left to mend.
func (c *core) emitOutbox(e oncall.Event) {
	if h, ok := e.(oncall.HealthEvent); ok && h.Err != nil && c.broken(h.Err) {
		return
	}
	c.emit(e)
}

// start runs the sources, the outbox and the runner until stop.
func (c *core) start(ctx context.Context) {
	c.ctx, c.cancel = context.WithCancel(ctx)
	c.group = feed.NewGroup(c.emit, feed.Options{Log: c.log})
	outbox := feed.OutboxOptions{Sources: c.byName, Emit: c.emitOutbox, Now: c.now, Log: c.log}
	if c.journal != nil {
		outbox.Journal, outbox.Tenured, outbox.JournalFix = c.journal, c.journal.Held, c.ledgerFix()
	}
	c.outbox = feed.NewOutbox(outbox)
	c.tellLedger()
	c.runner = runner.New(runner.Options{Emit: c.emit, Now: c.now, Env: c.environ, Began: c.began, Ended: c.ended})
	all := make([]sources.Source, 0, len(c.sources))
	for _, s := range c.sources {
		all = append(all, s.Source)
	}
	c.group.Start(c.ctx, all...) //nolint:contextcheck // the group and the jobs live as long as this core
	if c.journal != nil {
		if c.journal.Writable() == nil {
			c.spawn(c.lostSteps)
		}
		c.spawn(c.remember)
		c.spawn(c.mend)
		if !c.alone {
			c.spawn(c.watchOthers)
			c.spawn(c.fill)
			c.spawn(c.tellAcks)
			if c.byName[trackerName] != nil && !c.cfg.ReadOnly {
				c.spawn(c.fileFollowUps)
			}
			c.spawn(c.recollect)
			c.spawn(c.measure)
		}
	}
	c.spawn(func(ctx context.Context) {
		// It ends with the context and has nothing else to say.
		_ = c.outbox.Run(ctx)
	})
}

// stopTimeout bounds how long quitting waits for a step's processes to end.
const stopTimeout = 10 * time.Second

// stop ends everything and waits for it, also when ctx has ended.
func (c *core) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	err := c.runner.Close(ctx)
	c.cancel()
	c.group.Wait()
	c.jobs.Wait()
	if c.journal != nil {
		err = errors.Join(err, c.journal.Close())
	}
	return err
}

// spawn runs a job that stop waits for.
func (c *core) spawn(job func(context.Context)) {
	c.jobs.Go(func() {
		defer func() {
			if r := recover(); r != nil {
				c.emit(oncall.HealthEvent{Stamp: oncall.Stamp{Source: "conway", At: c.now(), Err: &oncall.Fault{
					Kind: oncall.Malformed, Source: "conway", Op: "background job", Detail: fmt.Sprint(r),
				}}})
			}
		}()
		job(c.ctx)
	})
}

// able reports whether a source can carry out actions of a kind.
func (c *core) able(source string, kind oncall.ActionKind) bool {
	s := c.byName[source]
	return s != nil && feed.Able(s, kind)
}

// infos lists the sources for a board.
func (c *core) infos() []board.SourceInfo {
	out := make([]board.SourceInfo, 0, len(c.sources))
	for _, s := range c.sources {
		out = append(out, board.SourceInfo{Name: s.Name(), Kind: s.kind})
	}
	return out
}

// newBoard returns a board on which none of the sources has answered yet.
func (c *core) newBoard() board.Board {
	return board.New(board.Options{Me: c.cfg.Me.Email, LineCap: c.cfg.LogLines, Sources: c.infos()})
}

// allKinds are the kinds of source that a cockpit has.
func allKinds() []string {
	return []string{board.KindPages, board.KindDeploys, board.KindMetrics, board.KindLogs}
}
