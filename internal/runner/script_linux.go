package runner

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// scriptFile returns the script as a file that nobody can change: memory without
// a path, sealed against writing. The mark in its name tells whose descriptor it
// is. Where memfd_create(2) is not allowed it is a file without a name.
func scriptFile(script []byte, mark string) (*os.File, error) {
	fd, err := unix.MemfdCreate(mark, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return tempScript(script)
	}
	f := os.NewFile(uintptr(fd), mark)
	if _, err := f.Write(script); err != nil {
		f.Close() //nolint:errcheck,gosec // the write's error is the one that matters
		return nil, fmt.Errorf("write step: %w", err)
	}
	seals := unix.F_SEAL_WRITE | unix.F_SEAL_GROW | unix.F_SEAL_SHRINK | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		f.Close() //nolint:errcheck,gosec // the seal's error is the one that matters
		return nil, fmt.Errorf("seal step: %w", err)
	}
	return f, nil
}
