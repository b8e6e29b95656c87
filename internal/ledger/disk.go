package ledger

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// rewriteChunk is how much of a log is rewritten at once.
const rewriteChunk = 1 << 16

// disk is what a ledger's files are on. Tests put one of their own in its place
// that loses what was not synced.
type disk interface {
	// vfs names the SQLite VFS, empty for the operating system's.
	vfs() string
	// prepare makes the empty file durably unless it is there, and checks that
	// nobody else can touch it.
	prepare(path string) error
	// check is prepare for a file that must exist.
	check(path string) error
	// wal opens the write-ahead log of the ledger at path; fs.ErrNotExist when
	// there is none.
	wal(path string) (logFile, error)
}

// logFile is a write-ahead log as a plain file.
type logFile interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Sync() error
}

// localDisk is the operating system's file system.
type localDisk struct{}

func (localDisk) vfs() string { return "" }

func (localDisk) prepare(path string) error {
	err := checkFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, fileMode)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func (localDisk) check(path string) error { return checkFile(path) }

func (localDisk) wal(path string) (logFile, error) {
	return os.OpenFile(path+"-wal", os.O_RDWR|syscall.O_NOFOLLOW, 0)
}

// rewriteLog writes the write-ahead log of a ledger that nobody has open over
// itself and syncs it. After a failed sync Linux keeps the pages that it could
// not write as if they were clean: they are read back, though the disk does not
// have them, and what is appended behind such a hole is lost with it in a power
// cut. Written again they are dirty again, and the sync is a true one. See
// "Can Applications Recover from fsync Failures?", USENIX ATC 2020.
func rewriteLog(d disk, path string) (err error) {
	f, err := d.wal(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	buf := make([]byte, rewriteChunk)
	for at := int64(0); ; at += rewriteChunk {
		n, err := f.ReadAt(buf, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if n > 0 {
			if _, err := f.WriteAt(buf[:n], at); err != nil {
				return err
			}
		}
		if n < rewriteChunk {
			return f.Sync()
		}
	}
}
