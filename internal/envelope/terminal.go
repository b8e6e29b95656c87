package envelope

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// settings are the settings of those of the three standard streams that are
// terminals, by stream.
type settings map[int]unix.Termios

// read returns the settings of standard streams, in their order.
func read(streams ...*os.File) settings {
	s := settings{}
	for i, f := range streams {
		if t, err := unix.IoctlGetTermios(fd(f), getTermios); f != nil && err == nil {
			s[i] = *t
		}
	}
	return s
}

// Motion reports whether the driver of a terminal hands tabs and backspaces on as
// they are, so that they move the cursor by what tty_ioctl(4) calls TABDLY and
// BSDLY; false where that is not known.
func Motion(f *os.File) (tabs, backspace bool) {
	t, err := unix.IoctlGetTermios(fd(f), getTermios)
	if err != nil {
		return false, false
	}
	return t.Oflag&unix.TABDLY == unix.TAB0, bare(t)
}

// fd returns a file's descriptor without making the file blocking.
func fd(f *os.File) int {
	out := -1
	if c, err := f.SyscallConn(); err == nil {
		if c.Control(func(d uintptr) { out = int(d) }) != nil {
			return -1
		}
	}
	return out
}

// apply puts the settings back where they differ. Flush throws away what was
// typed and not read: keys that were meant for the cockpit must not reach the
// shell. A terminal that is gone or belongs to somebody else by now is left.
func (s settings) apply(flush bool, streams ...*os.File) error {
	var errs []error
	for i, f := range streams {
		want, ok := s[i]
		fd := fd(f)
		if !ok || !foreground(fd) {
			continue
		}
		now, err := unix.IoctlGetTermios(fd, getTermios)
		if err != nil {
			continue // there is no terminal any more
		}
		request := uint(setTermios)
		if flush {
			request = setTermiosFlush
		}
		if *now != want || flush {
			errs = append(errs, unix.IoctlSetTermios(fd, request, &want))
		}
	}
	return errors.Join(errs...)
}

// foreground reports whether this process may change a terminal. A terminal
// that does not control this process's session asks nobody.
func foreground(fd int) bool {
	group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp()
}

// What undoes everything that a Bubble Tea program may have switched on, in an
// order that works wherever it was cut short. The keyboard's protocol is kept
// separately for the alternate screen, the cursor's place is restored with it.
const undo = "\x1b\\" + // end a string that was being sent
	"\x1b[?2026l" + // synchronised output
	"\x1b[>4m\x1b[<u" + // modifyOtherKeys, Kitty keyboard protocol
	"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l" + // mouse
	"\x1b[?1004l\x1b[?2004l" + // focus, bracketed paste
	"\x1b[8h" + // order of right-to-left text
	"\x1b[r\x1b[?7h" + // scroll region, wrapping
	"\x1b[0m\x1b]8;;\x1b\\" + // colours, a link
	"\x1b[?1049l" + // alternate screen
	"\x1b[?25h" + // cursor
	popTitle

// The window's title is kept on the terminal's own stack (xterm's XTWINOPS 22
// and 23), where it has one.
const (
	pushTitle = "\x1b[22;2t"
	popTitle  = "\x1b[23;2t"
)

// redo is what a program that is about to undo has to find, after undo.
const redo = "\x1b[?1049h" + "\x1b[>u" + pushTitle

// write sends sequences to a terminal. In the background that may stop this
// process (stty tostop), and is left then.
func write(f *os.File, sequences string) error {
	t, err := unix.IoctlGetTermios(fd(f), getTermios)
	if err == nil && t.Lflag&unix.TOSTOP != 0 && !foreground(fd(f)) {
		return syscall.EIO
	}
	_, err = f.WriteString(sequences)
	return err
}
