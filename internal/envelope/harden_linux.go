package envelope

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Harden keeps this process's memory and environment, which hold tokens, from
// other processes of the same user and off the disk: it cannot be traced, its
// files below /proc are root's, and it leaves no core (prctl(2),
// PR_SET_DUMPABLE). None of that is inherited through exec, except that a child
// starts with a core limit of 0, which it can raise again.
func Harden() error {
	var errs []error
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		errs = append(errs, fmt.Errorf("hide memory: %w", err))
	}
	return errors.Join(append(errs, noCore())...)
}

// adopt makes the orphans of this process's children its own children, so that
// what a killed child leaves behind can be found (prctl(2),
// PR_SET_CHILD_SUBREAPER).
func adopt() error {
	return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
}
