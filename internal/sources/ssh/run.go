package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"conway/internal/oncall"
	"conway/internal/sources"
)

const (
	// grace is how long ssh may take to end by itself when asked to.
	grace = 2 * time.Second
	// readSize is how much is read at a time; a pipe holds 64 KiB.
	readSize = 64 << 10
	// wake is how often a reader looks whether it is still wanted, and whether a line
	// without its end has waited long enough.
	wake = 250 * time.Millisecond
	// maxGreeting bounds what the other host's shell may print before its answer.
	maxGreeting = 64 << 10
	// maxWords bounds ssh's own words, in characters, and keptWords what is kept of
	// them, in bytes.
	maxWords  = 200
	keptWords = 4 << 10
	// lost is the exit status of ssh itself, as against that of what it runs.
	lost = 255
)

// errNoAnswer reports a host that did not answer in time, and errGreeting one that
// answers with something else.
var (
	errNoAnswer = errors.New("no answer in time")
	errGreeting = errors.New("the shell there prints more than an answer")
)

// options are what ssh is told besides. Its first word on anything counts, so
// those of Argv go before them.
func options() []string {
	return []string{
		"-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3",
		"-o", "LogLevel=ERROR", "-T",
	}
}

// reader takes the bytes of a file. Nothing is handed to it when it is only time
// to look again. An error ends the run.
type reader func(h header, p []byte) error

// run has the other host run a script, and hands on what it prints after the line
// with the mark. It returns what take returned, or how ssh ended; nil means that
// the script ended well.
func (s *Source) run(ctx context.Context, op, path, script, mark string, take reader) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, w, err := os.Pipe()
	if err != nil {
		return oncall.AsFault(fmt.Errorf("make a pipe: %w", err), s.o.Name, op)
	}
	defer r.Close() //nolint:errcheck // nothing is left to lose
	words := &lastWords{}
	argv := slices.Concat(s.o.Argv[1:], options(), []string{s.o.Host, script})
	cmd := exec.CommandContext(ctx, s.o.Argv[0], argv...)
	cmd.Env, cmd.Stdout, cmd.Stderr = s.o.Env, w, words
	cmd.SysProcAttr = sources.OwnSession()
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = grace
	// Its input stays open as long as somebody reads: the other host hears of its end.
	stdin, err := cmd.StdinPipe()
	if err != nil {
		_ = w.Close()
		return oncall.AsFault(fmt.Errorf("make a pipe: %w", err), s.o.Name, op)
	}
	err = cmd.Start()
	_ = w.Close()
	if err != nil {
		_ = stdin.Close()
		return s.refuse(ctx, op, err)
	}
	h, readErr := s.read(ctx, r, mark, take)
	ended := errors.Is(readErr, errEnd)
	if !ended {
		cancel()
	}
	_ = stdin.Close()
	waited := cmd.Wait()
	// What it has started, such as a proxy, is ended with it.
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	switch {
	case !ended:
		return s.broken(op, readErr)
	case h.word != "":
		return s.missing(op, path, h.word)
	}
	return s.ended(ctx, op, waited, words.String())
}

// errEnd is the end of what the other host prints.
var errEnd = errors.New("end")

// read hands on what comes after the mark until its end, which is errEnd.
func (s *Source) read(ctx context.Context, r *os.File, mark string, take reader) (header, error) {
	stop := context.AfterFunc(ctx, func() { _ = r.SetReadDeadline(time.Now()) })
	defer stop()
	var h header
	var greeting []byte
	answered := false
	until := time.Now().Add(s.o.Timeout)
	buf := make([]byte, readSize)
	for {
		_ = r.SetReadDeadline(time.Now().Add(wake))
		if err := ctx.Err(); err != nil {
			return h, err
		}
		n, err := r.Read(buf)
		p := buf[:n]
		if !answered && n > 0 {
			greeting = append(greeting, p...)
			if h, p, answered = answerOf(greeting, mark); !answered && len(greeting) > maxGreeting {
				return h, errGreeting
			}
		}
		switch {
		case answered && h.word == "":
			if terr := take(h, p); terr != nil {
				return h, terr
			}
		case !answered && time.Now().After(until):
			return h, errNoAnswer
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return h, errEnd
		}
	}
}

// answerOf finds the line with the mark in what came, and returns what follows it.
func answerOf(came []byte, mark string) (h header, rest []byte, ok bool) {
	for len(came) > 0 {
		line, after, whole := bytes.Cut(came, []byte("\n"))
		if !whole {
			return h, nil, false
		}
		if h, ok = readHeader(string(line), mark); ok {
			return h, after, true
		}
		came = after
	}
	return h, nil, false
}

// refuse says why ssh could not be started.
func (s *Source) refuse(ctx context.Context, op string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	name := sources.Printable(filepath.Base(s.o.Argv[0]), maxWords)
	f := &oncall.Fault{Kind: oncall.Rejected, Source: s.o.Name, Op: op, Cause: err}
	switch {
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, os.ErrNotExist):
		f.Detail, f.Fix = name+" was not found", "install it, or give its full path in argv"
	case errors.Is(err, os.ErrPermission):
		f.Detail, f.Fix = name+" may not be executed", "make it executable for this user (chmod +x), or correct argv"
	default:
		f.Kind, f.Detail = oncall.Unavailable, name+" could not be started: "+sources.Printable(err.Error(), maxWords)
	}
	return f
}

// broken says why reading was given up.
func (s *Source) broken(op string, err error) error {
	f := &oncall.Fault{Kind: oncall.Unavailable, Source: s.o.Name, Op: op, Cause: err}
	switch {
	case errors.Is(err, errNoAnswer):
		f.Detail = sources.Printable(s.o.Host, maxWords) + " did not answer in time"
	case errors.Is(err, errGreeting):
		f.Kind, f.Detail = oncall.Malformed, "the shell on "+sources.Printable(s.o.Host, maxWords)+" prints more than 64 KiB before it does what it is told"
		f.Fix = "keep its startup files quiet when nobody types"
	default:
		return err
	}
	return f
}

// ended says how ssh ended.
func (s *Source) ended(ctx context.Context, op string, err error, words string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	exit, ok := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		// A shared connection that ssh leaves behind may hold its standard error open.
		return nil
	case !ok:
		return &oncall.Fault{Kind: oncall.Unavailable, Source: s.o.Name, Op: op, Detail: "ssh ended: " + sources.Printable(err.Error(), maxWords), Cause: err}
	}
	f := &oncall.Fault{Kind: oncall.Unavailable, Source: s.o.Name, Op: op, Cause: err}
	host := sources.Printable(s.o.Host, maxWords)
	switch has := func(part string) bool { return strings.Contains(words, part) }; {
	case exit.ExitCode() != lost:
		f.Detail = fmt.Sprintf("what reads the file on %s ended with status %d", host, exit.ExitCode())
	case has("Host key verification failed"), has("HOST IDENTIFICATION HAS CHANGED"):
		f.Kind, f.Detail = oncall.Auth, "the key of "+host+" is not known, or is another than before"
		f.Fix = "log in once with ssh " + host + " and compare the key it shows with the host's own"
		return f
	case has("Permission denied"), has("Too many authentication failures"):
		f.Kind, f.Detail = oncall.Auth, host+" lets nobody in without a password"
		f.Fix = "load a key with ssh-add, or keep a connection open with ControlMaster; no password is asked for here"
	case has("Could not resolve hostname"):
		f.Kind, f.Detail, f.Fix = oncall.Rejected, "there is no host "+host, "correct host, or name it in ~/.ssh/config"
		return f
	default:
		f.Detail = "the connection to " + host + " was lost or not made"
	}
	if words != "" {
		f.Detail += ": " + sources.Printable(words, maxWords)
	}
	return f
}

// lastWords keeps the end of what ssh says on its standard error.
type lastWords struct {
	mu sync.Mutex
	b  []byte
}

// Write never fails.
func (w *lastWords) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.b = append(w.b, p...)
	if over := len(w.b) - keptWords; over > 0 {
		w.b = append(w.b[:0], w.b[over:]...)
	}
	return len(p), nil
}

// String returns the words in one line.
func (w *lastWords) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(strings.Fields(string(w.b)), " ")
}
