package file

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
	"conway/internal/sources/lines"
)

// tail is one file that is being followed.
type tail struct {
	// path is the name it is followed under, real where that led when opened.
	path, real string
	id         identity
	// f is nil while nobody runs, and after a failure until the next look.
	f     *os.File
	place place
	split lines.Splitter
	// dirty is true when there may be something to read.
	dirty bool
	// changed is the modification time at the last look.
	changed time.Time
	// active is when something was last read.
	active time.Time
	// left is since when no followed name leads to it, zero while one does.
	left time.Time

	// Lines before the offset old were there when the tail was opened. Those
	// without a time get the one of the line before, or the file's own, because
	// now would be wrong.
	old     int64
	oldTime time.Time
}

var errIrregular = errors.New("not a regular file")

// open opens the file that a name leads to now. Opening must not wait for a
// writer, as that of a named pipe would.
func open(path string) (*os.File, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, errIrregular
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	if info, err = f.Stat(); err == nil && !info.Mode().IsRegular() {
		err = errIrregular
	}
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// openTail begins to follow a file, from its beginning or, when last is not
// negative, from its last lines.
func openTail(path string, last int, now time.Time) (*tail, error) {
	f, info, err := open(path)
	if err != nil {
		return nil, err
	}
	t := &tail{path: path, f: f, dirty: true, active: now}
	t.located(info)
	if last < 0 {
		return t, nil
	}
	t.old, t.oldTime = info.Size(), info.ModTime()
	if t.oldTime.After(now) {
		t.oldTime = now
	}
	off, err := lastLines(f, info.Size(), last)
	if err == nil {
		err = t.place.jump(f, off)
	}
	if err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

func (t *tail) located(info fs.FileInfo) {
	t.id = identityOf(info)
	t.real = t.path
	if real, err := filepath.EvalSymlinks(t.path); err == nil {
		t.real = real
	}
}

// reopen opens the file again after close, under a name that leads to it now.
func (t *tail) reopen(path string) error {
	f, info, err := open(path)
	if err != nil {
		return err
	}
	t.f, t.dirty = f, true
	t.located(info)
	return nil
}

func (t *tail) close() {
	if t.f != nil {
		_ = t.f.Close()
		t.f = nil
	}
}

const (
	// chunkSize is how much is read at a time. Beyond it, reading does not get
	// faster. With the beginning of a line from before it still fits whole pages,
	// in which the text is held.
	chunkSize = 255 << 10
	// maxChunks is how much is read of one file before the next one's turn.
	maxChunks = 16
	// asideEvery is after how many lines others may go first. They take about a tenth
	// of a millisecond.
	asideEvery = 128
)

// errRewritten reports that the file no longer holds what was read of it.
var errRewritten = errors.New("rewritten")

// read takes what has been written since the last call, up to a bound, and
// reports whether there may be more. buf is scratch space.
func (t *tail) read(buf []byte, now time.Time, b *lines.Batch, turn sync.Locker, aside func()) (more bool, err error) {
	if !t.place.verify(t.f) {
		return false, errRewritten
	}
	for range maxChunks {
		mark := len(t.place.mark)
		n, err := t.f.ReadAt(buf[:mark+chunkSize], t.place.off-int64(mark))
		if n < mark || !bytes.Equal(buf[:mark], t.place.mark) {
			if err != nil && err != io.EOF {
				return false, err
			}
			return false, errRewritten
		}
		if n > mark {
			data := buf[mark:n]
			t.active = now
			old := t.place.off < t.old
			t.place.advance(buf[:n], data)
			t.split.Text = b.Text
			line := t.lineTo(b, now, old)
			add := func() { t.split.Add(data, now, line) }
			if n-mark > floodSize {
				line = stepping(line, aside)
				inTurn(turn, add)
				runtime.Gosched() // a key waits for a processor
			} else {
				add()
			}
		}
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// inTurn does what takes a while when it is its turn.
func inTurn(turn sync.Locker, do func()) {
	turn.Lock()
	defer turn.Unlock() // the supervisor survives a panic, and others wait
	do()
}

// stepping takes lines and steps aside between some of them.
func stepping(line lines.Line, aside func()) lines.Line {
	n := 0
	return func(raw string, cut bool) {
		line(raw, cut)
		if n++; n%asideEvery == 0 {
			aside()
		}
	}
}

// lineTo returns what takes the tail's lines into a batch. Old lines are those
// that were there before anybody looked.
func (t *tail) lineTo(b *lines.Batch, now time.Time, old bool) lines.Line {
	if !old {
		return func(raw string, cut bool) { b.Add(raw, t.path, cut, now) }
	}
	return func(raw string, cut bool) {
		l := oncall.ParseLine(raw, t.oldTime)
		// A time without a zone is in the zone of the time handed to the parser.
		t.oldTime = l.At.In(now.Location())
		b.PutFrom(l, t.path, cut)
	}
}

// restart begins at the beginning of a file that was rewritten.
func (t *tail) restart(now time.Time, b *lines.Batch) {
	t.split.End(t.lineTo(b, now, false))
	t.place = place{}
	t.old = 0
	t.dirty = true
	b.Gap(oncall.Dropped{Reason: sources.Printable(t.path, maxPath) + " was truncated; lines written just before may be missing"})
}

// find looks for the tail's file in the directory it was in, under any name.
func (t *tail) find() (string, bool) {
	dir := filepath.Dir(t.real)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", false
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && info.Mode().IsRegular() && identityOf(info) == t.id {
			return filepath.Join(dir, e.Name()), true
		}
	}
	return "", false
}
