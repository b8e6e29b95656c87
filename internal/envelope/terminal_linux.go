package envelope

import "golang.org/x/sys/unix"

// The requests of tty_ioctl(4).
const (
	getTermios      = unix.TCGETS
	setTermios      = unix.TCSETS
	setTermiosFlush = unix.TCSETSF
)

// bare reports whether a backspace is handed on without a delay.
func bare(t *unix.Termios) bool { return t.Oflag&unix.BSDLY == unix.BS0 }
