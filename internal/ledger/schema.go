package ledger

import (
	"context"
	"errors"
	"fmt"
)

const (
	// applicationID marks the file as a ledger: "conw".
	applicationID = 0x636F6E77
	// schemaVersion is what this version writes. A later one never takes columns
	// away from the table record, so that its files can still be read here.
	schemaVersion = 2
)

// errNewer means that a later version wrote the file.
var errNewer = errors.New("a newer conway wrote this ledger")

// steps returns what brings a file from version i to i+1.
func steps() []string { return []string{chainTables, snapshotTables} }

// chainTables hold the records and what is still to be done about some of them.
// The triggers keep the chain whole against whoever uses another program; they
// also see what INSERT OR REPLACE would remove.
//
// The table task is derived from records that were appended here: one row for
// each action and each step, open until its end was recorded. seq is the record
// that began it and session the handle that looks after it.
const chainTables = `
CREATE TABLE record (
	seq   INTEGER PRIMARY KEY,
	id    TEXT NOT NULL UNIQUE,
	at    TEXT NOT NULL,
	kind  TEXT NOT NULL,
	src   TEXT NOT NULL,
	actor TEXT NOT NULL,
	body  TEXT NOT NULL,
	prev  BLOB NOT NULL,
	hash  BLOB NOT NULL
) STRICT;
CREATE TRIGGER record_no_update BEFORE UPDATE ON record
	BEGIN SELECT RAISE(ABORT, 'records are never changed'); END;
CREATE TRIGGER record_no_delete BEFORE DELETE ON record
	BEGIN SELECT RAISE(ABORT, 'records are never deleted'); END;
CREATE TRIGGER record_append BEFORE INSERT ON record
	WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM record)
		OR NEW.prev IS NOT coalesce((SELECT hash FROM record WHERE seq = NEW.seq - 1), zeroblob(32))
		OR EXISTS (SELECT 1 FROM record WHERE id = NEW.id)
	BEGIN SELECT RAISE(ABORT, 'records are only added at the end'); END;
CREATE TABLE task (
	kind    TEXT NOT NULL,
	ref     TEXT NOT NULL,
	seq     INTEGER NOT NULL,
	state   TEXT NOT NULL,
	open    INTEGER NOT NULL,
	session INTEGER NOT NULL,
	PRIMARY KEY (kind, ref)
) STRICT, WITHOUT ROWID;
CREATE INDEX task_open ON task (kind, seq) WHERE open;
`

// snapshotTables hold what each source last said. at is in nanoseconds since
// 1970.
const snapshotTables = `
CREATE TABLE snapshot (
	source TEXT NOT NULL,
	kind   TEXT NOT NULL,
	at     INTEGER NOT NULL,
	data   BLOB NOT NULL,
	PRIMARY KEY (source, kind)
) STRICT;
`

// version returns the schema version of a ledger, 0 for an empty file. A
// database of another program is an error, a newer ledger errNewer.
func (d *fileConn) version() (int64, error) {
	v, err := d.number("PRAGMA user_version")
	if err != nil {
		return 0, err
	}
	app, err := d.number("PRAGMA application_id")
	if err != nil {
		return 0, err
	}
	tables, err := d.number("SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return 0, err
	}
	switch {
	case v == 0 && app == 0 && tables == 0:
		return 0, nil
	case app != applicationID || v < 1:
		return v, errors.New("it is a database of another program; set ledger.path to another name")
	case v > schemaVersion:
		return v, fmt.Errorf("%w (schema %d, this one knows %d): it is open for reading only, upgrade this conway to write",
			errNewer, v, schemaVersion)
	}
	return v, nil
}

// migrate brings a ledger from version v to this one, each step in a transaction
// of its own. Nobody else may be opening it.
func (d *fileConn) migrate(ctx context.Context, v int64, failpoint func(string)) error {
	for i, step := range steps() {
		next := int64(i) + 1
		if next <= v {
			continue
		}
		err := d.transact(ctx, fmt.Sprintf("migrate:%d", next), failpoint, func() error {
			return d.c.Exec(fmt.Sprintf("%s; PRAGMA application_id = %d; PRAGMA user_version = %d", step, applicationID, next))
		})
		if err != nil {
			return fmt.Errorf("bring it to schema %d: %w", next, err)
		}
	}
	return nil
}
