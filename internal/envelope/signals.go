package envelope

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
)

// SignalError is the cause of a context that a signal ended.
type SignalError struct{ Signal syscall.Signal }

// Error names the signal.
func (s SignalError) Error() string { return "ended by the signal: " + s.Signal.String() }

// ExitCode returns the exit code that a shell would report.
func (s SignalError) ExitCode() int { return signalBase + int(s.Signal) }

// Signals turns the signals that ask a program to end into the end of a context,
// with SignalError as its cause. A nil Signals has no effect.
type Signals struct {
	link *Link
	ch   chan os.Signal
	stop chan struct{}
	done sync.WaitGroup
	// lent counts who else uses the terminal now.
	lent atomic.Int32
	// stopping is true from a SIGTSTP until this process goes on: the parent
	// passes on what the whole group may have got already.
	stopping atomic.Bool
	screen   atomic.Pointer[Screen]
}

// Screen is what a program that holds the terminal does on signals.
type Screen struct {
	// Output is the terminal.
	Output *os.File
	// Suspend gives the terminal back, calls Signals.Stopped and takes it again.
	Suspend func()
	// Quit is called before the context is ended by SIGQUIT, to say what every
	// goroutine does.
	Quit func()
}

// NewSignals listens for SIGHUP, SIGINT and SIGTERM until Stop.
func NewSignals(ctx context.Context, link *Link) (context.Context, *Signals) {
	ctx, cancel := context.WithCancelCause(ctx)
	s := &Signals{link: link, ch: make(chan os.Signal, 4), stop: make(chan struct{})}
	signal.Notify(s.ch, syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM)
	s.done.Go(func() {
		defer cancel(nil)
		for {
			select {
			case sig := <-s.ch:
				s.handle(sig, cancel)
			case <-s.stop:
				return
			}
		}
	})
	return ctx, s
}

func (s *Signals) handle(sig os.Signal, cancel context.CancelCauseFunc) {
	number, ok := sig.(syscall.Signal)
	if !ok {
		return
	}
	screen, lent := s.screen.Load(), s.lent.Load() > 0
	switch {
	case number == syscall.SIGTSTP:
		s.suspend(screen, lent)
	case lent && (number == syscall.SIGINT || number == syscall.SIGQUIT):
		// Typed at whatever has the terminal now, as with system(3).
	case number == syscall.SIGQUIT && screen != nil:
		screen.Quit()
		cancel(SignalError{number})
	default:
		cancel(SignalError{number})
	}
}

func (s *Signals) suspend(screen *Screen, lent bool) {
	switch {
	case screen == nil || !s.stoppable() || s.stopping.Swap(true):
	case lent:
		s.Stopped()
	default:
		screen.Suspend()
	}
}

// stoppable reports whether somebody could continue this process. The kernel
// stops no other on SIGTSTP (setpgid(2), orphaned process groups).
func (s *Signals) stoppable() bool {
	if s.link != nil {
		return s.link.stoppable
	}
	return !orphaned()
}

// Hold listens for SIGQUIT and SIGTSTP too, until the function that it returns
// is called.
func (s *Signals) Hold(screen Screen) (back func()) {
	if s == nil {
		return func() {}
	}
	s.screen.Store(&screen)
	signal.Notify(s.ch, syscall.SIGQUIT, syscall.SIGTSTP)
	return func() {
		s.screen.Store(nil)
		// SIGQUIT stays: the parent passes on what the whole group has got already,
		// and a second one must not crash a program that ends because of the first.
		signal.Reset(syscall.SIGTSTP)
	}
}

// Lend says that another program uses the terminal until the function that it
// returns is called.
func (s *Signals) Lend() (back func()) {
	if s == nil {
		return func() {}
	}
	s.lent.Add(1)
	return func() { s.lent.Add(-1) }
}

// Stopped stops this process until somebody continues it and the terminal is
// its own again. It is how SIGTSTP ends.
func (s *Signals) Stopped() {
	if s == nil {
		return
	}
	defer s.stopping.Store(false)
	for {
		stopSelf()
		screen := s.screen.Load()
		if screen == nil || foreground(fd(screen.Output)) {
			return
		}
	}
}

// Stop ends the listening at the end of the program. What is sent once more until
// it has ended is ignored: it would take the exit code away.
func (s *Signals) Stop() {
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT)
	signal.Stop(s.ch)
	close(s.stop)
	s.done.Wait()
}

// stopSelf stops this process and returns when it goes on. It takes SIGSTOP:
// once os/signal has seen SIGTSTP the runtime does not let it stop anything.
func stopSelf() {
	on := make(chan os.Signal, 1)
	signal.Notify(on, syscall.SIGCONT)
	defer signal.Stop(on)
	if syscall.Kill(syscall.Getpid(), syscall.SIGSTOP) == nil {
		<-on
	}
}
