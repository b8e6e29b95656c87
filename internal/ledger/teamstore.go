package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// dialTimeout bounds a connection: a database that takes longer is as good as
// away, and a person waits.
const dialTimeout = 5 * time.Second

// errNotYet is why a team's ledger takes no records before Reopen has connected.
var errNotYet = errors.New("the database has not been reached yet")

// teamStore is a ledger in a team's database.
type teamStore struct {
	opts   Options
	config *pgx.ConnConfig
	tenure *tenure
}

// openTeam returns a handle on a database without asking it anything: a cold
// start must not wait for one that is away. Reopen connects.
func openTeam(ctx context.Context, o Options) (*Journal, error) {
	config, err := parseTeam(o)
	if err != nil {
		return nil, err
	}
	s := &teamStore{opts: o, config: config}
	s.tenure = newTenure(o, s.connect)
	j := newJournal(o, s)
	if o.Path != "" {
		local := o
		local.URL, local.Password = "", nil
		if j.local, err = openFile(ctx, local); err != nil {
			j.noLocal = fmt.Errorf("open %s: %w", o.Path, err)
		}
	}
	if o.ReadOnly {
		j.why = ErrReadOnly
		j.readers <- nil
		return j, nil
	}
	j.broken = errNotYet
	go j.serve(nil)
	return j, nil
}

// parseTeam reads the address. What it leaves open is taken from the environment
// and the files that PostgreSQL's own programs read, PGPASSFILE and PGSSLMODE
// among them; see pgconn.ParseConfig.
func parseTeam(o Options) (*pgx.ConnConfig, error) {
	c, err := pgx.ParseConfig(o.URL)
	if err != nil {
		return nil, fmt.Errorf("read ledger.url: %w", err)
	}
	c.ConnectTimeout = dialTimeout
	maps.Copy(c.RuntimeParams, map[string]string{
		"application_name":   "conway",
		"search_path":        teamSchema,
		"synchronous_commit": "on",
		// As long as another process is waited for in a file.
		"lock_timeout": strconv.FormatInt(busyTimeout.Milliseconds(), 10),
		// A cockpit that is stopped in a transaction must not hold up the others.
		"idle_in_transaction_session_timeout": strconv.FormatInt(callTimeout.Milliseconds(), 10),
		// A machine that is gone is found out within half a minute.
		"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3",
	})
	return c, nil
}

// place is the address without a password or parameters.
func (s *teamStore) place() string {
	u := url.URL{Scheme: "postgres", User: url.User(s.config.User), Path: "/" + s.config.Database}
	u.Host = fmt.Sprintf("%s:%d", s.config.Host, s.config.Port)
	return u.String()
}

func (s *teamStore) session() int64 { return s.tenure.session }

// connect makes one connection.
func (s *teamStore) connect(ctx context.Context) (*teamConn, error) {
	config := s.config.Copy()
	if s.opts.Password != nil {
		password, err := s.opts.Password(ctx)
		if err != nil {
			return nil, fmt.Errorf("read ledger.password: %w", err)
		}
		config.Password = password
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	c, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLost, explainTeam(err))
	}
	return &teamConn{c: c, made: ctx}, nil
}

func (s *teamStore) enter(ctx context.Context) (_ *db, err error) {
	c, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { //nolint:contextcheck // a connection is closed after its context has ended
		if err != nil {
			err = errors.Join(explainTeam(err), c.close())
		}
	}()
	if err := c.fit(ctx); err != nil {
		return nil, err
	}
	s.opts.failpoint("open:connected")
	if err := c.migrate(ctx, s.opts.failpoint); err != nil {
		return nil, err
	}
	d := &db{c}
	err = c.during(ctx, func() error {
		last, seq, err := d.last()
		if err == nil && seq > 0 && last.sum(last.Prev) != last.Hash {
			err = fmt.Errorf("%w: the last record, %s, is not what was written", ErrDamaged, last.ID)
		}
		return err
	})
	if err == nil {
		err = s.tenure.begin(ctx)
	}
	s.opts.failpoint("open:migrated")
	return d, err
}

func (s *teamStore) dial(ctx context.Context) (*db, error) {
	c, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	var v int64
	err = c.during(ctx, func() (err error) {
		v, err = c.version()
		return err
	})
	if errors.Is(err, errNewer) {
		err = nil // its records can be read
	} else if err == nil && v == 0 {
		err = errors.New("there is no ledger in this database yet")
	}
	if err != nil {
		return nil, errors.Join(explainTeam(err), c.close()) //nolint:contextcheck // a connection is closed after its context has ended
	}
	return &db{c}, nil
}

func (s *teamStore) alive(d *db, session int64) (bool, error) { return s.tenure.alive(d, session) }

func (s *teamStore) close() error { return s.tenure.end() }
