package clock

import (
	"time"

	"golang.org/x/sys/unix"
)

// Boot returns how long the machine has been running, time asleep included, and
// false where that cannot be told. On macOS it is CLOCK_MONOTONIC that goes on
// during sleep; see clock_gettime(3).
func Boot() (time.Duration, bool) { return read(unix.CLOCK_MONOTONIC) }
