package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"conway/internal/envelope"
	"conway/internal/ui/intake"
)

// keyboard is the standard input of a screen: what of it is keys and pastes.
// Bubble Tea goes on without one when it ends; a cockpit that nobody can use must
// end with it.
type keyboard struct {
	*os.File
	once sync.Once
	// lost gets one error, once nothing can be read any more.
	lost chan error
	in   intake.Intake
	now  func() time.Time
	// typed, unless it is nil, is called for all that can be read.
	typed func()
}

// Read reads from the terminal what may pass, which may be nothing, and notes
// its end. It waits no longer than it takes to know what a beginning is: whoever
// lends the terminal waits for it.
func (k *keyboard) Read(p []byte) (n int, err error) {
	raw := make([]byte, max(1, (len(p)-intake.Held)/(2*intake.Growth)))
	for {
		got, err := k.File.Read(raw)
		if err != nil {
			k.once.Do(func() { k.lost <- k.gone(err) })
			return n, err
		}
		n += copy(p[n:], k.in.Feed(raw[:got], k.now()))
		if n > 0 && k.typed != nil {
			k.typed()
		}
		for wait := k.in.Wait(); wait > 0; wait = k.in.Wait() {
			if k.readable(wait) {
				break
			}
			n += copy(p[n:], k.in.Expire(k.now()))
		}
		if k.in.Wait() == 0 || n+len(raw)*intake.Growth+intake.Held > len(p) {
			return n, nil // what is left to read has this called again
		}
	}
}

// readable waits until there is something to read, its end included, or the time
// is over.
func (k *keyboard) readable(wait time.Duration) bool {
	end := k.now().Add(wait)
	for {
		ms := max(0, int(end.Sub(k.now()).Milliseconds()))
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(k.Fd()), Events: unix.POLLIN}}, ms)
		if err == nil || !errors.Is(err, syscall.EINTR) {
			return err != nil || n > 0
		}
	}
}

// gone says what the end of the input means. That of a terminal means that the
// terminal is gone, of which a signal may or may not tell as well.
func (k *keyboard) gone(err error) error {
	if terminal(k.File) || errors.Is(err, syscall.EIO) {
		return exitError{envelope.SignalError{Signal: syscall.SIGHUP}.ExitCode(), errors.New("the terminal is gone")}
	}
	if errors.Is(err, io.EOF) {
		err = errors.New("it has ended")
	}
	return fmt.Errorf("read the keyboard from standard input: %w; start conway in a terminal", err)
}

// keyboard returns what the screen reads from, and a channel that tells of its
// end.
func (a *app) keyboard(mouse bool, typed func()) (in io.Reader, lost <-chan error) {
	f, ok := a.stdin.(*os.File)
	if !ok {
		return a.stdin, nil
	}
	k := &keyboard{File: f, lost: make(chan error, 1), in: intake.Intake{Mouse: mouse}, now: a.now, typed: typed}
	return k, k.lost
}
