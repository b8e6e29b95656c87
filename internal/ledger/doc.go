// Package ledger is the durable journal of the cockpit: what a person asked for
// is written here before the screen says "recorded", and what became of it
// afterwards.
//
// A ledger is one SQLite file, or for a team one PostgreSQL database. Its records are only ever added: each holds the
// SHA-256 of its own content and of the record before it, so an edit, a deletion
// or a swap is found by Verify, and a truncation too by whoever kept a copy of
// the Head. Triggers refuse updates and deletions; a correction is a new record.
//
// What is promised:
//
//   - Append returns nil only after the record has been synced to the disk. It
//     then survives kill -9 and a power cut.
//   - An error of the disk is reported once and breaks the handle: nothing is
//     written through it any more. Syncing again would report success for data
//     that the system has already thrown away. Open again to go on.
//   - An error does not promise the contrary: a record that was refused because
//     of the disk may turn up after a restart. Actions have ids for that reason.
//   - Several processes may have one file open. Each sees the others' records
//     through Since. An action belongs to the process that recorded it for as
//     long as that lives; then Pending hands it to whoever asks first.
//   - Nothing is ever deleted or overwritten to get going again. A damaged file
//     and one of a newer version are opened for reading only.
//
// Beside the chain there is one small table of what each source last said, so
// that a cold start with everything down has something to show. It is neither
// chained nor exported.
//
// The files beside the ledger belong to it: -wal and -shm are SQLite's, -wal-new
// is a copy of the former for a moment, -lock holds the locks of the processes
// that have it open. The folder must be closed to others, because SQLite makes
// its files with the umask's mode.
//
// In a team's database the chain is the same, and so is every promise: one
// conformance suite, package ledgertest, holds both stores to them. What differs:
//
//   - A record is accepted once COMMIT has returned, with synchronous_commit on; a
//     database with fsync off is refused. Records are added under one advisory
//     lock, so all cockpits write one chain. A commit whose answer was lost is
//     looked up by its record's id as soon as the database is back, and is
//     ErrUnknown until then.
//   - A cockpit that lives and one that died look alike to a database that cannot be
//     reached, so the right to deliver an action is a tenure with two halves; see
//     there, and Journal.Held. That needs a connection of its own for as long as the
//     cockpit runs: a pooler in between must pool sessions.
//   - While the database is away nothing is recorded and the handle is ErrBroken.
//     Reopen connects again.
//   - What each source last said stays in a file on this machine. It is there for a
//     cold start, which must show something within a blink while the database is
//     away, and another cockpit with other rights has its own.
//   - The address holds no password. What it leaves open is found as PostgreSQL's own
//     programs find it: PGPASSFILE, PGPASSWORD, PGSSLMODE and the rest.
//
// No secret belongs here. Records are written as they are handed in, exported as
// they were written and cannot be removed, so redaction is the caller's.
//
// The package knows the nouns of package oncall and nothing of sources, delivery
// or the screen.
package ledger
