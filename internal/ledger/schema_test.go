package ledger

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"conway/internal/oncall"
)

// versionOne makes a ledger as the first schema had it, with an action that is
// not settled.
func versionOne(tb testing.TB) string {
	tb.Helper()
	path := home(tb)
	try(tb, localDisk{}.prepare(path))
	c, err := dialFile(path, "", false)
	try(tb, err)
	d := &db{c}
	try(tb, c.durable(0))
	try(tb, c.c.Exec(steps()[0]+"PRAGMA application_id = 0x636F6E77; PRAGMA user_version = 1"))
	var g ids
	for _, id := range []string{"a", "b"} {
		r, err := ActionRecord(anAction(id))
		try(tb, err)
		r.ID = g.next(start())
		r, err = r.normal()
		try(tb, err)
		r, seq, err := d.add(r)
		try(tb, err)
		task, err := taskOf(r)
		try(tb, err)
		try(tb, d.track(task, seq, 7))
	}
	try(tb, d.close())
	return path
}

func TestMigrateFromTheFirst(t *testing.T) {
	path := versionOne(t)
	j := opened(t, Options{Path: path})
	expect(t, "pending", pending(t, j), "a b")
	settled(t, j, "a", oncall.Confirmed, nil)
	try(t, j.SaveSnapshot(t.Context(), "pd", "pages", start(), []byte("[]")))
	verified(t, j, 3)
	closed(t, j)
	d, err := dialFile(path, "", true)
	try(t, err)
	if v, err := d.version(); err != nil || v != schemaVersion {
		t.Errorf("version %d, %v", v, err)
	}
	try(t, d.close())
}

func TestMigrationIsWholeOrNot(t *testing.T) {
	for _, point := range []string{"migrate:2:begun", "migrate:2:written"} {
		path := versionOne(t)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the failpoint was not reached")
				}
			}()
			j, err := Open(t.Context(), Options{Path: path, failpoint: func(name string) {
				if name == point {
					panic(name)
				}
			}})
			t.Error("opened", j, err)
		}()
	}
}

func TestNewerIsReadOnly(t *testing.T) {
	path, _, _ := ledgerOf(t, 3)
	raw(t, path, "PRAGMA user_version = 9; ALTER TABLE record ADD COLUMN mood TEXT; CREATE TABLE extra (a)")
	before, err := os.ReadFile(path)
	try(t, err)
	for _, readOnly := range []bool{false, true} {
		j := opened(t, Options{Path: path, ReadOnly: readOnly})
		w := j.Writable()
		if !errors.Is(w, ErrReadOnly) || !strings.Contains(w.Error(), "schema 9") || !strings.Contains(w.Error(), "upgrade") {
			t.Errorf("writable: %v", w)
		}
		if _, err := j.Append(t.Context(), Record{Kind: "x"}); !errors.Is(err, ErrReadOnly) {
			t.Errorf("append: %v", err)
		}
		verified(t, j, 3)
		closed(t, j)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the file was changed, %v", err)
	}
}

func TestNotALedger(t *testing.T) {
	for name, c := range map[string]struct{ content, sql, want string }{
		"text":            {content: strings.Repeat("this is a diary\n", 1000), want: "mv "},
		"cut short":       {content: "SQLite format 3\x00", want: "mv "},
		"other program's": {sql: "CREATE TABLE diary (day)", want: "another program"},
		"other app id":    {sql: "CREATE TABLE t (a); PRAGMA application_id = 7; PRAGMA user_version = 1", want: "another program"},
	} {
		path := home(t)
		try(t, os.WriteFile(path, []byte(c.content), 0o600))
		if c.sql != "" {
			raw(t, path, c.sql)
		}
		before, err := os.ReadFile(path)
		try(t, err)
		if j, err := Open(t.Context(), Options{Path: path}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: opened %v, %v", name, j, err)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
			t.Errorf("%s: the file was changed, %v", name, err)
		}
	}
}

// TestEmptyFileIsANewLedger: a first start that died right after it made the file.
func TestEmptyFileIsANewLedger(t *testing.T) {
	path := home(t)
	try(t, os.WriteFile(path, nil, 0o600))
	if _, err := Open(t.Context(), Options{Path: path, ReadOnly: true}); err == nil {
		t.Error("read an empty file")
	}
	j := opened(t, Options{Path: path})
	appended(t, j, 1)
	verified(t, j, 1)
}

func TestLastRecordIsChecked(t *testing.T) {
	path, _, _ := ledgerOf(t, 3)
	raw(t, path, noTriggers+"UPDATE record SET body = '{}' WHERE seq = 3")
	j := opened(t, Options{Path: path})
	if err := j.Writable(); !errors.Is(err, ErrReadOnly) || !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "mv '") {
		t.Errorf("writable: %v", err)
	}
	if r, err := j.Verify(t.Context()); err != nil || r.Flaw == nil || r.Flaw.Place != 3 {
		t.Errorf("verified %+v, %v", r, err)
	}
}

func TestDurableSettings(t *testing.T) {
	path := home(t)
	try(t, localDisk{}.prepare(path))
	d, err := dialFile(path, "", false)
	try(t, err)
	try(t, d.durable(0))
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "fullfsync": "1", "checkpoint_fullfsync": "1", "trusted_schema": "0",
	} {
		if got, err := d.text("PRAGMA " + pragma); err != nil || got != want {
			t.Errorf("%s is %s, want %s, %v", pragma, got, want, err)
		}
	}
	if err := d.each("SELECT ?", nil, 3.5); err == nil {
		t.Error("bound a type that no column has")
	}
	if err := d.each("SELECT", nil); !errors.Is(err, sqlite3.ERROR) {
		t.Errorf("got %v", err)
	}
	try(t, d.close())
}
