//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/creack/pty"
)

// readSlowly reads from a terminal at a number of bytes a second until it ends.
func readSlowly(from io.Reader, perSecond int, take func([]byte)) {
	const parts = 20
	buf := make([]byte, max(1, perSecond/parts))
	for {
		n, err := from.Read(buf)
		if n > 0 {
			take(buf[:n])
		}
		if err != nil {
			return
		}
		time.Sleep(time.Second / parts)
	}
}

// dripping starts the program on a terminal that takes a number of bytes a second,
// and shows them.
func dripping(tb testing.TB, perSecond int, env []string, argv ...string) *tape {
	tb.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "TERM=xterm-256color", "LANG=C.UTF-8"}, env...)
	p := &tape{tb: tb, cmd: cmd, done: make(chan struct{}), started: time.Now()}
	var err error
	p.master, err = pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		tb.Fatal(err)
	}
	go func() {
		defer close(p.done)
		readSlowly(p.master, perSecond, func(b []byte) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.chunks = append(p.chunks, chunk{time.Now(), append([]byte(nil), b...)})
		})
	}()
	tb.Cleanup(p.end)
	return p
}

// TestATerminalSlowerThanTheProgram has a log of thousands of lines a second on a
// terminal that takes a kilobyte in one: frames are skipped, memory stays flat,
// keys act, and what is shown in the end is the newest state.
func TestATerminalSlowerThanTheProgram(t *testing.T) {
	t.Parallel()
	pd := newPager(t)
	id := pd.checkout()
	s := newSite(t).pages(pd).hold(0)
	log := s.write("app.log", "", 0o600)
	s.add("logs:\n  - {type: file, name: app, paths: [app.log]}")
	var lines atomic.Int64
	stop := pour(t, log, 2000, &lines)
	p := dripping(t, 1024, []string{"HOME=" + s.home, "CONWAY_CONFIG=" + s.config()}, binary)
	time.Sleep(10 * time.Second) // the first frame takes some seconds to arrive
	before := rss(t, p.cmd.Process.Pid)
	p.typed("a")
	began := time.Now()
	eventually(t, "the pager has the ack", func() bool { return pd.acked(id) == 1 })
	acted := time.Since(began)
	time.Sleep(20 * time.Second)
	after := rss(t, p.cmd.Process.Pid)
	stop()
	n := lines.Load()
	t.Logf("key to the pager %s; resident %d KiB, 20 s later %d KiB; %d lines came, %d bytes were taken", acted, before>>10, after>>10, n, len(p.raw()))
	// Held lines grow by what they are; a queue of frames would by megabytes a second.
	if grown := after - before; grown > 40<<20 {
		t.Errorf("memory grew by %d KiB", grown>>10)
	}
	if acted > 5*time.Second {
		t.Errorf("a key took %s to act", acted)
	}
	p.sees("◐")
	p.sees(fmt.Sprintf("line %d ", n-1))
	p.typed("q")
	if code := p.exit(); code != 0 {
		t.Errorf("exit %d", code)
	}
	if !strings.Contains(string(p.raw()), "\x1b[?1049l") {
		t.Error("the terminal was not given back")
	}
}

// pour appends lines at a pace until the returned function is called.
func pour(tb testing.TB, path string, perSecond int, count *atomic.Int64) (stop func()) {
	tb.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		tb.Fatal(err)
	}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		const parts = 20
		tick := time.NewTicker(time.Second / parts)
		defer tick.Stop()
		for {
			var b strings.Builder
			for range perSecond / parts {
				fmt.Fprintf(&b, "%s INFO line %d of a service that has much to say\n", time.Now().UTC().Format(time.RFC3339Nano), count.Add(1)-1)
			}
			if _, err := io.WriteString(f, b.String()); err != nil {
				tb.Error(err)
				return
			}
			select {
			case <-quit:
				return
			case <-tick.C:
			}
		}
	}()
	ended := false
	stop = func() {
		if ended {
			return
		}
		ended = true
		close(quit)
		<-done
		_ = f.Close()
	}
	tb.Cleanup(stop)
	return stop
}

// rss returns the resident memory of a program and all that descend from it.
func rss(tb testing.TB, pid int) (sum int64) {
	tb.Helper()
	for _, p := range tree(tb, pid) {
		sum += status(tb, p, "VmRSS")
	}
	return sum
}

// linkSpan is how long the bytes of a link are counted.
const linkSpan = 30 * time.Second

// BenchmarkLink measures what a link carries: with nothing happening and with a
// busy log, as it is and with --slow.
func BenchmarkLink(b *testing.B) {
	pd := newBarePager(b)
	pd.checkout()
	for range b.N {
		for _, c := range []struct {
			name string
			args []string
			log  int
		}{
			{"idle", nil, 0}, {"idle-slow", []string{"--slow"}, 0}, {"flood", nil, 2000}, {"flood-slow", []string{"--slow"}, 2000},
		} {
			s := newSite(b).pages(pd)
			log := s.write("app.log", "INFO one line\n", 0o600)
			s.add("logs:\n  - {type: file, name: app, paths: [app.log]}")
			var lines atomic.Int64
			stop := func() {}
			if c.log > 0 {
				stop = pour(b, log, c.log, &lines)
			}
			p := record(b, []string{"HOME=" + s.home, "CONWAY_CONFIG=" + s.config()}, append([]string{binary}, c.args...)...)
			p.sees(title, "a ack")
			time.Sleep(3 * time.Second) // what is drawn once is not the pace
			from := len(p.raw())
			time.Sleep(linkSpan)
			n := len(p.raw()) - from
			stop()
			p.end()
			b.ReportMetric(float64(n)*float64(time.Minute/linkSpan), "B/min-"+c.name)
		}
		b.ReportMetric(0, "ns/op")
	}
}
