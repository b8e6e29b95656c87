//go:build e2e

package e2e

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

// chunk is some bytes that a program wrote, and when they came.
type chunk struct {
	at   time.Time
	data []byte
}

// tape is a program on a bare pseudo-terminal, of which every byte is kept.
type tape struct {
	more    chan struct{}
	tb      testing.TB
	cmd     *exec.Cmd
	master  *os.File
	started time.Time

	mu     sync.Mutex
	chunks []chunk
	done   chan struct{}
}

// The size of a bare pseudo-terminal.
const (
	tapeWidth  = 200
	tapeHeight = 50
)

// record runs a program on a pseudo-terminal.
func record(tb testing.TB, env []string, argv ...string) *tape {
	tb.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "TERM=xterm-256color", "LANG=C.UTF-8"}, env...)
	p := &tape{tb: tb, cmd: cmd, done: make(chan struct{}), more: make(chan struct{}, 1), started: time.Now()}
	var err error
	p.master, err = pty.StartWithSize(cmd, &pty.Winsize{Rows: tapeHeight, Cols: tapeWidth})
	if err != nil {
		tb.Fatal(err)
	}
	go p.read()
	tb.Cleanup(p.end)
	return p
}

func (p *tape) read() {
	defer close(p.done)
	buf := make([]byte, 64<<10)
	for {
		n, err := p.master.Read(buf)
		if n > 0 {
			p.mu.Lock()
			p.chunks = append(p.chunks, chunk{time.Now(), bytes.Clone(buf[:n])})
			p.mu.Unlock()
			select {
			case p.more <- struct{}{}:
			default:
			}
		}
		if err != nil { // EIO: the other side is closed
			return
		}
	}
}

// end kills the program unless it has ended, and waits for it.
func (p *tape) end() {
	if p.cmd.ProcessState != nil {
		return
	}
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	_ = p.master.Close()
	<-p.done
}

// exit waits for the program's end and returns its exit code.
func (p *tape) exit() int {
	p.tb.Helper()
	eventually(p.tb, "the program ends", func() bool {
		select {
		case <-p.done: // its terminal is closed, so it has ended
			return true
		default:
			return false
		}
	})
	err := p.cmd.Wait()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		p.tb.Fatal(err)
	}
	_ = p.master.Close()
	return p.cmd.ProcessState.ExitCode()
}

func (p *tape) typed(keys string) {
	p.tb.Helper()
	if _, err := io.WriteString(p.master, keys); err != nil {
		p.tb.Fatal(err)
	}
}

func (p *tape) all() []chunk { return p.after(0) }

// after returns what came after the first n chunks. After a flood, copying all of
// them again and again would take the processor from what is measured.
func (p *tape) after(n int) []chunk {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]chunk(nil), p.chunks[n:]...)
}

// raw returns every byte so far.
func (p *tape) raw() []byte {
	var out []byte
	for _, c := range p.all() {
		out = append(out, c.data...)
	}
	return out
}

// emulator returns a terminal of a tape's size, and what ends it. It answers
// questions, and would hang if nobody took the answers.
func emulator() (em *vt.SafeEmulator, end func()) {
	em = vt.NewSafeEmulator(tapeWidth, tapeHeight)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		_, _ = io.Copy(io.Discard, em)
	}()
	return em, func() {
		_ = em.Close()
		<-drained
	}
}

// sees waits until an emulated terminal shows all of the texts, and returns how
// long after the start the last byte came that was needed for that.
func (p *tape) sees(texts ...string) time.Duration {
	p.tb.Helper()
	em, end := emulator()
	defer end()
	fed := 0
	var took time.Duration
	var screen string
	for limit := time.Now().Add(patience); time.Now().Before(limit); {
		for _, c := range p.all()[fed:] {
			fed++
			if _, err := em.Write(c.data); err != nil {
				p.tb.Fatal(err)
			}
			screen = ansi.Strip(em.Render())
			if holds(screen, texts) {
				took = c.at.Sub(p.started)
				return took
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	p.tb.Fatalf("after %s the screen does not show %q:\n%s", patience, texts, screen)
	return 0
}

func holds(screen string, texts []string) bool {
	for _, t := range texts {
		if !strings.Contains(screen, t) {
			return false
		}
	}
	return true
}

// until types a key, again each second, until the screen shows all of the texts.
func (p *tape) until(key string, texts ...string) {
	p.tb.Helper()
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			if _, err := io.WriteString(p.master, key); err != nil {
				p.tb.Error(err)
				return
			}
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()
	defer func() {
		close(stop)
		<-done
	}()
	p.sees(texts...)
}
