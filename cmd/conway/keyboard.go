package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"

	"conway/internal/envelope"
)

// keyboard is the standard input of a screen. Bubble Tea goes on without one
// when it ends; a cockpit that nobody can use must end with it.
type keyboard struct {
	*os.File
	once sync.Once
	// lost gets one error, once nothing can be read any more.
	lost chan error
}

// Read reads from the terminal and notes its end.
func (k *keyboard) Read(p []byte) (int, error) {
	n, err := k.File.Read(p)
	if err != nil {
		k.once.Do(func() { k.lost <- k.gone(err) })
	}
	return n, err
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
func (a *app) keyboard() (in io.Reader, lost <-chan error) {
	f, ok := a.stdin.(*os.File)
	if !ok {
		return a.stdin, nil
	}
	k := &keyboard{File: f, lost: make(chan error, 1)}
	return k, k.lost
}
