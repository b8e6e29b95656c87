package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

// raw runs SQL on a closed ledger, as any other program could.
func raw(tb testing.TB, path, sql string) {
	tb.Helper()
	c, err := sqlite3.Open("file:" + path)
	try(tb, err)
	try(tb, errors.Join(c.Exec(sql), c.Close()))
}

const noTriggers = "DROP TRIGGER record_no_update; DROP TRIGGER record_no_delete; DROP TRIGGER record_append;"

// ledgerOf returns the path of a closed ledger of n records, and its head.
func ledgerOf(tb testing.TB, n int) (string, []Record, Head) {
	tb.Helper()
	path := home(tb)
	j := opened(tb, Options{Path: path, Now: clock(), Actor: "ana"})
	rs := appended(tb, j, n)
	h, err := j.Head(tb.Context())
	try(tb, err)
	closed(tb, j)
	return path, rs, h
}

func TestTriggersRefuse(t *testing.T) {
	path, rs, _ := ledgerOf(t, 5)
	values := "'" + rs[2].ID + "', 'a', 'b', 'c', 'd', '{}', zeroblob(32), zeroblob(32))"
	c, err := sqlite3.Open("file:" + path)
	try(t, err)
	for _, sql := range []string{
		"UPDATE record SET body = '{}' WHERE seq = 3",
		"UPDATE OR REPLACE record SET seq = 4 WHERE seq = 3",
		"DELETE FROM record WHERE seq = 5",
		"DELETE FROM record",
		"INSERT OR REPLACE INTO record VALUES (3, " + values,
		"INSERT OR REPLACE INTO record VALUES (6, " + values,
		"INSERT INTO record VALUES (7, 'x', 'a', 'b', 'c', 'd', '{}', (SELECT hash FROM record WHERE seq = 5), zeroblob(32))",
		"INSERT INTO record VALUES (6, 'x', 'a', 'b', 'c', 'd', '{}', zeroblob(32), zeroblob(32))",
	} {
		if err := c.Exec(sql); err == nil || !strings.Contains(err.Error(), "records are") {
			t.Errorf("%s: %v", sql, err)
		}
	}
	try(t, c.Close())
	verified(t, opened(t, Options{Path: path}), 5)
}

func TestVerifyNamesTheFirstBadRecord(t *testing.T) {
	const n = max(3, 12/slowdown)
	type damage struct {
		name, sql string
		// place is the bad record; needsHead is true for what only a kept head shows.
		place     int64
		needsHead bool
	}
	var all []damage
	add := func(place int64, needsHead bool, name, sql string) {
		all = append(all, damage{fmt.Sprintf("%s %d", name, place), fmt.Sprintf(sql, place), place, needsHead})
	}
	for i := int64(1); i <= n; i++ {
		for _, column := range []string{"at", "kind", "src", "actor", "body", "id"} {
			value := "'" + map[string]string{"at": "2026-01-01T00:00:00Z", "body": "{}"}[column] + "'"
			add(i, false, "edit "+column+" of", "UPDATE record SET "+column+" = "+value+" WHERE seq = %d")
		}
		add(i, false, "edit hash of", "UPDATE record SET hash = zeroblob(32) WHERE seq = %d")
		add(i, i == n, "delete", "DELETE FROM record WHERE seq = %d")
		add(i, i == n, "delete and close up", "DELETE FROM record WHERE seq = %[1]d; UPDATE record SET seq = seq - 1 WHERE seq > %[1]d")
		add(i, true, "truncate from", "DELETE FROM record WHERE seq >= %d")
		if i > 1 {
			add(i, false, "edit prev of", "UPDATE record SET prev = zeroblob(32) WHERE seq = %d")
			add(i-1, false, "swap with the next", "UPDATE record SET seq = -1 WHERE seq = %[1]d;"+
				"UPDATE record SET seq = %[1]d WHERE seq = %[1]d + 1; UPDATE record SET seq = %[1]d + 1 WHERE seq = -1")
		}
	}
	for i, d := range all {
		if i%max(1, slowdown/4) != 0 {
			continue
		}
		t.Run(d.name, func(t *testing.T) {
			path, rs, head := ledgerOf(t, n)
			raw(t, path, noTriggers+d.sql)
			j := opened(t, Options{Path: path, ReadOnly: true})
			r, err := j.Verify(t.Context(), head)
			if err != nil || r.Flaw == nil || r.Flaw.Place != d.place || r.Good.Count != d.place-1 {
				t.Fatalf("got %+v, %v, %v; want record %d", r.Good, r.Flaw, err, d.place)
			}
			if r.Good.Count > 0 && r.Good.Hash != rs[r.Good.Count-1].Hash {
				t.Error("the good part ends with another hash")
			}
			r, err = j.Verify(t.Context())
			if err != nil || (r.Flaw == nil) != d.needsHead {
				t.Errorf("without a head: %v, %v", r.Flaw, err)
			}
		})
	}
	t.Logf("%d single-record forgeries", len(all))
}

func TestVerifyAgainstHeads(t *testing.T) {
	path, rs, head := ledgerOf(t, 3)
	other, _, otherHead := ledgerOf(t, 3)
	j := opened(t, Options{Path: path})
	appended(t, j, 2)
	early := Head{Count: 1, Hash: rs[0].Hash}
	for _, heads := range [][]Head{nil, {{}}, {head}, {early, head}, {head, early}} {
		if r, err := j.Verify(t.Context(), heads...); err != nil || r.Flaw != nil || r.Good.Count != 5 {
			t.Errorf("%v: %+v, %v", heads, r, err)
		}
	}
	r, err := j.Verify(t.Context(), head, otherHead)
	if err != nil || r.Flaw == nil || r.Flaw.Place != 3 || !strings.Contains(r.Flaw.String(), "kept head") {
		t.Errorf("a chain written anew: %+v, %v", r, err)
	}
	o := opened(t, Options{Path: other})
	r, err = o.Verify(t.Context(), Head{Count: 9, Hash: otherHead.Hash})
	if err != nil || r.Flaw == nil || r.Flaw.Place != 4 || !strings.Contains(r.Flaw.String(), "there were 9") {
		t.Errorf("a truncated chain: %+v, %v", r, err)
	}
}

// TestDamagedPages destroys one page of the file after the other: a ledger opens
// with what can be read before the damage, or refuses and names the fix. It
// never deletes, and it never takes a record for good that is not.
func TestDamagedPages(t *testing.T) {
	const page = 4096
	path, rs, _ := ledgerOf(t, max(100, 400/slowdown))
	whole, err := os.ReadFile(path)
	try(t, err)
	var refused, prefix, intact int
	for at := 0; at < len(whole); at += page {
		bad := bytes.Clone(whole)
		for i := range page {
			bad[at+i] ^= 0xa5
		}
		try(t, os.WriteFile(path, bad, 0o600))
		j, err := Open(t.Context(), Options{Path: path})
		if err != nil {
			refused++
			if !strings.Contains(err.Error(), "mv '"+path) && !strings.Contains(err.Error(), "another program") {
				t.Errorf("page %d: %v", at/page, err)
			}
			continue
		}
		got, since := allOf(t.Context(), j)
		n := 0
		_, scan := j.Scan(t.Context(), 0, func(Raw) error { n++; return nil })
		if (scan == nil) != (since == nil) || scan != nil && !errors.Is(scan, ErrDamaged) || scan == nil && n != len(got) {
			t.Errorf("page %d: %d records at once and %v, one by one %d and %v", at/page, n, scan, len(got), since)
		}
		r, verify := j.Verify(t.Context())
		var out bytes.Buffer
		export := j.Export(t.Context(), &out)
		writable := j.Writable()
		closed(t, j)
		for i := range got {
			if got[i].Hash != rs[i].Hash || !got[i].same(rs[i]) {
				t.Fatalf("page %d: record %d is made up", at/page, i)
			}
		}
		if verify != nil || r.Flaw == nil || r.Good.Count != int64(len(got)) {
			t.Errorf("page %d: %d records, verified %+v, %v", at/page, len(got), r, verify)
		}
		if lines := bytes.Count(out.Bytes(), []byte("\n")); lines != len(got) || (since == nil) != (export == nil) {
			t.Errorf("page %d: %d lines and %v, %d records and %v", at/page, lines, export, len(got), since)
		}
		if since != nil {
			prefix++
			if !errors.Is(since, ErrDamaged) {
				t.Errorf("page %d: %v", at/page, since)
			}
		} else {
			intact++
		}
		if writable != nil && !errors.Is(writable, ErrReadOnly) {
			t.Errorf("page %d: %v", at/page, writable)
		}
		if after, err := os.ReadFile(path); err != nil || len(after) != len(bad) {
			t.Errorf("page %d: the file went from %d to %d bytes, %v", at/page, len(bad), len(after), err)
		}
	}
	t.Logf("%d pages: %d refused with the fix, %d opened up to the damage, %d with all records", len(whole)/page, refused, prefix, intact)
	if prefix == 0 || refused == 0 {
		t.Error("the test missed a case")
	}
}
