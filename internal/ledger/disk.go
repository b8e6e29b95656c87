package ledger

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

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
	// open opens a file for reading, create makes an empty one; replace renames one
	// over another, durably.
	open(name string) (plainFile, error)
	create(name string) (plainFile, error)
	replace(from, to string) error
}

// plainFile is a file without SQLite.
type plainFile interface {
	io.ReadWriteCloser
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

func (localDisk) open(name string) (plainFile, error) {
	return os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
}

func (localDisk) create(name string) (plainFile, error) {
	return os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC|syscall.O_NOFOLLOW, fileMode)
}

func (localDisk) replace(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

// renewLog puts a copy that surely is on the disk in the place of the
// write-ahead log of a ledger that nobody has open. After a failed sync Linux
// keeps the pages that it could not write as if they were clean: they are read
// back, though the disk does not have them, no later sync writes them, and what
// is appended behind such a hole is lost with it in a power cut. See "Can
// Applications Recover from fsync Failures?", USENIX ATC 2020. Writing the log
// over itself would do as well, but for a cut that tears a sector of it.
func renewLog(d disk, path string) (err error) {
	log, err := d.open(path + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	renewed := path + "-wal-new"
	out, err := d.create(renewed)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, log)
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	return d.replace(renewed, path+"-wal")
}
