package clock

import (
	"time"

	"golang.org/x/sys/unix"
)

// Boot returns how long the machine has been running, time asleep included, and
// false where that cannot be told.
func Boot() (time.Duration, bool) { return read(unix.CLOCK_BOOTTIME) }
