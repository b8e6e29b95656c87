package envelope

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	// keepCrashes is how many crash files stay: enough to see a pattern.
	keepCrashes = 5
	crashPrefix = "crash-"
	crashSuffix = ".txt"
)

// StateDir returns where a program keeps what it should not lose, by the XDG
// base directory specification, or nothing where no home is known.
func StateDir(program string, getenv func(string) string) string {
	if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, program)
	}
	if home := getenv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "state", program)
	}
	return ""
}

// report is what a crash file says.
type report struct {
	version string
	at      time.Time
	ran     time.Duration
	reason  string
	notes   []string
	stderr  string
	log     []string
}

func (r report) text(secrets []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "conway %s, %s/%s, %s\n%s, after %s: %s\n",
		r.version, runtime.GOOS, runtime.GOARCH, runtime.Version(),
		r.at.UTC().Format(time.RFC3339), r.ran.Round(time.Millisecond), r.reason)
	for _, n := range r.notes {
		fmt.Fprintln(&b, n)
	}
	fmt.Fprintf(&b, "\nThe last %d lines of the log:\n%s\n\nIts last words:\n%s\n", len(r.log), strings.Join(r.log, "\n"), r.stderr)
	// Escapes first: they are a part of the form in which a secret is looked for.
	return redact(plain(b.String()), secrets)
}

// save writes a crash file that only this user can read, takes the oldest ones
// away, and returns its path.
func (r report) save(dir string, secrets []string) (path string, err error) {
	if dir == "" {
		return "", errors.New("write crash file: no home directory is known; set HOME")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("write crash file: %w", err)
	}
	name := fmt.Sprintf("%s%s-%d%s", crashPrefix, r.at.UTC().Format("20060102T150405.000Z"), os.Getpid(), crashSuffix)
	path = filepath.Join(dir, name)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return "", fmt.Errorf("write crash file: %w", err)
	}
	_, err = f.WriteString(r.text(secrets))
	if err = errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("write crash file: %w", err)
	}
	return path, forget(dir)
}

// forget removes all but the newest crash files. Their names sort by time.
func forget(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("remove old crash files: %w", err)
	}
	var names []string
	for _, e := range entries {
		if n := e.Name(); e.Type().IsRegular() && strings.HasPrefix(n, crashPrefix) && strings.HasSuffix(n, crashSuffix) {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	for _, n := range names[:max(0, len(names)-keepCrashes)] {
		if err := os.Remove(filepath.Join(dir, n)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove old crash files: %w", err)
		}
	}
	return nil
}
