package file

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
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

// turns counts how often it was somebody's turn.
type turns struct{ taken, given atomic.Int32 }

func (t *turns) Lock()   { t.taken.Add(1) }
func (t *turns) Unlock() { t.given.Add(1) }

// TestFloodsTakeTurns has the lines of a flood taken apart in turn, with others let go
// first now and then, and those of a log that says little at once.
func TestFloodsTakeTurns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.log")
	must(t, os.WriteFile(path, []byte("one\n"), 0o600))
	var turn turns
	var asides atomic.Int32
	l, err := NewLogs(LogOptions{Name: "app", Paths: []string{path}, Turn: &turn, Aside: func() {
		if turn.taken.Load() == turn.given.Load() {
			t.Error("it steps aside out of turn")
		}
		asides.Add(1)
	}})
	must(t, err)
	r := start(t, l)
	r.want("one")
	if n := turn.taken.Load() + asides.Load(); n != 0 {
		t.Errorf("for one line %d turns were taken, or it steps aside", n)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	must(t, err)
	_, err = f.WriteString(strings.Repeat("many more\n", 2*chunkSize/10) + "last\n")
	must(t, err)
	must(t, f.Close())
	r.until("the last line", func() bool { n := r.count(); return n > 0 && r.got()[n-1] == "last" })
	r.stop()
	if taken, given := turn.taken.Load(), turn.given.Load(); taken < 2 || given != taken {
		t.Errorf("%d turns were taken, and %d ended", taken, given)
	}
	if n, lines := int(asides.Load()), 2*chunkSize/10; n < lines/asideEvery-2 || n > lines/asideEvery {
		t.Errorf("among %d lines it steps aside %d times", lines, n)
	}
}
