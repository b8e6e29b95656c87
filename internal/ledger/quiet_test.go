package ledger

import (
	"os"
	"testing"
	"time"
)

// TestSinceSeesEveryWrite has one handle ask while another writes, with the files
// made to look as if they had been left alone for long: what was known of them
// before must not hide what was written.
func TestSinceSeesEveryWrite(t *testing.T) {
	path := home(t)
	reader, writer := opened(t, Options{Path: path}), opened(t, Options{Path: path})
	var at Cursor
	for n := range 20 {
		age := time.Now().Add(-time.Hour + time.Duration(n)*time.Minute)
		for range 2 {
			for _, name := range []string{path, path + "-wal"} {
				if err := os.Chtimes(name, age, age); err != nil {
					t.Fatal(err)
				}
			}
			some, next, err := reader.Since(t.Context(), at)
			if err != nil || len(some) > 0 {
				t.Fatalf("before write %d there are %d records, %v", n, len(some), err)
			}
			at = next
		}
		if files := reader.store.(watched).files(time.Now()); !reader.quiet.after(at, files) {
			t.Fatalf("before write %d the quiet is not known of", n)
		}
		if _, err := writer.Append(t.Context(), Record{Kind: "note", Body: []byte(`{}`)}); err != nil {
			t.Fatal(err)
		}
		some, next, err := reader.Since(t.Context(), at)
		if err != nil || len(some) != 1 {
			t.Fatalf("after write %d there are %d records, %v", n, len(some), err)
		}
		at = next
	}
}

// TestQuietEnds has what is known be of no use to another cursor, or once the
// files can still be written to at the date that they have.
func TestQuietEnds(t *testing.T) {
	j := opened(t, Options{Path: home(t)})
	if files := j.store.(watched).files(time.Now()); files != nil {
		t.Fatal("files just made count as left alone")
	}
	old := [2]stamp{{size: 1}, {size: 2}}
	j.quiet.learn(7, &old)
	same, grown := old, [2]stamp{{size: 1}, {size: 3}}
	for _, c := range []struct {
		at    Cursor
		files *[2]stamp
		want  bool
	}{{7, &same, true}, {6, &same, false}, {7, &grown, false}, {7, nil, false}} {
		if got := j.quiet.after(c.at, c.files); got != c.want {
			t.Errorf("that nothing follows %d is %v, not %v", c.at, got, c.want)
		}
	}
}
