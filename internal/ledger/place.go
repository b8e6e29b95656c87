package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

const (
	dirMode  = 0o700
	fileMode = 0o600
	// others are the permission bits of everybody but the owner.
	others = 0o077
)

// findPlace returns the path of the ledger with every symbolic link on the way
// to its folder resolved. It makes the folder unless readOnly, and refuses one
// that others can look into or that is on another machine.
func findPlace(o Options) (string, error) {
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return "", err
	}
	dir := filepath.Dir(path)
	if !o.ReadOnly {
		if err := makeDir(dir); err != nil {
			return "", err
		}
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return "", err
	}
	if err := checkPrivate(dir, info, dirMode); err != nil {
		return "", fmt.Errorf("%w, or set ledger.path to a file in a folder of its own", err)
	}
	name, err := o.remote(dir)
	if err != nil {
		return "", err
	}
	if name != "" {
		return "", fmt.Errorf("%s is on %s, where a write-ahead log cannot be shared; set ledger.path to a local disk", dir, name)
	}
	return filepath.Join(dir, filepath.Base(path)), nil
}

// makeDir makes a folder and what is missing above it, durably.
func makeDir(dir string) error {
	var parents []string
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(d); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		parents = append(parents, filepath.Dir(d))
	}
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return err
	}
	for _, p := range parents {
		if err := syncDir(p); err != nil {
			return err
		}
	}
	return nil
}

// checkFile refuses a ledger that is anything but a file of this user that
// nobody else can touch. A missing one is fs.ErrNotExist.
func checkFile(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	switch {
	case info.Mode().Type() == fs.ModeSymlink:
		return fmt.Errorf("%s is a symbolic link; set ledger.path to the file itself", path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a file but %s; set ledger.path to another name", path, info.Mode().Type())
	}
	return checkPrivate(path, info, fileMode)
}

// checkPrivate refuses what belongs to another user, is open to others or lacks
// one of the owner's bits in want. The error names the command that helps.
func checkPrivate(path string, info fs.FileInfo, want fs.FileMode) error {
	if s, ok := info.Sys().(*syscall.Stat_t); ok && int(s.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to user %d and you are %d; run conway as its owner, or: sudo chown %d '%s'",
			path, s.Uid, os.Geteuid(), os.Geteuid(), path)
	}
	mode := info.Mode().Perm()
	switch {
	case mode&others != 0:
		return fmt.Errorf("%s is open to other users (mode %04o); run: chmod %o '%s'", path, mode, want, path)
	case mode&want != want:
		return fmt.Errorf("%s is closed to you (mode %04o); run: chmod %o '%s'", path, mode, want, path)
	}
	return nil
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
