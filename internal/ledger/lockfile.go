package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"syscall"
	"time"
)

const (
	// startByte is locked by the process that is opening the ledger.
	startByte = 0
	// sessionBytes is where the bytes begin of which each open handle locks one.
	sessionBytes = 1 << 20
	// sharedMemoryByte is locked in SQLite's shared memory by everybody who uses it.
	// See UNIX_SHM_DMS in https://sqlite.org/src/file/src/os_unix.c.
	sharedMemoryByte = 128
	// lockPoll is how often a lock that somebody holds is tried again: an open
	// takes a few ms.
	lockPoll = 5 * time.Millisecond
)

// lockFile is the file beside the ledger whose bytes are locked. The locks
// belong to the open file, not to the process, so two handles in one process
// see each other, and the system drops them however the process ends.
type lockFile struct {
	f *os.File
	// session is the byte that says that this handle is alive.
	session int64
}

func openLockFile(path string) (*lockFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock file: %w", err)
	}
	return &lockFile{f: f}, nil
}

// start waits for the sole right to open the ledger.
func (l *lockFile) start(ctx context.Context) error {
	began := time.Now()
	for {
		ok, err := l.try(startByte)
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("another process has been opening the ledger for %v; see who has %s open: %w",
				time.Since(began).Round(time.Millisecond), l.f.Name(), ctx.Err())
		case <-time.After(lockPoll + rand.N(lockPoll)): //nolint:gosec // it only spreads the tries
		}
	}
}

// started gives the right back.
func (l *lockFile) started() error { return l.lock(syscall.F_UNLCK, startByte) }

// enter marks this handle as alive until the file is closed.
func (l *lockFile) enter() error {
	for l.session == 0 {
		b := sessionBytes + rand.Int64N(1<<62) //nolint:gosec // any number that nobody else has will do
		ok, err := l.try(b)
		if err != nil {
			return err
		}
		if ok {
			l.session = b
		}
	}
	return nil
}

// alive reports whether the handle with that session byte is open.
func (l *lockFile) alive(session int64) (bool, error) {
	return l.held(session, 1)
}

// alone reports whether nobody else has the ledger at path open, neither a
// handle nor another program.
func (l *lockFile) alone(path string) (bool, error) {
	held, err := l.held(sessionBytes, 0)
	if held || err != nil {
		return false, err
	}
	f, err := os.Open(path + "-shm")
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	held, err = (&lockFile{f: f}).held(sharedMemoryByte, 1)
	return !held, errors.Join(err, f.Close())
}

// held reports whether somebody else has locked any of the bytes; a length of 0
// means to the end of all files.
func (l *lockFile) held(from, length int64) (bool, error) {
	k := syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart, Start: from, Len: length}
	if err := syscall.FcntlFlock(l.f.Fd(), getOpenFileLock, &k); err != nil {
		return false, fmt.Errorf("ask for locks: %w", err)
	}
	return k.Type != syscall.F_UNLCK, nil
}

// try locks a byte unless somebody else has it.
func (l *lockFile) try(at int64) (bool, error) {
	err := l.lock(syscall.F_WRLCK, at)
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EACCES) {
		return false, nil
	}
	return err == nil, err
}

func (l *lockFile) lock(typ int16, at int64) error {
	for {
		k := syscall.Flock_t{Type: typ, Whence: io.SeekStart, Start: at, Len: 1}
		err := syscall.FcntlFlock(l.f.Fd(), setOpenFileLock, &k)
		if err == nil {
			return nil
		}
		if !errors.Is(err, syscall.EINTR) {
			return fmt.Errorf("lock %s: %w", l.f.Name(), err)
		}
	}
}

func (l *lockFile) close() error { return l.f.Close() }
