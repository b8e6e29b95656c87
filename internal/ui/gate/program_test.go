package gate_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/creack/pty"

	"conway/internal/text"
	"conway/internal/ui/gate"
)

var update = flag.Lookup("update") // declared by uitest

// tap remembers what is written through it. It has a terminal's file behind it,
// as the gate has.
type tap struct {
	*gate.Gate
	mu  sync.Mutex
	raw bytes.Buffer
}

func (p *tap) Write(b []byte) (int, error) {
	p.mu.Lock()
	p.raw.Write(b)
	p.mu.Unlock()
	return p.Gate.Write(b)
}

func (p *tap) seen() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.raw.String()
}

// watched passes everything on and remembers the last size.
type watched struct {
	*session
	mu      sync.Mutex
	w, h    int
	profile string
}

func (m *watched) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m.mu.Lock()
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
	case tea.ColorProfileMsg:
		m.profile = msg.String()
	}
	m.mu.Unlock()
	m.clock = m.clock.Add(time.Second) // so that a question which has just opened hears
	_, cmd := m.session.Update(msg)
	return m, cmd
}

func (m *watched) is(w, h int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.w == w && m.h == h
}

// TestAWholeSessionPassesTheGate runs the program in a terminal as the command
// does. The library finds the terminal behind the gate, and the gate lets
// everything through that the library sends in a session: its kinds are kept.
func TestAWholeSessionPassesTheGate(t *testing.T) {
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = master.Close(), slave.Close() }()
	if err := pty.Setsize(slave, &pty.Winsize{Cols: 100, Rows: 30}); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	var outMu sync.Mutex
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		buf := make([]byte, 1<<16)
		for {
			n, err := master.Read(buf)
			outMu.Lock()
			out.Write(buf[:n])
			outMu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	s, _ := newSession(t, "", links)
	m := &watched{session: s}
	p := &tap{Gate: gate.New(slave)}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
	defer cancel()
	prog := tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(slave), tea.WithOutput(p), tea.WithFilter(gate.Filter),
		tea.WithEnvironment([]string{"TERM=xterm-256color", "COLORTERM=truecolor"}), tea.WithoutSignalHandler())
	done := make(chan error, 1)
	go func() { _, err := prog.Run(); done <- err }()
	wait(t, "the size of the terminal", func() bool { return m.is(100, 30) })
	wait(t, "a first frame", func() bool { return strings.Contains(p.seen(), "PAGES") })
	// Answers that a terminal may give, one of which must not reach the renderer.
	if _, err := master.WriteString("\x1b[?2026;2$y\x1b[?2027;2$y"); err != nil {
		t.Fatal(err)
	}
	wait(t, "synchronised output", func() bool {
		prog.Send(tea.KeyPressMsg{Code: 'j', Text: "j"})
		return strings.Contains(p.seen(), "\x1b[?2026h")
	})
	frame := len(p.seen())
	for _, scr := range screens() {
		for _, k := range append(slices.Clone(scr.keys), "esc", "esc") {
			msg := tea.KeyPressMsg{Code: []rune(k)[0], Text: k}
			switch k {
			case "enter":
				msg = tea.KeyPressMsg{Code: tea.KeyEnter}
			case "esc":
				msg = tea.KeyPressMsg{Code: tea.KeyEscape}
			case "pgdown":
				msg = tea.KeyPressMsg{Code: tea.KeyPgDown}
			}
			prog.Send(msg)
			time.Sleep(20 * time.Millisecond) // at most a frame: more kinds are seen, none is waited for
		}
	}
	prog.Send(tea.WindowSizeMsg{Width: 80, Height: 24})
	wait(t, "frames", func() bool { return len(p.seen()) > frame+5000 })
	prog.Quit()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	_ = slave.Close()
	<-drained // whoever reads is told when everything was read
	if n := p.Dropped(); n != 0 {
		t.Errorf("the gate dropped %d of what the library sent", n)
	}
	if m.profile != "TrueColor" {
		t.Errorf("behind the gate the library sees the colours %s", m.profile)
	}
	if strings.Contains(p.seen(), "\x1b[?2027h") {
		t.Error("an answer that nobody asked for makes the renderer measure by clusters")
	}
	outMu.Lock()
	defer outMu.Unlock()
	if bad := foreign(out.Bytes(), true); len(bad) > 0 {
		t.Errorf("the terminal gets %q", bad)
	}
	kinds(t, p.seen())
}

func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("still no %s", what)
		}
	}
}

// kinds compares the kinds of sequences with those that are kept: what the
// renderer may send, and what sessions were seen to send. How a frame is sent
// depends on when it is, so a session need not have all of them; it must have
// those without which there is none, and may have no other.
func kinds(t *testing.T, raw string) {
	t.Helper()
	const golden = "testdata/kinds.golden"
	got := kindsOf(raw)
	if update.Value.String() == "true" {
		all := slices.Concat(got, kindsOf(strings.Join(own(), "")))
		slices.Sort(all)
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(strings.Join(slices.Compact(all), "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	kept := strings.Split(strings.TrimSpace(string(data)), "\n")
	for _, k := range got {
		if !slices.Contains(kept, k) {
			t.Errorf("the library sends what it never did: %q; see %s", k, golden)
		}
	}
	for _, k := range []string{"CSI ?1049h", "CSI ?1049l", "CSI ?25l", "CSI ?25h", "CSI ?2004h", "CSI ?2004l", "CSI ?2026h", "CSI ?2026$p", "CSI ?2027$p", "CSI … m", "CSI n;nH", "OSC 2 title"} {
		if !slices.Contains(got, k) {
			t.Errorf("a session without %q", k)
		}
	}
}

// kindsOf returns the kinds of sequences and controls in raw.
func kindsOf(raw string) []string {
	number := regexp.MustCompile(`\d+`)
	var got []string
	add := func(k string) {
		if !slices.Contains(got, k) {
			got = append(got, k)
		}
	}
	for s := raw; s != ""; {
		n := 1
		switch {
		case strings.HasPrefix(s, "\x1b[") || strings.HasPrefix(s, "\x1b]"):
			ends := func(r rune) bool { return r >= 0x40 }
			if s[1] == ']' {
				ends = func(r rune) bool { return r == '\a' }
			}
			n = 3 + max(0, strings.IndexFunc(s[2:], ends))
			switch seq := s[2:n]; {
			case s[1] == ']':
				add("OSC 2 title")
			case strings.HasSuffix(seq, "m") && seq[0] != '>':
				add("CSI … m")
			case strings.ContainsAny(seq, "?<=>") || strings.HasSuffix(seq, "h") || strings.HasSuffix(seq, "l"):
				add("CSI " + seq)
			default:
				add("CSI " + number.ReplaceAllString(seq, "n"))
			}
		case s[0] == 0x1b:
			n = 2
			add("ESC " + s[1:2])
		case s[0] < 0x20:
			add(text.Escape(s[:1]))
		}
		s = s[n:]
	}
	return got
}
