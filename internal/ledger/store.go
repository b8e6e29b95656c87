package ledger

import "context"

// store is where the records of a journal are: a file, or a team's database.
type store interface {
	// place says where it is, without any secret.
	place() string
	// enter returns the connection for writing to a ledger of this version, and has
	// this handle count as alive until close.
	enter(ctx context.Context) (*db, error)
	// dial returns a connection that only reads.
	dial(ctx context.Context) (*db, error)
	// session is this handle's number among all that have the ledger open.
	session() int64
	// alive reports whether the handle with a number is open, or may be. It is asked
	// in a transaction of d, and while that lasts a handle that is gone stays so.
	alive(d *db, session int64) (bool, error)
	// close ends what enter began, once the connections are closed.
	close() error
}

// db is one connection, whatever it leads to. One goroutine uses it at a time.
type db struct{ conn }

// conn is what both stores can do. Their SQL is the same: places for values are
// $1, $2 and so on, in the order in which they first stand in the statement.
type conn interface {
	// each runs a statement and calls row for each of its rows; nil for none. It
	// must be called within a transaction.
	each(sql string, row func(cells) error, args ...any) error
	// transact runs do in a transaction that owns the right to write. It ends with
	// ctx up to the commit; the commit itself is never cut short. The failpoints are
	// name:begun, name:written and name:committed.
	transact(ctx context.Context, name string, failpoint func(string), do func() error) error
	// within runs do in a transaction that only reads, so that it sees one state,
	// and ends it with ctx.
	within(ctx context.Context, do func() error) error
	// check returns a flaw that the store finds in itself, empty for none.
	check() (flaw string, err error)
	// lost reports whether the connection has ended by itself.
	lost() bool
	close() error
}

// cells are the columns of one row. SQLite's own name their methods.
type cells interface {
	ColumnInt64(col int) int64
	ColumnText(col int) string
	// ColumnBlob appends to buf.
	ColumnBlob(col int, buf []byte) []byte
	// ColumnRawText and ColumnRawBlob lend the store's own bytes, until the next row.
	ColumnRawText(col int) []byte
	ColumnRawBlob(col int) []byte
}

// exec runs a statement that has no rows.
func (d *db) exec(sql string, args ...any) error { return d.each(sql, nil, args...) }

// close ends the connection, if there is one.
func (d *db) close() error {
	if d == nil {
		return nil
	}
	return d.conn.close()
}
