package ledger

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/ncruces/go-sqlite3"
)

// Errors that callers tell apart.
var (
	// ErrReadOnly means that this handle cannot write; the error around it says
	// why and what to do.
	ErrReadOnly = errors.New("the ledger is open for reading only")
	// ErrBroken means that the disk failed under this handle, or that a team's
	// database is away. Nothing is written through it any more; Reopen it.
	ErrBroken = errors.New("the ledger must be opened again")
	// ErrUnknown means that the context ended while the disk was still busy: the
	// record may be written yet.
	ErrUnknown = errors.New("not known yet whether it is written")
	// ErrConflict means that another record has the same id.
	ErrConflict = errors.New("another record has the same id")
	// ErrClosed means that Close was called.
	ErrClosed = errors.New("the ledger is closed")
	// ErrDamaged means that the file cannot be read from some point on.
	ErrDamaged = errors.New("the ledger is damaged")
)

// awayError is ErrBroken for a team's database, in few words: whoever opens it
// again says at length what is wrong.
type awayError struct{ cause error }

func (awayError) Error() string { return "the team's database is away" }

func (e awayError) Unwrap() []error { return []error{ErrBroken, e.cause} }

// damaged reports whether err says that the file's content is not what SQLite
// wrote.
func damaged(err error) bool {
	return errors.Is(err, sqlite3.CORRUPT) || errors.Is(err, sqlite3.NOTADB) || errors.Is(err, ErrDamaged)
}

// breaks reports whether err ends the use of a handle for writing: anything that
// leaves in doubt what is on the disk.
func breaks(err error) bool {
	switch {
	case err == nil:
		return false
	case errors.Is(err, sqlite3.IOERR), errors.Is(err, sqlite3.FULL), errors.Is(err, sqlite3.CANTOPEN),
		errors.Is(err, sqlite3.READONLY), errors.Is(err, sqlite3.PERM), damaged(err), errors.Is(err, errPanic),
		errors.Is(err, errLost):
		return true
	}
	return false
}

// errPanic marks a recovered panic.
var errPanic = errors.New("panic")

// explain puts an error of the store into words: the context's own when that is
// what ended it, and the fix where there is one.
func explain(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sqlite3.INTERRUPT) && ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, sqlite3.BUSY):
		return fmt.Errorf("another process has held the ledger for %v: %w", busyTimeout, err)
	case errors.Is(err, sqlite3.FULL), errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("the disk is full, make room: %w", err)
	case errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("your quota is used up, make room: %w", err)
	case errors.Is(err, sqlite3.CANTOPEN):
		return fmt.Errorf("a file beside it cannot be made or opened: %w", err)
	case errors.Is(err, sqlite3.IOERR):
		return fmt.Errorf("the disk failed to %s: %w", ioVerb(err), err)
	}
	return explainTeam(err)
}

// ioVerb says what the disk was asked to do. SQLite does not always hand on the
// system's own words.
func ioVerb(err error) string {
	for code, verb := range map[sqlite3.ExtendedErrorCode]string{
		sqlite3.IOERR_FSYNC: "sync", sqlite3.IOERR_DIR_FSYNC: "sync the folder", sqlite3.IOERR_WRITE: "write",
		sqlite3.IOERR_READ: "read", sqlite3.IOERR_SHORT_READ: "read", sqlite3.IOERR_TRUNCATE: "truncate a file",
		sqlite3.IOERR_DELETE: "delete a file",
	} {
		if errors.Is(err, code) {
			return verb
		}
	}
	return "do what it was asked"
}
