package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestOpenMakesItPrivate(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	path := filepath.Join(t.TempDir(), "state", "conway", "ledger.db")
	appended(t, opened(t, Options{Path: path}), 1)
	for name, want := range map[string]fs.FileMode{
		filepath.Dir(path): 0o700, filepath.Dir(filepath.Dir(path)): 0o700, path: 0o600, path + "-lock": 0o600,
	} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

// shape is one way in which a ledger may lie about; bend makes it so of a ledger
// that was closed.
type shape struct {
	name string
	bend func(t *testing.T, path string)
	// want is the command that helps, or the words that say so; DIR and FILE stand
	// for the paths.
	want string
}

func modeShapes() []shape {
	var out []shape
	for _, m := range []fs.FileMode{0o640, 0o660, 0o620, 0o610, 0o604, 0o606, 0o602, 0o601, 0o644, 0o666, 0o777, 0o400, 0o200} {
		out = append(out, shape{fmt.Sprintf("file %o", m), func(t *testing.T, path string) {
			t.Helper()
			try(t, os.Chmod(path, m))
		}, "chmod 600 'FILE'"})
	}
	for _, m := range []fs.FileMode{0o750, 0o770, 0o710, 0o705, 0o701, 0o755, 0o777, 0o777 | fs.ModeSticky, 0o500} {
		out = append(out, shape{fmt.Sprintf("folder %o", m), func(t *testing.T, path string) {
			t.Helper()
			try(t, os.Chmod(filepath.Dir(path), m))
			t.Cleanup(func() { try(t, os.Chmod(filepath.Dir(path), 0o700)) })
		}, "chmod 700 'DIR'"})
	}
	return out
}

func otherShapes() []shape {
	instead := func(put func(path string) error) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			t.Helper()
			try(t, os.Rename(path, path+".moved"))
			try(t, put(path))
		}
	}
	owned := func(which func(string) string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			t.Helper()
			if os.Geteuid() != 0 {
				t.Skip("only root can give files away")
			}
			try(t, os.Chown(which(path), 12345, -1))
		}
	}
	return []shape{
		{"symbolic link", instead(func(p string) error { return os.Symlink(p+".moved", p) }), "symbolic link"},
		{"dangling link", instead(func(p string) error { return os.Symlink(p+".nothing", p) }), "symbolic link"},
		{"folder in its place", instead(func(p string) error { return os.Mkdir(p, 0o700) }), "not a file"},
		{"pipe in its place", instead(func(p string) error { return syscall.Mkfifo(p, 0o600) }), "not a file"},
		{"file of another user", owned(func(p string) string { return p }), "chown"},
		{"folder of another user", owned(filepath.Dir), "chown"},
		{"lock file is a link", func(t *testing.T, path string) {
			t.Helper()
			try(t, os.Remove(path+"-lock"))
			try(t, os.Symlink(path+".nothing", path+"-lock"))
		}, "lock file"},
		{"log is a link", func(t *testing.T, path string) {
			t.Helper()
			try(t, os.Symlink("/etc/passwd", path+"-wal"))
		}, "write-ahead log"},
	}
}

func try(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func TestOpenRefusesShapes(t *testing.T) {
	for _, s := range append(modeShapes(), otherShapes()...) {
		t.Run(s.name, func(t *testing.T) {
			path := home(t)
			j := opened(t, Options{Path: path})
			appended(t, j, 1)
			closed(t, j)
			s.bend(t, path)
			want := strings.NewReplacer("DIR", filepath.Dir(path), "FILE", path).Replace(s.want)
			j, err := Open(t.Context(), Options{Path: path})
			if err == nil {
				closed(t, j)
			}
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want an error with %q", err, want)
			}
		})
	}
	t.Logf("%d shapes", len(modeShapes())+len(otherShapes()))
}

func TestOpenRefusesPlaces(t *testing.T) {
	far := func(string) (string, error) { return "NFS", nil }
	if _, err := Open(t.Context(), Options{Path: home(t), remote: far}); err == nil || !strings.Contains(err.Error(), "local disk") {
		t.Errorf("NFS: %v", err)
	}
	if _, err := Open(t.Context(), Options{}); err == nil || !strings.Contains(err.Error(), "no path") {
		t.Errorf("no path: %v", err)
	}
	if name, err := remote(t.TempDir()); err != nil || name != "" {
		t.Errorf("this folder is on %q, %v", name, err)
	}
	if _, err := remote(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("a missing folder has a file system")
	}
}

func TestOpenThroughLinkedFolder(t *testing.T) {
	path := home(t)
	link := filepath.Join(t.TempDir(), "link & space?#%")
	try(t, os.Symlink(filepath.Dir(path), link))
	j := opened(t, Options{Path: filepath.Join(link, "my ledger?#%41.db")})
	appended(t, j, 1)
	if _, err := os.Stat(filepath.Join(filepath.Dir(path), "my ledger?#%41.db")); err != nil {
		t.Error(err)
	}
}

func TestOpenReadOnly(t *testing.T) {
	path := home(t)
	if _, err := Open(t.Context(), Options{Path: path, ReadOnly: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing one: %v", err)
	}
	if names, err := os.ReadDir(filepath.Dir(path)); err != nil || len(names) != 0 {
		t.Errorf("it made %v, %v", names, err)
	}
	w := opened(t, Options{Path: path})
	recorded(t, w, "a")
	r := opened(t, Options{Path: path, ReadOnly: true})
	us, err := r.Unsettled(t.Context())
	if err != nil || len(us) != 1 {
		t.Errorf("got %v, %v", us, err)
	}
	_, pend := r.Pending(t.Context())
	_, app := r.Append(t.Context(), Record{Kind: "x"})
	for _, err := range []error{pend, app, r.Writable(), r.SaveSnapshot(t.Context(), "a", "b", start(), nil)} {
		if !errors.Is(err, ErrReadOnly) {
			t.Errorf("got %v", err)
		}
	}
	recorded(t, w, "b")
	verified(t, r, 2)
}

func TestOpenWaitsItsTurn(t *testing.T) {
	path := home(t)
	l, err := openLockFile(path + "-lock")
	try(t, err)
	try(t, l.start(t.Context()))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := Open(ctx, Options{Path: path}); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "another process") {
		t.Errorf("got %v", err)
	}
	done := make(chan error, 1)
	go func() {
		j, err := Open(t.Context(), Options{Path: path})
		if err == nil {
			err = j.Close()
		}
		done <- err
	}()
	try(t, l.started())
	try(t, <-done)
	try(t, l.close())
}
