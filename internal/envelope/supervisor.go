package envelope

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// stopWait is how long a child may take to give the terminal back when it is
	// asked to stop.
	stopWait = 500 * time.Millisecond
	// releaseWait is how long the word of a child that has stopped may take.
	releaseWait = 50 * time.Millisecond
	// endWait is how long a child may take to end after a signal: it ends its
	// steps and writes down what it owes, both bounded, within 10 s.
	endWait = 15 * time.Second
	// drainWait is how long what a dead child has written may take to arrive. It
	// is there already unless another process has the other end open.
	drainWait = 100 * time.Millisecond
)

// Options say what to run.
type Options struct {
	// Path is the program, Args its arguments from its name on, Env its
	// environment.
	Path string
	Args []string
	Env  []string
	// The standard streams. Output is a terminal.
	Input, Output, Errors *os.File
	// StateDir is where crash files go, and Version what they say.
	StateDir string
	Version  string
	// Now is the wall clock.
	Now func() time.Time
	// End ends what a child has left running and returns the processes that it
	// could not end. It may be nil.
	End func(context.Context, Process) (survivors []int, err error)
}

// Run runs the program as a child and returns the code to exit with. An error
// means that there was no child; nothing has been changed then.
func Run(ctx context.Context, o Options) (code int, err error) {
	s := &supervisor{
		o: o, before: read(o.Input, o.Output, o.Errors), started: o.Now(), running: map[string]Process{},
		signals: make(chan os.Signal, 16), messages: make(chan message, 64), enough: make(chan struct{}),
	}
	if err := adopt(); err != nil {
		return 0, fmt.Errorf("start in an envelope: %w", err)
	}
	signal.Notify(s.signals, syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT,
		syscall.SIGTSTP, syscall.SIGCONT, syscall.SIGCHLD)
	defer signal.Stop(s.signals)
	if err := s.start(); err != nil {
		return 0, fmt.Errorf("start in an envelope: %w", err)
	}
	// A broken standard error must not keep the terminal from being restored.
	signal.Ignore(syscall.SIGPIPE)
	status := s.attend()
	s.drain()
	return s.finish(ctx, status), nil
}

// supervisor is the parent. Its methods run in one goroutine; two others only
// read what the child writes.
type supervisor struct {
	o       Options
	started time.Time

	pid     int
	link    *os.File
	stderr  *os.File
	said    capture
	readers sync.WaitGroup
	// enough is closed when nothing more is read.
	enough chan struct{}

	signals  chan os.Signal
	messages chan message

	// before is the terminal without the child, taken whether the child has it.
	before settings
	taken  bool
	// stopped is true while the child is. yielded is true from its stop until
	// this process goes on, retake if the child held the terminal when it stopped.
	stopped, yielded, retake bool
	// asked is the first signal that asked it to end.
	asked syscall.Signal
	// unstopped fires when a child that was asked to stop should have, overdue
	// when one that was asked to end should have.
	unstopped, overdue <-chan time.Time

	secrets []string
	log     lines
	running map[string]Process
	bye     *message
}

// start starts the child with a Link at its descriptor 3.
func (s *supervisor) start() (err error) {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	for _, fd := range pair {
		syscall.CloseOnExec(fd)
	}
	theirs := os.NewFile(uintptr(pair[1]), "envelope")
	defer theirs.Close() //nolint:errcheck // it is the child's now
	if err = syscall.SetNonblock(pair[0], true); err == nil {
		s.link = os.NewFile(uintptr(pair[0]), "envelope")
	} else {
		return errors.Join(err, syscall.Close(pair[0]))
	}
	stderr, childStderr, err := os.Pipe()
	if err != nil {
		return errors.Join(err, s.link.Close())
	}
	defer childStderr.Close() //nolint:errcheck // it is the child's now
	s.stderr = stderr
	p, err := os.StartProcess(s.o.Path, s.o.Args, &os.ProcAttr{
		Env:   append(append([]string{}, s.o.Env...), variable+"="+markOf(os.Getpid(), !orphaned())),
		Files: []*os.File{s.o.Input, s.o.Output, childStderr, theirs},
	})
	if err != nil {
		return errors.Join(err, s.link.Close(), stderr.Close())
	}
	s.pid = p.Pid
	// It is waited for by number, for its stops as well.
	if err := p.Release(); err != nil {
		return err
	}
	s.readers.Go(s.hear)
	s.readers.Go(s.copyStderr)
	return nil
}

// hear passes on what the child reports, until its end.
func (s *supervisor) hear() {
	defer close(s.messages)
	defer func() { _ = recover() }() // a message that breaks JSON ends the hearing
	in := bufio.NewScanner(s.link)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var m message
		if json.Unmarshal(in.Bytes(), &m) != nil {
			continue // a newer child's word
		}
		select {
		case s.messages <- m:
		case <-s.enough:
			return
		}
	}
}

func (s *supervisor) copyStderr() {
	defer func() { _ = recover() }() // what was read until then is kept
	buf := make([]byte, 32<<10)
	for {
		n, err := s.stderr.Read(buf)
		_, _ = s.said.Write(buf[:n]) // it never fails
		if err != nil {
			return
		}
	}
}

// attend passes signals to the child until it has ended.
func (s *supervisor) attend() unix.WaitStatus {
	messages := s.messages
	for {
		select {
		case m, ok := <-messages:
			if !ok {
				messages = nil
				continue
			}
			s.note(m)
		case sig := <-s.signals:
			if status, ended := s.signalled(sig); ended {
				return status
			}
		case <-s.unstopped:
			if !s.stopped && s.taken {
				s.kill(syscall.SIGSTOP)
			}
		case <-s.overdue:
			s.kill(syscall.SIGKILL)
		}
	}
}

// signalled does what a signal to this process asks for, and reports whether it
// was news of the child's end.
func (s *supervisor) signalled(sig os.Signal) (status unix.WaitStatus, ended bool) {
	switch sig {
	case syscall.SIGCHLD:
		return s.reap()
	case syscall.SIGCONT:
		s.resume()
	case syscall.SIGTSTP:
		if !orphaned() {
			s.kill(syscall.SIGTSTP)
			s.unstopped = time.After(stopWait)
		}
	default:
		s.end(sig)
	}
	return 0, false
}

// end passes on a signal that asks the child to end.
func (s *supervisor) end(sig os.Signal) {
	n, ok := sig.(syscall.Signal)
	if !ok {
		return
	}
	// What is typed at an editor is for the editor.
	typed := n == syscall.SIGINT || n == syscall.SIGQUIT
	if s.asked == 0 && (s.taken || !typed) {
		s.asked = n
		s.overdue = time.After(endWait)
	}
	s.kill(n)
	s.kill(syscall.SIGCONT)
}

// kill signals the child, which is not reaped before attend has returned.
func (s *supervisor) kill(sig syscall.Signal) {
	_ = syscall.Kill(s.pid, sig) // it may just have ended, which SIGCHLD tells
}

// note remembers what the child reports.
func (s *supervisor) note(m message) {
	switch m.Kind {
	case taken:
		// A terminal that the child gave back may have been changed by the shell.
		if !s.taken && len(m.Terminal) > 0 {
			maps.Copy(s.before, m.Terminal)
		}
		s.taken = true
	case released:
		s.taken = false
	case learn:
		s.secrets = append(s.secrets, m.Text)
	case logged:
		s.log.add(m.Text)
	case began:
		if m.Process != nil {
			s.running[m.Process.ID] = *m.Process
		}
	case ended:
		if m.Process != nil {
			delete(s.running, m.Process.ID)
		}
	case bye:
		s.bye = &m
	case retake, undone:
	}
}

// reap learns what became of the child. Orphans that ended are reaped too, but
// not once the child has: then they are evidence.
func (s *supervisor) reap() (status unix.WaitStatus, ended bool) {
	for {
		pid, err := unix.Wait4(s.pid, &status, unix.WNOHANG|unix.WUNTRACED|unix.WCONTINUED, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || pid != s.pid {
			break
		}
		switch {
		case status.Stopped():
			s.stop()
		case status.Continued():
			// Whoever stopped it may continue it too, and the terminal is as the shell wants
			// it by now.
			if s.stopped {
				s.resume()
			}
		default:
			return status, true
		}
	}
	for {
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || pid <= 0 {
			return 0, false
		}
		if pid == s.pid {
			return status, true
		}
	}
}

// stop follows the child: the terminal is put back, and this process stops, so
// that the shell takes over. SIGCONT ends it.
func (s *supervisor) stop() {
	// A child that gives the terminal back says so just before it stops.
	limit := time.After(releaseWait)
	for waiting := s.taken; waiting; {
		select {
		case m, ok := <-s.messages:
			s.note(m)
			waiting = ok && s.taken
		case <-limit:
			waiting = false
		}
	}
	s.unstopped = nil
	s.stopped, s.yielded, s.retake = true, true, s.taken
	if s.taken {
		s.restore(false)
	}
	if !orphaned() {
		stopSelf()
	}
}

// resume continues the child. If somebody else may have had the terminal while
// the child thought that it had it, the child takes it anew.
func (s *supervisor) resume() {
	word, again := undone, s.retake
	if !s.yielded && s.taken {
		word, again = retake, true
	}
	if s.stopped {
		s.kill(syscall.SIGCONT)
	}
	s.stopped, s.yielded, s.retake = false, false, false
	if again {
		line, err := json.Marshal(message{Kind: word})
		if err == nil {
			_, _ = s.link.Write(append(line, '\n')) // a child that is gone needs none
		}
	}
}

// orphaned reports whether nobody could continue this process group.
func orphaned() bool {
	parent := unix.Getppid()
	group, err := unix.Getpgid(parent)
	if err != nil || group == unix.Getpgrp() {
		return true
	}
	theirs, err := unix.Getsid(parent)
	ours, err2 := unix.Getsid(0)
	return err != nil || err2 != nil || theirs != ours
}

// restore puts the terminal back as it was before the child.
func (s *supervisor) restore(flush bool) {
	// A terminal that is gone takes neither, and needs neither.
	_ = write(s.o.Output, undo)
	_ = s.before.apply(flush, s.o.Input, s.o.Output, s.o.Errors)
}

// drain waits for what the dead child has written.
func (s *supervisor) drain() {
	limit := time.After(drainWait)
	for open := true; open; {
		select {
		case m, ok := <-s.messages:
			if open = ok; ok {
				s.note(m)
			}
		case <-limit:
			open = false
		}
	}
}
