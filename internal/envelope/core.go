package envelope

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// noCore sets the soft limit only, so that a step which wants a core of its own
// programs can still have it.
func noCore() error {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &r); err != nil {
		return fmt.Errorf("read core limit: %w", err)
	}
	r.Cur = 0
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &r); err != nil {
		return fmt.Errorf("set core limit: %w", err)
	}
	return nil
}
