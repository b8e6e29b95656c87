package ledger

import (
	"context"
	"errors"
	"fmt"
)

const (
	// teamSchema holds the tables, so that they are in nobody's way.
	teamSchema = "conway"
	// teamVersion is what this version writes; see schemaVersion.
	teamVersion = 1
)

// teamSteps returns what brings a database from version i to i+1.
func teamSteps() []string { return []string{teamTables} }

// teamTables are those of a file, in PostgreSQL's words. Bodies are text and
// not JSON, because what is hashed is their bytes.
//
// The table session has a row for each handle that is open; see tenure.
const teamTables = `
CREATE TABLE record (
	seq   BIGINT PRIMARY KEY,
	id    TEXT NOT NULL UNIQUE,
	at    TEXT NOT NULL,
	kind  TEXT NOT NULL,
	src   TEXT NOT NULL,
	actor TEXT NOT NULL,
	body  TEXT NOT NULL,
	prev  BYTEA NOT NULL,
	hash  BYTEA NOT NULL
);
CREATE FUNCTION record_stays() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN RAISE EXCEPTION 'records are never changed or deleted'; END $$;
CREATE TRIGGER record_no_change BEFORE UPDATE OR DELETE ON record
	FOR EACH ROW EXECUTE FUNCTION record_stays();
CREATE TRIGGER record_no_truncate BEFORE TRUNCATE ON record
	FOR EACH STATEMENT EXECUTE FUNCTION record_stays();
CREATE FUNCTION record_follows() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM conway.record)
			OR NEW.prev <> coalesce((SELECT hash FROM conway.record WHERE seq = NEW.seq - 1), decode(repeat('00', 32), 'hex')) THEN
			RAISE EXCEPTION 'records are only added at the end';
		END IF;
		RETURN NEW;
	END $$;
CREATE TRIGGER record_append BEFORE INSERT ON record
	FOR EACH ROW EXECUTE FUNCTION record_follows();
CREATE TABLE task (
	kind    TEXT NOT NULL,
	ref     TEXT NOT NULL,
	seq     BIGINT NOT NULL,
	state   TEXT NOT NULL,
	open    BOOLEAN NOT NULL,
	session BIGINT NOT NULL,
	PRIMARY KEY (kind, ref)
);
CREATE INDEX task_open ON task (kind, seq) WHERE open;
CREATE TABLE session (
	id   BIGINT PRIMARY KEY,
	seen TIMESTAMPTZ NOT NULL
);
CREATE TABLE version (number BIGINT NOT NULL);
INSERT INTO version VALUES (0);
`

// version returns the schema version of a database, 0 for none. A newer one is
// errNewer. It must be called within a transaction.
func (p *teamConn) version() (v int64, err error) {
	there := false
	// By the catalogue itself: what to_regclass says can be from before the lock was
	// waited for, and whoever had it then has made the table.
	err = p.each("SELECT EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname = 'conway' AND tablename = 'version')", func(s cells) error {
		there = s.ColumnInt64(0) != 0
		return nil
	})
	if err != nil || !there {
		return 0, err
	}
	err = p.each("SELECT number FROM conway.version", func(s cells) error {
		v = s.ColumnInt64(0)
		return nil
	})
	if err == nil && v > teamVersion {
		err = fmt.Errorf("%w (schema %d, this one knows %d): it is open for reading only, upgrade this conway to write",
			errNewer, v, teamVersion)
	}
	return v, err
}

// migrate brings a database to this version, all of it or nothing. Whoever else
// is at it waits for the same lock.
func (p *teamConn) migrate(ctx context.Context, failpoint func(string)) error {
	var v int64
	err := p.during(ctx, func() (err error) {
		v, err = p.version()
		return err
	})
	if err != nil || v == teamVersion {
		return err
	}
	err = p.transact(ctx, "migrate", failpoint, func() error {
		// Somebody else may have been first.
		v, err := p.version()
		if err != nil {
			return err
		}
		if v == 0 {
			if err := p.makeSchema(); err != nil {
				return err
			}
		}
		for i, step := range teamSteps()[v:] {
			if err := p.script(fmt.Sprintf("%s; UPDATE version SET number = %d", step, int64(i)+v+1)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("bring the database to schema %d: %w", teamVersion, err)
	}
	return nil
}

// makeSchema makes the schema unless somebody with the right to has done so.
func (p *teamConn) makeSchema() error {
	there := false
	err := p.each("SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'conway')", func(s cells) error {
		there = s.ColumnInt64(0) != 0
		return nil
	})
	if err != nil || there {
		return err
	}
	return p.script("CREATE SCHEMA conway")
}

// script runs several statements.
func (p *teamConn) script(sql string) error {
	_, err := p.c.PgConn().Exec(p.ctx, sql).ReadAll()
	return err
}

// fit refuses a database that cannot keep what the ledger promises.
func (p *teamConn) fit(ctx context.Context) error {
	return p.run(ctx, "SELECT current_setting('fsync'), current_setting('server_encoding'), pg_is_in_recovery()", func(s cells) error {
		switch {
		case s.ColumnText(0) != "on":
			return errors.New("the database runs with fsync = off, and a power cut would take what is recorded; set fsync = on")
		case s.ColumnText(1) != "UTF8":
			return fmt.Errorf("the database's encoding is %s, which cannot hold every text; create one with ENCODING 'UTF8'", s.ColumnText(1))
		case s.ColumnInt64(2) != 0:
			return errors.New("the database is a standby, which only reads; set ledger.url to the primary")
		}
		return nil
	})
}
