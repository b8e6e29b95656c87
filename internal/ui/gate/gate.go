package gate

import (
	"io"
	"os"
	"sync"
	"sync/atomic"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

const (
	// maxSequence bounds a CSI sequence in bytes. The longest that the renderer
	// writes sets two colours and all attributes, some 50 bytes.
	maxSequence = 96
	// maxString bounds a title in bytes; what is longer is dropped.
	maxString = 1 << 10
	// maxArmed bounds the sequences that wait to be let through.
	maxArmed = 8
)

// Gate filters what is written to a terminal. It is safe for concurrent use. It
// has what a terminal's file has, so that a program given a Gate as its output
// still finds the size, the colours and the settings of the terminal behind it.
//
// A child process must not inherit it as its output: give an editor what is
// behind it.
type Gate struct {
	to      io.Writer
	dropped atomic.Uint64

	mu    sync.Mutex
	armed []string
	mouse bool
	link  func(url string) bool
	m     machine
}

// New returns a gate before to.
func New(to io.Writer) *Gate {
	g := &Gate{to: to}
	g.m.g = g
	return g
}

// Write filters p and writes what passes. A sequence or a character that p only
// begins waits for the rest. The error is that of the writer behind.
func (g *Gate) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.m.out = g.m.out[:0]
	g.m.bells = 0
	g.m.feed(p, false)
	g.m.settle()
	if len(g.m.out) == 0 {
		return len(p), nil
	}
	if _, err := g.to.Write(g.m.out); err != nil {
		g.m.ink.lose() // how much of it arrived is not known
		return 0, err
	}
	return len(p), nil
}

// Dropped returns how many sequences, characters and bytes did not pass. It is 0
// for as long as everything is well.
func (g *Gate) Dropped() uint64 { return g.dropped.Load() }

// Arm lets one sequence, exactly these bytes, pass once. It is for what the
// program sends on a person's request, such as a copy to the clipboard wrapped
// for a multiplexer. Of many that never came the oldest are forgotten.
func (g *Gate) Arm(seq string) {
	if seq == "" || seq[0] != ansi.ESC {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.armed) == maxArmed {
		g.armed = g.armed[1:]
	}
	g.armed = append(g.armed, seq)
}

// ArmCopy lets the clipboard be set once, to exactly this text.
func (g *Gate) ArmCopy(text string) { g.Arm(ansi.SetSystemClipboard(text)) }

// Behind returns what the gate writes to. Whoever asks may write there, so that
// the gate no longer knows the colours that the terminal has and sets them anew.
func (g *Gate) Behind() io.Writer {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.m.ink.lose()
	return g.to
}

// Fd returns the file behind, so that its size and settings can be asked for. It
// is no file's when what is behind is none.
func (g *Gate) Fd() uintptr {
	if f, ok := g.to.(interface{ Fd() uintptr }); ok {
		return f.Fd()
	}
	return ^uintptr(0)
}

// Read reads from the file behind, which a terminal allows.
func (g *Gate) Read(p []byte) (int, error) {
	if r, ok := g.to.(io.Reader); ok {
		return r.Read(p)
	}
	return 0, os.ErrInvalid
}

// Close does nothing: the file belongs to whoever opened it.
func (g *Gate) Close() error { return nil }

// Filter is for tea.WithFilter. It keeps from the renderer the report that would
// make it measure text by clusters: cells are given to text by wcwidth, in the
// terminals that know clusters too. The gate never lets the question pass, so
// such a report answers nobody.
func Filter(_ tea.Model, msg tea.Msg) tea.Msg {
	if r, ok := msg.(tea.ModeReportMsg); ok && r.Mode == ansi.ModeUnicodeCore {
		return nil
	}
	return msg
}
