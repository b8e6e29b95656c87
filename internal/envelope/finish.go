package envelope

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// orphanGrace is how long an orphan has between SIGTERM and SIGKILL.
	orphanGrace = 300 * time.Millisecond
	// stepsWait bounds how long is waited for what the child has left running.
	stepsWait = 10 * time.Second
)

// finish cleans up after the child, the terminal first, says what there is to
// say and returns the exit code.
func (s *supervisor) finish(ctx context.Context, status unix.WaitStatus) int {
	orderly := s.bye != nil && status.Exited()
	if s.taken {
		s.restore(true)
	} else {
		_ = s.before.apply(false, s.o.Input, s.o.Output, s.o.Errors) // a terminal that is gone needs nothing
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stepsWait)
	defer cancel()
	notes := s.endRunning(ctx)
	if !orderly {
		endOrphans(ctx)
	}
	s.closeReaders()
	code := s.exitCode(status)
	if orderly && !s.bye.Crashed {
		s.say(plain(s.said.String()))
		s.sayLines(notes)
		return code
	}
	s.explain(status, code, notes)
	return code
}

// closeReaders ends the reading of the child's streams. Whoever else still has
// the other ends open has nothing to say that belongs here.
func (s *supervisor) closeReaders() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.readers.Wait()
	}()
	close(s.enough)
	select {
	case <-done:
	case <-time.After(drainWait):
	}
	s.link.Close()   //nolint:errcheck,gosec // nothing is unwritten
	s.stderr.Close() //nolint:errcheck,gosec // it was only read
	<-done
}

func (s *supervisor) exitCode(status unix.WaitStatus) int {
	switch {
	case status.Signaled(): //nolint:misspell // it is syscall's name
		if s.asked != 0 {
			return signalBase + int(s.asked)
		}
		return signalBase + int(status.Signal())
	case s.bye != nil:
		return status.ExitStatus()
	}
	return Crashed
}

// explain writes the crash file and says where it is.
func (s *supervisor) explain(status unix.WaitStatus, code int, notes []string) {
	r := report{
		version: s.o.Version, at: s.o.Now(), ran: s.o.Now().Sub(s.started), reason: s.reason(status, code),
		notes: notes, stderr: s.said.String(), log: s.log,
	}
	path, err := r.save(s.o.StateDir, s.secrets)
	what := "conway: " + r.reason + "; the terminal is as it was. Start it again; "
	switch {
	case path == "":
		s.sayLines([]string{what + "why it ended could not be kept: " + err.Error()})
	case err != nil:
		s.sayLines([]string{what + "why it ended is in " + path + ", free of tokens, for whoever mends it (" + err.Error() + ")"})
	default:
		s.sayLines([]string{what + "why it ended is in " + path + ", free of tokens, for whoever mends it"})
	}
	s.sayLines(notes)
}

func (s *supervisor) reason(status unix.WaitStatus, code int) string {
	switch {
	case s.asked != 0 && status.Signaled(): //nolint:misspell // it is syscall's name
		return fmt.Sprintf("it was asked to end (%s) and did not within %s", s.asked, endWait)
	case status.Signaled(): //nolint:misspell // it is syscall's name
		return fmt.Sprintf("it was ended by a signal (%s)", status.Signal())
	case s.bye != nil && code == signalBase+int(syscall.SIGQUIT):
		return "it was asked to say what it does and end (quit)"
	case s.bye == nil && strings.Contains(s.said.String(), "\ngoroutine "), s.bye != nil:
		return "it crashed"
	}
	return fmt.Sprintf("it exited (%d) in the middle of its work", status.ExitStatus())
}

func (s *supervisor) sayLines(l []string) {
	if len(l) > 0 {
		s.say(plain(strings.Join(l, "\n")) + "\n")
	}
}

func (s *supervisor) say(text string) {
	if text != "" {
		_, _ = s.o.Errors.WriteString(text) // there is nowhere else to say it
	}
}

// endRunning ends what the child has left running and says what came of it.
func (s *supervisor) endRunning(ctx context.Context) []string {
	if s.o.End == nil || len(s.running) == 0 {
		return nil
	}
	var mu sync.Mutex
	var notes []string
	var all sync.WaitGroup
	for _, p := range s.running {
		all.Go(func() {
			note := endOne(ctx, s.o.End, p)
			mu.Lock()
			defer mu.Unlock()
			notes = append(notes, note)
		})
	}
	all.Wait()
	slices.Sort(notes)
	return notes
}

func endOne(ctx context.Context, end func(context.Context, Process) ([]int, error), p Process) (note string) {
	defer func() {
		if r := recover(); r != nil {
			note = fmt.Sprintf("conway: whether %q still runs is not known: %v", p.Title, r)
		}
	}()
	left, err := end(ctx, p)
	switch {
	case len(left) > 0:
		pids := strings.Trim(fmt.Sprint(left), "[]")
		return fmt.Sprintf("conway: %q is still running as %s; end it with: kill -9 %s", p.Title, pids, pids)
	case err != nil:
		return fmt.Sprintf("conway: whether %q still runs is not known: %v", p.Title, err)
	}
	return fmt.Sprintf("conway: %q was running and was ended with all its children", p.Title)
}

// endOrphans ends the child's own children in this session: an editor, a command
// whose output is a log, a helper for a secret. Steps have sessions of their own.
func endOrphans(ctx context.Context) {
	session, err := unix.Getsid(0)
	if err != nil {
		return
	}
	kill := time.Now().Add(orphanGrace)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	warned := map[int]bool{}
	for {
		left := orphans(session)
		if len(left) == 0 {
			return
		}
		for _, pid := range left {
			switch {
			case time.Now().After(kill):
				_ = syscall.Kill(pid, syscall.SIGKILL) // it is this process's own child and unreaped
			case !warned[pid]:
				warned[pid] = true
				_ = syscall.Kill(pid, syscall.SIGTERM) // as above
				_ = syscall.Kill(pid, syscall.SIGCONT) // as above
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
