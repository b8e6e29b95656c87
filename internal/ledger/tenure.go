package ledger

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	// beatEvery is how often a handle on a team's ledger says that it is there.
	beatEvery = 5 * time.Second
	// grace is how long after its last word a handle whose connection is gone still
	// counts as alive. A database that was started anew has lost every connection,
	// and a cockpit that lives must have the time to come back.
	grace = 30 * time.Second
	// margin is how much earlier a handle stops counting itself as alive, so that
	// what it began to send has arrived before another looks for it.
	margin = 10 * time.Second
	// leaveTimeout bounds the word of a handle that it goes: somebody waits for the
	// end of the program.
	leaveTimeout = 3 * time.Second
	// forgotten is after how many days the row of a handle that never came back goes.
	forgotten = 30
)

// tenure is the claim of one handle to the actions that it recorded. Nobody can
// tell a cockpit that died from one that cannot reach the database, so a claim
// has two halves. The others take actions over when the handle's advisory lock
// is free, which the database drops with its connection, and its last word is
// older than grace. The handle itself holds its claim for lapsed once its last
// word is older than grace less margin, by a clock that runs on while a machine
// sleeps, until Pending has told which actions it still has.
type tenure struct {
	opts    Options
	session int64
	dial    func(context.Context) (*teamConn, error)

	// stop ends the goroutine that says so, which closes ended.
	stop  context.CancelFunc
	ended chan struct{}

	mu sync.Mutex
	// running is true once the goroutine is that says so; lately is when the last
	// word that arrived was said.
	running bool
	lately  time.Duration
	// lapsed is true from when the claim was lost until Pending was asked; lapses
	// counts how often that was.
	lapsed bool
	lapses int
}

func newTenure(o Options, dial func(context.Context) (*teamConn, error)) *tenure {
	return &tenure{
		opts: o, dial: dial, session: rand.Int64(), //nolint:gosec // any number that nobody else has will do
		ended: make(chan struct{}),
	}
}

// begin says for the first time that the handle is there, and has that be said
// from then on. A later call only says it.
func (t *tenure) begin(ctx context.Context) error {
	c, err := t.dial(ctx)
	if err == nil {
		err = t.beat(ctx, c)
	}
	t.mu.Lock()
	running := t.running
	t.running = running || err == nil
	t.mu.Unlock()
	if running || err != nil {
		if c != nil {
			_ = c.close() //nolint:contextcheck // a connection is closed after its context has ended
		}
		return err
	}
	ctx, t.stop = context.WithCancel(context.WithoutCancel(ctx))
	go t.serve(ctx, c)
	return nil
}

// serve says every few seconds that the handle is there, and connects again when
// it cannot.
func (t *tenure) serve(ctx context.Context, c *teamConn) {
	defer close(t.ended)
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			_ = guard(func() error { return t.leave(context.WithoutCancel(ctx), c) })
			return
		case <-tick.C:
		}
		// What fails is tried again at the next tick; the writer finds out by itself.
		_ = guard(func() (err error) {
			if c == nil || c.lost() {
				if c, err = t.dial(ctx); err != nil {
					return err
				}
			}
			return t.beat(ctx, c)
		})
	}
}

// beat says that the handle is there. The lock may still be held by a connection
// of its own that the database does not know to be gone; then that one counts.
func (t *tenure) beat(ctx context.Context, c *teamConn) error {
	began := t.opts.Elapsed()
	err := c.run(ctx, `SELECT CASE WHEN EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted)
		THEN TRUE ELSE pg_try_advisory_lock($1) END`, nil, t.session)
	if err == nil {
		err = c.run(ctx, `INSERT INTO session (id, seen) VALUES ($1, clock_timestamp())
			ON CONFLICT (id) DO UPDATE SET seen = excluded.seen`, nil, t.session)
	}
	if err != nil {
		return fmt.Errorf("say that this cockpit is there: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running && t.opts.Elapsed()-t.lately >= grace-margin {
		t.lapsed = true
		t.lapses++
	}
	t.lately = began
	return nil
}

// leave takes the claim back, so that what is left is taken over at once.
func (t *tenure) leave(ctx context.Context, c *teamConn) error {
	if c == nil || c.lost() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, leaveTimeout)
	defer cancel()
	// Closing frees the lock too, but only when the database comes to it. What fails
	// here is taken over after the grace.
	_ = c.run(ctx, "DELETE FROM session WHERE id = $1", nil, t.session)
	_ = c.run(ctx, "SELECT pg_advisory_unlock_all()", nil)
	return c.close() //nolint:contextcheck // a connection is closed after its context has ended
}

// held returns nil while the handle's actions are its own, and otherwise why
// that is not known.
func (t *tenure) held() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	silent := t.opts.Elapsed() - t.lately
	switch {
	case !t.running:
		return fmt.Errorf("%w: %w", ErrBroken, errNotYet)
	case silent >= grace-margin:
		return fmt.Errorf("the database has not been reached for %v, and another cockpit may have taken over", silent.Round(time.Second))
	case t.lapsed:
		return fmt.Errorf("the database could not be reached, and another cockpit may have taken over")
	}
	return nil
}

// lapse returns how often the claim has lapsed, for renew.
func (t *tenure) lapse() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lapses
}

// renew says that the handle has learnt which actions it still has, by a question
// that was put when the claim had lapsed so often.
func (t *tenure) renew(lapses int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lapses == lapses {
		t.lapsed = false
	}
}

// alive is store's. The lock of a handle that is gone is this transaction's from
// here on, and so is the row that says when it was last there.
func (t *tenure) alive(d *db, session int64) (alive bool, err error) {
	err = d.each(`SELECT NOT pg_try_advisory_xact_lock($1) OR EXISTS (SELECT FROM session
		WHERE id = $2 AND greatest(seen, pg_postmaster_start_time()) > clock_timestamp() - $3 * interval '1 second')`,
		func(s cells) error {
			alive = s.ColumnInt64(0) != 0
			return nil
		}, session, session, int64(grace/time.Second))
	if err == nil && !alive {
		err = d.exec("DELETE FROM session WHERE id = $1 OR seen < clock_timestamp() - $2 * interval '1 day'", session, int64(forgotten))
	}
	return alive, err
}

// end gives the claim up.
func (t *tenure) end() error {
	t.mu.Lock()
	running := t.running
	t.mu.Unlock()
	if running {
		t.stop()
		<-t.ended
	}
	return nil
}
