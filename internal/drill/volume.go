package drill

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

const (
	spoolDir = "spool"
	// active is the file that a service appends to; the rotated ones end in .old.
	activeFile = "active.log"
)

// volume is a directory whose files together may have so many bytes and no more.
// What it measures and what it refuses are real: files that somebody removes are
// room at once.
type volume struct {
	dir      string
	capacity int64
	segment  int64

	mu  sync.Mutex
	seq int
	// last is the newest rotated segment.
	last string
}

func newVolume(dir string, v Volume) (*volume, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make spool: %w", err)
	}
	w := &volume{dir: dir, capacity: int64(v.Capacity), segment: int64(v.Segment)}
	for used := int64(0); used+w.segment <= int64(v.Used*float64(w.capacity)); used += w.segment {
		if err := w.writeSegment(w.segment); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// used returns how many bytes the volume's files have.
func (v *volume) used() (int64, error) {
	entries, err := os.ReadDir(v.dir)
	if err != nil {
		return 0, fmt.Errorf("measure spool: %w", err)
	}
	var sum int64
	for _, e := range entries {
		info, err := e.Info()
		switch {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			return 0, fmt.Errorf("measure spool: %w", err)
		case info.Mode().IsRegular():
			sum += info.Size()
		}
	}
	return sum, nil
}

// ratio returns how full the volume is, 0 to 1.
func (v *volume) ratio() (float64, error) {
	used, err := v.used()
	return min(1, float64(used)/float64(v.capacity)), err
}

// append adds an entry to the active file. Without room it writes nothing and
// fails with [syscall.ENOSPC]. The active file starts anew when it has the size
// of a segment: the service itself keeps no old ones.
func (v *volume) append(entry []byte) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	used, err := v.used()
	if err != nil {
		return err
	}
	if used+int64(len(entry)) > v.capacity {
		return &os.PathError{Op: "write", Path: activeFile, Err: syscall.ENOSPC}
	}
	path := filepath.Join(v.dir, activeFile)
	flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if info, err := os.Stat(path); err == nil && info.Size()+int64(len(entry)) > v.segment {
		flags = os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	}
	f, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	_, err = f.Write(entry)
	return errors.Join(err, f.Close())
}

// fill adds n bytes of rotated segments, or as much as there is room for; full
// is true when there was not enough.
func (v *volume) fill(n int64) (full bool, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	used, err := v.used()
	if err != nil {
		return false, err
	}
	room := v.capacity - used
	for left := min(n, room); left > 0; left -= v.segment {
		if err := v.writeSegment(min(left, v.segment)); err != nil {
			return false, err
		}
	}
	return n >= room, nil
}

func (v *volume) writeSegment(size int64) error {
	v.seq++
	name := filepath.Join(v.dir, fmt.Sprintf("export-%06d.old", v.seq))
	if err := os.WriteFile(name, make([]byte, size), 0o600); err != nil {
		return fmt.Errorf("fill spool: %w", err)
	}
	v.last = name
	return nil
}

// robbed reports whether somebody removed the newest rotated segment.
func (v *volume) robbed() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.last == "" {
		return false
	}
	_, err := os.Stat(v.last)
	return errors.Is(err, os.ErrNotExist)
}
