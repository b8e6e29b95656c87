package ledger

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/ncruces/go-sqlite3"
)

const (
	// busyTimeout is how long a write waits for another process: many times what
	// a commit takes, and an import must not make an acknowledgement fail.
	busyTimeout = 5 * time.Second
	// logLimit is the size in bytes to which SQLite cuts the write-ahead log after
	// a large import.
	logLimit = 4 << 20
)

// fileConn is one connection to a ledger in a file.
type fileConn struct {
	c     *sqlite3.Conn
	stmts map[string]*sqlite3.Stmt
}

// dialFile connects to a ledger that exists.
func dialFile(path, vfs string, readOnly bool) (_ *fileConn, err error) {
	u := url.URL{Scheme: "file", Path: path}
	if vfs != "" {
		u.RawQuery = url.Values{"vfs": {vfs}}.Encode()
	}
	flags := sqlite3.OPEN_URI | sqlite3.OPEN_NOFOLLOW | sqlite3.OPEN_READWRITE
	if readOnly {
		flags = sqlite3.OPEN_URI | sqlite3.OPEN_NOFOLLOW | sqlite3.OPEN_READONLY
	}
	c, err := sqlite3.OpenFlags(u.String(), flags)
	if err != nil {
		return nil, err
	}
	d := &fileConn{c: c, stmts: map[string]*sqlite3.Stmt{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	if err := c.BusyTimeout(busyTimeout); err != nil {
		return nil, err
	}
	for _, pragma := range []string{
		"trusted_schema = OFF", "cell_size_check = ON", "temp_store = MEMORY",
	} {
		if err := c.Exec("PRAGMA " + pragma); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// durable makes every commit reach the disk before it returns: the log is synced
// each time, on macOS past the drive's cache too. checkpoint is Options.checkpoint.
func (d *fileConn) durable(checkpoint int) error {
	mode, err := d.text("PRAGMA journal_mode = WAL")
	if err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("this file system cannot hold a write-ahead log (%s mode); set ledger.path to a local disk", mode)
	}
	if checkpoint > 0 {
		if err := d.c.WALAutoCheckpoint(checkpoint); err != nil {
			return err
		}
	}
	for _, pragma := range []string{
		"synchronous = FULL", "fullfsync = ON", "checkpoint_fullfsync = ON",
		fmt.Sprintf("journal_size_limit = %d", logLimit),
	} {
		if err := d.c.Exec("PRAGMA " + pragma); err != nil {
			return err
		}
	}
	return nil
}

// each is conn's.
func (d *fileConn) each(sql string, row func(cells) error, args ...any) error {
	s, err := d.prepare(sql)
	if err != nil {
		return err
	}
	if err := bind(s, args); err != nil {
		return err
	}
	for s.Step() {
		if row == nil {
			continue
		}
		if err := row(s); err != nil {
			return errors.Join(err, s.Reset())
		}
	}
	return errors.Join(s.Err(), s.Reset(), s.ClearBindings())
}

// text returns the first column of a statement's first row.
func (d *fileConn) text(sql string) (out string, err error) {
	err = d.each(sql, func(s cells) error {
		out = s.ColumnText(0)
		return nil
	})
	return out, err
}

// number is text for a number.
func (d *fileConn) number(sql string) (out int64, err error) {
	err = d.each(sql, func(s cells) error {
		out = s.ColumnInt64(0)
		return nil
	})
	return out, err
}

func (d *fileConn) prepare(sql string) (*sqlite3.Stmt, error) {
	if s := d.stmts[sql]; s != nil {
		return s, nil
	}
	s, _, err := d.c.Prepare(sql)
	if err != nil {
		return nil, err
	}
	d.stmts[sql] = s
	return s, nil
}

func bind(s *sqlite3.Stmt, args []any) error {
	for i, a := range args {
		var err error
		switch v := a.(type) {
		case string:
			err = s.BindText(i+1, v)
		case int64:
			err = s.BindInt64(i+1, v)
		case bool:
			err = s.BindBool(i+1, v)
		case []byte:
			err = s.BindBlob(i+1, v)
		default:
			err = fmt.Errorf("bind %T: no such type in a ledger", a)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// transact is conn's.
func (d *fileConn) transact(ctx context.Context, name string, failpoint func(string), do func() error) (err error) {
	defer d.c.SetInterrupt(d.c.SetInterrupt(ctx))
	tx, err := d.c.BeginImmediate()
	if err != nil {
		return err
	}
	defer func() {
		// A failed commit may have ended the transaction already.
		if err != nil && !d.c.GetAutocommit() {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	failpoint(name + ":begun")
	if err := do(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	failpoint(name + ":written")
	d.c.SetInterrupt(context.WithoutCancel(ctx))
	if err := tx.Commit(); err != nil {
		return err
	}
	failpoint(name + ":committed")
	return nil
}

// within is conn's.
func (d *fileConn) within(ctx context.Context, do func() error) (err error) {
	defer d.c.SetInterrupt(d.c.SetInterrupt(ctx))
	if err := ctx.Err(); err != nil {
		return err
	}
	tx := d.c.Begin()
	defer func() {
		if !d.c.GetAutocommit() {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	return do()
}

// check has SQLite look at the whole file.
func (d *fileConn) check() (flaw string, err error) {
	words, err := d.text("PRAGMA quick_check(1)")
	if err != nil || words == "ok" {
		return "", err
	}
	return "the file is damaged: " + words, nil
}

// lost is never true: a file that fails breaks the handle.
func (d *fileConn) lost() bool { return false }

func (d *fileConn) close() error {
	for _, s := range d.stmts {
		// The error is that of the statement's last run, which was reported then.
		_ = s.Close()
	}
	clear(d.stmts)
	return d.c.Close()
}
