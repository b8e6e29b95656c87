package file

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources/lines"
)

// TestAFloodIsNotWatched has the system asked for nothing while a flood goes on, in
// which all files are looked at anyway, and again after it.
func TestAFloodIsNotWatched(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "a.log"), []byte("one\n"), 0o600))
	l := logsOf(t, in(dir, "*.log"))
	w := newWatch()
	defer w.close()
	r := &run{
		Logs: l, buf: make([]byte, markSize+chunkSize), watch: w, names: map[string]*tail{},
		batch: lines.NewBatch("app", time.Now, func(oncall.Event) {}),
	}
	defer r.close()
	r.scan(time.Now())
	if len(w.dirs) != 1 {
		t.Skip("the system has no watches left to give")
	}
	file := r.names[filepath.Join(dir, "a.log")]
	for range floodLooks - 1 {
		r.flooded(true)
		if r.goesOn() || len(w.dirs) != 1 {
			t.Fatal("a flood that has just begun is not watched")
		}
	}
	file.dirty = false
	for range floodScan {
		r.scanDue = false
		r.flooded(true)
		if r.scan(time.Now()); len(w.dirs) != 0 {
			t.Error("a flood is watched")
		}
		if !r.goesOn() || !file.dirty {
			t.Error("in a flood a file is not looked at")
		}
		if r.scanDue {
			break
		}
	}
	if !r.scanDue {
		t.Error("in a flood nobody looks which files there are")
	}
	file.dirty, r.scanDue = false, false
	r.flooded(false)
	if r.goesOn() || len(w.dirs) != 1 || !file.dirty || !r.scanDue {
		t.Errorf("after a flood %d directories are watched, the file is to be read: %t, and others: %t", len(w.dirs), file.dirty, r.scanDue)
	}
}
