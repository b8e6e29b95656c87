package envelope

import "golang.org/x/sys/unix"

// The requests of tty(4).
const (
	getTermios      = unix.TIOCGETA
	setTermios      = unix.TIOCSETA
	setTermiosFlush = unix.TIOCSETAF
)

// bare is false where the driver does not say.
func bare(*unix.Termios) bool { return false }
