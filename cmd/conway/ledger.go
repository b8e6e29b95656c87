package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"conway/internal/clock"
	"conway/internal/config"
	"conway/internal/envelope"
	"conway/internal/ledger"
	"conway/internal/oncall"
)

// ledgerName is how faults and the title line call the ledger.
const ledgerName = "ledger"

// keepTimeout bounds one write of the ledger that nobody waits for.
const keepTimeout = 10 * time.Second

// ledgerPath is where the ledger is: the config's word, or the state folder.
func (a *app) ledgerPath(cfg config.Config) string {
	if cfg.Ledger.Path != "" {
		return cfg.Ledger.Path
	}
	return filepath.Join(envelope.StateDir("conway", a.getenv), "ledger.db")
}

// lastFile is the file in the state folder that holds what each source last said
// where the ledger itself is a team's database.
const lastFile = "last.db"

// ledgerOptions say which ledger the config means. A password that is read is
// told to learn.
func (a *app) ledgerOptions(cfg config.Config, learn func(string)) ledger.Options {
	o := ledger.Options{Path: a.ledgerPath(cfg), Now: a.now, Actor: cfg.Me.Email, Elapsed: awake(a.now)}
	if cfg.Ledger.URL == "" {
		return o
	}
	o.URL, o.Path = cfg.Ledger.URL, filepath.Join(envelope.StateDir("conway", a.getenv), lastFile)
	if p := a.getenv(config.PostgresPassword); p != "" {
		learn(p)
	}
	if !cfg.Ledger.Password.IsZero() {
		o.Password = func(ctx context.Context) (string, error) {
			password, err := cfg.Ledger.Password.Read(ctx)
			learn(password)
			return password, err
		}
	}
	return o
}

// awake tells the time that has passed, a machine's sleep included.
func awake(now func() time.Time) func() time.Duration {
	began := now()
	return func() time.Duration {
		if t, ok := clock.Boot(); ok {
			return t
		}
		return now().Sub(began)
	}
}

// openLedger gives a core its journal. Without one the cockpit still works and
// says that nothing is recorded: a ledger must never hide a page. A team's
// database is not waited for: mend reaches it.
func (a *app) openLedger(ctx context.Context, c *core) {
	c.names = func(ctx context.Context) (pseudonyms, error) { return a.pseudonyms(ctx, c.cfg, c.learn) }
	j, err := ledger.Open(ctx, a.ledgerOptions(c.cfg, c.learn))
	if err == nil {
		if err = j.Writable(); err == nil || c.cfg.Ledger.URL != "" && errors.Is(err, ledger.ErrBroken) {
			c.journal = j
			return
		}
		err = errors.Join(err, j.Close())
	}
	c.unkept = &oncall.Fault{
		Kind: oncall.Unavailable, Source: ledgerName, Op: "open the ledger", Detail: err.Error(),
		Fix: "what you do is sent but not recorded until this is mended and conway started again", Cause: err,
	}
}

// reachLedger is openLedger for a command that does one thing: it waits for a
// team's database, and does without one that is away.
func (a *app) reachLedger(ctx context.Context, c *core) {
	c.alone = true
	a.openLedger(ctx, c)
	if c.journal == nil || c.journal.Writable() == nil {
		return
	}
	err := c.reopen(ctx)
	if err == nil {
		return
	}
	c.unkept = &oncall.Fault{
		Kind: oncall.Unavailable, Source: ledgerName, Op: "open the ledger", Cause: err,
		Detail: errors.Join(err, c.journal.Close()).Error(), Fix: "what you do is sent but not recorded",
	}
	c.journal = nil
}

// tellLedger shows the ledger among the sources when it cannot be used.
func (c *core) tellLedger() {
	if c.unkept != nil {
		c.box.Put(oncall.HealthEvent{Stamp: oncall.Stamp{Source: ledgerName, At: c.now(), Err: c.unkept}, Attempt: 1})
	}
}

// keep records what a core hears and nobody else records: how a step ended, and
// what each source said last.
func (c *core) keep(e oncall.Event) {
	if c.journal == nil {
		return
	}
	switch e := e.(type) {
	case oncall.RunEvent:
		if e.Run.State.Done() {
			c.spawn(func(ctx context.Context) { c.keepRun(ctx, e.Run) })
		}
	case oncall.PagesEvent, oncall.DeploysEvent, oncall.RosterEvent:
		c.memory.note(e)
		c.unwritten.note(e)
		c.sights.note(e)
	case oncall.DetailEvent:
		c.unwritten.note(e)
		c.sights.note(e)
	case oncall.ActionEvent:
		c.others.note(e)
	}
}

// keepRun records the end of a step, also while everything is being stopped.
func (c *core) keepRun(ctx context.Context, run oncall.StepRun) {
	if c.journal == nil {
		return
	}
	r, err := ledger.RunRecord(run)
	if err != nil {
		c.ledgerFailed("record how a step ended", err)
		return
	}
	// One id for all tries: a commit whose answer was lost is not repeated.
	for told := false; ; told = true {
		once, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTimeout)
		_, err = c.journal.Append(once, r)
		cancel()
		if err != nil && !told {
			c.ledgerFailed("record how a step ended", err)
		}
		if err == nil || !errors.Is(c.journal.Writable(), ledger.ErrBroken) || !sleep(ctx, mendEvery) {
			return
		}
	}
}

// intend records a step before it is started. A step whose intent is not
// durable is not started.
func (c *core) intend(ctx context.Context, run oncall.StepRun) error {
	if c.journal == nil {
		return c.unkept
	}
	ctx, cancel := context.WithTimeout(ctx, keepTimeout)
	defer cancel()
	r, err := ledger.StepRecord(run)
	if err == nil {
		_, err = c.journal.Append(ctx, r)
	}
	return err
}

// broken reports whether err means that nothing is recorded before the ledger is
// opened anew. That is for mend to say, once and with what to do: the first
// fault of a source is the only one that is put into words on the screen. The
// call under which a database goes away may fail with an error of its own.
func (c *core) broken(err error) bool {
	return errors.Is(err, ledger.ErrBroken) || c.journal != nil && errors.Is(c.journal.Writable(), ledger.ErrBroken)
}

// ledgerFailed shows a failure of the ledger among the sources.
func (c *core) ledgerFailed(op string, err error) {
	if c.broken(err) {
		return
	}
	c.box.Put(oncall.HealthEvent{Stamp: oncall.Stamp{Source: ledgerName, At: c.now(), Err: &oncall.Fault{
		Kind: oncall.Unavailable, Source: ledgerName, Op: op, Detail: err.Error(), Cause: err,
	}}, Attempt: 1})
}

// lostSteps says which steps of an earlier session ended unseen, and records
// that their end is not known.
func (c *core) lostSteps(ctx context.Context) {
	lost, err := c.journal.LostSteps(ctx)
	if err != nil {
		c.ledgerFailed("look for steps that ended unseen", err)
	}
	for _, run := range lost {
		run.State, run.Ended = oncall.RunFailed, c.now()
		run.Reason = "conway ended before it did; how it ended is not known"
		c.emit(oncall.RunEvent{Stamp: oncall.Stamp{Source: "conway", At: c.now()}, Run: run})
	}
}

func (a *app) ledgerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "ledger", Short: "Check, export, import or fill the ledger, and say what may become of your part of it", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usage(errors.New("ledger needs one of verify, export, import, sync, show, share, consent, contest, forget; see conway ledger --help"))
		},
	}
	var heads []string
	verify := &cobra.Command{
		Use: "verify", Short: "Check that no record was edited, deleted or moved", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.verifyLedger(cmd.Context(), heads) },
	}
	verify.Flags().StringArrayVar(&heads, "head", nil, "a head printed earlier, kept elsewhere: proves that nothing was cut off since")
	cmd.AddCommand(verify, a.syncCommand(), a.exportCommand(),
		a.showCommand(), a.shareCommand(), a.consentCommand(), a.contestCommand(), a.forgetCommand(),
		&cobra.Command{
			Use: "import", Short: "Add the records of an export from standard input; those that are here already are left", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				return a.onLedger(cmd.Context(), false, func(j *ledger.Journal) error {
					added, known, err := j.Import(cmd.Context(), a.stdin)
					if err == nil {
						fmt.Fprintf(a.stdout, "%d records added, %d were here already\n", added, known)
					}
					return err
				})
			},
		},
	)
	return cmd
}

// onLedger opens the config's ledger for one command.
func (a *app) onLedger(ctx context.Context, readOnly bool, use func(*ledger.Journal) error) error {
	cfg, _, err := a.load(ctx)
	if err != nil {
		return err
	}
	return a.withLedger(ctx, cfg, readOnly, use)
}

// withLedger is onLedger for a command that has read the config.
func (a *app) withLedger(ctx context.Context, cfg config.Config, readOnly bool, use func(*ledger.Journal) error) error {
	o := a.ledgerOptions(cfg, func(string) {})
	o.ReadOnly = readOnly
	if o.URL != "" {
		o.Path = ""
	}
	j, err := ledger.Open(ctx, o)
	if err != nil {
		return err
	}
	if !readOnly && o.URL != "" {
		if err := j.Reopen(ctx); err != nil {
			return errors.Join(err, j.Close())
		}
	}
	return errors.Join(use(j), j.Close())
}

func (a *app) verifyLedger(ctx context.Context, heads []string) error {
	kept := make([]ledger.Head, 0, len(heads))
	for _, h := range heads {
		head, err := ledger.ParseHead(h)
		if err != nil {
			return usage(err)
		}
		kept = append(kept, head)
	}
	return a.onLedger(ctx, true, func(j *ledger.Journal) error {
		rep, err := j.Verify(ctx, kept...)
		if err != nil {
			return err
		}
		if rep.Flaw != nil {
			return fmt.Errorf("%s: %s; everything up to %s is as it was written", j.Path(), rep.Flaw, rep.Good)
		}
		fmt.Fprintf(a.stdout, "%s: %d records, every one as it was written; head %s\n", j.Path(), rep.Good.Count, rep.Good)
		return nil
	})
}

// rememberEvery is how often at most one source's last word is written down:
// each is a synced commit, and a cold start needs it only roughly.
const rememberEvery = 15 * time.Second

// kept is the shape of a remembered event; one of the pointers is set.
type kept struct {
	Pages   *oncall.PagesEvent   `json:"pages,omitempty"`
	Deploys *oncall.DeploysEvent `json:"deploys,omitempty"`
	Roster  *oncall.RosterEvent  `json:"roster,omitempty"`
}

func (k kept) event() oncall.Event {
	switch {
	case k.Pages != nil:
		return *k.Pages
	case k.Deploys != nil:
		return *k.Deploys
	case k.Roster != nil:
		return *k.Roster
	}
	return nil
}

// remember writes down what the sources said last, until ctx ends.
func (c *core) remember(ctx context.Context) {
	t := time.NewTicker(rememberEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			c.writeMemory(ctx)
		case <-ctx.Done():
			c.writeMemory(context.WithoutCancel(ctx))
			return
		}
	}
}

func (c *core) writeMemory(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, keepTimeout)
	defer cancel()
	for key, e := range c.memory.take() {
		data, err := json.Marshal(e)
		if err == nil {
			err = c.journal.SaveSnapshot(ctx, key.source, key.kind, e.event().Meta().At, data)
		}
		if err != nil {
			c.ledgerFailed("keep the last known state", err)
			return
		}
	}
}

// recall returns what the sources said last before this start. Their age goes
// with them, so none of it can look fresh.
func (c *core) recall(ctx context.Context) []oncall.Event {
	if c.journal == nil {
		return nil
	}
	all, err := c.journal.Snapshots(ctx)
	if err != nil {
		c.ledgerFailed("read the last known state", err)
		return nil
	}
	var out []oncall.Event
	for _, s := range all {
		var k kept
		if c.byName[s.Source] == nil || json.Unmarshal(s.Data, &k) != nil || k.event() == nil {
			continue // of a source that is configured no more, or of another version
		}
		out = append(out, k.event())
	}
	return out
}
