package envelope

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// urgent is how long a message that matters may wait for a parent that is
	// stopped or busy, idle how long a line of the log may.
	urgent = time.Second
	idle   = 5 * time.Millisecond
	// maxLine bounds one line of the log.
	maxLine = 2 << 10
)

// Link is a child's end of the envelope. A nil Link is that of a program without
// a parent: everything that it is told goes nowhere. Its methods may be called
// from any goroutine.
type Link struct {
	conn *os.File
	lost chan struct{}
	done chan struct{}
	// stoppable is true if a shell could continue the parent and this process.
	stoppable bool

	mu sync.Mutex
	// rest is what is left of a message of which the parent took only a part.
	rest   []byte
	retake func()
	out    *os.File
}

// Join returns the Link that this process was given, or nil if it has no parent.
// It takes the mark of it out of the environment, and has the runtime report
// every goroutine when it crashes.
func Join() (*Link, error) {
	mark := os.Getenv(variable)
	if mark == "" {
		return nil, nil //nolint:nilnil // a nil Link is a working one
	}
	if err := os.Unsetenv(variable); err != nil {
		return nil, fmt.Errorf("join envelope: %w", err)
	}
	// A mark that was inherited from further up is somebody else's.
	stoppable := mark == markOf(os.Getppid(), true)
	if !stoppable && mark != markOf(os.Getppid(), false) {
		return nil, nil //nolint:nilnil // a nil Link is a working one
	}
	syscall.CloseOnExec(linkFD)
	if err := syscall.SetNonblock(linkFD, true); err != nil {
		return nil, fmt.Errorf("join envelope: %w", err)
	}
	debug.SetTraceback("all")
	return newLink(os.NewFile(linkFD, "envelope"), stoppable), nil
}

// markOf is what a parent says to its child in the environment.
func markOf(parent int, stoppable bool) string {
	return fmt.Sprintf("%d:%d:%t", linkFD, parent, stoppable)
}

func newLink(conn *os.File, stoppable bool) *Link {
	l := &Link{conn: conn, stoppable: stoppable, lost: make(chan struct{}), done: make(chan struct{})}
	go l.listen()
	return l
}

// listen waits for what the parent says and for its death. A panic of the
// callback is the callback's, and is left to end the program.
func (l *Link) listen() {
	defer close(l.done)
	in := bufio.NewScanner(l.conn)
	for in.Scan() {
		var m message
		if json.Unmarshal(in.Bytes(), &m) != nil || m.Kind != retake && m.Kind != undone {
			continue // a newer parent's word
		}
		l.mu.Lock()
		f, out := l.retake, l.out
		l.mu.Unlock()
		if f == nil || out == nil {
			continue
		}
		if m.Kind == undone {
			_ = write(out, redo) // a terminal that is gone needs nothing
		}
		f()
	}
	close(l.lost)
}

// Lost is closed when the parent has died, and after Bye.
func (l *Link) Lost() <-chan struct{} {
	if l == nil {
		return nil
	}
	return l.lost
}

// OnRetake sets what is called when somebody else has had the terminal.
func (l *Link) OnRetake(f func()) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.retake = f
}

// Take says that the terminal behind these files is about to be changed, and
// saves the window's title.
func (l *Link) Take(in, out *os.File) {
	if l == nil {
		return
	}
	l.mu.Lock()
	l.out = out
	l.mu.Unlock()
	l.send(message{Kind: taken, Terminal: read(in, out)}, urgent)
	_ = write(out, pushTitle) // a terminal that is gone has no title
}

// Release says that the terminal is as it was before Take. If the terminal cannot
// be written to it says nothing: then it is the parent's to restore.
func (l *Link) Release(out *os.File) {
	if l != nil && write(out, popTitle) == nil {
		l.send(message{Kind: released}, urgent)
	}
}

// Learn tells of a secret that must not get into a crash file.
func (l *Link) Learn(secret string) {
	if l != nil && secret != "" {
		l.send(message{Kind: learn, Text: secret}, urgent)
	}
}

// Began tells of something that must not outlive the program.
func (l *Link) Began(p Process) {
	if l != nil {
		l.send(message{Kind: began, Process: &p}, urgent)
	}
}

// Ended tells that it has ended.
func (l *Link) Ended(id string) {
	if l != nil {
		l.send(message{Kind: ended, Process: &Process{ID: id}}, urgent)
	}
}

// Bye tells the parent that the program ends in order with this exit code, or
// after a crash that it could still handle. Nothing is heard after it.
func (l *Link) Bye(code int, crashed bool) {
	if l == nil {
		return
	}
	l.send(message{Kind: bye, Code: code, Crashed: crashed}, urgent)
	l.conn.Close() //nolint:errcheck,gosec // everything has been sent
	<-l.done
}

// Handler returns a handler for the log whose last lines a crash file ends with.
func (l *Link) Handler() slog.Handler {
	if l == nil {
		return slog.DiscardHandler
	}
	return slog.NewTextHandler(logWriter{l}, nil)
}

// logWriter sends each line that it is given to the parent.
type logWriter struct{ link *Link }

func (w logWriter) Write(p []byte) (int, error) {
	line := strings.TrimRight(string(p), "\n")
	if len(line) > maxLine {
		line = line[:maxLine] + "…"
	}
	w.link.send(message{Kind: logged, Text: line}, idle)
	return len(p), nil
}

// send writes a message. What the parent does not take in time is sent with the
// next message; a line of the log is dropped rather than queued.
func (l *Link) send(m message, wait time.Duration) {
	line, err := json.Marshal(m)
	if err != nil {
		return // strings and numbers always have a form
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if m.Kind == logged && len(l.rest) > 0 {
		return
	}
	l.rest = append(append(l.rest, line...), '\n')
	if err := l.conn.SetWriteDeadline(time.Now().Add(wait)); err != nil {
		l.rest = nil
		return
	}
	n, err := l.conn.Write(l.rest)
	l.rest = l.rest[n:]
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		l.rest = nil // the parent is gone, which Lost tells
	}
}
