package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// callTimeout bounds one call of the database, also where the caller has set
	// no bound.
	callTimeout = 10 * time.Second
	// commitTimeout bounds a commit, which its caller's context does not end.
	commitTimeout = 10 * time.Second
	// chainLock is the key of the advisory lock under which records are added. It
	// holds within one database: "conway" and a number.
	chainLock int64 = 0x636F6E776179_01
)

// errLost means that the connection to the database ended under a call.
var errLost = errors.New("the database cannot be reached")

// teamConn is one connection to a team's database.
type teamConn struct {
	c *pgx.Conn
	// made is the context that it was made in, for its values.
	made context.Context //nolint:containedctx // close has none of its own
	// ctx is that of the transaction under way.
	ctx context.Context //nolint:containedctx // it is set for the span of one call, as SQLite's interrupt is
}

// each is conn's.
func (p *teamConn) each(sql string, row func(cells) error, args ...any) error {
	rows, err := p.c.Query(p.ctx, sql, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if row == nil {
			continue
		}
		values, err := rows.Values()
		if err == nil {
			err = row(pgCells(values))
		}
		if err != nil {
			return err
		}
	}
	return rows.Err()
}

// run is each without a transaction, for one statement of its own.
func (p *teamConn) run(ctx context.Context, sql string, row func(cells) error, args ...any) error {
	return p.during(ctx, func() error { return p.each(sql, row, args...) })
}

// during runs do with a context and puts what it says into words.
func (p *teamConn) during(ctx context.Context, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	p.ctx = ctx
	return p.fault(ctx, do())
}

// fault tells a connection that is gone from a statement that was refused.
func (p *teamConn) fault(ctx context.Context, err error) error {
	switch {
	case err == nil || !p.c.IsClosed() || errors.Is(err, errLost):
		return err
	case ctx.Err() != nil:
		// pgx ends the connection with the context; the next call gets another.
		return fmt.Errorf("the database did not answer: %w", ctx.Err())
	}
	return fmt.Errorf("%w: %w", errLost, err)
}

// transact is conn's. Records are added one transaction at a time, whoever adds
// them; each statement sees what was committed before it.
func (p *teamConn) transact(ctx context.Context, name string, failpoint func(string), do func() error) (err error) {
	defer func() {
		if err != nil && !p.c.IsClosed() && p.c.PgConn().TxStatus() != 'I' {
			err = errors.Join(err, p.run(context.WithoutCancel(ctx), "ROLLBACK", nil))
		}
	}()
	err = p.during(ctx, func() error {
		if err := p.each("BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE", nil); err != nil {
			return err
		}
		if err := p.each("SELECT pg_advisory_xact_lock($1)", nil, chainLock); err != nil {
			return err
		}
		failpoint(name + ":begun")
		if err := do(); err != nil {
			return err
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	failpoint(name + ":written")
	if err := p.commit(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	failpoint(name + ":committed")
	return nil
}

// commit returns nil only once the database has said that it committed. When it
// says nothing, the record may be there all the same.
func (p *teamConn) commit(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	tag, err := p.c.Exec(ctx, "COMMIT")
	switch {
	case err != nil && p.c.IsClosed():
		return fmt.Errorf("%w: %w: %w", ErrUnknown, errLost, err)
	case err != nil:
		return err
	case tag.String() != "COMMIT":
		// A transaction that had failed is rolled back, and that is no error to it.
		return fmt.Errorf("the database answered the commit with %s", tag)
	}
	return nil
}

// within is conn's.
func (p *teamConn) within(ctx context.Context, do func() error) (err error) {
	defer func() {
		if !p.c.IsClosed() && p.c.PgConn().TxStatus() != 'I' {
			err = errors.Join(err, p.run(context.WithoutCancel(ctx), "ROLLBACK", nil))
		}
	}()
	p.ctx = ctx
	return p.fault(ctx, func() error {
		if _, err := p.c.Exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"); err != nil {
			return err
		}
		return do()
	}())
}

// check finds nothing: what is on its disks is the database's own to look after.
func (p *teamConn) check() (string, error) { return "", nil }

func (p *teamConn) lost() bool { return p.c.IsClosed() }

func (p *teamConn) close() error {
	// A connection is closed after its callers' contexts have ended.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.made), time.Second)
	defer cancel()
	// It is gone either way.
	_ = p.c.Close(ctx)
	return nil
}

// pgCells are the values of one row.
type pgCells []any

// ColumnInt64 returns a number, 0 for another type.
func (v pgCells) ColumnInt64(col int) int64 {
	switch n := v[col].(type) {
	case int64:
		return n
	case int32:
		return int64(n)
	case bool:
		if n {
			return 1
		}
	}
	return 0
}

// ColumnText returns a text, empty for another type.
func (v pgCells) ColumnText(col int) string {
	s, _ := v[col].(string)
	return s
}

// ColumnBlob appends bytes, or a text's, to buf.
func (v pgCells) ColumnBlob(col int, buf []byte) []byte {
	switch b := v[col].(type) {
	case []byte:
		return append(buf, b...)
	case string:
		return append(buf, b...)
	}
	return buf
}

// ColumnRawText returns a text's bytes.
func (v pgCells) ColumnRawText(col int) []byte { return v.ColumnBlob(col, nil) }

// ColumnRawBlob returns bytes.
func (v pgCells) ColumnRawBlob(col int) []byte { return v.ColumnBlob(col, nil) }

// explainTeam puts what the database refused into words, with the fix where there is
// one.
func explainTeam(err error) error {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return err
	}
	switch pg.Code {
	case "55P03": // lock_not_available
		return fmt.Errorf("another cockpit has held the ledger for %v: %w", busyTimeout, err)
	case "53100": // disk_full
		return fmt.Errorf("the database's disk is full, make room there: %w", err)
	case "25006": // read_only_sql_transaction
		return fmt.Errorf("this database only reads; set ledger.url to the one that is written to: %w", err)
	case "28P01", "28000": // invalid_password, invalid_authorization_specification
		return fmt.Errorf("the database does not let you in; look at ledger.password and the user in ledger.url: %w", err)
	case "42501": // insufficient_privilege
		return fmt.Errorf("the user in ledger.url may not do this; let it create the schema %s once, or create it for it: %w", teamSchema, err)
	case "3D000": // invalid_catalog_name
		return fmt.Errorf("create the database, or put another name into ledger.url: %w", err)
	}
	return err
}
